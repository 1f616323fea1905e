//! One question to Cedar: the request as principal, act, resource and context, and what Cedar said.
//!
//! Guarantees: ids and texts go in as values, never through the parser. What isn't known isn't there, so that a condition
//! has to ask `has` first; an authentication that lies ahead of the clock is none.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityUid, EvaluationError, PolicySet,
    Request as Question, RestrictedExpression as Value,
};

use super::load::Loaded;
use super::names::uid;
use crate::model::{Access, Facts, Grantee, Request, Resource};
use crate::policy::PolicyError;
use crate::policy::guard::CLOCKS_APART;

const SECOND: i64 = 1_000_000;

/// The answer of Cedar: the policies that determined, by their place in the text, and those that failed, with why.
pub(super) struct Answer {
    pub(super) allowed: bool,
    pub(super) determined: Vec<usize>,
    pub(super) failed: Vec<(usize, String)>,
}

/// A request in Cedar's words.
pub(super) struct Asked {
    question: Question,
    entities: Entities,
}

impl Asked {
    pub(super) fn new(loaded: &Loaded, request: &Request<'_>, facts: &dyn Facts) -> Result<Self, PolicyError> {
        let types = &loaded.types;
        let principal = uid(&types.actor, request.actor.id());
        let action = loaded.acts.get(&request.action).ok_or_else(|| PolicyError::new("an act without an entity"))?;
        let resource = match (request.resource, request.collection) {
            (Some(resource), _) => match resource.id {
                Some(id) => uid(&types.record, &id.to_string()),
                None => uid(&types.record, "new"),
            },
            (None, Some(_)) if is_about_one(request) => uid(&types.record, "unknown"),
            (None, Some(collection)) => uid(&types.collection, collection),
            (None, None) => uid(&types.vault, "vault"),
        };
        let mut entities = vec![actor(loaded, &principal, request, facts)?, action.clone()];
        if *resource.type_name() == types.record {
            entities.push(record(loaded, &resource, request)?);
        }
        let question = Question::new(principal, action.uid(), resource, context(loaded, request, facts)?, None)
            .map_err(PolicyError::new)?;
        let entities = if loaded.base.is_empty() {
            Entities::from_entities(entities, None)
        } else {
            loaded.base.clone().upsert_entities(entities, None)
        };
        Ok(Self { question, entities: entities.map_err(PolicyError::new)? })
    }

    /// Asks the policies of the set.
    pub(super) fn answer(&self, loaded: &Loaded, set: &PolicySet) -> Answer {
        let response = Authorizer::new().is_authorized(&self.question, set, &self.entities);
        let at = |id| loaded.index.get(id).copied().unwrap_or(usize::MAX);
        let mut determined: Vec<usize> = response.diagnostics().reason().map(at).collect();
        determined.sort_unstable();
        let mut failed: Vec<(usize, String)> = response
            .diagnostics()
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| (at(error.policy_id()), why(error.inner())))
            .collect();
        failed.sort_unstable();
        Answer { allowed: response.decision() == Decision::Allow, determined, failed }
    }

    /// Checks the question against a schema, for tests of the shipped one.
    #[cfg(test)]
    pub(super) fn conforms(&self, schema: &cedar_policy::Schema) -> Result<(), String> {
        let (principal, action, resource) =
            (self.question.principal(), self.question.action(), self.question.resource());
        let (Some(principal), Some(action), Some(resource), Some(context)) =
            (principal, action, resource, self.question.context())
        else {
            return Err("something is unknown".to_owned());
        };
        let ids = (principal.clone(), action.clone(), resource.clone());
        Question::new(ids.0, ids.1, ids.2, context.clone(), Some(schema)).map_err(|error| error.to_string())?;
        let entities = self.entities.iter().cloned();
        Entities::from_entities(entities, Some(schema)).map(|_| ()).map_err(|error| format!("{error:?}"))
    }
}

/// Tells whether the act is about one record, so that without a resource there is none, or it isn't known.
fn is_about_one(request: &Request<'_>) -> bool {
    use crate::model::Action::{Create, Delete, Read, Share, Transfer, Unmask, Update};
    matches!(request.action, Create | Read | Update | Delete | Unmask | Share | Transfer)
}

fn actor(
    loaded: &Loaded,
    principal: &EntityUid,
    request: &Request<'_>,
    facts: &dyn Facts,
) -> Result<Entity, PolicyError> {
    let actor = request.actor;
    let mut attributes = HashMap::from([
        ("id".to_owned(), text(actor.id())),
        ("roles".to_owned(), texts(actor.roles())),
        ("attributes".to_owned(), record_of(actor.attributes())?),
    ]);
    let named = [("device", actor.device()), ("session", actor.session()), ("channel", actor.channel())];
    attributes.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))));
    if let Some(authentication) = actor.authentication() {
        let age = facts.now().as_micros().saturating_sub(authentication.at.as_micros());
        if age >= -CLOCKS_APART {
            // Rounded up: an authentication must not seem younger than it is.
            let seconds = age.max(0).saturating_add(SECOND - 1).div_euclid(SECOND);
            attributes.insert("strength".to_owned(), Value::new_long(authentication.strength.into()));
            attributes.insert("authenticated_for".to_owned(), Value::new_long(seconds));
        }
    }
    let roles = actor.roles().iter().map(|role| uid(&loaded.types.role, role));
    let groups = loaded.parents.get(actor.id()).into_iter().flatten().cloned();
    Entity::new(principal.clone(), attributes, roles.chain(groups).collect()).map_err(PolicyError::new)
}

