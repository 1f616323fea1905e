//! Single answers and explanations.

use super::*;
use crate::policy::{all_of, any_of, forbid_if};

const CRM: Crm = Crm { version: 1 };

/// A policy that answers with a function.
struct Asked<F>(F);

impl<F: Fn(&Request<'_>, &dyn Facts) -> Result<Decision, PolicyError> + Send + Sync> AccessPolicy for Asked<F> {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        (self.0)(request, facts)
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("asked")
    }
}

fn asked<F>(decide: F) -> Asked<F>
where
    F: Fn(&Request<'_>, &dyn Facts) -> Result<Decision, PolicyError> + Send + Sync,
{
    Asked(decide)
}

#[test]
fn rights_are_to_any_record_to_own_ones_to_none_or_depend_on_obligations() {
    let (ann, max) = (Actor::new("ann").with_role("sales"), Actor::new("max").with_role("manager"));
    let rows = "at most 100 rows at once and 500 in an hour";
    let export = format!("any record: email, name if {rows} and somebody else approves");
    for (actor, action, expected) in [
        (&ann, Action::List, &["own records: email, name, tier"][..]),
        (&ann, Action::Create, &["own records: email, name, phone, tier"]),
        (&ann, Action::Search, &[]),
        (&ann, Action::Erase, &[]),
        (&max, Action::List, &["any record: email, name, phone, tier"]),
        (&max, Action::Search, &["any record: email, name, phone, tier"]),
        (&max, Action::Count, &["any record: "]),
        (&max, Action::Erase, &["any record:  if a reason is given"]),
        (&max, Action::Export, &[export.as_str()]),
    ] {
        let rights = Questions::new(&CRM, &Office).what_can(actor, &[CUSTOMERS]);
        assert_eq!(to(&rights, action), expected, "{} {action}", actor.id());
    }
}

#[test]
fn fields_are_readable_and_writable_as_far_as_the_act_that_shows_them_goes() {
    let ann = Actor::new("ann").with_role("sales");
    let rights = Questions::new(&CRM, &Office).what_can(&ann, &[CUSTOMERS]);
    assert_eq!(to(&rights, Action::Read), ["any record: name", "own records: email, tier"]);
    let step_up = "authenticated with strength 2 or more in the last 15 minutes";
    assert_eq!(
        to(&rights, Action::Update),
        ["own records: email".to_owned(), format!("own records: tier if {step_up}")]
    );
    assert!(rights.iter().all(|right| right.why == "sales on customers" && right.actor == "ann"));
}

#[test]
fn field_that_only_a_search_or_a_change_shows_counts_as_read() {
    let shows = asked(|request, _| {
        let permission = Permission::new("odd");
        Ok(match request.action {
            Action::Search => permission.read(some(&["name", "email"])).into(),
            Action::Update => permission.read(some(&["tier"])).write(FieldSet::All).into(),
            _ => Denial::not_granted("no", "").into(),
        })
    });
    let rights = Questions::new(&shows, &Office).what_can(&Actor::new("ann"), &[CUSTOMERS]);
    assert_eq!(to(&rights, Action::Read), ["any record: email, name, tier"]);
    assert_eq!(to(&rights, Action::Search), ["any record: email, name"]);
    assert_eq!(to(&rights, Action::Update), ["any record: tier"]);
}

#[test]
fn who_can_tells_those_who_can_from_those_who_cannot_and_why() {
    let questions = Questions::new(&CRM, &Office).suspended(["max"]);
    let who = questions.who_can(&staff(), Action::Read, "customers", None);
    let said: Vec<_> = who.iter().map(|(actor, answer)| (actor.as_str(), answer.code())).collect();
    let no = [("eve", Some(codes::NOT_ALLOWED)), ("max", Some(codes::SUSPENDED))];
    assert_eq!(said, [("ann", None), no[0], no[1], ("zoe", None)]);
    assert_eq!(who[0].1.permission().unwrap().read, some(&["name"]));
    assert_eq!(who[0].1.rule(), "sales on customers");
    let of_ann = Resource::new().id(PROBE).owner("ann");
    let who = Questions::new(&CRM, &Office).who_can(&staff(), Action::Update, "customers", Some(&of_ann));
    let can: Vec<_> = who.iter().filter(|(_, answer)| answer.permission().is_some()).collect();
    assert_eq!(can.iter().map(|(actor, _)| actor.as_str()).collect::<Vec<_>>(), ["ann", "max"]);
}

#[test]
fn obligation_that_is_unmet_is_a_condition_wherever_the_policy_puts_it() {
    let max = Actor::new("max").with_role("manager");
    let reason = vec!["a reason is given".to_owned()];
    let denies = forbid_if("never", |_, _| false);
    let composed = any_of(Crm { version: 1 }).or(denies);
    for policy in [&CRM as &dyn AccessPolicy, &composed, &all_of(Crm { version: 1 })] {
        let who = Questions::new(policy, &Office).who_can(std::slice::from_ref(&max), Action::Erase, "customers", None);
        let answer = &who[0].1;
        assert!(answer.is_conditional() && !answer.is_permitted());
        assert_eq!((answer.code(), answer.conditions()), (Some(codes::REASON_REQUIRED), reason.clone()));
        let given = Request::new(&max, Action::Erase, Office.now()).reason("request 4711");
        let who = Questions::new(policy, &Office).like(given).who_can(
            std::slice::from_ref(&max),
            Action::Erase,
            "customers",
            None,
        );
        assert!(who[0].1.is_permitted());
        assert_eq!(who[0].1.conditions(), reason, "a reason that is given is still one that is needed");
    }
}

#[test]
fn field_that_only_an_alternative_with_an_obligation_shows_is_conditional() {
    let plain = asked(|_, _| Ok(Permission::new("plain").read(some(&["name"])).into()));
    let more = asked(|_, _| Ok(Permission::new("more").read(some(&["email"])).oblige(Obligation::Reason).into()));
    let policy = any_of(plain).or(more);
    let rights = Questions::new(&policy, &Office).what_can(&Actor::new("ann"), &[CUSTOMERS]);
    assert_eq!(to(&rights, Action::Read), ["any record: name", "any record: email if a reason is given"]);
}

#[test]
fn own_check_of_a_policy_for_approvals_is_a_condition_by_its_code() {
    let dual = asked(|request, facts| {
        let denial = Denial::not_granted(codes::APPROVAL_REQUIRED, "two have to approve");
        Ok(if facts.approvals(request) >= 2 { Permission::new("dual").into() } else { denial.into() })
    });
    let who = Questions::new(&dual, &Office).who_can(&[Actor::new("ann")], Action::Erase, "customers", None);
    assert_eq!(who[0].1.conditions(), ["not `approval_required`"]);
}

#[test]
fn record_beyond_the_scope_is_denied_in_acts_on_many_only() {
    struct Narrow;
    impl AccessPolicy for Narrow {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            Ok(Permission::new("narrow").read(FieldSet::All).into())
        }
        fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
            Ok(Scope::Any(vec![Filter::Attribute { field: "city".into(), value: "Bern".into() }]))
        }
        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("narrow")
        }
    }
    let bern = [("city".to_owned(), "Bern".to_owned())];
    let questions = Questions::new(&Narrow, &Office).sample("in Bern", "customers", Resource::new().attributes(&bern));
    let rights = questions.what_can(&Actor::new("ann"), &COLLECTIONS);
    assert_eq!(to(&rights, Action::List), ["`in Bern`: email, name, phone, tier"]);
    assert!(!rights.iter().any(|right| right.act == Action::List && right.collection.as_deref() == Some("orders")));
    assert_eq!(to(&rights, Action::Delete), ["any record: ", "`in Bern`: "]);
}

