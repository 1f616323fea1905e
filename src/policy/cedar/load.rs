//! From texts to what decides: policies, their terms, entities that stay, acts and their groups.
//!
//! Guarantees: what loads is complete; every mistake is told with its line and column.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    Entities, Entity, EntityUid, PolicyId, PolicySet, Schema, ValidationMode, ValidationWarning, Validator,
};

use super::limits;
use super::names::{ADMINISTER, Types, VIEW, VIEWS, uid};
use super::rules::{Known, Rule, rules};
use super::text::place;
use super::texts::Texts;
use crate::model::Action;
use crate::policy::PolicyError;

/// The texts, read.
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

/// Reads the texts.
///
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

/// Returns a set of this policy and no other.
///
/// # Errors
/// The set's, which a policy that was loaded doesn't have.
pub(super) fn alone(rule: &Rule) -> Result<PolicySet, PolicyError> {
    PolicySet::from_policies([rule.policy.clone()]).map_err(PolicyError::new)
}

/// Returns the version of the language, which is part of what a text means.
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

/// Returns every act with its groups: the schema's, or those that the shipped schema has.
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
                        if act.is_administration() { Some(ADMINISTER) } else { VIEWS.contains(act).then_some(VIEW) };
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
                    "the Cedar entities: `{uid}` has attributes, which come with each act, from `Actor::with_attribute`: say its \
                     parents only"
                );
                return Err(PolicyError::new(why));
            }
            parents.insert(uid.id().unescaped().to_owned(), above);
        }
    }
    Ok((entities, parents))
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

/// Repeats the parser's words with the place they are about.
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
