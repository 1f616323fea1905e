//! The answer to one question.

use super::words;
use crate::policy::{Denial, Permission};

/// The answer to whether an act may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The vault's answer as things are, with the fields, the obligations and the rule; or the denial.
    pub now: Result<Permission, Denial>,
    /// The permission if the actor gave a reason, were freshly and strongly authenticated, had every approval and had seen
    /// no rows yet. `None` if that is no different, or denied too.
    pub if_fulfilled: Option<Permission>,
}

impl Answer {
    /// Tells whether the act may be done as things are.
    #[must_use]
    pub const fn is_permitted(&self) -> bool {
        self.now.is_ok()
    }

    /// Tells whether the act is denied as things are, and could be done if every obligation were fulfilled.
    #[must_use]
    pub const fn is_conditional(&self) -> bool {
        self.now.is_err() && self.if_fulfilled.is_some()
    }

    /// Returns the permission: as things are, else if every obligation were fulfilled.
    #[must_use]
    pub fn permission(&self) -> Option<&Permission> {
        self.permission_where(|_| true)
    }

    /// Returns the rule that permits or denies.
    #[must_use]
    pub fn rule(&self) -> &str {
        match &self.now {
            Ok(permission) => &permission.rule,
            Err(denial) => &denial.rule,
        }
    }

    /// Returns the code of the denial, if it is denied as things are.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.now.as_ref().err().map(|denial| denial.code.as_ref())
    }

    /// Returns what has to be fulfilled, in words; nothing where the act is never permitted.
    #[must_use]
    pub fn conditions(&self) -> Vec<String> {
        self.permission().map(|permission| self.conditions_of(permission)).unwrap_or_default()
    }

    /// Returns the permission that this holds for: as things are, else if every obligation were fulfilled.
    pub(super) fn permission_where(&self, holds: impl Fn(&Permission) -> bool) -> Option<&Permission> {
        let now = self.now.as_ref().ok().filter(|permission| holds(permission));
        now.or_else(|| self.if_fulfilled.as_ref().filter(|permission| holds(permission)))
    }

    /// Returns what has to be fulfilled for one of the permissions, in words.
    pub(super) fn conditions_of(&self, permission: &Permission) -> Vec<String> {
        let conditions = words::conditions(&permission.obligations);
        match &self.now {
            // A policy that looks for itself whether something is fulfilled says so by its code only.
            Err(denial) if conditions.is_empty() => vec![format!("not `{}`", denial.code)],
            _ => conditions,
        }
    }
}
