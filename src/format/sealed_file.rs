//! What the keyring's sealed files have in common: a version byte in the clear, then the seal.

use super::{FormatError, Reader, Writer};

/// `version ‖ sealed`.
pub(crate) fn encode(version: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sealed.len().saturating_add(1));
    Writer::new(&mut out).u8(version).bytes(sealed);
    out
}

/// The version, of at most `known`, and the sealed bytes.
pub(crate) fn decode<'a>(what: &'static str, known: u8, bytes: &'a [u8]) -> Result<(u8, &'a [u8]), FormatError> {
    let mut reader = Reader::new(what, bytes);
    let version = reader.version(known)?;
    Ok((version, reader.rest()))
}
