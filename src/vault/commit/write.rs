//! Requests to the committer.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::{Duration, Instant};

use crate::audit::{Entry, JournalState};
use crate::crypto::{Key, WRAPPED, role};
use crate::format::place::Space;
use crate::format::row::Tombstone;
use crate::index::Link;
use crate::model::{RecordId, Revision};
use crate::policy::PolicyVersion;
use crate::vault::state::catalog::Put;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::tenant::TenantCore;

use super::error::{CommitError, Holder};
use super::tails::Seen;

/// A request to the committer.
pub(crate) enum Job {
    /// Commits a change, all or nothing, and answers.
    Write(Box<WriteJob>),
    /// Writes out the journal's buffer, and answers when it is durable, if somebody waits.
    Flush(Option<Reply>),
    /// Makes the committer look again at when the journal's buffer is due.
    Wake,
    /// Stops between two commits until the sender at the other end is gone.
    Pause { ready: Sender<Paused>, resume: Receiver<()> },
    /// Commits waiting requests and ends.
    Stop,
}

/// The way of the answer. One answer is sent; a closed channel means that the committer is gone.
pub(crate) type Reply = SyncSender<Result<Committed, CommitError>>;

/// A commit that is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed {
    /// Number of the journal's blocks after the commit.
    pub(crate) size: u64,
}

/// The journal's state while the committer is stopped.
pub(crate) struct Paused {
    pub(crate) journal: JournalState,
}

/// A change of one tenant, or of the vault itself, on its way to the committer.
pub(crate) struct WriteJob {
    /// Tenant of the change; `None` for the vault's own.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    pub(crate) write: Write,
    pub(crate) reply: Reply,
}

/// One atomic change, as a caller puts it together.
#[derive(Default)]
pub(crate) struct Write {
    pub(crate) expect: Vec<Put>,
    pub(crate) rows: Vec<RowChange>,
    pub(crate) puts: Vec<Put>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) vault_entries: Vec<Entry>,
    /// Follow-up, run after the commit is durable and before it is acknowledged; never the host's code.
    pub(crate) after: Option<Box<dyn FnOnce() + Send + Sync>>,
    /// The decision that the change rests on; `None` for upkeep, which needs none.
    pub(crate) decided: Option<Decided>,
}

/// The state that a decision rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided {
    /// Version of the policy that decided.
    pub(crate) policy: PolicyVersion,
    /// Number of changes, until the decision, of the tenant's facts that policies see.
    pub(crate) facts: u64,
    /// Time of the decision; `None` for a request that was sent back for its age too often.
    pub(crate) at: Option<Instant>,
}

/// Time after which a waiting request has to be decided again.
const WAITED: Duration = Duration::from_secs(1);

impl Decided {
    /// Tells whether the decision still holds under this policy and these facts.
    pub(crate) fn holds(&self, policy: PolicyVersion, facts: Option<u64>) -> bool {
        self.policy == policy
            && facts.is_none_or(|facts| facts == self.facts)
            && self.at.is_none_or(|at| at.elapsed() < WAITED)
    }

    /// Returns the older of two decisions, which is out of date first.
    fn older(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(a), Some(b)) if b < a => other,
            _ => self,
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl Write {
    /// Adds a decision that the change rests on.
    pub(crate) fn rests_on(&mut self, decided: Decided) {
        self.decided = Some(self.decided.map_or(decided, |known| known.older(decided)));
    }

    /// Tells whether the change writes nothing to the store and has no entry.
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_empty() && self.vault_entries.is_empty()
    }

    /// Adds a follow-up for when the change is durable.
    pub(crate) fn then(&mut self, next: impl FnOnce() + Send + Sync + 'static) {
        self.after = Some(match self.after.take() {
            None => Box::new(next),
            Some(first) => Box::new(move || {
                first();
                next();
            }),
        });
    }

    /// Adds another change, to be committed together with this one.
    pub(crate) fn join(&mut self, other: Self) {
        let Self { expect, rows, puts, entries, vault_entries, after, decided } = other;
        self.expect.extend(expect);
        self.rows.extend(rows);
        self.puts.extend(puts);
        self.entries.extend(entries);
        self.vault_entries.extend(vault_entries);
        if let Some(after) = after {
            self.then(after);
        }
        if let Some(decided) = decided {
            self.rests_on(decided);
        }
    }

    /// Returns the keys of the facts that the change expects unchanged.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &[u8]> {
        self.expect.iter().map(|(key, _)| key.as_slice()).filter(|key| key.first() == Some(&(Space::Fact as u8)))
    }

    /// Tells whether there is nothing to commit for a tenant.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.puts.is_empty() && self.entries.is_empty()
    }
}

/// The result of a change.
#[must_use]
pub(crate) enum Outcome {
    Committed,
    /// A row or value isn't as the caller saw it: look again.
    Conflict,
    /// The decision is out of date: decide again. The variant holds the change.
    Stale(Box<Write>),
    /// Another record has a unique value already.
    Duplicate(Box<Holder>),
}

/// A change of one row.
pub(crate) struct RowChange {
    pub(crate) collection: Arc<CollectionCore>,
    /// Generation of the schema that the row was made with.
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
    /// Returns about how many bytes the change writes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.after {
            NewRow::Live { primary, chunks, .. } => {
                chunks.iter().fold(primary.len(), |sum, chunk| sum.saturating_add(chunk.len()))
            }
            NewRow::Relinked | NewRow::Gone(_) => 256,
        }
    }
}

/// The new content of a row.
pub(crate) enum NewRow {
    /// A sealed row without its links, and its chunks.
    Live {
        revision: Revision,
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
    /// Key of the value's first entry.
    pub(crate) first: [u8; 32],
    /// End of the value as the caller found it.
    pub(crate) seen: Option<Seen>,
    /// The entry, sealed for the case that nobody else enters the value first.
    pub(crate) foreseen: Option<Foreseen>,
}

/// An index entry sealed ahead for one position.
pub(crate) struct Foreseen {
    pub(crate) position: u64,
    /// Key of the entry in the store.
    pub(crate) key: Vec<u8>,
    pub(crate) entry: [u8; WRAPPED],
}
