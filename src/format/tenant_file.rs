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

/// The file's name in errors.
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
    /// The ceiling: no slot at or above it has been given out.
    pub(crate) ceiling: u32,
    /// The epochs by number, ascending, at least one; the last is the current one.
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
mod tests;
