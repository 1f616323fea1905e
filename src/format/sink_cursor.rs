//! A sink's place in the journal: the end of what the sink has acknowledged. Stored sealed.

use super::{FormatError, Reader};

pub(crate) const WHAT: &str = "sink cursor";

/// Returns the first position that isn't acknowledged.
pub(crate) fn encode(next: u64) -> [u8; 8] {
    next.to_be_bytes()
}

/// Decodes the whole of `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Result<u64, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let next = reader.u64()?;
    reader.finish()?;
    Ok(next)
}
