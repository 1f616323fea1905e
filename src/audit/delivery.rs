//! Delivery to one sink: in order, on a thread of its own, from a bounded queue, over from the journal when it falls behind.
//!
//! Guarantees: what was pushed is delivered at least once and in order, across errors, restarts and a queue that ran over; a
//! sink that errs, hangs or panics, in whatever call, holds up nobody but those who wait for it, and those until their
//! deadline. Does not: end a sink that hangs (its thread is left behind on close), or decide what a missing acknowledgement
//! means for an act.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::model::{Clock, Timestamp};

use super::sink::{How, Lag};
use super::{AttachedSink, Event, Head, SinkError, SinkHealth};

mod state;
mod supply;
mod worker;

#[cfg(test)]
use supply::Replay;
pub(crate) use supply::{Names, Replayed, SinkPosition, Supply};
#[cfg(test)]
use worker::BATCH;

use state::{Order, Phase, Shared, State};

pub(crate) use state::Anchored;

/// A queue holds at most this many events; then it is dropped, and the sink catches up from the journal.
const QUEUE: usize = 16_384;
/// The time that attaching waits for a sink's name.
const NAME: Duration = Duration::from_secs(1);
/// The time that dropping a delivery waits for the sink.
const CLOSE: Duration = Duration::from_secs(5);
/// The time to end that a thread gets which isn't in a call of its sink.
const END: Duration = Duration::from_millis(50);
/// The name of a sink that hasn't said its own.
const NAMELESS: &str = "a sink that hasn't said its name";

/// The outcome of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The sink acknowledged it.
    Delivered,
    /// The deadline passed while the sink was at work, or hung.
    Late,
    /// The sink's last attempt failed, or it was stopped.
    Failed,
}

/// One sink at work.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    how: How,
    clock: Arc<dyn Clock>,
}

impl Delivery {
    /// Starts delivery of a journal. The sink, or what the vault remembers of it, says where to go on.
    ///
    /// # Errors
    /// If the system gives no thread, the sink panics when it is asked for its name, or another one has that name. A sink
    /// that doesn't say its name in time is attached all the same, and stopped when it turns out to be another's.
    pub(crate) fn start(attached: AttachedSink, supply: Supply) -> Result<Self, SinkError> {
        let AttachedSink { sink, how, name } = attached;
        let clock = Arc::clone(&supply.clock);
        let shared = Arc::new(Shared::new(supply.size, clock.now(), None));
        let theirs = Arc::clone(&shared);
        let (tell, told) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("strongroom-sink".to_owned())
            .spawn(move || worker::run(&theirs, sink, name, &supply, &tell))
            .map_err(|error| SinkError::with_source("the system gives no thread for it", error))?;
        let delivery = Self { shared, thread: Mutex::new(Some(thread)), how, clock };
        match told.recv_timeout(NAME) {
            Ok(Ok(())) | Err(RecvTimeoutError::Timeout) => Ok(delivery),
            Ok(Err(error)) => Err(error),
            // The thread tells before it ends.
            Err(RecvTimeoutError::Disconnected) => Err(SinkError::new("its thread ended before it began")),
        }
    }

    /// Hands over the events of a block that is durable and of this time. Never blocks on the sink. Blocks come in order;
    /// what isn't pushed is read from the journal.
    pub(crate) fn push(&self, position: u64, time: Timestamp, events: Arc<[Event]>) {
        let mut state = self.shared.lock();
        if position < state.end {
            return;
        }
        state.end = position.saturating_add(1);
        state.came(position, time);
        state.queued = state.queued.saturating_add(events.len());
        state.queue.push_back((position, events));
        if state.queued > QUEUE || state.phase == Phase::Stopped {
            state.behind = true;
            state.queue.clear();
            state.queued = 0;
        }
        self.shared.changed.notify_all();
    }

    /// Sends a signed head, after the blocks it covers. A newer one replaces one that is still waiting.
    pub(crate) fn anchor(&self, head: Head) {
        self.shared.lock().head = Some(head);
        self.shared.changed.notify_all();
    }

    /// Waits until the sink has taken a head of at least this many blocks. Returns the last head that it took.
    pub(crate) fn anchored(&self, size: u64, deadline: Instant) -> Option<Anchored> {
        let enough = |state: &State| state.anchored.as_ref().is_some_and(|taken| taken.head.size() >= size);
        let over = |state: &State| state.phase == Phase::Stopped || state.ended;
        self.shared.wait_until(deadline, |state| enough(state) || over(state)).anchored.clone()
    }

