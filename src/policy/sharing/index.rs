//! The settings of a sharing, made ready to decide: per collection, its default, its rules and its restrictions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::hierarchy::Hierarchy;
use super::level::Level;
use super::matching::{Asker, Criteria};
use super::rules::{Restriction, SharingRule};
use crate::model::Request;
use crate::policy::PolicyVersion;
use crate::policy::settings::Settings;

/// The settings.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Per collection, what everybody has.
    pub(super) defaults: BTreeMap<String, Option<Level>>,
    pub(super) managers: BTreeMap<String, BTreeSet<String>>,
    pub(super) managers_read_only: bool,
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    pub(super) group_attribute: Option<String>,
    pub(super) rules: BTreeMap<String, SharingRule>,
    pub(super) restrictions: BTreeMap<String, Restriction>,
    /// The mistakes in what was said twice.
    pub(super) faults: Vec<String>,
}

/// The settings, ready.
#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) faults: Vec<String>,
    pub(super) hierarchy: Hierarchy,
    /// The level that a manager has of what their reports own.
    pub(super) managers: Level,
    pub(super) words: Words,
    member_of: HashMap<String, Vec<String>>,
    group_attribute: Option<String>,
    named: HashMap<String, Table>,
    rest: Table,
}

/// Rules of the model itself, as the journal names them.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) owner: Arc<str>,
    pub(super) manager: Arc<str>,
    pub(super) share: Arc<str>,
    pub(super) each: Arc<str>,
    pub(super) no_say: Arc<str>,
}

/// The rules of one collection.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) default: Option<Level>,
    pub(super) default_rule: Arc<str>,
    pub(super) rules: Vec<Arc<Named<SharingRule>>>,
    pub(super) restrictions: Vec<Arc<Named<Restriction>>>,
}

/// A rule and its name.
#[derive(Debug)]
pub(super) struct Named<R> {
    pub(super) name: Arc<str>,
    pub(super) rule: R,
}

impl Index {
    pub(super) fn new(said: &Said) -> Self {
        let (hierarchy, crooked) = Hierarchy::new(&said.managers);
        let mut faults = said.all_faults();
        faults.extend(crooked);
        let mut member_of: HashMap<String, Vec<String>> = HashMap::new();
        for (group, members) in &said.groups {
            for member in members {
                member_of.entry(member.clone()).or_default().push(group.clone());
            }
        }
        let rules: Vec<_> = named(&said.rules).collect();
        let restrictions: Vec<_> = named(&said.restrictions).collect();
        let table = |collection: Option<&str>| Table::new(collection, said, &rules, &restrictions);
        let criteria = said.rules.values().map(|rule| &rule.which).chain(said.restrictions.values().map(|r| &r.which));
        let mentioned: BTreeSet<&String> =
            criteria.flat_map(|which| &which.collections).chain(said.defaults.keys()).collect();
        Self {
            faults,
            hierarchy,
            managers: if said.managers_read_only { Level::Read } else { Level::Full },
            words: Words {
                owner: "owner".into(),
                manager: "manager".into(),
                share: "share".into(),
                each: "sharing: each record by itself".into(),
                no_say: "sharing".into(),
            },
            member_of,
            group_attribute: said.group_attribute.clone(),
            named: mentioned.into_iter().map(|name| (name.clone(), table(Some(name)))).collect(),
            rest: table(None),
        }
    }

    pub(super) fn table(&self, collection: &str) -> &Table {
        self.named.get(collection).unwrap_or(&self.rest)
    }

    pub(super) fn asker<'a>(&'a self, request: &Request<'a>) -> Asker<'a> {
        let by_attribute = self.group_attribute.as_ref().and_then(|name| request.actor.attribute(name));
        Asker { actor: request.actor, listed: self.groups_of(request.actor.id()), by_attribute }
    }

