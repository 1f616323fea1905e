//! Questions about access, asked of a vault.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::Document;
use crate::audit::{Outcome, Required};
use crate::model::{Action, Clock, Facts, FieldSet, Request, Timestamp};
use crate::policy::review::Extent;
use crate::policy::{
    AccessPolicy, Decision, Denial, Explanation, Looked, Obligation, Permission, PolicyError, PolicyVersion, Scope,
    codes, danger,
};
use crate::vault::tests::*;

const DAY: i64 = 86_400_000_000;

/// A clock that is set by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn set_day(&self, day: i64) {
        self.0.store(day * DAY, Ordering::Release);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Acquire))
    }
}

/// Roles that also explain themselves.
struct Known(Roles);

impl AccessPolicy for Known {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        self.0.decide(request, facts)
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        self.0.scope(request, facts)
    }

    fn version(&self) -> PolicyVersion {
        self.0.version()
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let said =
            Explanation::of("known", self.decide(request, facts)).looked_at([Looked::new("a rule", true, "why")]);
        match &said.decision {
            Ok(Decision::Deny(_)) => said.missing(format!("a grant of {}", request.action)),
            _ => said,
        }
    }

    fn roles(&self) -> Vec<String> {
        ["admin", "sales", "boss", "ghost"].map(str::to_owned).to_vec()
    }
}

fn permits(explanation: &Explanation) -> bool {
    explanation.decision.as_ref().is_ok_and(Decision::is_permit)
}

fn denied<T>(result: Result<T, Error>) -> Box<Denial> {
    match result {
        Err(Error::Denied(denial)) => denial,
        _ => panic!("it wasn't denied"),
    }
}

#[test]
fn explanations_are_what_really_happens() {
    let world = World::new();
    let email = "ann@x.org";
    let others = world.add("Ann", "b@x.org");
    let own =
        world.session(sales("s1")).collection::<Customer>().unwrap().insert(&Customer::new("Own", email)).unwrap();
    for who in [sales("s1"), sales("s2"), boss(), Actor::new("x")] {
        let customers = world.session(who.clone()).collection::<Customer>().unwrap();
        for id in [others, own] {
            let said = |action, fields: &[&str]| {
                permits(
                    &world
                        .acme
                        .session(admin())
                        .unwrap()
                        .inquire()
                        .explain(&who, action, "customers", Some(id), fields)
                        .unwrap(),
                )
            };
            let case = format!("{} {id}", who.id());
            assert_eq!(said(Action::Read, &[]), customers.get(id).is_ok(), "{case}");
            let shows = |field| customers.get(id).is_ok_and(|found| !found.is_withheld(field));
            assert_eq!(said(Action::Read, &["tier"]), shows("tier"), "{case}");
            let name = format!("Name of {}", who.id());
            let renamed = customers.update(id, |customer| customer.name.clone_from(&name));
            assert_eq!(said(Action::Update, &["name"]), renamed.is_ok(), "{case}");
            let tier = world.customers().get(id).unwrap().value.tier.unwrap_or_default().wrapping_add(1);
            let changed = customers.update(id, |customer| customer.tier = Some(tier));
            assert_eq!(said(Action::Update, &["tier"]), changed.is_ok(), "{case}");
            let listed = customers.list(None, 10).is_ok_and(|page| page.items.iter().any(|found| found.id == id));
            assert_eq!(said(Action::List, &[]), listed, "{case}");
            let value = if id == own { email } else { "b@x.org" };
            let found = customers.find_unique("email", value).is_ok_and(|found| found.is_some());
            assert_eq!(said(Action::Search, &["email"]), found, "{case}");
        }
        let create = world
            .acme
            .session(admin())
            .unwrap()
            .inquire()
            .explain(&who, Action::Create, "customers", None, &[])
            .unwrap();
        let created = customers.insert(&Customer::new("New", &format!("{}@new.org", who.id())));
        assert_eq!(permits(&create), created.is_ok(), "{}", who.id());
        let nowhere = RecordId::from_bytes([7; 16]);
        let unknown = world
            .acme
            .session(admin())
            .unwrap()
            .inquire()
            .explain(&who, Action::Read, "customers", Some(nowhere), &[])
            .unwrap();
        assert_eq!(permits(&unknown), matches!(customers.get(nowhere), Err(Error::NotFound)), "{}", who.id());
        assert!(unknown.to_string().contains("+ record: there is none of this id"), "{unknown}");
    }
    for (who, id) in [(sales("s2"), own), (sales("s1"), own), (boss(), others)] {
        let said = world
            .acme
            .session(admin())
            .unwrap()
            .inquire()
            .explain(&who, Action::Delete, "customers", Some(id), &[])
            .unwrap();
        let customers = world.session(who).collection::<Customer>().unwrap();
        assert_eq!(permits(&said), customers.delete(id).is_ok());
    }
    let gone = world
        .acme
        .session(admin())
        .unwrap()
        .inquire()
        .explain(&boss(), Action::Read, "customers", Some(own), &[])
        .unwrap();
    assert!(gone.to_string().contains("it was deleted"), "{gone}");
}

