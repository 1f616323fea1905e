//! Mandatory access control by levels: no read up, no write down.
//!
//! Source: D. E. Bell and L. J. LaPadula, "Secure Computer Systems: Mathematical Foundations", MTR-2547, 1973: the simple
//! security property and the ★-property.
//!
//! Guarantees: nobody reads a record above their clearance, nor carries what they may know into one below it, whatever else
//! permits it. Does not: keep a reader from telling others by other means, or protect what isn't in a record, such as a
//! reason for an act.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::applies::{self, list};
use super::constraint::{Constraint, constraint, version};
use super::fault::{self, Fault, Faulty};
use super::{Decision, Denial, Looked, PolicyVersion, codes};
use crate::model::{Action, Facts, Request};

/// Forbids to read above one's clearance and to write below it.
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, Labels, Roles, all_of};
///
/// let policy = all_of(Roles::new().role("sales", |r| r.on("customers").create().read_all().update_all()))
///     .and(Labels::levels(["public", "internal", "confidential", "secret"])
///         .on(["customers"])
///         // A customer that nobody labelled.
///         .unlabelled("internal"));
/// policy.check()?;
///
/// let sales = Actor::new("sales-7").with_role("sales").with_attribute("clearance", "internal");
/// let labels = ["vip".to_owned(), "confidential".to_owned()];
/// let (everyday, merger) = (Resource::new(), Resource::new().labels(&labels));
/// let read = Request::new(&sales, Action::Read, Timestamp::from_micros(0)).on("customers");
/// assert!(policy.decide(&read.resource(&everyday), &NoFacts)?.is_permit());
/// assert!(policy.decide(&read.resource(&merger), &NoFacts)?.forbids());
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// A record's level is the label that names one; of several the highest; of none what [`unlabelled`](Self::unlabelled)
/// says, or else the highest level there is. Its other labels don't count. An actor's clearance is their attribute
/// `clearance`; who has none has the lowest.
///
/// | act | record's level |
/// |---|---|
/// | read, list, search, count, export, unmask | the clearance or below |
/// | create, delete, share, transfer | the clearance or above |
/// | update, which reads as well | the clearance |
/// | erase, hold, approve, and what isn't about records | any |
///
/// So a record's level can't be changed by those who work with it. A [trusted role](Self::trusted_role) may write below its
/// clearance, and so lower what was labelled too high: let its holders be few.
///
/// **Limits.** Levels stand in a line; there are no compartments: use [`forbid_if`](super::forbid_if), or
/// [`Roles`](super::Roles) per collection, for those. An act on a record that doesn't exist is forbidden to everybody to whom it
/// is forbidden at some level, lest the answer tell which ids exist. A clearance that isn't a level forbids everything here.
#[derive(Debug, Clone)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct Labels {
    /// The lowest first.
    levels: Vec<String>,
    clearance: String,
    collections: Option<BTreeSet<String>>,
    unlabelled: Option<String>,
    trusted: BTreeSet<String>,
}

/// The way in which an act carries knowledge.
#[derive(Debug, Clone, Copy)]
struct Flow {
    reads: bool,
    writes: bool,
}

impl Labels {
    /// Begins with these levels, the lowest first.
    pub fn levels<S: Into<String>>(levels: impl IntoIterator<Item = S>) -> Self {
        Self {
            levels: levels.into_iter().map(Into::into).collect(),
            clearance: "clearance".to_owned(),
            collections: None,
            unlabelled: None,
            trusted: BTreeSet::new(),
        }
    }

    /// Names the actor's attribute that holds their clearance, if it isn't `clearance`.
    pub fn clearance(mut self, attribute: impl Into<String>) -> Self {
        self.clearance = attribute.into();
        self
    }

    /// Holds in these collections only.
    pub fn on<S: Into<String>>(mut self, collections: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.collections, collections);
        self
    }

    /// Sets the level of a record that has none among its labels.
    pub fn unlabelled(mut self, level: impl Into<String>) -> Self {
        self.unlabelled = Some(level.into());
        self
    }

    /// Lets this role write below its clearance.
    pub fn trusted_role(mut self, role: impl Into<String>) -> Self {
        self.trusted.insert(role.into());
        self
    }

    fn flow(&self, request: &Request<'_>) -> Option<Flow> {
        let here = |names: &BTreeSet<String>| request.collection.is_some_and(|name| names.contains(name));
        let (reads, writes) = match request.action {
            Action::Update => (true, true),
            Action::Create | Action::Delete | Action::Share | Action::Transfer => (false, true),
            Action::Count => (true, false),
            action if action.reads() => (true, false),
            _ => return None,
        };
        self.collections.as_ref().is_none_or(here).then_some(Flow { reads, writes })
    }

    /// Returns the actor's clearance, or what it says instead of a level.
    fn cleared<'a>(&self, request: &Request<'a>) -> Result<usize, &'a str> {
        match request.actor.attribute(&self.clearance) {
            None => Ok(0),
            Some(said) => self.levels.iter().position(|level| level == said).ok_or(said),
        }
    }

    fn highest(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// Returns the lowest and the highest level that the record may have.
    fn level(&self, request: &Request<'_>) -> (usize, usize) {
        let Some(resource) = request.resource else { return (0, self.highest()) };
        let level = self.levels.iter().rposition(|level| resource.has_label(level)).unwrap_or_else(|| {
            let unlabelled = self.unlabelled.as_ref();
            unlabelled.and_then(|said| self.levels.iter().position(|level| level == said)).unwrap_or(self.highest())
        });
        (level, level)
    }

    fn trusts(&self, request: &Request<'_>) -> bool {
        request.actor.roles().iter().any(|role| self.trusted.contains(role))
    }

    fn name(&self, level: usize) -> &str {
        self.levels.get(level).map_or("", String::as_str)
    }

    /// Says whose level it is and what the actor's is, for an administrator.
    fn said(&self, request: &Request<'_>, cleared: usize) -> String {
        let record = match request.resource {
            None => "which record it is isn't known, so it may be of any level".to_owned(),
            Some(_) => format!("the record is `{}`", self.name(self.level(request).1)),
        };
        let missing = if request.actor.attribute(&self.clearance).is_none() { ", by default" } else { "" };
        format!("{record}; the actor's `{}` is `{}`{missing}", self.clearance, self.name(cleared))
    }

    fn misspelt(&self, said: &str) -> String {
        let levels = self.levels.join("`, `");
        format!(
            "the actor's `{}` is `{said}`, which isn't a level; these are, the lowest first: `{levels}`",
            self.clearance
        )
    }
}

