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
mod tests {
    use super::*;

    #[test]
    fn state_opens_in_its_vault_only_and_never_altered() {
        let mut frontier = Frontier::default();
        (0..5).for_each(|n| frontier.append([n; 32]));
        let state = JournalState {
            epoch: JournalEpochId::from_bytes([1; 16]),
            sequence: 9,
            frontier,
            ledger_size: 2,
            ledger_hash: [3; 32],
            time: Timestamp::from_micros(4),
        };
        let (key, vault) = (Key::copied(&[5; 32]), VaultId::from_bytes([6; 16]));
        let stored = state.seal(&key, vault).unwrap();
        assert_eq!(JournalState::open(&stored, &key, vault).unwrap(), state);
        assert!(JournalState::open(&stored, &key, VaultId::from_bytes([7; 16])).is_err());
        assert!(JournalState::open(&stored, &Key::copied(&[8; 32]), vault).is_err());
        for at in 0..stored.len() {
            let mut bytes = stored.clone();
            bytes[at] ^= 1;
            assert!(JournalState::open(&bytes, &key, vault).is_err(), "{at}");
        }
        assert_ne!(state.seal(&key, vault).unwrap(), stored);
    }
}
