//! Policies in the Cedar language, decided by the `cedar-policy` crate. Needs the feature `cedar`.
//!
//! Guarantees: what no policy permits is denied; a policy that fails is a denial that overrides every permit, where Cedar
//! itself would skip it; an annotation that can't be understood is an error, not ignored. Does not: narrow what a list looks
//! at: each row is decided by itself. Names no type of the crate.

mod annotations;
mod ask;
mod limits;
mod load;
mod names;
mod rules;
mod text;
mod texts;

#[cfg(test)]
mod tests;

use std::fmt;

use super::compose::merge::{Kind, Merge};
use super::{
    AccessPolicy, Decision, Denial, Explanation, Looked, Permission, PolicyError, PolicyVersion, Scope, codes, unmet,
};
use crate::model::{Action, Facts, Request};
use annotations::Terms;
use ask::{Answer, Asked};
use load::Loaded;
use rules::Rule;
use texts::Texts;

/// Policies in the [Cedar](https://docs.cedarpolicy.com) language.
///
/// ```
/// use strongroom::policy::{AccessPolicy, Cedar};
///
/// let policy = Cedar::new(r#"
///     // Sales see their own customers, and change their tier.
///     @id("sales: own customers")
///     @read("name,email,tier")
///     @write("tier")
///     permit (
///         principal in Strongroom::Role::"sales",
///         action in [Strongroom::Action::"view", Strongroom::Action::"update"],
///         resource in Strongroom::Collection::"customers"
///     ) when { context.own };
///
///     @id("support: with a reason")
///     @read("name,phone")
///     @reason
///     permit (
///         principal in Strongroom::Role::"support",
///         action in Strongroom::Action::"view",
///         resource in Strongroom::Collection::"customers"
///     );
///
///     @id("contracts stay")
///     @code("contract")
///     @for_user("A customer under contract can't be deleted.")
///     forbid (principal, action == Strongroom::Action::"delete", resource is Strongroom::Record)
///     when { resource.labels.contains("contract") };
/// "#)?.with_schema(Cedar::SCHEMA)?;
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// # What a policy is told
///
/// [`Cedar::SCHEMA`] says all of it. In short:
///
/// - `principal` is `Strongroom::Actor::"<id>"`, in a `Strongroom::Role` for each role, with `id`, `roles`, `attributes` and,
///   where known, `strength`, `authenticated_for` (seconds), `device`, `session`, `channel`.
/// - `action` is `Strongroom::Action::"read"` or another [`Action::name`]; `view` is the group of read, list, search and
///   count, `administer` that of all administration.
/// - `resource` is `Strongroom::Record::"<id>"` in `Strongroom::Collection::"<name>"`, with `collection`, `labels`, `attributes`,
///   `is_known` and, where there is one, `owner`. A record that is about to be created is `Record::"new"`; one that doesn't
///   exist, or isn't known yet, is `Record::"unknown"` without owner and labels. A list, a search, a count and an export ask
///   about the collection first, then about each row; administration is about the collection, or `Strongroom::Vault::"vault"`.
/// - `context` has time, purpose, reason and more. `context.own` is true for the principal's own records, and for the
///   question that comes before the rows of a list, so it never needs a `has`.
///
/// Whatever may be missing needs a `has` before it is used.
///
/// # Annotations
///
/// | on a `permit` | |
/// |---|---|
/// | `@read("name,email")`, `@write("tier")` | the fields; `"*"` is all, `""` none. Both are due where the acts show, or write, fields |
/// | `@reason` | a reason must be given |
/// | `@step_up("2,300")` | authenticated with strength 2 or more, at most 300 seconds ago |
/// | `@approvals("2")` | so many others have approved |
/// | `@row_limit("100,1000")` | so many rows by one act, so many in an hour; `"100"` sets no limit by the hour |
/// | `@unique_tries("500")` | so many distinct values of unique fields tried in an hour, instead of 200 |
/// | `@notify("vip_read")` | the journal entry carries the code |
/// | `@oblige...` | whatever it says is an obligation that this release doesn't know: the permit never counts |
///
/// | on a `forbid` | |
/// |---|---|
/// | `@code("contract")` | the denial's code, else the policy's name |
/// | `@for_user("...")` | what the actor is told, else that they are not allowed to do this |
///
/// `@id("...")` names the rule for the journal (else `policy0`, `policy1`, ... by its place in the text), `@description` is
/// for people. Any other annotation is an error.
///
/// # How it decides
///
/// The fields are those of all permits that apply, together; a permit whose obligations aren't fulfilled doesn't count. A
/// `forbid` that applies is a denial that [forbids](Denial::forbids). **If the condition of any policy fails, whatever it
/// would have said, the answer is an error**, which denies. Policies that only forbid have no objection where none applies,
/// so that they can stand beside [`Roles`](super::Roles) in [`all_of`](super::all_of).
///
/// [`scope`](AccessPolicy::scope) is everything: lists look at all rows of the collection. Where only the owner's are to be
/// looked at, let [`Roles`](super::Roles) grant, and Cedar forbid.
///
/// A decision over the example above took 50 µs, fifty policies more took 90 µs more (two busy cores of an AMD EPYC server). That is
/// a hundred times what [`Roles`](super::Roles) take, for each row of a list: keep to these where lists are long.
#[derive(Clone)]
pub struct Cedar {
    texts: Texts,
    loaded: Loaded,
    version: PolicyVersion,
}

