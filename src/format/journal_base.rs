//! Where a journal begins whose oldest blocks were dropped: leaf hashes of segments, the base, tips. Base and tips are
//! stored sealed.
//!
//! Guarantees: a base begins where a segment does. Does not: know whether the hashes are the right ones.

use super::{FormatError, Reader, Writer, frontier};

const WHAT: &str = "journal base";
const VERSION: u8 = 1;

/// Blocks of one segment: the leaf hashes of one fill a value of the store.
pub(crate) const SEGMENT: u64 = 128;
/// Bytes of a segment's leaf hashes.
pub(crate) const LEAVES: usize = 4096;
/// Bytes of the digest of the tips: `BE64 count ‖ sum 32`.
const DIGEST: usize = 40;

/// The base's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    /// The position of the first block that is kept, and the tree's right edge before it.
    pub(crate) first: u64,
    pub(crate) frontier: Vec<[u8; 32]>,
    /// The digest of the tips as they are stored.
    pub(crate) tips: [u8; DIGEST],
}

impl Fields {
    /// `frontier ‖ digest of the tips 40`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 32 * self.frontier.len() + DIGEST);
        frontier::encode(self.first, &self.frontier, &mut out);
        Writer::new(&mut out).bytes(&self.tips);
        out
    }

    /// The whole of `bytes`.
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
    /// `BE64 position ‖ BE64 sequence ‖ commit MAC 32`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        Writer::new(&mut out).u64(self.position).u64(self.sequence).bytes(&self.commit_mac);
        out
    }

    /// The whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let tip = Self { position: reader.u64()?, sequence: reader.u64()?, commit_mac: *reader.array()? };
        reader.finish()?;
        Ok(tip)
    }
}

/// The leaf hashes of a segment, one behind the other.
pub(crate) fn leaves(bytes: &[u8]) -> Result<&[[u8; 32]], FormatError> {
    let (leaves, _) = bytes.as_chunks();
    if bytes.len() == LEAVES {
        Ok(leaves)
    } else {
        Err(FormatError::Invalid { what: "journal's leaf hashes", why: "there aren't 128 of them" })
    }
}

/// `version ‖ suite ‖ sealed`.
pub(crate) fn wrap(suite: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + sealed.len());
    Writer::new(&mut out).u8(VERSION).u8(suite).bytes(sealed);
    out
}

/// Suite and sealed part.
pub(crate) fn unwrap(stored: &[u8]) -> Result<(u8, &[u8]), FormatError> {
    let mut reader = Reader::new(WHAT, stored);
    reader.version(VERSION)?;
    Ok((reader.u8()?, reader.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_reads_back_whole_or_not_at_all_and_only_at_the_end_of_a_segment() {
        let base = Fields { first: 384, frontier: vec![[6; 32], [7; 32]], tips: [8; DIGEST] };
        let bytes = base.encode();
        assert_eq!(Fields::decode(&bytes), Ok(base.clone()));
        for end in 0..bytes.len() {
            assert!(Fields::decode(&bytes[..end]).is_err(), "{end}");
        }
        assert!(Fields::decode(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
        for first in [0, 3, 129] {
            assert!(Fields::decode(&Fields { first, ..base.clone() }.encode()).is_err(), "{first}");
        }
    }

    #[test]
    fn tip_reads_back_whole_or_not_at_all() {
        let tip = TipFields { position: 1, sequence: 2, commit_mac: [3; 32] };
        let bytes = tip.encode();
        assert_eq!(TipFields::decode(&bytes), Ok(tip));
        assert!(TipFields::decode(&bytes[1..]).is_err());
        assert!(TipFields::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn leaf_hashes_of_a_segment_are_128() {
        assert_eq!(leaves(&[1; LEAVES]).unwrap().len() as u64, SEGMENT);
        assert!(leaves(&[1; LEAVES - 32]).is_err());
        assert!(leaves(&[1; LEAVES + 1]).is_err());
    }
}
