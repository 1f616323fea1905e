//! The store on `sled` 0.34.7.
//!
//! Guarantees: a commit is one batch on one tree, written out by the engine and then made durable with a real
//! `fdatasync` of its file, which the engine itself never does in time; a panic in the engine becomes an error; a store
//! that is being made appears under its name whole or not at all. After a failed write or sync nothing is answered.
//! Does not: detect rows that the engine rolled back because of flipped bits (that is the digests' work), or forget
//! what was removed or overwritten.

mod guard;
mod log;
mod snapshot;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use snapshot::Notice;

use super::{Batch, CommitError, Expectation, Pair, Store, StoreError, check_sizes, files, scan_end, scan_start};

/// The least cache that the engine can work with, in bytes.
const MIN_CACHE: u64 = 1 << 20;

/// The time that the engine's threads get to let go of its file, before an open and after a close.
const RELEASE: Duration = Duration::from_secs(10);

/// A directory kept by `sled`, open.
pub(crate) struct SledStore {
    engine: RwLock<Option<Engine>>,
    /// True after a failed write, flush or sync, or a panic in the engine; never false again.
    poisoned: AtomicBool,
    /// The lock that is held from checking the expectations until the batch is durable.
    writer: Mutex<()>,
}

struct Engine {
    db: ::sled::Db,
    /// The engine's own `db` file, through one handle for as long as the store is open: a sync reports a failed
    /// write-back only to handles that were there when it happened.
    file: File,
}

impl SledStore {
    /// Makes a store at `dir`, which must not exist while its parent does, and opens it.
    ///
    /// Files torn during creation would never open again, so they are made and synced under another name.
    pub(crate) fn create(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        if fs::symlink_metadata(dir).is_ok() {
            let source = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(StoreError::Io { what: "making the store's directory", source });
        }
        let unfinished = files::beside(dir, ".creating").map_err(StoreError::io("naming the store's directory"))?;
        if unfinished.is_dir() {
            fs::remove_dir_all(&unfinished).map_err(StoreError::io("removing what an unfinished creation left"))?;
        }
        files::create_dir(&unfinished).map_err(StoreError::io("making the store's directory"))?;
        let db = start(&unfinished, cache_bytes)?;
        let file = guard::open_file(&unfinished)?;
        stop(db)?;
        wait_for_release(&file)?;
        guard::settle_new(&unfinished).map_err(StoreError::io("syncing the new store"))?;
        drop(file);
        fs::rename(&unfinished, dir).map_err(StoreError::io("naming the new store"))?;
        files::sync_dir(files::parent(dir)).map_err(StoreError::io("syncing the new store's parent"))?;
        Self::open(dir, cache_bytes).map(|(store, _)| store)
    }

    /// Opens what [`create`](SledStore::create) made, and tells what had to be repaired.
    ///
    /// The caller holds the directory's lock. What can't be opened is left as it was found, but for the repairs.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<(Self, Vec<Notice>), StoreError> {
        guard::check(dir)?;
        let file = guard::open_file(dir)?;
        wait_for_release(&file)?;
        // What a killed process left in the system's memory only: the engine would build a snapshot on it.
        file.sync_all().map_err(StoreError::io("syncing the store"))?;
        let notices = snapshot::clear(dir)?;
        let snapshot = snapshot::newest(dir)?;
        let end = log::end_alone(&file, snapshot.unwrap_or(0))?;
        // Without a snapshot the engine may cut the log from its start.
        let tail = guard::Tail::read(&file, snapshot.map_or(0, |_| end))?;
        let db = start(dir, cache_bytes).and_then(recovered).or_else(|error| {
            wait_for_release(&file)?;
            tail.put_back(&file)?;
            files::sync_dir(dir).map_err(StoreError::io("syncing the store's directory"))?;
            Err(error)
        })?;
        files::sync_dir(dir).map_err(StoreError::io("syncing the store's directory"))?;
        let store = Self {
            engine: RwLock::new(Some(Engine { db, file })),
            poisoned: AtomicBool::new(false),
            writer: Mutex::new(()),
        };
        Ok((store, notices))
    }

    /// Runs one call on the engine, if it may be asked at all.
    fn with<T, E: From<StoreError>>(
        &self,
        what: &'static str,
        run: impl FnOnce(&Engine) -> Result<T, E>,
    ) -> Result<T, E> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        let engine = engine.as_ref().ok_or(StoreError::Closed)?;
        if self.poisoned.load(Ordering::Acquire) {
            return Err(StoreError::Poisoned.into());
        }
        catch_unwind(AssertUnwindSafe(|| run(engine))).unwrap_or_else(|_| {
            self.poisoned.store(true, Ordering::Release);
            Err(panicked(what).into())
        })
    }

    fn shut(&self) -> Result<(), StoreError> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        let Engine { db, file } = engine.ok_or(StoreError::Closed)?;
        let poisoned = self.poisoned.load(Ordering::Acquire);
        stop(db)?;
        wait_for_release(&file)?;
        file.sync_all().map_err(StoreError::io("syncing the store"))?;
        if poisoned { Err(StoreError::Poisoned) } else { Ok(()) }
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with("read", |engine| {
            Ok(engine.db.get(key).map_err(|e| engine_error("read", e))?.map(|value| value.to_vec()))
        })
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.with("scan", |engine| {
            let from = (Bound::Included(scan_start(prefix, after)), Bound::Unbounded);
            page(engine.db.range::<Vec<u8>, _>(from), prefix, limit)
        })
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.with("scan", |engine| {
            let to = (Bound::Unbounded, scan_end(prefix, before));
            page(engine.db.range::<Vec<u8>, _>(to).rev(), prefix, limit)
        })
    }

    fn commit(&self, batch: &Batch, expect: &[Expectation]) -> Result<(), CommitError> {
        check_sizes(batch)?;
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.with("commit", |engine| {
            for Expectation { key, value } in expect {
                let found = engine.db.get(key).map_err(|e| engine_error("read", e))?;
                if found.as_deref() != value.as_deref() {
                    return Err(CommitError::Conflict { key: key.clone() });
                }
            }
            if batch.is_empty() {
                return Ok(());
            }
            engine.write(batch).map_err(|error| {
                self.poisoned.store(true, Ordering::Release);
                error.into()
            })
        })
    }

    fn close(&self) -> Result<(), StoreError> {
        self.shut()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // Whoever wants to know how it ends calls `close`; an acknowledged commit is durable already.
        let _ = self.shut();
    }
}