#[test]
fn policy_that_fails_panics_or_is_late_denies_with_its_code_and_never_more() {
    let errs = asked(|_, _| Err(PolicyError::new("the directory is down")));
    let panics = asked(|_, _| panic!("in a bad mood"));
    let late = asked(|_, _| {
        std::thread::sleep(std::time::Duration::from_millis(3));
        Ok(Permission::new("late").read(FieldSet::All).into())
    });
    let ann = Actor::new("ann");
    let deadline = |ms| std::time::Duration::from_millis(ms);
    for (policy, code, ms) in [
        (&errs as &dyn AccessPolicy, codes::POLICY_ERROR, 5_000),
        (&panics, codes::POLICY_PANIC, 5_000),
        (&late, codes::POLICY_LATE, 2),
    ] {
        let questions = Questions::new(policy, &Office).deadline(deadline(ms));
        let who = questions.who_can(std::slice::from_ref(&ann), Action::Read, "customers", None);
        assert_eq!(who[0].1.code(), Some(code));
        let explanation = questions.explain(&ann, Action::Read, Some("customers"), None, &[]);
        assert!(matches!(&explanation.decision, Ok(Decision::Deny(denial)) if denial.code == code), "{explanation}");
        let review = questions.review(std::slice::from_ref(&ann), &[("customers", &["name"])]);
        assert!(review.rights.is_empty() && review.actors.contains_key("ann"));
    }
}

