//! Policies in the order of their text, each with its terms, and what they name.
//!
//! Guarantees: acts and types that don't exist are told, because a policy that names them never applies.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Effect, Entity, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint,
};

use super::annotations::{self, Terms};
use super::names::{GROUPS, NAMESPACE, TYPES, Types};
use super::text::{code, did_you_mean, place};
use crate::model::Action;

/// One policy.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) acts: Vec<Action>,
    pub(super) terms: Terms,
    pub(super) policy: Policy,
}

/// The names that policies may use.
pub(super) struct Known<'a> {
    pub(super) types: &'a Types,
    pub(super) acts: &'a BTreeMap<Action, Entity>,
}

impl Known<'_> {
    /// Says what is wrong with a type's name, if it looks like one of ours.
    fn fault_of_type(&self, name: &EntityTypeName) -> Option<String> {
        let (space, base) = (name.namespace(), name.basename());
        if space == NAMESPACE && !TYPES.contains(&base) {
            let close = did_you_mean(base, TYPES.iter().copied());
            return Some(format!("there is no type `{name}`{close}"));
        }
        (space.is_empty() && TYPES.contains(&base))
            .then(|| format!("`{name}` is no type that Strongroom tells of: write `{NAMESPACE}::{base}`"))
    }

    fn fault(&self, uid: &EntityUid) -> Option<String> {
        self.fault_of_type(uid.type_name()).or_else(|| {
            if *uid.type_name() != self.types.action || self.members(uid).next().is_some() {
                return None;
            }
            let id = uid.id().unescaped();
            let names = Action::ALL.iter().map(|act| act.name()).chain(GROUPS.iter().copied());
            Some(format!("there is no act `{id}`{}", did_you_mean(id, names)))
        })
    }

    /// Returns the acts that are this one, or in this group.
    fn members<'a>(&'a self, uid: &'a EntityUid) -> impl Iterator<Item = Action> + 'a {
        self.acts
            .iter()
            .filter(move |(_, entity)| entity.uid() == *uid || (*entity).clone().into_inner().2.contains(uid))
            .map(|(act, _)| *act)
    }

    fn acts(&self, policy: &Policy) -> Vec<Action> {
        let named = match policy.action_constraint() {
            ActionConstraint::Any => return Action::ALL.to_vec(),
            ActionConstraint::Eq(uid) => vec![uid],
            ActionConstraint::In(uids) => uids,
        };
        let acts: BTreeSet<Action> = named.iter().flat_map(|uid| self.members(uid)).collect();
        acts.into_iter().collect()
    }
}

/// Returns the policies in the order of the text, and all mistakes in them.
pub(super) fn rules(text: &str, set: &PolicySet, known: &Known<'_>) -> (Vec<Rule>, Vec<String>) {
    let mut faults: Vec<String> = set
        .templates()
        .map(|template| {
            format!("the Cedar policies: `{}` is a template, which nothing fills in: name who and what", template.id())
        })
        .collect();
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| number(policy.id()));
    let mut rules: Vec<Rule> = Vec::with_capacity(policies.len());
    let mut names = HashSet::new();
    let mut from = 0;
    for policy in policies {
        // The parser keeps each policy's own text, so it is found again, behind the one before it.
        let own = policy.to_cedar().unwrap_or_default();
        let begin = text.get(from..).and_then(|rest| rest.find(&own)).map_or(from, |at| from.saturating_add(at));
        from = begin.saturating_add(own.len());
        let name = policy.annotation("id").unwrap_or_else(|| policy.id().as_ref()).to_owned();
        let mut fault = |annotation: Option<&str>, why: &str| {
            let inner = annotation.and_then(|key| own.find(&format!("@{key}"))).unwrap_or(0);
            let place = place(text, begin.saturating_add(inner));
            let what = annotation.map_or_else(String::new, |key| format!("`@{key}` "));
            faults.push(format!("the Cedar policies, {place}: policy `{name}`: {what}{why}"));
        };
        if name.trim().is_empty() {
            fault(Some("id"), "has no value: the journal names the rule by it");
        }
        if !names.insert(name.clone()) {
            fault(None, "another policy has this name: give each an `@id(\"...\")` of its own");
        }
        for why in named(policy, &own, known) {
            fault(None, &why);
        }
        let acts = known.acts(policy);
        let terms = match policy.effect() {
            Effect::Permit => annotations::permit(&name, &acts, policy.annotations()),
            Effect::Forbid => annotations::forbid(&name, policy.annotations()),
        };
        match terms {
            Ok(terms) => rules.push(Rule { name, acts, terms, policy: policy.clone() }),
            Err(wrong) => wrong.iter().for_each(|(key, why)| fault(key.as_deref(), why)),
        }
    }
    (rules, faults)
}

/// Says what is wrong with the entities, acts and types that a policy names. Cedar compares with whatever is named, so a
/// misspelt forbid would forbid nothing.
fn named(policy: &Policy, own: &str, known: &Known<'_>) -> BTreeSet<String> {
    let mut literals = policy.entity_literals();
    match policy.action_constraint() {
        ActionConstraint::Any => {}
        ActionConstraint::Eq(uid) => literals.push(uid),
        ActionConstraint::In(uids) => literals.extend(uids),
    }
    let mut types = Vec::new();
    match policy.principal_constraint() {
        PrincipalConstraint::Any => {}
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) => literals.push(uid),
        PrincipalConstraint::Is(kind) => types.push(kind),
        PrincipalConstraint::IsIn(kind, uid) => {
            types.push(kind);
            literals.push(uid);
        }
    }
    match policy.resource_constraint() {
        ResourceConstraint::Any => {}
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) => literals.push(uid),
        ResourceConstraint::Is(kind) => types.push(kind),
        ResourceConstraint::IsIn(kind, uid) => {
            types.push(kind);
            literals.push(uid);
        }
    }
    types.extend(tested(own));
    let of_literals = literals.iter().filter_map(|uid| known.fault(uid));
    of_literals.chain(types.iter().filter_map(|kind| known.fault_of_type(kind))).collect()
}

/// Returns the types that conditions test for with `is`, a reserved word. They are no literals.
fn tested(own: &str) -> Vec<EntityTypeName> {
    let code = code(own);
    let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').filter(|word| !word.is_empty());
    let mut types = Vec::new();
    while let Some(word) = words.next() {
        if word == "is" {
            types.extend(words.next().and_then(|name| EntityTypeName::from_str(name).ok()));
        }
    }
    types
}

/// Returns the policy's number: the parser numbers policies in the order of the text: `policy0`, `policy1`, ...
fn number(id: &PolicyId) -> usize {
    let id: &str = id.as_ref();
    id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(usize::MAX)
}
