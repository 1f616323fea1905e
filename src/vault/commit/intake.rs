//! The journal's intake: the buffer of reads' entries, tickets, sinks.
//!
//! Guarantees: a [`Ticket`] exists only for an entry that the journal has taken; if the journal can take no entry,
//! there is no ticket and the act fails. A buffered entry is durable after at most [`Limits::delay`] or
//! [`Limits::events`] later entries; a kill before that loses it. Does not: decide anything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::model::TenantId;
use crate::store::StoreError;

use crate::audit::{Delivery, Entry, Event, JournalState, Waited};

use super::error::CommitError;
use super::write::{Job, Outcome, Write, WriteJob};
use crate::vault::state::catalog::Put;
use crate::vault::state::tenant::TenantCore;

/// Largest number of bytes of buffered entries.
const BYTES: usize = 4 << 20;

/// Number of commits after which the head file is brought up to date at once.
pub(crate) const COMMITS: u64 = 1_000;

/// Longest time that closing waits for a sink that acts don't wait for.
const RELAYED: Duration = Duration::from_secs(1);

/// The signal that wakes the upkeep's thread.
#[derive(Default)]
pub(crate) struct Signal {
    pub(crate) state: Mutex<Signalled>,
    pub(crate) changed: Condvar,
}

#[derive(Default)]
pub(crate) struct Signalled {
    pub(crate) commits: u64,
    pub(crate) low: Vec<TenantId>,
    pub(crate) stop: bool,
}

