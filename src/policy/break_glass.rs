//! Emergency access: somebody who may not see a record gets at it at once, and everybody learns of it afterwards.
//!
//! Guarantees: without an emergency of the actor's own it permits nothing of the policy inside it; whatever it permits
//! carries a code that alarms. Does not: take, end or review an emergency. The vault does, and sees to it that nobody
//! reviews their own.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::fault::{self, Fault, Faulty, Setting};
use super::settings::Settings;
use super::{
    AccessPolicy, Decision, Denial, Explanation, Looked, Obligation, Permission, PolicyError, PolicyVersion, Scope,
    codes,
};
use crate::model::{Action, Actor, Facts, Request};

/// While somebody has emergency access, permits them what another policy permits.
///
/// It stands beside what holds on any other day. The policy inside it says how far an emergency goes:
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, Facts, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, BreakGlass, Decision, Roles, any_of};
///
/// let normal = Roles::new().role("support", |r| r.on("customers").read(["name"]).own_only());
/// // A customer calls at night, and whoever looks after them isn't there.
/// let emergency = Roles::new().role("support", |r| r.on("customers").read(["name", "phone", "address"]));
/// let policy = any_of(normal).or(BreakGlass::new(emergency).role("support").reviewers(["protection"]));
/// policy.check()?;
///
/// /// A vault where support-3 took emergency access.
/// struct Night;
/// impl Facts for Night {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_micros(0)
///     }
///     fn emergency(&self, actor: &str) -> Option<Timestamp> {
///         (actor == "support-3").then(|| Timestamp::from_micros(3_600_000_000))
///     }
/// }
///
/// let support = Actor::new("support-3").with_role("support");
/// let customer = Resource::new().owner("support-1");
/// let read = Request::new(&support, Action::Read, Timestamp::from_micros(0)).on("customers").resource(&customer);
/// assert!(!policy.decide(&read, &NoFacts)?.is_permit());
/// let Decision::Permit(permission) = policy.decide(&read, &Night)? else { panic!("denied") };
/// assert_eq!(&*permission.rule, "break glass: support on customers");
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// - **Taking** emergency access ([`Action::BreakGlass`]) is permitted to the roles named by [`role`](Self::role), and
///   obliges to give a reason. The reason isn't asked for again with each act.
/// - **Acts** under it are permitted as far as the policy inside permits them, with its fields and obligations, and are
///   journalled with the code [`break_glass`](codes::BREAK_GLASS), for sinks and monitors to alarm. An actor who has lost
///   the role in the meantime has lost the emergency too.
/// - **Reviewing** ([`Action::ReviewEmergency`]) is permitted to the roles named by [`reviewers`](Self::reviewers), never
///   of one's own: the vault sees to that.
/// - What a policy beside it, or inside it, *forbids* stays forbidden in an emergency. What should give way must be a
///   denial that only grants nothing, as all of [`Roles`](super::Roles) and, restrictions aside, of
///   [`Sharing`](super::Sharing) are.
///
/// # Limits
///
/// - It never permits administration other than reviews, whatever the policy inside says.
/// - In an [`any_of`](super::any_of), an act that is permitted on any other day as well still carries the alarm's code
///   while the emergency lasts. In a [`fallback`](super::fallback), with this last, only acts that need the emergency do,
///   but of a record that both permit one sees only what the first shows.
/// - Without a [`role`](Self::role) or without [`reviewers`](Self::reviewers) it denies everything, and
///   [`check`](AccessPolicy::check) says so.
pub struct BreakGlass {
    inner: Box<dyn AccessPolicy>,
    roles: BTreeSet<String>,
    reviewers: BTreeSet<String>,
}

impl BreakGlass {
    /// Begins with the policy that holds in an emergency.
    pub fn new(inner: impl AccessPolicy + 'static) -> Self {
        let (roles, reviewers) = (BTreeSet::new(), BTreeSet::new());
        Self { inner: Box::new(inner), roles, reviewers }
    }

    /// Lets this role take emergency access. Say it again for more roles.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.insert(role.into());
        self
    }

    /// Lets these roles review emergency access of others.
    #[must_use]
    pub fn reviewers<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.reviewers.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Answers what it can by itself; `None` if the emergency holds and the policy inside is to be asked.
    fn own(&self, request: &Request<'_>, facts: &dyn Facts) -> Option<Decision> {
        if !self.faults().is_empty() {
            return Some(Denial::new(codes::POLICY_INVALID, fault::told(self)).into());
        }
        let may_take = has(request.actor, &self.roles);
        let refuse = |what: &str, roles: &BTreeSet<String>| {
            let why = format!("{what} is for the roles {}; {} has none of them", listed(roles), said(request.actor));
            Some(Denial::not_granted(codes::NOT_ALLOWED, why).rule("break glass").into())
        };
        match request.action {
            Action::BreakGlass if may_take => {
                let permission = Permission::new("break glass: take").oblige(Obligation::Reason);
                Some(permission.oblige(Obligation::Notify(Cow::Borrowed(codes::BREAK_GLASS))).into())
            }
            Action::ReviewEmergency if has(request.actor, &self.reviewers) => {
                Some(Permission::new("break glass: review").into())
            }
            Action::ReviewEmergency => refuse("reviewing an emergency", &self.reviewers),
            action if action.is_administration() => {
                let why = format!("{action}: emergency access is to records, never to administration");
                Some(Denial::not_granted(codes::NOT_ALLOWED, why).rule("break glass").into())
            }
            _ if !may_take => refuse("emergency access", &self.roles),
            _ if facts.emergency(request.actor.id()).is_some() => None,
            action => {
                let why = format!("{action}: `{}` has no emergency access now, and may take it", request.actor.id());
                let hint = "You are not allowed to do this. In an emergency, ask for emergency access and say why.";
                Some(Denial::not_granted(codes::NO_EMERGENCY, why).rule("break glass").for_user(hint).into())
            }
        }
    }
}

