//! Checking a vault against its journal.
//!
//! Guarantees: every block, row, entry, schema and name is read; a row that was changed, removed, rolled back or slipped
//! in behind the vault's back shows, and so does an index entry. Writers wait while it runs. Does not: notice that the
//! whole directory was set back, unless the caller brings a head.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::audit::{Claims, Head, HeadKey, RewrittenBecause, RowSet, RowSetDigest, Verdict, Walk, commit_mac};
use crate::audit::{JournalState, decode_head_file, header_of};
use crate::error::{Error, Result};
use crate::format::FormatError;
use crate::format::journal_base::leaves;
use crate::format::place::{self, Space};
use crate::index::{self, Entry as IndexEntry, Link};
use crate::model::{CollectionId, RecordId, TenantId};

use crate::store::Pair;

use super::commit::terms_of;
use super::core::Core;
use super::gate::{Opened, RowPlace, open_tombstone};
use super::rows::{self, ParsedRow};
use super::tenant_core::{CollectionCore, TenantCore};
use super::{blocks, facts, open, terms};

/// How many values are read from the store at once.
const PAGE: usize = 512;

/// What a check says, in a word, for the journal.
pub(super) const fn code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Intact => "intact",
        Verdict::RowsDiffer { .. } => "rows_differ",
        Verdict::Rewritten { .. } => "rewritten",
        Verdict::Gap { .. } => "gap",
        Verdict::Truncated { .. } => "truncated",
        Verdict::UnanchoredTail(_) => "unanchored_tail",
    }
}

pub(super) fn verify(core: &Core, anchor: Option<&Head>) -> Result<Verdict> {
    let (paused, resume) = core.pause()?;
    let tenants = core.all_tenants().into_iter().map(|tenant| (tenant.id, tenant)).collect();
    let verdict = Check { core, state: paused.journal, tenants, first: 0, owners: Vec::new() }.run(anchor);
    drop(resume);
    verdict
}

struct Check<'a> {
    core: &'a Core,
    state: JournalState,
    tenants: HashMap<TenantId, Arc<TenantCore>>,
    /// Where the blocks begin.
    first: u64,
    /// Whose block stands at each position from there on.
    owners: Vec<Option<TenantId>>,
}

/// A tenant's digests as they are found.
#[derive(Default)]
struct Found {
    carried: RowSetDigest,
    rebuilt: RowSetDigest,
    /// A row or an entry that contradicts another, or doesn't open.
    wrong: Option<RowSet>,
}

