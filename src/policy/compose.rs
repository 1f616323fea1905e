//! Policies made of policies.
//!
//! Guarantees, in every composition, however nested: a denial that forbids overrides every permit; a limit narrows every
//! permit; an error of one is an error of all; what nobody permits isn't permitted. Each policy is asked, so that none can
//! hide another's objection. Whoever lacks the right anyway is told so, not what would be wanted besides. The order in
//! which [`all_of`] and [`any_of`] are given their policies never changes who may do what.

mod forbid;
pub(super) mod merge;

#[cfg(test)]
mod tests;

pub use forbid::forbid_if;

use std::fmt;

use super::access::as_within;
use super::{AccessPolicy, Decision, Explanation, PolicyError, PolicyVersion, Scope};
use crate::model::{Actor, Facts, Request};
use merge::{Kind, Merge};

/// Permits what every policy permits. The fields are those that all of them allow, the obligations those of all.
///
/// A policy that only forbids or limits, such as [`forbid_if`], has nothing to permit and is
/// asked for objections only.
///
/// ```
/// use strongroom::model::Action;
/// use strongroom::policy::{AccessPolicy, Roles, all_of, forbid_if};
///
/// let policy = all_of(Roles::new().role("sales", |r| r.on("customers").read(["name"]).delete()))
///     .and(forbid_if("nobody deletes", |request, _| request.action == Action::Delete));
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
pub fn all_of(first: impl AccessPolicy + 'static) -> AllOf {
    AllOf(Parts::new(Kind::AllOf, first))
}

/// Permits what any policy permits, unless one of them forbids. The fields are those that they allow together. A permit whose
/// obligations aren't fulfilled doesn't count.
///
/// ```
/// use strongroom::policy::{AccessPolicy, Roles, any_of};
///
/// // Two departments keep their own tables.
/// let sales = Roles::new().role("sales", |r| r.on("customers").read(["name", "tier"]));
/// let support = Roles::new().role("support", |r| r.on("tickets").read_all());
/// let policy = any_of(sales).or(support);
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
pub fn any_of(first: impl AccessPolicy + 'static) -> AnyOf {
    AnyOf(Parts::new(Kind::AnyOf, first))
}

/// Lets the first policy that permits decide which fields, unless one of them forbids.
///
/// ```
/// use strongroom::policy::{AccessPolicy, Roles, fallback};
///
/// // A team's own rules first; the company's where these say nothing.
/// let team = Roles::new().role("vip desk", |r| r.on("customers").read(["name", "phone", "tier"]));
/// let company = Roles::new().role("employee", |r| r.on("customers").read(["name"]));
/// let policy = fallback(team).then(company);
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
pub fn fallback(first: impl AccessPolicy + 'static) -> Fallback {
    Fallback(Parts::new(Kind::Fallback, first))
}

/// A policy of several that must all permit: see [`all_of`].
pub struct AllOf(Parts);

/// A policy of several of which any may permit: see [`any_of`].
pub struct AnyOf(Parts);

/// A policy of several of which the first that permits decides: see [`fallback`].
pub struct Fallback(Parts);

impl AllOf {
    /// Adds a policy that has to permit too.
    #[must_use]
    pub fn and(mut self, policy: impl AccessPolicy + 'static) -> Self {
        self.0.add(policy);
        self
    }
}

impl AnyOf {
    /// Adds a policy that may permit as well.
    #[must_use]
    pub fn or(mut self, policy: impl AccessPolicy + 'static) -> Self {
        self.0.add(policy);
        self
    }
}

impl Fallback {
    /// Adds a policy that is heard where those before it don't permit.
    #[must_use]
    pub fn then(mut self, policy: impl AccessPolicy + 'static) -> Self {
        self.0.add(policy);
        self
    }
}

struct Parts {
    kind: Kind,
    policies: Vec<Box<dyn AccessPolicy>>,
}

impl Parts {
    fn new(kind: Kind, first: impl AccessPolicy + 'static) -> Self {
        Self { kind, policies: vec![Box::new(first)] }
    }

    fn add(&mut self, policy: impl AccessPolicy + 'static) {
        self.policies.push(Box::new(policy));
    }

    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        let mut merge = Merge::new(self.kind);
        for policy in &self.policies {
            merge.add(policy.decide(request, facts)?, request, facts);
        }
        Ok(merge.finish(request))
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        let mut scope = Scope::NoOpinion;
        for policy in &self.policies {
            let next = policy.scope(request, facts)?;
            scope = if self.kind == Kind::AllOf { scope.and(next) } else { scope.or(next) };
        }
        Ok(scope)
    }

    fn version(&self) -> PolicyVersion {
        let mut versions: Vec<String> = self.policies.iter().map(|policy| policy.version().to_string()).collect();
        if self.kind != Kind::Fallback {
            versions.sort_unstable();
        }
        versions.iter().fold(PolicyVersion::of(self.kind.name()), |version, part| version.with(part))
    }

    fn check(&self) -> Result<(), PolicyError> {
        self.policies.iter().try_for_each(|policy| policy.check())
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let parts: Vec<Explanation> = self.policies.iter().map(|policy| policy.explain(request, facts)).collect();
        let missing = parts.iter().find_map(|part| part.missing.clone());
        let explanation = Explanation::of(self.kind.name(), self.decide(request, facts));
        let denied = !explanation.decision.as_ref().is_ok_and(Decision::is_permit);
        let explanation = explanation.parts(parts);
        match missing {
            Some(missing) if denied => explanation.missing(missing),
            _ => explanation,
        }
    }

    fn roles(&self) -> Vec<String> {
        let mut roles: Vec<String> = self.policies.iter().flat_map(|policy| policy.roles()).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        self.policies.iter().flat_map(|policy| policy.conflicts(actor)).collect()
    }
}

macro_rules! composed {
    ($($name:ident),+) => {
        $(
            impl AccessPolicy for $name {
                fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
                    self.0.decide(request, facts)
                }

                as_within!(self, self.0);

                fn version(&self) -> PolicyVersion {
                    self.0.version()
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}({} policies)", stringify!($name), self.0.policies.len())
                }
            }
        )+
    };
}

composed!(AllOf, AnyOf, Fallback);