impl Faulty for BreakGlass {
    const NAME: &'static str = "break glass";

    fn faults(&self) -> Vec<Fault> {
        let check = |setting: &'static Setting, nobody, names: &BTreeSet<String>| match names.is_empty() {
            true => Some(Fault::unsaid(std::slice::from_ref(setting), nobody)),
            false => Fault::unnamed(setting, "roles", names),
        };
        let taken = check(&fault::ROLE, "nobody can take emergency access", &self.roles);
        let reviewed = check(&fault::REVIEWER, "nobody reviews emergency access", &self.reviewers);
        taken.into_iter().chain(reviewed).collect()
    }
}

impl AccessPolicy for BreakGlass {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        if let Some(decision) = self.own(request, facts) {
            return Ok(decision);
        }
        Ok(match self.inner.decide(request, facts)? {
            Decision::Permit(mut permission) => {
                permission.rule = format!("break glass: {}", permission.rule).into();
                permission.oblige(Obligation::Notify(Cow::Borrowed(codes::BREAK_GLASS))).into()
            }
            other => other,
        })
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        if self.own(request, facts).is_some() { Ok(Scope::Nothing) } else { self.inner.scope(request, facts) }
    }

    fn version(&self) -> PolicyVersion {
        let mut settings = Settings::of("break glass");
        settings.list(&self.roles);
        settings.list(&self.reviewers);
        settings.version().with(&self.inner.version().to_string())
    }

    fn check(&self) -> Result<(), PolicyError> {
        fault::check(self).and_then(|()| self.inner.check())
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let actor = request.actor;
        let looked = |rule: &str, roles: &BTreeSet<String>| {
            let one = actor.roles().iter().find(|role| roles.contains(*role));
            let why = one.map_or_else(
                || format!("it is for {}; {} has none of them", listed(roles), said(actor)),
                |role| format!("the actor has the role `{role}`"),
            );
            Looked::new(rule, one.is_some(), why)
        };
        let decision = self.decide(request, facts);
        let until = facts.emergency(actor.id());
        let why = until.map_or_else(
            || format!("`{}` has no emergency access now", actor.id()),
            |until| format!("`{}` has emergency access until {until}", actor.id()),
        );
        let missing = match &decision {
            Ok(Decision::Deny(denial)) if denial.code == codes::NO_EMERGENCY => {
                Some(format!("emergency access, taken by `{}` with a reason", actor.id()))
            }
            Ok(Decision::Deny(denial)) if denial.rule == "break glass" && denial.code == codes::NOT_ALLOWED => {
                let review = request.action == Action::ReviewEmergency;
                let roles = if review { &self.reviewers } else { &self.roles };
                (review || !request.action.is_administration())
                    .then(|| format!("one of the roles {} for `{}`", listed(roles), actor.id()))
            }
            _ => None,
        };
        let asked = self.own(request, facts).is_none();
        let parts = asked.then(|| self.inner.explain(request, facts));
        let missing = missing.or_else(|| match &decision {
            Ok(Decision::Permit(_)) => None,
            _ => parts.as_ref().and_then(|part| part.missing.clone()),
        });
        let explanation = Explanation::of("break glass", decision)
            .looked_at([
                looked("take", &self.roles),
                looked("review", &self.reviewers),
                Looked::new("emergency", until.is_some(), why),
            ])
            .parts(parts);
        match missing {
            Some(missing) => explanation.missing(missing),
            None => explanation,
        }
    }

    fn roles(&self) -> Vec<String> {
        let own = self.roles.iter().chain(&self.reviewers).cloned();
        own.chain(self.inner.roles()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        self.inner.conflicts(actor)
    }
}

impl fmt::Debug for BreakGlass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("BreakGlass");
        text.field("roles", &self.roles).field("reviewers", &self.reviewers).finish_non_exhaustive()
    }
}

fn has(actor: &Actor, roles: &BTreeSet<String>) -> bool {
    actor.roles().iter().any(|role| roles.contains(role))
}

fn listed(roles: &BTreeSet<String>) -> String {
    let names: Vec<&str> = roles.iter().map(String::as_str).collect();
    format!("`{}`", names.join("`, `"))
}

fn said(actor: &Actor) -> String {
    format!("`{}`", actor.id())
}
