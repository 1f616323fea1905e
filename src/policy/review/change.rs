//! What differs between two reviews.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::data::{AccessReview, ActorReview, CollectionReview, Extent, Right};

/// One difference between two reviews. Its `Display` is a line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What kind of change.
    pub kind: ChangeKind,
    /// Whose; `None` for one of the policy's.
    pub actor: Option<String>,
    /// What changed: a right such as `customers.email: read` or `customers: delete`, a role, a conflict.
    pub what: String,
    /// How it was, of a right that changed.
    pub before: Option<String>,
    /// How it is now, of a right that changed or is new.
    pub now: Option<String>,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Another policy was asked.
    Policy,
    /// The policy knows a role that it didn't know.
    NewRole,
    /// The policy no longer knows a role.
    GoneRole,
    /// An actor who wasn't among those before, with their roles. Their rights are in the review itself.
    NewActor,
    /// An actor who is no longer among them.
    GoneActor,
    /// An actor was suspended.
    Suspended,
    /// An actor's suspension ended.
    Reinstated,
    /// An actor has a role more.
    RoleGiven,
    /// An actor has a role less.
    RoleTaken,
    /// An actor unites duties that should be kept apart.
    Conflict,
    /// They no longer do.
    ConflictEnded,
    /// What was never allowed is, at least under conditions or on some records.
    Granted,
    /// What was allowed isn't any more.
    Revoked,
    /// It is allowed on more records, or under fewer conditions.
    Widened,
    /// It is allowed on fewer records, or under more conditions.
    Narrowed,
    /// It is allowed under other conditions, or on other records.
    Altered,
}

impl ChangeKind {
    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::NewRole => "new role",
            Self::GoneRole => "gone role",
            Self::NewActor => "new actor",
            Self::GoneActor => "gone actor",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::RoleGiven => "role given",
            Self::RoleTaken => "role taken",
            Self::Conflict => "conflict",
            Self::ConflictEnded => "conflict ended",
            Self::Granted => "granted",
            Self::Revoked => "revoked",
            Self::Widened => "widened",
            Self::Narrowed => "narrowed",
            Self::Altered => "altered",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::table::shown;
        f.write_str(self.kind.name())?;
        if let Some(actor) = &self.actor {
            write!(f, " {}", shown(actor))?;
        }
        if !self.what.is_empty() {
            write!(f, ": {}", shown(&self.what))?;
        }
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => write!(f, ", {} -> {}", shown(before), shown(now)),
            (Some(before), None) => write!(f, ", was {}", shown(before)),
            (None, Some(now)) => write!(f, ", {}", shown(now)),
            (None, None) => Ok(()),
        }
    }
}

impl AccessReview {
    /// What differs from an earlier review: first what is the policy's, then actor by actor, by id. Fields and collections
    /// that only one of them has count as without rights in the other.
    #[must_use]
    pub fn changes_since(&self, previous: &Self) -> Vec<Change> {
        let mut changes = Changes(Vec::new());
        if self.policy != previous.policy {
            let (before, now) = (previous.policy.to_string(), self.policy.to_string());
            changes.add(ChangeKind::Policy, None, "", Some(before), Some(now));
        }
        let known = |review: &Self| -> BTreeSet<String> {
            review.roles.iter().filter(|role| role.known).map(|role| role.role.clone()).collect()
        };
        changes.sets(None, &known(previous), &known(self), ChangeKind::NewRole, ChangeKind::GoneRole);
        let (before, now) = (by_id(previous), by_id(self));
        let ids: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        for id in ids {
            match (before.get(id), now.get(id)) {
                (Some(before), Some(now)) => changes.actor(before, now),
                (None, Some(now)) => changes.add(
                    ChangeKind::NewActor,
                    Some(&now.actor),
                    "",
                    None,
                    Some(format!("roles: {}", list(&now.roles))),
                ),
                (Some(before), None) => changes.add(ChangeKind::GoneActor, Some(&before.actor), "", None, None),
                (None, None) => {}
            }
        }
        changes.0
    }
}

