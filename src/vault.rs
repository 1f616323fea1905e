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
mod commit;
mod core;
mod gate;
mod handles;
mod journal;
mod lifecycle;
mod records;
mod standing;
mod state;
mod upkeep;

#[cfg(test)]
mod tests;

pub use admin::{ApprovalRequest, Emergency, Frozen, Inquiry, OffboardPlan, OffboardReport, Share, Suspension};
pub use check::{Health, Scrub, ScrubOptions, ScrubPhase, ScrubProgress};
pub use gate::{Found, Metadata, NewMeta, Page};
pub use handles::{Collection, Session, Tenant, Vault, VaultSession, WeakVault};
pub use journal::{
    Change, Disclosed, DisclosedTo, Disclosure, DisclosureQuery, DisclosureReport, HeldBack, HistoryPage, HostEvent,
    Journal, JournalCursor, JournalPage, JournalPages, JournalQuery, Retention, RetentionPlan, RetentionReport,
};
pub use lifecycle::{Memory, PastPolicy, VaultOptions};
pub use records::Batch;
pub use standing::Freeze;
