//! A condition in a policy file, and what follows from it: that the act is forbidden, or needs a reason.
//!
//! Guarantees: where it can't be known whether a record matches, it counts as matching, so that one that doesn't exist
//! answers as one that does. Does not: permit anything.

use std::collections::BTreeMap;

use crate::model::{Action, Facts, FieldSet, Request};
use crate::policy::applies::{self, Applies};
use crate::policy::constraint::{Constraint, version};
use crate::policy::fault::{Fault, Faulty};
use crate::policy::{Decision, Denial, Looked, Obligation, Permission, PolicyVersion};

/// The consequence where the condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The act is forbidden, whatever else permits it.
    Forbid,
    /// The actor must give a reason.
    Reason,
}

/// A condition and its effect.
#[derive(Debug, Clone)]
pub(super) struct When {
    effect: Effect,
    name: String,
    applies: Applies,
    /// Exposed fields that must have these values, all of them.
    attributes: BTreeMap<String, String>,
}

impl When {
    pub(super) fn new(effect: Effect, name: &str) -> Self {
        Self { effect, name: name.to_owned(), applies: Applies::default(), attributes: BTreeMap::new() }
    }

    pub(super) fn for_acts(mut self, acts: impl IntoIterator<Item = Action>) -> Self {
        self.applies.add_acts(acts);
        self
    }

    pub(super) fn on<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.applies.collections, collections);
        self
    }

    pub(super) fn labelled(mut self, label: &str) -> Self {
        applies::add(&mut self.applies.labels, [label]);
        self
    }

    pub(super) fn attribute(mut self, field: &str, value: &str) -> Self {
        self.attributes.insert(field.to_owned(), value.to_owned());
        self
    }

    pub(super) fn role(mut self, role: &str) -> Self {
        applies::add(&mut self.applies.roles, [role]);
        self
    }

    pub(super) fn except_role(mut self, role: &str) -> Self {
        applies::add(&mut self.applies.except_roles, [role]);
        self
    }

    /// Returns the first condition that doesn't hold.
    fn why_not(&self, request: &Request<'_>) -> Option<String> {
        if let Some(why) = self.applies.why_not(request) {
            return Some(why.to_string());
        }
        match request.resource {
            // An act on many asks again for each row. Any other may be about one of these.
            None if request.action.is_bulk() && !self.attributes.is_empty() => {
                Some("each record is decided by itself".to_owned())
            }
            None => None,
            Some(resource) => self
                .attributes
                .iter()
                .find(|(field, value)| resource.attribute(field) != Some(value))
                .map(|(field, value)| format!("the record's `{field}` isn't `{value}`, or isn't exposed")),
        }
    }
}

impl Faulty for When {
    const NAME: &'static str = "condition";

    fn faults(&self) -> Vec<Fault> {
        self.applies.faults()
    }
}

impl Constraint for When {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        if self.why_not(request).is_some() {
            return Decision::no_objection(self.name.as_str());
        }
        match self.effect {
            Effect::Forbid => {
                let why = format!("{}: the condition `{}` forbids it", request.action, self.name);
                Denial::new(self.name.clone(), why).into()
            }
            Effect::Reason => {
                let everything = Permission::new(self.name.as_str()).read(FieldSet::All).write(FieldSet::All);
                Decision::Limit(everything.oblige(Obligation::Reason))
            }
        }
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let effect = match self.effect {
            Effect::Forbid => "forbid",
            Effect::Reason => "reason",
        };
        let mut settings = vec![format!("{effect} {}", self.name)];
        settings.extend(self.applies.settings());
        for (field, value) in &self.attributes {
            settings.push(format!("attribute {field}"));
            settings.push(format!("value {value}"));
        }
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, _: &dyn Facts, _: &Decision) -> Vec<Looked> {
        let why = self.why_not(request);
        let holds = why.is_none();
        vec![Looked::new(self.name.clone(), holds, why.unwrap_or_else(|| "it holds".to_owned()))]
    }
}

crate::policy::constraint::constraint!(When);
