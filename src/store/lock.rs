//! One writer for one directory: an advisory lock on a file in it.
//!
//! Guarantees: of all processes and all openings within one, at most one holds it; asking never waits; the system lets
//! go of it when its holder ends, however it ends. Does not: stop a program that doesn't ask, nor hold on network file
//! systems that don't keep such locks. A process made by `fork` alone shares its parent's lock.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::{StoreError, files};

const NAME: &str = "lock";

/// The lock of one directory, held until dropped. Its file stays behind, empty.
#[derive(Debug)]
pub(crate) struct DirLock {
    file: File,
}

impl DirLock {
    /// Takes the lock of an existing directory, or answers [`StoreError::InUse`] at once.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, StoreError> {
        // Never removed: a file that is locked and unlinked would let a second one be made and locked beside it.
        let file = files::private().create(true).truncate(false).write(true).open(dir.join(NAME));
        let file = file.map_err(StoreError::io("opening the lock file"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { what: "locking the directory", source }),
        }
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing isn't enough: a process that another thread is about to start holds a copy of every handle for a
        // moment, and the lock lives as long as one of them. Should it fail, closing still works a moment later.
        let _late = self.file.unlock();
    }
}

#[cfg(test)]
mod tests;
