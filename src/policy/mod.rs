//! Who may do what: the question, the answer, and the policies that come with the library.
//!
//! Every act asks the vault's [`AccessPolicy`] first, reads included. Most hosts need no policy of their own:
//! [`Roles`] says per role and collection what may be done, with which fields, and whether on one's own records only.
//!
//! ```
//! use strongroom::policy::{AccessPolicy, Roles};
//!
//! let policy = Roles::new()
//!     .role("admin", |r| r.administer())
//!     .role("sales", |r| r.on("customers").create().read(["name", "email", "tier"]).update(["tier"]).own_only())
//!     .role("protection", |r| r.on("customers").read_all());
//! policy.check()?;
//! # Ok::<(), strongroom::policy::PolicyError>(())
//! ```
//!
//! Policies compose: [`all_of`], [`any_of`], [`fallback`], [`forbid_if`]. With the feature `cedar` they can be written in Cedar;
//! `docs/policy-adapter.md` in the repository says how to put another engine behind [`AccessPolicy`].
//!
//! Guarantees: without a policy everything is denied; an error, a panic and an obligation that nobody knows are
//! denials. Does not: log people in. A policy believes the [`Actor`](crate::Actor) that the host made.

mod builtin;
#[cfg(feature = "cedar")]
mod cedar;
pub mod codes;
mod compose;
mod decision;
mod error;
mod explain;
mod guard;
mod roles;
mod version;

pub use builtin::{DenyAll, danger};
#[cfg(feature = "cedar")]
pub use cedar::Cedar;
pub use compose::{AllOf, AnyOf, Fallback, ForbidIf, all_of, any_of, fallback, forbid_if};
pub use decision::{Decision, Denial, Filter, Obligation, Permission, Scope};
pub use error::PolicyError;
pub use explain::{Explanation, Looked};
pub use roles::{Grant, Role, Roles};
pub use version::PolicyVersion;

#[cfg(feature = "cedar")]
use guard::CLOCKS_APART;
pub(crate) use guard::{Guard, unmet};

use std::sync::Arc;

use crate::model::{Actor, Facts, Request};

/// Decides every act in a vault.
///
/// Write one when [`Roles`] can't say what you need; most often it asks `Roles` and then adds something:
///
/// ```
/// use strongroom::policy::{AccessPolicy, Decision, Denial, PolicyError, PolicyVersion, Roles, Scope};
/// use strongroom::model::{Action, Facts, Request};
///
/// /// The roles, but nobody deletes a customer of the label "contract".
/// struct KeepContracts(Roles);
///
/// impl AccessPolicy for KeepContracts {
///     fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
///         let contract = request.resource.is_some_and(|r| r.labels.iter().any(|label| label == "contract"));
///         if request.action == Action::Delete && contract {
///             return Ok(Denial::new("contract", "a customer under contract stays").into());
///         }
///         self.0.decide(request, facts)
///     }
///
///     fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
///         self.0.scope(request, facts)
///     }
///
///     fn version(&self) -> PolicyVersion {
///         self.0.version().with("keep contracts, 1")
///     }
///
///     fn check(&self) -> Result<(), PolicyError> {
///         self.0.check()
///     }
/// }
/// ```
pub trait AccessPolicy: Send + Sync {
    /// Whether the act may be done, with which fields, and what it obliges to.
    ///
    /// - An act on a known record comes with its [`resource`](Request::resource): owner and labels, never a value. One
    ///   that is about to be created has a resource without an id.
    /// - An update is asked about twice: with the metadata before and after it.
    /// - A list, a search, a count or an export is asked about once without a resource, then once for each row with it.
    ///   The fields that a row shows are those of its own answer.
    /// - Without a resource there is no such record, or it isn't known yet. Permit only what the actor may do
    ///   to any record, or the answer tells which ids exist.
    ///
    /// Called on many threads at once and for every act: keep it fast and let it wait for nothing.
    ///
    /// # Errors
    /// Any error is a denial, and is journalled.
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError>;

    /// Which rows a list, a search, a count or an export looks at. It only narrows: each row is still decided by itself. A
    /// policy that only forbids or limits says [`Scope::NoOpinion`].
    ///
    /// # Errors
    /// Any error is a denial, and is journalled.
    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        let _ = (request, facts);
        Ok(Scope::All)
    }

    /// What every journal entry names as the policy that decided. Two policies that decide differently must differ in
    /// it, so change it with the rules; [`PolicyVersion::of`] makes one from a text.
    fn version(&self) -> PolicyVersion;

    /// Whether the policy itself is sound. Asked once, when a vault is opened with it or it replaces another.
    ///
    /// # Errors
    /// What is wrong with it, for its author.
    fn check(&self) -> Result<(), PolicyError> {
        Ok(())
    }

    /// The decision with everything that was looked at on the way to it, for administrators.
    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        Explanation::of("policy", self.decide(request, facts))
    }

    /// The policy as a text that it can be read back from, if it has one. A vault keeps the text of each policy that was
    /// in force, by its version.
    fn text(&self) -> Option<String> {
        None
    }

    /// The roles it knows, for reviews.
    fn roles(&self) -> Vec<String> {
        Vec::new()
    }

    /// The duties that this actor unites and the policy wants kept apart, each in words.
    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        let _ = actor;
        Vec::new()
    }
}

macro_rules! forward {
    ($($pointer:ident),+) => {
        $(
            impl<P: AccessPolicy + ?Sized> AccessPolicy for $pointer<P> {
                fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
                    (**self).decide(request, facts)
                }

                fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
                    (**self).scope(request, facts)
                }

                fn version(&self) -> PolicyVersion {
                    (**self).version()
                }

                fn check(&self) -> Result<(), PolicyError> {
                    (**self).check()
                }

                fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
                    (**self).explain(request, facts)
                }

                fn text(&self) -> Option<String> {
                    (**self).text()
                }

                fn roles(&self) -> Vec<String> {
                    (**self).roles()
                }

                fn conflicts(&self, actor: &Actor) -> Vec<String> {
                    (**self).conflicts(actor)
                }
            }
        )+
    };
}

forward!(Arc, Box);
