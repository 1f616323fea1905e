//! The beginning of a journal whose oldest blocks were dropped: leaf hashes of segments, the base, tips. Base and tips
//! are stored sealed.
//!
//! Guarantees: a base begins where a segment does. Does not: know whether the hashes are the right ones.

use super::{FormatError, Reader, Writer, frontier};

pub(crate) const WHAT: &str = "journal base";

/// Blocks of one segment: the leaf hashes of one fill a value of the store.
pub(crate) const SEGMENT: u64 = 128;
/// Bytes of a segment's leaf hashes.
pub(crate) const LEAVES: usize = 4096;
/// Bytes of the digest of the tips: `BE64 count ‖ sum 32`.
const DIGEST: usize = 40;

/// The base's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseFields {
    /// The position of the first block that is kept.
    pub(crate) first: u64,
    /// The tree's right edge before that block.
    pub(crate) frontier: Vec<[u8; 32]>,
    /// The digest of the tips as they are stored.
    pub(crate) tips: [u8; DIGEST],
}

impl BaseFields {
    /// Returns `frontier ‖ digest of the tips 40`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 32 * self.frontier.len() + DIGEST);
        frontier::encode(self.first, &self.frontier, &mut out);
        Writer::new(&mut out).bytes(&self.tips);
        out
    }

    /// Decodes the whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let (first, frontier) = frontier::read(&mut reader)?;
        if first == 0 || !first.is_multiple_of(SEGMENT) {
            return Err(reader.invalid("it isn't at the end of a segment"));
        }
        let tips = *reader.array()?;
        reader.finish()?;
        Ok(Self { first, frontier, tips })
    }
}

/// The last dropped block of a tenant, or of the vault itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TipFields {
    pub(crate) position: u64,
    pub(crate) sequence: u64,
    pub(crate) commit_mac: [u8; 32],
}

impl TipFields {
    /// Returns `BE64 position ‖ BE64 sequence ‖ commit MAC 32`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        Writer::new(&mut out).u64(self.position).u64(self.sequence).bytes(&self.commit_mac);
        out
    }

    /// Decodes the whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let tip = Self { position: reader.u64()?, sequence: reader.u64()?, commit_mac: *reader.array()? };
        reader.finish()?;
        Ok(tip)
    }
}

/// Returns the leaf hashes of a segment, one behind the other.
pub(crate) fn leaves(bytes: &[u8]) -> Result<&[[u8; 32]], FormatError> {
    let (leaves, _) = bytes.as_chunks();
    if bytes.len() == LEAVES {
        Ok(leaves)
    } else {
        Err(FormatError::Invalid { what: "journal's leaf hashes", why: "there aren't 128 of them" })
    }
}

#[cfg(test)]
mod tests;
