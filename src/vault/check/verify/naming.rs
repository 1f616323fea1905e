//! Naming the records that make a tenant's digest differ, in a second pass after the digest was found to differ.
//!
//! A row opens only where it was written, and holds its data subject, number and revision; the journal holds the last
//! revision of each record. Change lists hold all records that there ever were.
//!
//! Guarantees: a record named as set back or foreign is so. Memory for about [`PART`] records: more are checked in
//! parts, with one pass over the tenant's rows and journal for each. Does not: name a removed record that no change
//! list holds, or a revision in a dropped block. With altered change lists, a record may be called missing that never
//! was.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{MAX_NAMED, OpenedBlock, Outcome, RowFault, RowSet, Verdict};
use crate::error::Result;
use crate::format::place;
use crate::format::place::Space;
use crate::format::row::RawRow;
use crate::model::{Action, CollectionId, Pseudonym, RecordId, Revision};
use crate::store::Pair;
use crate::vault::state::tenant::TenantCore;

use super::journal::{Step, Steps};
use super::pages::Pages;
use super::row::{Collections, Row, check_row, collections_of, with_row};
use super::rows;
use crate::vault::check::verify::check::{Check, differ};

/// Largest number of records checked in one pass.
const PART: u64 = 1 << 18;

/// Largest number of records taken from change lists for one pass: somebody may have made the lists long.
const MOST: usize = 1 << 19;

/// Acts that give a record a revision.
const WRITES: [Action; 4] = [Action::Create, Action::Update, Action::Delete, Action::Transfer];

/// Names a tenant's records that differ; `most` is about how many records there are.
pub(crate) fn named(check: &Check<'_>, tenant: &TenantCore, rows: RowSet, most: u64) -> Result<Vec<RowFault>> {
    let mut naming = Naming { check, tenant, collections: collections_of(tenant), faults: BTreeMap::new() };
    match rows {
        RowSet::Indexes => naming.misindexed()?,
        RowSet::Records => {
            let of = most.div_ceil(PART).max(1);
            for number in 0..of {
                naming.records(Part { number, of })?;
            }
            naming.stray_chunks()?;
        }
    }
    Ok(naming.faults.into_values().collect())
}

/// Returns the verdict on what is stored of a tenant that there isn't, with its rows named.
pub(crate) fn stranger(check: &Check<'_>) -> Result<Option<Verdict>> {
    let Some(tenant) = rows::stranger(check)? else { return Ok(None) };
    let mut named = Vec::new();
    for pair in Pages::new(&*check.core.store, place::of_tenant(Space::Row, tenant)).take(MAX_NAMED) {
        if let Some((_, collection, record)) = place::row_of_key(&pair?.0) {
            named.push(RowFault::Foreign { collection: collection.to_string(), record });
        }
    }
    Ok(Some(differ(tenant, RowSet::Records, (0, 0), named)))
}

/// One of equal parts of all records.
#[derive(Clone, Copy)]
struct Part {
    number: u64,
    of: u64,
}

impl Part {
    /// Tells whether an id is in this part, by the id's last bytes, which are random.
    fn holds(self, id: &[u8; 16]) -> bool {
        let [.., a, b, c] = *id;
        u64::from(u32::from_be_bytes([0, a, b, c])) % self.of == self.number
    }
}

/// The journal's record of one part of the records.
struct Told {
    /// Last revision of each record, by data subject and number.
    revisions: BTreeMap<(Pseudonym, u32), Revision>,
    /// Records that there ever were, by the change lists.
    records: BTreeSet<(CollectionId, RecordId)>,
    /// True if the journal still has its beginning, and all of it was read.
    whole: bool,
}

impl Told {
    fn writes(&mut self, part: Part, block: &OpenedBlock) {
        for entry in &block.entries {
            if entry.outcome().0 != Outcome::Permitted || !WRITES.iter().any(|act| act.name() == entry.action()) {
                continue;
            }
            for subject in entry.subjects().filter(|subject| part.holds(subject.pseudonym.as_bytes())) {
                let last = self.revisions.entry((subject.pseudonym, subject.number)).or_insert(subject.revision);
                *last = subject.revision.max(*last);
            }
        }
    }

    fn list(&mut self, part: Part, list: &[u8], known: impl Fn(&CollectionId) -> bool) {
        for (collection, record) in list.as_chunks::<32>().0.iter().filter_map(|row| row.split_first_chunk::<16>()) {
            let Some(record) = record.first_chunk::<16>().filter(|record| part.holds(record)) else { continue };
            let collection = CollectionId::from_bytes(*collection);
            if known(&collection) && self.records.len() < MOST {
                self.records.insert((collection, RecordId::from_bytes(*record)));
            }
        }
    }
}

struct Naming<'a> {
    check: &'a Check<'a>,
    tenant: &'a TenantCore,
    collections: Collections,
    faults: BTreeMap<(CollectionId, RecordId), RowFault>,
}

