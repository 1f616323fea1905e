//! Finding whom the journal means: from a record to its data subject's pseudonym and its number, and from there to
//! records.
//!
//! Guarantees: reads only sealed metadata and tombstones; tells nothing of an erased record. Does not: decide who may
//! know.

use std::sync::Arc;

use crate::audit::Subject;
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::row::TombstoneKind;
use crate::format::state::SlotEntry;
use crate::keys::KeyError;
use crate::model::{CollectionId, Pseudonym, RecordId, Revision, Slot};
use crate::vault::core::Core;
use crate::vault::gate::Opened;
use crate::vault::records::open_slot_entry;
use crate::vault::state::rows;
use crate::vault::state::rows::{ParsedRow, RowBytes};
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::{OpenError, RowPlace, open_tombstone};
use crate::vault::state::tenant::TenantCore;

/// Number of a slot's entries read at once.
const PAGE: usize = 256;

/// A record as the journal names it.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) pseudonym: Pseudonym,
    pub(crate) number: u32,
    pub(crate) revision: Revision,
    pub(crate) slot: Slot,
    /// The data subject's own record, if this record is about another one and not deleted.
    pub(crate) root: Option<(CollectionId, RecordId)>,
    pub(crate) deleted: bool,
}

impl Known {
    pub(crate) const fn subject(&self) -> Subject {
        Subject { pseudonym: self.pseudonym, number: self.number, revision: self.revision }
    }
}

/// Returns a record that is stored or was deleted.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Erased`].
pub(crate) fn known(
    core: &Core,
    tenant: &TenantCore,
    collection: &Arc<CollectionCore>,
    record: RecordId,
) -> Result<Known> {
    let at = RowPlace { tenant: tenant.id, collection: collection.id, record };
    match rows::load(&*core.store, &at)? {
        None => Err(Error::NotFound),
        Some(bytes) => look(core, tenant, collection, at, &bytes)?.ok_or(Error::Erased),
    }
}

/// Opens a stored row; `None` if the record was erased.
pub(crate) fn look(
    core: &Core,
    tenant: &TenantCore,
    collection: &Arc<CollectionCore>,
    at: RowPlace,
    bytes: &RowBytes,
) -> Result<Option<Known>> {
    let mut joined = Vec::new();
    match bytes.parse(&mut joined).map_err(rows::unreadable)? {
        ParsedRow::Live { row, body } => {
            let layout = collection.layout();
            let opened = match Opened::open(&tenant.keys, at, &row, body, &layout, collection) {
                Err(OpenError::Key(KeyError::Erased)) => return Ok(None),
                opened => opened?,
            };
            let (meta, head) = (opened.meta(), opened.head());
            let (pseudonym, number, root) = (meta.pseudonym, meta.number, meta.subject);
            let (slot, revision) = (head.slot, head.revision);
            Ok(Some(Known { pseudonym, number, revision, slot, root, deleted: false }))
        }
        ParsedRow::Tombstone(sealed) => {
            let stone = open_tombstone(&tenant.keys, &at, sealed)?;
            if stone.kind == TombstoneKind::Erased {
                return Ok(None);
            }
            // A tombstone doesn't hold the number. The data subject's own record, 0, isn't in the slot map.
            let all = records_of(core, tenant, stone.slot)?;
            let own = all.iter().find(|(_, place)| *place == (at.collection, at.record));
            let number = own.map_or(0, |(number, _)| *number);
            let (pseudonym, slot, revision) = (stone.pseudonym, stone.slot, stone.revision);
            Ok(Some(Known { pseudonym, number, revision, slot, root: None, deleted: true }))
        }
    }
}

/// Returns the records that are about a data subject, by their numbers from 1.
pub(crate) fn records_of(core: &Core, tenant: &TenantCore, slot: Slot) -> Result<Vec<(u32, (CollectionId, RecordId))>> {
    let head = place::slot_map(tenant.id, slot, 0);
    let prefix = head.split_last_chunk::<4>().map_or(&head[..], |(prefix, _)| prefix);
    let (mut found, mut after) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let page = core.store.scan(prefix, after.as_deref(), PAGE);
        let page = page.map_err(|error| Error::io("reading the slot map", error))?;
        for (key, sealed) in &page {
            let number = key.split_last_chunk::<4>().map_or(0, |(_, number)| u32::from_be_bytes(*number));
            if number == 0 {
                continue;
            }
            match open_slot_entry(&tenant.keys, tenant.id, slot, number, sealed)? {
                SlotEntry::Record { collection, record } => found.push((number, (collection, record))),
                SlotEntry::Head { .. } => return Err(Error::damaged("an entry of the slot map is a slot's head")),
            }
        }
        match page.last() {
            Some((key, _)) if page.len() == PAGE => after = Some(key.clone()),
            _ => return Ok(found),
        }
    }
}
