//! The state that a sink's thread and its callers share.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::audit::sink::Lag;
use crate::audit::{Event, Head, SinkState};
use crate::model::Timestamp;

/// The times of at most so many unacknowledged pushes are kept apart.
pub(super) const MARKS: usize = 1_024;

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

pub(super) struct State {
    pub(super) phase: Phase,
    /// The name of the sink, once it is known.
    pub(super) name: Option<String>,
    pub(super) queue: VecDeque<(u64, Arc<[Event]>)>,
    /// Events in the queue.
    pub(super) queued: usize,
    /// The first block that isn't acknowledged.
    pub(super) next: u64,
    /// The first block that wasn't there when delivery began.
    start: u64,
    /// The first block that isn't there yet.
    pub(super) end: u64,
    /// The times at which blocks came, the first for the oldest unacknowledged one.
    pub(super) marks: VecDeque<Mark>,
    pub(super) head: Option<Head>,
    /// The last head that the sink took.
    pub(super) anchored: Option<Anchored>,
    /// Blocks that were dropped from the journal before the sink got them.
    pub(super) missed: u64,
    pub(super) unreadable: u64,
    pub(super) behind: bool,
    /// The vault has to remember how far it is, from here on.
    pub(super) remembered: bool,
    /// The moment since which it has been further behind than it may be, as far as somebody looked.
    pub(super) over_since: Option<Instant>,
    /// Of the last attempt.
    pub(super) error: Option<String>,
    pub(super) note: Option<String>,
    pub(super) order: Order,
    pub(super) ended: bool,
}

/// A head that a sink took.
#[derive(Debug, Clone)]
pub(crate) struct Anchored {
    pub(crate) head: Head,
    /// The sink keeps it.
    pub(crate) kept: bool,
}

/// The time at which a block came.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) position: u64,
    pub(super) real: Instant,
    /// By the vault's clock.
    pub(super) time: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Working,
    Stopped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Go,
    /// Deliver what is left, then end.
    Flush,
    /// End now.
    Stop,
}

impl Shared {
    pub(super) fn new(size: u64, now: Timestamp, name: Option<String>) -> Self {
        let state = State {
            phase: Phase::Starting,
            name,
            queue: VecDeque::new(),
            queued: 0,
            next: 0,
            start: size,
            end: size,
            marks: VecDeque::from([Mark { position: 0, real: Instant::now(), time: now }]),
            head: None,
            anchored: None,
            missed: 0,
            unreadable: 0,
            behind: false,
            remembered: false,
            over_since: None,
            error: None,
            note: None,
            order: Order::Go,
            ended: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self, order: Order) {
        self.lock().order = order;
        self.changed.notify_all();
    }

    pub(super) fn wait_until(&self, deadline: Instant, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
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
    pub(super) fn acknowledged(&self, position: u64) -> bool {
        self.phase != Phase::Starting && position < self.next
    }

    /// Returns how long the oldest unacknowledged block has waited: too long rather than too short, when many marks were
    /// left out.
    pub(super) fn waiting(&self) -> Option<Duration> {
        self.oldest().map(|mark| mark.real.elapsed())
    }

    /// Returns the same by the vault's clock. A clock that was set back says zero.
    pub(super) fn aged(&self, now: Timestamp) -> Option<Duration> {
        let micros = now.as_micros().saturating_sub(self.oldest()?.time.as_micros());
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    /// Returns how many blocks aren't acknowledged; of a sink that hasn't said yet what it holds, those that came since.
    pub(super) fn lag(&self) -> u64 {
        let next = if self.phase == Phase::Starting { self.start } else { self.next };
        self.end.saturating_sub(next)
    }

    pub(super) fn over(&self, lag: &Lag, now: Timestamp) -> bool {
        self.lag() > lag.blocks || self.aged(now).is_some_and(|age| age > lag.time)
    }

    pub(super) fn came(&mut self, position: u64, time: Timestamp) {
        if self.marks.len() < MARKS {
            self.marks.push_back(Mark { position, real: Instant::now(), time });
        }
    }

    /// Notes that everything before `next` is acknowledged, the last of it of this time.
    pub(super) fn acknowledge(&mut self, next: u64, time: Option<Timestamp>) {
        self.next = next;
        // It moves: whoever waits next waits anew.
        self.over_since = None;
        while self.marks.get(1).is_some_and(|mark| mark.position <= next) {
            self.marks.pop_front();
        }
        if next >= self.end {
            self.marks.clear();
            self.behind = false;
        } else if let (Some(mark), Some(time)) = (self.marks.front_mut().filter(|mark| mark.position < next), time) {
            // What follows is no older than what was acknowledged.
            mark.time = mark.time.max(time);
        }
    }

    pub(super) fn stop(&mut self, why: String) {
        self.phase = Phase::Stopped;
        self.error = Some(why);
        self.queue.clear();
        self.queued = 0;
    }

    /// Returns the sink's state for health reports.
    pub(super) fn doing(&self) -> SinkState {
        match self.phase {
            Phase::Stopped => SinkState::Stopped,
            _ if self.error.is_some() => SinkState::Failing,
            Phase::Starting => SinkState::Starting,
            Phase::Working if self.behind => SinkState::Behind,
            Phase::Working => SinkState::Working,
        }
    }

    fn oldest(&self) -> Option<&Mark> {
        self.marks.front().filter(|_| self.next < self.end)
    }
}
