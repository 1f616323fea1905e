//! Random sharing, and a plain reading of what it says.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

pub(super) const PEOPLE: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];
pub(super) const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
pub(super) const ROLES: [&str; 2] = ["r0", "r1"];
pub(super) const LABELS: [&str; 2] = ["l0", "l1"];
pub(super) const VALUES: [&str; 2] = ["v0", "v1"];
pub(super) const PLACES: [&str; 2] = ["customers", "orders"];

#[derive(Debug, Clone)]
pub(super) struct Which {
    /// `None` is every collection.
    pub(super) on: Option<&'static str>,
    pub(super) group: Option<&'static str>,
    pub(super) label: Option<&'static str>,
    pub(super) value: Option<&'static str>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Actor(&'static str),
    Role(&'static str),
    Group(&'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) defaults: Vec<(&'static str, Option<Access>)>,
    /// Somebody, and who manages them.
    pub(super) managers: Vec<(usize, usize)>,
    pub(super) read_only: bool,
    pub(super) members: Vec<(&'static str, &'static str)>,
    pub(super) rules: Vec<(Which, Who, Access)>,
    pub(super) restrictions: Vec<(Which, Vec<Who>)>,
    pub(super) shares: Vec<(&'static str, u8, Who, Access)>,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: u8,
    pub(super) owner: Option<&'static str>,
    pub(super) labels: Vec<String>,
    pub(super) attributes: Vec<(String, String)>,
}

impl Said {
    pub(super) fn policy(&self) -> Sharing {
        let mut policy = Sharing::new().group_attribute("team");
        for (on, access) in &self.defaults {
            policy = match access {
                None => policy.private(*on),
                Some(Access::Read) => policy.public_read(*on),
                Some(Access::Write) => policy.public_write(*on),
            };
        }
        for (person, manager) in &self.managers {
            policy = policy.manager(PEOPLE[*person], PEOPLE[*manager]);
        }
        if self.read_only {
            policy = policy.managers_read_only();
        }
        for group in GROUPS {
            // Somebody is in each, so that taking others out of it is no fault.
            let members = self.members.iter().filter(|(in_group, _)| *in_group == group).map(|(_, member)| *member);
            policy = policy.group(group, members.chain(["somebody"]));
        }
        for (number, (which, to, access)) in self.rules.iter().enumerate() {
            policy = policy.rule(format!("rule {number}"), |rule| {
                let rule = which.on.map_or(rule.clone().on_any(), |on| rule.on(on));
                let rule = which.group.iter().fold(rule, |rule, group| rule.owned_by_group(*group));
                let rule = which.label.iter().fold(rule, |rule, label| rule.labelled(*label));
                let rule = which.value.iter().fold(rule, |rule, value| rule.attribute("field", *value));
                let rule = if which.is_all() { rule.all_records() } else { rule };
                let rule = match to {
                    Who::Actor(id) => rule.to_actor(*id),
                    Who::Role(role) => rule.to_role(*role),
                    Who::Group(group) => rule.to_group(*group),
                };
                if *access == Access::Read { rule.read() } else { rule.write() }
            });
        }
        for (number, (which, except)) in self.restrictions.iter().enumerate() {
            policy = policy.restrict(format!("restriction {number}"), |rule| {
                let rule = which.on.map_or(rule.clone().on_any(), |on| rule.on(on));
                let rule = which.label.iter().fold(rule, |rule, label| rule.labelled(*label));
                let rule = which.value.iter().fold(rule, |rule, value| rule.attribute("field", *value));
                let rule = if which.label.is_none() && which.value.is_none() { rule.all_records() } else { rule };
                except.iter().fold(rule, |rule, who| match who {
                    Who::Actor(id) => rule.except_actor(*id),
                    Who::Role(role) => rule.except_role(*role),
                    Who::Group(group) => rule.except_group(*group),
                })
            });
        }
        policy.check().unwrap();
        policy
    }

    pub(super) fn facts(&self) -> Remembered {
        self.shares.iter().fold(Remembered::default(), |facts, (on, id, with, access)| {
            let with = match with {
                Who::Actor(id) => format!("actor {id}"),
                Who::Role(role) => format!("role {role}"),
                Who::Group(group) => format!("group {group}"),
            };
            facts.share(on, *id, &with, *access)
        })
    }

    pub(super) fn is(&self, actor: &Actor, who: Who) -> bool {
        match who {
            Who::Actor(id) => actor.id() == id,
            Who::Role(role) => actor.has_role(role),
            Who::Group(group) => {
                self.members.iter().any(|(in_group, member)| *in_group == group && *member == actor.id())
                    || actor.attribute("team") == Some(group)
            }
        }
    }

    pub(super) fn manages(&self, manager: &str, person: &str) -> bool {
        let mut above = person;
        while let Some((_, next)) = self.managers.iter().find(|(below, _)| PEOPLE[*below] == above) {
            above = PEOPLE[*next];
            if above == manager {
                return true;
            }
        }
        false
    }

    pub(super) fn holds(&self, which: &Which, on: &str, row: &Row) -> bool {
        let in_group = |group: &&str| self.members.iter().any(|(g, member)| g == group && Some(*member) == row.owner);
        which.on.is_none_or(|place| place == on)
            && which.group.as_ref().is_none_or(in_group)
            && which.label.is_none_or(|label| row.labels.iter().any(|known| known == label))
            && which.value.is_none_or(|value| row.attributes.iter().any(|(_, known)| known == value))
    }

    /// A plain reading: how much the actor has of a row; 3 is everything. `None` is restricted.
    pub(super) fn reading(&self, actor: &Actor, on: &str, row: &Row) -> Option<u8> {
        let amount = |access: Access| if access == Access::Read { 1 } else { 2 };
        let held = |(which, except): &(Which, Vec<Who>)| {
            self.holds(&Which { group: None, ..which.clone() }, on, row)
                && !except.iter().any(|who| self.is(actor, *who))
        };
        if self.restrictions.iter().any(held) {
            return None;
        }
        let default =
            self.defaults.iter().filter(|(place, _)| *place == on).filter_map(|(_, access)| *access).map(amount);
        let owner = (row.owner == Some(actor.id())).then_some(3);
        let manager = row.owner.is_some_and(|owner| self.manages(actor.id(), owner));
        let manager = manager.then_some(if self.read_only { 1 } else { 3 });
        let rules = self.rules.iter().filter(|(which, to, _)| self.holds(which, on, row) && self.is(actor, *to));
        let shares = self.shares.iter().filter(|(_, id, with, _)| *id == row.id && self.is(actor, *with));
        let rules = rules.map(|rule| amount(rule.2));
        let shares = shares.map(|share| amount(share.3));
        Some(default.chain(owner).chain(manager).chain(rules).chain(shares).max().unwrap_or(0))
    }
}

impl Which {
    pub(super) fn is_all(&self) -> bool {
        self.group.is_none() && self.label.is_none() && self.value.is_none()
    }
}

impl Row {
    pub(super) fn ask<T>(&self, actor: &Actor, action: Action, on: &str, answer: impl FnOnce(&Request<'_>) -> T) -> T {
        let resource = Resource { owner: self.owner, ..Resource::new() };
        let resource = resource.id(record_id(self.id)).labels(&self.labels).attributes(&self.attributes);
        answer(&Request::new(actor, action, Timestamp::from_micros(0)).on(on).resource(&resource))
    }
}

pub(super) fn which() -> impl Strategy<Value = Which> {
    let some = prop::option::of;
    (
        prop::option::weighted(0.8, select(&PLACES[..])),
        some(select(&GROUPS[..])),
        some(select(&LABELS[..])),
        some(select(&VALUES[..])),
    )
        .prop_map(|(on, group, label, value)| Which { on, group, label, value })
}

pub(super) fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        select(&PEOPLE[..]).prop_map(Who::Actor),
        select(&ROLES[..]).prop_map(Who::Role),
        select(&GROUPS[..]).prop_map(Who::Group),
    ]
}

