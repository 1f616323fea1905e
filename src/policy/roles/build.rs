//! Saying what a role allows.

use std::collections::BTreeSet;

use crate::model::{Action, FieldSet};
use crate::policy::acts::Acts;

/// A role as it is being said. [`Roles::role`](super::Roles::role) hands it out.
#[derive(Debug, Clone)]
#[must_use = "return it from the closure"]
pub struct Role {
    pub(super) acts: Acts,
    pub(super) inherits: BTreeSet<String>,
    pub(super) rules: Vec<Rule>,
}

/// The grant of a role on one collection, as it is being said.
#[derive(Debug, Clone)]
#[must_use = "return it from the closure"]
pub struct Grant {
    role: Role,
    rule: Rule,
}

/// A finished grant.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    /// `None` is every collection.
    pub(super) collection: Option<String>,
    pub(super) create: Option<FieldSet>,
    pub(super) read: Option<FieldSet>,
    pub(super) update: Option<FieldSet>,
    pub(super) unmask: Option<FieldSet>,
    /// The acts that name no fields.
    pub(super) acts: Acts,
    pub(super) own_only: bool,
    pub(super) created_twice: bool,
}

impl Role {
    pub(super) const fn new() -> Self {
        Self { acts: Acts::none(), inherits: BTreeSet::new(), rules: Vec::new() }
    }

    /// Allows to create tenants, define collections, verify the vault and change the policy. It shows no record. To keep
    /// these apart, say each with [`may`](Self::may).
    pub fn administer(self) -> Self {
        self.may([Action::CreateTenant, Action::Define, Action::Verify, Action::ChangePolicy])
    }

    /// Allows acts that aren't about a collection's records: administration, taking emergency access, and approving in
    /// every collection. What is done to records is said per collection, on a [`Grant`].
    ///
    /// ```
    /// use strongroom::model::Action;
    /// use strongroom::policy::{AccessPolicy, Roles};
    ///
    /// // Three administrators, none of whom can do another's work, and of whom none sees a customer.
    /// let policy = Roles::new()
    ///     .role("system", |r| r.may([Action::CreateTenant, Action::Define, Action::Backup, Action::Restore]))
    ///     .role("security", |r| r.may([Action::ChangePolicy, Action::RotateKeys, Action::Suspend]))
    ///     .role("audit", |r| r.may([Action::ReadJournal, Action::Verify, Action::ReviewAccess]))
    ///     .separate(["system", "security", "audit"]);
    /// policy.check()?;
    /// # Ok::<(), strongroom::policy::PolicyError>(())
    /// ```
    pub fn may(mut self, acts: impl IntoIterator<Item = Action>) -> Self {
        self.acts = self.acts.union(acts.into_iter().collect());
        self
    }

    /// Allows everything that the role of this name allows, and what that one inherits. It may be said later.
    pub fn inherits(mut self, role: impl Into<String>) -> Self {
        self.inherits.insert(role.into());
        self
    }

    /// Begins a grant on the collection of this name.
    pub fn on(self, collection: impl Into<String>) -> Grant {
        Grant { role: self, rule: Rule { collection: Some(collection.into()), ..Rule::default() } }
    }

    /// Begins a grant on every collection, those of the future included. It adds to the grants that name one.
    pub fn on_any(self) -> Grant {
        Grant { role: self, rule: Rule::default() }
    }
}

impl Grant {
    /// Allows to create records, with every field. See [`create_with`](Self::create_with) for some.
    pub fn create(mut self) -> Self {
        self.rule.created_twice |= matches!(self.rule.create, Some(FieldSet::Only(_)));
        self.rule.create = Some(FieldSet::All);
        self
    }

    /// Allows to create records with these fields and no others.
    pub fn create_with<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.rule.created_twice |= matches!(self.rule.create, Some(FieldSet::All));
        add(&mut self.rule.create, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to read these fields, and to list, search and count. All other fields are withheld.
    pub fn read<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        add(&mut self.rule.read, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to read every field, those of the future included, and to list, search and count.
    pub fn read_all(mut self) -> Self {
        self.rule.read = Some(FieldSet::All);
        self
    }

    /// Allows to change these fields.
    pub fn update<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        add(&mut self.rule.update, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to change every field, those of the future included.
    pub fn update_all(mut self) -> Self {
        self.rule.update = Some(FieldSet::All);
        self
    }

    /// Allows to read these fields without their mask, one record at a time. They needn't be readable otherwise.
    pub fn unmask<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        add(&mut self.rule.unmask, Some(&fields.into_iter().collect()));
        self
    }

    /// Allows to delete records.
    pub fn delete(self) -> Self {
        self.act(Action::Delete)
    }

    /// Allows to take records out in bulk. What leaves are the fields that the actor may read, so it needs a
    /// [`read`](Self::read) beside it, here or in another grant.
    pub fn export(self) -> Self {
        self.act(Action::Export)
    }

    /// Allows to share records with others, and to end that.
    pub fn share(self) -> Self {
        self.act(Action::Share)
    }

    /// Allows to give records another owner. Where it is [`own_only`](Self::own_only), to give one's own away.
    pub fn transfer(self) -> Self {
        self.act(Action::Transfer)
    }

    /// Allows to destroy the keys of data subjects whose records these are. It can't be undone.
    pub fn erase(self) -> Self {
        self.act(Action::Erase)
    }

    /// Allows to put data subjects under a legal hold, and to release it.
    pub fn hold(self) -> Self {
        self.act(Action::Hold)
    }

    /// Allows to approve or refuse what others ask approval for, in this collection.
    pub fn approve(self) -> Self {
        self.act(Action::Approve)
    }

    /// Limits this grant, and no other, to records that the actor owns.
    pub fn own_only(mut self) -> Self {
        self.rule.own_only = true;
        self
    }

    /// Ends this grant and begins another, on the collection of this name. It may be the same collection.
    pub fn on(self, collection: impl Into<String>) -> Self {
        Role::from(self).on(collection)
    }

    /// Ends this grant and begins another, on every collection.
    pub fn on_any(self) -> Self {
        Role::from(self).on_any()
    }

    /// Ends this grant and allows administration too: see [`Role::administer`].
    pub fn administer(self) -> Role {
        Role::from(self).administer()
    }

    /// Ends this grant and allows acts that aren't about records: see [`Role::may`].
    pub fn may(self, acts: impl IntoIterator<Item = Action>) -> Role {
        Role::from(self).may(acts)
    }

    /// Ends this grant and inherits another role's: see [`Role::inherits`].
    pub fn inherits(self, role: impl Into<String>) -> Role {
        Role::from(self).inherits(role)
    }

    fn act(mut self, action: Action) -> Self {
        self.rule.acts.insert(action);
        self
    }
}

impl From<Grant> for Role {
    fn from(grant: Grant) -> Self {
        let Grant { mut role, rule } = grant;
        role.rules.push(rule);
        role
    }
}

/// Adds fields to those that were said before.
fn add(sum: &mut Option<FieldSet>, fields: Option<&FieldSet>) {
    match (sum.as_mut(), fields) {
        (_, None) => {}
        (None, Some(fields)) => *sum = Some(fields.clone()),
        (Some(so_far), Some(fields)) => *so_far = so_far.union(fields),
    }
}
