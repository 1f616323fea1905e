//! Plans of what to drop from the journal, and reports of what was dropped.

use std::fmt;
use std::ops::Range;

use crate::crypto::Digest;
use crate::format::journal_base::SEGMENT;
use crate::model::{JournalEpochId, Timestamp, VaultId};

/// A plan of the blocks that can be dropped. [`Display`](fmt::Display) shows it to the person who is to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionPlan {
    /// Number of days for which entries are kept.
    pub days: u32,
    /// Positions of the blocks to be dropped; empty if there are none.
    pub positions: Range<u64>,
    /// Number of segments of 128 blocks to be dropped.
    pub segments: u64,
    /// Number of bytes that these blocks take in the store.
    pub bytes: u64,
    /// Times of the oldest and the newest entry in these blocks.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Number of blocks covered by the head that is kept elsewhere.
    pub covered: u64,
    /// Reason why no more can be dropped.
    pub held_back: HeldBack,
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    pub(crate) from: u64,
    /// Reason for dropping, as the journal's entries state it.
    pub(crate) why: String,
    /// Hash of each segment's leaf hashes.
    pub(crate) hashes: Vec<Digest>,
}

impl RetentionPlan {
    /// Returns the positions that the plan was made for, even if the public fields were changed since.
    pub(crate) fn planned(&self) -> Range<u64> {
        let blocks = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX).saturating_mul(SEGMENT);
        self.from..self.from.saturating_add(blocks)
    }
}

/// The reason why no more of a journal can be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldBack {
    /// The next block has an entry that is too young.
    Young {
        /// Time of that entry.
        written: Timestamp,
    },
    /// The next blocks aren't covered by the head that was brought, or not by the heads that all sinks have taken.
    Uncovered,
    /// A sink hasn't acknowledged the next blocks. A sink that never will has to be detached.
    Sink {
        /// Name of the sink.
        name: String,
    },
    /// Fewer than 128 droppable blocks are left, and only whole segments are dropped.
    Segment,
    /// The plan is full, with eight million blocks. Carry it out, and make another.
    Size,
}

/// A report of what was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionReport {
    /// Number of blocks that this call dropped.
    pub blocks: u64,
    /// Number of bytes that these blocks took in the store.
    pub bytes: u64,
    /// Number of lists of changed rows that were dropped with them.
    pub change_lists: u64,
    /// Position of the first block that is kept.
    pub first_kept: u64,
}

impl fmt::Display for RetentionPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.positions, self.times) {
            (Range { start, end }, Some((oldest, latest))) => write!(
                f,
                "drops the journal's blocks {start} to {last} for good ({segments} segments, {bytes} bytes, with entries of {oldest} to {latest}) since all are older than {days} days; their hashes stay. ",
                last = end.saturating_sub(1),
                segments = self.segments,
                bytes = self.bytes,
                days = self.days,
            ),
            (_, None) => f.write_str("drops nothing. "),
        }?;
        write!(f, "Block {} and later ones stay: {}", self.positions.end, self.held_back)
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young { written } => write!(f, "an entry of {written} is too young"),
            Self::Uncovered => f.write_str(
                "no head that is kept elsewhere covers them; bring a newer one with `Retention::anchored_by`, or see in `vault.health()` which sink takes none",
            ),
            Self::Sink { name } => write!(f, "the sink {name} hasn't acknowledged them; mend it, or open the vault without it"),
            Self::Segment => f.write_str("there are fewer than 128 that could go, and only whole segments do"),
            Self::Size => f.write_str("a plan holds no more; carry it out and make another"),
        }
    }
}
