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
pub(in crate::vault) struct Cursor(pub(super) Vec<u8>);

impl Cursor {
    /// Behind every key.
    pub(super) fn end() -> Self {
        Self(vec![0xff])
    }

    #[cfg(test)]
    pub(in crate::vault) fn into_key(self) -> Vec<u8> {
        self.0
    }

    /// Whether the value under this key of the tenant has been read. Change lists are read with the journal's blocks.
    pub(in crate::vault) fn has_passed(&self, key: &[u8]) -> bool {
        key <= self.0.as_slice() && key.first() != Some(&(Space::Changes as u8))
    }
}

/// The two digests of some of a tenant's values, or what changes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::vault) struct Delta {
    pub(in crate::vault) primary: RowSetDigest,
    pub(in crate::vault) derived: RowSetDigest,
}

impl Delta {
    pub(super) fn add(&mut self, primary: bool, term: &[u8; 32]) {
        if primary { self.primary.add(term) } else { self.derived.add(term) }
    }

    fn join(&mut self, other: &Self) {
        self.primary.join(&other.primary);
        self.derived.join(&other.derived);
    }
}

/// How far a scrub has come with a tenant, and the digests of the values up to there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SoFar {
    pub(super) cursor: Cursor,
    pub(super) read: Delta,
}

/// A tenant's [`SoFar`], while a scrub is at it.
#[derive(Default)]
pub(in crate::vault) struct Scrubbed {
    on: AtomicBool,
    /// How often change lists were dropped.
    dropped_lists: AtomicU64,
    so_far: Mutex<Option<SoFar>>,
}

impl Scrubbed {
    /// For the committer: how far a scrub has read; `None` if none is at this tenant.
    pub(in crate::vault) fn cursor(&self) -> Option<Cursor> {
        if !self.on.load(Ordering::Acquire) {
            return None;
        }
        self.lock().as_ref().map(|so_far| so_far.cursor.clone())
    }

    /// For the committer: a commit is durable that changed values up to the cursor by this much.
    pub(in crate::vault) fn follow(&self, change: &Delta) {
        if self.on.load(Ordering::Acquire)
            && let Some(so_far) = &mut *self.lock()
        {
            so_far.read.join(change);
        }
    }

    /// For the committer: a commit is durable that dropped change lists.
    pub(in crate::vault) fn lists_were_dropped(&self) {
        self.dropped_lists.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn dropped_lists(&self) -> u64 {
        self.dropped_lists.load(Ordering::Acquire)
    }

    /// Begins, or goes on from there. The committer is stopped between two commits.
    pub(super) fn begin(&self, so_far: SoFar) {
        *self.lock() = Some(so_far);
        self.on.store(true, Ordering::Release);
    }

    /// Everything up to here has been read. The committer is stopped between two commits; the digests of what was read
    /// are [put in](Self::read) later.
    pub(super) fn advance(&self, to: Cursor) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.cursor = to;
        }
    }

    /// Puts in what was read when the cursor advanced.
    pub(super) fn read(&self, read: &Delta) {
        if let Some(so_far) = &mut *self.lock() {
            so_far.read.join(read);
        }
    }

    pub(super) fn so_far(&self) -> Option<SoFar> {
        self.lock().clone()
    }

    /// The scrub is through with this tenant, or gives it up.
    pub(super) fn end(&self) {
        self.on.store(false, Ordering::Release);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<SoFar>> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
