//! The answers of a policy.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{FieldSet, RecordId};

/// The answer to a [`Request`](crate::model::Request).
///
/// In a [composition](super::all_of) a denial that [forbids](Denial::forbids) overrides every permit, and a limit narrows
/// every permit, wherever they stand. What nobody permits is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The act may be done, within the permission.
    Permit(Permission),
    /// Nothing is granted here; but what another policy grants goes no further than this, and is obliged to this.
    Limit(Permission),
    /// The act may not be done.
    Deny(Denial),
}

impl Decision {
    /// Returns a decision that is neither for nor against the act.
    #[must_use]
    pub fn no_objection(rule: impl Into<Arc<str>>) -> Self {
        Self::Limit(Permission::new(rule).read(FieldSet::All).write(FieldSet::All))
    }

    /// Tells whether it permits.
    #[must_use]
    pub const fn is_permit(&self) -> bool {
        matches!(self, Self::Permit(_))
    }

    /// Tells whether it is a denial that overrides every permit.
    #[must_use]
    pub const fn forbids(&self) -> bool {
        matches!(self, Self::Deny(Denial { forbids: true, .. }))
    }
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

/// A permission, and how far it goes.
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
    /// The obligations: unless each is fulfilled, the act is denied.
    pub obligations: Vec<Obligation>,
    /// The rule that permits, for the journal. Cheap to clone.
    pub rule: Arc<str>,
}

impl Permission {
    /// Returns a permission by this rule, to read and write no field.
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

/// A condition that a permission depends on. A condition that the library doesn't know is a denial, never ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obligation {
    /// The actor says why; blanks alone are no reason.
    Reason,
    /// The actor was authenticated at least this strongly, at most so long ago.
    StepUp {
        /// The least strength, on the host's own scale.
        strength: u8,
        /// The greatest age.
        within: Duration,
    },
    /// So many people other than the actor have approved the act.
    Approvals(u32),
    /// So many rows are shown at most.
    RowLimit {
        /// By one act.
        per_act: u32,
        /// To one actor in any hour, all their acts together; `None` is without limit.
        per_hour: Option<u32>,
    },
    /// The actor tries so many distinct values of unique fields in an hour at most, in place of
    /// [`DEFAULT_UNIQUE_TRIES`](Self::DEFAULT_UNIQUE_TRIES). Who may search the field in the whole collection isn't limited.
    UniqueTries(u32),
    /// The journal entry of the act carries this code, for sinks and monitors that look out for it.
    Notify(Cow<'static, str>),
    /// An obligation that this release knows nothing of.
    Other(String),
}

impl Obligation {
    /// The number of distinct values of unique fields that an actor may try in an hour where no policy says another.
    pub const DEFAULT_UNIQUE_TRIES: u32 = 200;
}

/// A denial of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// A stable code for programs; [`codes`](super::codes) lists the library's own.
    pub code: Cow<'static, str>,
    /// The rule that denies, for the journal.
    pub rule: Cow<'static, str>,
    /// The reason, with all that an administrator needs to know to change it. Not for the actor: it may name roles, fields and collections.
    pub for_admin: String,
    /// The text for the actor. It says nothing of what exists.
    pub for_user: Cow<'static, str>,
    /// True if it overrides what other policies permit. If not, it only says that nothing is granted here.
    pub forbids: bool,
}

impl Denial {
    /// Returns a denial with this code, which overrides whatever other policies permit. The actor is told that they are not
    /// allowed to do this, and nothing else.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, for_admin: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            rule: code.clone(),
            code,
            for_admin: for_admin.into(),
            for_user: Cow::Borrowed("You are not allowed to do this."),
            forbids: true,
        }
    }

    /// Returns a denial because nothing is granted here. Another policy beside this one may still permit.
    #[must_use]
    pub fn not_granted(code: impl Into<Cow<'static, str>>, for_admin: impl Into<String>) -> Self {
        Self { forbids: false, ..Self::new(code, for_admin) }
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

impl fmt::Display for Denial {
    /// Shows what the actor may be told. Under `{:#}` what an administrator needs to know as well, which isn't for the actor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.for_user)?;
        if f.alternate() { write!(f, " [{}: {}]", self.code, self.for_admin) } else { Ok(()) }
    }
}

/// The rows that a list, a search, a count or an export looks at.
///
/// It never shows a row: each one is decided by itself. It may hold more rows than are shown, and must hold no fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Every row.
    All,
    /// The rows that any of the filters holds. Found by indexes if all of these can be, else by looking at all.
    Any(Vec<Filter>),
    /// No row.
    Nothing,
    /// The rows that other policies say: the answer of one that grants nothing and only forbids or limits.
    NoOpinion,
}

/// Some of a collection's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// The rows of this owner. An index if the schema says [`index_owner`](crate::Schema::index_owner).
    Owner(String),
    /// The rows with this value in a field that the schema exposes. An index if the field has one.
    Attribute {
        /// The field.
        field: String,
        /// Its value, as text.
        value: String,
    },
    /// This record.
    Record(RecordId),
}

impl Scope {
    /// Returns the scope of the rows that this owner has.
    #[must_use]
    pub fn owned(actor: impl Into<String>) -> Self {
        Self::Any(vec![Filter::Owner(actor.into())])
    }

    /// Joins two scopes: the rows that are in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::NoOpinion, scope) | (scope, Self::NoOpinion) => scope,
            (Self::Nothing, scope) | (scope, Self::Nothing) => scope,
            (Self::Any(mut filters), Self::Any(more)) => {
                filters.extend(more);
                Self::Any(filters)
            }
        }
    }

    /// Narrows the scope by another: no fewer than the rows that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::NoOpinion, scope) | (scope, Self::NoOpinion) => scope,
            (Self::All, scope) | (scope, Self::All) => scope,
            // Each holds all that are in both; the one that is less work is looked at.
            (Self::Any(a), Self::Any(b)) => Self::Any(if a.len() <= b.len() { a } else { b }),
        }
    }
}
