//! The digests of the values that a scrub has read of a tenant, which the committer keeps up to date.
//!
//! Guarantees: the digests are those of the values stored up to the cursor, whatever is committed meanwhile. The cursor
//! moves only between two commits, so each commit knows which of the values that it changes have been read already.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::audit::RowSetDigest;
use crate::format::place::Space;

/// The last key that a scrub has read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cursor(pub(crate) Vec<u8>);

impl Cursor {
    /// Returns the cursor after every key.
    pub(crate) fn end() -> Self {
        Self(vec![0xff])
    }

    #[cfg(test)]
    pub(crate) fn into_key(self) -> Vec<u8> {
        self.0
    }

    /// Tells whether the value under this key has been read. Change lists are read with the journal's blocks.
    pub(crate) fn has_passed(&self, key: &[u8]) -> bool {
        key <= self.0.as_slice() && key.first() != Some(&(Space::Changes as u8))
    }
}

/// The two digests of some of a tenant's values, or their change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Delta {
    pub(crate) primary: RowSetDigest,
    pub(crate) derived: RowSetDigest,
}

impl Delta {
    pub(crate) fn add(&mut self, primary: bool, term: &[u8; 32]) {
        if primary { self.primary.add(term) } else { self.derived.add(term) }
    }

    fn join(&mut self, other: &Self) {
        self.primary.join(&other.primary);
        self.derived.join(&other.derived);
    }
}

/// A scrub's progress in a tenant, with the digests of the values up to the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SoFar {
    pub(crate) cursor: Cursor,
    pub(crate) read: Delta,
}

/// A tenant's [`SoFar`], while a scrub reads the tenant.
#[derive(Default)]
pub(crate) struct Scrubbed {
    on: AtomicBool,
    /// Number of times that change lists were dropped.
    dropped_lists: AtomicU64,
    so_far: Mutex<Option<SoFar>>,
}

impl Scrubbed {
    /// Returns the scrub's cursor; `None` if no scrub reads this tenant. Called by the committer.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        if !self.on.load(Ordering::Acquire) {
            return None;
        }
        self.lock().as_ref().map(|so_far| so_far.cursor.clone())
    }

    /// Adds a durable commit's change of values up to the cursor. Called by the committer.
    pub(crate) fn follow(&self, change: &Delta) {
        if self.on.load(Ordering::Acquire)
            && let Some(so_far) = &mut *self.lock()
        {
            so_far.read.join(change);
        }
    }

    /// Counts a durable commit that dropped change lists. Called by the committer.
    pub(crate) fn lists_were_dropped(&self) {
        self.dropped_lists.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn dropped_lists(&self) -> u64 {
        self.dropped_lists.load(Ordering::Acquire)
    }

    /// Begins, or goes on, at `so_far`. The committer is stopped between two commits.
    pub(crate) fn begin(&self, so_far: SoFar) {
        *self.lock() = Some(so_far);
        self.on.store(true, Ordering::Release);
    }

    /// Moves the cursor. The committer is stopped between two commits; [`read`](Self::read) adds the digests later.
    pub(crate) fn advance(&self, to: Cursor) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.cursor = to;
        }
    }

    /// Adds the digests of the values that the cursor has passed.
    pub(crate) fn read(&self, read: &Delta) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.read.join(read);
        }
    }

    pub(crate) fn so_far(&self) -> Option<SoFar> {
        self.lock().clone()
    }

    /// Ends: the scrub has finished with this tenant or given it up.
    pub(crate) fn end(&self) {
        self.on.store(false, Ordering::Release);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<SoFar>> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
