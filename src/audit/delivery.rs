//! Delivery to one sink: in order, on a thread of its own, from a bounded queue, over from the journal when it falls behind.
//!
//! Guarantees: what was pushed is delivered at least once and in order, across errors, restarts and a queue that ran over; a
//! sink that errs, hangs or panics holds up nobody but those who wait for it, and those until their deadline. Does not: end
//! a sink that hangs (its thread is left behind on close), or decide what a missing acknowledgement means for an act.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{AttachedSink, Event, Head, SinkError, SinkHealth, SinkState};

mod worker;

/// A queue holds at most this many events; then it is dropped, and the sink catches up from the journal.
const QUEUE: usize = 16_384;
/// At most about this many events are delivered at once.
const BATCH: usize = 4_096;
/// The times of at most so many unacknowledged pushes are kept apart.
const MARKS: usize = 1_024;
/// How long dropping a delivery waits for the sink.
const CLOSE: Duration = Duration::from_secs(5);

/// Reads the journal again for a sink that is behind: from this position, at least one block, about so many events.
/// Blocks follow one another without a break; one that has no readable entries any more comes without events. The first one
/// is later than asked for if what was before it was dropped. It must not
/// keep the vault alive (hold a `Weak`): the thread that calls it would wait for itself.
pub(crate) type Replay = Arc<dyn Fn(u64, usize) -> Result<Vec<(u64, Vec<Event>)>, SinkError> + Send + Sync>;

/// What became of a wait.
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
    name: String,
    required: bool,
    deadline: Duration,
}

impl Delivery {
    /// Starts delivery of a journal (named by its origin) that has `size` blocks. The sink says where to go on.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(attached: AttachedSink, journal: &str, size: u64, replay: Replay) -> Result<Self, SinkError> {
        let AttachedSink { sink, required, deadline } = attached;
        let name = sink.name();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                phase: Phase::Starting,
                queue: VecDeque::new(),
                queued: 0,
                next: 0,
                end: size,
                marks: VecDeque::from([(0, Instant::now())]),
                head: None,
                anchored: None,
                missed: 0,
                behind: false,
                error: None,
                order: Order::Go,
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let (theirs, journal) = (Arc::clone(&shared), journal.to_owned());
        let thread = thread::Builder::new()
            .name("strongroom-sink".to_owned())
            .spawn(move || worker::run(&theirs, sink, &replay, &journal, size))
            .map_err(|error| SinkError::with_source("the system gives no thread for a sink", error))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), name, required, deadline })
    }

    /// Hands over the events of a block that is durable. Never blocks on the sink. Blocks come in order; what isn't pushed
    /// is read from the journal.
    pub(crate) fn push(&self, position: u64, events: Arc<[Event]>) {
        let mut state = self.shared.lock();
        if position < state.end {
            return;
        }
        state.end = position.saturating_add(1);
        if state.marks.len() < MARKS {
            state.marks.push_back((position, Instant::now()));
        }
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
    pub(crate) fn anchored(&self, size: u64, deadline: Instant) -> Option<Head> {
        let enough = |state: &State| state.anchored.as_ref().is_some_and(|head| head.size() >= size);
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

    /// Whether acts wait for this sink, and how long.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.required.then_some(self.deadline)
    }

    /// Whether acts wait for this sink, and it has owed an acknowledgement for longer than its deadline and `grace`.
    pub(crate) fn overdue(&self, grace: Duration) -> bool {
        self.required && self.shared.lock().waiting().is_some_and(|since| since > self.deadline.saturating_add(grace))
    }

    /// How the sink is doing.
    pub(crate) fn health(&self) -> SinkHealth {
        let state = self.shared.lock();
        let known = state.phase != Phase::Starting;
        SinkHealth {
            name: self.name.clone(),
            required: self.required,
            state: match state.phase {
                Phase::Stopped => SinkState::Stopped,
                _ if state.error.is_some() => SinkState::Failing,
                Phase::Starting => SinkState::Starting,
                Phase::Working if state.behind => SinkState::Behind,
                Phase::Working => SinkState::Working,
            },
            acknowledged: state.next.checked_sub(1).filter(|_| known),
            lag: state.end.saturating_sub(state.next),
            waiting: state.waiting(),
            missed: state.missed,
            error: state.error.clone(),
        }
    }

    /// Delivers what is left, until the deadline, and ends the thread. Tells how it went, as [`wait`](Self::wait) does.
    pub(crate) fn close(&self, deadline: Instant) -> Waited {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Waited::Delivered };
        self.shared.lock().order = Order::Flush;
        self.shared.changed.notify_all();
        drop(self.shared.wait_until(deadline, |state| state.ended));
        self.shared.lock().order = Order::Stop;
        self.shared.changed.notify_all();
        // A sink that isn't in a call ends at once; one that hangs in one is left behind.
        let state = self.shared.wait_until(Instant::now() + Duration::from_millis(50), |state| state.ended);
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
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.close(Instant::now() + CLOSE);
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    phase: Phase,
    queue: VecDeque<(u64, Arc<[Event]>)>,
    /// Events in the queue.
    queued: usize,
    /// The first block that isn't acknowledged.
    next: u64,
    /// The first block that isn't there yet.
    end: u64,
    /// When blocks came: `(position, time)`, the first for the oldest unacknowledged one.
    marks: VecDeque<(u64, Instant)>,
    head: Option<Head>,
    /// The last head that the sink took.
    anchored: Option<Head>,
    /// Blocks that were dropped from the journal before the sink got them.
    missed: u64,
    behind: bool,
    /// Of the last attempt.
    error: Option<String>,
    order: Order,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Working,
    Stopped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Go,
    /// Deliver what is left, then end.
    Flush,
    /// End now.
    Stop,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self, deadline: Instant, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || done(&state) {
                return state;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn acknowledged(&self, position: u64) -> bool {
        self.phase != Phase::Starting && position < self.next
    }

    /// How long the oldest unacknowledged block has waited: too long rather than too short, when many marks were left out.
    fn waiting(&self) -> Option<Duration> {
        let (_, since) = self.marks.front().filter(|_| self.next < self.end)?;
        Some(since.elapsed())
    }

    /// Everything before `next` is acknowledged.
    fn acknowledge(&mut self, next: u64) {
        self.next = next;
        while self.marks.get(1).is_some_and(|(position, _)| *position <= next) {
            self.marks.pop_front();
        }
        if next >= self.end {
            self.marks.clear();
            self.behind = false;
        }
    }
}

#[cfg(test)]
mod tests;
