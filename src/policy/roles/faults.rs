//! The mistakes in roles, in words for their author.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Role, Rule};
use crate::model::{Action, FieldSet};

/// Returns the mistakes in one role.
pub(super) fn of_role(name: &str, role: &Role) -> Vec<String> {
    let mut faults = Vec::new();
    if name.trim().is_empty() {
        faults.push("a role has no name".to_owned());
    }
    faults.extend(role.acts.iter().filter_map(|action| misplaced(name, action)));
    role.rules.iter().for_each(|rule| of_rule(name, rule, &mut faults));
    faults
}

/// Returns the mistakes in how roles inherit. `all` has, for each role, itself and what it inherits, directly or not.
pub(super) fn of_inheritance(roles: &BTreeMap<String, Role>, all: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, role) in roles {
        for parent in role.inherits.iter().map(String::as_str) {
            match all.get(parent) {
                None => faults.push(format!(
                    "role `{name}` inherits `{parent}`, which isn't among the roles: say `.role(\"{parent}\", ..)`, or \
                     mend its name"
                )),
                Some(_) if parent == name => faults.push(format!("role `{name}` inherits `{name}`, itself: leave it out")),
                // Each circle has an edge that goes up the alphabet: said once, not once for each of its roles.
                Some(above) if above.contains(name.as_str()) && name.as_str() < parent => faults.push(format!(
                    "role `{name}` inherits `{parent}`, which inherits `{name}` again: take one of them out of the circle"
                )),
                Some(_) => {}
            }
        }
    }
    faults
}

/// Returns the mistakes in which roles are kept apart.
pub(super) fn of_separation(duties: &[BTreeSet<String>], all: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut faults = Vec::new();
    for set in duties {
        if set.len() < 2 {
            let said: Vec<&str> = set.iter().map(String::as_str).collect();
            faults
                .push(format!("`separate` keeps roles apart, so it needs two or more: it has `{}`", said.join("`, `")));
        }
        for role in set.iter().filter(|role| !all.contains_key(role.as_str())) {
            faults.push(format!("`separate` names the role `{role}`, which isn't among the roles: mend its name"));
        }
        for (role, held) in all {
            let united: Vec<&str> = set.iter().map(String::as_str).filter(|name| held.contains(name)).collect();
            if united.len() > 1 {
                faults.push(format!(
                    "role `{role}` unites `{}`, which `separate` keeps apart: inherit one of them at most",
                    united.join("` and `")
                ));
            }
        }
    }
    faults
}

fn of_rule(name: &str, rule: &Rule, faults: &mut Vec<String>) {
    let place = match rule.collection.as_deref() {
        Some(collection) if collection.trim().is_empty() => {
            faults.push(format!("role `{name}` has a grant on a collection without a name: say `on_any` for all"));
            return;
        }
        Some(collection) => format!("on `{collection}`"),
        None => "on any collection".to_owned(),
    };
    let sets = [&rule.create, &rule.read, &rule.update, &rule.unmask];
    if rule.acts.is_empty() && sets.iter().all(|set| set.is_none()) {
        faults.push(format!("role `{name}` is granted nothing {place}: say what, such as `read_all`"));
    }
    for set in sets.into_iter().flatten() {
        match set {
            FieldSet::Only(names) if names.is_empty() => {
                faults.push(format!("role `{name}` has an empty list of fields {place}"));
            }
            FieldSet::Only(names) if names.iter().any(|field| field.trim().is_empty()) => {
                faults.push(format!("role `{name}` has a field without a name {place}"));
            }
            _ => {}
        }
    }
    if rule.created_twice {
        faults.push(format!("role `{name}` has both `create`, with every field, and `create_with` {place}: keep one"));
    }
}

/// Says what to say instead of `may`, for an act that it isn't for.
fn misplaced(name: &str, action: Action) -> Option<String> {
    let instead = match action {
        Action::Create => "create",
        Action::Read | Action::List | Action::Search | Action::Count => "read",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Export => "export",
        Action::Unmask => "unmask",
        Action::Share => "share",
        Action::Transfer => "transfer",
        Action::Erase => "erase",
        Action::Hold => "hold",
        Action::CreateVault => {
            return Some(format!("role `{name}` may `{action}`, which no policy is asked about: leave it out"));
        }
        _ => return None,
    };
    Some(format!("role `{name}` may `{action}`, an act on records: say `.on(\"..\").{instead}(..)` instead"))
}