    /// Waits until the sink has acknowledged the block at this position.
    pub(crate) fn wait(&self, position: u64, deadline: Instant) -> Waited {
        let done = |state: &State| state.acknowledged(position) || state.phase == Phase::Stopped || state.ended;
        let state = self.shared.wait_until(deadline, done);
        match state.phase {
            _ if state.acknowledged(position) => Waited::Delivered,
            Phase::Stopped => Waited::Failed,
            _ if state.error.is_some() || state.ended => Waited::Failed,
            Phase::Starting | Phase::Working => Waited::Late,
        }
    }

    /// Waits until the sink has said what it holds, or has failed to. Whether it has.
    pub(crate) fn started(&self, deadline: Instant) -> bool {
        let done = |state: &State| state.phase != Phase::Starting || state.error.is_some();
        self.shared.wait_until(deadline, done).phase != Phase::Starting
    }

    /// Returns for how long acts wait for this sink's acknowledgement; `None` if they don't.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.how {
            How::Required { deadline } => Some(deadline),
            How::Relayed(_) => None,
        }
    }

    /// Tells whether acts may go on as far as this sink is concerned: a required one isn't late; a relayed one that acts are
    /// held up for is within its limit. Waits for the latter, until its deadline since somebody first waited.
    pub(crate) fn admits(&self) -> bool {
        match self.how {
            How::Required { deadline } => !late(&self.shared.lock(), deadline),
            How::Relayed(lag) => lag.blocking.is_none_or(|deadline| self.within(&lag, deadline)),
        }
    }

    fn within(&self, lag: &Lag, deadline: Duration) -> bool {
        // The host's clock is asked while nothing is locked.
        let now = self.clock.now();
        let mut state = self.shared.lock();
        if !state.over(lag, now) {
            state.over_since = None;
            return true;
        }
        let since = *state.over_since.get_or_insert_with(Instant::now);
        drop(state);
        let done = |state: &State| !state.over(lag, now) || state.phase == Phase::Stopped || state.ended;
        !self.shared.wait_until(since + deadline, done).over(lag, now)
    }

    /// Returns the place that the vault has to remember for this sink, if it has to: its name, and the first block that it
    /// hasn't acknowledged.
    pub(crate) fn cursor(&self) -> Option<(String, u64)> {
        let state = self.shared.lock();
        state.name.clone().filter(|_| state.remembered).map(|name| (name, state.next))
    }

    /// Returns how the sink is doing.
    pub(crate) fn health(&self) -> SinkHealth {
        let now = self.clock.now();
        let state = self.shared.lock();
        let (required, waiting, degraded, blocking) = match self.how {
            How::Required { deadline } => (true, state.waiting(), false, late(&state, deadline)),
            How::Relayed(lag) => {
                let over = state.over(&lag, now);
                (false, state.aged(now), over, over && lag.blocking.is_some())
            }
        };
        SinkHealth {
            name: state.name.clone().unwrap_or_else(|| NAMELESS.to_owned()),
            required,
            state: state.doing(),
            acknowledged: state.next.checked_sub(1).filter(|_| state.phase != Phase::Starting),
            lag: state.lag(),
            waiting,
            missed: state.missed,
            unreadable: state.unreadable,
            degraded,
            blocking,
            error: state.error.clone(),
            note: state.note.clone(),
        }
    }

    /// Has the thread deliver what is left and end, without waiting for it.
    pub(crate) fn finish(&self) {
        self.shared.order(Order::Flush);
    }

    /// Delivers what is left, until the deadline, and ends the thread. Tells how it went, as [`wait`](Self::wait) does.
    pub(crate) fn close(&self, deadline: Instant) -> Waited {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Waited::Delivered };
        self.finish();
        drop(self.shared.wait_until(deadline, |state| state.ended));
        self.shared.order(Order::Stop);
        // A sink that isn't in a call ends at once; one that hangs in one is left behind.
        let state = self.shared.wait_until(Instant::now() + END, |state| state.ended);
        let outcome = match (state.ended, state.next >= state.end && state.phase == Phase::Working) {
            (_, true) => Waited::Delivered,
            (true, false) => Waited::Failed,
            (false, false) => Waited::Late,
        };
        let ended = state.ended;
        drop(state);
        if ended {
            // The thread catches every panic, so joining can't fail in a way that matters.
            let _ = thread.join();
        }
        outcome
    }

    /// Ends the thread without delivering what is left: nobody needs it, for the vault doesn't open.
    pub(crate) fn abandon(&self) {
        self.shared.order(Order::Stop);
        self.close(Instant::now());
    }
}

/// Tells whether a required sink has owed an acknowledgement for longer than its deadline.
fn late(state: &State, deadline: Duration) -> bool {
    state.waiting().is_some_and(|since| since > deadline)
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.close(Instant::now() + CLOSE);
    }
}

#[cfg(test)]
mod tests;
