//! Finding the records of pseudonyms: in one pass over the metadata of a tenant's rows, or by one person's slot map.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::place;
use crate::model::{CollectionId, Pseudonym, RecordId};
use crate::vault::core::Core;
use crate::vault::journal::handle::{Journal, Meant};
use crate::vault::journal::query::{Known, look, records_of};
use crate::vault::state::rows;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::RowPlace;
use crate::vault::state::tenant::TenantCore;

use super::gather::{Found, Reader};
use super::report::{Disclosed, DisclosedTo, Disclosure, DisclosureReport};

/// Number of rows read at once.
const PAGE: usize = 256;

/// Records by pseudonym and number, as journal entries name them.
#[derive(Default)]
struct Resolved {
    records: HashMap<(Pseudonym, u32), Disclosed>,
    /// Number of rows that didn't open.
    unreadable: u64,
}

/// Makes the report of what was found; the fields that state the question stay empty.
pub(crate) fn resolve(journal: &Journal, meant: Option<Meant>, found: Found) -> Result<DisclosureReport> {
    let Some(tenant) = &journal.tenant else { return Ok(DisclosureReport::default()) };
    let resolved = match meant.and_then(|meant| meant.record) {
        Some(record) => of_person(&journal.core, tenant, record)?,
        None if found.people.is_empty() => Resolved::default(),
        None => of_all(&journal.core, tenant, &found)?,
    };
    let Resolved { records, unreadable } = resolved;
    let mut people: Vec<Disclosure> = Vec::with_capacity(found.people.len());
    for (pseudonym, person) in found.people {
        let number = |number: u32| records.get(&(pseudonym, number)).cloned();
        people.push(Disclosure {
            pseudonym: pseudonym.to_string(),
            person: number(0),
            records: person.numbers.iter().filter_map(|shown| number(*shown)).collect(),
            unresolved: person.numbers.iter().filter(|shown| number(**shown).is_none()).count(),
            readers: person.readers.into_iter().map(|(actor, reader)| told(&actor, reader)).collect(),
        });
    }
    // People without a record stand last.
    people.sort_by(|a, b| {
        let key = |line: &Disclosure| (line.person.is_none(), line.person.clone(), line.pseudonym.clone());
        key(a).cmp(&key(b))
    });
    Ok(DisclosureReport { people, acts: found.acts, unreadable, ..DisclosureReport::default() })
}

fn told(actor: &str, reader: Reader) -> DisclosedTo {
    let Reader { times, first, last, acts, fields, unmasked, purposes, unnamed } = reader;
    let all = |names: std::collections::BTreeSet<Arc<str>>| names.iter().map(|name| name.to_string()).collect();
    let (acts, fields, unmasked, purposes) = (all(acts), all(fields), all(unmasked), all(purposes));
    DisclosedTo { actor: actor.to_owned(), times, first, last, acts, fields, unmasked, purposes, unnamed }
}

/// Finds the records about one person.
fn of_person(
    core: &Core,
    tenant: &TenantCore,
    (collection, record, known): (CollectionId, RecordId, Known),
) -> Result<Resolved> {
    let names = names(tenant);
    let mut records = HashMap::new();
    let mut add = |number, (collection, id): (CollectionId, RecordId), deleted| {
        let collection = names.get(&collection).map(|core| core.name.clone()).unwrap_or_default();
        records.insert((known.pseudonym, number), Disclosed { collection, id, deleted });
    };
    let by_number = records_of(core, tenant, known.slot)?.into_iter().map(|(number, place)| (number, Some(place)));
    for (number, place) in by_number.chain([(0, known.root)]) {
        let Some(place) = place.filter(|place| *place != (collection, record)) else { continue };
        let Some(of) = names.get(&place.0) else { continue };
        match crate::vault::journal::query::known(core, tenant, of, place.1) {
            Ok(other) => add(number, place, other.deleted),
            // The number's record was never committed, or is erased.
            Err(Error::NotFound | Error::Erased) => {}
            Err(error) => return Err(error),
        }
    }
    add(known.number, (collection, record), known.deleted);
    Ok(Resolved { records, unreadable: 0 })
}

/// Finds the records about all people in `found`.
fn of_all(core: &Core, tenant: &TenantCore, found: &Found) -> Result<Resolved> {
    let mut resolved = Resolved::default();
    for collection in tenant.collections() {
        let prefix = place::rows_of(tenant.id, collection.id);
        let mut after: Option<Vec<u8>> = None;
        loop {
            core.ready()?;
            let page = core.store.scan(&prefix, after.as_deref(), PAGE);
            let page = page.map_err(|error| Error::io("reading a page of records", error))?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, raw) in page {
                resolved.row(core, tenant, &collection, found, &key, raw)?;
            }
        }
    }
    Ok(resolved)
}

impl Resolved {
    fn row(
        &mut self,
        core: &Core,
        tenant: &TenantCore,
        collection: &Arc<CollectionCore>,
        found: &Found,
        key: &[u8],
        raw: Vec<u8>,
    ) -> Result<()> {
        let (_, _, record) = place::row_of_key(key).ok_or(Error::damaged("a key in the store is not a row's"))?;
        let at = RowPlace { tenant: tenant.id, collection: collection.id, record };
        let looked = rows::complete(&*core.store, &at, raw).and_then(|bytes| match bytes {
            Some(bytes) => look(core, tenant, collection, at, &bytes),
            None => Ok(None),
        });
        let known = match looked {
            Ok(Some(known)) => known,
            Ok(None) => return Ok(()),
            Err(error @ (Error::Io { .. } | Error::DiskFull { .. })) => return Err(error),
            // One damaged row must not hold back a breach notice; the report counts such rows.
            Err(_) => {
                self.unreadable = self.unreadable.saturating_add(1);
                return Ok(());
            }
        };
        if found.people.contains_key(&known.pseudonym) {
            let line = Disclosed { collection: collection.name.clone(), id: record, deleted: known.deleted };
            self.records.insert((known.pseudonym, known.number), line);
        }
        Ok(())
    }
}

fn names(tenant: &TenantCore) -> BTreeMap<CollectionId, Arc<CollectionCore>> {
    tenant.collections().into_iter().map(|collection| (collection.id, collection)).collect()
}
