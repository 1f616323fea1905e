//! The core of an opened vault, which all its handles share.
//!
//! Guarantees: when the last handle is gone, waiting writes are committed, the threads end and the lock is released.
//! Does not: decide anything; commits of acts go through [`Act`](crate::vault::gate::Act).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::audit::Entry;
use crate::error::{Error, Result, Source};
use crate::keys::Keyring;
use crate::model::{TenantId, Timestamp, VaultId};
use crate::store::Store;

use crate::vault::commit::{
    Blocks, CommitError, Committed, Committer, Job, Journal, JournalError, Leaves, Outcome, Paused, Ticket, Write,
    WriteJob,
};
use crate::vault::state::catalog::Put;
use crate::vault::state::policy::InForce;
use crate::vault::state::standing::Standing;
use crate::vault::state::tenant::TenantCore;
use crate::vault::upkeep::heads::{HeadPlace, Upkeep};
use crate::vault::upkeep::lock::Lock;
use crate::vault::upkeep::reserve::Reserve;

/// Longest time that an insert waits for the slot ceiling to be raised.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of an opened vault.
pub(crate) struct Core {
    pub(crate) id: VaultId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) policy: Arc<InForce>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) committer: Committer,
    pub(crate) upkeep: Upkeep,
    /// Place of a head that covers more than the journal has, if one was found.
    pub(crate) ahead: HeadPlace,
    pub(crate) tenants: Arc<RwLock<HashMap<TenantId, Arc<TenantCore>>>>,
    /// Facts of the vault itself: requests for approval of its acts.
    pub(crate) facts: Arc<Standing>,
    /// True if a tenant couldn't be opened: its name is unknown.
    pub(crate) unread: bool,
    /// Space set aside for acts on a full disk.
    pub(crate) reserve: Arc<Reserve>,
    /// Held while the journal's oldest entries are dropped.
    pub(crate) retaining: Mutex<()>,
    /// The scrubs that run in the background.
    pub(crate) scrubs: OnceLock<Box<dyn Background>>,
    /// Held while a tenant is created.
    pub(crate) creating: Mutex<()>,
    /// Held while the policy changes.
    pub(crate) governing: Mutex<()>,
    /// Repairs, adopted blocks and damage found while opening, in words.
    pub(crate) notices: Vec<String>,
    pub(crate) closed: AtomicBool,
    pub(crate) closing: Mutex<()>,
    /// Released last: until then no other process may open the directory.
    pub(crate) lock: Lock,
}

/// Work on a thread of its own that a room above has begun.
pub(crate) trait Background: Send + Sync + std::any::Any {
    /// Ends the work, since the vault is closing.
    fn close(&self, core: &Core);
}

/// A queued change that a caller can wait for.
pub(crate) struct Queued(Receiver<Result<Committed, CommitError>>);

impl Core {
    /// Checks that acts may go on.
    pub(crate) fn ready(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        self.journal.ready().map_err(|untaken| self.untaken(untaken, false))
    }

    /// Returns the time by the vault's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.policy.now()
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

    /// Returns the journal's reader and the number of durable blocks.
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

    /// Returns the leaf hashes of the journal's durable blocks from this position on, in order, of dropped blocks too.
    pub(crate) fn leaves(&self, from: u64) -> Result<Leaves> {
        let (blocks, size) = self.blocks()?;
        Ok(Leaves::new(blocks, from..size))
    }

