//! Roles as bytes, in one form for all ways of saying the same grants. For the policy's version.
//!
//! Layout: `faulty u8 ‖ count u32 ‖` roles, by name, `‖ count u32 ‖` sets of roles kept apart, as sorted bytes, each once.
//! A role: `name ‖ acts ‖ inherited names ‖ count u32 ‖` its grants, as sorted bytes, each once. A grant: `collection (0,
//! or 1 ‖ name) ‖ create ‖ read ‖ update ‖ unmask ‖ other acts ‖ own only u8`. A set of fields: 0 none allowed, 1 all,
//! 2 ‖ names. Names, which a set kept apart is too, and acts, by their names: `count u32 ‖ name*`, sorted, each once. A
//! name is UTF-8 behind a u32 length; integers are big-endian.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Role, Rule};
use crate::model::FieldSet;
use crate::policy::PolicyVersion;

pub(super) fn version(roles: &BTreeMap<String, Role>, duties: &[BTreeSet<String>], faulty: bool) -> PolicyVersion {
    let mut out = vec![u8::from(faulty)];
    count(&mut out, roles.len());
    for (name, role) in roles {
        text(&mut out, name);
        names(&mut out, role.acts.names());
        names(&mut out, role.inherits.iter().map(String::as_str).collect());
        sorted(&mut out, role.rules.iter().map(rule));
    }
    sorted(
        &mut out,
        duties.iter().map(|set| {
            let mut out = Vec::new();
            names(&mut out, set.iter().map(String::as_str).collect());
            out
        }),
    );
    PolicyVersion::of_roles(&out)
}

fn rule(rule: &Rule) -> Vec<u8> {
    let mut out = Vec::new();
    match &rule.collection {
        None => out.push(0),
        Some(name) => {
            out.push(1);
            text(&mut out, name);
        }
    }
    for set in [&rule.create, &rule.read, &rule.update, &rule.unmask] {
        match set {
            None => out.push(0),
            Some(FieldSet::All) => out.push(1),
            Some(FieldSet::Only(fields)) => {
                out.push(2);
                names(&mut out, fields.iter().collect());
            }
        }
    }
    names(&mut out, rule.acts.names());
    out.push(u8::from(rule.own_only));
    out
}

/// Writes parts in the order of their bytes, each once.
fn sorted(out: &mut Vec<u8>, parts: impl Iterator<Item = Vec<u8>>) {
    let parts: BTreeSet<Vec<u8>> = parts.collect();
    count(out, parts.len());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Writes sorted names.
fn names(out: &mut Vec<u8>, names: Vec<&str>) {
    count(out, names.len());
    names.iter().for_each(|name| text(out, name));
}

fn text(out: &mut Vec<u8>, text: &str) {
    count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Writes a length. Lists and names in a policy are far below `u32::MAX`.
fn count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}
