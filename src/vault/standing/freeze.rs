//! Extents of freezes.

use crate::format::fact::Extent;

/// The extent of a freeze.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Freeze {
    /// Nothing changes: records are read, listed, searched, counted and exported as the policy says.
    ReadOnly,
    /// Nobody sees or changes a record.
    Closed,
}

impl From<Freeze> for Extent {
    fn from(extent: Freeze) -> Self {
        match extent {
            Freeze::ReadOnly => Self::ReadOnly,
            Freeze::Closed => Self::Closed,
        }
    }
}

impl From<Extent> for Freeze {
    fn from(extent: Extent) -> Self {
        match extent {
            Extent::ReadOnly => Self::ReadOnly,
            Extent::Closed => Self::Closed,
        }
    }
}
