use super::*;
use crate::model::{Actor, NoFacts, Resource, Timestamp};
use crate::policy::AccessPolicy;

fn policy() -> Labels {
    Labels::levels(["public", "internal", "secret"]).on(["customers"]).unlabelled("internal").trusted_role("registrar")
}

/// `ok`, or the denial's code. The record's labels stand between blanks; `?` is no known record.
fn ask(policy: &Labels, clearance: &str, role: &str, action: Action, on: &str, labels: &str) -> String {
    let mut actor = Actor::new("anna").with_role(role);
    if !clearance.is_empty() {
        actor = actor.with_attribute("clearance", clearance);
    }
    let labels_of: Vec<String> = labels.split_whitespace().map(str::to_owned).collect();
    let resource = Resource::new().labels(&labels_of);
    let mut request = Request::new(&actor, action, Timestamp::from_micros(0));
    request.collection = Some(on).filter(|name| !name.is_empty());
    request.resource = (labels != "?").then_some(&resource);
    match policy.decide(&request, &NoFacts).unwrap() {
        Decision::Limit(limit) if limit.obligations.is_empty() => "ok".to_owned(),
        Decision::Deny(denial) if denial.forbids => denial.code.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_reads_up_or_writes_down() {
    use Action::*;
    let policy = policy();
    policy.check().unwrap();
    for (name, clearance, action, on, labels, expected) in [
        ("read below", "internal", Read, "customers", "public", "ok"),
        ("read at the level", "internal", Read, "customers", "vip internal", "ok"),
        ("read above", "internal", Read, "customers", "vip secret", "read_up"),
        ("a row above isn't listed", "internal", List, "customers", "secret", "read_up"),
        ("nor found", "internal", Search, "customers", "secret", "read_up"),
        ("nor counted", "internal", Count, "customers", "secret", "read_up"),
        ("nor exported", "internal", Export, "customers", "secret", "read_up"),
        ("nor unmasked", "internal", Unmask, "customers", "secret", "read_up"),
        ("of several levels the highest counts", "internal", Read, "customers", "secret public", "read_up"),
        ("in any order", "internal", Read, "customers", "public secret", "read_up"),
        ("other labels don't count", "internal", Read, "customers", "Secret vip", "ok"),
        ("unlabelled is internal", "public", Read, "customers", "vip", "read_up"),
        ("unlabelled is readable to internal", "internal", Read, "customers", "", "ok"),
        ("create above", "internal", Create, "customers", "secret", "ok"),
        ("create at the level", "internal", Create, "customers", "internal", "ok"),
        ("create below", "internal", Create, "customers", "public", "write_down"),
        ("create an unlabelled one from above", "secret", Create, "customers", "", "write_down"),
        ("update below", "internal", Update, "customers", "public", "write_down"),
        ("update at the level", "internal", Update, "customers", "internal", "ok"),
        ("update above, which would read up", "internal", Update, "customers", "secret", "read_up"),
        ("share below", "secret", Share, "customers", "internal", "write_down"),
        ("share at the level", "secret", Share, "customers", "secret", "ok"),
        ("transfer below", "secret", Transfer, "customers", "internal", "write_down"),
        ("delete below", "secret", Delete, "customers", "public", "write_down"),
        ("delete above, unseen", "internal", Delete, "customers", "secret", "ok"),
        ("erase at any level", "public", Erase, "customers", "secret", "ok"),
        ("and below", "secret", Erase, "customers", "public", "ok"),
        ("hold at any level", "public", Hold, "customers", "secret", "ok"),
        ("administration", "public", Define, "customers", "?", "ok"),
        ("another collection", "public", Read, "orders", "secret", "ok"),
        ("no collection", "public", Read, "", "secret", "ok"),
        ("no clearance is the lowest: read", "", Read, "customers", "internal", "read_up"),
        ("no clearance is the lowest: write", "", Create, "customers", "internal", "ok"),
        ("no clearance is the lowest: its own", "", Update, "customers", "public", "ok"),
        ("a list, before its rows", "public", List, "customers", "?", "ok"),
        ("an unknown record, to the highest", "secret", Read, "customers", "?", "ok"),
        ("an unknown record, to anybody else", "internal", Read, "customers", "?", "read_up"),
        ("deletes an unknown record", "internal", Delete, "customers", "?", "write_down"),
        ("deletes an unknown record, the lowest", "public", Delete, "customers", "?", "ok"),
        ("updates an unknown record", "secret", Update, "customers", "?", "write_down"),
        ("a misspelt clearance", "Secret", Read, "customers", "public", "read_up"),
        ("a misspelt clearance, listing", "Secret", List, "customers", "?", "read_up"),
        ("a misspelt clearance, writing", "Secret", Create, "customers", "secret", "write_down"),
        ("a misspelt clearance elsewhere", "Secret", Read, "orders", "public", "ok"),
    ] {
        assert_eq!(ask(&policy, clearance, "sales", action, on, labels), expected, "{name}");
    }
    assert_eq!(ask(&policy, "secret", "registrar", Update, "customers", "public"), "ok", "trusted to lower a label");
    assert_eq!(ask(&policy, "internal", "registrar", Update, "customers", "secret"), "read_up", "but not to read up");
    assert_eq!(ask(&policy, "Secret", "registrar", Update, "customers", "public"), "read_up", "nor without a level");
}

#[test]
fn record_without_a_level_is_as_secret_as_any_unless_said_otherwise() {
    let policy = Labels::levels(["public", "internal", "secret"]);
    assert_eq!(ask(&policy, "internal", "sales", Action::Read, "orders", ""), "read_up");
    assert_eq!(ask(&policy, "secret", "sales", Action::Read, "orders", "vip"), "ok");
}

#[test]
fn clearance_is_read_from_the_attribute_that_was_named() {
    let policy = Labels::levels(["low", "high"]).clearance("trust");
    let high = ["high".to_owned()];
    let resource = Resource::new().labels(&high);
    let forbids = |actor: Actor| {
        let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0)).on("x").resource(&resource);
        policy.decide(&request, &NoFacts).unwrap().forbids()
    };
    assert!(!forbids(Actor::new("anna").with_attribute("trust", "high")));
    assert!(forbids(Actor::new("anna").with_attribute("clearance", "high")));
}