#[test]
fn question_is_an_act_of_the_administrators_and_names_the_data_subject() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(Known(roles())).sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    let admin = admin();
    let inquiry = || world.acme.session(admin.clone()).unwrap().inquire();
    let explanation = inquiry().explain(&sales("s1"), Action::Read, "customers", Some(id), &[]).unwrap();
    assert_eq!(explanation.missing.as_deref(), Some("a grant of read"));
    assert_eq!(explanation.parts[0].looked_at, [Looked::new("a rule", true, "why")]);
    world
        .acme
        .session(admin.clone())
        .unwrap()
        .because("complaint 12")
        .inquire()
        .who_can(&[boss()], Action::Read, "customers", Some(id))
        .unwrap();
    inquiry().what_can(&boss()).unwrap();
    inquiry().actions_on(&boss(), "customers", id).unwrap();
    inquiry().review(&[boss(), sales("s1")], 1).unwrap();
    assert!(matches!(
        inquiry().explain(&boss(), Action::Read, "custmers", None, &[]),
        Err(Error::UnknownCollection { nearest: Some(near), .. }) if near == "customers"
    ));
    world.vault.flush().unwrap();
    let asked = kept.of("review_access");
    let said: Vec<_> = asked
        .iter()
        .map(|event| (event.code(), event.subjects().len(), event.collection().is_some(), event.reason()))
        .collect();
    assert_eq!(
        said,
        [
            ("explain", 1, true, None),
            ("who_can", 1, true, Some("complaint 12")),
            ("what_can", 0, false, None),
            ("actions_on", 1, true, None),
            ("review", 0, false, None),
            ("unknown_collection", 0, false, None),
        ]
    );
    assert!(asked.iter().all(|event| event.actor() == Some("root") && event.tenant() == Some(world.acme.id())));
    assert_eq!(asked[0].subjects(), kept.of("read")[0].subjects());
    assert!(kept.events().iter().all(|event| event.actor() != Some("s1")), "what is asked about isn't done");
    assert_eq!(kept.of("read").len(), 1);
}

#[test]
fn nobody_asks_who_may_not_review_access() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    let boss = boss();
    let inquiry = world.acme.session(boss.clone()).unwrap().inquire();
    let codes = [
        denied(world.acme.session(boss.clone()).unwrap().inquire().explain(
            &boss,
            Action::Read,
            "customers",
            Some(id),
            &[],
        ))
        .code,
        denied(world.acme.session(boss.clone()).unwrap().inquire().who_can(
            std::slice::from_ref(&boss),
            Action::Read,
            "customers",
            None,
        ))
        .code,
        denied(world.acme.session(boss.clone()).unwrap().inquire().what_can(&boss)).code,
        denied(world.acme.session(boss.clone()).unwrap().inquire().review(std::slice::from_ref(&boss), 1)).code,
        denied(inquiry.actions_on(&boss, "customers", id)).code,
        // Whether the collection exists isn't told either.
        denied(world.acme.session(boss.clone()).unwrap().inquire().explain(&boss, Action::Read, "nothing", None, &[]))
            .code,
    ];
    assert!(codes.iter().all(|code| code == codes::NOT_ALLOWED), "{codes:?}");
    let refused = kept.of("review_access");
    assert_eq!(refused.len(), codes.len(), "refusals are durable at once");
    assert!(refused.iter().all(|event| event.outcome() == Outcome::Denied && event.subjects().is_empty()));
}

