//! The keyring table, as it is inside its seal: the vault's own keys and, per tenant, the key of its key file.
//!
//! Keys are borrowed from the caller's wiped buffer and copied nowhere here.

use super::{FormatError, Reader, Writer};
use crate::model::{JournalEpochId, TenantId};

/// The version byte before the seal.
pub(crate) const TABLE_VERSION: u8 = 1;
/// The most tenants of a vault.
pub(crate) const TENANTS: usize = 65_536;
/// The longest table file, in bytes: version, seal and all tenants.
pub(crate) const TABLE_FILE: usize = 1 + 128 + FIXED + TENANTS * ENTRY;

/// The table's name in errors.
pub(crate) const TABLE: &str = "keyring table";

const FIXED: usize = 6 * 32 + 16 + 4;
const ENTRY: usize = 16 + 8 + 32;

/// The table's content. Holds secrets by reference: no `Debug`.
pub(crate) struct Table<'a> {
    pub(crate) journal: &'a [u8; 32],
    pub(crate) commit: &'a [u8; 32],
    pub(crate) state: &'a [u8; 32],
    pub(crate) signing: &'a [u8; 32],
    pub(crate) ledger: &'a [u8; 32],
    pub(crate) names: &'a [u8; 32],
    pub(crate) journal_epoch: JournalEpochId,
    /// The tenants by id, ascending.
    pub(crate) tenants: Vec<TableEntry<'a>>,
}

/// The generation of a tenant's key file, and the key that opens it.
pub(crate) struct TableEntry<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) generation: u64,
    pub(crate) kek: &'a [u8; 32],
}

impl<'a> Table<'a> {
    /// Writes the table into an empty buffer, which never moves while it grows.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let count = u32::try_from(self.tenants.len()).unwrap_or(u32::MAX);
        if self.tenants.len() > TENANTS {
            return Err(FormatError::Invalid { what: TABLE, why: "it has more than 65,536 tenants" });
        }
        out.reserve_exact(FIXED.saturating_add(ENTRY.saturating_mul(self.tenants.len())));
        let mut writer = Writer::new(out);
        for key in [self.journal, self.commit, self.state, self.signing, self.ledger, self.names] {
            writer.bytes(key);
        }
        writer.bytes(self.journal_epoch.as_bytes()).u32(count);
        for entry in &self.tenants {
            writer.bytes(entry.tenant.as_bytes()).u64(entry.generation).bytes(entry.kek);
        }
        Ok(())
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(TABLE, bytes);
        let (journal, commit, state) = (reader.array()?, reader.array()?, reader.array()?);
        let (signing, ledger, names) = (reader.array()?, reader.array()?, reader.array()?);
        let journal_epoch = JournalEpochId::from_bytes(*reader.array()?);
        let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if count > TENANTS {
            return Err(reader.invalid("it has more than 65,536 tenants"));
        }
        if reader.rest().len() != count.saturating_mul(ENTRY) {
            return Err(reader.invalid("its length is not what its number of tenants demands"));
        }
        let mut tenants: Vec<TableEntry<'a>> = Vec::with_capacity(count);
        for _ in 0..count {
            let tenant = TenantId::from_bytes(*reader.array()?);
            if tenants.last().is_some_and(|last| last.tenant >= tenant) {
                return Err(reader.invalid("its tenants are not in ascending order"));
            }
            tenants.push(TableEntry { tenant, generation: reader.u64()?, kek: reader.array()? });
        }
        reader.finish()?;
        Ok(Self { journal, commit, state, signing, ledger, names, journal_epoch, tenants })
    }
}

#[cfg(test)]
mod tests;
