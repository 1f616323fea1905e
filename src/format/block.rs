//! A journal block: `header ‖ salted entry hashes ‖ sealed entries`.
//!
//! Guarantees: [`split`] takes only the whole of a block, within [`MAX_BLOCK`]. Does not: check a hash or a seal.

use super::{FormatError, Reader, Writer};
use crate::model::{JournalEpochId, TenantId};

const WHAT: &str = "journal block";
const VERSION: u8 = 1;

/// The longest block, in bytes.
pub(crate) const MAX_BLOCK: usize = 4 << 20;
/// The most entries of a block.
pub(crate) const MAX_ENTRIES: usize = 32_768;
/// Bytes of a block that stand in one value, the last one shorter: the store takes values of at most 4 KiB.
pub(crate) const CHUNK: usize = 4000;
/// Bytes of the header.
pub(crate) const HEADER: usize = 1 + 1 + 16 + 8 + 16 + 4 + 32 + 4;
/// Bytes of an entry's salted hash.
pub(crate) const HASH: usize = 32;

/// The part of a block that is readable without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) suite: u8,
    /// The tenant whose block it is; `None` for the vault's own, stored as zeros.
    pub(crate) tenant: Option<TenantId>,
    /// The block's number among the tenant's in this journal epoch, from 1.
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

    /// Returns the length of the whole block.
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

/// Decodes the header that these bytes are the whole of.
pub(crate) fn header(bytes: &[u8; HEADER]) -> Result<Header, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let header = Header::read(&mut reader)?;
    reader.finish().map(|()| header)
}

/// Reads the length of the block that begins with this chunk.
pub(crate) fn total_length(first_chunk: &[u8]) -> Result<usize, FormatError> {
    Header::read(&mut Reader::new(WHAT, first_chunk))?.block_length()
}

/// Reads the tenant whose block begins with this chunk; `None` for the vault's own.
pub(crate) fn owner(first_chunk: &[u8]) -> Result<Option<TenantId>, FormatError> {
    Header::read(&mut Reader::new(WHAT, first_chunk)).map(|header| header.tenant)
}

/// Reads the number of chunks of the block that begins with this one.
pub(crate) fn chunk_count(first_chunk: &[u8]) -> Result<usize, FormatError> {
    total_length(first_chunk).map(|length| length.div_ceil(CHUNK))
}

/// Returns the block in the pieces that it is stored in.
pub(crate) fn chunks(block: &[u8]) -> impl ExactSizeIterator<Item = &[u8]> {
    block.chunks(CHUNK)
}

#[cfg(test)]
mod tests;