#[test]
fn review_covers_what_is_defined_and_an_open_collections_other_fields() {
    let world = World::new();
    let schema = Schema::open("cards").field("colour", |field| field.public());
    world.acme.session(admin()).unwrap().define_as::<Document>(schema).unwrap();
    let reader = Roles::new()
        .role("admin", |r| r.administer().may([Action::ReviewAccess]))
        .role("reader", |r| r.on("cards").read(["colour"]).on("notes").read_all().own_only());
    world.vault.session(admin()).unwrap().set_policy(reader).unwrap();
    let review = world
        .acme
        .session(admin())
        .unwrap()
        .inquire()
        .review(&[Actor::new("r").with_role("reader"), admin()], 30)
        .unwrap();
    assert_eq!(review.tenant.as_deref(), Some("acme"));
    assert!(review.collections.keys().eq(["cards", "customers", "notes"]));
    assert!(review.collections["cards"].iter().eq(["*", "colour"]));
    assert!(review.collections["customers"].iter().eq(["email", "name", "tier"]));
    let of_reader: Vec<_> = review
        .of_actor("r")
        .filter(|right| right.act == Action::Read)
        .map(|right| (right.collection.as_deref(), &right.extent, right.fields.join(", "), &*right.why))
        .collect();
    assert_eq!(
        of_reader,
        [
            (Some("cards"), &Extent::Any, "colour".to_owned(), "reader on cards"),
            (Some("notes"), &Extent::Own, "text".to_owned(), "reader on notes"),
        ]
    );
    let administers = |id| review.of_actor(id).any(|right| right.collection.is_none());
    assert!(administers("root") && !administers("r"));
}

#[test]
fn roles_count_as_used_by_acts_in_this_tenant_and_of_the_vault_in_the_days_asked_about() {
    let hand = Hand::default();
    let world = World::with(|options| options.clock(hand.clone()).policy(Known(roles())));
    let beta = world.vault.session(admin()).unwrap().create_tenant("beta").unwrap();
    beta.session(admin()).unwrap().define::<Customer>().unwrap();
    world.add("Ann", "ann@x.org");
    hand.set_day(50);
    world.session(sales("s1")).collection::<Customer>().unwrap().insert(&Customer::new("Bob", "bob@x.org")).unwrap();
    // An act in another tenant and a refused one aren't uses of a role here.
    let theirs = beta.session(boss()).unwrap().collection::<Customer>().unwrap();
    theirs.insert(&Customer::new("Eve", "eve@x.org")).unwrap();
    let nobody = Actor::new("g").with_role("ghost");
    assert!(world.session(nobody.clone()).collection::<Customer>().unwrap().list(None, 1).is_err());
    hand.set_day(100);
    let staff = [admin(), boss(), sales("s1"), nobody];
    let unused = |days| -> Vec<String> {
        let review = world.acme.session(admin()).unwrap().inquire().review(&staff, days).unwrap();
        review.unused_roles().map(str::to_owned).collect()
    };
    assert_eq!(unused(60), ["admin", "boss", "ghost"]);
    // The first review was an act of an administrator.
    assert_eq!(unused(60), ["boss", "ghost"]);
    assert_eq!(unused(49), ["boss", "ghost", "sales"]);
    assert_eq!(unused(50), ["boss", "ghost"]);
    assert_eq!(unused(100), ["ghost"]);
    hand.set_day(200);
    assert_eq!(world.verify(), Verdict::Intact);
    hand.set_day(210);
    assert_eq!(unused(20), ["boss", "ghost", "sales"], "an act of the vault itself is a use");
    let review = world.acme.session(admin()).unwrap().inquire().review(&staff, 200).unwrap();
    assert_eq!(review.last_used.get("sales"), Some(&Timestamp::from_micros(50 * DAY)));
    assert!(review.held_by("sales").eq(["s1"]));
}

