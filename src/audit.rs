//! The journal: entries, sealed blocks, the tree over them, signed heads, digests, verification; and the sinks.
//!
//! Guarantees: an entry is sealed and covered by its block's leaf; a change, a gap or a cut of the journal shows against a
//! head; a sink is served in order, on a thread of its own, from a bounded queue, and told of every entry at least once.
//! Does not: read or write the store, decide when to commit, or hold a key longer than a call. Entries hold no values of
//! records, but who did what and why; they are sealed on the disk and plain in memory and in sinks.

mod base;
mod block;
mod cef;
mod channel;
mod cursor;
mod delivery;
mod digest;
mod entry;
mod error;
mod event;
pub mod evidence;
mod grade;
mod head;
mod json_lines;
mod lines;
mod ocsf;
mod outcome;
mod plain;
pub(crate) use plain::visible;
mod proof;
mod sink;
mod state;
mod syslog;
#[cfg(feature = "tracing")]
mod tracing;
mod tree;
mod verdict;
mod walk;

#[cfg(test)]
mod tests;

pub use cef::Cef;
pub use channel::{Message, channel};
pub use event::Event;
pub use head::{Head, HeadError, HeadKey};
pub use json_lines::JsonLines;
pub use lines::{FileOptions, Fsync};
pub use ocsf::Ocsf;
pub use outcome::{Outcome, Subject};
pub use proof::{ConsistencyProof, InclusionProof, ProofError, ShownEntry};
pub use sink::{AttachedSink, AuditSink, Held, Relayed, RelayedSink, Required, SinkError, SinkHealth, SinkState};
pub use syslog::{Facility, Syslog, SyslogBody};
#[cfg(feature = "tracing")]
pub use tracing::Tracing;
pub use verdict::{RewrittenBecause, RowFault, RowSet, Verdict};

pub(crate) use base::{BaseOf, JournalBase};
pub(crate) use block::{NewBlock, OpenedBlock, Place, batches, leaf_of, open_block, seal_block};
pub(crate) use cursor::{open_cursor, seal_cursor};
pub(crate) use delivery::{Anchored, Delivery, Names, Replayed, SinkPosition, Supply, Waited};
pub(crate) use digest::{RowSetDigest, commit_mac, term};
pub(crate) use entry::{Entry, EntryBuilder};
pub(crate) use error::AuditError;
pub(crate) use event::events;
pub(crate) use head::{HeadBody, decode_head_file, encode_head_file};
pub(crate) use proof::{Nodes, Shown, ShownBlock};
pub(crate) use state::JournalState;
pub(crate) use tree::Frontier;
pub(crate) use verdict::MAX_NAMED;
pub(crate) use walk::{Claims, Tip, Walk, Walked, header_of};
