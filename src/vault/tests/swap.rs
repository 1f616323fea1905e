//! A policy that a test exchanges while its vault is open.

use crate::model::{Facts, FieldSet, Request};
use crate::policy::danger::AllowAll;
use crate::policy::{AccessPolicy, Decision, Explanation, Permission, PolicyError, PolicyVersion, Scope};
use crate::vault::tests::*;

/// Holds any policy. The actor `all` may do everything, and other actors what the test needs to set up.
#[derive(Clone)]
pub(super) struct Swap {
    held: Arc<Mutex<Arc<dyn AccessPolicy>>>,
    setup: fn(&Request<'_>) -> bool,
}

impl Swap {
    pub(super) fn new(setup: fn(&Request<'_>) -> bool) -> Self {
        Self { held: Arc::new(Mutex::new(Arc::new(AllowAll))), setup }
    }

    pub(super) fn held(&self) -> Arc<dyn AccessPolicy> {
        Arc::clone(&self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn hold(&self, policy: Arc<dyn AccessPolicy>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = policy;
    }
}

impl AccessPolicy for Swap {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        if request.actor.id() == "all" || (self.setup)(request) {
            return Ok(Permission::new("all").read(FieldSet::All).write(FieldSet::All).into());
        }
        self.held().decide(request, facts)
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        if request.actor.id() == "all" { Ok(Scope::All) } else { self.held().scope(request, facts) }
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("swap")
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        self.held().explain(request, facts)
    }

    fn roles(&self) -> Vec<String> {
        self.held().roles()
    }
}
