//! The vault: what the parts below make together.
//!
//! Guarantees: no call reads or writes a record without an actor; the policy is asked before and the journal told before
//! plaintext is released or a write acknowledged; what was acknowledged is durable. Does not: log people in, or keep a
//! host that it runs in from reading its memory.

mod batch;
mod blocks;
mod collection;
mod commit;
mod core;
mod create;
mod define;
mod entries;
mod found;
mod gate;
mod handle;
mod import;
mod journal;
mod open;
mod options;
mod parts;
mod query;
mod read;
mod rows;
mod session;
mod subject;
mod tenant;
mod tenant_core;
mod terms;
mod upkeep;
mod verify;
mod write;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use collection::Collection;
pub use found::{Found, Metadata, NewMeta, Page};
pub use handle::{Health, Vault};
pub use options::{Memory, VaultOptions};
pub use session::Session;
pub use tenant::{Escrow, Tenant};
