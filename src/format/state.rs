//! A tenant's state, the slot map, and the parts that long sealed things are split into.

use super::{FormatError, Reader, Writer};
use crate::model::{CollectionId, RecordId};

const STATE_VERSION: u8 = 1;
/// Bytes of a digest: `BE64 count ‖ sum 32`.
const DIGEST: usize = 40;
/// Bytes of one part of something split.
pub(crate) const PART: usize = 4096;
/// The most bytes of something that is split.
pub(crate) const MAX_SPLIT: usize = 2 << 20;

/// A tenant's state, which each commit rewrites.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TenantState {
    /// The first slot that was never drawn.
    pub(crate) next_slot: u32,
    /// The sequence number of the tenant's next journal block.
    pub(crate) sequence: u64,
    /// The digest of what backups carry: count and sum.
    pub(crate) primary: [u8; DIGEST],
    /// The digest of what a restore rebuilds: count and sum.
    pub(crate) derived: [u8; DIGEST],
}

impl Default for TenantState {
    fn default() -> Self {
        Self { next_slot: 0, sequence: 1, primary: [0; DIGEST], derived: [0; DIGEST] }
    }
}

impl TenantState {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(93);
        let mut writer = Writer::new(&mut out);
        writer.u8(STATE_VERSION).u32(self.next_slot).u64(self.sequence);
        writer.bytes(&self.primary).bytes(&self.derived);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new("tenant state", bytes);
        reader.version(STATE_VERSION)?;
        let state = Self {
            next_slot: reader.u32()?,
            sequence: reader.u64()?,
            primary: *reader.array()?,
            derived: *reader.array()?,
        };
        reader.finish()?;
        Ok(state)
    }
}

/// A value of the slot map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotEntry {
    /// The entry of number 0: the number that the next record about this subject gets, and whether a legal hold is on.
    Head { next: u32, hold: bool },
    /// The entry of any other number: the record that has it.
    Record { collection: CollectionId, record: RecordId },
}

impl SlotEntry {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(33);
        let mut writer = Writer::new(&mut out);
        match self {
            Self::Head { next, hold } => writer.u8(1).u32(next).u8(u8::from(hold)),
            Self::Record { collection, record } => writer.u8(2).bytes(collection.as_bytes()).bytes(record.as_bytes()),
        };
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new("slot map entry", bytes);
        let entry = match reader.u8()? {
            1 => Self::Head {
                next: reader.u32()?,
                hold: match reader.u8()? {
                    0 => false,
                    1 => true,
                    _ => return Err(reader.invalid("its hold is neither on nor off")),
                },
            },
            2 => Self::Record {
                collection: CollectionId::from_bytes(*reader.array()?),
                record: RecordId::from_bytes(*reader.array()?),
            },
            _ => return Err(reader.invalid("its kind is unknown")),
        };
        reader.finish()?;
        Ok(entry)
    }
}

/// Splits `bytes` into parts that the store takes: `BE32 length ‖ bytes`, cut every [`PART`] bytes.
pub(crate) fn split(bytes: &[u8]) -> Result<Vec<Vec<u8>>, FormatError> {
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_SPLIT);
    let length = length.ok_or(FormatError::Invalid { what: "split value", why: "it is too long" })?;
    let mut whole = Vec::with_capacity(bytes.len() + 4);
    Writer::new(&mut whole).u32(length).bytes(bytes);
    Ok(whole.chunks(PART).map(<[u8]>::to_vec).collect())
}

/// Joins what [`split`] split.
pub(crate) fn join(parts: &[Vec<u8>]) -> Result<Vec<u8>, FormatError> {
    let whole = parts.concat();
    let mut reader = Reader::new("split value", &whole);
    let bytes = reader.long(MAX_SPLIT)?.to_vec();
    reader.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
