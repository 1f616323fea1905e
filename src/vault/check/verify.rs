//! Checking a vault against its journal.
//!
//! Guarantees: quick or full, a block that was changed, removed or slipped in behind the vault's back shows, and so does a
//! row, index entry, schema or name that was changed, removed, rolled back or slipped in; quick opens none of them and
//! trusts the tree and the digests. Full opens every block, entry and row as well, and holds each record against its index
//! entries: it finds also what was wrong when it was committed. Writers wait while it runs. Memory for a few pages of the
//! store; see `naming` for what names the records that differ. Does not: notice that the whole directory was set back,
//! unless the caller brings a head.

pub(crate) mod dropped;
pub(crate) mod journal;
pub(crate) mod naming;
pub(crate) mod pages;
pub(crate) mod row;
pub(crate) mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::{Claims, Frontier, Head, HeadKey, RewrittenBecause, RowFault, RowSet, RowSetDigest, Tip, Verdict};
use crate::audit::{JournalState, Walk, commit_mac, decode_head_file};
use crate::crypto::MacKey;
use crate::error::{Error, Result};
use crate::format::place;
use crate::model::{CollectionId, TenantId};

use crate::vault::core::Core;
use crate::vault::lifecycle::open_state;
use crate::vault::state::tenant::TenantCore;

pub(crate) use row::{check_row, collections_of};

use rows::Found;

/// How closely a vault is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The journal's structure, the tenants' states and digests.
    Quick,
    /// Every block, entry, row and index entry, too.
    Full,
}

/// What a check says, in a word, for the journal.
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

/// A check under way; the committer is stopped.
pub(crate) struct Check<'a> {
    core: &'a Core,
    state: JournalState,
    depth: Depth,
    tenants: HashMap<TenantId, Arc<TenantCore>>,
    /// Whose collection it is.
    collections: HashMap<CollectionId, TenantId>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(core: &'a Core, state: JournalState, depth: Depth) -> Self {
        let tenants: HashMap<_, _> = core.all_tenants().into_iter().map(|tenant| (tenant.id, tenant)).collect();
        let of = |tenant: &Arc<TenantCore>| {
            let id = tenant.id;
            tenant.collections().into_iter().map(move |collection| (collection.id, id))
        };
        let collections = tenants.values().flat_map(of).collect();
        Self { core, state, depth, tenants, collections }
    }

    fn run(&self, anchor: Option<&Head>) -> Result<Verdict> {
        let keys = self.core.keyring.vault_keys();
        let head_key = HeadKey::of(&keys.signing, self.core.id, self.state.epoch);
        if let Some(head) = anchor {
            head.verify(&head_key).map_err(Error::Head)?;
        }
        let last = self.state.frontier.size();
        let rewritten = |because| Verdict::Rewritten { first: 0, last, because };
        // A head that the journal was found to fall short of counts before the present one.
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
        Ok(self.stranger()?.unwrap_or(verdict))
    }

    /// What is stored of a tenant that there isn't.
    pub(crate) fn stranger(&self) -> Result<Option<Verdict>> {
        let Some(id) = rows::stranger(self)? else { return Ok(None) };
        Ok(Some(differ(id, RowSet::Records, (0, 0), naming::strangers(self, id)?)))
    }

    /// Walks through the hashes of the dropped blocks. Returns the verdict that ends it.
    pub(crate) fn dropped(&self, walk: &mut Walk<'_>) -> Result<Result<(), Verdict>> {
        dropped::walk(self, walk)
    }

    /// The records that make a tenant's digest differ; `most` is about how many records there are.
    pub(crate) fn named(&self, tenant: &TenantCore, rows: RowSet, most: u64) -> Result<Vec<RowFault>> {
        naming::named(self, tenant, rows, most)
    }

    /// Holds a tenant's rows and state against its last block; `found` has its change lists.
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
        let named = self.named(tenant, rows, primary.count().max(found.primary.count()))?;
        Ok(Some(differ(id, rows, (expected, seen), named)))
    }

    /// The MAC of the vault's own block: it has no rows.
    pub(crate) fn own_mac(&self, tip: &Tip) -> [u8; 32] {
        let (key, none) = (MacKey::new(&self.core.keyring.vault_keys().commit), RowSetDigest::default());
        commit_mac(&key, tip.position, &none, &none, &[])
    }

    /// Whose change list it is: the owner of the block at its position, or else of the collection that it begins with. One
    /// that belongs to nobody counts as slipped in with a tenant that is always the same.
    pub(crate) fn owner_of_list(&self, owner: Option<TenantId>, list: &[u8]) -> Option<&TenantCore> {
        let by_rows = || self.collections.get(&CollectionId::from_bytes(*list.first_chunk()?)).copied();
        let id = owner.or_else(by_rows).or_else(|| self.tenants.keys().min().copied())?;
        self.tenants.get(&id).map(Arc::as_ref)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.core.store.get(key).map_err(|error| Error::io("reading the vault", error))
    }
}

pub(crate) fn differ(tenant: TenantId, rows: RowSet, (expected, found): (u64, u64), named: Vec<RowFault>) -> Verdict {
    Verdict::RowsDiffer { tenant, rows, expected, found, named }
}
