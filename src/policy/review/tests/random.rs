//! Answers about random roles are what these decide.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::policy::{Grant, Roles};

const ROLES: [&str; 3] = ["a", "b", "c"];
const PLACES: [Option<&str>; 3] = [Some("customers"), Some("orders"), None];

#[derive(Debug, Clone)]
struct SomeGrant {
    place: Option<&'static str>,
    create: Option<Vec<&'static str>>,
    read: Option<Vec<&'static str>>,
    update: Option<Vec<&'static str>>,
    delete: bool,
    own_only: bool,
}

fn fields() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    proptest::option::of(subsequence(FIELDS.to_vec(), 1..=4))
}

fn grant() -> impl Strategy<Value = SomeGrant> {
    let parts = (select(PLACES.to_vec()), fields(), fields(), fields(), any::<bool>(), any::<bool>());
    parts.prop_map(|(place, create, read, update, delete, own_only)| SomeGrant {
        place,
        create,
        read,
        update,
        delete,
        own_only,
    })
}

fn say(to: crate::policy::Role, grant: &SomeGrant) -> crate::policy::Role {
    let begun = grant.place.map_or_else(|| to.clone().on_any(), |place| to.clone().on(place));
    let mut said: Grant = begun;
    if let Some(fields) = &grant.create {
        said = said.create_with(fields.iter().copied());
    }
    if let Some(fields) = &grant.read {
        said = said.read(fields.iter().copied());
    }
    if let Some(fields) = &grant.update {
        said = said.update(fields.iter().copied());
    }
    if grant.delete || (grant.create.is_none() && grant.read.is_none() && grant.update.is_none()) {
        said = said.delete();
    }
    if grant.own_only { said.own_only().into() } else { said.into() }
}

fn roles() -> impl Strategy<Value = Roles> {
    vec(vec(grant(), 0..4), ROLES.len()).prop_map(|all| {
        ROLES
            .iter()
            .zip(all)
            .fold(Roles::new(), |roles, (name, grants)| roles.role(*name, |role| grants.iter().fold(role, say)))
    })
}

fn decide(
    roles: &Roles,
    actor: &Actor,
    action: Action,
    owner: Option<&str>,
    fields: &[&str],
) -> Result<Permission, Denial> {
    let record = Resource { owner, ..Resource::new().id(PROBE) };
    let mut request = Request::new(actor, action, Office.now()).on("customers").fields(fields);
    request.resource = owner.is_some().then_some(&record);
    match roles.decide(&request, &Office).unwrap() {
        Decision::Permit(permission) => Ok(permission),
        Decision::Deny(denial) => Err(denial),
        Decision::Limit(limit) => panic!("{limit:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(crate::tests::amount(24, 96)) })]

    #[test]
    fn answers_are_what_the_roles_decide(
        roles in roles(),
        held in vec(subsequence(ROLES.to_vec(), 0..=3), 3),
    ) {
        let ids = ["u1", "u2", "u3"];
        let actors: Vec<Actor> = ids.iter().zip(&held)
            .map(|(id, held)| held.iter().fold(Actor::new(*id), |actor, role| actor.with_role(*role))).collect();
        let questions = Questions::new(&roles, &Office);
        let of_first = Resource::new().id(PROBE).owner("u1");
        for action in [Action::Read, Action::Delete, Action::Erase, Action::Share] {
            let who = questions.who_can(&actors, action, "customers", Some(&of_first));
            for (actor, answer) in &who {
                let actor = actors.iter().find(|known| known.id() == actor).unwrap();
                prop_assert_eq!(&answer.now, &decide(&roles, actor, action, Some("u1"), &[]));
                prop_assert_eq!(&answer.if_fulfilled, &None);
            }
        }
        let review = questions.review(&actors, &[CUSTOMERS]);
        prop_assert_eq!(&AccessReview::from_json(&review.to_json()).unwrap(), &review);
        prop_assert!(review.to_string().lines().all(|line| line.chars().count() <= 120));
        for actor in &actors {
            for (extent, owner) in [(Extent::Others, "x"), (Extent::Own, actor.id())] {
                let can = |action: Action, fields: &[&str]| decide(&roles, actor, action, Some(owner), fields);
                let found = |act, field: Option<&str>| {
                    review.of_actor(actor.id()).any(|right| {
                        let named = match field {
                            Some(field) => right.fields.iter().any(|known| known == field),
                            None => right.fields.is_empty(),
                        };
                        let place = right.collection.is_some() && [&extent, &Extent::Any].contains(&&right.extent);
                        right.act == act && named && place && right.conditions.is_empty()
                    })
                };
                prop_assert_eq!(found(Action::Delete, None), can(Action::Delete, &[]).is_ok());
                for field in FIELDS {
                    let read = can(Action::Read, &[]).is_ok_and(|permission| permission.read.contains(field));
                    let seen = read || can(Action::Update, &[]).is_ok_and(|permission| permission.read.contains(field));
                    prop_assert_eq!(found(Action::Read, Some(field)), seen, "{} {} {}", actor.id(), field, owner);
                    let write = can(Action::Update, &[field])
                        .is_ok_and(|permission| permission.write.contains(field) && permission.read.contains(field));
                    prop_assert_eq!(found(Action::Update, Some(field)), write);
                    let search = can(Action::Search, &[field]).is_ok_and(|permission| permission.read.contains(field));
                    prop_assert_eq!(found(Action::Search, Some(field)), search);
                    let create = can(Action::Create, &[]).is_ok_and(|permission| permission.write.contains(field));
                    prop_assert_eq!(found(Action::Create, Some(field)), create);
                }
            }
        }
    }

    #[test]
    fn more_roles_take_nothing_away_and_give_only_what_more_roles_have(
        roles in roles(),
        held in subsequence(ROLES.to_vec(), 0..=2),
        more in select(ROLES.to_vec()),
    ) {
        let few = held.iter().fold(Actor::new("u"), |actor, role| actor.with_role(*role));
        let many = few.clone().with_role(more);
        let questions = Questions::new(&roles, &Office);
        let (before, now) = (questions.review(&[few], &COLLECTIONS), questions.review(&[many], &COLLECTIONS));
        let lost: Vec<Right> = before.without(&now).rights.into_iter().collect();
        // An act without fields may have some now.
        prop_assert!(lost.iter().all(|right| right.fields.is_empty() && now.of_actor("u").any(|other| {
            other.act == right.act && !other.fields.is_empty()
        })), "{:?}", lost);
        let mut both = before.rights.clone();
        both.extend(now.without(&before).rights);
        let told = |rights: &std::collections::BTreeSet<Right>| {
            rights::together(rights.iter().cloned().map(rights::unexplained)).into_iter()
                .filter(|right| !lost.iter().any(|gone| gone.act == right.act && right.fields.is_empty())).collect::<Vec<_>>()
        };
        prop_assert_eq!(told(&both), told(&now.rights));
    }
}