impl Cedar {
    /// The schema of what policies are told, as Cedar schema text. Two types in it are yours to replace, the attributes of
    /// actors and of records:
    ///
    /// ```
    /// use strongroom::policy::Cedar;
    /// let schema = Cedar::SCHEMA.replace("type ActorAttributes = {};", "type ActorAttributes = { team?: String };");
    /// let policy = r#"forbid (principal, action, resource) unless { principal.attributes has team };"#;
    /// assert!(Cedar::new(policy)?.with_schema(&schema).is_ok());
    /// # Ok::<(), strongroom::policy::PolicyError>(())
    /// ```
    pub const SCHEMA: &str = include_str!("cedar/strongroom.cedarschema");

    /// Reads the policies of a text.
    ///
    /// # Errors
    /// What is wrong with it, with line and column: Cedar's own errors; annotations that aren't understood or are missing;
    /// acts and types that don't exist; a text of more than 1 MiB, a policy of more than 8 KiB or nested too deep.
    pub fn new(policies: &str) -> Result<Self, PolicyError> {
        Self::load(Texts { policies: policies.to_owned(), ..Texts::default() })
    }

    /// Checks the policies against a schema, in Cedar schema text: [`SCHEMA`](Self::SCHEMA), or one of yours that says the
    /// same and more. What comes with an act isn't checked against it; groups of acts are the schema's.
    ///
    /// # Errors
    /// A fault in the schema, or a policy that doesn't fit it, with line and column.
    pub fn with_schema(self, schema: &str) -> Result<Self, PolicyError> {
        Self::load(Texts { schema: Some(schema.to_owned()), ..self.texts })
    }

    /// Adds entities that don't come with an act, as Cedar entity JSON: groups, hierarchies of roles, and which actors are
    /// in which group (as `parents` of `Strongroom::Actor::"<id>"`).
    ///
    /// Every decision takes time for each of them: about 1 ms for 1,000. Where there are many actors, say their groups
    /// by [`Actor::with_role`](crate::Actor::with_role) or [`attribute`](crate::Actor::with_attribute) instead.
    ///
    /// ```
    /// use strongroom::policy::Cedar;
    /// let policy = Cedar::new(r#"
    ///     @read("*") permit (principal in Strongroom::Group::"north", action in Strongroom::Action::"view", resource);
    /// "#)?.with_entities(r#"[
    ///     { "uid": { "type": "Strongroom::Actor", "id": "sales-7" }, "attrs": {},
    ///       "parents": [{ "type": "Strongroom::Group", "id": "north" }] }
    /// ]"#)?;
    /// # Ok::<(), strongroom::policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the text, or an entity that comes with each act.
    pub fn with_entities(self, json: &str) -> Result<Self, PolicyError> {
        Self::load(Texts { entities: Some(json.to_owned()), ..self.texts })
    }

    /// Reads back what [`AccessPolicy::text`] said.
    ///
    /// # Errors
    /// As [`new`](Self::new), [`with_schema`](Self::with_schema) and [`with_entities`](Self::with_entities).
    pub fn from_text(text: &str) -> Result<Self, PolicyError> {
        Self::load(Texts::apart(text))
    }

    fn load(texts: Texts) -> Result<Self, PolicyError> {
        if texts.have_marks() {
            return Err(PolicyError::new("the text has a line of the ones that set its parts apart: use `from_text`"));
        }
        let loaded = load::load(&texts)?;
        let version = PolicyVersion::of("cedar").with(&load::language()).with(&texts.join());
        Ok(Self { texts, loaded, version })
    }

    fn rule(&self, at: usize) -> Option<&Rule> {
        self.loaded.rules.get(at)
    }

