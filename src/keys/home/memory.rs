//! A home in memory, for vaults that are kept nowhere else. Share it by `Arc` to open the vault again.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Home, HomeError, too_long, unexpected};

/// Files and anchor in memory.
#[derive(Default)]
pub(crate) struct MemoryHome {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    files: BTreeMap<String, Vec<u8>>,
    anchor: Option<Vec<u8>>,
}

impl MemoryHome {
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home for MemoryHome {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        match self.held().files.get(name) {
            Some(bytes) if bytes.len() > limit => Err(HomeError::new("read", name, too_long())),
            found => Ok(found.cloned()),
        }
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let mut held = self.held();
        if held.files.contains_key(name) {
            return Err(HomeError::new("write", name, io::ErrorKind::AlreadyExists.into()));
        }
        held.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, HomeError> {
        Ok(self.held().files.keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> Result<(), HomeError> {
        self.held().files.remove(name);
        Ok(())
    }

    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError> {
        Ok(self.held().anchor.clone())
    }

    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError> {
        let mut held = self.held();
        if held.anchor.as_deref() != expected {
            return Err(HomeError::new("replace", "the anchor", unexpected()));
        }
        held.anchor = Some(new.to_vec());
        Ok(())
    }
}
