//! How far a scrub is.

use crate::audit::Verdict;

/// How far a scrub is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScrubProgress {
    /// What it is at.
    pub phase: ScrubPhase,
    /// Whether it pauses.
    pub paused: bool,
    /// Whether it went on where an earlier scrub was interrupted.
    pub resumed: bool,
    /// Blocks of the journal opened in this round,
    pub blocks: u64,
    /// of so many.
    pub blocks_total: u64,
    /// Rows, index entries and other values of tenants read in this round; a row counts twice, with its content and with its
    /// list of index entries.
    pub rows: u64,
    /// About how many there are.
    pub rows_about: u64,
    /// Rounds that ended.
    pub rounds: u64,
    /// What the last round that came to its end found.
    pub verdict: Option<Verdict>,
    /// What is wrong with tenants by what was read of this round so far.
    pub found: Vec<Verdict>,
    /// Why it failed, if it did.
    pub trouble: Option<String>,
}

/// What a scrub is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScrubPhase {
    /// It walks through the journal.
    Journal,
    /// It reads what is stored of tenants.
    Tenants,
    /// It is through, and waits until the journal has taken its end.
    Ending,
    /// It is through with all rounds, or has found something.
    Finished,
    /// It was stopped, by its handle or because the vault was closed; the next scrub goes on there.
    Stopped,
    /// It couldn't go on.
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
