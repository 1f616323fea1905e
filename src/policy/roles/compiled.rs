//! All roles made ready to decide, and the deciding.
//!
//! Guarantees: inheritance is resolved here, once, so that deciding looks up each of the actor's roles and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Role;
use super::sum::{Sum, is_on_records, is_own};
use super::table::Table;
use super::{canonical, faults};
use crate::model::{Action, Actor, Request};
use crate::policy::{Permission, PolicyVersion};

/// The roles, ready.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    tables: BTreeMap<String, Table>,
    duties: Vec<BTreeSet<String>>,
    pub(super) faults: Vec<String>,
    pub(super) version: PolicyVersion,
}

/// A reason why nothing is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal<'a> {
    /// The actor has no role that the policy knows.
    NoRole,
    /// No grant allows the act here,
    NotAllowed,
    /// or on the actor's own records only,
    NotOwner,
    /// or not with this field.
    Field(&'a str),
}

impl Compiled {
    /// Resolves roles. `said` are the mistakes known already.
    pub(super) fn new(roles: &BTreeMap<String, Role>, duties: &[BTreeSet<String>], said: &[String]) -> Self {
        let held: BTreeMap<&str, BTreeSet<&str>> =
            roles.keys().map(|name| (name.as_str(), closure(name, roles))).collect();
        let mut faults = said.to_vec();
        faults.extend(faults::of_inheritance(roles, &held));
        faults.extend(faults::of_separation(duties, &held));
        let version = canonical::version(roles, duties, !faults.is_empty());
        let tables =
            held.iter().map(|(name, held)| ((*name).to_owned(), Table::new(name, held, roles, duties))).collect();
        Self { tables, duties: duties.to_vec(), faults, version }
    }

    /// Returns what the actor's roles permit together.
    pub(super) fn permission<'a>(&self, request: &Request<'a>) -> Result<Permission, Refusal<'a>> {
        // `may` grants no other acts, and work on records is what must be fast.
        let may_be = !is_on_records(request.action) || request.action == Action::Approve;
        if may_be && let Some(rule) = self.of(request.actor).find_map(|table| table.may(request.action)) {
            return Ok(Permission::new(rule.clone()));
        }
        let about_records = request.collection.filter(|_| is_on_records(request.action));
        let own = is_own(request);
        match about_records.and_then(|collection| self.sum(request, collection, own)) {
            Some(sum) => match sum.lacks(request) {
                None => Ok(sum.permission()),
                Some(field) => Err(Refusal::Field(field)),
            },
            None if self.of(request.actor).next().is_none() => Err(Refusal::NoRole),
            None if !own && about_records.is_some_and(|name| self.sum(request, name, true).is_some()) => {
                Err(Refusal::NotOwner)
            }
            None => Err(Refusal::NotAllowed),
        }
    }

    /// Returns what the actor's roles allow together in a collection, on their own records or on any.
    pub(super) fn sum(&self, request: &Request<'_>, collection: &str, own: bool) -> Option<Sum<'_>> {
        let mut sum = Sum::new(request.action);
        for name in request.actor.roles() {
            if let Some(rights) = self.tables.get(name).and_then(|table| table.rights(collection, own)) {
                sum.add(rights);
            }
        }
        sum.allowed()
    }

    /// Tells whether the actor holds roles that are kept apart.
    pub(super) fn is_conflicted(&self, actor: &Actor) -> bool {
        // One role alone unites none: that would be a mistake, and nothing is decided with mistakes.
        if self.duties.is_empty() || actor.roles().len() < 2 {
            return false;
        }
        self.of(actor).flat_map(|table| &table.duties).any(|(set, member)| {
            self.of(actor).flat_map(|table| &table.duties).any(|(other, held)| other == set && held != member)
        })
    }

    /// Names the roles kept apart that the actor holds together, in words.
    pub(super) fn conflicts(&self, actor: &Actor) -> Vec<String> {
        let held = |duty: &String| {
            let roles = || actor.roles().iter().filter_map(|name| Some((name, self.tables.get(name)?)));
            if roles().any(|(name, _)| name == duty) {
                return Some(format!("`{duty}`"));
            }
            let by = roles().find(|(_, table)| table.held.contains(duty));
            by.map(|(name, _)| format!("`{duty}`, inherited by `{name}`,"))
        };
        let united = |set: &BTreeSet<String>| {
            let held: Vec<String> = set.iter().filter_map(held).collect();
            (held.len() > 1).then(|| format!("{} are kept apart: take one of them away", held.join(" and ")))
        };
        self.duties.iter().filter_map(united).collect()
    }

    pub(super) fn table(&self, role: &str) -> Option<&Table> {
        self.tables.get(role)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    fn of(&self, actor: &Actor) -> impl Iterator<Item = &Table> {
        actor.roles().iter().filter_map(|name| self.tables.get(name))
    }
}

/// Returns a role and all that it inherits.
fn closure<'a>(name: &'a str, roles: &'a BTreeMap<String, Role>) -> BTreeSet<&'a str> {
    let mut held = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        for parent in roles.get(next).into_iter().flat_map(|role| &role.inherits) {
            if held.insert(parent) {
                open.push(parent);
            }
        }
    }
    held
}
