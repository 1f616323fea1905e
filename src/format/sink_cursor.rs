//! How far a sink has acknowledged the journal. Stored sealed.

use super::{FormatError, Reader, Writer};

const WHAT: &str = "sink cursor";
const VERSION: u8 = 1;

/// The first position that isn't acknowledged.
pub(crate) fn encode(next: u64) -> [u8; 8] {
    next.to_be_bytes()
}

/// The whole of `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Result<u64, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let next = reader.u64()?;
    reader.finish()?;
    Ok(next)
}

/// `version ‖ suite ‖ sealed`.
pub(crate) fn wrap(suite: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sealed.len().saturating_add(2));
    Writer::new(&mut out).u8(VERSION).u8(suite).bytes(sealed);
    out
}

/// Suite and sealed part.
pub(crate) fn unwrap(stored: &[u8]) -> Result<(u8, &[u8]), FormatError> {
    let mut reader = Reader::new(WHAT, stored);
    reader.version(VERSION)?;
    Ok((reader.u8()?, reader.rest()))
}
