//! The vault: what the parts below make together.
//!
//! Guarantees: no call reads or writes a record without an actor; the policy is asked before and the journal told before
//! plaintext is released or a write acknowledged; what was acknowledged is durable. Does not: log people in, or keep a
//! host that it runs in from reading its memory.
//!
//! # On a server
//!
//! [`Vault`], [`Tenant`], [`Session`] and [`Collection`] are cheap clones, `Send + Sync + 'static`. Keep the vault, or a
//! tenant, in the server's state, and make a session for each request, with the actor that the request has proved to be.
//!
//! The library is synchronous: a write returns when it is on the disk, which takes a millisecond or so. In an async server
//! call it where blocking is allowed; writes that run at the same time share a sync, so let several run:
//!
//! ```text
//! async fn rename(State(acme): State<Tenant>, actor: Actor, id: RecordId, name: String) -> Result<Revision, AppError> {
//!     tokio::task::spawn_blocking(move || {
//!         acme.session(actor)?.collection::<Customer>()?.update(id, |c| c.name.clone_from(&name))
//!     })
//!     .await?
//! }
//! ```
//!
//! Close the vault with [`Vault::close`] when the server ends: it writes what waits and reports. Dropping the last handle
//! does the same, and can tell nobody.


mod admin;
mod check;
mod collection;
mod commit;
mod core;
mod gate;
mod handle;
mod journal;
mod lifecycle;
mod records;
mod session;
mod standing;
mod state;
mod tenant;
mod upkeep;

#[cfg(test)]
mod tests;

pub use crate::vault::admin::approvals::ApprovalRequest;
pub use crate::vault::records::batch::Batch;
pub use crate::vault::collection::Collection;
pub use crate::vault::journal::disclosures::{Disclosed, DisclosedTo, Disclosure, DisclosureQuery, DisclosureReport};
pub use crate::vault::admin::emergency::Emergency;
pub use crate::vault::records::found::{Found, Metadata, NewMeta, Page};
pub use crate::vault::admin::freeze::{Freeze, Frozen};
pub use crate::vault::handle::{Health, Vault, WeakVault};
pub use crate::vault::records::history::{Change, HistoryPage};
pub use crate::vault::admin::host_events::HostEvent;
pub use crate::vault::admin::offboard::{LeaverPlan, LeaverReport};
pub use crate::vault::lifecycle::options::{Memory, VaultOptions};
pub use crate::vault::admin::policy::PastPolicy;
pub use crate::vault::journal::query::{JournalCursor, JournalPage, JournalPages, JournalQuery};
pub use crate::vault::journal::retention::{HeldBack, Retention, RetentionPlan, RetentionReport};
pub use crate::vault::admin::review::Inquiry;
pub use crate::vault::check::scrub::{Scrub, ScrubOptions, ScrubPhase, ScrubProgress};
pub use crate::vault::session::Session;
pub use crate::vault::admin::sharing::Share;
pub use crate::vault::admin::suspend::Suspension;
pub use crate::vault::tenant::{Escrow, Tenant};