impl Engine {
    /// Writes a batch. After any error nobody knows what is on the disk.
    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writes = ::sled::Batch::default();
        for (key, value) in batch.iter() {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(|e| engine_error("write", e))?;
        // Hands everything to the system, where a power cut still takes it: it asks for `sync_file_range`, which
        // writes neither the file's new size nor the drive's cache.
        self.db.flush().map_err(|e| engine_error("flush", e))?;
        // Covers a grown file too: fdatasync writes the size, as without it the data couldn't be read back.
        self.file.sync_data().map_err(StoreError::io("syncing the store"))
    }
}

/// Opens the engine. `flush_every_ms` stays at its default: only that thread reclaims space.
fn start(dir: &Path, cache_bytes: u64) -> Result<::sled::Db, StoreError> {
    let open = || ::sled::Config::new().path(dir).cache_capacity(cache_bytes.max(MIN_CACHE)).open();
    catch_unwind(AssertUnwindSafe(open)).map_err(|_| panicked("open"))?.map_err(|e| engine_error("open", e))
}

/// Refuses an engine that began anew.
fn recovered(db: ::sled::Db) -> Result<::sled::Db, StoreError> {
    if db.was_recovered() {
        return Ok(db);
    }
    stop(db)?;
    Err(StoreError::Corrupt { what: "the engine found nothing in its data file that it could recover" })
}

/// Ends the engine's threads. On one of its own, since it waits forever for a flusher that broke down.
fn stop(db: ::sled::Db) -> Result<(), StoreError> {
    let (done, wait) = mpsc::channel();
    let ending = thread::Builder::new().name("store close".to_owned()).spawn(move || {
        let result = db.flush().map(|_| ()).map_err(|e| engine_error("flush", e));
        drop(db);
        let _ = done.send(result);
    });
    ending.map_err(StoreError::io("starting a thread"))?;
    // The flusher finishes what it has begun, which can be the cleaning of many segments.
    wait.recv_timeout(6 * RELEASE).unwrap_or_else(|_| Err(panicked("close")))
}

/// Waits until no thread of the engine holds its file any more, so that none can write to it.
fn wait_for_release(file: &File) -> Result<(), StoreError> {
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return file.unlock().map_err(StoreError::io("unlocking the store")),
            Err(TryLockError::WouldBlock) if begin.elapsed() < RELEASE => thread::sleep(Duration::from_millis(1)),
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(source)) => return Err(StoreError::Io { what: "locking the store", source }),
        }
    }
}

/// Copies the first pairs of a range, as long as their keys have the prefix.
fn page(
    range: impl Iterator<Item = ::sled::Result<(::sled::IVec, ::sled::IVec)>>,
    prefix: &[u8],
    limit: usize,
) -> Result<Vec<Pair>, StoreError> {
    let mut page = Vec::new();
    for pair in range.take(limit) {
        let (key, value) = pair.map_err(|e| engine_error("scan", e))?;
        if !key.starts_with(prefix) {
            break;
        }
        page.push((key.to_vec(), value.to_vec()));
    }
    Ok(page)
}

fn engine_error(what: &'static str, error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Io(source) => StoreError::Io { what: "reading or writing the store", source },
        ::sled::Error::Corruption { .. } => StoreError::Corrupt { what: "the engine can't read its file" },
        other => StoreError::Engine { what, source: Box::new(other) },
    }
}

/// Returns the error for a panic of the engine. Its text is left out: it can hold stored bytes.
fn panicked(what: &'static str) -> StoreError {
    StoreError::Engine { what, source: "it panicked or doesn't end".into() }
}
