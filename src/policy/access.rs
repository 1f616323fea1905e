//! The question that every policy answers.
//!
//! Guarantees: a policy behind a pointer answers as itself.

use std::sync::Arc;

use super::{Decision, Explanation, PolicyError, PolicyVersion, Scope};
use crate::model::{Actor, Facts, Request};

/// Decides every act in a vault.
///
/// Write one when [`Roles`](super::Roles) can't say what you need; most often it asks `Roles` and then adds something:
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
    /// Decides whether the act may be done, with which fields, and what it obliges to.
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

    /// Returns the rows that a list, a search, a count or an export looks at. It only narrows: each row is still decided by itself. A
    /// policy that only forbids or limits says [`Scope::NoOpinion`].
    ///
    /// # Errors
    /// Any error is a denial, and is journalled.
    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        let _ = (request, facts);
        Ok(Scope::All)
    }

    /// Returns what every journal entry names as the policy that decided. Two policies that decide differently must differ in
    /// it, so change it with the rules; [`PolicyVersion::of`] makes one from a text.
    fn version(&self) -> PolicyVersion;

    /// Checks that the policy itself is sound. Asked once, when a vault is opened with it or it replaces another.
    ///
    /// # Errors
    /// Everything that is wrong with it, for its author.
    fn check(&self) -> Result<(), PolicyError> {
        Ok(())
    }

    /// Returns the decision with everything that was looked at on the way to it, for administrators.
    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        Explanation::of("policy", self.decide(request, facts))
    }

    /// Returns the policy as a text that it can be read back from, if it has one. A vault keeps the text of each policy that was
    /// in force, by its version.
    fn text(&self) -> Option<String> {
        None
    }

    /// Returns the roles that it knows, for reviews.
    fn roles(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the duties that this actor unites and the policy wants kept apart, each in words.
    fn conflicts(&self, actor: &Actor) -> Vec<String> {
        let _ = actor;
        Vec::new()
    }
}

/// Everything but the decision, the version and the text, as another policy answers it.
macro_rules! as_within {
    ($this:ident, $within:expr) => {
        fn scope(&$this, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
            $within.scope(request, facts)
        }

        fn check(&$this) -> Result<(), PolicyError> {
            $within.check()
        }

        fn explain(&$this, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
            $within.explain(request, facts)
        }

        fn roles(&$this) -> Vec<String> {
            $within.roles()
        }

        fn conflicts(&$this, actor: &Actor) -> Vec<String> {
            $within.conflicts(actor)
        }
    };
}

pub(super) use as_within;

macro_rules! forward {
    ($($pointer:ident),+) => {
        $(
            impl<P: AccessPolicy + ?Sized> AccessPolicy for $pointer<P> {
                fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
                    (**self).decide(request, facts)
                }

                as_within!(self, (**self));

                fn version(&self) -> PolicyVersion {
                    (**self).version()
                }

                fn text(&self) -> Option<String> {
                    (**self).text()
                }
            }
        )+
    };
}

forward!(Arc, Box);
