//! A role made ready to decide: per collection, what it allows on any record and on the actor's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::{Role, Rule};
use crate::model::{Action, FieldSet};

/// One role.
#[derive(Debug, Clone)]
pub(super) struct Table {
    rule: Arc<str>,
    role: Role,
    named: BTreeMap<String, Standing>,
    /// For collections that no grant names.
    rest: Option<Standing>,
}

/// What grants for every record allow, and what all grants allow.
#[derive(Debug, Clone)]
struct Standing {
    any: Rights,
    own: Rights,
}

/// What a set of grants allows in one collection.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    pub(super) rule: Arc<str>,
    pub(super) create: Option<FieldSet>,
    pub(super) read: Option<FieldSet>,
    pub(super) update: Option<FieldSet>,
    pub(super) delete: bool,
}

impl Table {
    pub(super) fn new(name: &str, role: Role) -> Self {
        let mut named = BTreeMap::new();
        for collection in role.rules().iter().filter_map(|rule| rule.collection.as_ref()) {
            if !named.contains_key(collection) {
                named.insert(collection.clone(), Standing::new(name, Some(collection), role.rules()));
            }
        }
        let everywhere = role.rules().iter().any(|rule| rule.collection.is_none());
        let rest = everywhere.then(|| Standing::new(name, None, role.rules()));
        Self { rule: format!("{name}: administer").into(), role, named, rest }
    }

    pub(super) fn administers(&self) -> bool {
        self.role.administers()
    }

    /// The rule of administration.
    pub(super) const fn rule(&self) -> &Arc<str> {
        &self.rule
    }

    /// What the role allows in a collection, on the actor's own records or on any.
    pub(super) fn rights(&self, collection: &str, own: bool) -> Option<&Rights> {
        let standing = self.named.get(collection).or(self.rest.as_ref())?;
        Some(if own { &standing.own } else { &standing.any })
    }

    /// What it was made of.
    pub(super) const fn role(&self) -> &Role {
        &self.role
    }
}

impl Standing {
    fn new(role: &str, collection: Option<&String>, rules: &[Rule]) -> Self {
        let text: Arc<str> = match collection {
            Some(collection) => format!("{role} on {collection}").into(),
            None => format!("{role} on any").into(),
        };
        let none = Rights { rule: text, create: None, read: None, update: None, delete: false };
        let mut standing = Self { any: none.clone(), own: none };
        for rule in rules.iter().filter(|rule| rule.collection.is_none() || rule.collection.as_ref() == collection) {
            standing.own.add(rule);
            if !rule.own_only {
                standing.any.add(rule);
            }
        }
        standing
    }
}

impl Rights {
    pub(super) const fn allow(&self, action: Action) -> bool {
        match action {
            Action::Create => self.create.is_some(),
            Action::Read | Action::List | Action::Search => self.read.is_some(),
            Action::Update => self.update.is_some(),
            Action::Delete => self.delete,
            _ => false,
        }
    }

    /// The fields that an act may write.
    pub(super) const fn writes(&self, action: Action) -> Option<&FieldSet> {
        match action {
            Action::Create => self.create.as_ref(),
            Action::Update => self.update.as_ref(),
            _ => None,
        }
    }

    fn add(&mut self, rule: &Rule) {
        super::add(&mut self.create, rule.create.as_ref());
        super::add(&mut self.read, rule.read.as_ref());
        super::add(&mut self.update, rule.update.as_ref());
        self.delete |= rule.delete;
    }
}
