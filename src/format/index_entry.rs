//! The plaintext of an index entry: 32 bytes, so that it is wrapped as a key is.
//!
//! Layout: `kind u8 (1 live, 2 dead) ‖ record id, 16 bytes ‖ 15 zeros`. A dead entry's record id is zeros: it keeps a
//! position taken and says of whom no more.

use super::{FormatError, Reader};
use crate::model::RecordId;

/// Bytes of an entry's plaintext.
pub(crate) const ENTRY: usize = 32;

const WHAT: &str = "index entry";
const LIVE: u8 = 1;
const DEAD: u8 = 2;
const NOBODY: RecordId = RecordId::from_bytes([0; 16]);
const PADDING: [u8; 15] = [0; 15];

/// The entry at one position of one value in one index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An entry of a record that has the value.
    Live(RecordId),
    /// An entry of a record that had the value. The position is never given out again.
    Dead,
}

impl Entry {
    /// Writes the entry into `out`, which the caller wipes.
    pub(crate) fn encode(self, out: &mut [u8; ENTRY]) {
        let (kind, record) = match self {
            Self::Live(record) => (LIVE, record),
            Self::Dead => (DEAD, NOBODY),
        };
        let bytes = [kind].into_iter().chain(*record.as_bytes()).chain(PADDING);
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = from;
        }
    }

    /// Decodes an entry.
    ///
    /// # Errors
    /// [`FormatError::Invalid`] for another kind, a dead entry that names a record, or padding that isn't zeros.
    pub(crate) fn decode(bytes: &[u8; ENTRY]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let kind = reader.u8()?;
        let record = RecordId::from_bytes(*reader.array()?);
        if *reader.array::<15>()? != PADDING {
            return Err(reader.invalid("its padding is not zeros"));
        }
        match kind {
            LIVE => Ok(Self::Live(record)),
            DEAD if record == NOBODY => Ok(Self::Dead),
            DEAD => Err(reader.invalid("it is dead and names a record")),
            _ => Err(reader.invalid("its kind is unknown")),
        }
    }
}

#[cfg(test)]
mod tests;