pub(super) fn access() -> impl Strategy<Value = Access> {
    select(&[Access::Read, Access::Write][..])
}

pub(super) fn said() -> impl Strategy<Value = Said> {
    // Everybody's manager comes after them, so nobody manages in a circle.
    let manager =
        |person: usize| prop::option::of(person + 1..PEOPLE.len()).prop_map(move |above| Some((person, above?)));
    let managers = (0..PEOPLE.len() - 1).map(manager).collect::<Vec<_>>();
    let default = prop::option::of(access());
    let defaults =
        prop::option::weighted(0.4, (select(&PLACES[..]), default)).prop_map(|one| one.into_iter().collect());
    let some = |many| 0..many;
    (
        defaults,
        managers.prop_map(|managers| managers.into_iter().flatten().collect()),
        any::<bool>(),
        prop::collection::vec((select(&GROUPS[..]), select(&PEOPLE[..])), some(6)),
        prop::collection::vec((which(), who(), access()), some(4)),
        prop::collection::vec((which(), prop::collection::vec(who(), some(3))), some(2)),
        prop::collection::vec((select(&PLACES[..]), 0..8_u8, who(), access()), some(6)),
    )
        .prop_map(|(defaults, managers, read_only, members, rules, restrictions, mut shares)| {
            // Even records are customers, odd ones orders.
            shares.iter_mut().for_each(|share| share.0 = PLACES[usize::from(share.1) % 2]);
            Said { defaults, managers, read_only, members, rules, restrictions, shares }
        })
}

pub(super) fn some_actor() -> impl Strategy<Value = Actor> {
    (select(&PEOPLE[..]), prop::option::of(select(&ROLES[..])), prop::option::of(select(&GROUPS[..]))).prop_map(
        |(id, role, team)| {
            let actor = role.iter().fold(Actor::new(id), |actor, role| actor.with_role(*role));
            team.iter().fold(actor, |actor, team| actor.with_attribute("team", *team))
        },
    )
}

pub(super) fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0..8_u8,
        prop::option::weighted(0.9, select(&PEOPLE[..])),
        prop::collection::vec(select(&LABELS[..]).prop_map(str::to_owned), 0..2),
        prop::option::of(select(&VALUES[..])),
    );
    let row = row.prop_map(|(id, owner, labels, value)| {
        let attributes = value.map(|value| ("field".to_owned(), value.to_owned())).into_iter().collect();
        Row { id, owner, labels, attributes }
    });
    prop::collection::vec(row, 1..8)
}
