//! Roles as bytes, in one form for all ways of saying the same grants. For the policy's version.
//!
//! Layout: `faulty u8 ‖ count u32 ‖` per role, by name: `name ‖ administer u8 ‖ count u32 ‖` its grants, as sorted bytes,
//! each once. A grant: `collection (0, or 1 ‖ name) ‖ create ‖ read ‖ update ‖ delete u8 ‖ own only u8`. A set of fields:
//! 0 none allowed, 1 all, 2 ‖ `count u32 ‖` names, sorted. Names are UTF-8 behind a u32 length; integers big-endian.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Rule;
use super::table::Table;
use crate::model::FieldSet;
use crate::policy::PolicyVersion;

pub(super) fn version(roles: &BTreeMap<String, Table>, faulty: bool) -> PolicyVersion {
    let mut out = vec![u8::from(faulty)];
    count(&mut out, roles.len());
    for (name, table) in roles {
        text(&mut out, name);
        out.push(u8::from(table.administers()));
        let rules: BTreeSet<Vec<u8>> = table.role().rules().iter().map(rule).collect();
        count(&mut out, rules.len());
        rules.iter().for_each(|rule| out.extend_from_slice(rule));
    }
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
    for set in [&rule.create, &rule.read, &rule.update] {
        match set {
            None => out.push(0),
            Some(FieldSet::All) => out.push(1),
            Some(FieldSet::Only(names)) => {
                out.push(2);
                count(&mut out, names.iter().count());
                names.iter().for_each(|name| text(&mut out, name));
            }
        }
    }
    out.extend_from_slice(&[u8::from(rule.delete), u8::from(rule.own_only)]);
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Lists and names in a policy are far below `u32::MAX`.
fn count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}
