//! A home whose calls fail, from the n-th on, for a while or for good.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// The part of a failing call that is done before it fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    None,
    Half,
    Whole,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) effect: Effect,
    /// The number of calls that fail; `usize::MAX` is a crash.
    pub(super) calls: usize,
}

pub(super) const FAULTS: [Fault; 7] = [
    Fault { effect: Effect::None, calls: usize::MAX },
    Fault { effect: Effect::Half, calls: usize::MAX },
    Fault { effect: Effect::Whole, calls: usize::MAX },
    Fault { effect: Effect::None, calls: 1 },
    Fault { effect: Effect::Whole, calls: 1 },
    Fault { effect: Effect::None, calls: 2 },
    Fault { effect: Effect::Whole, calls: 2 },
];

pub(super) struct FaultyHome {
    inner: Arc<MemoryHome>,
    fault: Fault,
    /// The number of calls that still succeed.
    left: AtomicUsize,
    failed: AtomicUsize,
}

impl FaultyHome {
    pub(super) fn new(inner: &Arc<MemoryHome>, fault: Fault) -> Arc<Self> {
        let left = AtomicUsize::new(usize::MAX);
        Arc::new(Self { inner: inner.clone(), fault, left, failed: AtomicUsize::new(0) })
    }

    /// Lets this many calls succeed before the fault.
    pub(super) fn arm(&self, calls: usize) {
        self.left.store(calls, Ordering::SeqCst);
    }

    /// Tells whether the fault has come.
    pub(super) fn tripped(&self) -> bool {
        self.failed.load(Ordering::SeqCst) > 0
    }

    fn call<T>(&self, run: impl Fn() -> Result<T, HomeError>, half: impl Fn()) -> Result<T, HomeError> {
        let healthy = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if healthy {
            return run();
        }
        let before = self.failed.fetch_add(1, Ordering::SeqCst);
        if before >= self.fault.calls {
            return run();
        }
        // A crash takes effect once; after it there is nobody to call.
        if before == 0 || self.fault.calls != usize::MAX {
            match self.fault.effect {
                Effect::None => {}
                Effect::Half => half(),
                Effect::Whole => drop(run()),
            }
        }
        Err(HomeError::new("reach", "the test's disk", io::Error::other("it failed as planned")))
    }
}

impl Home for FaultyHome {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        self.call(|| self.inner.read(name, limit), || ())
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let half = || self.inner.write_new(name, &bytes[..bytes.len() / 2]).unwrap();
        self.call(|| self.inner.write_new(name, bytes), half)
    }

    fn list(&self) -> Result<Vec<String>, HomeError> {
        self.call(|| self.inner.list(), || ())
    }

    fn remove(&self, name: &str) -> Result<(), HomeError> {
        // Half a removal: overwritten, but still there.
        let half = || {
            if let Some(bytes) = self.inner.read(name, usize::MAX).unwrap() {
                self.inner.remove(name).unwrap();
                self.inner.write_new(name, &vec![0; bytes.len()]).unwrap();
            }
        };
        self.call(|| self.inner.remove(name), half)
    }

    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError> {
        self.call(|| self.inner.read_anchor(), || ())
    }

    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError> {
        self.call(|| self.inner.swap_anchor(expected, new), || ())
    }
}