impl Faulty for Labels {
    const NAME: &'static str = "labels";

    fn faults(&self) -> Vec<Fault> {
        let different: BTreeSet<String> = self.levels.iter().cloned().collect();
        let mut faults = Vec::new();
        if different.len() < 2 || different.len() < self.levels.len() {
            let what = "two or more levels are needed, each said once, the lowest first";
            faults.push(Fault::unsaid(&[fault::LEVELS], what));
        } else {
            faults.extend(Fault::unnamed(&fault::LEVELS, "levels", &different));
        }
        if self.clearance.trim().is_empty() {
            let what = "the attribute with the clearance has no name: leave it out for `clearance`";
            faults.push(Fault::new(&fault::CLEARANCE, what));
        }
        if let Some(level) = self.unlabelled.as_ref().filter(|level| !different.contains(*level)) {
            let what =
                format!("records without a label are `{level}`, which isn't a level: say one of {}", list(&different));
            faults.push(Fault::new(&fault::UNLABELLED, what));
        }
        let collections = self.collections.as_ref();
        faults.extend(collections.and_then(|names| Fault::unnamed(&fault::COLLECTION, "collections", names)));
        if !self.trusted.is_empty() {
            faults.extend(Fault::unnamed(&fault::TRUSTED_ROLE, "trusted roles", &self.trusted));
        }
        faults
    }
}

impl Constraint for Labels {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        let Some(flow) = self.flow(request) else { return Decision::no_objection(Self::NAME) };
        let deny = |code, why: String| Denial::new(code, format!("{}: {why}", request.action)).rule(Self::NAME).into();
        let cleared = match self.cleared(request) {
            Ok(cleared) => cleared,
            Err(said) => {
                let code = if flow.reads { codes::READ_UP } else { codes::WRITE_DOWN };
                return deny(code, self.misspelt(said));
            }
        };
        if request.resource.is_none() && request.action.is_bulk() {
            return Decision::no_objection(Self::NAME);
        }
        let (lowest, highest) = self.level(request);
        if flow.reads && highest > cleared {
            return deny(codes::READ_UP, self.said(request, cleared));
        }
        if flow.writes && lowest < cleared && !self.trusts(request) {
            return deny(codes::WRITE_DOWN, self.said(request, cleared));
        }
        Decision::no_objection(Self::NAME)
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings: Vec<String> = applies::settings("level", &self.levels).collect();
        settings.push(format!("clearance {}", self.clearance));
        let unlabelled = self.unlabelled.as_deref().unwrap_or_else(|| self.name(self.highest()));
        settings.push(format!("unlabelled {unlabelled}"));
        if let Some(collections) = &self.collections {
            settings.push("by collection".to_owned());
            settings.extend(applies::settings("collection", collections));
        }
        settings.extend(applies::settings("trusted role", &self.trusted));
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, _: &dyn Facts, decision: &Decision) -> Vec<Looked> {
        let Some(flow) = self.flow(request) else {
            return vec![Looked::new(Self::NAME, false, "it is for other acts, or for other collections")];
        };
        let cleared = match self.cleared(request) {
            Ok(cleared) => cleared,
            Err(said) => return vec![Looked::new("clearance", true, self.misspelt(said))],
        };
        let denied = |code| matches!(decision, Decision::Deny(denial) if denial.code == code);
        let said = if request.resource.is_none() && request.action.is_bulk() {
            "each row is looked at by itself".to_owned()
        } else {
            self.said(request, cleared)
        };
        let mut looked = Vec::new();
        if flow.reads {
            looked.push(Looked::new("no read up", denied(codes::READ_UP), said.clone()));
        }
        if flow.writes {
            let trusted = if self.trusts(request) { "; a trusted role" } else { "" };
            looked.push(Looked::new("no write down", denied(codes::WRITE_DOWN), format!("{said}{trusted}")));
        }
        looked
    }
}

constraint!(Labels);
