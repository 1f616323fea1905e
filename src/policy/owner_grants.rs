//! Discretionary access control: owners decide who else gets at their records.
//!
//! Guarantees: in the collections it names it permits nothing but to the owner and to whom the record is shared. Does not:
//! object elsewhere, nor overrule another policy that permits beside it in an `any_of`.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::fault::{self, Fault, Faulty};
use super::settings::Settings;
use super::sharing::level::Level;
use super::{AccessPolicy, Decision, Denial, Explanation, Filter, Looked, PolicyError, PolicyVersion, Scope, codes};
use crate::model::{Action, Facts, Grantee, RecordId, Request, Resource};

/// Owners do everything with their own records, and share them with whom they like; nobody else gets at them. There is
/// no hierarchy, no default, and no exception for administrators. For what is somebody's own business: notes, drafts.
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, OwnerGrants, Roles, all_of};
///
/// let roles = Roles::new()
///     .role("sales", |r| r.on("customers").read_all().on("notes").create().read_all().update_all())
///     .role("supervisor", |r| r.on_any().read_all());
/// // Everybody keeps notes of their own. Even whoever reads every collection reads none that isn't shared with them.
/// let policy = all_of(roles).and(OwnerGrants::new().on("notes"));
/// policy.check()?;
///
/// let note = Resource::new().owner("sales-7");
/// let reads = |actor: &Actor, on| {
///     let request = Request::new(actor, Action::Read, Timestamp::from_micros(0)).on(on).resource(&note);
///     policy.decide(&request, &NoFacts).is_ok_and(|decision| decision.is_permit())
/// };
/// assert!(reads(&Actor::new("sales-7").with_role("sales"), "notes"));
/// assert!(!reads(&Actor::new("boss-1").with_role("supervisor"), "notes"));
/// assert!(reads(&Actor::new("boss-1").with_role("supervisor"), "customers"));
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// A share ([`Facts::share`]) is with an actor or a role. One to read allows to read, list, search, count, export and
/// unmask; one to write to change as well. Deleting, sharing and giving away stay with the owner. Records are created
/// for oneself only, and an update can't give one away.
///
/// # Limits
///
/// - With [`all_of`](super::all_of) it narrows roles, as above. Beside others in an [`any_of`](super::any_of) it only adds:
///   a role there that may read every collection reads the notes too.
/// - It knows no groups: [`Sharing`](super::Sharing) does.
/// - It has nothing against erasing and legal holds, which aren't the owner's to refuse.
/// - A record without an owner is nobody's, and only whom it was shared with gets at it.
#[derive(Debug, Clone, Default)]
pub struct OwnerGrants {
    collections: BTreeSet<String>,
}

/// Its rules, as the journal names them.
struct Words {
    owner: Arc<str>,
    share: Arc<str>,
    each: Arc<str>,
    no_say: Arc<str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    owner: "owner".into(),
    share: "share by the owner".into(),
    each: "owner grants: each record by itself".into(),
    no_say: "owner grants".into(),
});

impl OwnerGrants {
    /// Begins as one that holds nowhere: say [`on`](Self::on).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves records of this collection to their owners. Say it again for more collections.
    #[must_use]
    pub fn on(mut self, collection: impl Into<String>) -> Self {
        self.collections.insert(collection.into());
        self
    }

    /// Returns the collection, if it holds in it and for this act.
    fn place<'a>(&self, request: &Request<'a>) -> Option<&'a str> {
        let matters = request.action == Action::Create || Level::of(request.action).is_some();
        request.collection.filter(|name| matters && self.collections.contains(*name))
    }

    fn shared(
        &self,
        request: &Request<'_>,
        resource: &Resource<'_>,
        level: Level,
        facts: &dyn Facts,
    ) -> Option<&Arc<str>> {
        if request.is_own() {
            return Some(&WORDS.owner);
        }
        let id = resource.id.filter(|_| level < Level::Full)?;
        let given = |with| facts.share(id, with).is_some_and(|access| Level::from(access) >= level);
        grantees(request).any(given).then(|| &WORDS.share)
    }
}

impl Faulty for OwnerGrants {
    const NAME: &'static str = "owner grants";

    fn faults(&self) -> Vec<Fault> {
        if self.collections.is_empty() {
            return vec![Fault::unsaid(&[fault::COLLECTION], "it holds nowhere")];
        }
        Fault::unnamed(&fault::COLLECTION, "collections", &self.collections).into_iter().collect()
    }
}

