//! File operations that fail when a test wants them to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which file operation fails: the n-th, counted from 0, and after it none or all.
#[derive(Clone, Default)]
pub(in crate::audit::lines) struct Faults(pub(in crate::audit::lines) Option<Arc<Plan>>);

pub(in crate::audit::lines) struct Plan {
    pub(in crate::audit::lines) done: AtomicUsize,
    pub(in crate::audit::lines) at: usize,
    pub(in crate::audit::lines) and_all_later: bool,
}

impl Faults {
    pub(super) fn step(&self) -> io::Result<()> {
        let Some(plan) = &self.0 else { return Ok(()) };
        let n = plan.done.fetch_add(1, Ordering::SeqCst);
        let fails = if plan.and_all_later { n >= plan.at } else { n == plan.at };
        if fails { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    }
}
