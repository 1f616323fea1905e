//! What all handles of one opened vault share.
//!
//! Guarantees: when the last handle is gone, what waits is committed, the threads end and the lock is released.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::audit::Entry;
use crate::error::{Error, Result};
use crate::format::place::Space;
use crate::keys::Keyring;
use crate::model::{TenantId, VaultId};
use crate::policy::Denial;
use crate::store::Store;

use crate::vault::commit::leaves::Leaves;
use crate::vault::commit::reader::Blocks;
use crate::vault::commit::{CommitError, Committed, Committer, Holder, Job, Paused, Put, RowChange, WriteJob};
use crate::vault::gate::{Gate, OpenError};
use crate::vault::commit::intake::{Journal, JournalError, Ticket};
use crate::vault::lifecycle::open::Held;
use crate::vault::upkeep::reserve::Reserve;
use crate::vault::check::scrub::Scrubs;
use crate::vault::state::tenant::TenantCore;
use crate::vault::upkeep::heads::{HeadPlace, Upkeep};

/// An opened vault.
pub(crate) struct Core {
    pub(crate) id: VaultId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) gate: Gate,
    pub(crate) journal: Arc<Journal>,
    pub(crate) committer: Committer,
    pub(crate) upkeep: Upkeep,
    /// A head that the journal was found to fall short of, if there is one.
    pub(crate) ahead: HeadPlace,
    pub(crate) tenants: Arc<RwLock<HashMap<TenantId, Arc<TenantCore>>>>,
    /// There are tenants that couldn't be opened; nobody knows their names.
    pub(crate) unread: bool,
    /// Space set aside for acts on a full disk.
    pub(crate) reserve: Arc<Reserve>,
    /// Held while the journal's oldest entries are dropped.
    pub(crate) retaining: Mutex<()>,
    pub(crate) scrubs: Scrubs,
    /// Held while a tenant is created.
    pub(crate) creating: Mutex<()>,
    /// Held while the policy changes.
    pub(crate) governing: Mutex<()>,
    /// What was repaired or adopted while opening, in words.
    pub(crate) notices: Vec<String>,
    pub(crate) closed: AtomicBool,
    pub(crate) closing: Mutex<()>,
    /// Dropped last: until then no other process may open the directory.
    pub(crate) lock: Lock,
}

/// The lock on a vault, until it is closed.
pub(crate) struct Lock(Mutex<Option<Held>>);

impl Lock {
    pub(crate) fn new(held: Held) -> Self {
        Self(Mutex::new(Some(held)))
    }

    fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// One atomic change, as callers put it together.
#[derive(Default)]
pub(crate) struct Write {
    pub(crate) expect: Vec<Put>,
    pub(crate) rows: Vec<RowChange>,
    pub(crate) puts: Vec<Put>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) vault_entries: Vec<Entry>,
    pub(crate) after: Option<Box<dyn FnOnce() + Send>>,
}

