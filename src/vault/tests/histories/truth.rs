//! The faults of a store that was tampered with, found from its whole past without opening anything.

use crate::format::place;
use crate::format::row::RawRow;
use crate::model::{Revision, TenantId};
use crate::vault::tests::histories::tamper::{is, of_row};
use crate::vault::tests::histories::*;

/// The faults of a tenant.
#[derive(Default)]
pub(super) struct Truth {
    /// True if something that backups carry differs.
    pub(super) records: bool,
    /// True if change lists differ.
    pub(super) lists: bool,
    pub(super) faults: BTreeSet<RowFault>,
    /// Faults that may be named: the rows themselves don't always show them.
    pub(super) perhaps: BTreeSet<RowFault>,
}

/// A row's own statement.
#[derive(PartialEq)]
enum Said<'a> {
    Row { primary: &'a [u8], revision: Revision, chunks: u16 },
    Tombstone(&'a [u8]),
}

impl Past {
    pub(super) fn truth(&self, tampered: &Content) -> BTreeMap<TenantId, Truth> {
        let mut truth: BTreeMap<TenantId, Truth> = BTreeMap::new();
        for key in self.now().keys().chain(tampered.keys()).collect::<BTreeSet<_>>() {
            let differs = self.now().get(key) != tampered.get(key);
            if is(key, Space::Row) {
                self.row(key, tampered, &mut truth);
            } else if is(key, Space::Changes) && differs {
                truth.entry(self.owner_of_list(key)).or_default().lists = true;
            } else if is(key, Space::TenantState) && differs {
                truth.entry(place::tenant_of_key(key).unwrap()).or_default().records = true;
            } else if differs && !is(key, Space::Chunk) {
                truth.entry(place::tenant_of_key(key).unwrap()).or_default();
            }
        }
        for key in tampered.keys().filter(|key| is(key, Space::Chunk)) {
            let ((tenant, collection, record), revision, number) = place::chunk_of_key(key).unwrap();
            let row = tampered.get(&place::row(tenant, collection, record));
            let named = row.and_then(|row| said(row)).is_some_and(
                |said| matches!(said, Said::Row { revision: r, chunks, .. } if r == revision && number < chunks),
            );
            if !named {
                let found = truth.entry(tenant).or_default();
                found.records = true;
                let same = |fault: &RowFault| of(fault) == record;
                let known = found.faults.iter().chain(&found.perhaps).any(same);
                // The row is gone, no list names it, and chunks of it may be left.
                let named = if known { &mut found.perhaps } else { &mut found.faults };
                named.insert(RowFault::Foreign { collection: self.name(tenant, collection), record });
            }
        }
        truth
    }

    fn row(&self, key: &[u8], tampered: &Content, truth: &mut BTreeMap<TenantId, Truth>) {
        let (tenant, id, record) = place::row_of_key(key).unwrap();
        let collection = self.name(tenant, id);
        let (was, found) = (self.now().get(key), tampered.get(key));
        let foreign = RowFault::Foreign { collection: collection.clone(), record };
        let fault = match found.map(|found| (found, said(found))) {
            None => Some(RowFault::Missing { collection, record }),
            Some((_, None)) => Some(foreign),
            Some((found, Some(said))) => {
                let wrote = |content: &Content| self.stood(content, key, &said, tampered);
                if wrote(self.now()) {
                    if was != Some(found) {
                        // The same row with other links.
                        truth.entry(tenant).or_default();
                    }
                    return;
                }
                match said {
                    Said::Row { revision, .. } if self.then.iter().any(wrote) => {
                        let expected = self.last_revision(key);
                        Some(RowFault::RolledBack { collection, record, found: revision, expected })
                    }
                    // Another of its data subject's records may have had that revision.
                    Said::Tombstone(_) if wrote(&self.fork) => {
                        let found = truth.entry(tenant).or_default();
                        found.records = true;
                        found.perhaps.insert(foreign);
                        return;
                    }
                    _ => Some(foreign),
                }
            }
        };
        let found = truth.entry(tenant).or_default();
        found.records = true;
        found.faults.extend(fault);
    }

    /// Tells whether a row stood there like this, with all of its chunks, at one time.
    fn stood(&self, then: &Content, key: &[u8], now: &Said<'_>, tampered: &Content) -> bool {
        let same = then.get(key).and_then(|row| said(row)).is_some_and(|then| then == *now);
        let Said::Row { revision, chunks, .. } = now else { return same };
        let parts = (0..*chunks).map(|number| {
            [of_row(Space::Chunk, key), revision.get().to_be_bytes().to_vec(), number.to_be_bytes().to_vec()].concat()
        });
        same && parts.into_iter().all(|part| then.get(&part) == tampered.get(&part))
    }

    /// Returns the last revision that the vault gave a record; a tombstone's is the next.
    fn last_revision(&self, key: &[u8]) -> Revision {
        let revision = |then: &Content| match said(then.get(key)?) {
            Some(Said::Row { revision, .. }) => Some(revision),
            _ => None,
        };
        let last = self.then.iter().filter_map(revision).max().unwrap();
        match self.now().get(key).and_then(|row| said(row)) {
            Some(Said::Tombstone(_)) => last.next().unwrap(),
            _ => last,
        }
    }

    fn owner_of_list(&self, key: &[u8]) -> TenantId {
        let list = &self.now()[key];
        let owner = |((tenant, collection), _): (&(TenantId, _), _)| {
            let collection: &crate::model::CollectionId = collection;
            (collection.as_bytes()[..] == list[..16]).then_some(*tenant)
        };
        self.names.iter().find_map(owner).unwrap()
    }

    fn name(&self, tenant: TenantId, collection: crate::model::CollectionId) -> String {
        self.names.get(&(tenant, collection)).cloned().unwrap_or_else(|| collection.to_string())
    }
}

fn said(row: &[u8]) -> Option<Said<'_>> {
    match RawRow::parse(row).ok()? {
        RawRow::Live(row) => Some(Said::Row {
            primary: row.primary,
            revision: row.head.revision,
            chunks: row.chunks.map_or(0, |chunks| chunks.count),
        }),
        RawRow::Tombstone(_) => Some(Said::Tombstone(row)),
    }
}

fn of(fault: &RowFault) -> RecordId {
    match fault {
        RowFault::RolledBack { record, .. }
        | RowFault::Missing { record, .. }
        | RowFault::Foreign { record, .. }
        | RowFault::Misindexed { record, .. } => *record,
    }
}
