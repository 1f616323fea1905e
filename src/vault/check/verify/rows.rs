//! A tenant's values in the store, added up as the tenant's digests do.
//!
//! Guarantees: every key and value of the tenant is counted, in one scan; a long row has exactly the chunks that it
//! names. Does not: say which row makes a digest differ; see `naming`.

use std::collections::HashSet;

use crate::audit::{RowSet, RowSetDigest};
use crate::crypto::Hasher;
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::format::row::RawRow;
use crate::model::TenantId;
use crate::store::Store;
use crate::vault::commit::terms_of;
use crate::vault::standing;
use crate::vault::state::tenant::TenantCore;

use super::check::{Check, Depth};
use super::pages::Pages;
use super::row::{check_row, collections_of};

/// A tenant's digests as found in the store.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) primary: RowSetDigest,
    pub(crate) derived: RowSetDigest,
    /// Kind of row or entry that contradicts another, or doesn't open.
    pub(crate) wrong: Option<RowSet>,
}

impl Found {
    pub(crate) fn count(&mut self, tenant: &TenantCore, key: &[u8], value: &[u8]) {
        let counted = terms_of(&tenant.digest, key, value, |primary, term| {
            if primary { self.primary.add(&term) } else { self.derived.add(&term) }
        });
        if counted.is_err() {
            self.blame(RowSet::Records);
        }
    }

    /// Notes a fault; records count before index entries.
    fn blame(&mut self, rows: RowSet) {
        if rows == RowSet::Records || self.wrong.is_none() {
            self.wrong = Some(rows);
        }
    }

    /// Counts all values of the tenant except for its change lists.
    pub(crate) fn tenant(&mut self, check: &Check<'_>, tenant: &TenantCore) -> Result<()> {
        let store = &*check.core.store;
        let full = check.depth == Depth::Full;
        for space in [
            Space::TenantName,
            Space::CollectionName,
            Space::Schema,
            Space::Dictionary,
            Space::Fact,
            Space::Entry,
            Space::SlotMap,
        ] {
            for pair in Pages::new(store, place::of_tenant(space, tenant.id)) {
                let (key, value) = pair?;
                self.count(tenant, &key, &value);
                if full && space == Space::Fact && !opens(tenant, &key, &value) {
                    self.blame(RowSet::Records);
                }
            }
        }
        let collections = collections_of(tenant);
        let mut chunks = Chunks::new(store, tenant.id);
        for pair in Pages::new(store, place::of_tenant(Space::Row, tenant.id)) {
            let (key, value) = pair?;
            self.count(tenant, &key, &value);
            if !chunks.fit(&key, &value)? {
                self.blame(RowSet::Records);
            }
            if full && let Err(rows) = check_row(check.core, tenant, &collections, &key, &value) {
                self.blame(rows);
            }
        }
        if !chunks.ended()? {
            self.blame(RowSet::Records);
        }
        Ok(())
    }
}

/// The chunks of a tenant's long rows, read beside the rows, in the same order.
struct Chunks<'a>(Pages<'a>);

impl<'a> Chunks<'a> {
    fn new(store: &'a dyn Store, tenant: TenantId) -> Self {
        Self(Pages::new(store, place::of_tenant(Space::Chunk, tenant)))
    }

    /// Tells whether the chunks that this row names come next, unaltered. A value that isn't a row names none.
    fn fit(&mut self, key: &[u8], value: &[u8]) -> Result<bool> {
        let Ok(RawRow::Live(row)) = RawRow::parse(value) else { return Ok(true) };
        let (Some(named), Some((tenant, collection, record))) = (row.chunks, place::row_of_key(key)) else {
            return Ok(true);
        };
        let (mut hash, mut length) = (Hasher::new(), 0usize);
        for number in 0..named.count {
            let Some((key, part)) = self.0.next().transpose()? else { return Ok(false) };
            if key != place::chunk(tenant, collection, record, row.head.revision, number) {
                return Ok(false);
            }
            hash.update(&part);
            length = length.saturating_add(part.len());
        }
        Ok(length == named.length && hash.finish() == named.hash)
    }

    /// Tells whether no chunk is left.
    fn ended(&mut self) -> Result<bool> {
        self.0.next().transpose().map(|more| more.is_none())
    }
}

/// Returns a tenant that doesn't exist but has values in the store.
pub(crate) fn stranger(check: &Check<'_>) -> Result<Option<TenantId>> {
    let known: HashSet<TenantId> = check.tenants.keys().copied().collect();
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
        while let Some(key) = first_after(check, space, after.as_deref())? {
            let Some(id) = place::tenant_of_key(&key).filter(|id| known.contains(id)) else {
                return Ok(Some(owner_by(&key)));
            };
            // After all keys of this tenant, and in any case after the last key seen.
            let mut last = place::of_tenant(space, id);
            last.extend_from_slice(&[0xff; 64]);
            after = Some(last.max(key));
        }
    }
    Ok(None)
}

/// Returns the tenant that a key names; for a key too short for an id, the bytes that there are.
fn owner_by(key: &[u8]) -> TenantId {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(key.iter().skip(1)) {
        *to = *from;
    }
    TenantId::from_bytes(id)
}

fn first_after(check: &Check<'_>, space: Space, after: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
    let page = check.core.store.scan(&place::all_of(space), after, 1);
    let page = page.map_err(|error| Error::io("reading the vault", error))?;
    Ok(page.into_iter().next().map(|(key, _)| key))
}

fn opens(tenant: &TenantCore, key: &[u8], sealed: &[u8]) -> bool {
    place::fact_of_key(key).is_some_and(|id| standing::open_fact(&tenant.facts.owner, id, sealed).is_ok())
}