    /// Draws a slot for a new data subject, once the tenant's ceiling leaves one.
    pub(crate) fn own_slot(&self, tenant: &TenantCore) -> Result<u32> {
        let until = Instant::now() + PATIENCE;
        loop {
            let drawn = tenant.draw_slot();
            self.upkeep.watch_slots(tenant);
            match drawn {
                Some(slot) => return Ok(slot),
                None if Instant::now() > until || tenant.next_slot() == u32::MAX => {
                    let why = "the slot ceiling was not raised in time";
                    return Err(Error::io("drawing a slot for a new data subject", why));
                }
                None => sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Hands an entry to the journal.
    pub(crate) fn record(&self, tenant: Option<&Arc<TenantCore>>, entry: Entry) -> Result<Ticket> {
        self.reserve.admit(&entry)?;
        self.journal.record(tenant, entry).map_err(|untaken| self.untaken(untaken, false))
    }

    /// Waits until every entry handed over so far is durable, and acknowledged by required sinks.
    pub(crate) fn flush(&self) -> Result<()> {
        self.journal.flush().map_err(|untaken| self.untaken(untaken, false))
    }

    /// Commits a change and waits until it is durable, and acknowledged by required sinks.
    pub(crate) fn write(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Outcome> {
        self.wait(self.queue(tenant, write)?)
    }

    /// Queues a change.
    pub(crate) fn queue(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Queued> {
        self.ready()?;
        self.reserve.admit_write(&write)?;
        self.enqueue(tenant, write)
    }

    /// Queues a change for upkeep, which goes on when acts fail and while the vault closes.
    fn enqueue(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Queued> {
        let (reply, answer) = sync_channel(1);
        let job = WriteJob { tenant: tenant.cloned(), write, reply };
        self.committer.send(Job::Write(Box::new(job))).map_err(|refusal| self.refused(refusal))?;
        Ok(Queued(answer))
    }

    /// Puts and removes values that belong to no tenant, without an act, and waits until this is durable.
    pub(crate) fn keep(&self, puts: Vec<Put>) -> Result<()> {
        let write = Write { puts, ..Write::default() };
        self.reserve.admit_write(&write)?;
        self.settle(write)
    }

    /// Commits a change that opening the vault needs, on a full disk too, and waits until it is durable.
    pub(crate) fn settle(&self, write: Write) -> Result<()> {
        let queued = self.enqueue(None, write)?;
        let answer = queued.0.recv().unwrap_or(Err(CommitError::Stopped));
        answer.map(|_committed| ()).map_err(|refusal| self.refused(refusal))
    }

    /// Waits until a queued change is durable, and acknowledged by required sinks.
    pub(crate) fn wait(&self, queued: Queued) -> Result<Outcome> {
        match queued.0.recv().unwrap_or(Err(CommitError::Stopped)) {
            Ok(committed) => {
                self.journal.acknowledged(committed.size).map_err(|untaken| self.untaken(untaken, true))?;
                Ok(Outcome::Committed)
            }
            Err(CommitError::Conflict) => Ok(Outcome::Conflict),
            Err(CommitError::Stale(write)) => Ok(Outcome::Stale(write)),
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

    /// Commits waiting requests, ends the threads, closes the store and releases the lock.
    pub(crate) fn close(&self) -> Result<()> {
        // A second caller waits until the first has closed the vault.
        let _closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        if let Some(scrubs) = self.scrubs.get() {
            scrubs.close(self);
        }
        self.committer.stop();
        self.upkeep.stop();
        let failed = self.journal.failed();
        let head = if failed { Ok(()) } else { self.upkeep.write_head() };
        let sinks = self.journal.close_sinks();
        let cursors = if failed { Ok(()) } else { self.upkeep.keep_cursors() };
        let store = self.store.close().map_err(|error| Error::io("closing the store", error));
        self.lock.release();
        if failed {
            return Err(self.stopped());
        }
        head.and(cursors).and(store).and(if sinks { Ok(()) } else { Err(Error::AuditUnavailable { committed: true }) })
    }

    pub(crate) fn refused(&self, refusal: CommitError) -> Error {
        match refusal {
            CommitError::Conflict | CommitError::Stale(_) => Error::Conflict,
            CommitError::Duplicate(holder) => Error::Duplicate { field: holder.field, write: None },
            CommitError::Damaged(what) => Error::damaged(what),
            CommitError::Store(error) => Error::Stopped { source: Some(Box::new(error)) },
            CommitError::Read(error) => Error::io("reading what a write depends on", error),
            CommitError::Sealing(source) => Error::io("sealing a commit", source),
            CommitError::Stopped if self.closed.load(Ordering::Acquire) => Error::Closed,
            CommitError::Stopped => self.stopped(),
        }
    }

    /// Returns the error that every later caller gets: why the vault has stopped.
    fn stopped(&self) -> Error {
        Error::Stopped { source: self.journal.cause().map(|error| Box::new(error) as Source) }
    }

    fn untaken(&self, untaken: JournalError, committed: bool) -> Error {
        match untaken {
            JournalError::Failed => self.refused(CommitError::Stopped),
            JournalError::Sink => Error::AuditUnavailable { committed },
            JournalError::Refused(refusal) => self.refused(refusal),
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // There is nobody left to tell; `close` is the call that reports.
        let _unreported = self.close();
    }
}
