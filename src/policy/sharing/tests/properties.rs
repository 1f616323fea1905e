//! Properties of random sharing.

use proptest::prelude::*;
use proptest::sample::Index as At;

use super::reading::{PLACES, Row, Said, rows, said, some_actor, which, who};
use super::*;
use crate::model::{FieldSet, Grantee};
use crate::policy::{Filter, Looked};

fn place(row: &Row) -> &'static str {
    PLACES[usize::from(row.id) % 2]
}

fn is_in(scope: &Scope, row: &Row) -> bool {
    match scope {
        Scope::All => true,
        Scope::Nothing | Scope::NoOpinion => false,
        Scope::Any(filters) => filters.iter().any(|filter| match filter {
            Filter::Owner(owner) => row.owner == Some(owner),
            Filter::Attribute { field, value } => row.attributes.contains(&(field.clone(), value.clone())),
            Filter::Record(id) => *id == record_id(row.id),
        }),
    }
}

const ACTS: [(Action, u8); 7] = [
    (Action::Read, 1),
    (Action::List, 1),
    (Action::Export, 1),
    (Action::Unmask, 1),
    (Action::Update, 2),
    (Action::Delete, 3),
    (Action::Transfer, 3),
];

/// All that an actor may do to some rows, in one comparable list.
fn permitted(said: &Said, actor: &Actor, rows: &[Row]) -> Vec<bool> {
    let (policy, facts) = (said.policy(), said.facts());
    let acts = ACTS.iter().map(|act| act.0).chain([Action::Create]);
    let ask = |row: &Row, action| {
        row.ask(actor, action, place(row), |request| policy.decide(request, &facts).unwrap().is_permit())
    };
    let known = acts.flat_map(|action| rows.iter().map(move |row| ask(row, action))).collect::<Vec<_>>();
    let unknown = PLACES.into_iter().flat_map(|on| [Action::Read, Action::Update].map(|action| (on, action)));
    let unknown = unknown.map(|(on, action)| {
        let request = Request::new(actor, action, Timestamp::from_micros(0)).on(on);
        policy.decide(&request, &facts).unwrap().is_permit()
    });
    known.into_iter().chain(unknown).collect()
}

fn narrower(less: &[bool], more: &[bool]) -> bool {
    less.iter().zip(more).all(|(less, more)| more | !less)
}

proptest! {
    #[test]
    fn decision_is_that_of_a_plain_reading_and_its_explanation_agrees(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            let has = said.reading(&actor, place(row), row);
            for (action, asks) in ACTS {
                row.ask(&actor, action, place(row), |request| {
                    let decision = policy.decide(request, &facts).unwrap();
                    assert_eq!(decision.is_permit(), has.is_some_and(|has| has >= asks), "{row:?} {action} {decision:?}");
                    assert_eq!(decision.forbids(), has.is_none());
                    let explanation = policy.explain(request, &facts);
                    let grants = |looked: &&Looked| looked.applied && !looked.rule.starts_with("restriction");
                    assert_eq!(explanation.looked_at.iter().find(grants).is_some(), said_grants(&said, &actor, row, asks));
                    assert_eq!(explanation.missing.is_some(), !decision.is_permit());
                    assert_eq!(explanation.decision.as_ref(), Ok(&decision));
                    if let Decision::Permit(permission) = decision {
                        assert_eq!(permission.write, if asks > 1 { FieldSet::All } else { FieldSet::none() });
                    }
                });
            }
        }
    }

    #[test]
    fn scope_then_decide_equals_decide(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            let request = Request::new(&actor, Action::List, Timestamp::from_micros(0)).on(place(row));
            let scope = policy.scope(&request, &facts).unwrap();
            let shown = row.ask(&actor, Action::List, place(row), |request| policy.decide(request, &facts).unwrap().is_permit());
            prop_assert!(!shown || is_in(&scope, row), "{row:?} isn't in {scope:?}");
        }
    }

    #[test]
    fn what_is_permitted_of_an_unknown_record_is_permitted_of_each(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            for action in [Action::Read, Action::Update, Action::Delete] {
                let request = Request::new(&actor, action, Timestamp::from_micros(0)).on(place(row));
                let unknown = policy.decide(&request, &facts).unwrap();
                let known = row.ask(&actor, action, place(row), |request| policy.decide(request, &facts).unwrap());
                prop_assert!(!unknown.is_permit() || known.is_permit(), "{row:?}");
                prop_assert!(!known.forbids() || unknown.forbids(), "{row:?}");
            }
        }
    }

    #[test]
    fn another_restriction_never_widens(said in said(), which in which(), except in prop::collection::vec(who(), 0..3), actor in some_actor(), rows in rows()) {
        let mut more = said.clone();
        more.restrictions.push((which, except));
        prop_assert!(narrower(&permitted(&more, &actor, &rows), &permitted(&said, &actor, &rows)));
    }

    #[test]
    fn taking_a_grant_away_never_widens(said in said(), at in any::<At>(), actor in some_actor(), rows in rows()) {
        let all = permitted(&said, &actor, &rows);
        let mut fewer = vec![said.clone(); 6];
        let [rules, shares, managers, members, defaults, manage] = &mut fewer[..] else { unreachable!() };
        take(&mut rules.rules, at);
        take(&mut shares.shares, at);
        take(&mut managers.managers, at);
        take(&mut members.members, at);
        take(&mut defaults.defaults, at);
        manage.read_only = true;
        for less in &fewer {
            prop_assert!(narrower(&permitted(less, &actor, &rows), &all), "{less:?}");
        }
    }

    #[test]
    fn order_in_which_it_is_said_never_counts(said in said(), actor in some_actor(), rows in rows()) {
        let mut turned = said.clone();
        turned.managers.reverse();
        turned.members.reverse();
        turned.shares.reverse();
        prop_assert_eq!(turned.policy().version(), said.policy().version());
        turned.rules.reverse();
        turned.restrictions.reverse();
        prop_assert_eq!(permitted(&turned, &actor, &rows), permitted(&said, &actor, &rows));
    }
}

/// Tells whether anything grants so much, restrictions aside.
fn said_grants(said: &Said, actor: &Actor, row: &Row, asks: u8) -> bool {
    let unrestricted = Said { restrictions: Vec::new(), ..said.clone() };
    unrestricted.reading(actor, place(row), row).is_some_and(|has| has >= asks)
}

fn take<T>(list: &mut Vec<T>, at: At) {
    if !list.is_empty() {
        list.remove(at.index(list.len()));
    }
}

#[test]
fn grantees_are_the_actor_their_groups_and_their_roles() {
    let policy = Sharing::new().group("north", ["anna"]).group("all", ["anna", "ben"]).group_attribute("team");
    let actor = Actor::new("anna").with_role("sales").with_attribute("team", "board");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0));
    let asker = policy.index().asker(&request);
    let grantees: Vec<Grantee<'_>> = asker.grantees().collect();
    let groups = ["all", "north", "board"].map(Grantee::Group);
    assert_eq!(grantees, [&[Grantee::Actor("anna")], &groups[..], &[Grantee::Role("sales")]].concat());
}
