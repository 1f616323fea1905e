//! Rules that share, and restrictions, as they are being said.

use super::level::Level;
use super::matching::{Criteria, People};

/// A sharing rule as it is being said. [`Sharing::rule`](super::Sharing::rule) hands it out.
///
/// Records must meet **all** of its criteria; **any** of those whom it is said to be for is enough. Write two rules for
/// records of either kind.
#[derive(Debug, Clone, Default)]
#[must_use = "return it from the closure"]
pub struct SharingRule {
    pub(super) which: Criteria,
    pub(super) to: People,
    pub(super) level: Option<Level>,
}

/// A restriction as it is being said.
/// [`Sharing::restrict`](super::Sharing::restrict) hands it out.
///
/// Records must meet **all** of its criteria; **any** exception is enough to be excepted. Without an exception it holds
/// for everybody, owners included.
#[derive(Debug, Clone, Default)]
#[must_use = "return it from the closure"]
pub struct Restriction {
    pub(super) which: Criteria,
    pub(super) except: People,
}

/// The part of a rule that says which records it is about.
macro_rules! which {
    () => {
        /// Names a collection. Say it again for more collections.
        pub fn on(mut self, collection: impl Into<String>) -> Self {
            self.which.collections.insert(collection.into());
            self
        }

        /// Means every collection, those of the future included.
        pub fn on_any(mut self) -> Self {
            self.which.everywhere = true;
            self
        }

        /// Narrows it to records with this label.
        pub fn labelled(mut self, label: impl Into<String>) -> Self {
            self.which.labels.insert(label.into());
            self
        }

        /// Narrows it to records with this value in a field that the schema exposes to policies.
        pub fn attribute(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
            self.which.attributes.insert((field.into(), value.into()));
            self
        }

        /// Means every record.
        pub fn all_records(mut self) -> Self {
            self.which.all_records = true;
            self
        }

        /// Makes it about these records.
        #[cfg(feature = "policy-file")]
        pub(in crate::policy) fn about(self, which: Criteria) -> Self {
            Self { which, ..self }
        }
    };
}

impl SharingRule {
    which!();

    /// Narrows it to records whose owner is listed in this group. What a group's membership by
    /// [attribute](super::Sharing::group_attribute) says of owners isn't known: it stands in the session of whoever acts.
    /// Nor are owners' roles, so no rule can ask for them.
    pub fn owned_by_group(mut self, group: impl Into<String>) -> Self {
        self.which.groups.insert(group.into());
        self
    }

    /// Shares with the members of this group.
    pub fn to_group(mut self, group: impl Into<String>) -> Self {
        self.to.groups.insert(group.into());
        self
    }

    /// Shares with whoever has this role.
    pub fn to_role(mut self, role: impl Into<String>) -> Self {
        self.to.roles.insert(role.into());
        self
    }

    /// Shares with this actor.
    pub fn to_actor(mut self, actor: impl Into<String>) -> Self {
        self.to.actors.insert(actor.into());
        self
    }

    /// Lets them be read.
    pub fn read(mut self) -> Self {
        self.level = self.level.max(Some(Level::Read));
        self
    }

    /// Lets them be read and changed. Deleting, sharing and giving away stay with the owner and those who manage them.
    pub fn write(mut self) -> Self {
        self.level = self.level.max(Some(Level::Write));
        self
    }

    /// Returns the mistakes in it, in words.
    pub(super) fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = self.which.faults(&format!("rule `{name}`"));
        if self.to.is_empty() {
            faults.push(format!("rule `{name}` shares with nobody: say `to_group`, `to_role` or `to_actor`"));
        }
        if self.level.is_none() {
            faults.push(format!("rule `{name}` doesn't say what it allows: say `read` or `write`"));
        }
        if self.to.has_blank() {
            faults.push(format!("rule `{name}` is for a group, a role or an actor without a name: name it"));
        }
        faults
    }
}

impl Restriction {
    which!();

    /// Excepts whoever has this role.
    pub fn except_role(mut self, role: impl Into<String>) -> Self {
        self.except.roles.insert(role.into());
        self
    }

    /// Excepts the members of this group.
    pub fn except_group(mut self, group: impl Into<String>) -> Self {
        self.except.groups.insert(group.into());
        self
    }

    /// Excepts this actor.
    pub fn except_actor(mut self, actor: impl Into<String>) -> Self {
        self.except.actors.insert(actor.into());
        self
    }

    /// Returns the mistakes in it, in words.
    pub(super) fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = self.which.faults(&format!("restriction `{name}`"));
        if self.except.has_blank() {
            faults.push(format!("restriction `{name}` excepts a group, a role or an actor without a name: name it"));
        }
        faults
    }
}
