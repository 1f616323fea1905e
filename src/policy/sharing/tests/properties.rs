//! Random sharing, beside a plain reading of what it says.

use proptest::prelude::*;
use proptest::sample::{Index as At, select};

use super::*;
use crate::model::{FieldSet, Grantee};
use crate::policy::{Filter, Looked};

const PEOPLE: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const ROLES: [&str; 2] = ["r0", "r1"];
const LABELS: [&str; 2] = ["l0", "l1"];
const VALUES: [&str; 2] = ["v0", "v1"];
const PLACES: [&str; 2] = ["customers", "orders"];

#[derive(Debug, Clone)]
struct Which {
    /// `None` is every collection.
    on: Option<&'static str>,
    group: Option<&'static str>,
    label: Option<&'static str>,
    value: Option<&'static str>,
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Actor(&'static str),
    Role(&'static str),
    Group(&'static str),
}

#[derive(Debug, Clone)]
struct Said {
    defaults: Vec<(&'static str, Option<Access>)>,
    /// Somebody, and who manages them.
    managers: Vec<(usize, usize)>,
    read_only: bool,
    members: Vec<(&'static str, &'static str)>,
    rules: Vec<(Which, Who, Access)>,
    restrictions: Vec<(Which, Vec<Who>)>,
    shares: Vec<(&'static str, u8, Who, Access)>,
}

#[derive(Debug, Clone)]
struct Row {
    id: u8,
    owner: Option<&'static str>,
    labels: Vec<String>,
    attributes: Vec<(String, String)>,
}

impl Said {
    fn policy(&self) -> Sharing {
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

    fn facts(&self) -> Remembered {
        self.shares.iter().fold(Remembered::default(), |facts, (on, id, with, access)| {
            let with = match with {
                Who::Actor(id) => format!("actor {id}"),
                Who::Role(role) => format!("role {role}"),
                Who::Group(group) => format!("group {group}"),
            };
            facts.share(on, *id, &with, *access)
        })
    }

    fn is(&self, actor: &Actor, who: Who) -> bool {
        match who {
            Who::Actor(id) => actor.id() == id,
            Who::Role(role) => actor.has_role(role),
            Who::Group(group) => {
                self.members.iter().any(|(in_group, member)| *in_group == group && *member == actor.id())
                    || actor.get_attribute("team") == Some(group)
            }
        }
    }

    fn manages(&self, manager: &str, person: &str) -> bool {
        let mut above = person;
        while let Some((_, next)) = self.managers.iter().find(|(below, _)| PEOPLE[*below] == above) {
            above = PEOPLE[*next];
            if above == manager {
                return true;
            }
        }
        false
    }

    fn holds(&self, which: &Which, on: &str, row: &Row) -> bool {
        let in_group = |group: &&str| self.members.iter().any(|(g, member)| g == group && Some(*member) == row.owner);
        which.on.is_none_or(|place| place == on)
            && which.group.as_ref().is_none_or(in_group)
            && which.label.is_none_or(|label| row.labels.iter().any(|known| known == label))
            && which.value.is_none_or(|value| row.attributes.iter().any(|(_, known)| known == value))
    }

    /// A plain reading: how much the actor has of a row; 3 is everything. `None` is restricted.
    fn reading(&self, actor: &Actor, on: &str, row: &Row) -> Option<u8> {
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
    fn is_all(&self) -> bool {
        self.group.is_none() && self.label.is_none() && self.value.is_none()
    }
}

impl Row {
    fn ask<T>(&self, actor: &Actor, action: Action, on: &str, answer: impl FnOnce(&Request<'_>) -> T) -> T {
        let resource = Resource { owner: self.owner, ..Resource::new() };
        let resource = resource.id(record_id(self.id)).labels(&self.labels).attributes(&self.attributes);
        answer(&Request::new(actor, action, Timestamp::from_micros(0)).on(on).resource(&resource))
    }
}

fn which() -> impl Strategy<Value = Which> {
    let some = prop::option::of;
    (
        prop::option::weighted(0.8, select(&PLACES[..])),
        some(select(&GROUPS[..])),
        some(select(&LABELS[..])),
        some(select(&VALUES[..])),
    )
        .prop_map(|(on, group, label, value)| Which { on, group, label, value })
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        select(&PEOPLE[..]).prop_map(Who::Actor),
        select(&ROLES[..]).prop_map(Who::Role),
        select(&GROUPS[..]).prop_map(Who::Group),
    ]
}

fn access() -> impl Strategy<Value = Access> {
    select(&[Access::Read, Access::Write][..])
}

fn said() -> impl Strategy<Value = Said> {
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

fn some_actor() -> impl Strategy<Value = Actor> {
    (select(&PEOPLE[..]), prop::option::of(select(&ROLES[..])), prop::option::of(select(&GROUPS[..]))).prop_map(
        |(id, role, team)| {
            let actor = role.iter().fold(Actor::new(id), |actor, role| actor.role(*role));
            team.iter().fold(actor, |actor, team| actor.attribute("team", *team))
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
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

fn place(row: &Row) -> &'static str {
    PLACES[usize::from(row.id) % 2]
}

fn is_in(scope: &Scope, row: &Row) -> bool {
    match scope {
        Scope::All => true,
        Scope::Nothing | Scope::NoOpinion => false,
        Scope::Any(filters) => filters.iter().any(|filter| match filter {
            Filter::Owner(owner) => row.owner == Some(owner),
            Filter::Attribute { field, value } => row.attributes.contains(&(field.clone(), value.clone())),
            Filter::Record(id) => *id == record_id(row.id),
        }),
    }
}

const ACTS: [(Action, u8); 7] = [
    (Action::Read, 1),
    (Action::List, 1),
    (Action::Export, 1),
    (Action::Unmask, 1),
    (Action::Update, 2),
    (Action::Delete, 3),
    (Action::Transfer, 3),
];

/// All that an actor may do to some rows, in one comparable list.
fn permitted(said: &Said, actor: &Actor, rows: &[Row]) -> Vec<bool> {
    let (policy, facts) = (said.policy(), said.facts());
    let acts = ACTS.iter().map(|act| act.0).chain([Action::Create]);
    let ask = |row: &Row, action| {
        row.ask(actor, action, place(row), |request| policy.decide(request, &facts).unwrap().is_permit())
    };
    let known = acts.flat_map(|action| rows.iter().map(move |row| ask(row, action))).collect::<Vec<_>>();
    let unknown = PLACES.into_iter().flat_map(|on| [Action::Read, Action::Update].map(|action| (on, action)));
    let unknown = unknown.map(|(on, action)| {
        let request = Request::new(actor, action, Timestamp::from_micros(0)).on(on);
        policy.decide(&request, &facts).unwrap().is_permit()
    });
    known.into_iter().chain(unknown).collect()
}

fn narrower(less: &[bool], more: &[bool]) -> bool {
    less.iter().zip(more).all(|(less, more)| more | !less)
}

proptest! {
    #[test]
    fn decision_is_that_of_a_plain_reading_and_its_explanation_agrees(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            let has = said.reading(&actor, place(row), row);
            for (action, asks) in ACTS {
                row.ask(&actor, action, place(row), |request| {
                    let decision = policy.decide(request, &facts).unwrap();
                    assert_eq!(decision.is_permit(), has.is_some_and(|has| has >= asks), "{row:?} {action} {decision:?}");
                    assert_eq!(decision.forbids(), has.is_none());
                    let explanation = policy.explain(request, &facts);
                    let grants = |looked: &&Looked| looked.applied && !looked.rule.starts_with("restriction");
                    assert_eq!(explanation.looked_at.iter().find(grants).is_some(), said_grants(&said, &actor, row, asks));
                    assert_eq!(explanation.missing.is_some(), !decision.is_permit());
                    assert_eq!(explanation.decision.as_ref(), Ok(&decision));
                    if let Decision::Permit(permission) = decision {
                        assert_eq!(permission.write, if asks > 1 { FieldSet::All } else { FieldSet::none() });
                    }
                });
            }
        }
    }

    #[test]
    fn scope_then_decide_equals_decide(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            let request = Request::new(&actor, Action::List, Timestamp::from_micros(0)).on(place(row));
            let scope = policy.scope(&request, &facts).unwrap();
            let shown = row.ask(&actor, Action::List, place(row), |request| policy.decide(request, &facts).unwrap().is_permit());
            prop_assert!(!shown || is_in(&scope, row), "{row:?} isn't in {scope:?}");
        }
    }

    #[test]
    fn what_is_permitted_of_an_unknown_record_is_permitted_of_each(said in said(), actor in some_actor(), rows in rows()) {
        let (policy, facts) = (said.policy(), said.facts());
        for row in &rows {
            for action in [Action::Read, Action::Update, Action::Delete] {
                let request = Request::new(&actor, action, Timestamp::from_micros(0)).on(place(row));
                let unknown = policy.decide(&request, &facts).unwrap();
                let known = row.ask(&actor, action, place(row), |request| policy.decide(request, &facts).unwrap());
                prop_assert!(!unknown.is_permit() || known.is_permit(), "{row:?}");
                prop_assert!(!known.forbids() || unknown.forbids(), "{row:?}");
            }
        }
    }

    #[test]
    fn another_restriction_never_widens(said in said(), which in which(), except in prop::collection::vec(who(), 0..3), actor in some_actor(), rows in rows()) {
        let mut more = said.clone();
        more.restrictions.push((which, except));
        prop_assert!(narrower(&permitted(&more, &actor, &rows), &permitted(&said, &actor, &rows)));
    }

    #[test]
    fn taking_a_grant_away_never_widens(said in said(), at in any::<At>(), actor in some_actor(), rows in rows()) {
        let all = permitted(&said, &actor, &rows);
        let mut fewer = vec![said.clone(); 6];
        let [rules, shares, managers, members, defaults, manage] = &mut fewer[..] else { unreachable!() };
        take(&mut rules.rules, at);
        take(&mut shares.shares, at);
        take(&mut managers.managers, at);
        take(&mut members.members, at);
        take(&mut defaults.defaults, at);
        manage.read_only = true;
        for less in &fewer {
            prop_assert!(narrower(&permitted(less, &actor, &rows), &all), "{less:?}");
        }
    }

    #[test]
    fn order_in_which_it_is_said_never_counts(said in said(), actor in some_actor(), rows in rows()) {
        let mut turned = said.clone();
        turned.managers.reverse();
        turned.members.reverse();
        turned.shares.reverse();
        prop_assert_eq!(turned.policy().version(), said.policy().version());
        turned.rules.reverse();
        turned.restrictions.reverse();
        prop_assert_eq!(permitted(&turned, &actor, &rows), permitted(&said, &actor, &rows));
    }
}

/// Whether anything grants so much, restrictions aside.
fn said_grants(said: &Said, actor: &Actor, row: &Row, asks: u8) -> bool {
    let unrestricted = Said { restrictions: Vec::new(), ..said.clone() };
    unrestricted.reading(actor, place(row), row).is_some_and(|has| has >= asks)
}

fn take<T>(list: &mut Vec<T>, at: At) {
    if !list.is_empty() {
        list.remove(at.index(list.len()));
    }
}

#[test]
fn grantees_are_the_actor_their_groups_and_their_roles() {
    let policy = Sharing::new().group("north", ["anna"]).group("all", ["anna", "ben"]).group_attribute("team");
    let actor = Actor::new("anna").role("sales").attribute("team", "board");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0));
    let asker = policy.index().asker(&request);
    let grantees: Vec<Grantee<'_>> = asker.grantees().collect();
    let groups = ["all", "north", "board"].map(Grantee::Group);
    assert_eq!(grantees, [&[Grantee::Actor("anna")], &groups[..], &[Grantee::Role("sales")]].concat());
}
