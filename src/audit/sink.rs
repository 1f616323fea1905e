//! Where entries and heads are sent: the trait, and how a sink is attached.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Event, Head};

mod health;

pub use health::{SinkHealth, SinkState};

/// The time that an act waits for a sink unless told otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// The blocks that a relayed sink may be behind unless told otherwise,
const BLOCKS_BEHIND: u64 = 10_000;
/// and the time.
const TIME_BEHIND: Duration = Duration::from_secs(600);
/// An act waits for a sink no longer than a year.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// A place that journal entries are sent to: a file, a log server, your own.
///
/// Events come in order, on a thread of the sink's own, each **at least once**: after a restart or an error some may come
/// again. [`Event::journal`], [`Event::position`] and [`Event::index`] name an event for life; skip those you hold.
///
/// A call that errs is made again, after a pause of 20 ms that doubles up to 5 seconds. One that panics is the last: the sink
/// gets nothing more until the vault is opened again. One that never returns keeps its thread; nothing else waits for it
/// longer than it has to, and `vault.health()` shows it.
#[diagnostic::on_unimplemented(
    note = "an `AttachedSink`, as `Monitor::sink` and `named` return it, goes into `.sink(..)` as it is, without `Required` or `Relayed` around it"
)]
pub trait AuditSink: Send {
    /// Takes events. When this returns they are acknowledged, so they must be as safe as the sink promises to keep them.
    ///
    /// # Errors
    /// Whatever went wrong; the same events are delivered again, after a pause.
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError>;

    /// Returns the part of this journal that the sink holds, so that delivery can go on after it. Asked once, at the start.
    ///
    /// # Errors
    /// Whatever went wrong; it is asked again, after a pause.
    fn last(&mut self, journal: &str) -> Result<Held, SinkError>;

    /// Takes the place where delivery goes on, said once after [`last`](Self::last) and before the first delivery: the last
    /// block that the sink acknowledged, as the vault remembers it for sinks that answer [`Held::Unknown`]. `None` if the
    /// vault remembers nothing, or the sink knows by itself.
    fn resume(&mut self, acknowledged: Option<u64>) {
        let _ = acknowledged;
    }

    /// Takes a signed head, after all that it covers. Keeping heads where the vault's directory isn't is what makes
    /// tampering provable. A sink that does keep them says so: [`keeps_heads`](Self::keeps_heads).
    ///
    /// # Errors
    /// Whatever went wrong; a head is delivered again, after a pause.
    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        let _ = head;
        Ok(())
    }

    /// Tells whether the sink keeps the heads that it takes, or hands them on to where they are kept, outside of the vault's
    /// directory. Retention relies on it: what a head covers that such sinks have taken may be dropped from the vault.
    /// `false` unless said otherwise; so it is for [`Syslog::udp`](super::Syslog::udp) and `Tracing`, which can't know
    /// whether anything got anywhere. It is `true` for `Syslog::tcp`, whose acknowledgement is the system's, not the
    /// server's: where a head has to be safe, attach a file on another disk as well, or bring a head that you keep.
    fn keeps_heads(&self) -> bool {
        false
    }

    /// Returns the name that health reports use, and that the vault remembers the sink by: the same at every opening, and
    /// another for each of a vault's sinks. [`AttachedSink::named`] gives a name from outside.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>();
        path.rsplit_once("::").map_or(path, |(_, name)| name).to_owned()
    }
}

/// The part of a journal that a sink holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Held {
    /// Nothing: deliver from the journal's beginning.
    Nothing,
    /// All up to and with the block at this position.
    UpTo(u64),
    /// The sink doesn't know, because it doesn't keep what it gets. The vault remembers for it, durably about once a second
    /// and at close: delivery goes on after what it acknowledged; when it is attached for the first time, from now on.
    Unknown,
}

