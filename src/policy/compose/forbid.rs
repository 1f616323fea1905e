//! A condition under which an act is forbidden, whatever else permits it.

use crate::model::{Facts, Request};
use crate::policy::{AccessPolicy, Decision, Denial, Explanation, Looked, PolicyError, PolicyVersion, Scope};

/// Forbids everything that the condition holds for, and has nothing against the rest. The rule names it: in the denial, as its code
/// and rule, and in the policy's version, so give a changed condition another name.
///
/// ```
/// use strongroom::model::Action;
/// use strongroom::policy::{AccessPolicy, Roles, all_of, forbid_if};
///
/// let policy = all_of(Roles::new().role("sales", |r| r.on("customers").read_all().delete()))
///     // A customer under contract stays.
///     .and(forbid_if("keep contracts", |request, _| {
///         request.action == Action::Delete && request.resource.is_some_and(|customer| customer.has_label("contract"))
///     }));
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
pub fn forbid_if<F>(rule: impl Into<String>, condition: F) -> Box<dyn AccessPolicy>
where
    F: Fn(&Request<'_>, &dyn Facts) -> bool + Send + Sync + 'static,
{
    Box::new(ForbidIf { rule: rule.into(), condition })
}

/// A condition that forbids: see [`forbid_if`].
struct ForbidIf<F> {
    rule: String,
    condition: F,
}

impl<F: Fn(&Request<'_>, &dyn Facts) -> bool + Send + Sync> AccessPolicy for ForbidIf<F> {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        if (self.condition)(request, facts) {
            let why = format!("{}: the condition `{}` forbids it", request.action, self.rule);
            return Ok(Denial::new(self.rule.clone(), why).into());
        }
        Ok(Decision::no_objection(self.rule.as_str()))
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(Scope::NoOpinion)
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("forbid if").with(&self.rule)
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.rule.trim().is_empty() {
            return Err(PolicyError::new("a `forbid_if` has no name: its denials carry it"));
        }
        Ok(())
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        let decision = self.decide(request, facts);
        let held = decision.as_ref().is_ok_and(Decision::forbids);
        let why = if held { "its condition holds" } else { "its condition doesn't hold" };
        Explanation::of("forbid if", decision).looked_at([Looked::new(self.rule.clone(), held, why)])
    }
}
