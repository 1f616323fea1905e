//! The policy in force, and the vault's clock.
//!
//! Guarantees: a policy whose own check fails is never in force. Does not: ask the policy; the gate does.

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::model::{Clock, Timestamp};
use crate::policy::{AccessPolicy, Guard, PolicyVersion};

/// The policy in force, the guard around it, and the vault's clock.
pub(crate) struct InForce {
    current: RwLock<Current>,
    clock: Arc<dyn Clock>,
    guard: Guard,
}

/// A policy with its version, which is taken once: to hash a large policy for every act would cost more than the act.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) policy: Arc<dyn AccessPolicy>,
    version: PolicyVersion,
}

impl InForce {
    /// Puts a first policy in force.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy's own check fails.
    pub(crate) fn new(policy: Arc<dyn AccessPolicy>, clock: Arc<dyn Clock>, guard: Guard) -> Result<Self> {
        Ok(Self { current: RwLock::new(Current::new(policy)?), clock, guard })
    }

    /// Puts another policy in force.
    pub(crate) fn replace(&self, next: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Returns the time by the vault's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the version of the policy in force.
    pub(crate) fn version(&self) -> PolicyVersion {
        self.current.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Returns the policy in force.
    pub(crate) fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the guard around calls of the policy.
    pub(crate) const fn guard(&self) -> Guard {
        self.guard
    }
}

impl Current {
    /// Checks a policy and takes its version.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy's own check fails, or its version is no hash.
    pub(crate) fn new(policy: Arc<dyn AccessPolicy>) -> Result<Self> {
        policy.check().map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Error::Policy { why: cause }
        })?;
        let version = policy.version();
        if version.as_bytes() == &[0; 32] {
            return Err(Error::Policy { why: "its version is all zeros: use `PolicyVersion::of`".to_owned() });
        }
        Ok(Self { version, policy })
    }

    pub(crate) const fn version(&self) -> PolicyVersion {
        self.version
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.policy.text()
    }
}
