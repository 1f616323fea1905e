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
            for Who { actor, answer } in who.can.iter().chain(&who.cannot) {
                let actor = actors.iter().find(|known| known.id() == actor).unwrap();
                prop_assert_eq!(&answer.now, &decide(&roles, actor, action, Some("u1"), &[]));
                prop_assert_eq!(&answer.if_fulfilled, &None);
            }
            prop_assert!(who.can.iter().all(|who| who.answer.is_permitted()));
        }
        let review = questions.review(&actors, &[customers()]);
        prop_assert_eq!(&AccessReview::from_json(&review.to_json()).unwrap(), &review);
        prop_assert!(review.to_string().lines().all(|line| line.chars().count() <= 120));
        for actor in &actors {
            let reviewed = review.actor(actor.id()).unwrap().collection("customers").unwrap();
            for field in FIELDS {
                let found = reviewed.field(field).unwrap();
                for (extent, owner) in [(|r: &Right| r.any.clone(), "x"), (|r: &Right| r.own.clone(), actor.id())] as [(fn(&Right) -> Extent, &str); 2] {
                    let can = |action: Action, fields: &[&str]| decide(&roles, actor, action, Some(owner), fields);
                    let yes = |holds: bool| if holds { Extent::Always } else { Extent::Never };
                    let read = can(Action::Read, &[]).is_ok_and(|permission| permission.read.contains(field));
                    let seen = read || can(Action::Update, &[]).is_ok_and(|permission| permission.read.contains(field));
                    prop_assert_eq!(extent(&found.read), yes(seen), "{} {} {}", actor.id(), field, owner);
                    let write = can(Action::Update, &[field])
                        .is_ok_and(|permission| permission.write.contains(field) && permission.read.contains(field));
                    prop_assert_eq!(extent(&found.write), yes(write));
                    let search = can(Action::Search, &[field]).is_ok_and(|permission| permission.read.contains(field));
                    prop_assert_eq!(extent(&found.search), yes(search));
                    let create = can(Action::Create, &[]).is_ok_and(|permission| permission.write.contains(field));
                    prop_assert_eq!(extent(&found.create), yes(create));
                }
            }
        }
    }

    #[test]
    fn more_roles_are_never_revoked_or_narrowed_and_back_they_are_never_granted_or_widened(
        roles in roles(),
        held in subsequence(ROLES.to_vec(), 0..=2),
        more in select(ROLES.to_vec()),
    ) {
        let few = held.iter().fold(Actor::new("u"), |actor, role| actor.with_role(*role));
        let many = few.clone().with_role(more);
        let questions = Questions::new(&roles, &Office);
        let (before, now) = (questions.review(&[few], &collections()), questions.review(&[many], &collections()));
        prop_assert!(now.changes_since(&before).iter().all(|change| matches!(
            change.kind,
            ChangeKind::RoleGiven | ChangeKind::Granted | ChangeKind::Widened
        )));
        let back = before.changes_since(&now);
        prop_assert!(back.iter().all(|change| matches!(
            change.kind,
            ChangeKind::RoleTaken | ChangeKind::Revoked | ChangeKind::Narrowed
        )));
        prop_assert_eq!(back.len(), now.changes_since(&before).len());
    }
}
