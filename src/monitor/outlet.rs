//! The thread of one alert sink.
//!
//! Guarantees: a sink that errs, hangs or panics holds up nobody else, is given the same alert again, and shows in the
//! health report. Does not: keep more than [`QUEUE`] alerts for it: then the mildest of those that wait go, oldest first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::alert::{Alert, AlertSink};
use super::responder::describe;

/// The most alerts that wait for a sink.
const QUEUE: usize = 1_024;
/// The pause after the first failure; doubled with each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// The state of an alert sink.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertSinkHealth {
    /// The sink's name.
    pub name: String,
    /// The number of alerts that it took.
    pub taken: u64,
    /// The number of alerts that wait for it.
    pub waiting: usize,
    /// The number of alerts that it was never given, because too many waited.
    pub dropped: u64,
    /// The sink's last error or panic, if its last attempt failed.
    pub error: Option<String>,
}

/// A sink at work.
pub(super) struct Outlet {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<OutletState>,
    changed: Condvar,
}

struct OutletState {
    health: AlertSinkHealth,
    queue: VecDeque<Arc<Alert>>,
    stop: bool,
    ended: bool,
}

impl Outlet {
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(sink: Box<dyn AlertSink>) -> std::io::Result<Self> {
        let name = catch_unwind(AssertUnwindSafe(|| sink.name())).unwrap_or_else(|_| "a sink".to_owned());
        let health = AlertSinkHealth { name, taken: 0, waiting: 0, dropped: 0, error: None };
        let state = OutletState { health, queue: VecDeque::new(), stop: false, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("strongroom-alerts".to_owned()).spawn(move || run(&theirs, sink))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands an alert over. Never waits for the sink.
    pub(super) fn push(&self, alert: &Arc<Alert>) {
        let mut state = self.shared.lock();
        // The first is in the sink's hands.
        if state.queue.len() > QUEUE
            && let Some(mildest) = state.queue.iter().skip(1).map(|alert| alert.severity).min()
            && let Some(place) = state.queue.iter().skip(1).position(|alert| alert.severity == mildest)
        {
            state.queue.remove(place.saturating_add(1));
            state.health.dropped = state.health.dropped.saturating_add(1);
        }
        state.queue.push_back(Arc::clone(alert));
        self.shared.changed.notify_all();
    }

    pub(super) fn health(&self) -> AlertSinkHealth {
        let state = self.shared.lock();
        AlertSinkHealth { waiting: state.queue.len(), ..state.health.clone() }
    }

    /// Lets the sink take what waits, until the deadline, and ends the thread; one that hangs is left behind.
    pub(super) fn close(&mut self, deadline: Instant) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        let mut state = self.shared.lock();
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        // The thread catches every panic, so joining can't fail in a way that matters.
        let _ = thread.join();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, OutletState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(shared: &Shared, mut sink: Box<dyn AlertSink>) {
    let mut pause = FIRST_PAUSE;
    while let Some(alert) = next(shared) {
        let outcome = catch_unwind(AssertUnwindSafe(|| sink.alert(&alert)));
        let mut state = shared.lock();
        let error = match outcome {
            Ok(Ok(())) => {
                state.queue.pop_front();
                state.health.taken = state.health.taken.saturating_add(1);
                state.health.error = None;
                pause = FIRST_PAUSE;
                continue;
            }
            Ok(Err(error)) => describe(&error),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().copied();
                let text = text.or(panic.downcast_ref::<String>().map(String::as_str));
                format!("the sink panicked: {}", text.unwrap_or("without a message"))
            }
        };
        state.health.error = Some(error);
        if state.stop {
            break;
        }
        let until = Instant::now() + pause;
        pause = LAST_PAUSE.min(pause.saturating_mul(2));
        while !state.stop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
    // What a sink does when it is dropped is its own affair.
    let _gone = catch_unwind(AssertUnwindSafe(|| drop(sink)));
    shared.lock().ended = true;
    shared.changed.notify_all();
}

/// Returns the alert that is due, which stays in the queue until it is taken. `None` when told to stop, and nothing is left.
fn next(shared: &Shared) -> Option<Arc<Alert>> {
    let mut state = shared.lock();
    loop {
        if let Some(alert) = state.queue.front() {
            return Some(Arc::clone(alert));
        }
        if state.stop {
            return None;
        }
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}
