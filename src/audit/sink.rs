//! Where entries and heads are sent: the trait, and how a sink is attached.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Event, Head};

/// How long an act waits for a required sink unless told otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// A place that journal entries are sent to: a file, a log server, your own.
///
/// Events come in order, on a thread of the sink's own, each **at least once**: after a restart or an error some may come
/// again. [`Event::journal`], [`Event::position`] and [`Event::index`] name an event for life; skip those you hold.
pub trait AuditSink: Send {
    /// Takes events. They must be durable when this returns.
    ///
    /// # Errors
    /// Whatever went wrong; the same events are delivered again, after a pause.
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError>;

    /// How much of this journal the sink holds, so that delivery can go on after it. Asked once, at the start.
    ///
    /// # Errors
    /// Whatever went wrong; it is asked again, after a pause.
    fn last(&mut self, journal: &str) -> Result<Held, SinkError>;

    /// Takes a signed head, after all that it covers. Keeping heads where the vault's directory isn't is what makes
    /// tampering provable. Retention relies on it: what a head covers that every sink has taken may be dropped from the
    /// vault.
    ///
    /// # Errors
    /// Whatever went wrong; a head is delivered again, after a pause.
    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        let _ = head;
        Ok(())
    }

    /// What health reports call it.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>();
        path.rsplit_once("::").map_or(path, |(_, name)| name).to_owned()
    }
}

/// How much of a journal a sink holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Held {
    /// Nothing: deliver from the journal's beginning.
    Nothing,
    /// All up to and with the block at this position.
    UpTo(u64),
    /// It doesn't know, because it doesn't keep what it gets: deliver what happens from now on.
    Unknown,
}

/// Why a sink couldn't do its work.
#[derive(Debug)]
pub struct SinkError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SinkError {
    /// An error that says this.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// An error that says this and was caused by that.
    #[must_use]
    pub fn with_source(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { message: message.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<std::io::Error> for SinkError {
    fn from(error: std::io::Error) -> Self {
        Self::with_source("the sink's file or connection failed", error)
    }
}

/// A sink that acts wait for: when it doesn't acknowledge in time, acts fail closed.
pub struct Required<S>(pub S);

/// A sink that no act waits for: when it falls behind, only the vault's health says so, and it catches up from the journal.
pub struct Optional<S>(pub S);

impl<S: AuditSink + 'static> Required<S> {
    /// Sets how long an act waits; 5 seconds unless set.
    #[must_use]
    pub fn within(self, deadline: Duration) -> AttachedSink {
        AttachedSink { sink: Box::new(self.0), required: true, deadline }
    }
}

/// A sink and how it is attached: made from [`Required`] or [`Optional`].
pub struct AttachedSink {
    pub(super) sink: Box<dyn AuditSink>,
    pub(super) required: bool,
    pub(super) deadline: Duration,
}

impl fmt::Debug for AttachedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AttachedSink");
        debug.field("required", &self.required).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl<S: AuditSink + 'static> From<Required<S>> for AttachedSink {
    fn from(sink: Required<S>) -> Self {
        sink.within(DEADLINE)
    }
}

impl<S: AuditSink + 'static> From<Optional<S>> for AttachedSink {
    fn from(sink: Optional<S>) -> Self {
        Self { sink: Box::new(sink.0), required: false, deadline: DEADLINE }
    }
}

/// How a sink is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkHealth {
    /// The sink's name.
    pub name: String,
    /// Whether acts wait for it.
    pub required: bool,
    /// What it is doing.
    pub state: SinkState,
    /// The last block that it acknowledged; `None` before the first, and before it said what it holds.
    pub acknowledged: Option<u64>,
    /// How many blocks it hasn't acknowledged.
    pub lag: u64,
    /// How long the oldest of these has waited.
    pub waiting: Option<Duration>,
    /// How many blocks it never got, since retention had dropped them before it was attached or came back.
    pub missed: u64,
    /// Its last error, if its last attempt failed.
    pub error: Option<String>,
}

/// What a sink is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkState {
    /// It hasn't said yet what it holds.
    Starting,
    /// It takes what comes.
    Working,
    /// It was too slow for its queue and is catching up from the journal.
    Behind,
    /// Its last attempt failed; it is tried again and again.
    Failing,
    /// It panicked, or holds what the journal hasn't: it gets nothing any more. Open the vault anew with a sound sink.
    Stopped,
}
