//! Where scrub and committer meet: the digests of what a scrub has read of a tenant so far.
//!
//! Guarantees: they are those of what is stored up to the cursor, whatever is committed meanwhile. The cursor moves only
//! between two commits, so each commit knows which of the values that it changes have been read; what lies ahead will be.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::audit::RowSetDigest;
use crate::format::place::Space;

/// The key that a scrub has read up to, that one included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cursor(pub(crate) Vec<u8>);

impl Cursor {
    /// Behind every key.
    pub(crate) fn end() -> Self {
        Self(vec![0xff])
    }

    #[cfg(test)]
    pub(crate) fn into_key(self) -> Vec<u8> {
        self.0
    }

    /// Whether the value under this key of the tenant has been read. Change lists are read with the journal's blocks.
    pub(crate) fn has_passed(&self, key: &[u8]) -> bool {
        key <= self.0.as_slice() && key.first() != Some(&(Space::Changes as u8))
    }
}

/// The two digests of some of a tenant's values, or what changes of them.
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

/// How far a scrub has come with a tenant, and the digests of the values up to there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SoFar {
    pub(crate) cursor: Cursor,
    pub(crate) read: Delta,
}

/// A tenant's [`SoFar`], while a scrub is at it.
#[derive(Default)]
pub(crate) struct Scrubbed {
    on: AtomicBool,
    /// How often change lists were dropped.
    dropped_lists: AtomicU64,
    so_far: Mutex<Option<SoFar>>,
}

impl Scrubbed {
    /// For the committer: how far a scrub has read; `None` if none is at this tenant.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        if !self.on.load(Ordering::Acquire) {
            return None;
        }
        self.lock().as_ref().map(|so_far| so_far.cursor.clone())
    }

    /// For the committer: a commit is durable that changed values up to the cursor by this much.
    pub(crate) fn follow(&self, change: &Delta) {
        if self.on.load(Ordering::Acquire)
            && let Some(so_far) = &mut *self.lock()
        {
            so_far.read.join(change);
        }
    }

    /// For the committer: a commit is durable that dropped change lists.
    pub(crate) fn lists_were_dropped(&self) {
        self.dropped_lists.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn dropped_lists(&self) -> u64 {
        self.dropped_lists.load(Ordering::Acquire)
    }

    /// Begins, or goes on from there. The committer is stopped between two commits.
    pub(crate) fn begin(&self, so_far: SoFar) {
        *self.lock() = Some(so_far);
        self.on.store(true, Ordering::Release);
    }

    /// Everything up to here has been read. The committer is stopped between two commits; the digests of what was read
    /// are [put in](Self::read) later.
    pub(crate) fn advance(&self, to: Cursor) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.cursor = to;
        }
    }

    /// Puts in what was read when the cursor advanced.
    pub(crate) fn read(&self, read: &Delta) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.read.join(read);
        }
    }

    pub(crate) fn so_far(&self) -> Option<SoFar> {
        self.lock().clone()
    }

    /// The scrub is through with this tenant, or gives it up.
    pub(crate) fn end(&self) {
        self.on.store(false, Ordering::Release);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<SoFar>> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