impl AccessPolicy for OwnerGrants {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        if !self.faults().is_empty() {
            return Ok(Denial::new(codes::POLICY_INVALID, fault::told(self)).into());
        }
        let Some(collection) = self.place(request) else {
            return Ok(Decision::no_objection(Arc::clone(&WORDS.no_say)));
        };
        let level = Level::of(request.action).unwrap_or(Level::Full);
        let rule = match request.resource {
            None if request.action.is_bulk() => Some(&WORDS.each),
            None => None,
            Some(_) if request.action == Action::Create => request.is_own().then(|| &WORDS.owner),
            Some(resource) => self.shared(request, resource, level, facts),
        };
        Ok(rule.map_or_else(|| refused(request, collection), |rule| level.permit(rule)))
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        if !self.faults().is_empty() {
            return Ok(Scope::Nothing);
        }
        let Some(collection) = self.place(request) else { return Ok(Scope::NoOpinion) };
        let shared: BTreeSet<RecordId> =
            grantees(request).flat_map(|with| facts.shared_with(collection, with)).collect();
        let own = Some(request.actor.id()).filter(|id| !id.is_empty()).map(|id| Filter::Owner(id.to_owned()));
        let filters: Vec<Filter> = own.into_iter().chain(shared.into_iter().map(Filter::Record)).collect();
        Ok(if filters.is_empty() { Scope::Nothing } else { Scope::Any(filters) })
    }

    fn version(&self) -> PolicyVersion {
        let mut settings = Settings::of("owner grants");
        settings.list(&self.collections);
        settings.version()
    }

    fn check(&self) -> Result<(), PolicyError> {
        fault::check(self)
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let decision = self.decide(request, facts);
        let missing = matches!(&decision, Ok(Decision::Deny(denial)) if denial.code != codes::POLICY_INVALID);
        let explanation = Explanation::of("owner grants", decision);
        if self.place(request).is_none() {
            return explanation.looked_at([Looked::new("owner grants", false, "it doesn't hold for this act here")]);
        }
        let level = Level::of(request.action).unwrap_or(Level::Full);
        let mut looked = Vec::new();
        match request.resource {
            None if request.action.is_bulk() => {
                looked.push(Looked::new("owner grants", true, "each record is decided by itself"));
            }
            None => looked.push(Looked::new("owner", false, "the record isn't known, so neither is its owner")),
            Some(resource) => {
                let why = resource.owner.map_or("nobody owns it".to_owned(), |owner| format!("its owner is `{owner}`"));
                looked.push(Looked::new("owner", request.is_own(), why));
                let shares = grantees(request).filter(|_| request.action != Action::Create).map(|with| {
                    let given = resource.id.and_then(|id| facts.share(id, with)).map(Level::from);
                    let why = given.map_or("it isn't shared with them".to_owned(), |given| {
                        format!("the share gives: {}; the act asks for: {}", given.name(), level.name())
                    });
                    Looked::new(format!("share with {}", said(with)), given.is_some_and(|given| given >= level), why)
                });
                looked.extend(shares);
            }
        }
        let explanation = explanation.looked_at(looked);
        if !missing {
            return explanation;
        }
        let actor = request.actor.id();
        explanation.missing(match level {
            Level::Full if request.action == Action::Create => format!("`{actor}` as the new record's owner"),
            Level::Full => "owning the record: let the owner do it, or transfer it".to_owned(),
            _ => format!("a share by the owner with `{actor}` or one of their roles, to {}", level.name()),
        })
    }
}

/// Returns all that the owner can share with and that mean this actor.
fn grantees<'a>(request: &Request<'a>) -> impl Iterator<Item = Grantee<'a>> + use<'a> {
    let actor = request.actor;
    let own = Some(actor.id()).filter(|id| !id.is_empty()).map(Grantee::Actor);
    own.into_iter().chain(actor.roles().iter().map(|role| Grantee::Role(role)))
}

fn said(with: Grantee<'_>) -> String {
    match with {
        Grantee::Role(role) => format!("the role `{role}`"),
        Grantee::Actor(name) | Grantee::Group(name) => format!("`{name}`"),
    }
}

/// Denies alike whether the record exists or not.
fn refused(request: &Request<'_>, collection: &str) -> Decision {
    let (action, actor) = (request.action, request.actor.id());
    if action == Action::Create {
        let why = format!("create on `{collection}` by `{actor}`: a record is created for oneself only");
        return Denial::not_granted(codes::NOT_OWNER, why).into();
    }
    let why = format!("{action} on `{collection}`: it isn't `{actor}`'s own, and no share by its owner is enough");
    Denial::not_granted(codes::NOT_SHARED, why).into()
}
