//! The committer's thread, and the way to it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::intake::{Journal, Waiting};
use crate::audit::JournalState;
use crate::crypto::MacKey;
use crate::format::place;
use crate::keys::VaultKeys;
use crate::model::VaultId;
use crate::store::{Batch, Expectation, Store};

use super::blocks::{BlockWriter, Written};
use super::error::CommitError;
use super::merge::merge;
use super::pending::Pending;
use super::tails::IndexTails;
use super::write::{Committed, Job, Paused, Reply, Write, WriteJob};
use crate::vault::state::policy::InForce;

/// Largest number of requests in one commit.
const REQUESTS: usize = 1024;
/// Bytes of a commit after which it takes no further request.
const BYTES: usize = 8 << 20;

/// The state that the committer starts from.
pub(crate) struct Start {
    pub(crate) vault: VaultId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<VaultKeys>,
    /// The journal's name, for sinks.
    pub(crate) origin: Arc<str>,
    pub(crate) journal: Arc<Journal>,
    /// The policy in force, of which only the version is used: the committer runs no policy.
    pub(crate) policy: Arc<InForce>,
    pub(crate) state: JournalState,
    /// Stored bytes of the state, which the next commit expects to find.
    pub(crate) stored: Option<Vec<u8>>,
}

/// The way to the committer's thread.
pub(crate) struct Committer {
    jobs: Sender<Job>,
    ends: Arc<IndexTails>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    pub(crate) fn start(start: Start) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        start.journal.connect(jobs.clone());
        let commit = MacKey::new(&start.keys.commit);
        let ends = Arc::new(IndexTails::default());
        let worker = Worker { start, commit, ends: Arc::clone(&ends), queue };
        let thread = std::thread::Builder::new().name("strongroom-commit".to_owned()).spawn(move || {
            let _closes = FailsClosed(Arc::clone(&worker.start.journal));
            worker.run();
        })?;
        Ok(Self { jobs, ends, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a job.
    ///
    /// # Errors
    /// [`CommitError::Stopped`] when the thread is gone.
    pub(crate) fn send(&self, job: Job) -> Result<(), CommitError> {
        self.jobs.send(job).map_err(|_| CommitError::Stopped)
    }

    /// Returns the ends of index values.
    pub(crate) fn tails(&self) -> &IndexTails {
        &self.ends
    }

    /// Commits waiting requests and ends the thread.
    pub(crate) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Either call fails only if the thread has ended already.
            let _gone = self.jobs.send(Job::Stop);
            let _gone = thread.join();
        }
    }
}

/// Makes the journal take nothing more once the thread ends for any reason.
struct FailsClosed(Arc<Journal>);

impl Drop for FailsClosed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(None);
        }
        self.0.end();
    }
}

fn collect(pending: &mut Pending, waiting: Vec<Waiting>) {
    for Waiting { tenant, entry } in waiting {
        match tenant {
            Some(core) => pending.tenant(&core).entries.push(entry),
            None => pending.vault_entries.push(entry),
        }
    }
}

struct Worker {
    start: Start,
    commit: MacKey,
    ends: Arc<IndexTails>,
    queue: Receiver<Job>,
}

/// The answers and follow-ups that a round has to give.
#[derive(Default)]
struct Owed {
    replies: Vec<Reply>,
    after: Vec<Box<dyn FnOnce() + Send + Sync>>,
}

/// The reason why a round ended.
enum Next {
    Again,
    Pause(Sender<Paused>, Receiver<()>),
    Stop,
}

impl Worker {
    fn run(mut self) {
        loop {
            let first = match self.next() {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => Some(Job::Flush(None)),
                Err(RecvTimeoutError::Disconnected) => None,
            };
            let Some(first) = first else { break };
            if matches!(first, Job::Wake) {
                continue;
            }
            match self.round(first) {
                Next::Again => {}
                Next::Pause(ready, resume) => {
                    let paused = Paused { journal: self.start.state.clone() };
                    if ready.send(paused).is_ok() {
                        // Returns when the other end is dropped.
                        let _dropped = resume.recv();
                    }
                }
                Next::Stop => break,
            }
        }
        let mut pending = Pending::default();
        collect(&mut pending, self.start.journal.end());
        if !self.start.journal.failed()
            && let Err(error) = self.commit(pending)
        {
            self.start.journal.fail(error.store());
        }
    }

