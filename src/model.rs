//! Words that every floor shares: ids, time, actors, acts and what a policy may ask.
//!
//! Guarantees: no I/O, no keys; ids, revisions and times are `serde` types. Does not: decide, store or check anything.

mod action;
mod actor;
mod clock;
mod fields;
mod ids;
mod portable;
mod request;
mod similar;

pub use action::Action;
pub use actor::{Actor, Authentication};
pub use clock::{Clock, ParseTimestampError, SystemClock, Timestamp};
pub use fields::{FieldNames, FieldSet, Normalizer};
pub use ids::{CollectionId, ParseIdError, RecordId, Revision, TenantId, VaultId};
pub use request::{Access, ApprovalId, Facts, Grantee, NoFacts, Request, Resource};

pub(crate) use fields::IndexValue;
pub(crate) use ids::{Epoch, JournalEpochId, Pseudonym, Slot};
pub(crate) use similar::nearest;
