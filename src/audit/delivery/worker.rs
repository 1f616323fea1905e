//! The thread of one sink: the only place where a sink's code is run.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::state::{Anchored, Order, Phase, Shared, State};
use super::supply::{Replayed, SinkPosition, Supply};
use crate::audit::{AuditSink, Event, Head, Held, SinkError};
use crate::model::Timestamp;

/// The number of events that are delivered at once, about and at most.
pub(super) const BATCH: usize = 4_096;
/// The pause after the first failure; doubled with each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// An error's text is kept up to this many characters.
const TEXT: usize = 1_000;

/// The next thing to do.
enum Job {
    /// These blocks, the last of which is at this position.
    Deliver(Vec<Arc<[Event]>>, u64),
    /// The blocks from here on, read from the journal.
    CatchUp(u64),
    Anchor(Head),
    End,
}

/// Serves the sink until told to end, or until it panics. Tells first whether it may be attached under its name.
pub(super) fn run(
    shared: &Shared,
    sink: Box<dyn AuditSink>,
    name: Option<String>,
    supply: &Supply,
    tell: &SyncSender<Result<(), SinkError>>,
) {
    let _ends = Ends(shared);
    let mut worker = Worker { shared, sink, supply };
    let named = worker.name(name);
    let sound = named.is_ok();
    if let Err(error) = &named {
        stop(shared, error.to_string());
    }
    // Nobody listens any more when the name came late; the state says what became of it then.
    let _late = tell.try_send(named);
    if sound {
        // None says that it was told to end, or stopped: the state knows which.
        let _ = worker.work();
    }
    if caught(|| drop(worker)).is_err() {
        stop(shared, "the sink panicked while it was dropped".to_owned());
    }
}

/// A guard that tells those who wait that the thread has ended, whatever ended it.
struct Ends<'a>(&'a Shared);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if std::thread::panicking() {
            state.stop("the sink's thread panicked".to_owned());
        }
        state.ended = true;
        drop(state);
        self.0.changed.notify_all();
    }
}

/// The place where delivery begins.
struct Begin {
    next: u64,
    /// The vault remembered the sink; `None` if it doesn't have to.
    remembered: Option<bool>,
    /// The note for the owner of the sink.
    note: Option<String>,
}

struct Worker<'a> {
    shared: &'a Shared,
    sink: Box<dyn AuditSink>,
    supply: &'a Supply,
}

