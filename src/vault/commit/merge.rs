//! Merging one request into a commit: its expectations, its rows, its index entries.

use std::sync::Arc;

use crate::format::place;
use crate::format::row::{RawRow, build_tombstone};
use crate::index;
use crate::index::{Beyond, Entry as IndexEntry, EntryPlace, Link, LinksPlace};
use crate::model::RecordId;
use crate::store::Store;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::{RowPlace, seal_tombstone};
use crate::vault::state::tenant::TenantCore;

use super::error::{CommitError, Holder};
use super::pending::{Base, Draft, Pending};
use super::tails::IndexTails;
use super::write::{NewRow, NewTerm, RowChange};
use crate::vault::state::catalog::Put;

/// Checks a request's expectations, values and rows against the store and the requests merged before.
///
/// # Errors
/// [`CommitError`]; then nothing of the request is merged.
pub(crate) fn merge(
    store: &dyn Store,
    pending: &Pending,
    ends: &IndexTails,
    tenant: Option<&Arc<TenantCore>>,
    (expect, puts, rows): (Vec<Put>, Vec<Put>, Vec<RowChange>),
) -> Result<Draft, CommitError> {
    let base = Base { pending, store };
    let mut draft = Draft::new(tenant.map(|tenant| &**tenant));
    for (key, value) in expect {
        if draft.get(base, &key)? != value {
            return Err(CommitError::Conflict);
        }
    }
    let Some(tenant) = tenant else {
        // Values that belong to no tenant are in no tenant's digest.
        puts.into_iter().for_each(|(key, value)| draft.set(key, value));
        return Ok(draft);
    };
    for (key, value) in puts {
        let before = draft.get(base, &key)?;
        draft.put(&tenant.digest, key, before.as_deref(), value)?;
    }
    for row in rows {
        RowMerge { base, tenant, ends, draft: &mut draft }.merge(row)?;
    }
    Ok(draft)
}

struct RowMerge<'a> {
    base: Base<'a>,
    tenant: &'a TenantCore,
    ends: &'a IndexTails,
    draft: &'a mut Draft,
}

