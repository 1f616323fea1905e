//! The thread of one sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{BATCH, Order, Phase, Replay, Shared, State};
use crate::audit::{AuditSink, Event, Head, Held, SinkError};

/// The pause after the first failure; doubled with each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// What there is to do next.
enum Job {
    /// These blocks, the last of which is at this position.
    Deliver(Vec<Arc<[Event]>>, u64),
    /// The blocks from here on, read from the journal.
    CatchUp(u64),
    Anchor(Head),
    End,
}

/// Serves the sink until told to end, or until it panics.
pub(super) fn run(shared: &Shared, sink: Box<dyn AuditSink>, replay: &Replay, journal: &str, size: u64) {
    let mut worker = Worker { shared, sink, replay };
    // None says that it was told to end, or stopped: the state knows which.
    let _ = worker.work(journal, size);
    if catch_unwind(AssertUnwindSafe(|| drop(worker))).is_err() {
        stop(shared, "the sink panicked while it was dropped".to_owned());
    }
    shared.lock().ended = true;
    shared.changed.notify_all();
}

struct Worker<'a> {
    shared: &'a Shared,
    sink: Box<dyn AuditSink>,
    replay: &'a Replay,
}

impl Worker<'_> {
    fn work(&mut self, journal: &str, size: u64) -> Option<()> {
        let held = self.attempt(|worker| worker.sink.last(journal))?;
        let next = match held {
            Held::Nothing => 0,
            Held::Unknown => size,
            Held::UpTo(position) if position < size => position.saturating_add(1),
            Held::UpTo(position) => {
                let text = format!(
                    "the sink holds the journal up to block {position}, and the vault has only {size} blocks: the vault was set back to an earlier state; check it against a head kept elsewhere, and attach a new sink"
                );
                stop(self.shared, text);
                return None;
            }
        };
        let mut state = self.shared.lock();
        state.phase = Phase::Working;
        state.behind = next < size;
        state.acknowledge(next);
        drop(state);
        self.shared.changed.notify_all();
        loop {
            match next_job(self.shared) {
                Job::Deliver(blocks, last) => self.deliver(&blocks, last)?,
                Job::CatchUp(from) => self.catch_up(from)?,
                Job::Anchor(head) => {
                    self.attempt(|worker| worker.sink.anchor(&head))?;
                    self.shared.lock().anchored = Some(head);
                    self.shared.changed.notify_all();
                }
                Job::End => return Some(()),
            }
        }
    }

    fn deliver(&mut self, blocks: &[Arc<[Event]>], last: u64) -> Option<()> {
        match blocks {
            [block] => self.hand_over(block)?,
            blocks => self.hand_over(&blocks.iter().flat_map(|block| block.iter().cloned()).collect::<Vec<_>>())?,
        }
        self.acknowledge(last)
    }

    fn catch_up(&mut self, from: u64) -> Option<()> {
        let blocks = self.attempt(|worker| {
            let blocks = (worker.replay)(from, BATCH)?;
            // What was dropped before the sink got it is passed over, and told of.
            let first = blocks.first().map_or(from, |(first, _)| *first);
            let in_order = blocks.iter().zip(first..).all(|((position, _), expected)| *position == expected);
            if in_order && first >= from && !blocks.is_empty() {
                let mut state = worker.shared.lock();
                state.missed = state.missed.saturating_add(first.saturating_sub(from));
                drop(state);
                Ok(blocks)
            } else {
                Err(SinkError::new(format!("the journal can't be read again from block {from}: check the vault")))
            }
        })?;
        let (last, _) = blocks.last()?;
        let last = *last;
        let events: Vec<Event> = blocks.into_iter().flat_map(|(_, events)| events).collect();
        self.hand_over(&events)?;
        self.acknowledge(last)
    }

    fn hand_over(&mut self, events: &[Event]) -> Option<()> {
        if events.is_empty() { Some(()) } else { self.attempt(|worker| worker.sink.deliver(events)) }
    }

    fn acknowledge(&self, last: u64) -> Option<()> {
        self.shared.lock().acknowledge(last.saturating_add(1));
        self.shared.changed.notify_all();
        Some(())
    }

    /// Tries until it works, pausing in between. `None` if told to end meanwhile, or if the sink panicked.
    fn attempt<T>(&mut self, mut act: impl FnMut(&mut Self) -> Result<T, SinkError>) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            // After a panic the sink is never called again, so nobody sees what it left half done.
            match catch_unwind(AssertUnwindSafe(|| act(self))) {
                Ok(Ok(done)) => {
                    self.shared.lock().error = None;
                    return Some(done);
                }
                Ok(Err(error)) => self.shared.lock().error = Some(describe(&error)),
                Err(panic) => {
                    let text =
                        panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
                    stop(self.shared, format!("the sink panicked: {}", text.unwrap_or("without a message")));
                    return None;
                }
            }
            self.shared.changed.notify_all();
            if self.shared.wait_until(Instant::now() + pause, |state| state.order == Order::Stop).order == Order::Stop {
                return None;
            }
            pause = LAST_PAUSE.min(pause.saturating_mul(2));
        }
    }
}

fn next_job(shared: &Shared) -> Job {
    let mut state = shared.lock();
    loop {
        if state.order == Order::Stop {
            return Job::End;
        }
        if let Some(job) = take_job(&mut state) {
            return job;
        }
        if state.order == Order::Flush {
            return Job::End;
        }
        state = shared.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

fn take_job(state: &mut State) -> Option<Job> {
    let next = state.next;
    if state.head.as_ref().is_some_and(|head| head.size() <= next) {
        return state.head.take().map(Job::Anchor);
    }
    let (mut blocks, mut events, mut last) = (Vec::new(), 0usize, next);
    while let Some((position, block)) = state.queue.pop_front() {
        state.queued = state.queued.saturating_sub(block.len());
        if position < next {
            // Caught up past it already.
            continue;
        }
        if position > next.saturating_add(blocks.len() as u64)
            || (events > 0 && events.saturating_add(block.len()) > BATCH)
        {
            state.queued = state.queued.saturating_add(block.len());
            state.queue.push_front((position, block));
            break;
        }
        events = events.saturating_add(block.len());
        last = position;
        blocks.push(block);
    }
    if !blocks.is_empty() {
        return Some(Job::Deliver(blocks, last));
    }
    (next < state.end).then_some(Job::CatchUp(next))
}

fn stop(shared: &Shared, why: String) {
    let mut state = shared.lock();
    state.phase = Phase::Stopped;
    state.error = Some(why);
    state.queue.clear();
    state.queued = 0;
    drop(state);
    shared.changed.notify_all();
}

/// The error and its causes, for the health report, which is text only.
fn describe(error: &SinkError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
