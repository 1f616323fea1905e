//! Reading a row's bytes: one value, or a value and its chunks.
//!
//! Guarantees: the bytes returned are of one revision, also while others write. Does not: open the row.

use crate::crypto::sha256;
use crate::error::{Error, Result};
use crate::format::FormatError;
use crate::format::place;
use crate::format::row::{LiveRow, RawRow};
use crate::store::Store;

use crate::vault::state::seals::RowPlace;
pub(crate) use crate::vault::state::seals::unreadable;

/// Number of times that a row is read again because it changed while its chunks were read.
const TRIES: usize = 16;

/// Bytes of a row, and of its chunks one after the other.
pub(crate) struct RowBytes {
    pub(crate) raw: Vec<u8>,
    rest: Vec<u8>,
}

impl RowBytes {
    /// Parses the row and joins its sealed body.
    pub(crate) fn parse<'a>(&'a self, joined: &'a mut Vec<u8>) -> Result<ParsedRow<'a>, FormatError> {
        match RawRow::parse(&self.raw)? {
            RawRow::Tombstone(sealed) => Ok(ParsedRow::Tombstone(sealed)),
            RawRow::Live(row) if row.chunks.is_none() => Ok(ParsedRow::Live { body: row.inline, row }),
            RawRow::Live(row) => {
                joined.clear();
                joined.extend_from_slice(row.inline);
                joined.extend_from_slice(&self.rest);
                Ok(ParsedRow::Live { row, body: joined })
            }
        }
    }
}

impl RowBytes {
    /// Returns the links section of a live row; empty for a tombstone.
    pub(crate) fn links(&self) -> Result<&[u8], FormatError> {
        match RawRow::parse(&self.raw)? {
            RawRow::Live(row) => Ok(row.links),
            RawRow::Tombstone(_) => Ok(&[]),
        }
    }
}

/// A parsed row, with its body in one piece.
pub(crate) enum ParsedRow<'a> {
    Live { row: LiveRow<'a>, body: &'a [u8] },
    Tombstone(&'a [u8]),
}

/// Reads a row; `None` if there is none.
pub(crate) fn load(store: &dyn Store, at: &RowPlace) -> Result<Option<RowBytes>> {
    let key = place::row(at.tenant, at.collection, at.record);
    match store.get(&key).map_err(|error| Error::io("reading a record", error))? {
        Some(raw) => complete(store, at, raw),
        None => Ok(None),
    }
}

/// Adds the chunks to a row's bytes; reads the row again if it changes meanwhile.
pub(crate) fn complete(store: &dyn Store, at: &RowPlace, mut raw: Vec<u8>) -> Result<Option<RowBytes>> {
    let key = place::row(at.tenant, at.collection, at.record);
    for _ in 0..TRIES {
        let row = RawRow::parse(&raw).map_err(unreadable)?;
        let RawRow::Live(LiveRow { chunks: Some(chunks), head, .. }) = row else {
            return Ok(Some(RowBytes { raw, rest: Vec::new() }));
        };
        let mut rest = Vec::with_capacity(chunks.length);
        for number in 0..chunks.count {
            let chunk = place::chunk(at.tenant, at.collection, at.record, head.revision, number);
            match store.get(&chunk).map_err(|error| Error::io("reading a record", error))? {
                Some(bytes) => rest.extend_from_slice(&bytes),
                None => break,
            }
        }
        if rest.len() == chunks.length && sha256(&[&rest]) == chunks.hash {
            return Ok(Some(RowBytes { raw, rest }));
        }
        match store.get(&key).map_err(|error| Error::io("reading a record", error))? {
            None => return Ok(None),
            Some(again) if again == raw => {
                return Err(Error::damaged("a part of a long record is missing or altered"));
            }
            Some(again) => raw = again,
        }
    }
    Err(Error::Conflict)
}
