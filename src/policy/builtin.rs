//! The policy that denies everything, and the one that permits everything.

use super::{AccessPolicy, Decision, Denial, PolicyError, PolicyVersion, Scope, codes};
use crate::model::{Facts, Request};

/// Denies everything. What a vault has until it is given another policy.
///
/// ```
/// use strongroom::policy::{AccessPolicy, DenyAll, Roles};
///
/// // A desktop CRM that starts locked until its roles are loaded:
/// fn policy(roles: Option<Roles>) -> Box<dyn AccessPolicy> {
///     match roles {
///         Some(roles) => Box::new(roles),
///         None => Box::new(DenyAll),
///     }
/// }
/// assert_eq!(policy(None).version(), DenyAll.version());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyAll;

impl AccessPolicy for DenyAll {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let why = format!("{}: the vault has no policy; give it one, such as `Roles`, when opening it", request.action);
        Ok(Denial::new(codes::DENY_ALL, why).into())
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(Scope::Nothing)
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("deny all")
    }
}

/// Policies that weaken a vault if used outside tests and examples.
pub mod danger {
    use super::{AccessPolicy, Decision, PolicyError, PolicyVersion};
    use crate::model::{Facts, FieldSet, Request};
    use crate::policy::Permission;

    /// Permits every act of every actor, with every field. The journal still says who did what.
    ///
    /// ```
    /// use strongroom::policy::{AccessPolicy, DenyAll, danger};
    ///
    /// // A vault of made-up customers, for a demonstration. The journal names this policy, not another:
    /// assert_ne!(danger::AllowAll.version(), DenyAll.version());
    /// ```
    #[derive(Debug, Clone, Copy, Default)]
    pub struct AllowAll;

    impl AccessPolicy for AllowAll {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            Ok(Permission::new("allow all").read(FieldSet::All).write(FieldSet::All).into())
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("allow all")
        }
    }
}
