//! Where acts are handed to the journal: the buffer of reads, tickets, sinks.
//!
//! Guarantees: a [`Ticket`] exists only for an entry that the journal has taken; when it can take none, there is no
//! ticket and the act fails. A buffered entry is durable after at most [`Limits::delay`] or [`Limits::events`] later
//! ones; a kill before that loses it. Does not: decide anything.

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

/// Entries in the buffer take at most this many bytes.
const BYTES: usize = 4 << 20;

/// After so many commits the head file is brought up to date, whatever the time.
pub(crate) const COMMITS: u64 = 1_000;

/// How long closing waits for a sink that nothing else waits for.
const RELAYED: Duration = Duration::from_secs(1);

/// How the upkeep's thread is told that there is something to do.
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
    /// For the committer: a commit is durable.
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

/// How much the journal may hold back, and how long sinks may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Buffered entries.
    pub(crate) events: usize,
    /// How long an entry is buffered.
    pub(crate) delay: Duration,
    /// Whether every read waits until its entry is durable.
    pub(crate) strict: bool,
}

/// An entry that waits for a commit to carry it.
pub(crate) struct Waiting {
    /// `None`: an act of the vault itself.
    pub(crate) tenant: Option<Arc<TenantCore>>,
    pub(crate) entry: Entry,
}

/// The journal has taken the entry of an act: with a permit, what releases plaintext.
pub(crate) struct Ticket(());

impl Ticket {
    /// For an entry that a durable commit carried.
    pub(crate) fn committed(_: &Outcome) -> Self {
        Self(())
    }
}

/// Why the journal gave no ticket, or an act no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the journal takes no entries: a commit failed, or the vault was closed")]
    Failed,
    #[error("an audit sink that acts wait for has not acknowledged in time")]
    Sink,
    #[error(transparent)]
    Refused(#[from] CommitError),
}

/// The journal as everything but the committer sees it.
pub(crate) struct Journal {
    limits: Limits,
    inner: Mutex<Inner>,
    space: Condvar,
    /// A commit failed.
    failed: AtomicBool,
    /// Why it failed, where the store did.
    cause: OnceLock<Arc<StoreError>>,
    /// The committer is gone.
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

    /// Hands an entry over. In strict mode the entry is durable, and with required sinks, when this returns.
    pub(crate) fn record(&self, tenant: Option<&Arc<TenantCore>>, entry: Entry) -> Result<Ticket, JournalError> {
        self.ready()?;
        self.push(Waiting { tenant: tenant.cloned(), entry })?;
        if self.limits.strict {
            self.flush()?;
        }
        Ok(Ticket(()))
    }

    /// Whether acts may go on: no commit has failed, no required sink is late, none that holds acts up is too far behind.
    pub(crate) fn ready(&self) -> Result<(), JournalError> {
        if self.failed() || self.ended.load(Ordering::Acquire) {
            return Err(JournalError::Failed);
        }
        // Counted from when a block became durable, which a buffered read's does within the buffer's delay.
        if self.sinks().iter().all(Delivery::admits) { Ok(()) } else { Err(JournalError::Sink) }
    }

    /// Writes the buffer out and waits until it is durable, and acknowledged by required sinks.
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

    /// Stops the committer between two commits until the guard is dropped; `None` if it is gone or has failed.
    pub(crate) fn pause(&self) -> Option<Sender<()>> {
        let (ready, paused) = channel();
        let (guard, resume) = channel();
        self.send(Job::Pause { ready, resume }).ok()?;
        paused.recv().ok()?;
        (!self.failed()).then_some(guard)
    }

    /// Commits values that belong to no tenant and are no act, and waits until they are durable.
    pub(crate) fn put(&self, puts: Vec<Put>) -> Result<(), JournalError> {
        let (reply, answer) = sync_channel(1);
        let job = WriteJob { tenant: None, write: Write { puts, ..Write::default() }, reply };
        self.send(Job::Write(Box::new(job)))?;
        answer.recv().map_err(|_| JournalError::Failed)??;
        Ok(())
    }

    /// The state after the latest commit.
    pub(crate) fn latest(&self) -> Option<JournalState> {
        self.lock().latest.clone()
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Returns why a commit failed, where the store did.
    pub(crate) fn cause(&self) -> Option<Arc<StoreError>> {
        self.cause.get().cloned()
    }

    pub(crate) fn sinks(&self) -> &[Delivery] {
        self.sinks.get().map_or(&[], Vec::as_slice)
    }

    /// Delivers what is left to every sink, within its deadline, and ends their threads. Whether all required ones took
    /// everything.
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

    /// For the committer: where jobs go.
    pub(crate) fn connect(&self, jobs: Sender<Job>) {
        // Set once, by the one committer of this vault.
        let _first = self.jobs.set(jobs);
    }

    /// For the committer: nothing can be written any more.
    pub(crate) fn fail(&self, cause: Option<&Arc<StoreError>>) {
        if let Some(cause) = cause {
            // The first failure is the cause of all later ones, and stays.
            let _later = self.cause.set(Arc::clone(cause));
        }
        // Under the lock: whoever is about to wait for space sees it, or is woken.
        let inner = self.lock();
        self.failed.store(true, Ordering::Release);
        drop(inner);
        self.space.notify_all();
    }

    /// For the committer: it ends. Nothing is taken any more; what was is returned, to be committed last.
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

    /// For the committer: when the buffer must be written out.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.lock().due
    }

    /// For the committer: everything that waits.
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

    /// For the committer: a commit is durable.
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
            // Both change under this lock, so an entry that is taken below is one that somebody will commit.
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
