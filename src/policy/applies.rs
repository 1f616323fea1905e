//! When a policy that only forbids or limits applies: everything that was said of it must match, and what wasn't said
//! matches all.
//!
//! Guarantees: where it can't be known whether a condition matches, it counts as matching, so that a limit isn't slipped
//! past and a record that doesn't exist answers as one that does.

use std::collections::BTreeSet;

use super::acts::Acts;
use super::fault::{self, Fault};
use crate::model::{Action, Request};

/// The conditions that were said.
#[derive(Debug, Clone, Default)]
pub(super) struct Applies {
    pub(super) acts: Option<Acts>,
    pub(super) collections: Option<BTreeSet<String>>,
    pub(super) labels: Option<BTreeSet<String>>,
    pub(super) fields: Option<BTreeSet<String>>,
    pub(super) roles: Option<BTreeSet<String>>,
    pub(super) except_roles: Option<BTreeSet<String>>,
}

impl Applies {
    pub(super) fn add_acts(&mut self, acts: impl IntoIterator<Item = Action>) {
        let more: Acts = acts.into_iter().collect();
        self.acts = Some(self.acts.unwrap_or_default().union(more));
    }

    /// Returns the first condition that doesn't match, for an administrator. `None`: it applies.
    pub(super) fn why_not(&self, request: &Request<'_>) -> Option<Why<'_>> {
        if self.acts.is_some_and(|acts| !acts.contains(request.action)) {
            return Some(Why("act", None));
        }
        let collection = |names: &BTreeSet<String>| request.collection.is_some_and(|name| names.contains(name));
        if !self.collections.as_ref().is_none_or(collection) {
            return Some(Why("collection", self.collections.as_ref()));
        }
        let held = |names: &BTreeSet<String>| request.actor.roles().iter().any(|role| names.contains(role));
        if !self.roles.as_ref().is_none_or(held) {
            return Some(Why("role", self.roles.as_ref()));
        }
        if self.except_roles.as_ref().is_some_and(held) {
            return Some(Why("excepted role", self.except_roles.as_ref()));
        }
        if !self.labels.as_ref().is_none_or(|labels| may_be_labelled(request, labels)) {
            return Some(Why("label", self.labels.as_ref()));
        }
        if !self.fields.as_ref().is_none_or(|fields| may_touch(request, fields)) {
            return Some(Why("field", self.fields.as_ref()));
        }
        None
    }

    /// Returns the settings, for the policy's version: one text each, in one fixed order.
    pub(super) fn settings(&self) -> Vec<String> {
        let acts = self.acts.map(|acts| acts.names().into_iter().map(str::to_owned).collect());
        let sets = [
            ("act", acts.as_ref()),
            ("collection", self.collections.as_ref()),
            ("label", self.labels.as_ref()),
            ("field", self.fields.as_ref()),
            ("role", self.roles.as_ref()),
            ("except role", self.except_roles.as_ref()),
        ];
        let said = sets.into_iter().filter_map(|(what, names)| Some((what, names?)));
        said.flat_map(|(what, names)| std::iter::once(format!("by {what}")).chain(settings(what, names))).collect()
    }

    /// Returns the mistakes in it.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let never = "an empty list of acts, so it never applies: leave it out for all acts";
        let acts = self.acts.filter(|acts| acts.is_empty()).map(|_| Fault::new(&fault::ACTS, never));
        let unnamed = |setting, what, names: &Option<BTreeSet<String>>| Fault::unnamed(setting, what, names.as_ref()?);
        let names = [
            unnamed(&fault::COLLECTION, "collections", &self.collections),
            unnamed(&fault::LABELLED, "labels", &self.labels),
            unnamed(&fault::FIELDS, "fields", &self.fields),
            unnamed(&fault::ROLE, "roles", &self.roles),
            unnamed(&fault::EXCEPT_ROLE, "excepted roles", &self.except_roles),
        ];
        acts.into_iter().chain(names.into_iter().flatten()).collect()
    }
}

/// A condition that doesn't match, and what would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Why<'a>(&'static str, Option<&'a BTreeSet<String>>);

impl std::fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(what, wanted) = self;
        match (*what, wanted) {
            ("excepted role", Some(names)) => write!(f, "the actor has an excepted role, one of {}", list(names)),
            (what, Some(names)) => write!(f, "it is for another {what}: {}", list(names)),
            (what, None) => write!(f, "it is for another {what}"),
        }
    }
}

/// Adds names to a condition.
pub(super) fn add<S: Into<String>>(to: &mut Option<BTreeSet<String>>, names: impl IntoIterator<Item = S>) {
    to.get_or_insert_default().extend(names.into_iter().map(Into::into));
}

/// Writes `what name`, for each name.
pub(super) fn settings<'a>(what: &str, names: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = String> {
    names.into_iter().map(move |name| format!("{what} {name}"))
}

pub(super) fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn may_be_labelled(request: &Request<'_>, labels: &BTreeSet<String>) -> bool {
    match request.resource {
        Some(resource) => resource.labels.iter().any(|label| labels.contains(label)),
        // An act on many asks again for each row. Any other may be about one of these.
        None => !request.action.is_bulk(),
    }
}

fn may_touch(request: &Request<'_>, fields: &BTreeSet<String>) -> bool {
    match request.action {
        // These show whole records, whatever they are searched or sorted by.
        Action::Read | Action::List | Action::Search | Action::Export => true,
        Action::Create | Action::Unmask if request.fields.is_empty() => true,
        _ => request.fields.iter().any(|field| fields.contains(*field)),
    }
}
