//! The stored bytes of one record revision: header, wrapped data key, sealed body, links; or a tombstone.

use super::{FormatError, Reader, Writer};
use crate::crypto::{BODY_TAG, SALT, SEAL_OVERHEAD, SUITE, WRAPPED, sha256};
use crate::model::{Epoch, Pseudonym, Revision, Slot};

/// Version of the row layout.
pub(crate) const ROW_VERSION: u8 = 1;
/// The longest sealed body: 4 MiB of plaintext and its tag.
pub(crate) const MAX_BODY: usize = (4 << 20) + BODY_TAG;
/// Bytes of a body that stand beside the header; the rest of a longer one goes to chunks.
pub(crate) const INLINE: usize = 1536;
/// Bytes of a chunk; the last may be shorter.
pub(crate) const CHUNK: usize = 4096;
/// Bytes of a tombstone.
pub(crate) const TOMBSTONE: usize = 3 + SEAL_OVERHEAD + TOMBSTONE_PLAIN;

const TOMBSTONE_PLAIN: usize = 1 + 4 + 16 + 8;
const LIVE: u8 = 1;
const DEAD: u8 = 2;

/// The readable part of a row, by which it is opened. All of it is bound into both seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowHead {
    pub(crate) epoch: Epoch,
    pub(crate) slot: Slot,
    pub(crate) revision: Revision,
    /// The length of the dictionary that the row was written with.
    pub(crate) dictionary: u16,
}

/// A row taken apart, not yet opened.
pub(crate) enum RawRow<'a> {
    Live(LiveRow<'a>),
    /// The sealed part of a tombstone.
    Tombstone(&'a [u8]),
}

/// A live row taken apart.
pub(crate) struct LiveRow<'a> {
    pub(crate) head: RowHead,
    pub(crate) wrapped: &'a [u8; WRAPPED],
    /// The part of the body that stands in the row; all of it when `chunks` is `None`.
    pub(crate) inline: &'a [u8],
    pub(crate) chunks: Option<Chunks>,
    /// The input of the first digest: all but the links.
    pub(crate) primary: &'a [u8],
    pub(crate) links: &'a [u8],
}

/// The chunks with the rest of a long body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunks {
    pub(crate) count: u16,
    /// Bytes in all chunks together.
    pub(crate) length: usize,
    /// SHA-256 of all chunks, joined.
    pub(crate) hash: [u8; 32],
}

impl<'a> RawRow<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new("row", bytes);
        reader.version(ROW_VERSION)?;
        match reader.u8()? {
            SUITE => {}
            _ => return Err(reader.invalid("its suite is unknown")),
        }
        match reader.u8()? {
            LIVE => LiveRow::parse(bytes, reader).map(Self::Live),
            DEAD if bytes.len() == TOMBSTONE => Ok(Self::Tombstone(reader.rest())),
            DEAD => Err(reader.invalid("a tombstone has another length")),
            _ => Err(reader.invalid("its kind is unknown")),
        }
    }
}

impl<'a> LiveRow<'a> {
    fn parse(bytes: &'a [u8], mut reader: Reader<'a>) -> Result<Self, FormatError> {
        let head = RowHead {
            epoch: Epoch(reader.u32()?),
            slot: Slot(reader.u32()?),
            revision: Revision::new(reader.u64()?),
            dictionary: reader.u16()?,
        };
        let body = usize::try_from(reader.u32()?).map_err(|_| reader.invalid("its body is too long"))?;
        if !(BODY_TAG..=MAX_BODY).contains(&body) {
            return Err(reader.invalid("its body's length can't be"));
        }
        let count = reader.u16()?;
        let chunks = if body > INLINE {
            let length = body - INLINE;
            if usize::from(count) != length.div_ceil(CHUNK) {
                return Err(reader.invalid("its number of chunks doesn't fit its length"));
            }
            Some(Chunks { count, length, hash: *reader.array()? })
        } else if count == 0 {
            None
        } else {
            return Err(reader.invalid("a short body has chunks"));
        };
        let wrapped = reader.array()?;
        let inline = reader.take(body.min(INLINE))?;
        let links = reader.rest();
        let primary = bytes.get(..bytes.len() - links.len()).unwrap_or_default();
        Ok(Self { head, wrapped, inline, chunks, primary, links })
    }
}

/// Puts a row together, without its links. Returns it and its chunks.
pub(crate) fn build_row(
    head: &RowHead,
    wrapped: &[u8; WRAPPED],
    body: &[u8],
) -> Result<(Vec<u8>, Vec<Vec<u8>>), FormatError> {
    let invalid = |why| FormatError::Invalid { what: "row", why };
    let length = u32::try_from(body.len()).map_err(|_| invalid("its body is too long"))?;
    if body.len() > MAX_BODY {
        return Err(invalid("its body is too long"));
    }
    let (inline, rest) = body.split_at(body.len().min(INLINE));
    let chunks: Vec<Vec<u8>> = rest.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let count = u16::try_from(chunks.len()).map_err(|_| invalid("it has too many chunks"))?;
    let mut out = Vec::with_capacity(29 + 32 + WRAPPED + inline.len() + 512);
    let mut writer = Writer::new(&mut out);
    writer.u8(ROW_VERSION).u8(SUITE).u8(LIVE);
    writer.u32(head.epoch.0).u32(head.slot.0).u64(head.revision.get()).u16(head.dictionary);
    writer.u32(length).u16(count);
    if count > 0 {
        writer.bytes(&sha256(&[rest]));
    }
    writer.bytes(wrapped).bytes(inline);
    Ok((out, chunks))
}

/// The remains of a record that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) kind: TombstoneKind,
    pub(crate) slot: Slot,
    pub(crate) pseudonym: Pseudonym,
    /// The tombstone's own revision: the last one plus 1.
    pub(crate) revision: Revision,
}

/// The reason why a record is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TombstoneKind {
    Deleted = 1,
    Erased = 2,
}

impl Tombstone {
    /// Encodes the part that is sealed, of one fixed size.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TOMBSTONE_PLAIN);
        let mut writer = Writer::new(&mut out);
        writer.u8(self.kind as u8).u32(self.slot.0).bytes(self.pseudonym.as_bytes()).u64(self.revision.get());
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new("tombstone", bytes);
        let kind = match reader.u8()? {
            1 => TombstoneKind::Deleted,
            2 => TombstoneKind::Erased,
            _ => return Err(reader.invalid("its kind is unknown")),
        };
        let tombstone = Self {
            kind,
            slot: Slot(reader.u32()?),
            pseudonym: Pseudonym::from_bytes(*reader.array()?),
            revision: Revision::new(reader.u64()?),
        };
        reader.finish()?;
        Ok(tombstone)
    }
}

/// Returns a tombstone's row from its sealed part.
pub(crate) fn build_tombstone(sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(TOMBSTONE);
    Writer::new(&mut out).u8(ROW_VERSION).u8(SUITE).u8(DEAD).bytes(sealed);
    out
}

const _: () = assert!(SALT == 24 && TOMBSTONE == 104);

#[cfg(test)]
mod tests;
