//! What callers hand to the committer.

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
    pub(crate) journal: JournalState,
}

/// A change of one tenant, or of the vault itself, on its way to the committer.
pub(crate) struct WriteJob {
    /// `None`: an act of the vault.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    pub(crate) write: Write,
    pub(crate) reply: Reply,
}

/// One atomic change, as callers put it together.
#[derive(Default)]
pub(crate) struct Write {
    pub(crate) expect: Vec<Put>,
    pub(crate) rows: Vec<RowChange>,
    pub(crate) puts: Vec<Put>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) vault_entries: Vec<Entry>,
    /// Run after the commit is durable and before it is acknowledged; ours, never the host's code.
    pub(crate) after: Option<Box<dyn FnOnce() + Send + Sync>>,
    /// What the decisions behind the change rest on; `None` for upkeep, which nobody decides.
    pub(crate) decided: Option<Decided>,
}

/// What a decision rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided {
    /// The policy that decided.
    pub(crate) policy: PolicyVersion,
    /// How often the facts that policies are told of had changed in the tenant.
    pub(crate) facts: u64,
    /// When it was decided; `None` for a request that was sent back for its age too often.
    pub(crate) at: Option<Instant>,
}

/// A decision is made anew when its request has waited for this long.
const WAITED: Duration = Duration::from_secs(1);

impl Decided {
    /// Whether the decision still holds for these.
    pub(crate) fn holds(&self, policy: PolicyVersion, facts: Option<u64>) -> bool {
        self.policy == policy
            && facts.is_none_or(|facts| facts == self.facts)
            && self.at.is_none_or(|at| at.elapsed() < WAITED)
    }

    /// The older of two decisions, which is the first to be out of date.
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
    /// Takes note of a decision that the change rests on.
    pub(crate) fn rests_on(&mut self, decided: Decided) {
        self.decided = Some(self.decided.map_or(decided, |known| known.older(decided)));
    }

    /// Whether it changes nothing in the store and has no entry.
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_empty() && self.vault_entries.is_empty()
    }

    /// Adds what to do once the change is durable.
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

    /// The facts that it changes: those that must be as they were seen.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &[u8]> {
        self.expect.iter().map(|(key, _)| key.as_slice()).filter(|key| key.first() == Some(&(Space::Fact as u8)))
    }

    /// Whether there is nothing to commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.puts.is_empty() && self.entries.is_empty()
    }
}

/// What came of a change.
#[must_use]
pub(crate) enum Outcome {
    Committed,
    /// Something isn't as the caller saw it: look again.
    Conflict,
    /// The decision is out of date: decide again. The change comes back.
    Stale(Box<Write>),
    /// Another record has a value that has to be unique.
    Duplicate(Box<Holder>),
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