impl Check<'_> {
    fn run(mut self, anchor: Option<&Head>) -> Result<Verdict> {
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
        let stored = self.state.frontier.clone();
        let claims = Claims {
            vault: self.core.id,
            epoch: self.state.epoch,
            start: crate::audit::Frontier::default(),
            stored: &stored,
            beside: Some(&beside),
            anchor,
            head_key: &head_key,
        };
        let Ok(mut walk) = Walk::new(claims) else { return Ok(rewritten(RewrittenBecause::Head)) };
        if let Some(verdict) = self.dropped(&mut walk)? {
            return Ok(verdict);
        }
        if let Some(verdict) = self.blocks(&mut walk)? {
            return Ok(verdict);
        }
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
        let mut all: HashMap<TenantId, Found> = HashMap::new();
        self.change_lists(&mut all)?;
        for id in self.core.keyring.tenants() {
            let tip = tips.get(&Some(id));
            let tenant = self.tenants.get(&id).cloned();
            let (tenant, tip) = match (tenant, tip) {
                (Some(tenant), Some(tip)) => (tenant, tip),
                // A tenant whose creation was cut short before it was acknowledged.
                (None, None) => continue,
                _ => return Ok(differ(id, RowSet::Records, &RowSetDigest::default(), &RowSetDigest::default())),
            };
            let mut found = all.remove(&id).unwrap_or_default();
            self.tenant(&tenant, &mut found)?;
            let (state, carried, rebuilt) = tenant.state();
            let sealed = self.get(&place::tenant_state(id))?;
            let stored = sealed.and_then(|sealed| open::open_state(&tenant.keys, id, &sealed).ok());
            let mac = stored.map(|stored| {
                let plain = stored.to_bytes();
                let digest = |bytes: &[u8]| RowSetDigest::from_bytes(bytes).unwrap_or_default();
                commit_mac(&tenant.commit, tip.position, &digest(&stored.carried), &digest(&stored.rebuilt), &plain)
            });
            let stored = stored.map(|stored| (stored.carried, stored.rebuilt));
            if found.carried != carried || stored != Some((state.carried, state.rebuilt)) || mac != Some(tip.commit_mac)
            {
                return Ok(differ(id, RowSet::Records, &carried, &found.carried));
            }
            if found.rebuilt != rebuilt {
                return Ok(differ(id, RowSet::Indexes, &rebuilt, &found.rebuilt));
            }
            if let Some(rows) = found.wrong {
                return Ok(differ(id, rows, &carried, &found.carried));
            }
        }
        if let Some(id) = self.stranger()? {
            return Ok(differ(id, RowSet::Records, &RowSetDigest::default(), &RowSetDigest::default()));
        }
        Ok(verdict)
    }

    /// A tenant that isn't one, of which there is something all the same.
    fn stranger(&self) -> Result<Option<TenantId>> {
        let known: HashSet<TenantId> = self.tenants.keys().copied().collect();
        for space in [
            Space::Row,
            Space::Chunk,
            Space::Entry,
            Space::SlotMap,
            Space::TenantState,
            Space::TenantName,
            Space::CollectionName,
            Space::Schema,
            Space::Dictionary,
            Space::Fact,
        ] {
            let mut after: Option<Vec<u8>> = None;
            while let Some((key, _)) = self.next(space, after.as_deref())? {
                let id = place::tenant_of_key(&key).ok_or(Error::damaged("a key in the store is nobody's"))?;
                if !known.contains(&id) {
                    return Ok(Some(id));
                }
                // Behind everything of this tenant.
                let mut last = place::of_tenant(space, id);
                last.extend_from_slice(&[0xff; 64]);
                after = Some(last);
            }
        }
        Ok(None)
    }

    fn next(&self, space: Space, after: Option<&[u8]>) -> Result<Option<Pair>> {
        let page = self.core.store.scan(&place::all_of(space), after, 1);
        page.map(|page| page.into_iter().next()).map_err(|error| Error::io("reading the vault", error))
    }

    /// Walks through the hashes of the dropped blocks, up to where the journal begins. Returns a verdict if that ends it.
    fn dropped(&mut self, walk: &mut Walk<'_>) -> Result<Option<Verdict>> {
        let last = self.state.frontier.size();
        let rewritten = |first| Some(Verdict::Rewritten { first, last, because: RewrittenBecause::State });
        let (blocks, _) = self.core.blocks()?;
        let base = match blocks.base() {
            Ok((base, _)) => base,
            Err(Error::Damaged { .. }) => return Ok(rewritten(0)),
            Err(error) => return Err(error),
        };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.scan(&place::all_of(Space::Leaves), after.as_deref())?;
            let Some((key, _)) = page.last() else { break };
            after = Some(key.clone());
            for (key, stored) in &page {
                let expected = walk.tree().size();
                let here = place::first_of_leaves_key(key) == Some(expected) && expected < base.first();
                let Some(leaves) = leaves(stored).ok().filter(|_| here) else { return Ok(rewritten(expected)) };
                for leaf in leaves {
                    if let Err(verdict) = walk.dropped(*leaf) {
                        return Ok(Some(verdict));
                    }
                }
            }
        }
        if *walk.tree() != base.frontier {
            return Ok(rewritten(0));
        }
        match blocks.tips(&base) {
            Ok(tips) => walk.resume(tips),
            Err(Error::Damaged { .. }) => return Ok(rewritten(0)),
            Err(error) => return Err(error),
        }
        self.first = base.first();
        Ok(None)
    }

    /// Walks through every block. Returns a verdict if that ends it.
    fn blocks(&mut self, walk: &mut Walk<'_>) -> Result<Option<Verdict>> {
        let mut current: Option<(u64, Vec<u8>)> = None;
        let mut parts = 0;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.scan(&place::all_of(Space::Block), after.as_deref())?;
            for (key, part) in &page {
                let (position, number) =
                    place::position_of_key(key).ok_or(Error::damaged("a key in the store is not a block's"))?;
                match &mut current {
                    Some((at, bytes)) if *at == position && number == parts => bytes.extend_from_slice(part),
                    _ if number == 0 => {
                        if let Some(verdict) = self.block(walk, current.replace((position, part.clone())))? {
                            return Ok(Some(verdict));
                        }
                    }
                    // A part of a block whose first parts are missing.
                    _ => {
                        let because = RewrittenBecause::Block;
                        return Ok(Some(Verdict::Rewritten { first: position, last: position, because }));
                    }
                }
                parts = number.saturating_add(1);
            }
            match page.last() {
                Some((key, _)) => after = Some(key.clone()),
                None => return self.block(walk, current),
            }
        }
    }

    fn block(&mut self, walk: &mut Walk<'_>, block: Option<(u64, Vec<u8>)>) -> Result<Option<Verdict>> {
        let Some((position, bytes)) = block else { return Ok(None) };
        let owner = match header_of(&bytes) {
            Ok(header) => header.tenant,
            Err(newer @ FormatError::Newer { .. }) => return Err(blocks::unreadable(newer)),
            Err(FormatError::Invalid { .. }) => None,
        };
        let tenant = owner.and_then(|id| self.core.keyring.tenant(id));
        let key = match (&tenant, owner) {
            (Some(tenant), _) => Some(tenant.journal()),
            (None, None) => Some(&self.core.keyring.vault_keys().journal),
            (None, Some(_)) => {
                let because = RewrittenBecause::Block;
                return Ok(Some(Verdict::Rewritten { first: position, last: position, because }));
            }
        };
        self.owners.push(owner);
        Ok(walk.block(position, &bytes, key).err())
    }

    fn change_lists(&self, all: &mut HashMap<TenantId, Found>) -> Result<()> {
        self.each(&place::all_of(Space::Changes), |key, value| {
            let position = place::position_of_key(key).and_then(|(position, _)| position.checked_sub(self.first));
            let position = position.and_then(|position| usize::try_from(position).ok());
            let owner = position.and_then(|position| self.owners.get(position)).copied().flatten();
            // One that belongs to nobody counts as slipped in with whichever tenant comes first.
            let owner = owner.or_else(|| self.tenants.keys().next().copied());
            let tenant = owner.and_then(|id| self.tenants.get(&id));
            if let Some(tenant) = tenant {
                self.count(tenant, all.entry(tenant.id).or_default(), key, value);
            }
            Ok(())
        })
    }

    fn tenant(&self, tenant: &TenantCore, found: &mut Found) -> Result<()> {
        for space in [
            Space::TenantName,
            Space::CollectionName,
            Space::Schema,
            Space::Dictionary,
            Space::Fact,
            Space::Entry,
            Space::SlotMap,
        ] {
            self.each(&place::of_tenant(space, tenant.id), |key, value| {
                self.count(tenant, found, key, value);
                if space == Space::Fact && !opens(tenant, key, value) {
                    found.wrong.get_or_insert(RowSet::Records);
                }
                Ok(())
            })?;
        }
        let collections: HashMap<CollectionId, Arc<CollectionCore>> =
            tenant.collections().into_iter().map(|collection| (collection.id, collection)).collect();
        self.each(&place::of_tenant(Space::Row, tenant.id), |key, value| {
            self.count(tenant, found, key, value);
            if let Err(rows) = self.row(tenant, &collections, key, value) {
                found.wrong.get_or_insert(rows);
            }
            Ok(())
        })
    }

    fn count(&self, tenant: &TenantCore, found: &mut Found, key: &[u8], value: &[u8]) {
        let counted = terms_of(&tenant.digest, key, value, |carried, term| {
            if carried { found.carried.add(&term) } else { found.rebuilt.add(&term) }
        });
        if counted.is_err() {
            found.wrong.get_or_insert(RowSet::Records);
        }
    }

    /// Opens a row and holds it against its index entries.
    fn row(
        &self,
        tenant: &TenantCore,
        collections: &HashMap<CollectionId, Arc<CollectionCore>>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), RowSet> {
        let records = |_: Error| RowSet::Records;
        let indexes = |_: Error| RowSet::Indexes;
        let (_, collection, record) = place::row_of_key(key).ok_or(RowSet::Records)?;
        let place = RowPlace { tenant: tenant.id, collection, record };
        let core = collections.get(&collection).ok_or(RowSet::Records)?;
        let layout = core.layout();
        let bytes = rows::complete(&*self.core.store, &place, value.to_vec()).map_err(records)?;
        let bytes = bytes.ok_or(RowSet::Records)?;
        let mut joined = Vec::new();
        let (row, body) = match bytes.parse(&mut joined).map_err(|_| RowSet::Records)? {
            ParsedRow::Live { row, body } => (row, body),
            ParsedRow::Tombstone(sealed) => {
                return match open_tombstone(&tenant.keys, &place, sealed) {
                    Ok(_) => Ok(()),
                    Err(_) => Err(RowSet::Records),
                };
            }
        };
        let opened = Opened::open(&tenant.keys, place, &row, body, &layout, core).map_err(|_| RowSet::Records)?;
        let links = terms::links(tenant, &place, row.head.revision, row.links).map_err(indexes)?;
        for link in &links {
            self.link(tenant, collection, record, link)?;
        }
        // An index that is being built may lack rows; what it has must be right.
        let terms = opened.terms(&layout, |index| index.ready).map_err(indexes)?;
        let linked = terms.iter().all(|term| {
            links.iter().any(|link| {
                (link.index, link.version) == (term.index, term.version) && link.value_key.expose() == term.key.expose()
            })
        });
        let ready = |link: &&Link| {
            let same = |index: &&super::tenant_core::IndexCore| {
                (index.keys.index(), index.keys.version()) == (link.index, link.version)
            };
            layout.indexes.iter().find(same).is_some_and(|index| index.ready)
        };
        if linked && links.iter().filter(ready).count() == terms.len() { Ok(()) } else { Err(RowSet::Indexes) }
    }

    fn link(&self, tenant: &TenantCore, collection: CollectionId, record: RecordId, link: &Link) -> Result<(), RowSet> {
        let key = place::entry(tenant.id, &index::entry_key(&link.value_key, link.position));
        let sealed = self.get(&key).map_err(|_| RowSet::Indexes)?.ok_or(RowSet::Indexes)?;
        match index::open_entry(&link.value_key, &link.place(collection), &sealed) {
            Ok(IndexEntry::Live(found)) if found == record => Ok(()),
            _ => Err(RowSet::Indexes),
        }
    }

    fn each(&self, prefix: &[u8], mut act: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.scan(prefix, after.as_deref())?;
            for (key, value) in &page {
                act(key, value)?;
            }
            match page.last() {
                Some((key, _)) => after = Some(key.clone()),
                None => return Ok(()),
            }
        }
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.core.store.scan(prefix, after, PAGE).map_err(|error| Error::io("reading the vault", error))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.core.store.get(key).map_err(|error| Error::io("reading the vault", error))
    }
}

fn opens(tenant: &TenantCore, key: &[u8], sealed: &[u8]) -> bool {
    place::fact_of_key(key).is_some_and(|id| facts::open_fact(&tenant.keys, tenant.id, id, sealed).is_ok())
}

fn differ(tenant: TenantId, rows: RowSet, expected: &RowSetDigest, found: &RowSetDigest) -> Verdict {
    Verdict::RowsDiffer { tenant, rows, expected: expected.count(), found: found.count() }
}
