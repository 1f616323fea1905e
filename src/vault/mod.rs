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

mod approval;
mod base;
mod batch;
mod blocks;
mod collection;
mod commit;
mod core;
mod create;
mod cursors;
mod define;
mod disclosure;
mod duplicate;
mod edit;
mod emergency;
mod entries;
mod evidence;
mod facts;
mod found;
mod freeze;
mod gate;
mod handle;
mod history;
mod host_events;
mod import;
mod journal;
mod leaver;
mod list;
mod open;
mod options;
mod parts;
mod policies;
mod query;
mod questions;
mod read;
mod reserve;
mod retention;
mod review;
mod rows;
mod scoped;
mod scrub;
mod session;
mod sharing;
mod subject;
mod suspension;
mod tenant;
mod tenant_core;
mod terms;
mod transfer;
mod upkeep;
mod usage;
mod verify;
mod write;

#[cfg(test)]
mod tests;

pub use approval::ApprovalRequest;
pub use batch::Batch;
pub use collection::Collection;
pub use disclosure::{Disclosed, DisclosedTo, Disclosure, DisclosureQuery, DisclosureReport};
pub use emergency::Emergency;
pub use found::{Found, Metadata, NewMeta, Page};
pub use freeze::{Freeze, Frozen};
pub use handle::{Health, Vault, WeakVault};
pub use history::{Change, HistoryPage};
pub use host_events::HostEvent;
pub use leaver::{LeaverPlan, LeaverReport};
pub use options::{Memory, VaultOptions};
pub use policies::PastPolicy;
pub use questions::{JournalCursor, JournalPage, JournalPages, JournalQuery};
pub use retention::{HeldBack, Retention, RetentionPlan, RetentionReport};
pub use review::Inquiry;
pub use scrub::{Scrub, ScrubOptions, ScrubPhase, ScrubProgress};
pub use session::Session;
pub use sharing::Share;
pub use suspension::Suspension;
pub use tenant::{Escrow, Tenant};
