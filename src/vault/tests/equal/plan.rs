//! Random compositions of the policies that come with the library, as data.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::policy::{
    AccessPolicy, AllOf, AnyOf, BreakGlass, Fallback, Labels, OwnerGrants, Roles, Sharing, StepUp, all_of, any_of,
    fallback, forbid_if,
};
use crate::vault::tests::equal::{FIELDS, KINDS, LABELS, PEOPLE, REGIONS, ROLES};

pub(super) const GROUPS: [&str; 2] = ["g0", "g1"];

pub(super) fn some(names: &[&'static str], bits: u8) -> Vec<&'static str> {
    names.iter().enumerate().filter(|(number, _)| bits & 1 << number != 0).map(|(_, name)| *name).collect()
}

/// A policy, as data.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Grants by role: fields to read, whether records can be exported, whether only own ones.
    Roles(Vec<(usize, u8, bool, bool)>),
    Sharing(Shared),
    OwnerGrants,
    Labels(bool),
    BreakGlass(Box<Plan>, u8),
    /// Forbids rows by label, region or owner.
    Forbid(u8),
    /// Demands a fresh log-in for rows with the label.
    StepUp(usize),
    Composed(u8, Vec<Plan>),
}

#[derive(Debug, Clone)]
pub(super) struct Shared {
    default: u8,
    managers: Vec<(usize, usize)>,
    read_only: bool,
    /// Members of each group.
    members: [u8; 2],
    rules: Vec<(Which, u8)>,
    restrictions: Vec<(Which, u8)>,
}

/// The rows that meet all of these conditions.
#[derive(Debug, Clone)]
pub(super) struct Which {
    group: Option<usize>,
    label: Option<usize>,
    region: Option<usize>,
    kind: Option<usize>,
}

impl Plan {
    pub(super) fn build(&self) -> Box<dyn AccessPolicy> {
        match self {
            Self::Roles(grants) => Box::new(roles(grants)),
            Self::Sharing(shared) => Box::new(shared.build()),
            Self::OwnerGrants => Box::new(OwnerGrants::new().on("rows")),
            Self::Labels(low) => {
                Box::new(Labels::levels(["low", "high"]).unlabelled(if *low { "low" } else { "high" }))
            }
            Self::BreakGlass(inner, roles) => {
                let policy = BreakGlass::new(inner.build()).reviewers(["reviewer"]);
                Box::new(some(&ROLES, roles | 1).into_iter().fold(policy, BreakGlass::role))
            }
            Self::Forbid(bits) => {
                let bits = *bits;
                Box::new(forbid_if("some rows", move |request, _| {
                    request.resource.is_some_and(|row| match bits & 3 {
                        0 => row.has_label(LABELS[usize::from(bits >> 2) % 3]),
                        1 => row.attribute("region") == Some(REGIONS[usize::from(bits >> 2) % 3]),
                        2 => row.attribute("kind") == Some(KINDS[usize::from(bits >> 2) % 2]),
                        _ => row.owner == Some(PEOPLE[usize::from(bits >> 2) % 4]),
                    })
                }))
            }
            Self::StepUp(label) => Box::new(StepUp::new(1, Duration::from_secs(60)).labelled(LABELS[*label])),
            Self::Composed(kind, parts) => {
                let mut parts = parts.iter().map(Self::build);
                let first = parts.next().unwrap();
                match kind {
                    0 => Box::new(parts.fold(all_of(first), AllOf::and)),
                    1 => Box::new(parts.fold(any_of(first), AnyOf::or)),
                    _ => Box::new(parts.fold(fallback(first), Fallback::then)),
                }
            }
        }
    }
}

fn roles(grants: &[(usize, u8, bool, bool)]) -> Roles {
    ROLES.iter().enumerate().fold(Roles::new(), |roles, (number, name)| {
        roles.role(*name, |role| {
            grants.iter().filter(|grant| grant.0 == number).fold(role, |role, (_, fields, export, own)| {
                let grant = role.on("rows").read(some(&FIELDS, *fields));
                let grant = if *export { grant.export() } else { grant };
                if *own { grant.own_only().into() } else { grant.into() }
            })
        })
    })
}

impl Shared {
    fn build(&self) -> Sharing {
        let sharing = Sharing::new().group_attribute("team");
        let sharing = match self.default {
            0 => sharing.public_read("rows"),
            _ => sharing.private("rows"),
        };
        let sharing = if self.read_only { sharing.managers_read_only() } else { sharing };
        // Everybody has at most one manager, with a lower number, so that there is no circle.
        let pairs: BTreeMap<usize, usize> =
            self.managers.iter().filter(|(person, manager)| manager < person).copied().collect();
        let sharing =
            pairs.iter().fold(sharing, |sharing, (person, manager)| sharing.manager(PEOPLE[*person], PEOPLE[*manager]));
        let sharing = GROUPS.iter().zip(self.members).fold(sharing, |sharing, (group, members)| {
            sharing.group(*group, some(&PEOPLE, members).into_iter().chain(["somebody"]))
        });
        let sharing = self.rules.iter().enumerate().fold(sharing, |sharing, (number, (which, to))| {
            sharing.rule(format!("rule {number}"), |rule| {
                let rule = which.group.iter().fold(rule.on("rows"), |rule, group| rule.owned_by_group(GROUPS[*group]));
                let rule = which.label.iter().fold(rule, |rule, label| rule.labelled(LABELS[*label]));
                let rule = which.region.iter().fold(rule, |rule, at| rule.attribute("region", REGIONS[*at]));
                let rule = which.kind.iter().fold(rule, |rule, at| rule.attribute("kind", KINDS[*at]));
                let all = which.is_all() && which.group.is_none();
                let rule = if all { rule.all_records() } else { rule };
                match to & 3 {
                    0 => rule.to_actor(PEOPLE[usize::from(to >> 2) % 4]),
                    1 => rule.to_role(ROLES[usize::from(to >> 2) % 3]),
                    _ => rule.to_group(GROUPS[usize::from(to >> 2) % 2]),
                }
                .read()
            })
        });
        self.restrictions.iter().enumerate().fold(sharing, |sharing, (number, (which, except))| {
            sharing.restrict(format!("restriction {number}"), |rule| {
                let rule = which.label.iter().fold(rule.on("rows"), |rule, label| rule.labelled(LABELS[*label]));
                let rule = which.region.iter().fold(rule, |rule, at| rule.attribute("region", REGIONS[*at]));
                let rule = which.kind.iter().fold(rule, |rule, at| rule.attribute("kind", KINDS[*at]));
                let rule = if which.is_all() { rule.all_records() } else { rule };
                some(&ROLES, *except).into_iter().fold(rule, |rule, role| rule.except_role(role))
            })
        })
    }
}

impl Which {
    /// Tells whether all rows are meant, whoever owns them.
    fn is_all(&self) -> bool {
        self.label.is_none() && self.region.is_none() && self.kind.is_none()
    }
}

fn which() -> impl Strategy<Value = Which> {
    let maybe = |most: usize| prop::option::weighted(0.4, 0..most);
    (maybe(2), maybe(3), maybe(3), maybe(2)).prop_map(|(group, label, region, kind)| Which {
        group,
        label,
        region,
        kind,
    })
}

fn shared() -> impl Strategy<Value = Shared> {
    let rules = prop::collection::vec((which(), any::<u8>()), 0..3);
    let restrictions = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec((which(), 0..8u8), 1..2)];
    let managers = prop::collection::vec((0..4usize, 0..4usize), 0..5);
    (0..5u8, managers, any::<bool>(), any::<[u8; 2]>(), rules, restrictions).prop_map(
        |(default, managers, read_only, members, rules, restrictions)| Shared {
            default,
            managers,
            read_only,
            members,
            rules,
            restrictions,
        },
    )
}

fn granting() -> impl Strategy<Value = Plan> {
    let grant = (0..3usize, 1..16u8, prop::bool::weighted(0.7), any::<bool>());
    prop_oneof![
        2 => prop::collection::vec(grant, 1..6).prop_map(Plan::Roles),
        3 => shared().prop_map(Plan::Sharing),
        1 => Just(Plan::OwnerGrants),
    ]
}

fn limiting() -> impl Strategy<Value = Plan> {
    prop_oneof![
        any::<bool>().prop_map(Plan::Labels),
        any::<u8>().prop_map(Plan::Forbid),
        (0..3usize).prop_map(Plan::StepUp),
    ]
}

/// Returns a strategy of compositions that aren't too deep.
pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let leaf = prop_oneof![5 => granting(), 2 => limiting()];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            4 => (0..3u8, prop::collection::vec(inner.clone(), 1..4)).prop_map(|(kind, parts)| Plan::Composed(kind, parts)),
            1 => (inner, 0..8u8).prop_map(|(inner, roles)| Plan::BreakGlass(Box::new(inner), roles)),
        ]
    })
}
