//! Creating a collection, changing its schema, building its indexes.

use std::sync::Arc;

use crate::crypto::fill;
use crate::error::{Error, Result};
use crate::format::links::MAX_LINKS;
use crate::format::{IndexState, StoredSchema, place};
use crate::index;
use crate::model::{Action, CollectionId, RecordId};
use crate::record::{self, Dictionary, Record, RecordError, Schema};

use crate::vault::commit::{NewRow, Outcome, RowChange, Write};
use crate::vault::core::Core;
use crate::vault::gate::Opened;
use crate::vault::handles::{Session, SessionInner};
use crate::vault::state::catalog::{Part, check_name, seal_part};
use crate::vault::state::rows::{self, ParsedRow};
use crate::vault::state::schema::{CollectionCore, CompiledSchema, layout};
use crate::vault::state::seals::RowPlace;
use crate::vault::state::tenant::TenantCore;
use crate::vault::state::terms;

/// Largest number of rows put into a new index in one commit.
const PAGE: usize = 128;

impl Session {
    /// Creates the collection that `T`'s schema names, or changes its schema to the present one, and builds the indexes
    /// that are new. Defining what is defined already does nothing.
    ///
    /// New indexes are built from the rows that are there, a page at a time, while others read and write; if that is cut
    /// short, call `define` again.
    ///
    /// # Errors
    /// [`Error::Record`](crate::Error::Record) if type and schema don't fit, saying what to change;
    /// [`Error::Denied`](crate::Error::Denied) for an actor who may not define; [`Error::Duplicate`](crate::Error::Duplicate)
    /// if a new unique index finds a value twice.
    pub fn define<T: Record + 'static>(&self) -> Result<()> {
        self.define_as::<T>(T::schema())
    }

    /// Defines with a schema made at run time, for [`Document`](crate::Document) and for types that several collections
    /// share.
    ///
    /// # Errors
    /// As [`define`](Self::define).
    pub fn define_as<T: Record + 'static>(&self, schema: Schema) -> Result<()> {
        define::<T>(&self.inner, &schema)
    }
}

fn define<T: Record + 'static>(session: &SessionInner, schema: &Schema) -> Result<()> {
    let (core, tenant) = (&session.core, &session.tenant);
    let name = schema.collection();
    let act = session.act(Action::Define).named(Some(name));
    check_name("collection", name)?;
    let plan = record::plan::<T>(schema)?;
    for wanted in schema.indexes() {
        index::validate(&wanted.normalizer).map_err(|error| RecordError::Schema {
            collection: name.to_owned(),
            problem: format!("the index of `{}` can't be: {error}", wanted.field),
        })?;
    }
    let _defining = tenant.defining.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let existing = tenant.collection(name).ok();
    let layout = existing.as_ref().map(|collection| collection.layout());
    let old = layout.as_ref().map(|layout| (&layout.schema, &layout.dictionary));
    let next = match record::evolve(old, schema, &plan, &|normalizer| u16::from(index::version(normalizer))) {
        Ok(next) => next,
        Err(error) => {
            // The policy's no comes first.
            act.permit_to_plan()?;
            return Err(error.into());
        }
    };
    let encoded = |error| Error::io("encoding a schema", error);
    let (schema, dictionary) = (next.schema.encode().map_err(encoded)?, next.dictionary.encode().map_err(encoded)?);
    let act =
        next.changes.iter().fold(act, |act, change| act.told("change", change)).untold(&schema).untold(&dictionary);
    // What changes nothing, or only goes on with an index that was cut short, is no act that others approve.
    let mut permit = if next.changes.is_empty() {
        act.admit()?;
        act.permit_to_plan()?
    } else {
        act.permit()?
    };
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
        Some(collection) if next.changes.is_empty() => {
            act.told_elsewhere();
            collection
        }
        existing => {
            let id = existing.as_ref().map_or_else(new_id, |collection| Ok(collection.id))?;
            let mut entry = act.entry(&permit);
            entry.collection(id);
            let changes: Vec<String> = next.changes.iter().map(ToString::to_string).collect();
            entry.fields_changed(changes.iter().map(String::as_str));
            let change = Change { core, tenant, id, name, existing };
            let mut write = Write::default();
            act.add(entry, &mut write)?;
            // Sealing takes its time; only another policy or another fact makes the decision out of date.
            write.decided.iter_mut().for_each(|decided| decided.at = None);
            act.spend(&mut permit, &mut write)?;
            let committed = change.commit(next.schema, next.dictionary, write);
            act.committed(&committed);
            committed?
        }
    };
    while let Some((id, version)) = building(&collection.layout().schema) {
        build(core, tenant, &collection, id, version)?;
        let layout = collection.layout();
        let mut schema = layout.schema.clone();
        schema.set_ready(id, version);
        let existing = Some(Arc::clone(&collection));
        let change = Change { core, tenant, id: collection.id, name, existing };
        change.commit(schema, layout.dictionary.clone(), Write::default())?;
    }
    Ok(())
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
    fn commit(self, schema: StoredSchema, dictionary: Dictionary, mut write: Write) -> Result<Arc<CollectionCore>> {
        let Self { core, tenant, id, name, existing } = self;
        let encoded = |error| Error::io("encoding a schema", error);
        let mut part = |part, plain: &[u8]| -> Result<()> {
            write.puts.extend(seal_part(&*core.store, &tenant.keys, tenant.id, id, part, plain)?);
            Ok(())
        };
        part(Part::Schema, &schema.encode().map_err(encoded)?)?;
        part(Part::Dictionary, &dictionary.encode().map_err(encoded)?)?;
        if existing.is_none() {
            part(Part::Name, name.as_bytes())?;
        }
        let generation = existing.as_ref().map_or(1, |collection| collection.generation().saturating_add(1));
        let layout = layout(tenant, id, generation, schema, dictionary)?;
        let collection = match existing {
            Some(collection) => {
                let shared = Arc::clone(&collection);
                write.then(move || shared.replace(layout));
                collection
            }
            None => {
                let collection = Arc::new(CollectionCore::new(id, name.to_owned(), layout));
                let (shared, tenant, name) = (Arc::clone(&collection), Arc::clone(tenant), name.to_owned());
                write.then(move || tenant.add_collection(name, shared));
                collection
            }
        };
        match core.write(Some(tenant), write)? {
            Outcome::Committed => Ok(collection),
            // An approval was used up meanwhile; it expects nothing else, and enters nothing.
            Outcome::Conflict | Outcome::Stale(_) | Outcome::Duplicate(_) => Err(Error::Conflict),
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
                Outcome::Conflict | Outcome::Stale(_) => {
                    // Somebody wrote one of these rows: look again, at fewer, so that busy rows can't hold up the others.
                    size = (size / 2).max(1);
                    continue;
                }
                Outcome::Duplicate(holder) => return Err(Error::Duplicate { field: holder.field, write: None }),
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
    let (kept, removed) = terms::keep(links, layout, |_| true);
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
