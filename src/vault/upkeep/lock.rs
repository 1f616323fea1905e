//! The lock on an opened vault.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

/// The lock on a vault, held from before the vault is read until it is closed.
pub(crate) struct Lock(Mutex<Option<Held>>);

/// Any value that keeps others from opening the vault while it lives.
pub(crate) type Held = Box<dyn Any + Send + Sync>;

impl Lock {
    pub(crate) fn new(held: Held) -> Self {
        Self(Mutex::new(Some(held)))
    }

    pub(crate) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
