//! A store in memory, for tests: as ordered and as atomic as the durable ones, and gone with the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Batch, CommitError, Expectation, Pair, Store, StoreError, check_sizes, scan_end, scan_start};

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store that keeps everything in a map. [`reopen`](MemoryStore::reopen) stands for opening the same files again.
#[derive(Default)]
pub(crate) struct MemoryStore {
    content: Arc<RwLock<Content>>,
    closed: AtomicBool,
}

impl MemoryStore {
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns an open store over the same content, whether this one is closed or not.
    pub(crate) fn reopen(&self) -> Self {
        Self { content: Arc::clone(&self.content), closed: AtomicBool::new(false) }
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.check_open()?;
        Ok(self.content.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.check_open()?;
        let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
        Ok(content
            .range((Bound::Included(scan_start(prefix, after)), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.check_open()?;
        let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
        let below = content.range((Bound::Unbounded, scan_end(prefix, before))).rev();
        let page = below.take_while(|(key, _)| key.starts_with(prefix)).take(limit);
        Ok(page.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn commit(&self, batch: &Batch, expect: &[Expectation]) -> Result<(), CommitError> {
        check_sizes(batch)?;
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        self.check_open()?;
        if let Some(broken) = expect.iter().find(|e| content.get(&e.key) != e.value.as_ref()) {
            return Err(CommitError::Conflict { key: broken.key.clone() });
        }
        for (key, value) in batch.iter() {
            match value {
                Some(value) => content.insert(key.to_vec(), value.to_vec()),
                None => content.remove(key),
            };
        }
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        // Waits for a commit under way.
        let _content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        if self.closed.swap(true, Ordering::AcqRel) { Err(StoreError::Closed) } else { Ok(()) }
    }
}