impl Write {
    /// Whether it changes nothing in the store and has no entry.
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_empty() && self.vault_entries.is_empty()
    }

    /// Adds what to do once the change is durable.
    pub(crate) fn then(&mut self, next: impl FnOnce() + Send + 'static) {
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
        let Self { expect, rows, puts, entries, vault_entries, after } = other;
        self.expect.extend(expect);
        self.rows.extend(rows);
        self.puts.extend(puts);
        self.entries.extend(entries);
        self.vault_entries.extend(vault_entries);
        if let Some(after) = after {
            self.then(after);
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

/// A change that was queued, to be waited for.
pub(crate) struct Queued(std::sync::mpsc::Receiver<Result<Committed, CommitError>>);

impl Core {
    /// Whether acts may go on.
    pub(crate) fn ready(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        self.journal.ready().map_err(|untaken| self.untaken(untaken, false))
    }

    pub(crate) fn tenant(&self, name: &str) -> Result<Arc<TenantCore>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.values().find(|tenant| tenant.name == name).cloned().ok_or_else(|| match self.unread {
            true => Error::damaged("a tenant can't be opened (`health` says why), and it may be this one"),
            false => Error::UnknownTenant { name: name.to_owned() },
        })
    }

    pub(crate) fn all_tenants(&self) -> Vec<Arc<TenantCore>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn has_tenant(&self, id: TenantId) -> bool {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// Reads the journal back: the reader, and how many blocks are durable.
    pub(crate) fn blocks(&self) -> Result<(Blocks, u64)> {
        let state = self.journal.latest().ok_or(Error::Closed)?;
        let blocks = Blocks {
            vault: self.id,
            epoch: state.epoch,
            store: Arc::clone(&self.store),
            keyring: Arc::clone(&self.keyring),
            keys: Arc::clone(self.keyring.vault_keys()),
        };
        Ok((blocks, state.frontier.size()))
    }

    /// The leaf hashes of the journal's blocks from this position on, in order, of dropped ones too; to the last that is
    /// durable now.
    pub(crate) fn leaves(&self, from: u64) -> Result<Leaves> {
        let (blocks, size) = self.blocks()?;
        Ok(Leaves::new(blocks, from..size))
    }

    /// Hands an entry to the journal.
    pub(crate) fn record(&self, tenant: Option<&Arc<TenantCore>>, entry: Entry) -> Result<Ticket> {
        self.reserve.admit(&entry)?;
        self.journal.record(tenant, entry).map_err(|untaken| self.untaken(untaken, false))
    }

    /// Writes a refusal down, and returns it. A durable one is on the disk then; others are buffered as reads are.
    pub(crate) fn denied(
        &self,
        tenant: Option<&Arc<TenantCore>>,
        entry: Entry,
        durable: bool,
        denial: Denial,
    ) -> Error {
        match self.record(tenant, entry).and_then(|_ticket| if durable { self.flush() } else { Ok(()) }) {
            Ok(()) => denial.into(),
            Err(error) => error,
        }
    }

    /// Waits until every entry handed over so far is durable, and acknowledged by required sinks.
    pub(crate) fn flush(&self) -> Result<()> {
        self.journal.flush().map_err(|untaken| self.untaken(untaken, false))
    }

    /// Commits a change and waits until it is durable, and acknowledged by required sinks.
    pub(crate) fn write(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Outcome> {
        self.wait(self.queue(tenant, write)?)
    }

    /// Commits a change with the entry of a read. `None`: something isn't as the caller saw it.
    pub(crate) fn write_down(&self, tenant: &Arc<TenantCore>, write: Write) -> Result<Option<Ticket>> {
        Ok(match self.write(Some(tenant), write)? {
            committed @ Outcome::Committed => Some(Ticket::committed(&committed)),
            // Values are entered with rows, and this has none.
            Outcome::Conflict | Outcome::Duplicate(_) => None,
        })
    }

    /// Queues a change.
    pub(crate) fn queue(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Queued> {
        self.ready()?;
        self.reserve.admit_write(&write)?;
        self.enqueue(tenant, write)
    }

    /// [`queue`](Self::queue) for upkeep, which goes on when acts fail and while the vault closes.
    fn enqueue(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Queued> {
        let (reply, answer) = sync_channel(1);
        let Write { expect, rows, puts, entries, vault_entries, after } = write;
        let job = WriteJob { tenant: tenant.cloned(), expect, rows, puts, entries, vault_entries, after, reply };
        self.committer.send(Job::Write(Box::new(job))).map_err(|refusal| self.refused(refusal))?;
        Ok(Queued(answer))
    }

    /// Puts and removes what belongs to no tenant, without an act, and waits until it is durable.
    pub(crate) fn keep(&self, puts: Vec<Put>) -> Result<()> {
        let write = Write { puts, ..Write::default() };
        self.reserve.admit_write(&write)?;
        self.settle(write)
    }

    /// Commits what opening a vault has to, on a full disk too, and waits until it is durable.
    pub(crate) fn settle(&self, write: Write) -> Result<()> {
        let queued = self.enqueue(None, write)?;
        let answer = queued.0.recv().unwrap_or(Err(CommitError::Stopped));
        answer.map(|_committed| ()).map_err(|refusal| self.refused(refusal))
    }

    pub(crate) fn wait(&self, queued: Queued) -> Result<Outcome> {
        let answer = queued.0.recv().unwrap_or(Err(CommitError::Stopped));
        match answer {
            Ok(committed) => {
                self.journal.acknowledged(committed.size).map_err(|untaken| self.untaken(untaken, true))?;
                Ok(Outcome::Committed)
            }
            Err(CommitError::Conflict) => Ok(Outcome::Conflict),
            Err(CommitError::Duplicate(holder)) => Ok(Outcome::Duplicate(holder)),
            Err(refusal) => Err(self.refused(refusal)),
        }
    }

    /// Stops the committer between two commits, until the guard is dropped.
    pub(crate) fn pause(&self) -> Result<(Paused, Sender<()>)> {
        let (ready, paused) = channel();
        let (guard, resume) = channel();
        self.committer.send(Job::Pause { ready, resume }).map_err(|refusal| self.refused(refusal))?;
        let paused = paused.recv().map_err(|_| self.refused(CommitError::Stopped))?;
        Ok((paused, guard))
    }

    /// Commits what waits, ends the threads, closes the store and releases the lock.
    pub(crate) fn close(&self) -> Result<()> {
        // Whoever closes second waits until the first is through.
        let _closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.scrubs.close(self);
        self.committer.stop();
        self.upkeep.stop();
        let failed = self.journal.failed();
        let head = if failed { Ok(()) } else { self.upkeep.write_head() };
        let sinks = self.journal.close_sinks();
        let cursors = if failed { Ok(()) } else { self.upkeep.keep_cursors() };
        let store = self.store.close().map_err(|error| Error::io("closing the store", error));
        self.lock.release();
        if failed {
            return Err(Error::Stopped { source: None });
        }
        head.and(cursors).and(store).and(if sinks { Ok(()) } else { Err(Error::AuditUnavailable { committed: true }) })
    }

    pub(crate) fn refused(&self, refusal: CommitError) -> Error {
        match refusal {
            CommitError::Conflict => Error::Conflict,
            CommitError::Duplicate(holder) => Error::Duplicate { field: holder.field },
            CommitError::Damaged(what) => Error::damaged(what),
            CommitError::Store(error) => Error::Stopped { source: Some(Box::new(error)) },
            CommitError::Read(error) => Error::io("reading what a write depends on", error),
            CommitError::Sealing(source) => Error::io("sealing a commit", source),
            CommitError::Stopped if self.closed.load(Ordering::Acquire) => Error::Closed,
            CommitError::Stopped => Error::Stopped { source: None },
        }
    }

    pub(crate) fn untaken(&self, untaken: JournalError, committed: bool) -> Error {
        match untaken {
            JournalError::Failed => self.refused(CommitError::Stopped),
            JournalError::Sink => Error::AuditUnavailable { committed },
            JournalError::Refused(refusal) => self.refused(refusal),
        }
    }
}

/// What came of a change.
#[must_use]
pub(crate) enum Outcome {
    Committed,
    /// Something isn't as the caller saw it: look again.
    Conflict,
    /// Another record has a value that has to be unique.
    Duplicate(Box<Holder>),
}

impl Drop for Core {
    fn drop(&mut self) {
        // There is nobody left to tell; `close` is the call that reports.
        let _unreported = self.close();
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Key(crate::keys::KeyError::Erased) => Self::Erased,
            OpenError::Format(error) => crate::vault::state::rows::unreadable(error),
            error => Self::damaged_by("a record doesn't open", error),
        }
    }
}