impl<'a> Naming<'a> {
    fn records(&mut self, part: Part) -> Result<()> {
        let mut told = self.told(part)?;
        for pair in self.pages(Space::Row) {
            let pair = pair?;
            let Some((_, collection, record)) = place::row_of_key(&pair.0) else { continue };
            told.records.remove(&(collection, record));
            if self.has_room()
                && let Some(fault) = self.judge(&told, part, (collection, record), &pair)
            {
                self.faults.insert((collection, record), fault);
            }
        }
        for (collection, record) in std::mem::take(&mut told.records) {
            if !self.has_room() {
                break;
            }
            let fault = RowFault::Missing { collection: self.name(collection), record };
            self.faults.insert((collection, record), fault);
        }
        Ok(())
    }

    /// Returns the fault of a row, if its data subject, or the row itself, is in this part.
    fn judge(&self, told: &Told, part: Part, at: (CollectionId, RecordId), pair: &Pair) -> Option<RowFault> {
        let (collection, record) = (self.name(at.0), at.1);
        let foreign = || RowFault::Foreign { collection: collection.clone(), record };
        let judged = with_row(self.check.core, self.tenant, &self.collections, &pair.0, &pair.1, |_, row| match row {
            Row::Live { opened, .. } => {
                let (meta, found) = (opened.meta(), opened.head().revision);
                if !part.holds(meta.pseudonym.as_bytes()) {
                    return None;
                }
                match told.revisions.get(&(meta.pseudonym, meta.number)) {
                    Some(expected) if *expected == found => None,
                    Some(expected) if *expected > found => {
                        let (collection, expected) = (collection.clone(), *expected);
                        Some(RowFault::RolledBack { collection, record, found, expected })
                    }
                    Some(_) => Some(foreign()),
                    None => told.whole.then(foreign),
                }
            }
            // A tombstone doesn't hold its number, but a record of its data subject must have ended at this revision.
            Row::Tombstone(tombstone) => {
                let of = (tombstone.pseudonym, 0)..=(tombstone.pseudonym, u32::MAX);
                let written = told.revisions.range(of).any(|(_, revision)| *revision == tombstone.revision);
                (part.holds(tombstone.pseudonym.as_bytes()) && told.whole && !written).then(foreign)
            }
        });
        judged.unwrap_or_else(|_| Some(foreign()))
    }

    fn told(&self, part: Part) -> Result<Told> {
        let mut told = Told { revisions: BTreeMap::new(), records: BTreeSet::new(), whole: true };
        let (blocks, _) = self.check.core.blocks()?;
        let mut steps = Steps::new(&*self.check.core.store);
        let mut first = None;
        while let Some(step) = steps.next()? {
            match step {
                Step::Block { position, header, bytes } => {
                    first.get_or_insert(position);
                    if header.is_ok_and(|header| header.tenant == Some(self.tenant.id)) {
                        match blocks.open(position, &bytes) {
                            Ok((_, opened)) => told.writes(part, &opened),
                            Err(_) => told.whole = false,
                        }
                    }
                }
                Step::List { pair: (key, list), owner } => {
                    // The blocks of the oldest lists may have been dropped.
                    let early = place::position_of_key(&key)
                        .is_some_and(|(position, _)| first.is_some_and(|first| position < first));
                    let owner =
                        if early { self.check.owner_of_list(owner, &list).map(|tenant| tenant.id) } else { owner };
                    if owner == Some(self.tenant.id) {
                        let known = |collection: &CollectionId| self.collections.contains_key(collection);
                        told.list(part, &list, known);
                    }
                }
                Step::Broken { .. } | Step::Stray => {}
            }
        }
        told.whole &= first == Some(0);
        Ok(told)
    }

    fn misindexed(&mut self) -> Result<()> {
        for pair in self.pages(Space::Row) {
            let (key, value) = pair?;
            let Some((_, collection, record)) = place::row_of_key(&key) else { continue };
            let checked = check_row(self.check.core, self.tenant, &self.collections, &key, &value);
            if checked == Err(RowSet::Indexes) && self.has_room() {
                let fault = RowFault::Misindexed { collection: self.name(collection), record };
                self.faults.insert((collection, record), fault);
            }
        }
        Ok(())
    }

    /// Names records with chunks that their row doesn't name.
    fn stray_chunks(&mut self) -> Result<()> {
        for pair in self.pages(Space::Chunk) {
            let (key, _) = pair?;
            let Some(((_, collection, record), revision, number)) = place::chunk_of_key(&key) else { continue };
            let row = self.check.get(&place::row(self.tenant.id, collection, record))?;
            let named = match row.as_deref().map(RawRow::parse) {
                Some(Ok(RawRow::Live(row))) => {
                    row.head.revision == revision && row.chunks.is_some_and(|chunks| number < chunks.count)
                }
                _ => false,
            };
            if !named && self.has_room() {
                let fault = RowFault::Foreign { collection: self.name(collection), record };
                self.faults.entry((collection, record)).or_insert(fault);
            }
        }
        Ok(())
    }

    fn pages(&self, space: Space) -> Pages<'a> {
        Pages::new(&*self.check.core.store, place::of_tenant(space, self.tenant.id))
    }

    fn has_room(&self) -> bool {
        self.faults.len() < MAX_NAMED
    }

    fn name(&self, collection: CollectionId) -> String {
        self.collections.get(&collection).map_or_else(|| collection.to_string(), |known| known.name.clone())
    }
}
