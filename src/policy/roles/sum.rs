//! The rights of several roles together, for one act.

use std::sync::Arc;

use super::table::Rights;
use crate::model::{Action, FieldSet, Request};
use crate::policy::Permission;

/// The rights of some roles, added up.
pub(super) struct Sum<'a> {
    action: Action,
    rule: Option<&'a Arc<str>>,
    reads: bool,
    read: FieldSet,
    write: FieldSet,
}

impl<'a> Sum<'a> {
    /// Begins with nothing.
    pub(super) const fn new(action: Action) -> Self {
        Self { action, rule: None, reads: false, read: FieldSet::none(), write: FieldSet::none() }
    }

    pub(super) fn add(&mut self, rights: &'a Rights) {
        if self.rule.is_none() && rights.acts.contains(self.action) {
            self.rule = Some(&rights.rule);
        }
        self.reads |= rights.acts.contains(Action::Read);
        join(&mut self.read, rights.shows(self.action));
        join(&mut self.write, rights.writes(self.action));
    }

    /// Returns the sum, `None` if the act isn't allowed at all.
    pub(super) fn allowed(self) -> Option<Self> {
        let shown = self.reads || self.action != Action::Export;
        (self.rule.is_some() && shown).then_some(self)
    }

    /// Returns the first field that is asked for and that the act may not touch.
    pub(super) fn lacks<'r>(&self, request: &Request<'r>) -> Option<&'r str> {
        request.fields.iter().copied().find(|field| self.lacks_one(field))
    }

    /// Tells whether the act may not touch this field, if it names it.
    pub(super) fn lacks_one(&self, field: &str) -> bool {
        match self.action {
            action if is_written(action) => !self.write.contains(field),
            action if action.is_bulk() || action == Action::Unmask => !self.read.contains(field),
            _ => false,
        }
    }

    pub(super) fn permission(self) -> Permission {
        let rule = self.rule.map_or_else(|| Arc::from(""), Arc::clone);
        Permission::new(rule).read(self.read).write(self.write)
    }
}

fn join(sum: &mut FieldSet, fields: Option<&FieldSet>) {
    if let Some(fields) = fields
        && !fields.is_subset(sum)
    {
        *sum = sum.union(fields);
    }
}

/// Tells whether grants for own records count. An act on many asks first, without a row, whether there is anything to look at.
pub(super) fn is_own(request: &Request<'_>) -> bool {
    match request.resource {
        Some(_) => request.is_own(),
        None => request.action.is_bulk(),
    }
}

/// Tells whether grants in a collection are what allows the act.
pub(super) const fn is_on_records(action: Action) -> bool {
    !action.is_administration() && !matches!(action, Action::BreakGlass)
}

/// Tells whether the fields that are asked for are to be written; else they are to be read.
pub(super) const fn is_written(action: Action) -> bool {
    matches!(action, Action::Create | Action::Update)
}
