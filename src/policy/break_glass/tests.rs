use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::{Access, FieldSet, Resource, Timestamp};
use crate::policy::sharing::tests::facts::{Remembered, record_id};
use crate::policy::{Filter, Roles, Sharing, all_of, any_of, danger::AllowAll, fallback, forbid_if};

/// In an emergency, nurses see every customer; nobody deletes one, and those in litigation stay closed.
fn glass() -> BreakGlass {
    let roles =
        Roles::new().role("nurse", |r| r.on("customers").read(["name", "phone"])).role("boss", |r| r.administer());
    let sharing =
        Sharing::new().public_read("customers").restrict("litigation", |r| r.on("customers").labelled("litigation"));
    BreakGlass::new(all_of(roles).and(sharing)).role("nurse").reviewers(["protection", "auditor"])
}

fn facts() -> Remembered {
    Remembered::default().emergency("nurse-1").emergency("boss-1")
}

fn ask<T>(who: &Actor, action: Action, on: &str, labels: &str, answer: impl FnOnce(&Request<'_>) -> T) -> T {
    let labels: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
    let resource = Resource::new().id(record_id(1)).owner("ann").labels(&labels);
    let request = Request::new(who, action, Timestamp::from_micros(0));
    if on.is_empty() { answer(&request) } else { answer(&request.on(on).resource(&resource)) }
}

fn said(decision: &Decision) -> String {
    match decision {
        Decision::Permit(permission) => {
            let fields = match &permission.read {
                FieldSet::All => "*".to_owned(),
                FieldSet::Only(names) => names.iter().collect::<Vec<_>>().join(" "),
            };
            let alarm = Obligation::Notify(codes::BREAK_GLASS.into());
            let alarm = if permission.obligations.contains(&alarm) { " !" } else { "" };
            let reason = if permission.obligations.contains(&Obligation::Reason) { " ?" } else { "" };
            format!("{} ({fields}){alarm}{reason}", permission.rule)
        }
        Decision::Limit(_) => "limit".to_owned(),
        Decision::Deny(denial) => format!("{}{}", denial.code, if denial.forbids { "!" } else { "" }),
    }
}

#[test]
fn every_named_case_is_decided_as_the_documentation_says() {
    use Action::*;
    let nurse = |id: &str| Actor::new(id).with_role("nurse");
    let taken = "break glass: nurse on customers (name phone) !";
    for (name, who, action, on, labels, expected) in [
        ("in an emergency a nurse reads", nurse("nurse-1"), Read, "customers", "", taken),
        ("and lists", nurse("nurse-1"), List, "customers", "", taken),
        ("not more than the inner policy permits", nurse("nurse-1"), Update, "customers", "", "not_allowed"),
        ("nor elsewhere", nurse("nurse-1"), Read, "notes", "", "not_allowed"),
        ("what is forbidden inside stays so", nurse("nurse-1"), Read, "customers", "litigation", "restricted!"),
        ("without an emergency she doesn't", nurse("nurse-2"), Read, "customers", "", "no_emergency"),
        ("nor learns what is restricted", nurse("nurse-2"), Read, "customers", "litigation", "no_emergency"),
        ("another's emergency isn't hers", nurse(""), Read, "customers", "", "no_emergency"),
        ("one who lost the role", Actor::new("nurse-1"), Read, "customers", "", "not_allowed"),
        ("one who never had it", Actor::new("x").with_role("sales"), Read, "customers", "", "not_allowed"),
        ("a nurse takes it", nurse("nurse-2"), BreakGlass, "", "", "break glass: take () ! ?"),
        ("and again", nurse("nurse-1"), BreakGlass, "", "", "break glass: take () ! ?"),
        ("others don't", Actor::new("x").with_role("sales"), BreakGlass, "", "", "not_allowed"),
        ("a reviewer reviews", Actor::new("x").with_role("auditor"), ReviewEmergency, "", "", "break glass: review ()"),
        ("a nurse doesn't", nurse("nurse-1"), ReviewEmergency, "", "", "not_allowed"),
        ("administration isn't reached", nurse("boss-1").with_role("boss"), ChangePolicy, "", "", "not_allowed"),
    ] {
        ask(&who, action, on, labels, |request| {
            let decision = glass().decide(request, &facts()).unwrap();
            assert_eq!(said(&decision), expected, "{name}");
            assert_eq!(glass().explain(request, &facts()).decision, Ok(decision), "{name}");
        });
    }
}

#[test]
fn beside_the_normal_policy_it_only_adds_and_never_lifts_what_is_forbidden() {
    let normal = || Roles::new().role("nurse", |r| r.on("customers").read(["name"]).update(["name"]).own_only());
    let any = any_of(normal()).or(glass());
    let last = fallback(normal()).then(glass());
    let forbidden =
        any_of(normal()).or(glass()).or(forbid_if("closed", |request, _| request.collection == Some("customers")));
    let nurse = |id: &str| Actor::new(id).with_role("nurse");
    for (name, policy, who, action, expected) in [
        (
            "any, emergency",
            &any as &dyn AccessPolicy,
            "nurse-1",
            Action::Read,
            "break glass: nurse on customers (name phone) !",
        ),
        ("any, her own", &any, "ann", Action::Read, "nurse on customers (name)"),
        ("any, neither", &any, "nurse-2", Action::Read, "no_emergency"),
        ("any, not even then", &any, "nurse-1", Action::Delete, "not_allowed"),
        ("fallback, emergency", &last, "nurse-1", Action::Read, "break glass: nurse on customers (name phone) !"),
        ("fallback, her own", &last, "ann", Action::Read, "nurse on customers (name)"),
        ("forbidden beside it", &forbidden, "nurse-1", Action::Read, "closed!"),
    ] {
        let decision = ask(&nurse(who), action, "customers", "", |request| policy.decide(request, &facts()).unwrap());
        assert_eq!(said(&decision), expected, "{name}");
    }
    let twice = facts().emergency("ann");
    let own = |policy: &dyn AccessPolicy| {
        ask(&nurse("ann"), Action::Read, "customers", "", |r| said(&policy.decide(r, &twice).unwrap()))
    };
    assert_eq!(own(&any), "nurse on customers (name phone) !");
    assert_eq!(own(&last), "nurse on customers (name)");
}

#[test]
fn text_for_the_user_says_how_to_ask_to_those_who_may() {
    let text = |who: &Actor| match ask(who, Action::Read, "customers", "", |r| glass().decide(r, &facts()).unwrap()) {
        Decision::Deny(denial) => denial.for_user.into_owned(),
        other => panic!("{other:?}"),
    };
    assert!(text(&Actor::new("nurse-2").with_role("nurse")).contains("ask for emergency access and say why"));
    assert_eq!(text(&Actor::new("x")), "You are not allowed to do this.");
}

#[test]
fn explanation_tells_the_roles_the_emergency_and_what_is_missing() {
    let explain = |who: &Actor, action| ask(who, action, "customers", "", |r| glass().explain(r, &facts()).to_string());
    let nurse = |id: &str| Actor::new(id).with_role("nurse");
    for (who, action, parts) in [
        (
            nurse("nurse-1"),
            Action::Read,
            &["+ emergency: `nurse-1` has emergency access until 1970-01-01T01:00", "all of:"] as &[_],
        ),
        (nurse("nurse-1"), Action::Delete, &["+ take: the actor has the role `nurse`", "all of: doesn't permit"]),
        (
            nurse("nurse-2"),
            Action::Read,
            &["- emergency: `nurse-2` has no", "missing: emergency access, taken by `nurse-2`"],
        ),
        (
            Actor::new("x"),
            Action::Read,
            &["- take: it is for `nurse`; `x` has none", "missing: one of the roles `nurse`"],
        ),
        (nurse("x"), Action::ReviewEmergency, &["missing: one of the roles `auditor`, `protection` for `x`"]),
        (nurse("x"), Action::Verify, &["never to administration"]),
    ] {
        let text = explain(&who, action);
        for part in parts {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
    assert!(!explain(&nurse("nurse-2"), Action::Read).contains("all of:"));
    assert!(!explain(&nurse("nurse-1"), Action::Read).contains("missing"));
}

#[test]
fn mistake_is_told_and_denies_everything_even_in_an_emergency() {
    let of = |inner: Roles| BreakGlass::new(inner).role("nurse").reviewers(["auditor"]);
    for (policy, says, denies) in [
        (
            BreakGlass::new(AllowAll).reviewers(["auditor"]),
            "nobody can take emergency access: say `.role(\"support\")`",
            true,
        ),
        (BreakGlass::new(AllowAll).role("nurse"), "nobody reviews", true),
        (BreakGlass::new(AllowAll).role("nurse").reviewers([" "]), "an empty name among its roles", true),
        (of(Roles::new().role("", |r| r)), "a role has no name", false),
    ] {
        let error = policy.check().unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains(says));
        ask(&Actor::new("nurse-1").with_role("nurse"), Action::Read, "customers", "", |request| {
            assert_eq!(said(&policy.decide(request, &facts()).unwrap()), "policy_invalid!");
            let scope = policy.scope(request, &facts()).unwrap();
            assert!(!denies || scope == Scope::Nothing);
        });
    }
    glass().check().unwrap();
    assert_eq!(glass().roles(), ["auditor", "boss", "nurse", "protection"]);
    assert_eq!(format!("{:?}", of(Roles::new())), r#"BreakGlass { roles: {"nurse"}, reviewers: {"auditor"}, .. }"#);
}

#[test]
fn version_is_the_same_for_the_same_settings_and_another_for_any_other() {
    let of = |field: &str| BreakGlass::new(Roles::new().role("nurse", |r| r.on("customers").read([field])));
    let base = || of("name").role("nurse").role("doctor").reviewers(["auditor", "boss"]);
    assert_eq!(
        base().version(),
        of("name").reviewers(["boss"]).role("doctor").reviewers(["auditor"]).role("nurse").version()
    );
    let versions = [
        base().version(),
        of("phone").role("nurse").role("doctor").reviewers(["auditor", "boss"]).version(),
        base().role("x").version(),
        base().reviewers(["x"]).version(),
        of("name").role("nurse").reviewers(["doctor", "auditor", "boss"]).version(),
    ];
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    let asked = base();
    let before = asked.version();
    assert_ne!(before, asked.role("x").version());
}

proptest! {
    #[test]
    fn scope_then_decide_equals_decide_and_the_end_of_an_emergency_never_widens(
        id in select(&["ann", "ben"][..]),
        role in select(&["nurse", "auditor", ""][..]),
        owner in prop::option::of(select(&["ann", "ben", "cat"][..])),
        vip in any::<bool>(),
        share in prop::option::of(select(&["actor ann", "role nurse"][..])),
        others in any::<bool>(),
    ) {
        let inner = Sharing::new()
            .manager("cat", "ann")
            .rule("vips", |r| r.on("customers").attribute("tier", "vip").to_role("nurse").read());
        let policy = BreakGlass::new(inner).role("nurse").reviewers(["auditor"]);
        let emergency = share.iter().fold(Remembered::default(), |facts, with| facts.share("customers", 1, with, Access::Read));
        let (emergency, quiet) = (emergency.clone().emergency(id), emergency);
        let quiet = if others { quiet.emergency("cat") } else { quiet };
        let who = Actor::new(id).with_role(role);
        let tier = [("tier".to_owned(), if vip { "vip" } else { "gold" }.to_owned())];
        let resource = Resource { owner, ..Resource::new().id(record_id(1)).attributes(&tier) };
        let list = Request::new(&who, Action::List, Timestamp::from_micros(0)).on("customers");
        let row = list.resource(&resource);
        let shown = policy.decide(&row, &emergency).unwrap().is_permit();
        let held = match policy.scope(&list, &emergency).unwrap() {
            Scope::All => true,
            Scope::Any(filters) => filters.iter().any(|filter| match filter {
                Filter::Owner(name) => owner == Some(name),
                Filter::Record(id) => *id == record_id(1),
                Filter::Attribute { field, value } => resource.attribute(field) == Some(value),
            }),
            _ => false,
        };
        prop_assert!(!shown || held);
        prop_assert!(!policy.decide(&row, &quiet).unwrap().is_permit());
        prop_assert_eq!(policy.scope(&list, &quiet).unwrap(), Scope::Nothing);
    }
}
