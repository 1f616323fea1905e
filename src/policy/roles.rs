//! Roles: per role and collection, what may be done, with which fields, and whether on one's own records only.
//!
//! Guarantees: what no grant allows is denied; roles only add up, and nothing takes away but that an actor holds roles
//! which are kept apart; contradictory roles deny everything. Does not: know which collections and fields exist, so a
//! misspelt one allows nothing and isn't noticed; know who holds which role, so that duties are kept apart is checked when
//! somebody acts.

mod build;
mod canonical;
mod compiled;
mod explain;
mod faults;
mod missing;
mod sum;
mod table;

#[cfg(test)]
mod tests;

pub use build::{Grant, Role};

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::{AccessPolicy, Decision, Denial, Explanation, PolicyError, PolicyVersion, Scope, codes};
use crate::model::{Action, Actor, Facts, Request};
use compiled::{Compiled, Refusal};
use sum::{is_own, is_written};

/// A policy of roles.
///
/// ```
/// use strongroom::model::Action;
/// use strongroom::policy::{AccessPolicy, Roles};
///
/// let policy = Roles::new()
///     // Creates tenants, collections and policies; sees no customer.
///     .role("admin", |r| r.administer())
///     // Own customers, of which only the tier changes; every order, read only.
///     .role("sales", |r| {
///         r.on("customers").create().read(["name", "email", "tier"]).update(["tier"]).own_only()
///          .on("orders").read_all()
///     })
///     // What sales may, and: everybody's customers, handing them over, and taking them out in bulk.
///     .role("sales manager", |r| {
///         r.inherits("sales").on("customers").read(["name", "email", "tier"]).transfer().export()
///     })
///     // Everybody's name and phone number, to return calls; their own customers' address; the whole bank account, which
///     // others see masked, one at a time.
///     .role("support", |r| {
///         r.on("customers").read(["name", "phone"]).unmask(["iban"])
///          .on("customers").read(["address"]).own_only()
///     })
///     // Looks into every collection, those of the future included; erases, and holds what a court wants kept.
///     .role("protection", |r| r.on_any().read_all().erase().hold())
///     // Approves what others ask for, and reads what was done. Never the one who asks.
///     .role("auditor", |r| r.may([Action::Approve, Action::ReadJournal, Action::Verify]))
///     .separate(["auditor", "sales", "admin"]);
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// **Adding up.** An actor may do what any of their roles allows; the fields are those of all their roles together. A
/// role the policy doesn't know allows nothing. `own_only` holds for its own grant alone: `support` above reads every
/// name, and the address of their own customers. A role that [inherits](Role::inherits) allows all that the other does.
///
/// **Own** records are those whose owner is the actor's id. A record must be created for oneself where creating is
/// `own_only`, and can't be given away by an update that is. An actor with an empty id owns nothing.
///
/// **Reading** a collection allows to list, search and count it too; searching or sorting by a field needs that field to
/// be readable, or the answer would tell what it holds. To change a field through `update` the actor must be able to read
/// it as well. An export takes out what the actor may read, and needs both.
///
/// **Separation of duties.** Who holds two of the roles that [`separate`](Self::separate) names, inherited ones included,
/// is forbidden everything: `codes::CONFLICT_OF_DUTIES`. [`conflicts`](Self::conflicts) lists an actor's.
///
/// **Why not?** [`explain`](Self::explain) shows each grant of the actor's roles and, where nothing is granted, the
/// nearest one missing:
///
/// ```
/// # use strongroom::Actor;
/// # use strongroom::model::{Action, NoFacts, Request, Resource, Timestamp};
/// # use strongroom::policy::{AccessPolicy, Roles};
/// let policy = Roles::new().role("sales", |r| r.on("customers").read_all().update(["name"]));
/// let sales = Actor::new("sales-7").with_role("sales");
/// let customer = Resource::new();
/// let request = Request::new(&sales, Action::Update, Timestamp::from_micros(0)).on("customers").resource(&customer);
/// let why = policy.explain(&request.fields(&["tier"]), &NoFacts);
/// assert_eq!(why.missing.unwrap(), r#"role `sales` on `customers`: `.update(["tier"])`"#);
/// ```
///
/// **Mistakes** (an empty name, a role said twice, a grant that allows nothing, a circle of roles, a role that unites what
/// is kept apart) are told by [`check`](Self::check), which opening a vault asks for. A vault that is given such roles
/// nevertheless denies everything.
///
/// Deciding takes well under a microsecond for the usual handful of roles and fields, however many roles there are. It
/// allocates only where the actor's roles show different fields, to put these together.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: BTreeMap<String, Role>,
    duties: Vec<BTreeSet<String>>,
    faults: Vec<String>,
    compiled: OnceLock<Compiled>,
}

impl Roles {
    /// Begins without a role: everything is denied.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a role and says what it allows.
    #[must_use]
    pub fn role<R: Into<Role>>(mut self, name: impl Into<String>, rules: impl FnOnce(Role) -> R) -> Self {
        let name = name.into();
        let role = rules(Role::new()).into();
        self.faults.extend(faults::of_role(&name, &role));
        match self.roles.entry(name) {
            Entry::Occupied(said) => {
                self.faults.push(format!("role `{}` is said twice: say all it allows in one place", said.key()));
            }
            Entry::Vacant(free) => {
                free.insert(role);
            }
        }
        self.compiled = OnceLock::new();
        self
    }

