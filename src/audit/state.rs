//! The sealed state of the vault's journal: what `open` resumes from.
//!
//! Guarantees: opens only under its vault's state key, in its vault. Does not: prevent an older state from being put
//! back; the `head` file and heads kept elsewhere show that.

use crate::crypto::{Context, Domain, Key, Label, SUITE, open, role, seal};
use crate::format::FormatError;
use crate::format::journal_state::{StateFields, WHAT};
use crate::format::sealed_file::{unwrap, wrap};
use crate::model::{JournalEpochId, Timestamp, VaultId};

use super::{AuditError, Frontier};

/// The state of the journal after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JournalState {
    pub(crate) epoch: JournalEpochId,
    /// The sequence number of the next block of the vault itself.
    pub(crate) sequence: u64,
    pub(crate) frontier: Frontier,
    /// Erasures in the ledger, and its hash.
    pub(crate) ledger_size: u64,
    pub(crate) ledger_hash: [u8; 32],
    /// The time of the last block.
    pub(crate) time: Timestamp,
}

impl JournalState {
    /// Seals the state as it is stored, under a fresh salt.
    pub(crate) fn seal(&self, key: &Key<role::VaultState>, vault: VaultId) -> Result<Vec<u8>, AuditError> {
        let fields = StateFields {
            epoch: self.epoch,
            sequence: self.sequence,
            ledger_size: self.ledger_size,
            ledger_hash: self.ledger_hash,
            time: self.time,
            size: self.frontier.size(),
            frontier: self.frontier.hashes().to_vec(),
        };
        Ok(wrap(SUITE, &seal(key, Label::JournalState, &context(vault), &fields.encode())?))
    }

    /// Opens a state that [`seal`](Self::seal) sealed.
    pub(crate) fn open(stored: &[u8], key: &Key<role::VaultState>, vault: VaultId) -> Result<Self, AuditError> {
        let (suite, sealed) = unwrap(WHAT, stored)?;
        if suite != SUITE {
            return Err(FormatError::Invalid { what: "journal state", why: "its cipher suite is unknown" }.into());
        }
        let fields = StateFields::decode(&open(key, Label::JournalState, &context(vault), sealed)?)?;
        Ok(Self {
            epoch: fields.epoch,
            sequence: fields.sequence,
            frontier: Frontier::from_parts(fields.size, fields.frontier)?,
            ledger_size: fields.ledger_size,
            ledger_hash: fields.ledger_hash,
            time: fields.time,
        })
    }
}

fn context(vault: VaultId) -> Context {
    Context::new(Domain::JournalState).bytes(vault.as_bytes())
}

#[cfg(test)]
mod tests;