#[test]
fn administrator_is_told_both_levels_and_the_user_neither() {
    let actor = Actor::new("anna").with_attribute("clearance", "internl");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0)).on("customers");
    let Decision::Deny(denial) = policy().decide(&request, &NoFacts).unwrap() else { panic!() };
    assert!(denial.for_admin.contains("`internl`") && denial.for_admin.contains("`public`, `internal`, `secret`"));
    assert_eq!(denial.for_user, "You are not allowed to do this.");
    let secret = ["secret".to_owned()];
    let resource = Resource::new().labels(&secret);
    let actor = Actor::new("anna");
    let request = Request { actor: &actor, action: Action::Update, ..request }.resource(&resource);
    let text = policy().explain(&request, &NoFacts).to_string();
    assert!(text.contains("labels: forbids, by `labels` (read_up)"), "{text}");
    let up = "+ no read up: the record is `secret`; the actor's `clearance` is `public`, by default";
    assert!(text.contains(up) && text.contains("- no write down"), "{text}");
}

#[test]
fn mistake_is_told_and_another_setting_is_another_version() {
    for (name, faulty, says) in [
        ("one level", Labels::levels(["public"]), "two or more levels"),
        ("a level twice", Labels::levels(["public", "secret", "public"]), "each said once"),
        ("no name", Labels::levels(["public", " "]), "an empty name among its levels"),
        ("unlabelled", Labels::levels(["a", "b"]).unlabelled("c"), "`c`, which isn't a level: say one of `a`, `b`"),
        ("no attribute", Labels::levels(["a", "b"]).clearance(""), "has no name"),
        ("no collection", Labels::levels(["a", "b"]).on::<&str>([]), "empty list of collections"),
        ("a nameless role", Labels::levels(["a", "b"]).trusted_role(""), "an empty name among its trusted roles"),
    ] {
        let error = faulty.check().err().unwrap_or_else(|| panic!("{name}"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
    }
    let base = || Labels::levels(["a", "b"]);
    let versions = [
        base(),
        Labels::levels(["b", "a"]),
        base().on(["x"]),
        base().on(["y", "x"]),
        base().unlabelled("a"),
        base().clearance("c"),
        base().trusted_role("r"),
    ]
    .map(|labels| labels.version());
    assert!(versions.iter().enumerate().all(|(i, a)| versions.iter().skip(i + 1).all(|b| a != b)));
    assert_eq!(base().on(["x", "y"]).version(), base().on(["y"]).on(["x"]).version());
    assert_eq!(base().unlabelled("b").version(), base().version());
}
