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
//! | what for | policy |
//! |---|---|
//! | who may do what to which collection and fields; roles that inherit; duties kept apart | [`Roles`] |
//! | which records: owner, manager hierarchy, groups, rules, manual shares, restrictions | [`Sharing`] |
//! | owners alone decide who gets at their records | [`OwnerGrants`] |
//! | emergency access, with a reason, an end, an alarm and a review | [`BreakGlass`] |
//! | other people's approval for what is dangerous | [`DualControl`] |
//! | levels of secrecy: no read up, no write down | [`Labels`] |
//! | use for declared purposes only | [`Purpose`] |
//! | stronger or fresher authentication for what is dangerous | [`StepUp`] |
//! | how many rows are shown, by one act and in an hour | [`RowLimit`] |
//! | working hours | [`WorkingHours`] |
//! | a condition of your own that forbids | [`forbid_if`] |
//! | policies in the Cedar language (feature `cedar`) | `Cedar` |
//! | everything, until there is another | [`DenyAll`] |
//! | putting these together | [`all_of`], [`any_of`], [`fallback`] |
//!
//! `Labels`, `Purpose`, `StepUp`, `RowLimit`, `WorkingHours`, `DualControl` and `forbid_if` only forbid or limit, and permit
//! nothing by themselves: put them beside `Roles`.
//!
//! ```
//! use std::time::Duration;
//! use strongroom::model::Action;
//! use strongroom::policy::{AccessPolicy, Roles, RowLimit, StepUp, all_of};
//!
//! let policy = all_of(Roles::new().role("sales", |r| r.on("customers").read_all().export()))
//!     .and(RowLimit::new().per_hour(500))
//!     .and(StepUp::new(2, Duration::from_secs(300)).for_acts([Action::Export]));
//! policy.check()?;
//! # Ok::<(), strongroom::policy::PolicyError>(())
//! ```
//!
//! Who can do what under a policy, and why, is asked in [`review`].
//! All of it can be written in a file that an administrator reads and changes while the program runs: `PolicyFile`, with
//! the feature `policy-file`.
//! `docs/policy-adapter.md` in the repository says how to put another engine behind [`AccessPolicy`].
//!
//! Guarantees: without a policy everything is denied; an error, a panic and an obligation that nobody knows are
//! denials. Does not: log people in. A policy believes the [`Actor`] that the host made.

mod acts;
mod applies;
mod break_glass;
mod builtin;
#[cfg(feature = "cedar")]
mod cedar;
pub mod codes;
mod compose;
mod constraint;
mod decision;
mod dual_control;
mod error;
mod explain;
#[cfg(feature = "policy-file")]
mod file;
mod guard;
mod labels;
mod owner_grants;
mod purpose;
pub mod review;
mod roles;
mod row_limit;
mod settings;
mod sharing;
mod step_up;
mod version;
mod working_hours;

#[cfg(test)]
mod tests_properties;

pub use break_glass::BreakGlass;
pub use builtin::{DenyAll, danger};
#[cfg(feature = "cedar")]
pub use cedar::Cedar;
pub use compose::{AllOf, AnyOf, Fallback, ForbidIf, all_of, any_of, fallback, forbid_if};
pub use decision::{Decision, Denial, Filter, Obligation, Permission, Scope};
pub use dual_control::DualControl;
pub use error::PolicyError;
pub use explain::{Explanation, Looked};
#[cfg(feature = "policy-file")]
pub use file::{Mistake, PolicyFile, PolicyFileError};
pub use guard::ask;
pub use labels::Labels;
pub use owner_grants::OwnerGrants;
pub use purpose::Purpose;
pub use roles::{Grant, Role, Roles};
pub use row_limit::RowLimit;
pub use sharing::{Restriction, Sharing, SharingRule};
pub use step_up::StepUp;
pub use version::PolicyVersion;
pub use working_hours::{Weekday, WorkingHours};

#[cfg(feature = "cedar")]
use guard::CLOCKS_APART;

pub(crate) use guard::{DEADLINE, Guard, unmet};

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

/// Everything but the decision and the text, as another policy answers it.
macro_rules! as_within {
    ($this:ident, $within:expr) => {
        fn scope(&$this, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
            $within.scope(request, facts)
        }

        fn version(&$this) -> PolicyVersion {
            $within.version()
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

use as_within;

macro_rules! forward {
    ($($pointer:ident),+) => {
        $(
            impl<P: AccessPolicy + ?Sized> AccessPolicy for $pointer<P> {
                fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
                    (**self).decide(request, facts)
                }

                as_within!(self, (**self));

                fn text(&self) -> Option<String> {
                    (**self).text()
                }
            }
        )+
    };
}

forward!(Arc, Box);