#[test]
fn other_policies_and_other_circumstances_can_be_asked_about() {
    /// Permits by day, for billing, with a reason.
    struct Careful;
    impl AccessPolicy for Careful {
        fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
            let day = facts.now() == request.time && request.time == Timestamp::from_micros(12);
            let permission = Permission::new("careful").read(FieldSet::All).oblige(Obligation::Reason);
            let right = day && request.purpose == Some("billing");
            Ok(if right { permission.into() } else { Denial::new("careless", "").into() })
        }
        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("careful")
        }
    }
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    let (stranger, admin) = (Actor::new("x"), admin());
    let now = world.acme.session(admin.clone()).unwrap().inquire();
    let read = |inquiry: &Inquiry<'_>| inquiry.explain(&stranger, Action::Read, "customers", Some(id), &[]).unwrap();
    assert!(!permits(&read(&now)));
    assert!(permits(&read(&now.clone().of_policy(&danger::AllowAll))));
    let careful = now.clone().of_policy(&Careful);
    assert!(read(&careful).to_string().contains("careless"));
    let careful = careful.if_purpose("billing").if_time(Timestamp::from_micros(12));
    assert!(read(&careful).to_string().contains("not fulfilled"));
    assert!(permits(&read(&careful.clone().if_reason("request 4711"))));
    let who = careful.who_can(std::slice::from_ref(&stranger), Action::Read, "customers", Some(id)).unwrap();
    assert!(who[0].1.is_conditional());
    let rights = careful.what_can(&stranger).unwrap();
    assert!(!rights.is_empty() && rights.iter().all(|right| right.conditions == ["a reason is given"]), "{rights:?}");
    let out = now.clone().of_policy(&danger::AllowAll).if_suspended(["x"]);
    assert!(read(&out).to_string().contains(codes::SUSPENDED));
    assert!(permits(&out.explain(&boss(), Action::Read, "customers", Some(id), &[]).unwrap()));
    // Administration is explained without a collection.
    assert!(permits(&now.explain(&admin, Action::ChangePolicy, None, None, &[]).unwrap()));
    assert!(!permits(&now.explain(&boss(), Action::ChangePolicy, None, None, &[]).unwrap()));
}

#[test]
fn policy_that_panics_or_is_late_is_reported_as_the_denial_that_it_is() {
    /// Answers administrators only.
    struct Touchy;
    impl AccessPolicy for Touchy {
        fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            match request.action {
                action if action.is_administration() => Ok(Permission::new("touchy").into()),
                Action::Delete => {
                    std::thread::sleep(std::time::Duration::from_millis(310));
                    Ok(Permission::new("late").into())
                }
                _ => panic!("in a bad mood"),
            }
        }
        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("touchy")
        }
    }
    let late = std::time::Duration::from_millis(300);
    let world = World::with(|options| options.policy(Touchy).policy_deadline(late));
    for (action, code) in [(Action::Read, codes::POLICY_PANIC), (Action::Delete, codes::POLICY_LATE)] {
        let explanation =
            world.acme.session(admin()).unwrap().inquire().explain(&boss(), action, "customers", None, &[]).unwrap();
        assert!(matches!(&explanation.decision, Ok(Decision::Deny(denial)) if denial.code == code), "{explanation}");
        let who = world.acme.session(admin()).unwrap().inquire().who_can(&[boss()], action, "customers", None).unwrap();
        assert_eq!(who[0].1.code(), Some(code));
    }
}
