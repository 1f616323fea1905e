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
//! denials. Does not: log people in. A policy believes the [`Actor`](crate::Actor) that the host made.

mod access;
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
#[cfg_attr(not(feature = "policy-file"), allow(dead_code, reason = "keys and their examples are for files"))]
mod fault;
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
mod tests;

pub use access::AccessPolicy;
pub use break_glass::BreakGlass;
pub use builtin::{DenyAll, danger};
#[cfg(feature = "cedar")]
pub use cedar::Cedar;
pub use compose::{AllOf, AnyOf, Fallback, all_of, any_of, fallback, forbid_if};
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

pub(crate) use guard::{DEADLINE, Guard, unmet};
