//! What can be dropped, as it is shown before it is carried out, and what came of it.

use std::fmt;
use std::ops::Range;

use crate::crypto::Digest;
use crate::format::journal_base::SEGMENT;
use crate::model::{JournalEpochId, Timestamp, VaultId};

/// What of a journal can be dropped. [`Display`](fmt::Display) shows it to the person who is to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionPlan {
    /// For how many days entries are kept.
    pub days: u32,
    /// The positions of the blocks to be dropped; empty if there are none.
    pub positions: Range<u64>,
    /// How many segments of 128 blocks these are.
    pub segments: u64,
    /// How many bytes these blocks take in the store.
    pub bytes: u64,
    /// The time of the first entry in them, and of the latest.
    pub times: Option<(Timestamp, Timestamp)>,
    /// How many blocks the heads cover that are kept elsewhere.
    pub covered: u64,
    /// Why no more can be dropped.
    pub held_back: HeldBack,
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    pub(crate) from: u64,
    /// Why its blocks may go, for the journal.
    pub(crate) why: String,
    /// Of each segment, the hash of its leaf hashes.
    pub(crate) hashes: Vec<Digest>,
}

impl RetentionPlan {
    /// The positions that were looked at, whatever was written into the public fields since.
    pub(crate) fn planned(&self) -> Range<u64> {
        let blocks = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX).saturating_mul(SEGMENT);
        self.from..self.from.saturating_add(blocks)
    }
}

/// Why no more of a journal can be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldBack {
    /// What follows has an entry that is too young.
    Young {
        /// When that entry was written.
        written: Timestamp,
    },
    /// What follows isn't covered by the head that was brought, or not by those that all sinks have taken.
    Uncovered,
    /// A sink hasn't acknowledged what follows. One that never will again has to be detached.
    Sink {
        /// The sink's name.
        name: String,
    },
    /// There are fewer than 128 blocks left that could go: only whole segments do.
    Segment,
    /// A plan holds at most eight million blocks. Carry it out, and make another.
    Size,
}

/// What dropping came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionReport {
    /// How many blocks were dropped by this call.
    pub blocks: u64,
    /// How many bytes they took in the store.
    pub bytes: u64,
    /// How many lists of changed rows were dropped with them.
    pub change_lists: u64,
    /// The position of the first block that is kept.
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
