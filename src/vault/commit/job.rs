//! What callers hand to the committer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};

use crate::audit::Entry;
use crate::crypto::{Key, WRAPPED, role};
use crate::format::row::Tombstone;
use crate::index::Link;
use crate::vault::tenant_core::{CollectionCore, TenantCore};

use super::CommitError;
use super::tails::Seen;
use crate::model::RecordId;

/// One thing for the committer to do.
pub(in crate::vault) enum Job {
    /// Commit this, all or nothing, and say so.
    Write(Box<WriteJob>),
    /// Write out the journal's buffer; answer when it is durable, if somebody waits.
    Flush(Option<Reply>),
    /// Look again when the journal's buffer is due.
    Wake,
    /// Stop between two commits until the sender at the other end is gone.
    Pause { ready: Sender<Paused>, resume: Receiver<()> },
    /// Commit what waits and end.
    Stop,
}

/// Where the answer goes. One answer is sent; a dropped one means that the committer is gone.
pub(in crate::vault) type Reply = SyncSender<Result<Committed, CommitError>>;

/// A commit that is durable.
#[derive(Debug, Clone, Copy)]
pub(in crate::vault) struct Committed {
    /// The journal's size after it, in blocks.
    pub(in crate::vault) size: u64,
}

/// What the journal looked like when the committer stopped.
pub(in crate::vault) struct Paused {
    pub(in crate::vault) journal: crate::audit::JournalState,
}

/// A value to put under a key, or `None` to remove it; or, of an expectation, what must be there.
pub(in crate::vault) type Put = (Vec<u8>, Option<Vec<u8>>);

/// One atomic change of one tenant, or of the vault itself.
pub(in crate::vault) struct WriteJob {
    /// `None`: an act of the vault.
    pub(in crate::vault) tenant: Option<Arc<TenantCore>>,
    /// Values that must still be what the caller saw.
    pub(in crate::vault) expect: Vec<Put>,
    pub(in crate::vault) rows: Vec<RowChange>,
    /// Other values to put or remove: names, schemas, dictionaries, slot map.
    pub(in crate::vault) puts: Vec<Put>,
    pub(in crate::vault) entries: Vec<Entry>,
    /// Entries for the vault's own blocks, in the same commit.
    pub(in crate::vault) vault_entries: Vec<Entry>,
    /// Run after the commit is durable and before it is acknowledged; ours, never the host's code.
    pub(in crate::vault) after: Option<Box<dyn FnOnce() + Send>>,
    pub(in crate::vault) reply: Reply,
}

/// A change of one row.
pub(in crate::vault) struct RowChange {
    pub(in crate::vault) collection: Arc<CollectionCore>,
    /// The schema's generation that the row was made with.
    pub(in crate::vault) generation: u64,
    pub(in crate::vault) record: RecordId,
    /// The row as the caller saw it; `None` for a new record.
    pub(in crate::vault) before: Option<Vec<u8>>,
    pub(in crate::vault) after: NewRow,
    /// Index entries of the old row that stay.
    pub(in crate::vault) kept: Vec<Link>,
    /// Index entries of the old row that end.
    pub(in crate::vault) removed: Vec<Link>,
    /// Values to be entered.
    pub(in crate::vault) added: Vec<NewTerm>,
    /// The sealed links, for the case that every added value gets the position foreseen for it.
    pub(in crate::vault) links: Option<Vec<u8>>,
}

impl RowChange {
    /// About how many bytes it writes.
    pub(in crate::vault) fn bytes(&self) -> usize {
        match &self.after {
            NewRow::Live { primary, chunks, .. } => {
                chunks.iter().fold(primary.len(), |sum, chunk| sum.saturating_add(chunk.len()))
            }
            NewRow::Relinked | NewRow::Gone(_) => 256,
        }
    }
}

/// What a row becomes.
pub(in crate::vault) enum NewRow {
    /// A sealed row without its links, and its chunks.
    Live {
        revision: crate::model::Revision,
        primary: Vec<u8>,
        chunks: Vec<Vec<u8>>,
    },
    /// The same row with other links, for an index that is being built.
    Relinked,
    Gone(Tombstone),
}

/// A value to be entered into an index.
pub(in crate::vault) struct NewTerm {
    pub(in crate::vault) index: u16,
    pub(in crate::vault) version: u16,
    pub(in crate::vault) unique: bool,
    pub(in crate::vault) field: String,
    pub(in crate::vault) key: Key<role::Value>,
    /// The key of the value's first entry.
    pub(in crate::vault) first: [u8; 32],
    /// Where the caller found the value's end.
    pub(in crate::vault) seen: Option<Seen>,
    /// The entry as it will be if nobody enters the same value before.
    pub(in crate::vault) foreseen: Option<Foreseen>,
}

/// An index entry made ready for one position.
pub(in crate::vault) struct Foreseen {
    pub(in crate::vault) position: u64,
    /// Its key in the store.
    pub(in crate::vault) key: Vec<u8>,
    pub(in crate::vault) entry: [u8; WRAPPED],
}
