//! A store that fails on demand, for the tests of the floors above.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::super::{Batch, CommitError, Expectation, Pair, Store, StoreError};

/// The call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Get,
    Scan,
    /// A commit that fails, and nothing of it is there.
    CommitBefore,
    /// A commit that fails though all of it is there.
    CommitAfter,
}

/// A store that passes calls on to another, and fails those that it was told to, once each.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    planned: Mutex<Vec<(Fault, usize)>>,
    gets: AtomicUsize,
    scans: AtomicUsize,
    commits: AtomicUsize,
    /// Bytes that commits may still write before the disk is full.
    room: AtomicUsize,
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            planned: Mutex::default(),
            gets: AtomicUsize::new(0),
            scans: AtomicUsize::new(0),
            commits: AtomicUsize::new(0),
            room: AtomicUsize::new(usize::MAX),
        }
    }

    /// Fails the `n`-th call of its kind from now on; 1 is the next one.
    pub(crate) fn fail(&self, fault: Fault, n: usize) {
        let made = match fault {
            Fault::Get => &self.gets,
            Fault::Scan => &self.scans,
            Fault::CommitBefore | Fault::CommitAfter => &self.commits,
        };
        self.planned.lock().unwrap().push((fault, made.load(Ordering::SeqCst) + n));
    }

    /// Leaves room for so many bytes; a commit that needs more finds the disk full, and so does every later one.
    pub(crate) fn leave_room(&self, bytes: usize) {
        self.room.store(bytes, Ordering::SeqCst);
    }

    /// Returns the number of commits that were asked for, failed ones included.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    fn due(&self, fault: Fault, number: usize) -> bool {
        let mut planned = self.planned.lock().unwrap();
        let before = planned.len();
        planned.retain(|plan| *plan != (fault, number));
        planned.len() < before
    }

    fn error() -> StoreError {
        StoreError::Io { what: "a planned fault", source: io::Error::other("planned") }
    }
}

impl Store for FaultyStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let number = self.gets.fetch_add(1, Ordering::SeqCst) + 1;
        if self.due(Fault::Get, number) { Err(Self::error()) } else { self.inner.get(key) }
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let number = self.scans.fetch_add(1, Ordering::SeqCst) + 1;
        if self.due(Fault::Scan, number) { Err(Self::error()) } else { self.inner.scan(prefix, after, limit) }
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let number = self.scans.fetch_add(1, Ordering::SeqCst) + 1;
        if self.due(Fault::Scan, number) { Err(Self::error()) } else { self.inner.scan_back(prefix, before, limit) }
    }

    fn commit(&self, batch: &Batch, expect: &[Expectation]) -> Result<(), CommitError> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if self.due(Fault::CommitBefore, number) {
            return Err(Self::error().into());
        }
        let bytes = batch.iter().map(|(key, value)| key.len() + value.map_or(0, <[u8]>::len)).sum();
        let room = self.room.load(Ordering::SeqCst);
        if room != usize::MAX {
            self.room.store(room.saturating_sub(bytes), Ordering::SeqCst);
            if bytes > room {
                let source = io::Error::from(io::ErrorKind::StorageFull);
                return Err(StoreError::Io { what: "writing the store", source }.into());
            }
        }
        self.inner.commit(batch, expect)?;
        if self.due(Fault::CommitAfter, number) { Err(Self::error().into()) } else { Ok(()) }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::MemoryStore;
    use super::*;

    #[test]
    fn planned_calls_fail_once_and_the_others_pass() {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        let mut batch = Batch::default();
        batch.put("k", "v");
        store.fail(Fault::CommitBefore, 1);
        assert!(store.commit(&batch, &[]).is_err());
        assert!(store.get(b"k").unwrap().is_none());
        store.fail(Fault::CommitAfter, 1);
        assert!(store.commit(&batch, &[]).is_err());
        assert!(store.get(b"k").unwrap().is_some());
        store.fail(Fault::Get, 2);
        store.fail(Fault::Scan, 1);
        assert!(store.get(b"k").is_ok());
        assert!(store.get(b"k").is_err());
        assert!(store.get(b"k").is_ok());
        assert!(store.scan(b"", None, 1).is_err());
        assert!(store.scan(b"", None, 1).is_ok());
        assert_eq!(store.commits(), 2);
    }
}
