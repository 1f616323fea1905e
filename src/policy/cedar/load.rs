//! From texts to what decides: policies, their terms, entities that stay, acts and their groups.
//!
//! Guarantees: what loads is complete; every mistake is told with its line and column.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    ActionConstraint, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    PrincipalConstraint, ResourceConstraint, Schema, ValidationMode, ValidationWarning, Validator,
};

use super::annotations::{self, Terms};
use super::limits;
use super::text::{did_you_mean, place};
use super::{Texts, VIEW};
use crate::model::Action;
use crate::policy::PolicyError;

/// The namespace of everything that comes from Strongroom.
const NAMESPACE: &str = "Strongroom";
/// Its types.
const TYPES: &[&str] = &["Actor", "Role", "Group", "Record", "Collection", "Vault", "Action"];
const ADMINISTER: &str = "administer";
const GROUPS: &[&str] = &["view", ADMINISTER];

/// What the texts say.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) set: PolicySet,
    /// In the order of the text.
    pub(super) rules: Vec<Rule>,
    pub(super) index: HashMap<PolicyId, usize>,
    pub(super) base: Entities,
    /// The groups and roles that the host's entities put an actor in.
    pub(super) parents: HashMap<String, HashSet<EntityUid>>,
    pub(super) acts: BTreeMap<Action, Entity>,
    pub(super) types: Types,
    /// The roles that policies and entities name.
    pub(super) roles: BTreeSet<String>,
}

/// One policy.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) acts: Vec<Action>,
    pub(super) terms: Terms,
    pub(super) policy: Policy,
}

/// The types of a request's entities.
#[derive(Clone)]
pub(super) struct Types {
    pub(super) actor: EntityTypeName,
    pub(super) role: EntityTypeName,
    pub(super) record: EntityTypeName,
    pub(super) collection: EntityTypeName,
    pub(super) vault: EntityTypeName,
    pub(super) action: EntityTypeName,
}

impl Types {
    fn new() -> Result<Self, PolicyError> {
        let named = |name: &str| EntityTypeName::from_str(&format!("{NAMESPACE}::{name}")).map_err(PolicyError::new);
        Ok(Self {
            actor: named("Actor")?,
            role: named("Role")?,
            record: named("Record")?,
            collection: named("Collection")?,
            vault: named("Vault")?,
            action: named("Action")?,
        })
    }
}

pub(super) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// # Errors
/// Every mistake found in the first text that has any, in one text.
pub(super) fn load(texts: &Texts) -> Result<Loaded, PolicyError> {
    let types = Types::new()?;
    limits::policies(&texts.policies)?;
    let set = PolicySet::from_str(&texts.policies)
        .map_err(|errors| PolicyError::new(located("the Cedar policies", &texts.policies, &(&errors).into())))?;
    let schema = texts.schema.as_deref().map(schema).transpose()?;
    let acts = acts(&types, schema.as_ref())?;
    let (base, parents) = entities(texts.entities.as_deref(), &types)?;

    let known = Known { types: &types, acts: &acts };
    let (rules, faults) = rules(&texts.policies, &set, &known);
    if !faults.is_empty() {
        return Err(PolicyError::new(faults.join("; ")));
    }
    if let Some(schema) = schema {
        validate(&texts.policies, &set, schema, &rules)?;
    }
    let index = rules.iter().enumerate().map(|(at, rule)| (rule.policy.id().clone(), at)).collect();
    let literals = rules.iter().flat_map(|rule| rule.policy.entity_literals());
    let roles = literals
        .chain(base.iter().map(Entity::uid))
        .filter(|uid| *uid.type_name() == types.role)
        .map(|uid| uid.id().unescaped().to_owned())
        .collect();
    Ok(Loaded { set, rules, index, base, parents, acts, types, roles })
}

/// A set of this policy and no other.
///
/// # Errors
/// The set's, which a policy that was loaded doesn't have.
pub(super) fn alone(rule: &Rule) -> Result<PolicySet, PolicyError> {
    PolicySet::from_policies([rule.policy.clone()]).map_err(PolicyError::new)
}

/// The version of the language, which is part of what a text means.
pub(super) fn language() -> String {
    cedar_policy::get_lang_version().to_string()
}

fn schema(text: &str) -> Result<Schema, PolicyError> {
    limits::schema(text)?;
    match Schema::from_cedarschema_str(text) {
        Ok((schema, _)) => Ok(schema),
        Err(error) => Err(PolicyError::new(located("the Cedar schema", text, &(&error).into()))),
    }
}

