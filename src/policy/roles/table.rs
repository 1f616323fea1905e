//! A role made ready to decide: what it and all it inherits allow, per collection, on any record and on the actor's own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::{Role, Rule};
use crate::model::{Action, FieldSet};
use crate::policy::acts::Acts;

/// One role.
#[derive(Debug, Clone)]
pub(super) struct Table {
    acts: Acts,
    /// The rules of these acts, for the journal.
    act_rules: Vec<(Action, Arc<str>)>,
    named: BTreeMap<String, Standing>,
    /// For collections that no grant names.
    rest: Option<Standing>,
    /// The roles that are kept apart and that it holds: the set's number, and the role's in it.
    pub(super) duties: Vec<(usize, usize)>,
    /// The roles it is made of, itself among them.
    pub(super) held: BTreeSet<String>,
}

/// The rights by grants for every record, and by all grants.
#[derive(Debug, Clone)]
struct Standing {
    any: Rights,
    own: Rights,
}

/// The rights by a set of grants in one collection.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    pub(super) rule: Arc<str>,
    pub(super) acts: Acts,
    create: FieldSet,
    read: FieldSet,
    update: FieldSet,
    unmask: FieldSet,
}

impl Table {
    /// Makes a role's table. `held` are the roles that it is made of.
    pub(super) fn new(
        name: &str,
        held: &BTreeSet<&str>,
        roles: &BTreeMap<String, Role>,
        duties: &[BTreeSet<String>],
    ) -> Self {
        let parts: Vec<&Role> = held.iter().filter_map(|part| roles.get(*part)).collect();
        let acts = parts.iter().fold(Acts::none(), |acts, role| acts.union(role.acts));
        let rules: Vec<&Rule> = parts.iter().flat_map(|role| &role.rules).collect();
        let collections: BTreeSet<&String> = rules.iter().filter_map(|rule| rule.collection.as_ref()).collect();
        let everywhere = rules.iter().any(|rule| rule.collection.is_none());
        let united = |(number, set): (usize, &BTreeSet<String>)| -> Vec<(usize, usize)> {
            let members = set.iter().enumerate().filter(|(_, role)| held.contains(role.as_str()));
            members.map(|(member, _)| (number, member)).collect()
        };
        Self {
            acts,
            act_rules: acts.iter().map(|action| (action, format!("{name}: {action}").into())).collect(),
            named: collections
                .into_iter()
                .map(|collection| (collection.clone(), Standing::new(name, Some(collection), &rules)))
                .collect(),
            rest: everywhere.then(|| Standing::new(name, None, &rules)),
            duties: duties.iter().enumerate().flat_map(united).collect(),
            held: held.iter().map(|&part| part.to_owned()).collect(),
        }
    }

    /// Returns the rule by which the role may do an act that isn't about records.
    pub(super) fn may(&self, action: Action) -> Option<&Arc<str>> {
        if !self.acts.contains(action) {
            return None;
        }
        self.act_rules.iter().find(|(act, _)| *act == action).map(|(_, rule)| rule)
    }

    /// Tells whether a grant allows to approve: in this collection, or without one in any.
    #[cfg(feature = "policy-file")]
    pub(super) fn approves(&self, collection: Option<&str>) -> bool {
        let approves = |standing: &Standing| standing.own.acts.contains(Action::Approve);
        match collection {
            Some(name) => self.named.get(name).or(self.rest.as_ref()).is_some_and(approves),
            None => self.named.values().chain(&self.rest).any(approves),
        }
    }

    /// Returns what the role allows in a collection, on the actor's own records or on any.
    pub(super) fn rights(&self, collection: &str, own: bool) -> Option<&Rights> {
        let standing = self.named.get(collection).or(self.rest.as_ref())?;
        Some(if own { &standing.own } else { &standing.any })
    }
}

impl Standing {
    fn new(role: &str, collection: Option<&String>, rules: &[&Rule]) -> Self {
        let text: Arc<str> = match collection {
            Some(collection) => format!("{role} on {collection}").into(),
            None => format!("{role} on any").into(),
        };
        let none = FieldSet::none;
        let nothing =
            Rights { rule: text, acts: Acts::none(), create: none(), read: none(), update: none(), unmask: none() };
        let mut standing = Self { any: nothing.clone(), own: nothing };
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
    /// Returns the fields that an act shows, as far as these grants go.
    pub(super) const fn shows(&self, action: Action) -> Option<&FieldSet> {
        match action {
            Action::Read | Action::List | Action::Search | Action::Count | Action::Export | Action::Update => {
                Some(&self.read)
            }
            Action::Unmask => Some(&self.unmask),
            _ => None,
        }
    }

    /// Returns the fields that an act may write.
    pub(super) const fn writes(&self, action: Action) -> Option<&FieldSet> {
        match action {
            Action::Create => Some(&self.create),
            Action::Update => Some(&self.update),
            _ => None,
        }
    }

    fn add(&mut self, rule: &Rule) {
        self.acts = self.acts.union(rule.allows());
        for (sum, fields) in [
            (&mut self.create, &rule.create),
            (&mut self.read, &rule.read),
            (&mut self.update, &rule.update),
            (&mut self.unmask, &rule.unmask),
        ] {
            if let Some(fields) = fields {
                *sum = sum.union(fields);
            }
        }
    }
}

impl Rule {
    /// Returns every act that it allows. An export needs fields to read besides, from here or elsewhere.
    pub(super) fn allows(&self) -> Acts {
        let of = |set: &Option<FieldSet>, acts: &[Action]| -> Acts {
            acts.iter().copied().filter(|_| set.is_some()).collect()
        };
        self.acts
            .union(of(&self.create, &[Action::Create]))
            .union(of(&self.read, &[Action::Read, Action::List, Action::Search, Action::Count]))
            .union(of(&self.update, &[Action::Update]))
            .union(of(&self.unmask, &[Action::Unmask]))
    }
}
