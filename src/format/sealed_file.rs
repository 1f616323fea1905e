//! The frames of sealed things: before the seal a version byte stands in the clear, in the store also the suite.

use super::{FormatError, Reader, Writer};

/// The version of a sealed value of the store.
const VERSION: u8 = 1;

/// Returns `version ‖ sealed`.
pub(crate) fn encode(version: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sealed.len().saturating_add(1));
    Writer::new(&mut out).u8(version).bytes(sealed);
    out
}

/// Returns the version, of at most `known`, and the sealed bytes.
pub(crate) fn decode<'a>(what: &'static str, known: u8, bytes: &'a [u8]) -> Result<(u8, &'a [u8]), FormatError> {
    let mut reader = Reader::new(what, bytes);
    let version = reader.version(known)?;
    Ok((version, reader.rest()))
}

/// Returns `version ‖ suite ‖ sealed`, for a value of the store.
pub(crate) fn wrap(suite: u8, sealed: &[u8]) -> Vec<u8> {
    encode(VERSION, &[&[suite], sealed].concat())
}

/// Returns the suite and the sealed part of a `what` that [`wrap`] framed.
pub(crate) fn unwrap<'a>(what: &'static str, stored: &'a [u8]) -> Result<(u8, &'a [u8]), FormatError> {
    let mut reader = Reader::new(what, stored);
    reader.version(VERSION)?;
    Ok((reader.u8()?, reader.rest()))
}
