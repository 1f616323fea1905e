//! What callers hand to the committer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};

use crate::audit::Entry;
use crate::crypto::{Key, WRAPPED, role};
use crate::format::row::Tombstone;
use crate::index::Link;
use crate::vault::state::tenant::{CollectionCore, TenantCore};

use crate::vault::commit::CommitError;
use crate::vault::commit::tails::Seen;
use crate::model::RecordId;

/// One thing for the committer to do.
pub(crate) enum Job {
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
pub(crate) type Reply = SyncSender<Result<Committed, CommitError>>;

/// A commit that is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed {
    /// The journal's size after it, in blocks.
    pub(crate) size: u64,
}

/// What the journal looked like when the committer stopped.
pub(crate) struct Paused {
    pub(crate) journal: crate::audit::JournalState,
}

/// A value to put under a key, or `None` to remove it; or, of an expectation, what must be there.
pub(crate) type Put = (Vec<u8>, Option<Vec<u8>>);

/// One atomic change of one tenant, or of the vault itself.
pub(crate) struct WriteJob {
    /// `None`: an act of the vault.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    /// Values that must still be what the caller saw.
    pub(crate) expect: Vec<Put>,
    pub(crate) rows: Vec<RowChange>,
    /// Other values to put or remove: names, schemas, dictionaries, slot map.
    pub(crate) puts: Vec<Put>,
    pub(crate) entries: Vec<Entry>,
    /// Entries for the vault's own blocks, in the same commit.
    pub(crate) vault_entries: Vec<Entry>,
    /// Run after the commit is durable and before it is acknowledged; ours, never the host's code.
    pub(crate) after: Option<Box<dyn FnOnce() + Send>>,
    pub(crate) reply: Reply,
}

/// A change of one row.
pub(crate) struct RowChange {
    pub(crate) collection: Arc<CollectionCore>,
    /// The schema's generation that the row was made with.
    pub(crate) generation: u64,
    pub(crate) record: RecordId,
    /// The row as the caller saw it; `None` for a new record.
    pub(crate) before: Option<Vec<u8>>,
    pub(crate) after: NewRow,
    /// Index entries of the old row that stay.
    pub(crate) kept: Vec<Link>,
    /// Index entries of the old row that end.
    pub(crate) removed: Vec<Link>,
    /// Values to be entered.
    pub(crate) added: Vec<NewTerm>,
    /// The sealed links, for the case that every added value gets the position foreseen for it.
    pub(crate) links: Option<Vec<u8>>,
}

impl RowChange {
    /// About how many bytes it writes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.after {
            NewRow::Live { primary, chunks, .. } => {
                chunks.iter().fold(primary.len(), |sum, chunk| sum.saturating_add(chunk.len()))
            }
            NewRow::Relinked | NewRow::Gone(_) => 256,
        }
    }
}

/// What a row becomes.
pub(crate) enum NewRow {
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
pub(crate) struct NewTerm {
    pub(crate) index: u16,
    pub(crate) version: u16,
    pub(crate) unique: bool,
    pub(crate) field: String,
    pub(crate) key: Key<role::Value>,
    /// The key of the value's first entry.
    pub(crate) first: [u8; 32],
    /// Where the caller found the value's end.
    pub(crate) seen: Option<Seen>,
    /// The entry as it will be if nobody enters the same value before.
    pub(crate) foreseen: Option<Foreseen>,
}

/// An index entry made ready for one position.
pub(crate) struct Foreseen {
    pub(crate) position: u64,
    /// Its key in the store.
    pub(crate) key: Vec<u8>,
    pub(crate) entry: [u8; WRAPPED],
}