impl Signal {
    /// Counts a durable commit. Called by the committer.
    pub(crate) fn committed(&self) {
        let mut state = self.lock();
        state.commits = state.commits.saturating_add(1);
        if state.commits == COMMITS {
            self.changed.notify_all();
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Signalled> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Limits of the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Largest number of buffered entries.
    pub(crate) events: usize,
    /// Longest time that an entry stays in the buffer.
    pub(crate) delay: Duration,
    /// True if every read waits until its entry is durable.
    pub(crate) strict: bool,
}

/// An entry that waits for a commit.
pub(crate) struct Waiting {
    /// Tenant of the act; `None` for an act of the vault itself.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    pub(crate) entry: Entry,
}

/// Proof that the journal has taken an act's entry. Together with a permit it releases plaintext.
pub(crate) struct Ticket(());

impl Ticket {
    /// Returns the ticket for an entry in a durable commit.
    pub(crate) fn committed(_: &Outcome) -> Self {
        Self(())
    }
}

/// The reason why the journal gave no ticket, or an act no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the journal takes no entries: a commit failed, or the vault was closed")]
    Failed,
    #[error("an audit sink that acts wait for has not acknowledged in time")]
    Sink,
    #[error(transparent)]
    Refused(#[from] CommitError),
}

/// The journal as all but the committer see it.
pub(crate) struct Journal {
    limits: Limits,
    inner: Mutex<Inner>,
    space: Condvar,
    /// True once a commit has failed.
    failed: AtomicBool,
    /// The store's error, if that is why the commit failed.
    cause: OnceLock<Arc<StoreError>>,
    /// True once the committer has ended.
    ended: AtomicBool,
    jobs: OnceLock<Sender<Job>>,
    sinks: OnceLock<Vec<Delivery>>,
    signal: Arc<Signal>,
}

struct Inner {
    waiting: Vec<Waiting>,
    bytes: usize,
    due: Option<Instant>,
    latest: Option<JournalState>,
}

impl Journal {
    pub(crate) fn new(limits: Limits, latest: JournalState, signal: Arc<Signal>) -> Self {
        let inner = Inner { waiting: Vec::new(), bytes: 0, due: None, latest: Some(latest) };
        Self {
            limits,
            inner: Mutex::new(inner),
            space: Condvar::new(),
            failed: AtomicBool::new(false),
            cause: OnceLock::new(),
            ended: AtomicBool::new(false),
            jobs: OnceLock::new(),
            sinks: OnceLock::new(),
            signal,
        }
    }

    /// Hands an entry over. In strict mode it returns once the entry is durable, and acknowledged by required sinks.
    pub(crate) fn record(&self, tenant: Option<&Arc<TenantCore>>, entry: Entry) -> Result<Ticket, JournalError> {
        self.ready()?;
        self.push(Waiting { tenant: tenant.cloned(), entry })?;
        if self.limits.strict {
            self.flush()?;
        }
        Ok(Ticket(()))
    }

    /// Checks that no commit has failed, no required sink is late, and no sink that can hold acts up is too far behind.
    pub(crate) fn ready(&self) -> Result<(), JournalError> {
        if self.failed() || self.ended.load(Ordering::Acquire) {
            return Err(JournalError::Failed);
        }
        // Lateness counts from when a block became durable; a buffered entry's does so within the buffer's delay.
        if self.sinks().iter().all(Delivery::admits) { Ok(()) } else { Err(JournalError::Sink) }
    }

    /// Writes the buffer out, and waits until it is durable and acknowledged by required sinks.
    pub(crate) fn flush(&self) -> Result<(), JournalError> {
        let (reply, answer) = sync_channel(1);
        self.send(Job::Flush(Some(reply)))?;
        let committed = answer.recv().map_err(|_| JournalError::Failed)??;
        self.acknowledged(committed.size)
    }

    /// Waits until every required sink has acknowledged all blocks before `size`.
    pub(crate) fn acknowledged(&self, size: u64) -> Result<(), JournalError> {
        let Some(last) = size.checked_sub(1) else { return Ok(()) };
        let begin = Instant::now();
        for sink in self.sinks() {
            if let Some(deadline) = sink.deadline()
                && sink.wait(last, begin + deadline) != Waited::Delivered
            {
                return Err(JournalError::Sink);
            }
        }
        Ok(())
    }

    /// Stops the committer between two commits until the guard is dropped; `None` if it has ended or failed.
    pub(crate) fn pause(&self) -> Option<Sender<()>> {
        let (ready, paused) = channel();
        let (guard, resume) = channel();
        self.send(Job::Pause { ready, resume }).ok()?;
        paused.recv().ok()?;
        (!self.failed()).then_some(guard)
    }

    /// Commits values that belong to no tenant and to no act, and waits until they are durable.
    pub(crate) fn put(&self, puts: Vec<Put>) -> Result<(), JournalError> {
        let (reply, answer) = sync_channel(1);
        let job = WriteJob { tenant: None, write: Write { puts, ..Write::default() }, reply };
        self.send(Job::Write(Box::new(job)))?;
        answer.recv().map_err(|_| JournalError::Failed)??;
        Ok(())
    }

    /// Returns the journal's state after the latest commit.
    pub(crate) fn latest(&self) -> Option<JournalState> {
        self.lock().latest.clone()
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Returns the store's error, if that is why a commit failed.
    pub(crate) fn cause(&self) -> Option<Arc<StoreError>> {
        self.cause.get().cloned()
    }

    pub(crate) fn sinks(&self) -> &[Delivery] {
        self.sinks.get().map_or(&[], Vec::as_slice)
    }

    /// Delivers the remaining events to every sink, within its deadline, and ends the sinks' threads. Returns true if
    /// all required sinks have taken everything.
    pub(crate) fn close_sinks(&self) -> bool {
        let begin = Instant::now();
        self.sinks().iter().for_each(Delivery::finish);
        let mut taken = true;
        for sink in self.sinks() {
            let closed = sink.close(begin + sink.deadline().unwrap_or(RELAYED));
            taken &= closed == Waited::Delivered || sink.deadline().is_none();
        }
        taken
    }

    /// Attaches the sinks, once, before the first act.
    pub(crate) fn attach(&self, sinks: Vec<Delivery>) {
        // Set once, by `open`.
        let _first = self.sinks.set(sinks);
    }

    /// Sets the committer's queue. Called by the committer.
    pub(crate) fn connect(&self, jobs: Sender<Job>) {
        // Set once, by the one committer of this vault.
        let _first = self.jobs.set(jobs);
    }

    /// Notes that a commit has failed: nothing can be written any more. Called by the committer.
    pub(crate) fn fail(&self, cause: Option<&Arc<StoreError>>) {
        if let Some(cause) = cause {
            // The first failure is the cause of all later ones, and stays.
            let _later = self.cause.set(Arc::clone(cause));
        }
        // Set under the lock, so that a thread about to wait for space sees it or is woken.
        let inner = self.lock();
        self.failed.store(true, Ordering::Release);
        drop(inner);
        self.space.notify_all();
    }

    /// Ends the intake, and returns the entries that still wait, for the last commit. Called by the committer.
    pub(crate) fn end(&self) -> Vec<Waiting> {
        let mut inner = self.lock();
        self.ended.store(true, Ordering::Release);
        inner.due = None;
        inner.bytes = 0;
        let last = std::mem::take(&mut inner.waiting);
        drop(inner);
        self.space.notify_all();
        last
    }

    /// Returns the time by which the buffer must be written out. Called by the committer.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.lock().due
    }

    /// Takes all waiting entries. Called by the committer.
    pub(crate) fn take(&self) -> Vec<Waiting> {
        let mut inner = self.lock();
        inner.due = None;
        inner.bytes = 0;
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        self.space.notify_all();
        waiting
    }

    pub(crate) fn has_sinks(&self) -> bool {
        !self.sinks().is_empty()
    }

    /// Notes a durable commit and passes its events to the sinks. Called by the committer.
    pub(crate) fn committed(&self, state: &JournalState, events: Vec<(u64, Vec<Event>)>) {
        self.lock().latest = Some(state.clone());
        self.signal.committed();
        for (position, events) in events {
            let events: Arc<[Event]> = events.into();
            for sink in self.sinks() {
                sink.push(position, state.time, Arc::clone(&events));
            }
        }
    }

    fn push(&self, waiting: Waiting) -> Result<(), JournalError> {
        let mut inner = self.lock();
        loop {
            // Both flags change under this lock, so an entry added below will be committed.
            if self.failed() || self.ended.load(Ordering::Acquire) {
                return Err(JournalError::Failed);
            }
            if inner.waiting.len() < self.limits.events && inner.bytes < BYTES {
                break;
            }
            self.send(Job::Flush(None))?;
            inner = self.space.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.bytes = inner.bytes.saturating_add(waiting.entry.as_bytes().len());
        inner.waiting.push(waiting);
        let half = inner.waiting.len() == self.limits.events / 2;
        let first = inner.due.is_none();
        if first {
            inner.due = Some(Instant::now() + self.limits.delay);
        }
        drop(inner);
        match (half, first) {
            (true, _) => self.send(Job::Flush(None)),
            (_, true) => self.send(Job::Wake),
            _ => Ok(()),
        }
    }

    fn send(&self, job: Job) -> Result<(), JournalError> {
        self.jobs.get().ok_or(JournalError::Failed)?.send(job).map_err(|_| JournalError::Failed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
