//! The state of sinks, as `vault.health()` tells it.

use std::time::Duration;

/// The state of a sink, with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkHealth {
    /// The sink's name.
    pub name: String,
    /// Acts wait for the sink's acknowledgement.
    pub required: bool,
    /// The state of its delivery.
    pub state: SinkState,
    /// The last block that it acknowledged; `None` before the first, and before it said what it holds.
    pub acknowledged: Option<u64>,
    /// The number of blocks it hasn't acknowledged; before it said what it holds, of those that came since the opening.
    pub lag: u64,
    /// The time that the oldest of these has waited: for a relayed sink by the vault's clock, since the act.
    pub waiting: Option<Duration>,
    /// The number of blocks it never got, since retention had dropped them before it was attached or came back.
    pub missed: u64,
    /// The number of blocks that came without their events, since they couldn't be read back from the store when the sink
    /// was behind: somebody or something has damaged the journal. `verify` says more.
    pub unreadable: u64,
    /// The sink is relayed, and further behind than it may be.
    pub degraded: bool,
    /// Acts fail, or wait, because of the sink.
    pub blocking: bool,
    /// The sink's last error, if its last attempt failed.
    pub error: Option<String>,
    /// A note for its owner on how delivery to it began: on blocks that it was never sent, or was sent again.
    pub note: Option<String>,
}

/// The state of a sink's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkState {
    /// The sink hasn't said yet what it is called and what it holds.
    Starting,
    /// The sink takes what comes.
    Working,
    /// The sink was too slow for its queue and is catching up from the journal.
    Behind,
    /// The last attempt failed; the sink is tried again and again.
    Failing,
    /// The sink panicked, or holds what the journal hasn't: it gets nothing any more. Open the vault anew with a sound sink.
    Stopped,
}
