//! Creating a collection, changing its schema, building its indexes.

use std::sync::Arc;

use crate::crypto::fill;
use crate::error::{Error, Result};
use crate::format::links::MAX_LINKS;
use crate::format::{IndexState, StoredKey, StoredSchema, place};
use crate::index;
use crate::index::{IndexKeys, Link};
use crate::model::{Action, Actor, CollectionId, Normalizer, RecordId};
use crate::record;
use crate::record::{Dictionary, Record, RecordError, Schema};

use crate::vault::commit::{NewRow, RowChange};
use crate::vault::core::{Core, Outcome, Write};
use crate::vault::gate::entries;
use crate::vault::gate::{Opened, Question, RowPlace};
use crate::vault::state::catalog::{Part, check_name, seal_part};
use crate::vault::state::rows;
use crate::vault::state::rows::ParsedRow;
use crate::vault::state::tenant::{CollectionCore, CompiledSchema, IndexCore, Indexed, TenantCore};
use crate::vault::state::terms;

/// How many rows are put into a new index in one commit.
const PAGE: usize = 128;

pub(crate) fn define<T: Record + 'static>(
    core: &Arc<Core>,
    tenant: &Arc<TenantCore>,
    schema: &Schema,
    actor: &Actor,
) -> Result<()> {
    core.ready()?;
    let name = schema.collection();
    check_name("collection", name)?;
    let plan = record::plan::<T>(schema)?;
    for wanted in schema.indexes() {
        index::validate(&wanted.normalizer).map_err(|error| RecordError::Schema {
            collection: name.to_owned(),
            problem: format!("the index of `{}` can't be: {error}", wanted.field),
        })?;
    }
    let question = Question { collection: Some(name), ..Question::new(actor, Action::Define, Some(tenant)) };
    let permit = match core.gate.permit(&question) {
        Ok(permit) => permit,
        Err(denial) => {
            let entry = entries::denied(&core.gate, &question, None, &denial)?;
            return Err(core.denied(Some(tenant), entry, true, denial));
        }
    };
    let _defining = tenant.defining.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let existing = tenant.collection(name).ok();
    let layout = existing.as_ref().map(|collection| collection.layout());
    let old = layout.as_ref().map(|layout| (&layout.schema, &layout.dictionary));
    let next = record::evolve(old, schema, &plan, &|normalizer| u16::from(index::version(normalizer)))?;
    let active = next.schema.indexes.iter().filter(|index| index.state != IndexState::Retired).count();
    if active > MAX_LINKS {
        return Err(RecordError::Schema {
            collection: name.to_owned(),
            problem: format!(
                "with the indexes that are being replaced there are {active}, and at most {MAX_LINKS} fit: change fewer at \
                 once, and define again"
            ),
        }
        .into());
    }
    let collection = match existing {
        Some(collection) if next.changes.is_empty() => collection,
        existing => {
            let id = existing.as_ref().map_or_else(new_id, |collection| Ok(collection.id))?;
            let mut entry = entries::permitted(&core.gate, &question, Some(id), &permit);
            let changes: Vec<String> = next.changes.iter().map(ToString::to_string).collect();
            entry.fields_changed(changes.iter().map(String::as_str));
            let change = Change { core, tenant, id, name, existing };
            change.commit(next.schema, next.dictionary, vec![entries::finish(entry)?])?
        }
    };
    while let Some((id, version)) = building(&collection.layout().schema) {
        build(core, tenant, &collection, id, version)?;
        let layout = collection.layout();
        let mut schema = layout.schema.clone();
        schema.set_ready(id, version);
        let existing = Some(Arc::clone(&collection));
        let change = Change { core, tenant, id: collection.id, name, existing };
        change.commit(schema, layout.dictionary.clone(), Vec::new())?;
    }
    Ok(())
}

/// A layout from what is stored; `generation` counts the layouts of a collection while the vault is open.
pub(crate) fn layout(
    tenant: &TenantCore,
    id: CollectionId,
    generation: u64,
    schema: StoredSchema,
    dictionary: Dictionary,
) -> Result<CompiledSchema> {
    let mut indexes = Vec::new();
    for stored in schema.indexes.iter().filter(|stored| stored.state != IndexState::Retired) {
        let on = match &stored.field {
            StoredKey::Name(name) => Indexed::Field(name.clone()),
            StoredKey::Number(number) => Indexed::Field(
                dictionary
                    .name_of(*number)
                    .ok_or(Error::damaged("an index is on a field that the dictionary doesn't have"))?
                    .to_owned(),
            ),
            StoredKey::Owner => Indexed::Owner,
        };
        let normalizer = Normalizer::from(&stored.normalizer);
        // An older release's normalizer would look for other values than it entered.
        let known = stored.normalizer_version == u16::from(index::version(&normalizer));
        let keys = IndexKeys::derive(tenant.keys.index(), id, stored.id, stored.version)
            .map_err(|error| Error::io("deriving an index key", error))?;
        indexes.push(IndexCore {
            on,
            unique: stored.unique,
            ready: known && stored.state == IndexState::Ready,
            normalizer,
            keys,
        });
    }
    Ok(CompiledSchema::new(generation, schema, dictionary, indexes))
}

/// A new layout of a collection, on its way into the store.
struct Change<'a> {
    core: &'a Core,
    tenant: &'a Arc<TenantCore>,
    id: CollectionId,
    name: &'a str,
    existing: Option<Arc<CollectionCore>>,
}

