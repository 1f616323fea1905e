//! A review of access as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rights::{self, Right};
use crate::model::Timestamp;
use crate::policy::PolicyVersion;

/// Who may do what, for everybody who was named, at one time and by one policy.
///
/// Made by [`Questions::review`](super::Questions::review) or by a tenant's review. Its `Display` is a table of at most 120
/// columns for people, [`to_json`](Self::to_json) is for programs, and [`without`](Self::without) is its difference from
/// another one. Everything is in a fixed order: by name.
///
/// Rights of a suspended actor are those that the policy gives: they hold again when the suspension ends. Rights of an actor
/// who is named twice are told together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccessReview {
    /// The tenant's name, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The time at which the questions were asked.
    pub time: Timestamp,
    /// The policy that was asked.
    pub policy: PolicyVersion,
    /// The actors by id, with their roles.
    pub actors: BTreeMap<String, BTreeSet<String>>,
    /// The actors who are suspended.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub suspended: BTreeSet<String>,
    /// The duties that actors unite and the policy wants kept apart, in words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflicts: BTreeMap<String, BTreeSet<String>>,
    /// The collections that were asked about, with their fields.
    pub collections: BTreeMap<String, BTreeSet<String>>,
    /// The rights of all actors. All else is denied.
    pub rights: BTreeSet<Right>,
    /// The roles that the policy knows. A role that it doesn't know allows nothing, and is perhaps misspelt.
    pub roles: BTreeSet<String>,
    /// The last use of each role, as far as it was looked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_used: BTreeMap<String, Timestamp>,
    /// The number of days without use after which a role counts as unused; `None` if nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_for_days: Option<u32>,
    /// Everything that the review couldn't find out, in words.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notes: BTreeSet<String>,
}

impl AccessReview {
    /// Returns what this review has and the other one hasn't: rights, actors and their roles, suspensions, conflicts, and
    /// roles that the policy knows. `now.without(&before)` was given, and `before.without(&now)` was taken away. A right
    /// that only another rule gives is in both.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let actors = minus(&self.actors, &other.actors);
        // A role that somebody holds is told as known, if it is.
        let given = |role: &&String| actors.values().any(|roles| roles.contains(*role));
        let roles = self.roles.iter().filter(|role| !other.roles.contains(*role) || given(role)).cloned().collect();
        Self {
            suspended: &self.suspended - &other.suspended,
            conflicts: minus(&self.conflicts, &other.conflicts),
            rights: rights::without(&self.rights, &other.rights),
            roles,
            notes: &self.notes - &other.notes,
            actors,
            ..self.clone()
        }
    }

    /// Returns the rights of this actor.
    pub fn of_actor(&self, id: &str) -> impl Iterator<Item = &Right> {
        self.rights.iter().filter(move |right| right.actor == id)
    }

    /// Returns the actors who have this role.
    pub fn held_by(&self, role: &str) -> impl Iterator<Item = &str> {
        self.actors.iter().filter(move |(_, roles)| roles.contains(role)).map(|(id, _)| id.as_str())
    }

    /// Returns the roles of the policy that nobody has.
    pub fn roles_nobody_holds(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str).filter(|role| self.held_by(role).next().is_none())
    }

    /// Returns the roles of the policy that nobody used in [`unused_for_days`](Self::unused_for_days) days.
    pub fn unused_roles(&self) -> impl Iterator<Item = &str> {
        let since = self.unused_for_days.map(|days| days_before(self.time, days));
        let unused =
            move |role: &&str| since.is_some_and(|since| self.last_used.get(*role).is_none_or(|at| *at < since));
        self.roles.iter().map(String::as_str).filter(unused)
    }

    /// Returns the review, saying whose it is.
    #[must_use]
    pub fn of_tenant(mut self, name: impl Into<String>) -> Self {
        self.tenant = Some(name.into());
        self
    }

    /// Returns the review, saying when each role was last used, as far as it is known, and that one which wasn't used in
    /// the `days` before it counts as unused.
    #[must_use]
    pub fn with_role_usage(mut self, last_used: &BTreeMap<String, Timestamp>, days: u32) -> Self {
        self.unused_for_days = Some(days);
        self.last_used.clone_from(last_used);
        self
    }
}

type Named = BTreeMap<String, BTreeSet<String>>;

/// Returns what is in the first and not in the other, with the names that only the first has.
fn minus(these: &Named, those: &Named) -> Named {
    let each = these.iter().filter_map(|(name, set)| match those.get(name) {
        None => Some((name.clone(), set.clone())),
        Some(known) => Some((name.clone(), set - known)).filter(|(_, set)| !set.is_empty()),
    });
    each.collect()
}

/// Returns the moment so many days earlier.
pub(crate) const fn days_before(time: Timestamp, days: u32) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    // A day's microseconds times any u32 fit 64 bits.
    Timestamp::from_micros(time.as_micros().saturating_sub(DAY.saturating_mul(days as i64)))
}