/// Every act with its groups: the schema's, or those that the shipped schema has.
fn acts(types: &Types, schema: Option<&Schema>) -> Result<BTreeMap<Action, Entity>, PolicyError> {
    let theirs = schema.map(Schema::action_entities).transpose().map_err(PolicyError::new)?;
    Ok(Action::ALL
        .iter()
        .map(|act| {
            let id = uid(&types.action, act.name());
            let entity = match &theirs {
                Some(theirs) => theirs.get(&id).cloned(),
                None => {
                    let group =
                        if act.is_administration() { Some(ADMINISTER) } else { VIEW.contains(act).then_some("view") };
                    let groups = group.map(|group| uid(&types.action, group)).into_iter().collect();
                    Some(Entity::new_no_attrs(id.clone(), groups))
                }
            };
            (*act, entity.unwrap_or_else(|| Entity::new_no_attrs(id, HashSet::new())))
        })
        .collect())
}

type Base = (Entities, HashMap<String, HashSet<EntityUid>>);

fn entities(json: Option<&str>, types: &Types) -> Result<Base, PolicyError> {
    let Some(json) = json else { return Ok((Entities::empty(), HashMap::new())) };
    limits::entities(json)?;
    let entities = Entities::from_json_str(json, None)
        .map_err(|error| PolicyError::new(located("the Cedar entities", json, &(&error).into())))?;
    let mut parents = HashMap::new();
    for entity in entities.iter() {
        let (uid, attributes, above) = entity.clone().into_inner();
        let kind = uid.type_name();
        if [&types.record, &types.vault, &types.action].contains(&kind) {
            let why = format!("the Cedar entities: `{uid}` comes with each act: leave it out");
            return Err(PolicyError::new(why));
        }
        if *kind == types.actor {
            if !attributes.is_empty() {
                let why = format!(
                    "the Cedar entities: `{uid}` has attributes, which come with each act, from `Actor::attribute`: say its \
                     parents only"
                );
                return Err(PolicyError::new(why));
            }
            parents.insert(uid.id().unescaped().to_owned(), above);
        }
    }
    Ok((entities, parents))
}

/// What policies may name.
struct Known<'a> {
    types: &'a Types,
    acts: &'a BTreeMap<Action, Entity>,
}

impl Known<'_> {
    /// What is wrong with a type's name, if it looks like one of ours.
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

    /// The acts that are this one, or in this group.
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

/// The policies in the order of the text, and all mistakes in them.
fn rules(text: &str, set: &PolicySet, known: &Known<'_>) -> (Vec<Rule>, Vec<String>) {
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
        for why in named(policy, known) {
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

/// What is wrong with the entities, acts and types that a policy names. Cedar compares with whatever is named, so a
/// misspelt forbid would forbid nothing.
fn named(policy: &Policy, known: &Known<'_>) -> BTreeSet<String> {
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
    let of_literals = literals.iter().filter_map(|uid| known.fault(uid));
    of_literals.chain(types.iter().filter_map(|kind| known.fault_of_type(kind))).collect()
}

/// The parser numbers policies in the order of the text: `policy0`, `policy1`, ...
fn number(id: &PolicyId) -> usize {
    let id: &str = id.as_ref();
    id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(usize::MAX)
}

/// Checks the policies against the schema.
fn validate(text: &str, set: &PolicySet, schema: Schema, rules: &[Rule]) -> Result<(), PolicyError> {
    let result = Validator::new(schema).validate(set, ValidationMode::Strict);
    // Of warnings only those that say that a policy never applies: the others are about scripts in names.
    let never = result.validation_warnings().filter(|warning| {
        matches!(warning, ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_))
    });
    let errors = result.validation_errors().map(|error| (error.policy_id(), DetailedError::from(error)));
    let mut faults: Vec<String> = errors
        .chain(never.map(|warning| (warning.policy_id(), DetailedError::from(warning))))
        .map(|(id, mut error)| {
            // The message names the policy by its number; its author knows it by its own name.
            let name = rules.iter().find(|rule| rule.policy.id() == id).map_or(id.as_ref(), |rule| rule.name.as_str());
            error.message = error.message.replace(&format!("for policy `{id}`, "), &format!("policy `{name}`: "));
            located("the Cedar policies", text, &error)
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_unstable();
    faults.dedup();
    faults.push("the schema says what there is: correct the policy, or declare it there".to_owned());
    Err(PolicyError::new(faults.join("; ")))
}

/// The parser's words with the place they are about.
fn located(what: &str, text: &str, error: &DetailedError) -> String {
    let one = |error: &DetailedError| {
        let at = error.source_locations.first().map(|label| place(text, label.loc.start));
        let label = error.source_locations.first().and_then(|label| label.label.as_ref());
        let place = at.map_or_else(String::new, |at| format!(", {at}"));
        let more: String = label.into_iter().chain(&error.help).map(|more| format!(" ({more})")).collect();
        format!("{what}{place}: {}{more}", error.message)
    };
    std::iter::once(error).chain(&error.related).map(one).collect::<Vec<_>>().join("; ")
}