    fn next(&self) -> Result<Option<Job>, RecvTimeoutError> {
        match self.start.journal.due() {
            Some(due) => self.queue.recv_timeout(due.saturating_duration_since(Instant::now())).map(Some),
            None => self.queue.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn round(&mut self, first: Job) -> Next {
        let mut pending = Pending::default();
        let mut owed = Owed::default();
        let mut next = Next::Again;
        let mut job = Some(first);
        let mut count = 0usize;
        while let Some(one) = job {
            match one {
                Job::Write(write) => self.take(*write, &mut pending, &mut owed),
                Job::Flush(reply) => owed.replies.extend(reply),
                Job::Wake => {}
                Job::Pause { ready, resume } => next = Next::Pause(ready, resume),
                Job::Stop => next = Next::Stop,
            }
            count = count.saturating_add(1);
            let more = matches!(next, Next::Again) && count < REQUESTS && pending.bytes < BYTES;
            job = if more { self.queue.try_recv().ok() } else { None };
        }
        collect(&mut pending, self.start.journal.take());
        let result = if self.start.journal.failed() { Err(CommitError::Stopped) } else { self.commit(pending) };
        match &result {
            Ok(_) => owed.after.into_iter().for_each(|after| after()),
            Err(error) => self.start.journal.fail(error.store()),
        }
        for reply in owed.replies {
            // A caller that has gone away needs no answer.
            let _gone = reply.send(match &result {
                Ok(size) => Ok(Committed { size: *size }),
                Err(CommitError::Store(error)) => Err(CommitError::Store(Arc::clone(error))),
                Err(_) => Err(CommitError::Stopped),
            });
        }
        next
    }

    fn take(&self, job: WriteJob, pending: &mut Pending, owed: &mut Owed) {
        let WriteJob { tenant, write, reply } = job;
        if self.start.journal.failed() {
            let _gone = reply.send(Err(CommitError::Stopped));
            return;
        }
        if !write
            .decided
            .is_none_or(|decided| pending.still_holds(decided, self.start.policy.version(), tenant.as_deref()))
        {
            let _gone = reply.send(Err(CommitError::Stale(Box::new(write))));
            return;
        }
        let Write { expect, rows, puts, entries, vault_entries, after, .. } = write;
        match merge(&*self.start.store, pending, &self.ends, tenant.as_ref(), (expect, puts, rows)) {
            Ok(draft) => {
                draft.join(pending, tenant.as_ref(), entries);
                pending.vault_entries.extend(vault_entries);
                owed.replies.push(reply);
                owed.after.extend(after);
            }
            Err(refusal) => {
                let _gone = reply.send(Err(refusal));
            }
        }
    }

    /// Writes all merged requests, and returns the journal's size once they are durable.
    fn commit(&mut self, mut pending: Pending) -> Result<u64, CommitError> {
        let ends = std::mem::take(&mut pending.ends);
        let vault_entries = std::mem::take(&mut pending.vault_entries);
        let (mut writes, mut tenants) = pending.into_writes();
        if writes.is_empty() && tenants.is_empty() && vault_entries.is_empty() {
            return Ok(self.start.state.frontier.size());
        }
        let mut blocks = BlockWriter {
            vault: self.start.vault,
            keys: &self.start.keys,
            origin: &self.start.origin,
            commit: &self.commit,
            journal: self.start.state.clone(),
            events: self.start.journal.has_sinks().then(Vec::new),
        };
        for delta in tenants.values_mut() {
            blocks.tenant(delta, &mut writes)?;
        }
        blocks.vault(&vault_entries, &mut writes)?;
        let Written { state, stored, events } = blocks.finish(&mut writes)?;
        let mut batch = Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.put(key, value),
                None => batch.remove(key),
            }
        }
        let expected = Expectation { key: place::journal_state(), value: self.start.stored.clone() };
        self.start.store.commit(&batch, &[expected]).map_err(|error| match error {
            crate::store::CommitError::Conflict { .. } => CommitError::Damaged("somebody else wrote to the store"),
            crate::store::CommitError::Store(error) => CommitError::Store(Arc::new(error)),
        })?;
        self.ends.learn(ends);
        for delta in tenants.into_values() {
            delta.core.advance(delta.state, delta.primary, delta.derived);
            delta.core.scrubbed.follow(&delta.scrubbed);
            if delta.drops_lists {
                delta.core.scrubbed.lists_were_dropped();
            }
        }
        self.start.state = state;
        self.start.stored = Some(stored);
        self.start.journal.committed(&self.start.state, events);
        Ok(self.start.state.frontier.size())
    }
}
