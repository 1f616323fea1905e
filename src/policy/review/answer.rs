//! Answers about one actor.

use super::data::{Extent, FieldReview, Right};
use super::words;
use crate::model::{Action, FieldSet};
use crate::policy::{Denial, Permission};

/// Whether an act may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// What the vault would say as things are, with the fields, the obligations and the rule; or the denial.
    pub now: Result<Permission, Denial>,
    /// What it would say if the actor gave a reason, were freshly and strongly authenticated, had every approval and had
    /// seen no rows yet. `None` if that is no different, or denied too.
    pub if_fulfilled: Option<Permission>,
}

impl Answer {
    /// Whether the act may be done as things are.
    #[must_use]
    pub const fn is_permitted(&self) -> bool {
        self.now.is_ok()
    }

    /// Whether the act is denied as things are, and could be done if every obligation were fulfilled.
    #[must_use]
    pub const fn is_conditional(&self) -> bool {
        self.now.is_err() && self.if_fulfilled.is_some()
    }

    /// The permission: as things are, else if every obligation were fulfilled.
    #[must_use]
    pub fn permission(&self) -> Option<&Permission> {
        self.now.as_ref().ok().or(self.if_fulfilled.as_ref())
    }

    /// The rule that permits or denies.
    #[must_use]
    pub fn rule(&self) -> &str {
        match &self.now {
            Ok(permission) => &permission.rule,
            Err(denial) => &denial.rule,
        }
    }

    /// The code of the denial, if it is denied as things are.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.now.as_ref().err().map(|denial| denial.code.as_ref())
    }

    /// What has to be fulfilled, in words.
    #[must_use]
    pub fn conditions(&self) -> Vec<String> {
        match self.extent() {
            Extent::If(conditions) => conditions,
            _ => Vec::new(),
        }
    }

    /// How far the act may be done.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent_where(|_| true)
    }

    /// How far a field may be seen or written by the act.
    pub(super) fn extent_of(&self, field: &str, set: fn(&Permission) -> &FieldSet) -> Extent {
        self.extent_where(|permission| set(permission).contains(field))
    }

    fn extent_where(&self, holds: impl Fn(&Permission) -> bool) -> Extent {
        let now = self.now.as_ref().ok().filter(|permission| holds(permission));
        let permission = now.or_else(|| self.if_fulfilled.as_ref().filter(|permission| holds(permission)));
        let Some(permission) = permission else { return Extent::Never };
        let conditions = words::conditions(&permission.obligations);
        match (conditions.is_empty(), &self.now) {
            (false, _) => Extent::If(conditions),
            // A policy that looks for itself whether something is fulfilled says so by its code only.
            (true, Err(denial)) => Extent::If(vec![format!("not `{}`", denial.code)]),
            (true, Ok(_)) => Extent::Always,
        }
    }
}

/// One actor's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Who {
    /// The actor's id.
    pub actor: String,
    /// The answer.
    pub answer: Answer,
}

/// Who can do something, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WhoCan {
    /// Those who can, or could if they fulfilled what they are obliged to.
    pub can: Vec<Who>,
    /// Those who can't.
    pub cannot: Vec<Who>,
}

/// On which records an act can be done, roughly. [`ActAnswers::right`] says it in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// On any record.
    Always,
    /// On the actor's own records only.
    OwnOnly,
    /// Under obligations.
    Conditional,
    /// On none.
    Never,
}

/// What an actor may do in a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectionAnswers {
    /// The collection's name.
    pub collection: String,
    /// Every act on records, and [`Action::Define`].
    pub acts: Vec<ActAnswers>,
    /// Every field, by name.
    pub fields: Vec<FieldReview>,
}

/// What an actor may do by one act in a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActAnswers {
    /// The act.
    pub action: Action,
    /// Without a record, or with one that isn't there.
    pub unknown: Answer,
    /// On a record of the actor's own.
    pub own: Answer,
    /// On a record of somebody else's.
    pub others: Answer,
    /// On the samples, by their names.
    pub samples: Vec<(String, Answer)>,
}

impl CollectionAnswers {
    /// The answers about one act.
    #[must_use]
    pub fn act(&self, action: Action) -> Option<&ActAnswers> {
        self.acts.iter().find(|answers| answers.action == action)
    }

    /// What may be done with one field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldReview> {
        self.fields.iter().find(|field| field.field == name)
    }
}

impl ActAnswers {
    /// On which records the act can be done, roughly; samples don't count.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match (self.own.extent(), self.others.extent()) {
            (_, Extent::Always) => Reach::Always,
            (Extent::Always, Extent::Never) => Reach::OwnOnly,
            (Extent::Never, Extent::Never) => Reach::Never,
            _ => Reach::Conditional,
        }
    }

    /// On which records the act can be done, and under which conditions.
    #[must_use]
    pub fn right(&self) -> Right {
        self.right_by(Answer::extent)
    }

    pub(super) fn right_to(&self, field: &str, set: fn(&Permission) -> &FieldSet) -> Right {
        self.right_by(|answer| answer.extent_of(field, set))
    }

    fn right_by(&self, extent: impl Fn(&Answer) -> Extent) -> Right {
        let samples = self.samples.iter().map(|(name, answer)| (name.clone(), extent(answer)));
        Right { any: extent(&self.others), own: extent(&self.own), samples: samples.collect() }
    }
}
