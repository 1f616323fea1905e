//! A tenant's key file, as it is inside its seal: the tenant's long-lived keys, its slot ceiling, and a key tree per
//! epoch.
//!
//! Keys are borrowed from the caller's wiped buffer and copied nowhere here.

use super::tree_state::{TREE_LEVELS, TreeState};
use super::{FormatError, Reader, Writer};

/// The version byte before the seal.
pub(crate) const TENANT_FILE_VERSION: u8 = 1;
/// The most epochs that a key file holds.
pub(crate) const EPOCHS: usize = 64;
/// The longest key file, in bytes.
pub(crate) const TENANT_FILE: usize = 1 << 28;

/// What errors call it.
pub(crate) const TENANT_FILE_NAME: &str = "tenant key file";

const FIXED: usize = 9 * 32 + 4 + 2;
const EPOCH: usize = 4 + 4;
/// Room that the version byte and the seal need.
const SEAL: usize = 128;

/// The file's content. Holds secrets by reference: no `Debug`.
pub(crate) struct TenantFile<'a> {
    pub(crate) index: &'a [u8; 32],
    pub(crate) links: &'a [u8; 32],
    pub(crate) state: &'a [u8; 32],
    pub(crate) names: &'a [u8; 32],
    pub(crate) schema: &'a [u8; 32],
    pub(crate) digest: &'a [u8; 32],
    pub(crate) sum: &'a [u8; 32],
    pub(crate) journal: &'a [u8; 32],
    pub(crate) commit: &'a [u8; 32],
    /// No slot at or above it has been given out.
    pub(crate) ceiling: u32,
    /// By number, ascending, at least one; the last is the current one.
    pub(crate) epochs: Vec<(u32, TreeState<'a>)>,
}

impl<'a> TenantFile<'a> {
    /// Writes the file into an empty buffer, which never moves while it grows.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let invalid = |why| FormatError::Invalid { what: TENANT_FILE_NAME, why };
        let count = u16::try_from(self.epochs.len()).map_err(|_| invalid("it has too many epochs"))?;
        if count == 0 || self.epochs.len() > EPOCHS {
            return Err(invalid("it has no epoch, or more than 64"));
        }
        let lengths: Vec<usize> = self.epochs.iter().map(|(_, tree)| tree.encoded_len()).collect();
        let total = lengths.iter().fold(FIXED, |sum, length| sum.saturating_add(EPOCH).saturating_add(*length));
        if total > TENANT_FILE - SEAL {
            return Err(invalid("it is over 256 MiB"));
        }
        out.reserve_exact(total);
        let mut writer = Writer::new(out);
        for key in [
            self.index,
            self.links,
            self.state,
            self.names,
            self.schema,
            self.digest,
            self.sum,
            self.journal,
            self.commit,
        ] {
            writer.bytes(key);
        }
        writer.u32(self.ceiling).u16(count);
        for ((number, tree), length) in self.epochs.iter().zip(lengths) {
            let length = u32::try_from(length).map_err(|_| invalid("it is over 256 MiB"))?;
            Writer::new(out).u32(*number).u32(length);
            tree.encode(out)?;
        }
        Ok(())
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(TENANT_FILE_NAME, bytes);
        let (index, links, state) = (reader.array()?, reader.array()?, reader.array()?);
        let (names, schema, digest) = (reader.array()?, reader.array()?, reader.array()?);
        let (sum, journal, commit) = (reader.array()?, reader.array()?, reader.array()?);
        let ceiling = reader.u32()?;
        let count = usize::from(reader.u16()?);
        if count == 0 || count > EPOCHS {
            return Err(reader.invalid("it has no epoch, or more than 64"));
        }
        let mut epochs: Vec<(u32, TreeState<'a>)> = Vec::with_capacity(count);
        for _ in 0..count {
            let number = reader.u32()?;
            if epochs.last().is_some_and(|(last, _)| *last >= number) {
                return Err(reader.invalid("its epochs are not in ascending order"));
            }
            epochs.push((number, TreeState::decode(TREE_LEVELS, reader.long(TENANT_FILE)?)?));
        }
        reader.finish()?;
        Ok(Self { index, links, state, names, schema, digest, sum, journal, commit, ceiling, epochs })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree_state::KeptNode;
    use super::*;

    fn encoded(numbers: &[u32]) -> Result<Vec<u8>, FormatError> {
        let tree = |key| TreeState { levels: TREE_LEVELS, nodes: vec![KeptNode { depth: 0, first: 0, key }] };
        let mut out = Vec::new();
        TenantFile {
            index: &[1; 32],
            links: &[2; 32],
            state: &[3; 32],
            names: &[4; 32],
            schema: &[5; 32],
            digest: &[6; 32],
            sum: &[7; 32],
            journal: &[8; 32],
            commit: &[9; 32],
            ceiling: 65_536,
            epochs: numbers.iter().map(|n| (*n, tree(&[10; 32]))).collect(),
        }
        .encode(&mut out)
        .map(|()| out)
    }

    #[test]
    fn key_file_reads_back_and_every_truncation_is_refused() {
        let bytes = encoded(&[0, 7]).unwrap();
        assert_eq!(bytes.len(), bytes.capacity(), "the buffer grew more than once");
        let f = TenantFile::decode(&bytes).unwrap();
        let keys = [f.index, f.links, f.state, f.names, f.schema, f.digest, f.sum, f.journal, f.commit];
        assert_eq!(keys.map(|k| k[0]), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(f.ceiling, 65_536);
        assert_eq!(f.epochs.iter().map(|(n, t)| (*n, t.nodes[0].key[0])).collect::<Vec<_>>(), [(0, 10), (7, 10)]);
        for cut in 0..bytes.len() {
            assert!(TenantFile::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(TenantFile::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn epochs_out_of_order_missing_or_too_many_are_refused() {
        assert!(TenantFile::decode(&encoded(&[7, 0]).unwrap()).is_err());
        assert!(TenantFile::decode(&encoded(&[7, 7]).unwrap()).is_err());
        assert!(encoded(&[]).is_err());
        assert!(encoded(&(0..=64).collect::<Vec<_>>()).is_err());
        let mut none = encoded(&[0]).unwrap();
        none.truncate(FIXED);
        none[FIXED - 2..].copy_from_slice(&[0, 0]);
        assert!(TenantFile::decode(&none).is_err());
    }
}
