//! Checking one row: that it opens, and that index and row agree.
//!
//! Guarantees: a row that passes opens where it stands, whole, and has exactly the index entries of its fields. Does
//! not: tell an older revision of the row from the last one; the tenant's digest does.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::RowSet;
use crate::format::place;
use crate::format::row::Tombstone;
use crate::index;
use crate::index::{Entry as IndexEntry, Link};
use crate::model::{CollectionId, RecordId};
use crate::vault::core::Core;
use crate::vault::gate::Opened;
use crate::vault::state::rows::{self, ParsedRow};
use crate::vault::state::schema::{CollectionCore, CompiledSchema, IndexCore};
use crate::vault::state::seals::{RowPlace, open_tombstone};
use crate::vault::state::tenant::TenantCore;
use crate::vault::state::terms;

/// A tenant's collections, by their ids.
pub(crate) type Collections = HashMap<CollectionId, Arc<CollectionCore>>;

/// Returns the collections that a tenant has now.
pub(crate) fn collections_of(tenant: &TenantCore) -> Collections {
    tenant.collections().into_iter().map(|collection| (collection.id, collection)).collect()
}

/// A row that opened.
pub(crate) enum Row<'a> {
    Live { opened: &'a Opened, layout: &'a CompiledSchema, links: &'a [u8] },
    Tombstone(Tombstone),
}

/// Opens the row under `key`, with its chunks, and compares it with its index entries.
///
/// # Errors
/// The wrong part: the row itself, or only its index entries.
pub(crate) fn check_row(
    core: &Core,
    tenant: &TenantCore,
    collections: &Collections,
    key: &[u8],
    value: &[u8],
) -> Result<(), RowSet> {
    with_row(core, tenant, collections, key, value, |place, row| match row {
        Row::Live { opened, layout, links } => check_links(core, tenant, place, opened, layout, links),
        Row::Tombstone(_) => Ok(()),
    })?
}

/// Opens the row under `key`, with its chunks, and passes it to `act`.
///
/// # Errors
/// [`RowSet::Records`] if no row was written there that looks like this.
pub(crate) fn with_row<R>(
    core: &Core,
    tenant: &TenantCore,
    collections: &Collections,
    key: &[u8],
    value: &[u8],
    act: impl FnOnce(RowPlace, Row<'_>) -> R,
) -> Result<R, RowSet> {
    let (_, collection, record) = place::row_of_key(key).ok_or(RowSet::Records)?;
    let place = RowPlace { tenant: tenant.id, collection, record };
    let latest = collections.get(&collection).ok_or(RowSet::Records)?;
    let layout = latest.layout();
    let bytes = rows::complete(&*core.store, &place, value.to_vec()).map_err(|_| RowSet::Records)?;
    let bytes = bytes.ok_or(RowSet::Records)?;
    let mut joined = Vec::new();
    match bytes.parse(&mut joined).map_err(|_| RowSet::Records)? {
        ParsedRow::Live { row, body } => {
            let opened = Opened::open(&tenant.keys, place, &row, body, &layout, latest);
            let opened = opened.map_err(|_| RowSet::Records)?;
            Ok(act(place, Row::Live { opened: &opened, layout: &layout, links: row.links }))
        }
        ParsedRow::Tombstone(sealed) => {
            let tombstone = open_tombstone(&tenant.keys, &place, sealed).map_err(|_| RowSet::Records)?;
            Ok(act(place, Row::Tombstone(tombstone)))
        }
    }
}

fn check_links(
    core: &Core,
    tenant: &TenantCore,
    place: RowPlace,
    opened: &Opened,
    layout: &CompiledSchema,
    links: &[u8],
) -> Result<(), RowSet> {
    let links = terms::links(tenant, &place, opened.head().revision, links).map_err(|_| RowSet::Indexes)?;
    for link in &links {
        check_link(core, tenant, place.collection, place.record, link)?;
    }
    // An index that is being built may lack rows; its entries must still be right.
    let terms = opened.terms(layout, |index| index.ready).map_err(|_| RowSet::Indexes)?;
    let linked = terms.iter().all(|term| {
        links.iter().any(|link| {
            (link.index, link.version) == (term.index, term.version) && link.value_key.expose() == term.key.expose()
        })
    });
    let ready = |link: &&Link| {
        let same = |index: &&IndexCore| (index.keys.index(), index.keys.version()) == (link.index, link.version);
        layout.indexes.iter().find(same).is_some_and(|index| index.ready)
    };
    if linked && links.iter().filter(ready).count() == terms.len() { Ok(()) } else { Err(RowSet::Indexes) }
}

fn check_link(
    core: &Core,
    tenant: &TenantCore,
    collection: CollectionId,
    record: RecordId,
    link: &Link,
) -> Result<(), RowSet> {
    let key = place::entry(tenant.id, &index::entry_key(&link.value_key, link.position));
    let sealed = core.store.get(&key).map_err(|_| RowSet::Indexes)?.ok_or(RowSet::Indexes)?;
    match index::open_entry(&link.value_key, &link.place(collection), &sealed) {
        Ok(IndexEntry::Live(found)) if found == record => Ok(()),
        _ => Err(RowSet::Indexes),
    }
}
