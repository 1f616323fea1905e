//! The verdict of a check of the vault against its journal.

use std::fmt;

use crate::model::{RecordId, Revision, TenantId};

/// A verdict names at most so many records.
pub(crate) const MAX_NAMED: usize = 1000;
/// The number of records that a verdict's text names.
const SHOWN: usize = 5;

/// The answer of a check. [`Display`](fmt::Display) says what it means and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a check that nobody reads protects nothing"]
pub enum Verdict {
    /// The journal is whole and the rows are those that it tells of.
    Intact,
    /// A tenant's rows are not those that its last commit left: one was rolled back, removed or slipped in.
    RowsDiffer {
        /// Whose rows.
        tenant: TenantId,
        /// The rows that differ.
        rows: RowSet,
        /// The number that there should be.
        expected: u64,
        /// The number that there is.
        found: u64,
        /// The records that could be told, at most 1,000. None, if what differs is a schema, a name or the tenant's state,
        /// or if nothing that is left tells which records they are.
        named: Vec<RowFault>,
    },
    /// The journal isn't the one that was written: one of these blocks, or what vouches for them, was altered.
    Rewritten {
        /// The first block that may be altered; all before it are good.
        first: u64,
        /// The last block looked at.
        last: u64,
        /// The sign that shows it.
        because: RewrittenBecause,
    },
    /// A block in the midst of the journal is missing.
    Gap {
        /// The block's position, from 0.
        at: u64,
    },
    /// The journal's end is missing: the vault was set back to an earlier state, or lost its last commits.
    Truncated {
        /// Blocks that are there.
        kept: u64,
        /// Blocks that there were, by a head or by the vault's own state.
        known: u64,
    },
    /// All is as it was written, and the journal agrees with the head that was brought; it has this many blocks after it, which
    /// that head doesn't cover. The usual good answer of a check against a head.
    UnanchoredTail(u64),
}

/// The fault of one record. [`Display`](fmt::Display) says it in words.
///
/// `collection` is the collection's name, or its id where there is no such collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RowFault {
    /// An older revision stands where a later one was written; or a record where it was deleted.
    RolledBack {
        /// The name of the collection.
        collection: String,
        /// The id of the record.
        record: RecordId,
        /// The revision that stands there.
        found: Revision,
        /// The last one that was written, by the journal.
        expected: Revision,
    },
    /// The record is gone, and no tombstone says that it was deleted.
    Missing {
        /// The name of the collection.
        collection: String,
        /// The id of the record.
        record: RecordId,
    },
    /// A row that isn't this record as the journal knows it: it was altered, or comes from another record, tenant or vault,
    /// or from a copy of this vault that went on by itself.
    Foreign {
        /// The name of the collection.
        collection: String,
        /// The id of the record.
        record: RecordId,
    },
    /// The record is as it should be, but its index entries aren't: searches may miss it.
    Misindexed {
        /// The name of the collection.
        collection: String,
        /// The id of the record.
        record: RecordId,
    },
}

/// The sign that a journal was rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RewrittenBecause {
    /// A block can't be read, or doesn't open as what stands in its place.
    Block,
    /// A tenant's blocks aren't numbered without a break.
    Sequence,
    /// The blocks give another root than a signed head states.
    Head,
    /// The blocks give another root than the vault's own state, or there are more of them.
    State,
}

/// One of a tenant's two sets of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowSet {
    /// The rows that a backup carries: records, tombstones, schemas, the tenant's state.
    Records,
    /// The rows that can be rebuilt from the records: index entries and links.
    Indexes,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact => f.write_str(
                "intact: the journal is whole and every row is the one it tells of. Against someone who can write the whole directory, only a check with a head kept elsewhere proves it",
            ),
            Self::RowsDiffer { tenant, rows, expected, found, named } => {
                write!(
                    f,
                    "the {rows} of tenant {tenant} are not those of its last commit ({found} found, {expected} expected): some were changed, removed, rolled back or slipped in behind the vault's back"
                )?;
                for (number, fault) in named.iter().take(SHOWN).enumerate() {
                    write!(f, "{} {fault}", if number == 0 { ":" } else { ";" })?;
                }
                match named.len().saturating_sub(SHOWN) {
                    _ if named.is_empty() => f.write_str(", and nothing tells which")?,
                    0 => {}
                    more => write!(f, "; and {more} more")?,
                }
                f.write_str(". Stop writing, keep a copy of the directory as evidence, and restore from a backup")
            }
            Self::Rewritten { first, last, because } => write!(
                f,
                "the journal was rewritten or damaged, in block {first} or later, up to {last}: {because}. Trust no entry from there on; keep a copy of the directory as evidence, and restore from a backup"
            ),
            Self::Gap { at } => write!(
                f,
                "the journal lacks block {at}, though later ones are there: it was removed or lost. Keep a copy of the directory as evidence, and restore from a backup"
            ),
            Self::Truncated { kept, known } => write!(
                f,
                "the journal has {kept} blocks, and had {known}: the vault was set back to an earlier state or lost its last commits. If nobody restored an old copy of the directory on purpose, treat it as tampering; look into the sinks for the entries that are missing"
            ),
            Self::UnanchoredTail(blocks) => write!(
                f,
                "the journal agrees with the head that you brought, and the {blocks} blocks after it are whole but not covered by it. Take a new head from the vault and keep it elsewhere"
            ),
        }
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RolledBack { collection, record, found, expected } => {
                write!(f, "record {record} of `{collection}` was set back from revision {expected} to {found}")
            }
            Self::Missing { collection, record } => write!(f, "record {record} of `{collection}` is missing"),
            Self::Foreign { collection, record } => {
                write!(f, "what stands for record {record} of `{collection}` was altered or slipped in")
            }
            Self::Misindexed { collection, record } => {
                write!(f, "record {record} of `{collection}` doesn't have its index entries")
            }
        }
    }
}

impl fmt::Display for RewrittenBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Block => "a block can't be read or opened in its place",
            Self::Sequence => "a tenant's blocks are not numbered without a break",
            Self::Head => "the blocks don't give the root that a signed head states",
            Self::State => "the blocks are not those that the vault's own state tells of",
        })
    }
}

impl fmt::Display for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "records",
            Self::Indexes => "index entries",
        })
    }
}
