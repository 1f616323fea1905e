//! The progress of a scrub.

use crate::audit::Verdict;

/// The progress of a scrub.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScrubProgress {
    /// Phase of the scrub.
    pub phase: ScrubPhase,
    /// True while the scrub pauses.
    pub paused: bool,
    /// True if the scrub went on where an earlier one was interrupted.
    pub resumed: bool,
    /// Number of journal blocks opened in this round.
    pub blocks: u64,
    /// Number of journal blocks in all.
    pub blocks_total: u64,
    /// Number of rows, index entries and other values of tenants read in this round; a row counts twice, with its
    /// content and with its list of index entries.
    pub rows: u64,
    /// Number of values in all, about.
    pub rows_about: u64,
    /// Number of rounds that ended.
    pub rounds: u64,
    /// Verdict of the last round that ended.
    pub verdict: Option<Verdict>,
    /// Faults of tenants found in this round so far.
    pub found: Vec<Verdict>,
    /// Reason of the failure, if the scrub has failed.
    pub trouble: Option<String>,
}

/// The phase of a scrub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScrubPhase {
    /// The journal is being walked through.
    Journal,
    /// The tenants' values are being read.
    Tenants,
    /// The round is over, and waits until the journal has taken its end.
    Ending,
    /// All rounds are over, or one has found something.
    Finished,
    /// The scrub was stopped, by its handle or because the vault was closed; the next scrub goes on there.
    Stopped,
    /// The scrub has failed.
    Failed,
}

impl ScrubProgress {
    pub(crate) const fn new() -> Self {
        Self {
            phase: ScrubPhase::Journal,
            paused: false,
            resumed: false,
            blocks: 0,
            blocks_total: 0,
            rows: 0,
            rows_about: 0,
            rounds: 0,
            verdict: None,
            found: Vec::new(),
            trouble: None,
        }
    }
}