fn record(loaded: &Loaded, id: &EntityUid, request: &Request<'_>) -> Result<Entity, PolicyError> {
    let unknown = Resource::new();
    let resource = request.resource.unwrap_or(&unknown);
    let attributes = resource.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut attributes = HashMap::from([
        ("collection".to_owned(), text(request.collection.unwrap_or_default())),
        ("labels".to_owned(), texts(resource.labels)),
        ("attributes".to_owned(), record_of(attributes)?),
        ("is_known".to_owned(), Value::new_bool(request.resource.is_some())),
    ]);
    // An actor with an empty id owns nothing.
    if let Some(owner) = resource.owner.filter(|owner| !owner.is_empty()) {
        attributes.insert("owner".to_owned(), Value::new_entity_uid(uid(&loaded.types.actor, owner)));
    }
    let parents: HashSet<EntityUid> =
        request.collection.map(|name| uid(&loaded.types.collection, name)).into_iter().collect();
    Entity::new(id.clone(), attributes, parents).map_err(PolicyError::new)
}

fn context(loaded: &Loaded, request: &Request<'_>, facts: &dyn Facts) -> Result<Context, PolicyError> {
    let actor = request.actor.id();
    let seconds = request.time.as_micros().div_euclid(SECOND);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let own = if request.resource.is_some() { request.is_own() } else { request.action.is_bulk() };
    let mut pairs = vec![
        ("time".to_owned(), Value::new_long(seconds)),
        ("minute_of_day".to_owned(), Value::new_long(second.div_euclid(60))),
        // 1970 began on a Thursday.
        ("weekday".to_owned(), Value::new_long(day.saturating_add(3).rem_euclid(7).saturating_add(1))),
        ("own".to_owned(), Value::new_bool(own)),
        ("shared".to_owned(), Value::new_set(shared(request, facts).iter().map(|access| text(access)))),
        ("fields".to_owned(), texts(request.fields)),
        ("approvals".to_owned(), Value::new_long(facts.approvals(request).into())),
        ("emergency".to_owned(), Value::new_bool(facts.emergency(actor).is_some())),
        ("rows_in_last_hour".to_owned(), Value::new_long(facts.rows_in_last_hour(actor).into())),
    ];
    let tenant = request.tenant.map(|tenant| tenant.to_string());
    for (name, value) in [("purpose", request.purpose), ("reason", request.reason), ("tenant", tenant.as_deref())] {
        pairs.extend(value.filter(|value| !value.trim().is_empty()).map(|value| (name.to_owned(), text(value))));
    }
    let new_owner = request.new_owner.filter(|owner| !owner.is_empty());
    let new_owner = new_owner.map(|owner| Value::new_entity_uid(uid(&loaded.types.actor, owner)));
    pairs.extend(new_owner.map(|owner| ("new_owner".to_owned(), owner)));
    pairs.extend(request.rows.map(|rows| ("rows".to_owned(), Value::new_long(rows.into()))));
    Context::from_pairs(pairs).map_err(PolicyError::new)
}

/// Returns the most that a share with the actor or one of their roles allows.
fn shared(request: &Request<'_>, facts: &dyn Facts) -> &'static [&'static str] {
    let Some(id) = request.resource.and_then(|resource| resource.id) else { return &[] };
    let roles = request.actor.roles().iter().map(|role| Grantee::Role(role));
    let most =
        std::iter::once(Grantee::Actor(request.actor.id())).chain(roles).filter_map(|with| facts.share(id, with));
    match most.max() {
        None => &[],
        Some(Access::Write) => &["read", "write"],
        Some(_) => &["read"],
    }
}

fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

fn texts<S: AsRef<str>>(values: &[S]) -> Value {
    Value::new_set(values.iter().map(|value| text(value.as_ref())))
}

fn record_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Value, PolicyError> {
    Value::new_record(pairs.into_iter().map(|(name, value)| (name.to_owned(), text(value)))).map_err(PolicyError::new)
}

/// Says what failed, in words that quote no value.
fn why(error: &EvaluationError) -> String {
    match error {
        EvaluationError::EntityAttrDoesNotExist(error) => format!("{error}: ask `has` first"),
        EvaluationError::RecordAttrDoesNotExist(error) => format!("{error}: ask `has` first"),
        EvaluationError::EntityDoesNotExist(error) => format!("{error}: ask `has` first"),
        EvaluationError::TypeError(error) => error.to_string(),
        EvaluationError::IntegerOverflow(_) => "a number grew too large".to_owned(),
        EvaluationError::RecursionLimit(_) => "its condition is nested too deep".to_owned(),
        _ => "its condition has no value".to_owned(),
    }
}
