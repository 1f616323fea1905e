//! The upkeep's thread: keeps the `head` file and sinks' cursors up to date, raises slot ceilings ahead of need, and
//! writes the reserve again once the disk has room.
//!
//! Guarantees: the head file follows the journal within [`EVERY`] or [`COMMITS`] commits, and exactly at close; it is
//! replaced whole. A tenant's ceiling is raised while half a block of slots is left. Does not: hold up commits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::audit::{Head, HeadBody, JournalState, encode_head_file};
use crate::error::{Error, Result};
use crate::format::head::MAX_HEAD;
use crate::keys::{CEILING_BLOCK, Keyring};
use crate::model::{TenantId, VaultId};
use crate::store::files;

use crate::vault::commit::{COMMITS, Journal, Signal};
use crate::vault::state::tenant::TenantCore;
use crate::vault::upkeep::positions::Cursors;
use crate::vault::upkeep::reserve::Reserve;

/// Time after which the head file is brought up to date.
const EVERY: Duration = Duration::from_secs(1);
/// Pause of the upkeep after a failure.
const PAUSE: Duration = Duration::from_millis(100);

/// The place of a head beside the store.
pub(crate) enum HeadPlace {
    File(PathBuf),
    Memory(Arc<Mutex<Option<String>>>),
}

impl HeadPlace {
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::File(path) => files::read_limited(path, u64::try_from(MAX_HEAD).unwrap_or(u64::MAX))
                .map_err(|error| Error::io("reading the head file", error)),
            Self::Memory(text) => {
                Ok(text.lock().unwrap_or_else(PoisonError::into_inner).clone().map(String::into_bytes))
            }
        }
    }

    pub(crate) fn write(&self, text: &str) -> Result<()> {
        match self {
            Self::File(path) => {
                files::replace(path, text.as_bytes()).map_err(|error| Error::io("writing the head file", error))
            }
            Self::Memory(place) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
                Ok(())
            }
        }
    }
}

/// The upkeep of one opened vault.
pub(crate) struct Upkeep {
    work: Arc<Work>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The state that the thread works with.
pub(crate) struct Work {
    pub(crate) vault: VaultId,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) head: HeadPlace,
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) signal: Arc<Signal>,
    pub(crate) cursors: Arc<Cursors>,
    /// Number of blocks that the head file covers; `u64::MAX` while that is unknown.
    pub(crate) told: AtomicU64,
    /// The last failure, for health reports.
    pub(crate) trouble: Mutex<Option<String>>,
}

impl Upkeep {
    pub(crate) fn start(work: Work) -> std::io::Result<Self> {
        let work = Arc::new(work);
        let theirs = Arc::clone(&work);
        let thread = std::thread::Builder::new().name("strongroom-upkeep".to_owned()).spawn(move || theirs.run())?;
        Ok(Self { work, thread: Mutex::new(Some(thread)) })
    }

    /// Has a tenant's ceiling raised when less than half a block of slots is left.
    pub(crate) fn watch_slots(&self, tenant: &TenantCore) {
        if tenant.keys.ceiling().saturating_sub(tenant.next_slot()) >= CEILING_BLOCK / 2 {
            return;
        }
        let mut state = self.work.signal.lock();
        if !state.low.contains(&tenant.id) {
            state.low.push(tenant.id);
            self.work.signal.changed.notify_all();
        }
    }

    /// Returns a signed head of the journal as it is now.
    pub(crate) fn head(&self) -> Option<Head> {
        self.work.journal.latest().map(|state| self.work.sign(&state))
    }

    /// Returns the place of the head beside the store.
    pub(crate) fn place(&self) -> &HeadPlace {
        &self.work.head
    }

    /// Brings the head file up to date.
    pub(crate) fn write_head(&self) -> Result<()> {
        self.work.write_head()
    }

    /// Saves the sinks' cursors, once the committer has ended.
    pub(crate) fn keep_cursors(&self) -> Result<()> {
        self.work.cursors.keep_last(&self.work.journal)
    }

