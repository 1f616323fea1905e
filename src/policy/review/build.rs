//! A review from answers.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::answer::Answer;
use super::questions::{PROBE, Questions};
use super::report::AccessReview;
use super::rights::{Extent, Right, together};
use crate::model::{Action, Actor, Resource, Revision};
use crate::policy::{Permission, PolicyVersion};

/// The owner of what is somebody else's.
const SOMEBODY_ELSE: &str = "somebody else";

pub(super) fn review(questions: &Questions<'_>, actors: &[Actor], collections: &[(&str, &[&str])]) -> AccessReview {
    let mut notes = BTreeSet::new();
    let (guard, policy) = (questions.guard, questions.policy);
    let mut told = |what: &str, why: String| {
        notes.insert(format!("the policy doesn't tell {what}: {why}"));
    };
    let version = guard.ask(|| Ok(policy.version())).unwrap_or_else(|denial| {
        told("its version", denial.for_admin);
        PolicyVersion::from_bytes([0; 32])
    });
    let roles = guard.ask(|| Ok(policy.roles())).unwrap_or_else(|denial| {
        told("its roles", denial.for_admin);
        Vec::new()
    });
    // What a suspension takes away comes back with its end, so it is reviewed all the same.
    let mut unsuspended = questions.clone();
    unsuspended.suspended.clear();
    let (mut named, mut conflicts, mut rights) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut twice = BTreeSet::new();
    for actor in actors {
        let id = actor.id().to_owned();
        let found = guard.ask(|| Ok(policy.conflicts(actor))).unwrap_or_else(|denial| {
            told(&format!("the conflicts of `{id}`"), denial.for_admin);
            Vec::new()
        });
        if !found.is_empty() {
            conflicts.entry(id.clone()).or_insert_with(BTreeSet::new).extend(found);
        }
        rights.extend(administration(&unsuspended, actor));
        rights.extend(in_collections(&unsuspended, actor, collections));
        match named.entry(id) {
            Entry::Vacant(free) => free.insert(BTreeSet::new()),
            Entry::Occupied(known) => {
                twice.insert(format!("`{}` was named more than once", known.key()));
                known.into_mut()
            }
        }
        .extend(actor.roles().iter().cloned());
    }
    notes.extend(twice);
    let fields = |fields: &[&str]| fields.iter().map(|&field| field.to_owned()).collect();
    AccessReview {
        tenant: None,
        time: questions.now(),
        policy: version,
        suspended: questions.suspended.iter().filter(|id| named.contains_key(*id)).cloned().collect(),
        actors: named,
        conflicts,
        collections: collections.iter().map(|(name, all)| ((*name).to_owned(), fields(all))).collect(),
        rights: together(rights),
        roles: roles.into_iter().collect(),
        last_used: BTreeMap::new(),
        unused_for_days: None,
        notes,
    }
}

/// Returns an actor's rights in some collections.
pub(super) fn in_collections(
    questions: &Questions<'_>,
    actor: &Actor,
    collections: &[(&str, &[&str])],
) -> BTreeSet<Right> {
    let stranger = if actor.id() == SOMEBODY_ELSE { "another" } else { SOMEBODY_ELSE };
    let probe = |owner| Resource::new().owner(owner).id(PROBE).revision(Revision::new(1));
    let mut rights = Vec::new();
    for &(collection, fields) in collections {
        let mut asked = Asked { questions, actor, collection, fields, rights: Vec::new() };
        asked.add(Action::Define, &Extent::Any, None, &asked.ask(Action::Define, None, &[]), |_| true);
        asked.on(&Extent::Own, &probe(actor.id()));
        asked.on(&Extent::Others, &probe(stranger));
        for sample in questions.samples.iter().filter(|sample| sample.collection == collection) {
            asked.on(&Extent::Sample(sample.name.clone()), &sample.record);
        }
        rights.append(&mut asked.rights);
    }
    together(rights)
}

