//! A review from answers.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::CollectionAnswers;
use super::data::{AccessReview, ActReview, ActorReview, CollectionReview, Right, RoleReview};
use super::{Asker, CollectionFields, Questions, fields};
use crate::model::{Action, Actor};
use crate::policy::PolicyVersion;

pub(super) fn review(questions: &Questions<'_>, actors: &[Actor], collections: &[CollectionFields]) -> AccessReview {
    let mut notes = Vec::new();
    let (guard, policy) = (questions.guard, questions.policy);
    let mut told = |what: &str, why: String| notes.push(format!("the policy doesn't tell {what}: {why}"));
    let version = guard.ask(|| Ok(policy.version())).unwrap_or_else(|denial| {
        told("its version", denial.for_admin);
        PolicyVersion::from_bytes([0; 32])
    });
    let known = guard.ask(|| Ok(policy.roles())).unwrap_or_else(|denial| {
        told("its roles", denial.for_admin);
        Vec::new()
    });
    let mut reviews: Vec<ActorReview> = Vec::with_capacity(actors.len());
    for actor in actors {
        let mut conflicts = guard.ask(|| Ok(policy.conflicts(actor))).unwrap_or_else(|denial| {
            told(&format!("the conflicts of `{}`", actor.id()), denial.for_admin);
            Vec::new()
        });
        conflicts.sort_unstable();
        conflicts.dedup();
        reviews.push(of_actor(questions, actor, conflicts, collections));
    }
    reviews.sort_by(|a, b| (&a.actor, &a.roles).cmp(&(&b.actor, &b.roles)));
    for pair in reviews.windows(2) {
        if let [a, b] = pair
            && a.actor == b.actor
        {
            notes.push(format!("`{}` was named more than once", a.actor));
        }
    }
    notes.sort_unstable();
    notes.dedup();
    AccessReview {
        tenant: None,
        time: questions.now(),
        policy: version,
        roles: roles(known, &reviews),
        actors: reviews,
        unused_for_days: None,
        notes,
    }
}

fn of_actor(
    questions: &Questions<'_>,
    actor: &Actor,
    conflicts: Vec<String>,
    collections: &[CollectionFields],
) -> ActorReview {
    // What a suspension takes away comes back with its end, so it is reviewed all the same.
    let suspended = questions.suspended.contains(actor.id());
    let questions = Questions { suspended: BTreeSet::new(), ..questions.clone() };
    let asker = Asker::new(&questions, actor);
    let outside = Action::ALL.iter().filter(|action| is_outside_collections(**action));
    let administration = outside.filter_map(|action| {
        let extent = asker.ask(*action, None, None, &[]).extent();
        let right = Right { any: extent.clone(), own: extent, samples: BTreeMap::new() };
        (!right.is_never()).then_some(ActReview { act: *action, right })
    });
    let mut roles = actor.roles().to_vec();
    roles.sort_unstable();
    roles.dedup();
    let mut reviews: Vec<_> =
        collections.iter().map(|collection| of_collection(fields::what_can(&asker, collection))).collect();
    reviews.sort_by(|a: &CollectionReview, b| a.collection.cmp(&b.collection));
    ActorReview {
        actor: actor.id().to_owned(),
        roles,
        suspended,
        conflicts,
        administration: administration.collect(),
        collections: reviews,
    }
}

fn of_collection(answers: CollectionAnswers) -> CollectionReview {
    let acts = answers.acts.iter().map(|answers| {
        let right = match answers.action {
            // Asked about without a record.
            Action::Define => {
                let extent = answers.unknown.extent();
                Right { any: extent.clone(), own: extent, samples: BTreeMap::new() }
            }
            _ => answers.right(),
        };
        ActReview { act: answers.action, right }
    });
    CollectionReview {
        collection: answers.collection,
        acts: acts.filter(|review| !review.right.is_never()).collect(),
        fields: answers.fields,
    }
}

fn is_outside_collections(action: Action) -> bool {
    match action {
        // The first is asked of no policy, the second for each collection.
        Action::CreateVault | Action::Define => false,
        Action::Approve | Action::BreakGlass => true,
        action => action.is_administration(),
    }
}

fn roles(known: Vec<String>, actors: &[ActorReview]) -> Vec<RoleReview> {
    let known: BTreeSet<String> = known.into_iter().collect();
    let mut held: BTreeMap<String, BTreeSet<String>> =
        known.iter().map(|role| (role.clone(), BTreeSet::new())).collect();
    for actor in actors {
        for role in &actor.roles {
            held.entry(role.clone()).or_default().insert(actor.actor.clone());
        }
    }
    let each = held.into_iter().map(|(role, held_by)| RoleReview {
        known: known.contains(&role),
        role,
        held_by: held_by.into_iter().collect(),
        last_used: None,
        unused: false,
    });
    each.collect()
}
