//! A tenant's state, the slot map, and the parts that long sealed things are split into.

use super::{FormatError, Reader, Writer};
use crate::model::{CollectionId, RecordId};

const STATE_VERSION: u8 = 1;
/// Bytes of a digest: `BE64 count ‖ sum 32`.
const DIGEST: usize = 40;
/// Bytes of one part of something split.
pub(crate) const PART: usize = 4096;
/// Something split has at most this many bytes.
pub(crate) const MAX_SPLIT: usize = 2 << 20;

/// What each commit rewrites for its tenant.
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
    /// Under number 0: the number that the next record about this subject gets, and whether a legal hold is on.
    Head { next: u32, hold: bool },
    /// Under any other number: the record that has it.
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

/// What [`split`] split.
pub(crate) fn join(parts: &[Vec<u8>]) -> Result<Vec<u8>, FormatError> {
    let whole = parts.concat();
    let mut reader = Reader::new("split value", &whole);
    let bytes = reader.long(MAX_SPLIT)?.to_vec();
    reader.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_state_reads_back() {
        let state = TenantState { next_slot: 1, sequence: 2, primary: [3; DIGEST], derived: [4; DIGEST] };
        assert!(TenantState::from_bytes(&state.to_bytes()) == Ok(state));
        assert!(TenantState::from_bytes(&state.to_bytes()[1..]).is_err());
    }

    #[test]
    fn slot_entries_read_back_and_others_are_refused() {
        for entry in [
            SlotEntry::Head { next: 7, hold: true },
            SlotEntry::Record { collection: CollectionId::from_bytes([1; 16]), record: RecordId::from_bytes([2; 16]) },
        ] {
            assert_eq!(SlotEntry::from_bytes(&entry.to_bytes()), Ok(entry));
        }
        assert!(SlotEntry::from_bytes(&[1, 0, 0, 0, 1, 2]).is_err());
        assert!(SlotEntry::from_bytes(&[3]).is_err());
    }

    #[test]
    fn parts_join_again_and_a_missing_or_extra_one_is_refused() {
        for length in [0, 1, PART - 4, PART - 3, 3 * PART] {
            let bytes: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let parts = split(&bytes).unwrap();
            assert!(parts.iter().all(|part| part.len() <= PART));
            assert_eq!(join(&parts), Ok(bytes));
            assert!(join(&parts[1..]).is_err() || parts.len() == 1);
            assert!(join(&[parts.clone(), vec![vec![1]]].concat()).is_err());
        }
        assert!(split(&vec![0; MAX_SPLIT + 1]).is_err());
    }
}
