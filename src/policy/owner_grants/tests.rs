use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::{Access, Actor, Timestamp};
use crate::policy::sharing::tests::facts::{Remembered, record_id};

fn policy() -> OwnerGrants {
    OwnerGrants::new().on("notes").on("drafts")
}

fn facts() -> Remembered {
    Remembered::default()
        .share("notes", 1, "actor ben", Access::Read)
        .share("notes", 2, "role sales", Access::Write)
        .share("notes", 3, "group sales", Access::Write)
        .share("notes", 4, "actor ", Access::Write)
}

fn ask<T>(
    who: &Actor,
    action: Action,
    on: &str,
    record: Option<(u8, Option<&str>)>,
    answer: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let (id, owner) = record.unwrap_or_default();
    // 0 is a record that is about to be created.
    let resource = Resource { id: (id > 0).then(|| record_id(id)), owner, ..Resource::new() };
    let request = Request {
        collection: Some(on).filter(|name| !name.is_empty()),
        resource: record.map(|_| &resource),
        ..Request::new(who, action, Timestamp::from_micros(0))
    };
    answer(&request)
}

fn said(decision: &Decision) -> String {
    match decision {
        Decision::Permit(permission) if permission.write.is_empty() => format!("permit, by {}", permission.rule),
        Decision::Permit(permission) => format!("permit to write, by {}", permission.rule),
        Decision::Limit(_) => "no objection".to_owned(),
        Decision::Deny(denial) => format!("{}{}", denial.code, if denial.forbids { "!" } else { "" }),
    }
}

#[test]
fn every_named_case_is_decided_as_the_documentation_says() {
    use Action::*;
    let anns = |id| Some((id, Some("ann")));
    let (ann, ben, admin) = (Actor::new("ann"), Actor::new("ben"), Actor::new("root").with_role("admin"));
    let (sales, nobody) = (Actor::new("eve").with_role("sales"), Actor::new(""));
    for (name, who, action, on, record, expected) in [
        ("owner reads", &ann, Read, "notes", anns(9), "permit, by owner"),
        ("in each collection", &ann, Read, "drafts", anns(9), "permit, by owner"),
        ("owner changes", &ann, Update, "notes", anns(9), "permit to write, by owner"),
        ("owner deletes", &ann, Delete, "notes", anns(9), "permit to write, by owner"),
        ("owner shares", &ann, Share, "notes", anns(9), "permit to write, by owner"),
        ("owner gives away", &ann, Transfer, "notes", anns(9), "permit to write, by owner"),
        ("but not by an update", &ann, Update, "notes", Some((9, Some("ben"))), "not_shared"),
        ("another doesn't read", &ben, Read, "notes", anns(9), "not_shared"),
        ("nor does an administrator", &admin, Read, "notes", anns(9), "not_shared"),
        ("nor is a row listed", &ben, List, "notes", anns(9), "not_shared"),
        ("nobody's note", &ben, Read, "notes", Some((9, None)), "not_shared"),
        ("an actor without an id", &nobody, Read, "notes", Some((9, Some(""))), "not_shared"),
        ("a share with nobody", &nobody, Read, "notes", anns(4), "not_shared"),
        ("a share to read", &ben, Export, "notes", anns(1), "permit, by share by the owner"),
        ("isn't one to write", &ben, Update, "notes", anns(1), "not_shared"),
        ("nor to share", &ben, Share, "notes", anns(1), "not_shared"),
        ("a share with a role", &sales, Update, "notes", anns(2), "permit to write, by share by the owner"),
        ("doesn't delete", &sales, Delete, "notes", anns(2), "not_shared"),
        ("groups aren't known", &sales, Read, "notes", anns(3), "not_shared"),
        ("another's share", &sales, Read, "notes", anns(1), "not_shared"),
        ("created for oneself", &ann, Create, "notes", Some((0, Some("ann"))), "permit to write, by owner"),
        ("not for another", &ben, Create, "notes", Some((0, Some("ann"))), "not_owner"),
        ("nor for nobody", &ben, Create, "notes", Some((0, None)), "not_owner"),
        ("nor without saying", &ben, Create, "notes", None, "not_owner"),
        ("what may not exist", &ann, Read, "notes", None, "not_shared"),
        ("a list begins", &ben, List, "notes", None, "permit, by owner grants: each record by itself"),
        ("another collection", &ben, Read, "customers", anns(9), "no objection"),
        ("erasing", &admin, Erase, "notes", anns(9), "no objection"),
        ("administering", &admin, Define, "notes", None, "no objection"),
        ("nowhere", &admin, Verify, "", None, "no objection"),
    ] {
        ask(who, action, on, record, |request| {
            let decision = policy().decide(request, &facts()).unwrap();
            assert_eq!(said(&decision), expected, "{name}");
            let explanation = policy().explain(request, &facts());
            assert_eq!(explanation.missing.is_some(), matches!(decision, Decision::Deny(_)), "{name}");
            assert_eq!(explanation.looked_at.iter().any(|looked| looked.applied), decision.is_permit(), "{name}");
            assert_eq!(explanation.decision, Ok(decision), "{name}");
        });
    }
}

