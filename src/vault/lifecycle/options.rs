//! Options for creating and opening a vault.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::audit::AttachedSink;
use crate::error::Result;
use crate::keys::danger::NoKey;
use crate::keys::{MasterKey, MemoryHome};
use crate::model::{Clock, SystemClock, VaultId};
use crate::policy::{AccessPolicy, DEADLINE, DenyAll, Guard};
use crate::store::{MemoryStore, Store};

use crate::vault::commit::Limits;
use crate::vault::handles::Vault;
use crate::vault::upkeep::reserve;

use super::{create, open};

/// Largest number of read entries in the buffer.
const BUFFERED: usize = 4_096;
/// Longest time that a read entry stays in the buffer.
const BUFFERED_FOR: Duration = Duration::from_millis(100);
/// Cache size that `sled` is told, in bytes; it takes three to five times as much.
const CACHE: u64 = 64 << 20;

impl Vault {
    /// Begins the options for a vault in this directory.
    #[cfg(feature = "sled")]
    pub fn options(directory: impl AsRef<Path>) -> VaultOptions {
        VaultOptions::new(Place::Directory(directory.as_ref().to_owned()))
    }

    /// Begins the options for a vault in memory, for tests. Everything is as in a directory, but gone with the process; no key is needed.
    pub fn in_memory(memory: &Memory) -> VaultOptions {
        VaultOptions::new(Place::Memory(memory.clone()))
    }
}

/// Options for creating or opening a vault: start with [`Vault::options`].
#[must_use = "options do nothing before `create` or `open`"]
pub struct VaultOptions {
    pub(crate) place: Place,
    pub(crate) master: Option<Arc<dyn MasterKey>>,
    pub(crate) policy: Arc<dyn AccessPolicy>,
    pub(crate) sinks: Vec<AttachedSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: u64,
    pub(crate) reserve: u64,
    pub(crate) limits: Limits,
    pub(crate) guard: Guard,
}

/// The place of a vault.
#[derive(Clone)]
pub(crate) enum Place {
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "made only with an engine for files"))]
    Directory(PathBuf),
    Memory(Memory),
}

/// The content of a vault in memory, for tests. Clones are cheap and share it; a closed vault opens from it again.
#[derive(Clone, Default)]
pub struct Memory {
    pub(crate) inner: Arc<MemoryInner>,
}

#[derive(Default)]
pub(crate) struct MemoryInner {
    pub(crate) id: Mutex<Option<VaultId>>,
    pub(crate) store: MemoryStore,
    pub(crate) home: Arc<MemoryHome>,
    pub(crate) head: Arc<Mutex<Option<String>>>,
    pub(crate) ahead: Arc<Mutex<Option<String>>>,
    in_use: AtomicBool,
    /// Wraps the store at the next opening, to make it fail.
    #[cfg(test)]
    pub(crate) around: Mutex<Option<Around>>,
}

#[cfg(test)]
pub(crate) type Around = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send>;

impl MemoryInner {
    pub(crate) fn open_store(&self) -> Arc<dyn Store> {
        let store: Arc<dyn Store> = Arc::new(self.store.reopen());
        #[cfg(test)]
        if let Some(around) = &*self.around.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return around(store);
        }
        store
    }
}

/// The lock that keeps a vault in memory from being opened twice.
pub(crate) struct MemoryLock(Arc<MemoryInner>);

impl MemoryLock {
    pub(crate) fn acquire(memory: &Memory) -> Option<Self> {
        let free = memory.inner.in_use.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire);
        free.is_ok().then(|| Self(Arc::clone(&memory.inner)))
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.0.in_use.store(false, Ordering::Release);
    }
}