impl RowMerge<'_> {
    fn merge(&mut self, change: RowChange) -> Result<(), CommitError> {
        let RowChange { collection, generation, record, before, after, kept, removed, added, links: sealed } = change;
        if generation != collection.generation() {
            return Err(CommitError::Conflict);
        }
        let key = place::row(self.tenant.id, collection.id, record);
        if self.draft.get(self.base, &key)? != before {
            return Err(CommitError::Conflict);
        }
        let here = |index, version, position| EntryPlace { collection: collection.id, index, version, position };
        for link in &removed {
            self.end(&here(link.index, link.version, link.position), record, link)?;
        }
        let mut links = kept;
        let mut as_foreseen = true;
        for term in added {
            let (index, version) = (term.index, term.version);
            let foreseen = term.foreseen.as_ref().map(|foreseen| foreseen.position);
            let link = self.enter(&collection, |position| here(index, version, position), record, term)?;
            as_foreseen &= foreseen == Some(link.position);
            links.push(link);
        }
        let old = before.as_deref().map(RawRow::parse).transpose();
        let old = old.map_err(|_| CommitError::Damaged("a row's bytes are not a row"))?;
        let chunk = |revision, number| place::chunk(self.tenant.id, collection.id, record, revision, number);
        if let (Some(RawRow::Live(old)), false) = (&old, matches!(after, NewRow::Relinked)) {
            for number in 0..old.chunks.map_or(0, |chunks| chunks.count) {
                self.draft.put(&self.tenant.digest, chunk(old.head.revision, number), None, None)?;
            }
        }
        let mut row = match (after, &old) {
            (NewRow::Live { revision, primary, chunks }, _) => {
                for (number, bytes) in (0..).zip(chunks) {
                    self.draft.put(&self.tenant.digest, chunk(revision, number), None, Some(bytes))?;
                }
                primary
            }
            (NewRow::Relinked, Some(RawRow::Live(old))) => old.primary.to_vec(),
            (NewRow::Relinked, _) => return Err(CommitError::Conflict),
            (NewRow::Gone(tombstone), _) => {
                let place = RowPlace { tenant: self.tenant.id, collection: collection.id, record };
                build_tombstone(&seal_tombstone(&self.tenant.keys, &place, tombstone)?)
            }
        };
        if let Ok(RawRow::Live(new)) = RawRow::parse(&row) {
            let revision = new.head.revision;
            let place = LinksPlace { tenant: self.tenant.id, collection: collection.id, record, revision };
            match sealed {
                Some(sealed) if as_foreseen => row.extend(sealed),
                _ => row.extend(index::seal_links(self.tenant.keys.links(), &place, &links)?),
            }
        }
        self.draft.put(&self.tenant.digest, key, before.as_deref(), Some(row))?;
        self.draft.touch(collection.id.as_bytes(), record.as_bytes());
        Ok(())
    }

    /// Turns a live index entry into a dead one of the same size.
    fn end(&mut self, at: &EntryPlace, record: RecordId, link: &Link) -> Result<(), CommitError> {
        let key = place::entry(self.tenant.id, &index::entry_key(&link.value_key, link.position));
        let before =
            self.draft.get(self.base, &key)?.ok_or(CommitError::Damaged("an index entry that a row names is gone"))?;
        match index::open_entry(&link.value_key, at, &before) {
            Ok(IndexEntry::Live(found)) if found == record => {}
            _ => return Err(CommitError::Damaged("an index entry that a row names is not the row's")),
        }
        let dead = index::seal_entry(&link.value_key, at, IndexEntry::Dead)?;
        self.draft.put(&self.tenant.digest, key, Some(&before), Some(dead.to_vec()))
    }

    /// Enters a value after the last of its entries.
    fn enter(
        &mut self,
        collection: &Arc<CollectionCore>,
        at: impl Fn(u64) -> EntryPlace,
        record: RecordId,
        term: NewTerm,
    ) -> Result<Link, CommitError> {
        let key = |i| place::entry(self.tenant.id, &index::entry_key(&term.key, i));
        let known = self.draft.end_of(self.base, &term.first);
        let position = match known.or_else(|| self.ends.now(&term.first, term.seen.as_ref()?)) {
            Some(position) => position,
            None => {
                let end = index::end(|i| self.draft.has(self.base, &key(i)), 0)?;
                if let Beyond::Entry(_) = index::check_beyond(|i| self.draft.has(self.base, &key(i)), end)? {
                    return Err(CommitError::Damaged("an index has an entry behind a gap"));
                }
                end
            }
        };
        if let (true, Some(last)) = (term.unique, position.checked_sub(1)) {
            let bytes = self.draft.get(self.base, &key(last))?.ok_or(CommitError::Damaged("an index entry is gone"))?;
            match index::open_entry(&term.key, &at(last), &bytes) {
                Ok(IndexEntry::Dead) => {}
                Ok(IndexEntry::Live(holder)) => {
                    return Err(CommitError::Duplicate(Box::new(Holder {
                        collection: Arc::clone(collection),
                        record: holder,
                        field: term.field,
                        tried_by: record,
                        own: self.draft.writes(&key(last)),
                    })));
                }
                Err(_) => return Err(CommitError::Damaged("an index entry doesn't open")),
            }
        }
        let (entry_key, entry) = match term.foreseen {
            Some(foreseen) if foreseen.position == position => (foreseen.key, foreseen.entry),
            _ => (key(position), index::seal_entry(&term.key, &at(position), IndexEntry::Live(record))?),
        };
        self.draft.put(&self.tenant.digest, entry_key, None, Some(entry.to_vec()))?;
        self.draft.set_end(term.first, position.saturating_add(1));
        Ok(Link { index: term.index, version: term.version, value_key: term.key, position })
    }
}