/// Returns an actor's rights outside collections.
fn administration(questions: &Questions<'_>, actor: &Actor) -> Vec<Right> {
    let mut asked = Asked { questions, actor, collection: "", fields: &[], rights: Vec::new() };
    for &action in Action::ALL.iter().filter(|action| is_outside_collections(**action)) {
        let answer = questions.ask(actor, action, None, None, &[]);
        asked.add(action, &Extent::Any, None, &answer, |_| true);
    }
    asked.rights.into_iter().map(|right| Right { collection: None, ..right }).collect()
}

fn is_outside_collections(action: Action) -> bool {
    match action {
        // The first is asked of no policy, the second for each collection.
        Action::CreateVault | Action::Define => false,
        Action::Approve | Action::BreakGlass => true,
        action => action.is_administration(),
    }
}

/// One actor who is asked about in one collection, and the rights found.
struct Asked<'q> {
    questions: &'q Questions<'q>,
    actor: &'q Actor,
    collection: &'q str,
    fields: &'q [&'q str],
    rights: Vec<Right>,
}

impl<'q> Asked<'q> {
    fn ask(&self, action: Action, record: Option<&Resource<'_>>, fields: &[&str]) -> Answer {
        self.questions.ask(self.actor, action, Some(self.collection), record, fields)
    }

    /// Asks about every act on one record.
    fn on(&mut self, extent: &Extent, record: &Resource<'_>) {
        let fields = self.fields;
        let read = self.ask(Action::Read, Some(record), &[]);
        // Whatever shows a field counts as reading it.
        let mut shown = vec![read.clone()];
        let acts = Action::ALL.iter().filter(|act| !act.is_administration() && **act != Action::Read);
        for &action in acts {
            let before = self.rights.len();
            let asks_by_field = matches!(action, Action::Search | Action::Unmask | Action::Update);
            for field in fields.iter().filter(|_| asks_by_field) {
                let answer = self.ask(action, Some(record), &[field]);
                self.add(action, extent, Some(field), &answer, |_| true);
                shown.extend((action == Action::Search).then_some(answer));
            }
            // These are never asked about without a field, unless there is none.
            if matches!(action, Action::Search | Action::Unmask) && !fields.is_empty() {
                continue;
            }
            let answer = self.ask(action, Some(record), &[]);
            for field in fields {
                match action {
                    Action::Create => self.add(action, extent, Some(field), &answer, |p| p.write.contains(field)),
                    Action::List | Action::Export => {
                        self.add(action, extent, Some(field), &answer, |p| p.read.contains(field));
                    }
                    _ => {}
                }
            }
            if self.rights.len() == before {
                self.add(action, extent, None, &answer, |_| true);
            }
            shown.extend((action == Action::Update).then_some(answer));
        }
        let before = self.rights.len();
        for field in fields {
            let conditions = |answer: &&Answer| {
                answer
                    .permission_where(|p| p.read.contains(field))
                    .map_or(usize::MAX, |p| answer.conditions_of(p).len())
            };
            if let Some(answer) = shown.iter().min_by_key(conditions) {
                self.add(Action::Read, extent, Some(field), answer, |p| p.read.contains(field));
            }
        }
        if self.rights.len() == before {
            self.add(Action::Read, extent, None, &read, |_| true);
        }
    }

    /// Adds the right, if there is a permission that this holds for.
    fn add(
        &mut self,
        act: Action,
        extent: &Extent,
        field: Option<&str>,
        answer: &Answer,
        holds: impl Fn(&Permission) -> bool,
    ) {
        let Some(permission) = answer.permission_where(holds) else { return };
        self.rights.push(Right {
            actor: self.actor.id().to_owned(),
            collection: Some(self.collection.to_owned()),
            act,
            extent: extent.clone(),
            conditions: answer.conditions_of(permission),
            fields: field.map(str::to_owned).into_iter().collect(),
            why: permission.rule.to_string(),
        });
    }
}