impl Memory {
    /// Returns empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl VaultOptions {
    pub(crate) fn new(place: Place) -> Self {
        let in_memory = matches!(place, Place::Memory(_));
        Self {
            place,
            // What is gone with the process needs no key to be kept.
            master: in_memory.then(|| Arc::new(NoKey) as Arc<dyn MasterKey>),
            policy: Arc::new(DenyAll),
            sinks: Vec::new(),
            clock: Arc::new(SystemClock),
            cache: CACHE,
            reserve: reserve::SIZE,
            limits: Limits { events: BUFFERED, delay: BUFFERED_FOR, strict: false },
            guard: Guard { deadline: DEADLINE },
        }
    }

    /// Sets the key that locks the vault: a [`KeyFile`](crate::KeyFile), a passphrase or a [`MasterKey`]. Required,
    /// but for a vault in memory.
    pub fn master_key(mut self, key: impl MasterKey + 'static) -> Self {
        self.master = Some(Arc::new(key));
        self
    }

    /// Sets the policy, which says who may do what; [`DenyAll`] unless set.
    pub fn policy(mut self, policy: impl AccessPolicy + 'static) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Sets the time that the policy may take to answer; five seconds unless set. A later answer is a denial, and is
    /// journalled. The wait can't be cut short: a policy that never answers holds its caller up.
    pub fn policy_deadline(mut self, deadline: Duration) -> Self {
        self.guard = Guard { deadline };
        self
    }

    /// Sends the journal to a sink: [`Required`](crate::audit::Required) or [`Relayed`](crate::audit::Relayed) around
    /// an [`AuditSink`](crate::audit::AuditSink); a [monitor's](crate::monitor::Monitor::sink) as it is. May be called
    /// several times, with sinks of different names.
    pub fn sink(mut self, sink: impl Into<AttachedSink>) -> Self {
        self.sinks.push(sink.into());
        self
    }

    /// Sets the clock; the system's unless set.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the cache size that the engine is told; 64 MiB unless set. `sled` takes three to five times as much.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache = bytes;
        self
    }

    /// Sets the number of bytes set aside in the vault's directory for getting out of a full disk; 16 MiB unless set, 0
    /// for none. Vaults in memory have none.
    ///
    /// On a full disk a write fails, and the vault stops. Opened again, it gives these bytes up and, until there is
    /// room again, does only what helps: deleting and erasing, dropping old journal entries, answering requests for
    /// approval, suspending, verifying, reading the journal. Reads of records, looks at requests for approval, and
    /// refusals need journal entries too: 1,024 of them are taken. All else, asking for approval too, returns
    /// [`Error::Full`](crate::Error::Full). [`Health::low_space`](crate::vault::Health::low_space) shows this state.
    pub fn reserve_bytes(mut self, bytes: u64) -> Self {
        self.reserve = bytes;
        self
    }

    /// Makes each read wait until its journal entry is durable. Unless set, entries of reads are buffered, at most
    /// 4,096 of them for at most 100 ms, and a kill can lose these.
    pub fn strict_reads(mut self, strict: bool) -> Self {
        self.limits.strict = strict;
        self
    }

    /// Creates a vault and opens it. In a directory, it appears whole or not at all.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`](crate::Error::AlreadyExists) if the directory isn't empty,
    /// [`Error::NoMasterKey`](crate::Error::NoMasterKey), [`Error::MasterKey`](crate::Error::MasterKey) for a weak
    /// passphrase among others, [`Error::Policy`](crate::Error::Policy), [`Error::Io`](crate::Error::Io).
    pub fn create(self) -> Result<Vault> {
        create::create(self)
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// [`Error::NotAVault`](crate::Error::NotAVault) if there is none, [`Error::InUse`](crate::Error::InUse),
    /// [`Error::WrongMasterKey`](crate::Error::WrongMasterKey) and [`Error::MasterKey`](crate::Error::MasterKey) for a
    /// wrong key, [`Error::Newer`](crate::Error::Newer) for a vault of a newer release,
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Policy`](crate::Error::Policy),
    /// [`Error::Io`](crate::Error::Io). A vault that doesn't open is left unchanged.
    pub fn open(self) -> Result<Vault> {
        open::open(self)
    }
}

impl fmt::Debug for VaultOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultOptions").finish_non_exhaustive()
    }
}
