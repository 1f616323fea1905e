//! What a policy answers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::FieldSet;

/// The answer to a [`Request`](crate::model::Request).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The act may be done, within the permission.
    Permit(Permission),
    /// It may not.
    Deny(Denial),
}

impl From<Permission> for Decision {
    fn from(permission: Permission) -> Self {
        Self::Permit(permission)
    }
}

impl From<Denial> for Decision {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

/// How far an act may go.
///
/// ```
/// use strongroom::model::FieldSet;
/// use strongroom::policy::{Obligation, Permission};
///
/// let support = Permission::new("support sees contact data")
///     .read(["name", "phone"].into_iter().collect::<FieldSet>())
///     .oblige(Obligation::Reason);
/// assert!(support.read.contains("phone") && support.write.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// The fields the actor may see. All others are withheld.
    pub read: FieldSet,
    /// The fields the actor may write.
    pub write: FieldSet,
    /// What must be fulfilled, or the act is denied.
    pub obligations: Vec<Obligation>,
    /// The rule that permits, for the journal. Cheap to clone.
    pub rule: Arc<str>,
}

impl Permission {
    /// A permission by this rule, to read and write no field.
    #[must_use]
    pub fn new(rule: impl Into<Arc<str>>) -> Self {
        Self { read: FieldSet::none(), write: FieldSet::none(), obligations: Vec::new(), rule: rule.into() }
    }

    /// Sets the fields that may be read.
    #[must_use]
    pub fn read(mut self, fields: FieldSet) -> Self {
        self.read = fields;
        self
    }

    /// Sets the fields that may be written.
    #[must_use]
    pub fn write(mut self, fields: FieldSet) -> Self {
        self.write = fields;
        self
    }

    /// Adds an obligation.
    #[must_use]
    pub fn oblige(mut self, obligation: Obligation) -> Self {
        self.obligations.push(obligation);
        self
    }
}

/// What a permission depends on. One that the library doesn't know is a denial, never ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obligation {
    /// The actor says why; blanks alone are no reason.
    Reason,
    /// One that this release knows nothing of.
    Other(String),
}

/// Why an act may not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// A stable code for programs; [`codes`](super::codes) lists the library's own.
    pub code: Cow<'static, str>,
    /// The rule that denies, for the journal.
    pub rule: Cow<'static, str>,
    /// What an administrator needs to know to change it. Not for the actor: it may name roles, fields and collections.
    pub for_admin: String,
    /// What the actor may be told. It says nothing of what exists.
    pub for_user: Cow<'static, str>,
}

impl Denial {
    /// A denial with this code. The actor is told that they are not allowed to do this, and nothing else.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, for_admin: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            rule: code.clone(),
            code,
            for_admin: for_admin.into(),
            for_user: Cow::Borrowed("You are not allowed to do this."),
        }
    }

    /// Names the rule that denies, where it isn't the code.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<Cow<'static, str>>) -> Self {
        self.rule = rule.into();
        self
    }

    /// Replaces the text for the actor. Say nothing that tells whether a record exists or whose it is.
    #[must_use]
    pub fn for_user(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.for_user = text.into();
        self
    }
}

/// Which rows a list or a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// All of them; each is decided by itself.
    All,
    /// Those the actor owns; each of them is decided by itself.
    Owned,
    /// None.
    Nothing,
}