impl Worker<'_> {
    /// Gives the sink its name, which no other sink of the vault may have.
    fn name(&self, given: Option<String>) -> Result<(), SinkError> {
        let said = |panic| SinkError::new(format!("it panicked when it was asked for its name: {panic}"));
        let name = given.map_or_else(|| caught(|| self.sink.name()).map_err(said), Ok)?;
        self.supply.names.take(&name)?;
        self.shared.lock().name = Some(name);
        Ok(())
    }

    fn work(&mut self) -> Option<()> {
        let Begin { next, remembered, note } = self.begin()?;
        let acknowledged = next.checked_sub(1).filter(|_| remembered == Some(true));
        self.attempt(|worker| {
            worker.sink.resume(acknowledged);
            Ok(())
        })?;
        let oldest = self.oldest(next);
        let mut state = self.shared.lock();
        state.phase = Phase::Working;
        state.note = note;
        state.remembered = remembered.is_some();
        state.behind = next < self.supply.size;
        state.acknowledge(next, None);
        if let (Some(mark), Some(oldest)) = (state.marks.front_mut().filter(|mark| mark.position <= next), oldest) {
            mark.time = oldest;
        }
        drop(state);
        self.shared.changed.notify_all();
        loop {
            match next_job(self.shared) {
                Job::Deliver(blocks, last) => self.deliver(&blocks, last)?,
                Job::CatchUp(from) => self.catch_up(from)?,
                Job::Anchor(head) => {
                    let kept = self.attempt(|worker| {
                        worker.sink.anchor(&head)?;
                        Ok(worker.sink.keeps_heads())
                    })?;
                    self.shared.lock().anchored = Some(Anchored { head, kept });
                    self.shared.changed.notify_all();
                }
                Job::End => return Some(()),
            }
        }
    }

    fn begin(&mut self) -> Option<Begin> {
        let size = self.supply.size;
        let held = self.attempt(|worker| worker.sink.last(&worker.supply.journal))?;
        let next = match held {
            Held::Nothing => 0,
            Held::UpTo(position) => position.saturating_add(1),
            Held::Unknown => return self.remembered(),
        };
        if next > size {
            let text = format!("the sink holds the journal up to block {}", next.saturating_sub(1));
            return self.set_back(&text);
        }
        Some(Begin { next, remembered: None, note: None })
    }

    /// Decides the same for a sink that doesn't know what it got.
    fn remembered(&mut self) -> Option<Begin> {
        let name = self.shared.lock().name.clone()?;
        let size = self.supply.size;
        Some(match self.attempt(|worker| (worker.supply.cursors)(&name))? {
            SinkPosition::Next(next) if next > size => {
                return self.set_back(&format!("the sink has acknowledged {next} blocks of the journal"));
            }
            SinkPosition::Next(next) => Begin { next, remembered: Some(true), note: None },
            SinkPosition::Altered => {
                let text =
                    "what the vault remembered of this sink was altered: the journal is sent again from its beginning";
                Begin { next: 0, remembered: Some(false), note: Some(text.to_owned()) }
            }
            SinkPosition::Unheard => {
                let text = format!(
                    "the vault remembers no sink of this name: the {size} blocks before this opening aren't sent to it"
                );
                Begin { next: size, remembered: Some(false), note: Some(text) }
            }
        })
    }

    fn set_back<T>(&self, what: &str) -> Option<T> {
        let size = self.supply.size;
        let text = format!(
            "{what}, and the vault has only {size} blocks: the vault was set back to an earlier state; check it against a head kept elsewhere, and attach a new sink"
        );
        stop(self.shared, text);
        None
    }

    /// Returns the time of the oldest block that the sink doesn't have. If the journal can't say, the start counts.
    fn oldest(&self, next: u64) -> Option<Timestamp> {
        if next >= self.supply.size {
            return None;
        }
        let blocks = (self.supply.replay)(next.max((self.supply.first)()), 1).ok()?.blocks;
        blocks.first()?.1.first().map(Event::time)
    }

    fn deliver(&mut self, blocks: &[Arc<[Event]>], last: u64) -> Option<()> {
        match blocks {
            [block] => self.hand_over(block)?,
            blocks => self.hand_over(&blocks.iter().flat_map(|block| block.iter().cloned()).collect::<Vec<_>>())?,
        }
        self.acknowledge(last, blocks.iter().rev().find_map(|block| block.last()))
    }

    fn catch_up(&mut self, from: u64) -> Option<()> {
        let blocks = self.attempt(|worker| {
            // What the journal has dropped nobody can be sent any more.
            let first = from.max((worker.supply.first)());
            let Replayed { mut blocks, unreadable } = (worker.supply.replay)(first, BATCH)?;
            let in_order = blocks.iter().zip(first..).all(|((position, _), expected)| *position == expected);
            let mut state = worker.shared.lock();
            // A commit can be read before it is durable.
            blocks.retain(|(position, _)| *position < state.end);
            if in_order && !blocks.is_empty() {
                state.missed = state.missed.saturating_add(first.saturating_sub(from));
                let unreadable = unreadable.iter().filter(|position| **position < state.end).count();
                state.unreadable = state.unreadable.saturating_add(u64::try_from(unreadable).unwrap_or(u64::MAX));
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
        self.acknowledge(last, events.last())
    }

    fn hand_over(&mut self, events: &[Event]) -> Option<()> {
        if events.is_empty() { Some(()) } else { self.attempt(|worker| worker.sink.deliver(events)) }
    }

    fn acknowledge(&self, last: u64, event: Option<&Event>) -> Option<()> {
        self.shared.lock().acknowledge(last.saturating_add(1), event.map(Event::time));
        self.shared.changed.notify_all();
        Some(())
    }

    /// Tries until it works, pausing in between. `None` if told to end meanwhile, or if the sink panicked.
    fn attempt<T>(&mut self, mut act: impl FnMut(&mut Self) -> Result<T, SinkError>) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            // After a panic the sink is never called again, so nobody sees what it left half done. An error's text is the
            // host's code too.
            match caught(|| act(self).map_err(|error| describe(&error))) {
                Ok(Ok(done)) => {
                    self.shared.lock().error = None;
                    return Some(done);
                }
                Ok(Err(text)) => self.shared.lock().error = Some(text),
                Err(panic) => {
                    stop(self.shared, format!("the sink panicked: {panic}"));
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
    shared.lock().stop(why);
    shared.changed.notify_all();
}

/// Runs the host's code. What it panicked with, if it did, as text.
fn caught<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = message(&*panic).map_or_else(|| "without a message".to_owned(), shortened);
        // What a panic carries may panic when it is dropped.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(another);
        }
        text
    })
}

fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str))
}

/// Returns the error and its causes, for the health report, which is text only.
fn describe(error: &SinkError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source.filter(|_| text.len() < TEXT) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    shortened(&text)
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT).collect()
}
