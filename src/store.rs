//! Stores of bytes: the [`Store`] trait, its engines, the lock on a directory and careful handling of small files.
//!
//! Guarantees: a commit is all or nothing and durable when it returns; a key that isn't as the caller expected leaves
//! everything untouched; after a sync that failed nothing is answered any more until the store is opened again.
//! Does not: encrypt, authenticate or understand what it keeps, and an engine may hold removed values indefinitely.

mod batch;
mod error;
pub(crate) mod files;
mod lock;
mod memory;
#[cfg(feature = "sled")]
mod sled;

#[cfg(test)]
mod tests;

use std::ops::Bound;

pub(crate) use batch::{Batch, Expectation};
pub(crate) use error::{CommitError, StoreError};
pub(crate) use lock::DirLock;
pub(crate) use memory::MemoryStore;
#[cfg(feature = "sled")]
pub(crate) use sled::SledStore;
#[cfg(test)]
pub(crate) use tests::faulty;

/// The longest value in bytes. Longer ones could leave `sled`'s log for files of their own, which it never syncs.
pub(crate) const MAX_VALUE: usize = 4096;

/// The longest key in bytes.
pub(crate) const MAX_KEY: usize = 1024;

/// A key and its value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// An ordered store of bytes under byte keys, as `sled`, another embedded engine or a database server can all serve it.
///
/// After [`close`](Store::close) every call answers [`StoreError::Closed`].
pub(crate) trait Store: Send + Sync {
    /// Returns the value under `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns the first `limit` pairs, in key order, whose keys start with `prefix` and are greater than `after`.
    ///
    /// One page is no snapshot: commits made meanwhile may show in part of it.
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError>;

    /// Returns the last `limit` pairs, in descending key order, whose keys start with `prefix` and are less than `before`.
    ///
    /// No snapshot either.
    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError>;

    /// Applies the whole batch if every expectation holds, else nothing; durable when it returns.
    ///
    /// Any error but a conflict or a refused size leaves the outcome unknown until the store is opened again. Readers
    /// may see a batch a moment before it is durable.
    fn commit(&self, batch: &Batch, expect: &[Expectation]) -> Result<(), CommitError>;

    /// Makes everything durable and lets go of all files.
    fn close(&self) -> Result<(), StoreError>;
}

/// Refuses a batch with a key or a value that is too long.
fn check_sizes(batch: &Batch) -> Result<(), StoreError> {
    for (key, value) in batch.iter() {
        if key.len() > MAX_KEY {
            return Err(StoreError::KeyTooLarge { found: key.len() });
        }
        match value {
            Some(value) if value.len() > MAX_VALUE => return Err(StoreError::ValueTooLarge { found: value.len() }),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the start of a scan: the least key that has the prefix and is greater than `after`.
fn scan_start(prefix: &[u8], after: Option<&[u8]>) -> Vec<u8> {
    match after {
        // The least key above `after` is `after` with a zero byte behind it.
        Some(after) if after >= prefix => [after, &[0]].concat(),
        _ => prefix.to_vec(),
    }
}

/// Returns the end of a scan back: the least key that is greater than all keys with the prefix, or `before` if that is less.
fn scan_end(prefix: &[u8], before: Option<&[u8]>) -> Bound<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX).and_then(|last| prefix.get(..=last));
    let mut beyond = kept.map(<[u8]>::to_vec);
    if let Some(last) = beyond.as_mut().and_then(|beyond| beyond.last_mut()) {
        *last = last.saturating_add(1);
    }
    match (beyond, before) {
        (Some(beyond), Some(before)) => Bound::Excluded(beyond.min(before.to_vec())),
        (beyond, before) => beyond.or(before.map(<[u8]>::to_vec)).map_or(Bound::Unbounded, Bound::Excluded),
    }
}
