//! The stored bytes of one record revision: header, wrapped data key, sealed body, links; or a tombstone.

use super::{FormatError, Reader, Writer};
use crate::crypto::{BODY_TAG, SALT, SEAL_OVERHEAD, SUITE, WRAPPED, sha256};
use crate::model::{Epoch, Pseudonym, Revision, Slot};

/// Version of the row layout.
pub(crate) const ROW_VERSION: u8 = 1;
/// A sealed body is at most this long: 4 MiB of plaintext and its tag.
pub(crate) const MAX_BODY: usize = (4 << 20) + BODY_TAG;
/// A body longer than this keeps so much beside its header; the rest goes to chunks.
pub(crate) const INLINE: usize = 1536;
/// Bytes of a chunk; the last may be shorter.
pub(crate) const CHUNK: usize = 4096;
/// Bytes of a tombstone.
pub(crate) const TOMBSTONE: usize = 3 + SEAL_OVERHEAD + TOMBSTONE_PLAIN;

const TOMBSTONE_PLAIN: usize = 1 + 4 + 16 + 8;
const LIVE: u8 = 1;
const DEAD: u8 = 2;

/// What a row says in the clear about how to open it. All of it is bound into both seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowHead {
    pub(crate) epoch: Epoch,
    pub(crate) slot: Slot,
    pub(crate) revision: Revision,
    /// How much of the dictionary the row was written with.
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
    /// The part of the body that stands here; all of it when `chunks` is `None`.
    pub(crate) inline: &'a [u8],
    pub(crate) chunks: Option<Chunks>,
    /// What the first digest covers: all but the links.
    pub(crate) primary: &'a [u8],
    pub(crate) links: &'a [u8],
}

/// Where the rest of a long body is.
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

/// What is left of a record that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tombstone {
    pub(crate) kind: TombstoneKind,
    pub(crate) slot: Slot,
    pub(crate) pseudonym: Pseudonym,
    /// The tombstone's own revision: the last one plus 1.
    pub(crate) revision: Revision,
}

/// Why a record is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TombstoneKind {
    Deleted = 1,
    Erased = 2,
}

impl Tombstone {
    /// What is sealed, of one fixed size.
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

/// A tombstone's row from its sealed part.
pub(crate) fn build_tombstone(sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(TOMBSTONE);
    Writer::new(&mut out).u8(ROW_VERSION).u8(SUITE).u8(DEAD).bytes(sealed);
    out
}

const _: () = assert!(SALT == 24 && TOMBSTONE == 104);

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: RowHead = RowHead { epoch: Epoch(2), slot: Slot(3), revision: Revision::new(4), dictionary: 5 };

    fn live(bytes: &[u8]) -> LiveRow<'_> {
        match RawRow::parse(bytes).unwrap() {
            RawRow::Live(row) => row,
            RawRow::Tombstone(_) => panic!("a tombstone"),
        }
    }

    #[test]
    fn row_reads_back_with_its_links_apart_from_what_backups_carry() {
        for length in [BODY_TAG, INLINE, INLINE + 1, INLINE + CHUNK, INLINE + CHUNK + 1, MAX_BODY] {
            let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (mut bytes, chunks) = build_row(&HEAD, &[7; WRAPPED], &body).unwrap();
            let primary = bytes.len();
            bytes.extend_from_slice(b"links");
            let row = live(&bytes);
            assert_eq!(row.head, HEAD);
            assert_eq!((row.wrapped, row.links, row.primary.len()), (&[7; WRAPPED], &b"links"[..], primary));
            assert_eq!([row.inline.to_vec(), chunks.concat()].concat(), body);
            assert_eq!(row.chunks.map_or(0, |c| c.count), chunks.len() as u16);
            assert!(bytes.len() <= 4096);
        }
    }

    #[test]
    fn row_with_lying_lengths_kinds_or_versions_is_refused() {
        let (bytes, _) = build_row(&HEAD, &[7; WRAPPED], &[1; 64]).unwrap();
        for (at, value) in [(0, 0), (0, 2), (1, 9), (2, 9), (21, 0xff), (24, 1), (26, 1)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(RawRow::parse(&bad).is_err(), "byte {at}");
        }
        for cut in 0..bytes.len() {
            assert!(RawRow::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(build_row(&HEAD, &[7; WRAPPED], &vec![0; MAX_BODY + 1]).is_err());
    }

    #[test]
    fn tombstone_reads_back_and_has_one_size() {
        let tombstone = Tombstone {
            kind: TombstoneKind::Deleted,
            slot: Slot(9),
            pseudonym: Pseudonym::from_bytes([8; 16]),
            revision: Revision::new(7),
        };
        let bytes = tombstone.to_bytes();
        assert_eq!(bytes.len(), TOMBSTONE_PLAIN);
        assert_eq!(Tombstone::from_bytes(&bytes), Ok(tombstone));
        let row = build_tombstone(&[0; TOMBSTONE - 3]);
        assert!(matches!(RawRow::parse(&row), Ok(RawRow::Tombstone(sealed)) if sealed.len() == TOMBSTONE - 3));
        assert!(RawRow::parse(&row[..TOMBSTONE - 1]).is_err());
        assert!(Tombstone::from_bytes(&[9; TOMBSTONE_PLAIN]).is_err());
    }
}
