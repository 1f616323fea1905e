use super::*;
use crate::model::{Action, Actor, Timestamp};
use crate::policy::{AccessPolicy, unmet};

/// So many rows were shown in the last hour.
struct Shown(u32);

impl Facts for Shown {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn rows_in_last_hour(&self, actor: &str) -> u32 {
        assert_eq!(actor, "anna");
        self.0
    }
}

fn limit(policy: &RowLimit, role: &str, action: Action, on: &str) -> Option<(u32, Option<u32>)> {
    let actor = Actor::new("anna").with_role(role);
    let request = Request::new(&actor, action, Timestamp::from_micros(0)).on(on);
    match policy.decide(&request, &Shown(0)).unwrap() {
        Decision::Limit(limit) => match limit.obligations.as_slice() {
            [] => None,
            [Obligation::RowLimit { per_act, per_hour }] => Some((*per_act, *per_hour)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn acts_that_show_records_are_limited_and_no_others() {
    let policy = RowLimit::new().per_act(100).per_hour(1_000);
    policy.check().unwrap();
    for action in Action::ALL.iter().copied() {
        use Action::*;
        let shows = matches!(action, Read | List | Search | Export | Unmask | Update);
        let expected = shows.then_some((100, Some(1_000)));
        assert_eq!(limit(&policy, "sales", action, "customers"), expected, "{action}");
    }
}

#[test]
fn it_applies_to_the_roles_and_collections_that_are_said() {
    let support = RowLimit::new().per_act(5).role("support").on(["customers"]);
    assert_eq!(limit(&support, "support", Action::List, "customers"), Some((5, None)));
    assert_eq!(limit(&support, "sales", Action::List, "customers"), None);
    assert_eq!(limit(&support, "support", Action::List, "orders"), None);
    let hour = RowLimit::new().per_hour(7);
    assert_eq!(limit(&hour, "support", Action::List, "orders"), Some((u32::MAX, Some(7))));
}

#[test]
fn spent_hour_is_a_denial_and_the_explanation_counts() {
    let policy = RowLimit::new().per_act(5).per_hour(7);
    let actor = Actor::new("anna");
    let request = Request::new(&actor, Action::List, Timestamp::from_micros(0));
    for (shown, denied) in [(6, false), (7, true)] {
        let Decision::Limit(limit) = policy.decide(&request, &Shown(shown)).unwrap() else { panic!() };
        assert_eq!(unmet(&limit, &request, &Shown(shown)).is_some(), denied, "{shown}");
    }
    let text = policy.explain(&request, &Shown(6)).to_string();
    let says = "+ row limit: allows 5 rows by one act and 7 in an hour, in which the actor was shown 6";
    assert!(text.contains(says), "{text}");
    let text = policy.explain(&Request { action: Action::Count, ..request }, &Shown(6)).to_string();
    assert!(text.contains("- row limit: it limits nothing of count"), "{text}");
}

#[test]
fn mistake_is_told_and_another_setting_is_another_version() {
    for (name, faulty, says) in [
        ("nothing", RowLimit::new(), "it limits nothing"),
        ("only for whom", RowLimit::new().role("r"), "it limits nothing"),
        ("0 by an act", RowLimit::new().per_act(0), "0 would let nobody"),
        ("0 in an hour", RowLimit::new().per_act(5).per_hour(0), "0 would let nobody"),
        ("a nameless role", RowLimit::new().per_act(5).role(""), "empty name among its roles"),
        ("no collections", RowLimit::new().per_act(5).on::<&str>([]), "empty list of collections"),
    ] {
        let error = faulty.check().err().unwrap_or_else(|| panic!("{name}"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
    }
    let versions = [
        RowLimit::new().per_act(5),
        RowLimit::new().per_act(6),
        RowLimit::new().per_hour(5),
        RowLimit::new().per_act(5).per_hour(5),
        RowLimit::new().per_act(5).role("x"),
        RowLimit::new().per_act(5).on(["x"]),
    ]
    .map(|limit| limit.version());
    assert!(versions.iter().enumerate().all(|(i, a)| versions.iter().skip(i + 1).all(|b| a != b)));
}

#[test]
fn unique_values_are_limited_where_a_write_tries_them() {
    let policy = RowLimit::new().unique_tries(7).role("web form");
    policy.check().unwrap();
    let anna = Actor::new("anna").with_role("web form");
    for action in Action::ALL.iter().copied() {
        let request = Request::new(&anna, action, Timestamp::from_micros(0)).on("customers");
        let Decision::Limit(limit) = policy.decide(&request, &Shown(0)).unwrap() else { panic!() };
        let tries = matches!(action, Action::Create | Action::Update);
        assert_eq!(limit.obligations, tries.then_some(Obligation::UniqueTries(7)).into_iter().collect::<Vec<_>>());
    }
    assert_ne!(policy.version(), RowLimit::new().unique_tries(8).role("web form").version());
    assert!(RowLimit::new().unique_tries(0).check().is_err() && RowLimit::new().check().is_err());
}
