//! The nearest missing grant: of all that would have permitted an act, the one that adds least.
//!
//! A field in a grant that is there comes before a new act in one, that before dropping an `own_only`, that before a new
//! grant, and a new role comes last.

use super::Roles;
use super::build::{Role, Rule};
use super::compiled::Refusal;
use super::sum::{is_on_records, is_own};
use crate::model::{Action, Actor, Request};

impl Roles {
    /// Returns the nearest missing grant; `None` if the act is permitted, or what is denied isn't for want of a grant.
    pub(super) fn missing(&self, request: &Request<'_>) -> Option<String> {
        if self.denied(request).is_some() {
            return None;
        }
        match self.compiled().permission(request).err()? {
            Refusal::NoRole => self
                .role_to_have(request)
                .or_else(|| Some(format!("a role that the policy knows, with `{}`", new_grant(request, true, true)?))),
            _ if !is_on_records(request.action) => {
                let role = self.parts(request).next()?.0;
                Some(format!("role `{role}`: `.may([Action::{:?}])`", request.action))
            }
            Refusal::Field(_) => self.field(request).or_else(|| self.grant(request)),
            Refusal::NotAllowed | Refusal::NotOwner => {
                self.act(request).or_else(|| self.everybodys(request)).or_else(|| self.grant(request))
            }
        }
    }

    /// Returns fields, in a grant that allows the act already.
    fn field(&self, request: &Request<'_>) -> Option<String> {
        let rules = self.rules(request, |rule| {
            let shows = request.action == Action::Export && rule.read.is_some();
            (shows || rule.allows().contains(request.action)) && (!rule.own_only || is_own(request))
        });
        let sum = self.compiled().sum(request, request.collection?, is_own(request))?;
        let lacking: Vec<&str> = request.fields.iter().copied().filter(|field| sum.lacks_one(field)).collect();
        let (role, rule) = rules.into_iter().next()?;
        let shown = if request.action == Action::Export { Action::List } else { request.action };
        Some(format!("{}: `{}`", place(role, rule), method(shown, &lacking)))
    }

    /// Returns the act, in a grant that holds for this record already.
    fn act(&self, request: &Request<'_>) -> Option<String> {
        let rules = self.rules(request, |rule| !rule.own_only || is_own(request));
        let (role, rule) = rules.into_iter().next()?;
        let (exports, reads) = self.exported(request);
        Some(format!("{}: `{}`", place(role, rule), methods(request, exports, reads)))
    }

    /// Returns a grant that allows the act and all its fields, if only it weren't for own records.
    fn everybodys(&self, request: &Request<'_>) -> Option<String> {
        let rules = self.rules(request, |rule| {
            let with = rule.fields(request.action);
            rule.own_only
                && rule.allows().contains(request.action)
                && (request.action != Action::Export || rule.read.is_some())
                && with.is_none_or(|set| request.fields.iter().all(|field| set.contains(field)))
        });
        let (role, rule) = rules.into_iter().next()?;
        Some(format!("{}: without `.own_only()`", place(role, rule)))
    }

    /// Returns a new grant to a role that the actor has.
    fn grant(&self, request: &Request<'_>) -> Option<String> {
        let (exports, reads) = self.exported(request);
        let (role, _) = self.parts(request).next()?;
        Some(format!("role `{role}`: `{}`", new_grant(request, !exports, !reads)?))
    }

    /// Returns the smallest role that would do, for an actor who has none.
    fn role_to_have(&self, request: &Request<'_>) -> Option<String> {
        let suffices = |name: &str| {
            let mut actor = Actor::new(request.actor.id()).with_role(name);
            for (name, value) in request.actor.attributes() {
                actor = actor.with_attribute(name, value);
            }
            self.compiled().permission(&Request { actor: &actor, ..*request }).is_ok()
        };
        let size = |name: &str| -> usize {
            let held = self.compiled().table(name).into_iter().flat_map(|table| &table.held);
            held.filter_map(|part| self.roles.get(part)).map(|role| role.rules.len() + role.acts.iter().count()).sum()
        };
        let best = self.roles.keys().filter(|name| suffices(name)).min_by_key(|name| size(name))?;
        Some(format!("the role `{best}`, for `{}`", request.actor.id()))
    }

    /// Tells whether the actor's grants for this record allow to export, and to read.
    fn exported(&self, request: &Request<'_>) -> (bool, bool) {
        let has = |action| {
            let of = |rule: &Rule| rule.allows().contains(action) && (!rule.own_only || is_own(request));
            !self.rules(request, of).is_empty()
        };
        (has(Action::Export), has(Action::Read))
    }

    /// Returns the actor's grants in the collection that are as asked, nearest first: named collections before all of them, own
    /// records before everybody's.
    fn rules<'a>(&'a self, request: &Request<'a>, wanted: impl Fn(&Rule) -> bool) -> Vec<(&'a str, &'a Rule)> {
        let mut rules: Vec<(&str, &Rule)> = self
            .parts(request)
            .flat_map(|(name, role)| role.rules.iter().map(move |rule| (name, rule)))
            .filter(|(_, rule)| rule.is_about(request) && wanted(rule))
            .collect();
        rules.sort_by_key(|(_, rule)| (rule.collection.is_none(), !rule.own_only));
        rules
    }

    /// Returns the actor's known roles, and those that these inherit.
    fn parts<'a>(&'a self, request: &Request<'a>) -> impl Iterator<Item = (&'a str, &'a Role)> {
        let known = request.actor.roles().iter().filter_map(|name| Some((name, self.compiled().table(name)?)));
        let parts = known.flat_map(|(name, table)| {
            // The role itself first: a new grant belongs to it, not to one that others inherit too.
            std::iter::once(name).chain(table.held.iter().filter(move |part| *part != name))
        });
        parts.filter_map(|part| self.roles.get_key_value(part)).map(|(name, role)| (name.as_str(), role))
    }
}

fn place(role: &str, rule: &Rule) -> String {
    match &rule.collection {
        Some(collection) => format!("role `{role}` on `{collection}`"),
        None => format!("role `{role}` on any collection"),
    }
}

fn new_grant(request: &Request<'_>, export: bool, read: bool) -> Option<String> {
    if !is_on_records(request.action) {
        return Some(format!(".may([Action::{:?}])", request.action));
    }
    Some(format!(".on({:?}){}", request.collection?, methods(request, !export, !read)))
}

/// Returns what to say on a grant. An export takes two.
fn methods(request: &Request<'_>, exports: bool, reads: bool) -> String {
    if request.action != Action::Export {
        return method(request.action, request.fields);
    }
    let read = if reads { String::new() } else { method(Action::Read, request.fields) };
    let export = if exports { String::new() } else { method(Action::Export, &[]) };
    read + &export
}

fn method(action: Action, fields: &[&str]) -> String {
    let list = if fields.is_empty() { "[..]".to_owned() } else { format!("{fields:?}") };
    match action {
        Action::Create if fields.is_empty() => ".create()".to_owned(),
        Action::Create => format!(".create_with({list})"),
        Action::Read | Action::List | Action::Search | Action::Count => format!(".read({list})"),
        Action::Update | Action::Unmask => format!(".{action}({list})"),
        _ => format!(".{action}()"),
    }
}
