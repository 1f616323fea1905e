//! The keys that belong to the vault itself.

use crate::crypto::{CryptoError, Key, fill, role};
use crate::model::JournalEpochId;

/// The vault-level keys. They are made with the vault and don't change in its life.
pub(crate) struct VaultKeys {
    pub(crate) journal: Key<role::Journal>,
    pub(crate) commit: Key<role::Commit>,
    pub(crate) state: Key<role::VaultState>,
    pub(crate) signing: Key<role::Signing>,
    pub(crate) ledger: Key<role::Ledger>,
    pub(crate) names: Key<role::Names>,
    pub(crate) epoch: JournalEpochId,
}

impl VaultKeys {
    pub(super) fn random() -> Result<Self, CryptoError> {
        let mut epoch = [0; 16];
        fill(&mut epoch)?;
        Ok(Self {
            journal: Key::random()?,
            commit: Key::random()?,
            state: Key::random()?,
            signing: Key::random()?,
            ledger: Key::random()?,
            names: Key::random()?,
            epoch: JournalEpochId::from_bytes(epoch),
        })
    }
}
