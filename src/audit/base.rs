//! The sealed base of a journal whose oldest blocks were dropped, and each tenant's tip before it.
//!
//! Guarantees: opens only under its vault's state key, in its vault and journal; a tip only as its tenant's. Does not: keep
//! an older base from being put back: the blocks from there on are missing then, which shows.

use crate::crypto::{Context, Domain, Key, Label, SUITE, open, role, seal};
use crate::format::FormatError;
use crate::format::journal_base::{BaseFields, TipFields, WHAT};
use crate::format::sealed_file::{unwrap, wrap};
use crate::model::{JournalEpochId, TenantId, VaultId};

use super::walk::Tip;
use super::{AuditError, Frontier, RowSetDigest};

/// The place where the journal's blocks begin. The default: at the journal's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct JournalBase {
    /// The tree of the blocks that were dropped.
    pub(crate) frontier: Frontier,
    /// The digest of the tips, as they are stored.
    pub(crate) tips: RowSetDigest,
}

/// Whose journal it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseOf<'a> {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    pub(crate) key: &'a Key<role::VaultState>,
}

impl JournalBase {
    /// Returns the position of the first block that is kept.
    pub(crate) const fn first(&self) -> u64 {
        self.frontier.size()
    }
}

impl BaseOf<'_> {
    /// Seals a base as it is stored, under a fresh salt.
    pub(crate) fn seal(&self, base: &JournalBase) -> Result<Vec<u8>, AuditError> {
        let fields =
            BaseFields { first: base.first(), frontier: base.frontier.hashes().to_vec(), tips: base.tips.to_bytes() };
        self.seal_as(&self.context(Domain::JournalBase), &fields.encode())
    }

    /// Opens a base that [`seal`](Self::seal) sealed.
    pub(crate) fn open(&self, stored: &[u8]) -> Result<JournalBase, AuditError> {
        let fields = BaseFields::decode(&self.open_as(&self.context(Domain::JournalBase), stored)?)?;
        Ok(JournalBase {
            frontier: Frontier::from_parts(fields.first, fields.frontier)?,
            tips: RowSetDigest::from_bytes(&fields.tips)?,
        })
    }

    /// Seals a tip as it is stored; `None` is the vault itself.
    pub(crate) fn seal_tip(&self, tenant: Option<TenantId>, tip: &Tip) -> Result<Vec<u8>, AuditError> {
        let Tip { position, sequence, commit_mac } = *tip;
        self.seal_as(&self.tip_context(tenant), &TipFields { position, sequence, commit_mac }.encode())
    }

    /// Opens a tip that [`seal_tip`](Self::seal_tip) sealed.
    pub(crate) fn open_tip(&self, tenant: Option<TenantId>, stored: &[u8]) -> Result<Tip, AuditError> {
        let fields = TipFields::decode(&self.open_as(&self.tip_context(tenant), stored)?)?;
        let TipFields { position, sequence, commit_mac } = fields;
        Ok(Tip { position, sequence, commit_mac })
    }

    fn seal_as(&self, context: &Context, plain: &[u8]) -> Result<Vec<u8>, AuditError> {
        Ok(wrap(SUITE, &seal(self.key, Label::JournalBase, context, plain)?))
    }

    fn open_as(&self, context: &Context, stored: &[u8]) -> Result<Vec<u8>, AuditError> {
        let (suite, sealed) = unwrap(WHAT, stored)?;
        if suite != SUITE {
            return Err(FormatError::Invalid { what: "journal base", why: "its cipher suite is unknown" }.into());
        }
        Ok(open(self.key, Label::JournalBase, context, sealed)?.to_vec())
    }

    fn context(&self, domain: Domain) -> Context {
        Context::new(domain).bytes(self.vault.as_bytes()).bytes(self.epoch.as_bytes())
    }

    fn tip_context(&self, tenant: Option<TenantId>) -> Context {
        self.context(Domain::JournalTip).bytes(tenant.as_ref().map_or(&[0; 16][..], |id| id.as_bytes().as_slice()))
    }
}

#[cfg(test)]
mod tests;
