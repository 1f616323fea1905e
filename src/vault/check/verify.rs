//! Checking a vault against its journal.
//!
//! Guarantees: quick or full, a block changed, removed or slipped in behind the vault's back shows, and so does a row,
//! index entry, schema or name changed, removed, rolled back or slipped in; quick opens none of them and trusts the
//! tree and the digests. Full also opens every block, entry and row, and compares records with index entries: it finds,
//! too, what was wrong when committed. Writers wait meanwhile. Memory for a few pages of the store; see `naming` for
//! the names of records that differ. Does not: notice a whole directory set back, unless the caller brings a head.

pub(crate) mod check;
pub(crate) mod dropped;
pub(crate) mod journal;
pub(crate) mod naming;
pub(crate) mod pages;
pub(crate) mod row;
pub(crate) mod rows;

use crate::audit::{Claims, Frontier, Head, HeadKey, RewrittenBecause, RowSet, RowSetDigest, Tip, Verdict};
use crate::audit::{JournalState, Walk, commit_mac, decode_head_file};
use crate::error::{Error, Result};
use crate::format::place;
use crate::model::TenantId;

use crate::vault::core::Core;
use crate::vault::lifecycle::open_state;

use check::{Check, Depth, differ};
use rows::Found;

/// Returns the code of a verdict, for the journal.
pub(crate) const fn code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Intact => "intact",
        Verdict::RowsDiffer { .. } => "rows_differ",
        Verdict::Rewritten { .. } => "rewritten",
        Verdict::Gap { .. } => "gap",
        Verdict::Truncated { .. } => "truncated",
        Verdict::UnanchoredTail(_) => "unanchored_tail",
    }
}

pub(crate) fn verify(core: &Core, depth: Depth, anchor: Option<&Head>) -> Result<Verdict> {
    let (paused, resume) = core.pause()?;
    let verdict = Check::new(core, paused.journal, depth).run(anchor);
    drop(resume);
    verdict
}

impl Check<'_> {
    fn run(&self, anchor: Option<&Head>) -> Result<Verdict> {
        let keys = self.core.keyring.vault_keys();
        let head_key = HeadKey::of(&keys.signing, self.core.id, self.state.epoch);
        if let Some(head) = anchor {
            head.verify(&head_key).map_err(Error::Head)?;
        }
        let last = self.state.frontier.size();
        let rewritten = |because| Verdict::Rewritten { first: 0, last, because };
        // A kept head that covers more than the journal has counts before the present one.
        let text = match self.core.ahead.read()? {
            Some(text) => Some(text),
            None => self.core.upkeep.place().read()?,
        };
        let Some(Ok((beside, _))) = text.map(|text| decode_head_file(&text)) else {
            return Ok(rewritten(RewrittenBecause::Head));
        };
        let claims = Claims {
            vault: self.core.id,
            epoch: self.state.epoch,
            start: Frontier::default(),
            stored: &self.state.frontier,
            beside: Some(&beside),
            anchor,
            head_key: &head_key,
        };
        let Ok(mut walk) = Walk::new(claims) else { return Ok(rewritten(RewrittenBecause::Head)) };
        if let Err(verdict) = dropped::walk(self, &mut walk)? {
            return Ok(verdict);
        }
        let mut lists = match journal::walk(self, &mut walk)? {
            Ok(lists) => lists,
            Err(verdict) => return Ok(verdict),
        };
        let sealed = self.get(&place::journal_state())?;
        let found = sealed.and_then(|sealed| JournalState::open(&sealed, &keys.state, self.core.id).ok());
        if found.as_ref() != Some(&self.state) {
            return Ok(rewritten(RewrittenBecause::State));
        }
        let tips = walk.tips().clone();
        let verdict = walk.finish();
        if !matches!(verdict, Verdict::Intact | Verdict::UnanchoredTail(_)) {
            return Ok(verdict);
        }
        if let Some(tip) = tips.get(&None)
            && tip.commit_mac != self.own_mac(tip)
        {
            let because = RewrittenBecause::Block;
            return Ok(Verdict::Rewritten { first: tip.position, last: tip.position, because });
        }
        for id in self.core.keyring.tenants() {
            let found = lists.remove(&id).unwrap_or_default();
            if let Some(verdict) = self.tenant(id, tips.get(&Some(id)), found)? {
                return Ok(verdict);
            }
        }
        Ok(naming::stranger(self)?.unwrap_or(verdict))
    }

    /// Compares a tenant's rows and state with its last block; `found` has its change lists.
    fn tenant(&self, id: TenantId, tip: Option<&Tip>, mut found: Found) -> Result<Option<Verdict>> {
        let (tenant, tip) = match (self.tenants.get(&id), tip) {
            (Some(tenant), Some(tip)) => (tenant, tip),
            // A tenant whose creation was cut short before it was acknowledged.
            (None, None) => return Ok(None),
            _ => return Ok(Some(differ(id, RowSet::Records, (0, 0), Vec::new()))),
        };
        found.tenant(self, tenant)?;
        let (state, primary, derived) = tenant.state();
        let sealed = self.get(&place::tenant_state(id))?;
        let stored = sealed.and_then(|sealed| open_state(&tenant.keys, id, &sealed).ok());
        let mac = stored.map(|stored| {
            let plain = stored.to_bytes();
            let digest = |bytes: &[u8]| RowSetDigest::from_bytes(bytes).unwrap_or_default();
            commit_mac(&tenant.commit, tip.position, &digest(&stored.primary), &digest(&stored.derived), &plain)
        });
        let stored = stored.map(|stored| (stored.primary, stored.derived));
        let vouched = stored == Some((state.primary, state.derived)) && mac == Some(tip.commit_mac);
        let rows = match found.wrong {
            Some(RowSet::Records) => RowSet::Records,
            _ if found.primary != primary || !vouched => RowSet::Records,
            Some(RowSet::Indexes) => RowSet::Indexes,
            None if found.derived != derived => RowSet::Indexes,
            None => return Ok(None),
        };
        let (expected, seen) = match rows {
            RowSet::Indexes => (derived.count(), found.derived.count()),
            RowSet::Records => (primary.count(), found.primary.count()),
        };
        let named = naming::named(self, tenant, rows, primary.count().max(found.primary.count()))?;
        Ok(Some(differ(id, rows, (expected, seen), named)))
    }
}
