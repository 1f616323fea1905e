//! The grants that were looked at, and what came of each.

use super::Roles;
use super::build::{Role, Rule};
use super::sum::is_own;
use crate::model::{Action, FieldSet, Request};
use crate::policy::Looked;

impl Roles {
    /// Returns every grant of the actor's roles.
    pub(super) fn looked_at(&self, request: &Request<'_>) -> Vec<Looked> {
        let conflicts = self.compiled().conflicts(request.actor);
        let mut looked: Vec<Looked> =
            conflicts.into_iter().map(|conflict| Looked::new("separate", true, conflict)).collect();
        let roles = request.actor.roles();
        for (number, name) in roles.iter().enumerate() {
            if roles.iter().take(number).any(|earlier| earlier == name) {
                continue;
            }
            let Some(table) = self.compiled().table(name) else {
                looked.push(Looked::new(name.clone(), false, "the policy has no such role"));
                continue;
            };
            for part in &table.held {
                let Some(role) = self.roles.get(part) else { continue };
                let heir = if part == name { String::new() } else { format!(", inherited by {name}") };
                of_role(part, &heir, role, request, &mut looked);
            }
        }
        looked
    }
}

fn of_role(name: &str, heir: &str, role: &Role, request: &Request<'_>, looked: &mut Vec<Looked>) {
    if !role.acts.is_empty() {
        let applies = role.acts.contains(request.action);
        let why = if applies { format!("allows {}", request.action) } else { only(&role.acts.names()) };
        looked.push(Looked::new(format!("{name}: may{heir}"), applies, why));
    }
    for rule in &role.rules {
        let place = rule.collection.as_deref().unwrap_or("any");
        let (applies, why) = of_rule(rule, request);
        looked.push(Looked::new(format!("{name} on {place}{heir}"), applies, why));
    }
    if role.acts.is_empty() && role.rules.is_empty() {
        looked.push(Looked::new(format!("{name}{heir}"), false, "grants nothing itself"));
    }
}

fn of_rule(rule: &Rule, request: &Request<'_>) -> (bool, String) {
    let action = request.action;
    if !rule.is_about(request) {
        return (false, format!("is about `{}`", rule.collection.as_deref().unwrap_or("any")));
    }
    let allows = rule.allows();
    // What may be changed or taken out is shown as far as any grant shows it.
    let shows = matches!(action, Action::Update | Action::Export) && rule.read.is_some();
    if !allows.contains(action) && !shows {
        return (false, only(&allows.names()));
    }
    if rule.own_only && !is_own(request) {
        return (false, "is for the actor's own records, and this isn't one or isn't known to be".to_owned());
    }
    if !allows.contains(action) {
        return (true, "shows fields, and doesn't allow the act".to_owned());
    }
    let lacking: Vec<&str> = match rule.fields(action) {
        Some(set) => request.fields.iter().copied().filter(|field| !set.contains(field)).collect(),
        None => Vec::new(),
    };
    if lacking.is_empty() {
        return (true, format!("allows {action}"));
    }
    (lacking.len() < request.fields.len(), format!("allows {action}, but not with `{}`", lacking.join("`, `")))
}

fn only(acts: &[&str]) -> String {
    if acts.is_empty() { "allows nothing".to_owned() } else { format!("allows only {}", acts.join(", ")) }
}

impl Rule {
    /// Tells whether it holds in the collection that is asked about.
    pub(super) fn is_about(&self, request: &Request<'_>) -> bool {
        request.collection.is_some() && self.collection.as_deref().is_none_or(|name| Some(name) == request.collection)
    }

    /// Returns the fields with which it allows an act, where fields that are asked for are checked.
    pub(super) const fn fields(&self, action: Action) -> Option<&FieldSet> {
        match action {
            Action::Create => self.create.as_ref(),
            Action::Update => self.update.as_ref(),
            Action::Unmask => self.unmask.as_ref(),
            Action::List | Action::Search | Action::Count | Action::Export => self.read.as_ref(),
            _ => None,
        }
    }
}
