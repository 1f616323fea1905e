//! Use of data limited to what it is declared to be for.
//!
//! Guarantees: nobody acts on the records of a named collection without declaring a purpose that is allowed there. Does
//! not: know whether the declaration is true; it is on record in the journal.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::applies::{self, list};
use super::constraint::{Constraint, constraint, version};
use super::fault::{self, Fault, Faulty};
use super::{Decision, Denial, Looked, PolicyVersion, codes};
use crate::model::{Action, Facts, Request};

/// Forbids acts on records for want of an allowed purpose.
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Timestamp};
/// use strongroom::policy::{AccessPolicy, Purpose, Roles, all_of};
///
/// let policy = all_of(Roles::new()
///     .role("support", |r| r.on("customers").read_all())
///     .role("marketing", |r| r.on("customers").read(["name", "email"])))
///     // Customers gave their data for the contract and for help with it;
///     .and(Purpose::new().on("customers", ["support", "contract"])
///         // marketing, and nobody else, may use it for campaigns as well.
///         .role("marketing", "customers", ["campaign"]));
/// policy.check()?;
///
/// let support = Actor::new("ben").with_role("support");
/// let read = Request::new(&support, Action::Read, Timestamp::from_micros(0)).on("customers");
/// assert!(policy.decide(&read.purpose("support"), &NoFacts)?.is_permit());
/// assert!(policy.decide(&read.purpose("campaign"), &NoFacts)?.forbids());
/// assert!(policy.decide(&read, &NoFacts)?.forbids());
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// A session declares its purpose by [`for_purpose`](crate::Session::for_purpose). Collections that aren't named are not
/// limited; neither are administration, approving and emergency access, which aren't uses of a record.
///
/// **Limits.** Purposes are compared letter by letter: `support call` isn't `support`. Give the host's programmers
/// constants for them.
#[derive(Debug, Clone, Default)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct Purpose {
    /// By collection.
    allowed: BTreeMap<String, Allowed>,
}

#[derive(Debug, Clone, Default)]
struct Allowed {
    everybody: Option<BTreeSet<String>>,
    /// By role.
    roles: BTreeMap<String, BTreeSet<String>>,
}

impl Purpose {
    /// Limits no collection yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets records of this collection be used for these purposes only. Said again, it adds to them.
    pub fn on<S: Into<String>>(mut self, collection: impl Into<String>, purposes: impl IntoIterator<Item = S>) -> Self {
        applies::add(&mut self.allowed.entry(collection.into()).or_default().everybody, purposes);
        self
    }

    /// Lets whoever has this role use records of this collection for these purposes as well.
    pub fn role<S: Into<String>>(
        mut self,
        role: impl Into<String>,
        collection: impl Into<String>,
        purposes: impl IntoIterator<Item = S>,
    ) -> Self {
        let allowed = self.allowed.entry(collection.into()).or_default();
        allowed.roles.entry(role.into()).or_default().extend(purposes.into_iter().map(Into::into));
        self
    }

    /// Returns the collection, if the request uses records of one that is limited.
    fn used<'a>(&'a self, request: &Request<'_>) -> Option<(&'a str, &'a Allowed)> {
        let use_of_records =
            !request.action.is_administration() && !matches!(request.action, Action::Approve | Action::BreakGlass);
        let (name, allowed) = self.allowed.get_key_value(request.collection?)?;
        use_of_records.then_some((name, allowed))
    }
}

impl Allowed {
    /// Returns the purposes that the actor has.
    fn to<'a>(&'a self, request: &'a Request<'_>) -> impl Iterator<Item = &'a BTreeSet<String>> {
        self.everybody.iter().chain(request.actor.roles().iter().filter_map(|role| self.roles.get(role)))
    }

    fn holds(&self, request: &Request<'_>) -> bool {
        request.purpose.is_some_and(|purpose| self.to(request).any(|purposes| purposes.contains(purpose)))
    }

    /// Says what was declared and what is allowed, for an administrator.
    fn said(&self, request: &Request<'_>, collection: &str) -> String {
        let declared = match request.purpose {
            Some(purpose) => format!("the declared purpose is `{purpose}`"),
            None => "no purpose was declared (see `session.for_purpose`)".to_owned(),
        };
        let all: BTreeSet<String> = self.to(request).flatten().cloned().collect();
        let allowed = if all.is_empty() { "none by their roles".to_owned() } else { list(&all) };
        format!("{declared}; on `{collection}` the actor may have: {allowed}")
    }
}

impl Faulty for Purpose {
    const NAME: &'static str = "purpose";

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.allowed.is_empty() {
            faults.push(Fault::unsaid(&[fault::COLLECTION], "it names no collection"));
        } else {
            faults.extend(Fault::unnamed(&fault::COLLECTION, "collections", self.allowed.keys()));
        }
        for (collection, allowed) in &self.allowed {
            if !allowed.roles.is_empty() {
                faults.extend(Fault::unnamed(&fault::ROLE, &format!("roles on `{collection}`"), allowed.roles.keys()));
            }
            for purposes in allowed.everybody.iter().chain(allowed.roles.values()) {
                faults.extend(Fault::unnamed(&fault::PURPOSES, &format!("purposes on `{collection}`"), purposes));
            }
        }
        faults
    }
}

impl Constraint for Purpose {
    fn judge(&self, request: &Request<'_>, _: &dyn Facts) -> Decision {
        match self.used(request) {
            Some((collection, allowed)) if !allowed.holds(request) => {
                let why = format!("{}: {}", request.action, allowed.said(request, collection));
                let denial = Denial::new(codes::PURPOSE, why).rule(Self::NAME);
                // Nothing to try again for whoever may have no purpose here.
                let any = allowed.to(request).any(|purposes| !purposes.is_empty());
                let text = "Declare what you need this for, as one of the purposes that you have, and try again.";
                if any { denial.for_user(text).into() } else { denial.into() }
            }
            _ => Decision::no_objection(Self::NAME),
        }
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings = Vec::new();
        for (collection, allowed) in &self.allowed {
            settings.push(format!("collection {collection}"));
            settings.extend(applies::settings("purpose", allowed.everybody.iter().flatten()));
            for (role, purposes) in &allowed.roles {
                settings.push(format!("role {role}"));
                settings.extend(applies::settings("purpose", purposes));
            }
        }
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, _: &dyn Facts, _: &Decision) -> Vec<Looked> {
        let (applies, why) = match self.used(request) {
            None => (false, "it limits no use of records here".to_owned()),
            Some((collection, allowed)) => (true, allowed.said(request, collection)),
        };
        vec![Looked::new(Self::NAME, applies, why)]
    }
}

constraint!(Purpose);
