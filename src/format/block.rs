//! A journal block: `header ‖ salted entry hashes ‖ sealed entries`.
//!
//! Guarantees: [`split`] takes only the whole of a block, within [`MAX_BLOCK`]. Does not: check a hash or a seal.

use super::{FormatError, Reader, Writer};
use crate::model::{JournalEpochId, TenantId};

const WHAT: &str = "journal block";
const VERSION: u8 = 1;

/// A block is at most this long.
pub(crate) const MAX_BLOCK: usize = 4 << 20;
/// A block has at most so many entries.
pub(crate) const MAX_ENTRIES: usize = 32_768;
/// A block is stored in values of this length, the last one shorter: the store takes values of at most 4 KiB.
pub(crate) const CHUNK: usize = 4000;
/// Bytes of the header.
pub(crate) const HEADER: usize = 1 + 1 + 16 + 8 + 16 + 4 + 32 + 4;
/// Bytes of an entry's salted hash.
pub(crate) const HASH: usize = 32;

/// What is readable of a block without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) suite: u8,
    /// Whose block it is; `None` for the vault's own, stored as zeros.
    pub(crate) tenant: Option<TenantId>,
    /// Counts the tenant's blocks in this journal epoch, from 1.
    pub(crate) sequence: u64,
    pub(crate) epoch: JournalEpochId,
    pub(crate) entries: u32,
    pub(crate) commit_mac: [u8; 32],
    /// Bytes of the sealed part.
    pub(crate) sealed: u32,
}

/// A block taken apart.
pub(crate) struct Parts<'a> {
    pub(crate) header: Header,
    /// The header as it is stored.
    pub(crate) header_bytes: &'a [u8],
    pub(crate) hashes: &'a [[u8; HASH]],
    pub(crate) sealed: &'a [u8],
}

impl Header {
    /// Appends the header's bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let tenant = self.tenant.as_ref().map_or(&[0; 16], TenantId::as_bytes);
        let mut writer = Writer::new(out);
        writer.u8(VERSION).u8(self.suite).bytes(tenant).u64(self.sequence).bytes(self.epoch.as_bytes());
        writer.u32(self.entries).bytes(&self.commit_mac).u32(self.sealed);
    }

    /// The length of the whole block.
    pub(crate) fn block_length(&self) -> Result<usize, FormatError> {
        let part = |count: u32, each: usize| usize::try_from(count).ok()?.checked_mul(each);
        part(self.entries, HASH)
            .and_then(|hashes| HEADER.checked_add(hashes)?.checked_add(part(self.sealed, 1)?))
            .filter(|length| *length <= MAX_BLOCK)
            .ok_or(FormatError::Invalid { what: WHAT, why: "it is over 4 MiB" })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, FormatError> {
        reader.version(VERSION)?;
        let suite = reader.u8()?;
        let tenant = *reader.array::<16>()?;
        let header = Self {
            suite,
            tenant: (tenant != [0; 16]).then(|| TenantId::from_bytes(tenant)),
            sequence: reader.u64()?,
            epoch: JournalEpochId::from_bytes(*reader.array()?),
            entries: reader.u32()?,
            commit_mac: *reader.array()?,
            sealed: reader.u32()?,
        };
        if usize::try_from(header.entries).is_ok_and(|count| count <= MAX_ENTRIES) {
            header.block_length().map(|_| header)
        } else {
            Err(reader.invalid("it has too many entries"))
        }
    }
}

/// Takes a whole block apart.
pub(crate) fn split(block: &[u8]) -> Result<Parts<'_>, FormatError> {
    let mut reader = Reader::new(WHAT, block);
    let header = Header::read(&mut reader)?;
    let count = usize::try_from(header.entries).map_err(|_| reader.invalid("it has too many entries"))?;
    let sealed = usize::try_from(header.sealed).map_err(|_| reader.invalid("it is over 4 MiB"))?;
    let (hashes, _) = reader.take(count.saturating_mul(HASH))?.as_chunks();
    let parts =
        Parts { header, header_bytes: block.get(..HEADER).unwrap_or_default(), hashes, sealed: reader.take(sealed)? };
    reader.finish().map(|()| parts)
}

/// Whose block it is that begins with this chunk; `None`: the vault's own.
pub(crate) fn owner(first_chunk: &[u8]) -> Result<Option<TenantId>, FormatError> {
    Header::read(&mut Reader::new(WHAT, first_chunk)).map(|header| header.tenant)
}

/// The header that these bytes are, the whole of them.
pub(crate) fn header(bytes: &[u8; HEADER]) -> Result<Header, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let header = Header::read(&mut reader)?;
    reader.finish().map(|()| header)
}

/// How long the block is that begins with this chunk.
pub(crate) fn total_length(first_chunk: &[u8]) -> Result<usize, FormatError> {
    Header::read(&mut Reader::new(WHAT, first_chunk))?.block_length()
}

/// Whose block it is that begins with this chunk; `None` for the vault's own.
pub(crate) fn tenant_of(first_chunk: &[u8]) -> Result<Option<TenantId>, FormatError> {
    Header::read(&mut Reader::new(WHAT, first_chunk)).map(|header| header.tenant)
}

/// How many chunks the block has that begins with this one.
pub(crate) fn chunk_count(first_chunk: &[u8]) -> Result<usize, FormatError> {
    total_length(first_chunk).map(|length| length.div_ceil(CHUNK))
}

/// The block in the pieces that it is stored in.
pub(crate) fn chunks(block: &[u8]) -> impl ExactSizeIterator<Item = &[u8]> {
    block.chunks(CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(entries: u32, sealed: u32) -> Vec<u8> {
        let header = Header {
            suite: 1,
            tenant: Some(TenantId::from_bytes([7; 16])),
            sequence: 3,
            epoch: JournalEpochId::from_bytes([9; 16]),
            entries,
            commit_mac: [4; 32],
            sealed,
        };
        let mut out = Vec::new();
        header.encode(&mut out);
        assert_eq!(out.len(), HEADER);
        out.resize(header.block_length().unwrap_or(HEADER), 5);
        out
    }

    #[test]
    fn block_splits_into_what_it_was_made_of_and_only_as_a_whole() {
        let bytes = block(3, 100);
        let parts = split(&bytes).unwrap();
        assert_eq!((parts.hashes.len(), parts.sealed.len()), (3, 100));
        assert_eq!(parts.header.tenant, Some(TenantId::from_bytes([7; 16])));
        for end in 0..bytes.len() {
            assert!(split(&bytes[..end]).is_err(), "{end}");
        }
        assert!(split(&[bytes.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn chunks_join_to_the_block_and_the_first_tells_how_many_there_are() {
        for sealed in [0, 4000 - 82, 4001 - 82, 9000] {
            let bytes = block(0, sealed);
            let pieces: Vec<_> = chunks(&bytes).collect();
            assert_eq!(chunk_count(pieces[0]), Ok(pieces.len()));
            assert_eq!(pieces.concat(), bytes);
        }
    }

    #[test]
    fn lying_lengths_are_refused() {
        for (entries, sealed) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (32_769, 0), (1, 4 << 20)] {
            assert!(total_length(&block(entries, sealed)).is_err(), "{entries} {sealed}");
        }
    }
}