    /// Keeps these roles apart: an actor who holds two or more of them, inherited ones included, is denied everything.
    ///
    /// ```
    /// use strongroom::Actor;
    /// use strongroom::policy::{AccessPolicy, Roles};
    ///
    /// let policy = Roles::new()
    ///     .role("requester", |r| r.on("refunds").create())
    ///     .role("approver", |r| r.on("refunds").approve())
    ///     .separate(["requester", "approver"]);
    /// assert!(policy.conflicts(&Actor::new("anna").with_role("requester")).is_empty());
    /// assert_eq!(policy.conflicts(&Actor::new("anna").with_role("requester").with_role("approver")).len(), 1);
    /// ```
    #[must_use]
    pub fn separate<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.duties.push(roles.into_iter().map(Into::into).collect());
        self.compiled = OnceLock::new();
        self
    }

    /// Tells whether a role may approve: outside collections, or in this one, or without one anywhere.
    #[cfg(feature = "policy-file")]
    pub(super) fn may_approve(&self, role: &str, place: Option<&str>, outside: bool) -> bool {
        let table = self.compiled().table(role);
        table.is_some_and(|table| table.may(Action::Approve).is_some() || !outside && table.approves(place))
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(&self.roles, &self.duties, &self.faults))
    }

    /// Returns the denial of everything to this actor, if there is one.
    fn denied(&self, request: &Request<'_>) -> Option<Denial> {
        let compiled = self.compiled();
        if !compiled.faults.is_empty() {
            return Some(Denial::new(codes::POLICY_INVALID, compiled.faults.join("; ")));
        }
        if !compiled.is_conflicted(request.actor) {
            return None;
        }
        let why = format!("{}: {}", request.action, compiled.conflicts(request.actor).join("; "));
        Some(Denial::new(codes::CONFLICT_OF_DUTIES, why))
    }

    fn refused(&self, request: &Request<'_>, refusal: Refusal<'_>) -> Denial {
        let action = request.action;
        let said = said(request);
        let place = request.collection.map(|name| format!(" on `{name}`")).unwrap_or_default();
        match refusal {
            Refusal::NoRole => {
                let known: Vec<&str> = self.compiled().names().collect();
                let known = if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) };
                let why = format!("{action}: {said} is not among the policy's roles, which are: {known}");
                Denial::not_granted(codes::NO_ROLE, why)
            }
            Refusal::NotAllowed => {
                Denial::not_granted(codes::NOT_ALLOWED, format!("no grant to {said} allows {action}{place}"))
            }
            Refusal::NotOwner => Denial::not_granted(
                codes::NOT_OWNER,
                format!("no grant to {said} allows {action}{place}, but for the actor's own records"),
            ),
            Refusal::Field(field) => {
                let (code, verb) = match action {
                    _ if is_written(action) => (codes::FIELD_NOT_WRITABLE, "write"),
                    _ if action.is_bulk() => (codes::FIELD_NOT_READABLE, "search or sort by"),
                    _ => (codes::FIELD_NOT_READABLE, "unmask"),
                };
                let whose = if is_own(request) { "" } else { " of records that aren't the actor's own" };
                Denial::not_granted(code, format!("{action}{place}: {said} may not {verb} the field `{field}`{whose}"))
            }
        }
    }
}

impl AccessPolicy for Roles {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        if let Some(denial) = self.denied(request) {
            return Ok(denial.into());
        }
        Ok(match self.compiled().permission(request) {
            Ok(permission) => permission.into(),
            Err(refusal) => self.refused(request, refusal).into(),
        })
    }

    fn scope(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        let Some(collection) = request.collection.filter(|_| self.denied(request).is_none()) else {
            return Ok(Scope::Nothing);
        };
        let shows = |own| self.compiled().sum(request, collection, own).is_some_and(|sum| sum.lacks(request).is_none());
        Ok(match (shows(false), shows(true)) {
            (true, _) => Scope::All,
            (false, true) => Scope::owned(request.actor.id()),
            (false, false) => Scope::Nothing,
        })
    }

    /// Returns SHA-256 of the roles in one fixed form: the order in which they and their grants were said doesn't count.
    fn version(&self) -> PolicyVersion {
        self.compiled().version
    }

    /// # Errors
    /// Every mistake found, in one text.
    fn check(&self) -> Result<(), PolicyError> {
        let faults = &self.compiled().faults;
        if faults.is_empty() { Ok(()) } else { Err(PolicyError::new(faults.join("; "))) }
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let explanation = Explanation::of("roles", self.decide(request, facts)).looked_at(self.looked_at(request));
        match self.missing(request) {
            Some(missing) => explanation.missing(missing),
            None => explanation,
        }
    }

    fn roles(&self) -> Vec<String> {
        self.roles.keys().cloned().collect()
    }

    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        self.compiled().conflicts(actor)
    }
}

/// Names the actor's roles, for an administrator.
fn said(request: &Request<'_>) -> String {
    match request.actor.roles() {
        [] => "an actor without a role".to_owned(),
        roles => format!("`{}`", roles.join("`, `")),
    }
}