#[test]
fn explanation_tells_whose_it_is_and_what_share_is_missing() {
    let ben = Actor::new("ben").with_role("sales");
    let explain = |action, record| ask(&ben, action, "notes", record, |r| policy().explain(r, &facts()).to_string());
    let text = explain(Action::Update, Some((1, Some("ann"))));
    for part in [
        "- owner: its owner is `ann`",
        "- share with `ben`: the share gives: read; the act asks for: write",
        "- share with the role `sales`: it isn't shared with them",
        "missing: a share by the owner with `ben` or one of their roles, to write",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(explain(Action::Delete, Some((1, None))).contains("missing: owning the record"));
    assert!(explain(Action::Create, Some((0, None))).contains("missing: `ben` as the new record's owner"));
    let denial = |record| ask(&ben, Action::Read, "notes", record, |r| policy().decide(r, &facts()).unwrap());
    assert_eq!(denial(None), denial(Some((9, Some("ann")))), "a denial tells whether the record exists");
}

#[test]
fn mistake_is_told_and_denies_everything() {
    for (policy, says) in [
        (OwnerGrants::new(), "it holds nowhere: say `.on(..)`"),
        (OwnerGrants::new().on("notes").on(" "), "an empty name among its collections"),
    ] {
        let error = policy.check().unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains(says));
        let ann = Actor::new("ann");
        ask(&ann, Action::Read, "notes", Some((9, Some("ann"))), |request| {
            assert_eq!(said(&policy.decide(request, &facts()).unwrap()), "policy_invalid!");
            assert_eq!(policy.scope(request, &facts()).unwrap(), Scope::Nothing);
        });
    }
    policy().check().unwrap();
}

#[test]
fn version_is_that_of_the_collections_in_any_order() {
    assert_eq!(policy().version(), OwnerGrants::new().on("drafts").on("notes").on("notes").version());
    let asked = policy();
    assert_ne!(asked.version(), asked.clone().on("more").version());
    assert_ne!(OwnerGrants::new().on("a").on("b").version(), OwnerGrants::new().on("ab").version());
}

proptest! {
    #[test]
    fn scope_then_decide_equals_decide_and_fewer_shares_never_widen(
        shares in prop::collection::vec((1..6_u8, select(&["actor ann", "actor ben", "role sales", "role x"][..]), any::<bool>()), 0..6),
        taken in any::<prop::sample::Index>(),
        id in select(&["ann", "ben", ""][..]),
        owner in prop::option::of(select(&["ann", "ben", ""][..])),
        record in 1..6_u8,
    ) {
        let remember = |shares: &[(u8, &str, bool)]| shares.iter().fold(Remembered::default(), |facts, (id, with, write)| {
            facts.share("notes", *id, with, if *write { Access::Write } else { Access::Read })
        });
        let who = Actor::new(id).with_role("sales");
        let facts = remember(&shares);
        let mut fewer = shares.clone();
        if !fewer.is_empty() {
            fewer.remove(taken.index(shares.len()));
        }
        let fewer = remember(&fewer);
        for action in [Action::List, Action::Update, Action::Delete] {
            ask(&who, action, "notes", Some((record, owner)), |request| {
                let shown = policy().decide(request, &facts).unwrap().is_permit();
                assert!(shown || !policy().decide(request, &fewer).unwrap().is_permit());
                let scope = policy().scope(request, &facts).unwrap();
                let held = match &scope {
                    Scope::Any(filters) => filters.iter().any(|filter| match filter {
                        Filter::Owner(name) => owner == Some(name),
                        Filter::Record(known) => *known == record_id(record),
                        Filter::Attribute { .. } => false,
                    }),
                    _ => false,
                };
                assert!(!shown || held, "{scope:?}");
            });
        }
    }
}

#[test]
fn scope_says_nothing_of_other_collections_and_nothing_is_anybodys_without_an_id() {
    let (ann, ben, nobody) = (Actor::new("ann"), Actor::new("ben"), Actor::new(""));
    let scope =
        |who: &Actor, on: &str| ask(who, Action::List, on, None, |request| policy().scope(request, &facts()).unwrap());
    assert_eq!(scope(&ann, "notes"), Scope::owned("ann"));
    assert_eq!(scope(&ben, "notes"), Scope::owned("ben").or(Scope::Any(vec![Filter::Record(record_id(1))])));
    assert_eq!(scope(&ann, "customers"), Scope::NoOpinion);
    assert_eq!(scope(&nobody, "notes"), Scope::Nothing);
}