    /// Returns the groups that list this actor.
    pub(super) fn groups_of(&self, actor: &str) -> &[String] {
        self.member_of.get(actor).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Table {
    fn new(
        collection: Option<&str>,
        said: &Said,
        rules: &[Arc<Named<SharingRule>>],
        restrictions: &[Arc<Named<Restriction>>],
    ) -> Self {
        let default = collection.and_then(|name| said.defaults.get(name).copied().flatten());
        let place = collection.unwrap_or("any other collection");
        let public = default.map_or_else(|| "private".to_owned(), |level| format!("public {}", level.name()));
        let here =
            |which: &Criteria| which.everywhere || collection.is_some_and(|name| which.collections.contains(name));
        Self {
            default,
            default_rule: format!("{place}: {public}").into(),
            rules: rules.iter().filter(|named| here(&named.rule.which)).cloned().collect(),
            restrictions: restrictions.iter().filter(|named| here(&named.rule.which)).cloned().collect(),
        }
    }
}

fn named<R: Clone>(rules: &BTreeMap<String, R>) -> impl Iterator<Item = Arc<Named<R>>> {
    rules.iter().map(|(name, rule)| Arc::new(Named { name: name.as_str().into(), rule: rule.clone() }))
}

impl Said {
    /// Returns the members of all these groups at once.
    pub(super) fn in_all<'a>(&'a self, groups: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        let first = groups.first().and_then(|group| self.groups.get(group));
        let in_group = |member: &String, group: &String| self.groups.get(group).is_some_and(|all| all.contains(member));
        first.into_iter().flatten().filter(move |member| groups.iter().all(|group| in_group(member, group)))
    }

    /// Notes a name that a rule or a restriction has already.
    pub(super) fn name(&mut self, name: &str) {
        if name.trim().is_empty() {
            self.faults.push("a rule or a restriction has no name: the journal tells it".to_owned());
        }
        if self.rules.contains_key(name) || self.restrictions.contains_key(name) {
            self.faults.push(format!("the name `{name}` is said twice: give each rule and restriction its own"));
        }
    }

    pub(super) fn roles(&self) -> Vec<String> {
        let to = self.rules.values().flat_map(|rule| &rule.to.roles);
        let except = self.restrictions.values().flat_map(|restriction| &restriction.except.roles);
        to.chain(except).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn all_faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        if self.defaults.keys().any(|name| name.trim().is_empty()) {
            faults.push("a default is for a collection without a name: those without a default are private".to_owned());
        }
        for (group, members) in &self.groups {
            if group.trim().is_empty() {
                faults.push("a group has no name: name it".to_owned());
            }
            if members.is_empty() {
                faults.push(format!("the group `{group}` has no members: list them, or leave the group out"));
            }
            if members.iter().any(|member| member.trim().is_empty()) {
                faults.push(format!("the group `{group}` has a member without an id: name them"));
            }
        }
        if self.group_attribute.as_ref().is_some_and(|name| name.trim().is_empty()) {
            faults.push("the attribute that names an actor's group has no name: name it".to_owned());
        }
        let listed: Vec<&str> = self.groups.keys().map(String::as_str).collect();
        let listed = if listed.is_empty() { "none".to_owned() } else { format!("`{}`", listed.join("`, `")) };
        let unlisted = |groups: &BTreeSet<String>| -> Vec<String> {
            groups.iter().filter(|group| !self.groups.contains_key(*group)).cloned().collect()
        };
        for (name, rule) in &self.rules {
            faults.extend(rule.faults(name));
            faults.extend(unlisted(&rule.which.groups).iter().map(|group| {
                format!(
                    "rule `{name}` is about the records of the group `{group}`, which lists nobody (listed: {listed}): \
                     list its members with `group`"
                )
            }));
        }
        for (name, restriction) in &self.restrictions {
            faults.extend(restriction.faults(name));
        }
        let people = self.rules.iter().map(|(name, rule)| (name, &rule.to));
        let excepted = self.restrictions.iter().map(|(name, restriction)| (name, &restriction.except));
        for (name, people) in people.chain(excepted).filter(|_| self.group_attribute.is_none()) {
            faults.extend(unlisted(&people.groups).iter().map(|group| {
                format!(
                    "`{name}` names the group `{group}`, in which nobody is (listed: {listed}): list its members with \
                     `group`, or say with `group_attribute` which attribute of an actor names their group"
                )
            }));
        }
        faults
    }

    /// Returns SHA-256 of the settings in one fixed form. A collection that is private by name is as one without a default.
    pub(super) fn version(&self, faulty: bool) -> PolicyVersion {
        let mut out = Settings::of("sharing");
        out.flag(faulty);
        out.flag(self.managers_read_only);
        out.text(self.group_attribute.as_deref().unwrap_or_default());
        let public = self.defaults.iter().filter_map(|(name, level)| level.map(|level| (name, level)));
        out.number(public.clone().count());
        for (name, level) in public {
            out.text(name);
            out.text(level.name());
        }
        for sets in [&self.managers, &self.groups] {
            out.number(sets.len());
            for (name, set) in sets {
                out.text(name);
                out.list(set);
            }
        }
        let which = |out: &mut Settings, which: &Criteria| {
            out.flag(which.everywhere);
            out.flag(which.all_records);
            [&which.collections, &which.groups, &which.labels].into_iter().for_each(|set| out.list(set));
            out.number(which.attributes.len());
            for (field, value) in &which.attributes {
                out.text(field);
                out.text(value);
            }
        };
        out.number(self.rules.len());
        for (name, rule) in &self.rules {
            out.text(name);
            which(&mut out, &rule.which);
            [&rule.to.actors, &rule.to.roles, &rule.to.groups].into_iter().for_each(|set| out.list(set));
            out.text(rule.level.map_or("", Level::name));
        }
        out.number(self.restrictions.len());
        for (name, restriction) in &self.restrictions {
            out.text(name);
            which(&mut out, &restriction.which);
            let except = &restriction.except;
            [&except.actors, &except.roles, &except.groups].into_iter().for_each(|set| out.list(set));
        }
        out.version()
    }
}
