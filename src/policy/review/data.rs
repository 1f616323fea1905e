//! A review of access as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::json;
use crate::model::{Action, Timestamp};
use crate::policy::PolicyVersion;

/// Who may do what, for everybody who was named, at one time and by one policy.
///
/// Made by [`Questions::review`](super::Questions::review) or by a tenant's review. Its `Display` is a table of at most 120
/// columns for people, [`to_json`](Self::to_json) is for programs, and [`changes_since`](Self::changes_since) says what
/// differs from an earlier one. Everything is in a fixed order: by name.
///
/// Rights of a suspended actor are those that the policy gives: they hold again when the suspension ends. An actor who is
/// named twice is reviewed twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccessReview {
    /// The tenant's name, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When; in JSON as microseconds since 1970-01-01T00:00:00Z.
    #[serde(with = "json::time")]
    pub time: Timestamp,
    /// The policy that was asked; in JSON as hexadecimal digits.
    #[serde(with = "json::version")]
    pub policy: PolicyVersion,
    /// The actors, by id.
    pub actors: Vec<ActorReview>,
    /// The roles that the policy knows or an actor has, by name.
    pub roles: Vec<RoleReview>,
    /// Roles that weren't used for so many days count as unused; `None` if nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_for_days: Option<u32>,
    /// What the review couldn't find out, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What one actor may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActorReview {
    /// The actor's id.
    pub actor: String,
    /// Their roles, sorted.
    pub roles: Vec<String>,
    /// Whether they are suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// The duties that they unite and the policy wants kept apart, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
    /// The acts outside collections that they may do: administration, approving, emergency access.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub administration: Vec<ActReview>,
    /// The collections, by name, those where they may do nothing included.
    pub collections: Vec<CollectionReview>,
}

/// What one actor may do in one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CollectionReview {
    /// The collection's name.
    pub collection: String,
    /// The acts that may be done in any way; all others are denied.
    pub acts: Vec<ActReview>,
    /// Every field, by name.
    pub fields: Vec<FieldReview>,
}

/// How far one act may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActReview {
    /// The act; in JSON its [`name`](Action::name).
    #[serde(with = "json::action")]
    pub act: Action,
    /// How far.
    pub right: Right,
}

/// What may be done with one field. A right that isn't in the JSON is to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldReview {
    /// The field's name.
    pub field: String,
    /// To see it, by reading, listing, searching or updating.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub read: Right,
    /// To change it in a record that is there.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub write: Right,
    /// To give it in a new record.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub create: Right,
    /// To search by it.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub search: Right,
    /// To take it out in bulk.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub export: Right,
    /// To read it as an act of its own where it is otherwise masked.
    #[serde(default, skip_serializing_if = "Right::is_never")]
    pub unmask: Right,
}

/// On which records something may be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Right {
    /// On records of anybody's.
    pub any: Extent,
    /// On the actor's own.
    pub own: Extent,
    /// On the samples that were asked about, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub samples: BTreeMap<String, Extent>,
}

/// Whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Extent {
    /// No.
    #[default]
    Never,
    /// If all of these hold.
    If(Vec<String>),
    /// Yes.
    Always,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoleReview {
    /// The role's name.
    pub role: String,
    /// Whether the policy knows it. One that it doesn't know allows nothing, and is perhaps misspelt.
    pub known: bool,
    /// The actors who have it, by id.
    pub held_by: Vec<String>,
    /// When it was last used, as far as that was looked for; in JSON as microseconds since 1970.
    #[serde(with = "json::maybe_time", default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// Whether nobody used it in the days that were looked at.
    pub unused: bool,
}

impl AccessReview {
    /// The roles of the policy that nobody has.
    pub fn roles_nobody_holds(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().filter(|role| role.known && role.held_by.is_empty()).map(|role| role.role.as_str())
    }

    /// The roles that nobody used in [`unused_for_days`](Self::unused_for_days) days.
    pub fn unused_roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().filter(|role| role.unused).map(|role| role.role.as_str())
    }

    /// The review of this actor, the first if they were named twice.
    #[must_use]
    pub fn actor(&self, id: &str) -> Option<&ActorReview> {
        self.actors.iter().find(|actor| actor.actor == id)
    }

    /// The review, saying whose it is.
    #[must_use]
    pub fn of_tenant(mut self, name: impl Into<String>) -> Self {
        self.tenant = Some(name.into());
        self
    }

    /// The review, saying which roles nobody used in the `days` before it. `last_used` has the time of each role's last
    /// use, as far as it is known.
    #[must_use]
    pub fn with_role_usage(mut self, last_used: &BTreeMap<String, Timestamp>, days: u32) -> Self {
        let since = days_before(self.time, days);
        self.unused_for_days = Some(days);
        for role in &mut self.roles {
            role.last_used = last_used.get(&role.role).copied();
            role.unused = role.known && role.last_used.is_none_or(|used| used < since);
        }
        self
    }
}

impl ActorReview {
    /// The review of one collection.
    #[must_use]
    pub fn collection(&self, name: &str) -> Option<&CollectionReview> {
        self.collections.iter().find(|collection| collection.collection == name)
    }
}

impl CollectionReview {
    /// How far an act may be done.
    #[must_use]
    pub fn act(&self, act: Action) -> Option<&Right> {
        self.acts.iter().find(|review| review.act == act).map(|review| &review.right)
    }

    /// What may be done with a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldReview> {
        self.fields.iter().find(|field| field.field == name)
    }
}

impl FieldReview {
    /// The rights with their names, in a fixed order.
    pub(super) const fn rights(&self) -> [(&'static str, &Right); 6] {
        [
            ("read", &self.read),
            ("write", &self.write),
            ("create", &self.create),
            ("search", &self.search),
            ("export", &self.export),
            ("unmask", &self.unmask),
        ]
    }
}

impl Right {
    /// Whether there is no record on which it may be done.
    #[must_use]
    pub fn is_never(&self) -> bool {
        let mut all = [&self.any, &self.own].into_iter().chain(self.samples.values());
        all.all(|extent| *extent == Extent::Never)
    }

    /// For each kind of record, what is wider.
    pub(super) fn wider(mut self, other: Self) -> Self {
        self.any = self.any.wider(other.any);
        self.own = self.own.wider(other.own);
        for (name, extent) in other.samples {
            let known = self.samples.remove(&name).unwrap_or_default();
            self.samples.insert(name, known.wider(extent));
        }
        self
    }
}

impl Extent {
    /// 0 never, 1 under conditions, 2 always.
    pub(super) const fn grade(&self) -> u8 {
        match self {
            Self::Never => 0,
            Self::If(_) => 1,
            Self::Always => 2,
        }
    }

    /// Whether what this allows, the other allows as well; `false` too for conditions that can't be compared.
    pub(super) fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Never, _) | (_, Self::Always) => true,
            (Self::If(these), Self::If(those)) => {
                let these: BTreeSet<&String> = these.iter().collect();
                those.iter().all(|condition| these.contains(condition))
            }
            _ => false,
        }
    }

    fn wider(self, other: Self) -> Self {
        // Of two that can't be compared the first stays: an alternative isn't both.
        if self.within(&other) { other } else { self }
    }
}

/// The moment so many days earlier.
pub(crate) const fn days_before(time: Timestamp, days: u32) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    // A day's microseconds times any u32 fit 64 bits.
    Timestamp::from_micros(time.as_micros().saturating_sub(DAY.saturating_mul(days as i64)))
}