    fn settle(&self, answer: &Answer, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        if let Some((at, why)) = answer.failed.first() {
            let name = self.rule(*at).map_or("?", |rule| rule.name.as_str());
            let more = answer.failed.len().saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!("; {more} more failed") };
            return Err(PolicyError::new(format!("the Cedar policy `{name}` failed: {why}{more}")));
        }
        if answer.determined.is_empty() {
            return Ok(self.nothing(request));
        }
        let mut merge = Merge::new(Kind::AnyOf);
        for rule in answer.determined.iter().filter_map(|at| self.rule(*at)) {
            merge.add(rule.decision(), request, facts);
        }
        match merge.finish(request) {
            Decision::Permit(_) if !answer.allowed => Err(PolicyError::new("Cedar denied and named permits for it")),
            Decision::Permit(permission) => {
                Ok(misplaced(&permission, request).map_or(Decision::Permit(permission), Decision::Deny))
            }
            decision => Ok(decision),
        }
    }

    /// Answers where no policy applies.
    fn nothing(&self, request: &Request<'_>) -> Decision {
        if !self.permits() {
            return Decision::no_objection("cedar: no forbid applies");
        }
        let why = format!("{}: no Cedar policy permits it to {}", on(request), said(request));
        Denial::not_granted(codes::NOT_ALLOWED, why).into()
    }

    /// Tells whether any policy could grant something.
    fn permits(&self) -> bool {
        self.loaded.rules.iter().any(|rule| matches!(rule.terms, Terms::Permit(_)))
    }

    /// Asks every policy on its own.
    fn looked_at(&self, asked: &Asked, request: &Request<'_>, facts: &dyn Facts) -> Vec<Looked> {
        let look = |rule: &Rule| {
            let answer = match load::alone(rule) {
                Ok(set) => asked.answer(&self.loaded, &set),
                Err(error) => return Looked::new(&rule.name, false, format!("couldn't be asked: {error}")),
            };
            match (answer.failed.first(), answer.determined.first(), &rule.terms) {
                (Some((_, why)), _, _) => Looked::new(&rule.name, true, format!("failed, which denies: {why}")),
                (None, None, _) if rule.acts.contains(&request.action) => {
                    Looked::new(&rule.name, false, "not applicable: its principal, resource or conditions don't hold")
                }
                (None, None, _) => Looked::new(&rule.name, false, format!("not applicable to `{}`", request.action)),
                (None, Some(_), Terms::Forbid(_)) => Looked::new(&rule.name, true, "forbids"),
                (None, Some(_), Terms::Permit(permission)) => match unmet(permission, request, facts) {
                    None => Looked::new(&rule.name, true, "permits"),
                    Some(denial) => Looked::new(&rule.name, false, format!("would permit, but: {}", denial.for_admin)),
                },
            }
        };
        self.loaded.rules.iter().map(look).collect()
    }
}

impl AccessPolicy for Cedar {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        let answer = Asked::new(&self.loaded, request, facts)?.answer(&self.loaded, &self.loaded.set);
        self.settle(&answer, request, facts)
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(if self.permits() { Scope::All } else { Scope::NoOpinion })
    }

    /// Returns it from the three texts, as they are written, and the version of the language.
    fn version(&self) -> PolicyVersion {
        self.version
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let explanation = Explanation::of("cedar", self.decide(request, facts));
        let Ok(asked) = Asked::new(&self.loaded, request, facts) else { return explanation };
        let explanation = explanation.looked_at(self.looked_at(&asked, request, facts));
        let not_granted =
            matches!(&explanation.decision, Ok(Decision::Deny(denial)) if denial.code == codes::NOT_ALLOWED);
        if !not_granted {
            return explanation;
        }
        let near = |rule: &&Rule| matches!(rule.terms, Terms::Permit(_)) && rule.acts.contains(&request.action);
        explanation.missing(match self.loaded.rules.iter().find(near) {
            Some(rule) => format!("that `{}` applies: its principal, resource or conditions don't hold", rule.name),
            None => format!("a permit for `{}`: no policy has one", request.action),
        })
    }

    /// Returns the policies as they were given; where there are a schema or entities, these behind a line of their own.
    /// [`Cedar::from_text`] reads it back.
    fn text(&self) -> Option<String> {
        Some(self.texts.join())
    }

    /// Returns those that the policies and the entities name.
    fn roles(&self) -> Vec<String> {
        self.loaded.roles.iter().cloned().collect()
    }
}

impl Rule {
    fn decision(&self) -> Decision {
        match &self.terms {
            Terms::Permit(permission) => permission.clone().into(),
            Terms::Forbid(denial) => denial.clone().into(),
        }
    }
}

impl fmt::Debug for Cedar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cedar({} policies)", self.loaded.rules.len())
    }
}

/// Denies a field that the act names and may not write, or may not see: its answer would tell what the field holds.
fn misplaced(permission: &Permission, request: &Request<'_>) -> Option<Denial> {
    let (set, code, verb) = match request.action {
        Action::Create | Action::Update => (&permission.write, codes::FIELD_NOT_WRITABLE, "write"),
        _ => (&permission.read, codes::FIELD_NOT_READABLE, "see"),
    };
    let field = request.fields.iter().find(|field| !set.contains(field))?;
    let why = format!("{}: {} may not {verb} the field `{field}`", on(request), said(request));
    Some(Denial::not_granted(code, why).rule(permission.rule.to_string()))
}

fn on(request: &Request<'_>) -> String {
    let action = request.action;
    request.collection.map_or_else(|| action.to_string(), |collection| format!("{action} of `{collection}`"))
}

/// Names the actor's roles, for an administrator.
fn said(request: &Request<'_>) -> String {
    match request.actor.roles() {
        [] => "an actor without a role".to_owned(),
        roles => format!("`{}`", roles.join("`, `")),
    }
}