/// The actors by id, and by which mention of the id it is.
fn by_id(review: &AccessReview) -> BTreeMap<(&str, usize), &ActorReview> {
    let mut all = BTreeMap::new();
    for actor in &review.actors {
        let mentions = all.keys().filter(|(id, _)| *id == actor.actor).count();
        all.insert((actor.actor.as_str(), mentions), actor);
    }
    all
}

struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, kind: ChangeKind, actor: Option<&str>, what: &str, before: Option<String>, now: Option<String>) {
        self.0.push(Change { kind, actor: actor.map(str::to_owned), what: what.to_owned(), before, now });
    }

    fn sets(
        &mut self,
        actor: Option<&str>,
        before: &BTreeSet<String>,
        now: &BTreeSet<String>,
        new: ChangeKind,
        gone: ChangeKind,
    ) {
        now.difference(before).for_each(|name| self.add(new, actor, name, None, None));
        before.difference(now).for_each(|name| self.add(gone, actor, name, None, None));
    }

    fn actor(&mut self, before: &ActorReview, now: &ActorReview) {
        let actor = Some(now.actor.as_str());
        match (before.suspended, now.suspended) {
            (false, true) => self.add(ChangeKind::Suspended, actor, "", None, None),
            (true, false) => self.add(ChangeKind::Reinstated, actor, "", None, None),
            _ => {}
        }
        let set = |names: &[String]| names.iter().cloned().collect();
        self.sets(actor, &set(&before.roles), &set(&now.roles), ChangeKind::RoleGiven, ChangeKind::RoleTaken);
        let (old, new) = (set(&before.conflicts), set(&now.conflicts));
        self.sets(actor, &old, &new, ChangeKind::Conflict, ChangeKind::ConflictEnded);
        let (before, now) = (rights(before), rights(now));
        let all: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let never = Right::default();
        for what in all {
            let before = before.get(what).copied().unwrap_or(&never);
            let now = now.get(what).copied().unwrap_or(&never);
            if let Some(kind) = compare(before, now) {
                let said = |right: &Right| (!right.is_never()).then(|| right.to_string());
                self.add(kind, actor, what, said(before), said(now));
            }
        }
    }
}

/// Every right of an actor, by what it is to.
fn rights(actor: &ActorReview) -> BTreeMap<String, &Right> {
    let mut all = BTreeMap::new();
    for review in &actor.administration {
        all.insert(review.act.to_string(), &review.right);
    }
    for CollectionReview { collection, acts, fields } in &actor.collections {
        for review in acts {
            all.insert(format!("{collection}: {}", review.act), &review.right);
        }
        for field in fields {
            for (name, right) in field.rights() {
                all.insert(format!("{collection}.{}: {name}", field.field), right);
            }
        }
    }
    all
}

fn compare(before: &Right, now: &Right) -> Option<ChangeKind> {
    if before == now || (before.is_never() && now.is_never()) {
        return None;
    }
    Some(match (within(before, now), within(now, before)) {
        (true, true) => return None,
        _ if before.is_never() => ChangeKind::Granted,
        _ if now.is_never() => ChangeKind::Revoked,
        (true, false) => ChangeKind::Widened,
        (false, true) => ChangeKind::Narrowed,
        (false, false) => ChangeKind::Altered,
    })
}

/// Whether one right is part of the other. Samples that only one was asked about don't count.
fn within(right: &Right, of: &Right) -> bool {
    let samples = right.samples.iter().filter_map(|(name, extent)| Some((extent, of.samples.get(name)?)));
    [(&right.any, &of.any), (&right.own, &of.own)].into_iter().chain(samples).all(|(a, b)| a.within(b))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl fmt::Display for Right {
    /// Such as `own records` or `any record if a reason is given`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (records, extent)) in super::show::records(self).into_iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{records}")?;
            if let Extent::If(conditions) = extent {
                write!(f, " if {}", conditions.join(" and "))?;
            }
        }
        if self.is_never() { f.write_str("no record") } else { Ok(()) }
    }
}