impl Change<'_> {
    fn commit(
        self,
        schema: StoredSchema,
        dictionary: Dictionary,
        entries: Vec<crate::audit::Entry>,
    ) -> Result<Arc<CollectionCore>> {
        let Self { core, tenant, id, name, existing } = self;
        let encoded = |error| Error::io("encoding a schema", error);
        let mut puts = Vec::new();
        let mut part = |part, plain: &[u8]| -> Result<()> {
            puts.extend(seal_part(&*core.store, &tenant.keys, tenant.id, id, part, plain)?);
            Ok(())
        };
        part(Part::Schema, &schema.encode().map_err(encoded)?)?;
        part(Part::Dictionary, &dictionary.encode().map_err(encoded)?)?;
        if existing.is_none() {
            part(Part::Name, name.as_bytes())?;
        }
        let generation = existing.as_ref().map_or(1, |collection| collection.generation().saturating_add(1));
        let layout = layout(tenant, id, generation, schema, dictionary)?;
        let (collection, after): (_, Box<dyn FnOnce() + Send>) = match existing {
            Some(collection) => {
                let shared = Arc::clone(&collection);
                (collection, Box::new(move || shared.replace(layout)))
            }
            None => {
                let collection = Arc::new(CollectionCore::new(id, name.to_owned(), layout));
                let (shared, tenant, name) = (Arc::clone(&collection), Arc::clone(tenant), name.to_owned());
                (collection, Box::new(move || tenant.add_collection(name, shared)))
            }
        };
        let write = Write { puts, entries, after: Some(after), ..Write::default() };
        match core.write(Some(tenant), write)? {
            Outcome::Committed => Ok(collection),
            // It expects nothing, and enters nothing.
            Outcome::Conflict | Outcome::Duplicate(_) => Err(Error::Conflict),
        }
    }
}

/// The first index that isn't complete.
fn building(schema: &StoredSchema) -> Option<(u16, u16)> {
    let index = schema.indexes.iter().find(|index| index.state == IndexState::Building)?;
    Some((index.id, index.version))
}

/// Enters every row that isn't in the index yet.
fn build(core: &Core, tenant: &Arc<TenantCore>, collection: &Arc<CollectionCore>, id: u16, version: u16) -> Result<()> {
    let prefix = place::rows_of(tenant.id, collection.id);
    let mut after: Option<Vec<u8>> = None;
    let mut size = PAGE;
    loop {
        core.ready()?;
        let page = core.store.scan(&prefix, after.as_deref(), size);
        let page = page.map_err(|error| Error::io("reading a page of records", error))?;
        let layout = collection.layout();
        let mut write = Write::default();
        for (key, raw) in &page {
            let (_, _, record) = place::row_of_key(key).ok_or(Error::damaged("a key in the store is not a row's"))?;
            write.rows.extend(relink(core, tenant, collection, &layout, record, raw, id, version)?);
        }
        if !write.rows.is_empty() {
            match core.write(Some(tenant), write)? {
                Outcome::Committed => {}
                Outcome::Conflict => {
                    // Somebody wrote one of these rows: look again, at fewer, so that busy rows can't hold up the others.
                    size = (size / 2).max(1);
                    continue;
                }
                Outcome::Duplicate(holder) => return Err(Error::Duplicate { field: holder.field }),
            }
        }
        size = PAGE;
        match page.last() {
            Some((key, _)) => after = Some(key.clone()),
            None => return Ok(()),
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one private step of `build`, which has them all")]
fn relink(
    core: &Core,
    tenant: &TenantCore,
    collection: &Arc<CollectionCore>,
    layout: &CompiledSchema,
    record: RecordId,
    raw: &[u8],
    id: u16,
    version: u16,
) -> Result<Option<RowChange>> {
    let place = RowPlace { tenant: tenant.id, collection: collection.id, record };
    let Some(bytes) = rows::complete(&*core.store, &place, raw.to_vec())? else { return Ok(None) };
    let mut joined = Vec::new();
    let ParsedRow::Live { row, body } = bytes.parse(&mut joined).map_err(rows::unreadable)? else { return Ok(None) };
    let links = terms::links(tenant, &place, row.head.revision, row.links)?;
    if links.iter().any(|link| (link.index, link.version) == (id, version)) {
        return Ok(None);
    }
    let opened = Opened::open(&tenant.keys, place, &row, body, layout, collection)?;
    let added = opened.terms(layout, |index| (index.keys.index(), index.keys.version()) == (id, version))?;
    if added.is_empty() {
        return Ok(None);
    }
    // Entries of dropped indexes make room.
    let stays = |link: &Link| {
        let known = |index: &IndexCore| (index.keys.index(), index.keys.version()) == (link.index, link.version);
        layout.indexes.iter().any(known)
    };
    let (kept, removed) = links.into_iter().partition(stays);
    Ok(Some(RowChange {
        collection: Arc::clone(collection),
        generation: layout.generation,
        record,
        before: Some(bytes.raw.clone()),
        after: NewRow::Relinked,
        kept,
        removed,
        added,
        links: None,
    }))
}

fn new_id() -> Result<CollectionId> {
    let mut id = [0; 16];
    fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
    Ok(CollectionId::from_bytes(id))
}