    /// Returns the last failure.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.work.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            self.work.signal.lock().stop = true;
            self.work.signal.changed.notify_all();
            // `health` has reported a panic of the thread; there is nothing to add.
            let _gone = thread.join();
        }
    }
}

impl Work {
    fn run(&self) {
        let mut kept = Instant::now();
        loop {
            let (commits, low) = {
                let mut state = self.signal.lock();
                if !state.stop && state.low.is_empty() && state.commits < COMMITS {
                    let woken = self.signal.changed.wait_timeout(state, EVERY);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                if state.stop {
                    return;
                }
                (std::mem::take(&mut state.commits), std::mem::take(&mut state.low))
            };
            // A master key is the host's code, and may panic.
            let due = kept.elapsed() >= EVERY;
            if due {
                kept = Instant::now();
            }
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn(commits > 0, due, &low)));
            let trouble =
                turn.unwrap_or_else(|_| Some("the upkeep panicked; the master key's code may have".to_owned()));
            let again = trouble.is_some();
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
            if again {
                // A failed task is due again after a pause, and its failure is reported until it succeeds.
                std::thread::sleep(PAUSE);
                let mut state = self.signal.lock();
                state.commits = state.commits.saturating_add(commits);
                state.low.extend(low);
            }
        }
    }

    /// Runs one turn of the work. Returns the last failure, if any.
    fn turn(&self, head: bool, cursors: bool, low: &[TenantId]) -> Option<String> {
        let mut trouble = None;
        for tenant in low {
            if let Err(error) = self.raise(*tenant) {
                trouble = Some(format!("raising a slot ceiling: {error}"));
            }
        }
        if head
            && !self.head_is_up_to_date()
            && let Err(error) = self.write_head()
        {
            trouble = Some(format!("the head file: {error}"));
        }
        // Trying uses up all room for a moment: no commit may run into that.
        if self.reserve.due()
            && let Some(_paused) = self.journal.pause()
            && let Err(error) = self.reserve.restore()
        {
            trouble = Some(format!("the reserved space: {error}"));
        }
        if cursors
            && !self.reserve.low()
            && let Err(error) = self.cursors.keep(&self.journal)
        {
            trouble = Some(format!("sinks' cursors: {error}"));
        }
        trouble
    }

    fn raise(&self, id: TenantId) -> Result<(), crate::keys::KeyError> {
        match self.keyring.tenant(id) {
            Some(keys) => self.keyring.raise_ceiling(id, keys.ceiling().saturating_add(CEILING_BLOCK)),
            None => Ok(()),
        }
    }

    /// Tells whether the head file covers the latest block. A commit of cursors alone adds no block.
    fn head_is_up_to_date(&self) -> bool {
        self.journal.latest().is_none_or(|state| state.frontier.size() == self.told.load(Ordering::Acquire))
    }

    fn write_head(&self) -> Result<()> {
        let Some(state) = self.journal.latest() else { return Ok(()) };
        let head = self.sign(&state);
        let text = encode_head_file(&head, &state.frontier)
            .map_err(|error| Error::damaged_by("the journal's tree doesn't fit its head", error))?;
        self.head.write(&text)?;
        self.told.store(state.frontier.size(), Ordering::Release);
        for sink in self.journal.sinks() {
            sink.anchor(head.clone());
        }
        Ok(())
    }

    fn sign(&self, state: &JournalState) -> Head {
        sign_head(self.vault, &self.keyring, state)
    }
}

/// Signs a head of this state of the journal.
pub(crate) fn sign_head(vault: VaultId, keyring: &Keyring, state: &JournalState) -> Head {
    Head::sign(
        &keyring.vault_keys().signing,
        HeadBody {
            vault,
            epoch: state.epoch,
            size: state.frontier.size(),
            root: state.frontier.root(),
            ledger_size: state.ledger_size,
            ledger_hash: state.ledger_hash,
            time: state.time,
        },
    )
}