#[test]
fn policy_that_panics_when_asked_for_roles_leaves_a_note() {
    struct Shy;
    impl AccessPolicy for Shy {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            Ok(Permission::new("shy").into())
        }
        fn version(&self) -> PolicyVersion {
            panic!("shy")
        }
        fn roles(&self) -> Vec<String> {
            panic!("shy")
        }
        fn conflicts(&self, _: &Actor) -> Vec<String> {
            panic!("shy")
        }
        fn explain(&self, _: &Request<'_>, _: &dyn Facts) -> Explanation {
            panic!("shy")
        }
    }
    let questions = Questions::new(&Shy, &Office);
    let review = questions.review(&[Actor::new("ann")], &[]);
    assert_eq!(review.notes.len(), 3, "{:?}", review.notes);
    let explanation = questions.explain(&Actor::new("ann"), Action::Delete, Some("customers"), None, &[]);
    assert!(explanation.decision.as_ref().is_ok_and(Decision::is_permit), "the guard asked `decide`");
    assert!(matches!(&explanation.parts[0].decision, Ok(Decision::Deny(denial)) if denial.code == codes::POLICY_PANIC));
}

#[test]
fn explanation_passes_on_the_policys_own_and_says_the_guards_part() {
    let questions = Questions::new(&CRM, &Office);
    let explain = |who: &str, role: &str, action, fields: &[&str]| {
        let own = Resource::new().id(PROBE).owner(who);
        let actor = Actor::new(who).with_role(role);
        questions.explain(&actor, action, Some("customers"), Some(&own), fields).to_string()
    };
    assert_eq!(
        explain("max", "manager", Action::Erase, &[]),
        "guard: doesn't permit, by `manager on customers` (reason_required): `manager on customers` permits it, but not \
         without a reason (see `session.because`)\n  \
         + obligation: a reason is given: not fulfilled: `manager on customers` permits it, but not without a reason (see \
         `session.because`) (reason_required)\n  \
         crm: permits, by `manager on customers`\n    \
         + crm: what the CRM says\n"
    );
    assert_eq!(
        explain("ann", "sales", Action::Erase, &[]),
        "guard: doesn't permit, by `not_allowed` (not_allowed): nothing grants it\n  \
         missing: a role with erase\n  \
         crm: doesn't permit, by `not_allowed` (not_allowed): nothing grants it\n    \
         - crm: what the CRM says\n    \
         missing: a role with erase\n"
    );
    let field = explain("ann", "sales", Action::Update, &["name"]);
    assert!(field.contains("+ guard: update: `sales on customers` doesn't let write the field `name`"), "{field}");
    let list = explain("ann", "sales", Action::List, &[]);
    assert!(list.contains("+ scope: these rows are looked at: those of `ann`"), "{list}");
    let suspended = Questions::new(&CRM, &Office).suspended(["ann"]);
    let suspended =
        suspended.explain(&Actor::new("ann").with_role("sales"), Action::Read, Some("customers"), None, &[]);
    assert!(suspended.to_string().contains("suspended"), "{suspended}");
    assert!(suspended.parts.is_empty(), "the policy isn't asked about somebody who is suspended");
}

#[test]
fn time_purpose_and_shares_reach_the_policy_as_given() {
    struct Shared;
    impl Facts for Shared {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(5)
        }
        fn share(&self, _: RecordId, with: Grantee<'_>) -> Option<crate::model::Access> {
            (with == Grantee::Actor("ann")).then_some(crate::model::Access::Read)
        }
    }
    let curious = asked(|request, facts| {
        let shared = facts.share(PROBE, Grantee::Actor(request.actor.id())).is_some();
        let time = (request.time, facts.now()) == (Timestamp::from_micros(7), Timestamp::from_micros(7));
        let right = shared && time && request.purpose == Some("billing");
        Ok(if right { Permission::new("right").into() } else { Denial::new("wrong", "").into() })
    });
    let ann = Actor::new("ann");
    let like = Request::new(&ann, Action::Read, Timestamp::from_micros(5)).purpose("billing");
    let questions = Questions::new(&curious, &Shared).like(like).at_time(Timestamp::from_micros(7));
    assert!(questions.who_can(std::slice::from_ref(&ann), Action::Read, "customers", None)[0].1.is_permitted());
    let without =
        Questions::new(&curious, &NoFacts).who_can(std::slice::from_ref(&ann), Action::Read, "customers", None);
    assert_eq!(without[0].1.code(), Some("wrong"));
}

#[test]
fn every_act_on_a_record_is_answered() {
    let own = Resource::new().id(PROBE).owner("ann");
    let answers =
        Questions::new(&CRM, &Office).actions_on(&Actor::new("ann").with_role("sales"), "customers", Some(&own));
    let can: Vec<_> = answers.iter().filter(|(_, answer)| answer.is_permitted()).map(|(action, _)| *action).collect();
    assert_eq!(can, [Action::Create, Action::Read, Action::Update, Action::List]);
    assert_eq!(answers.len(), Action::ALL.iter().filter(|action| !action.is_administration()).count());
}
