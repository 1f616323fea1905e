//! The common part of the policies that only forbid or limit.

use super::fault::Faulty;
use super::{Decision, Looked, PolicyVersion};
use crate::model::{Facts, Request};

/// A policy that never permits anything itself.
pub(super) trait Constraint: Faulty {
    /// Decides with [`Decision::Limit`], or a denial that forbids.
    fn judge(&self, request: &Request<'_>, facts: &dyn Facts) -> Decision;

    /// Returns the version, from every setting.
    fn version_of_settings(&self) -> PolicyVersion;

    /// Returns what it looked at to come to this decision.
    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, decision: &Decision) -> Vec<Looked>;

    /// Returns the roles that it knows.
    fn known_roles(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Returns SHA-256 over the name and every setting, each hashed with what came before it. Settings are in one fixed order,
/// in words that can't be taken for one another.
pub(super) fn version(name: &str, settings: &[String]) -> PolicyVersion {
    settings.iter().fold(PolicyVersion::of(name), |version, setting| version.with(setting))
}

/// Makes a [`Constraint`] an `AccessPolicy`.
macro_rules! constraint {
    ($name:ident) => {
        impl $crate::policy::AccessPolicy for $name {
            /// Decides, never with a permit.
            fn decide(
                &self,
                request: &$crate::model::Request<'_>,
                facts: &dyn $crate::model::Facts,
            ) -> Result<$crate::policy::Decision, $crate::policy::PolicyError> {
                Ok($crate::policy::constraint::Constraint::judge(self, request, facts))
            }

            /// Returns no opinion: rows are decided one by one.
            fn scope(
                &self,
                _: &$crate::model::Request<'_>,
                _: &dyn $crate::model::Facts,
            ) -> Result<$crate::policy::Scope, $crate::policy::PolicyError> {
                Ok($crate::policy::Scope::NoOpinion)
            }

            /// Returns the version from every setting; the order in which they were said doesn't count.
            fn version(&self) -> $crate::policy::PolicyVersion {
                $crate::policy::constraint::Constraint::version_of_settings(self)
            }

            /// # Errors
            /// Every mistake found, in one text.
            fn check(&self) -> Result<(), $crate::policy::PolicyError> {
                $crate::policy::fault::check(self)
            }

            fn roles(&self) -> Vec<String> {
                $crate::policy::constraint::Constraint::known_roles(self)
            }

            fn explain(
                &self,
                request: &$crate::model::Request<'_>,
                facts: &dyn $crate::model::Facts,
            ) -> $crate::policy::Explanation {
                use $crate::policy::{constraint::Constraint, fault::Faulty};
                let decision = self.judge(request, facts);
                let looked = self.looked(request, facts, &decision);
                $crate::policy::Explanation::of(Self::NAME, Ok(decision)).looked_at(looked)
            }
        }
    };
}

pub(super) use constraint;