/// The reason why a sink couldn't do its work.
#[derive(Debug)]
pub struct SinkError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SinkError {
    /// Makes an error that says this.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Makes an error that says this and was caused by that.
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

/// A sink that acts wait for: when it doesn't acknowledge in time, acts fail closed until it does.
pub struct Required<S>(pub S);

/// A sink that acts don't wait for. It gets the same, in order and at least once; when it falls behind, it catches up from the
/// journal. How far behind it may fall has a limit, 10,000 blocks or 10 minutes unless set; beyond that it is shown as
/// [degraded](SinkHealth::degraded), and acts go on unless it is [`blocking`](Self::blocking).
pub struct Relayed<S>(pub S);

impl<S: AuditSink + 'static> Required<S> {
    /// Sets how long an act waits; 5 seconds unless set.
    #[must_use]
    pub fn within(self, deadline: Duration) -> AttachedSink {
        AttachedSink { sink: Box::new(self.0), how: How::Required { deadline: deadline.min(LONGEST) }, name: None }
    }

    /// Gives it a name, as [`AttachedSink::named`] does.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> AttachedSink {
        AttachedSink::from(self).named(name)
    }
}

impl<S: AuditSink + 'static> Relayed<S> {
    /// Sets how far behind it may be: as [`RelayedSink::at_most_behind`].
    #[must_use]
    pub fn at_most_behind(self, blocks: u64, time: Duration) -> RelayedSink {
        RelayedSink::from(self).at_most_behind(blocks, time)
    }

    /// Makes acts wait when it is further behind: as [`RelayedSink::blocking`].
    #[must_use]
    pub fn blocking(self, deadline: Duration) -> RelayedSink {
        RelayedSink::from(self).blocking(deadline)
    }

    /// Gives it a name, as [`AttachedSink::named`] does.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> RelayedSink {
        RelayedSink::from(self).named(name)
    }
}

/// A relayed sink with its limits: made from [`Relayed`].
pub struct RelayedSink {
    sink: Box<dyn AuditSink>,
    lag: Lag,
    name: Option<String>,
}

impl RelayedSink {
    /// Sets how many blocks it may not have acknowledged, and how old, by the vault's clock, the oldest of these may be. A
    /// block is what one commit carries for one tenant.
    #[must_use]
    pub fn at_most_behind(mut self, blocks: u64, time: Duration) -> Self {
        (self.lag.blocks, self.lag.time) = (blocks, time);
        self
    }

    /// Makes acts wait when it is further behind, until it is within its limit again; after this time they fail closed, as
    /// with a required sink. Unless set, acts go on, and the vault's health says so.
    #[must_use]
    pub fn blocking(mut self, deadline: Duration) -> Self {
        self.lag.blocking = Some(deadline.min(LONGEST));
        self
    }

    /// Gives it a name, as [`AttachedSink::named`] does.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// A sink and how it is attached: made from [`Required`] or [`Relayed`].
pub struct AttachedSink {
    pub(super) sink: Box<dyn AuditSink>,
    pub(super) how: How,
    pub(super) name: Option<String>,
}

impl AttachedSink {
    /// Gives it this name instead of [`AuditSink::name`]: what health reports call it, and what the vault remembers it by. Two
    /// sinks of one vault need two names.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// The way in which a sink is attached.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Required { deadline: Duration },
    Relayed(Lag),
}

/// The lag that a relayed sink may have, and the consequence of more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lag {
    pub(super) blocks: u64,
    pub(super) time: Duration,
    /// The time that acts wait for a sink that is further behind; `None` if they go on.
    pub(super) blocking: Option<Duration>,
}

impl fmt::Debug for AttachedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachedSink").field("how", &self.how).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for RelayedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayedSink").field("lag", &self.lag).field("name", &self.name).finish_non_exhaustive()
    }
}

impl<S: AuditSink + 'static> From<Required<S>> for AttachedSink {
    fn from(sink: Required<S>) -> Self {
        sink.within(DEADLINE)
    }
}

impl<S: AuditSink + 'static> From<Relayed<S>> for RelayedSink {
    fn from(sink: Relayed<S>) -> Self {
        let lag = Lag { blocks: BLOCKS_BEHIND, time: TIME_BEHIND, blocking: None };
        Self { sink: Box::new(sink.0), lag, name: None }
    }
}

impl From<RelayedSink> for AttachedSink {
    fn from(RelayedSink { sink, lag, name }: RelayedSink) -> Self {
        Self { sink, how: How::Relayed(lag), name }
    }
}

impl<S: AuditSink + 'static> From<Relayed<S>> for AttachedSink {
    fn from(sink: Relayed<S>) -> Self {
        RelayedSink::from(sink).into()
    }
}
