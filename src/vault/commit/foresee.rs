//! Work done for the committer ahead of time, on the callers' threads.
//!
//! Guarantees: only saves work. Entries and links made here are used if they fit, and made anew otherwise.

use crate::error::{Error, Result};
use crate::format::links::RawLink;
use crate::format::place;
use crate::index::{self, Entry, EntryPlace, Link, LinksPlace};
use crate::model::Revision;
use crate::store::Store;
use crate::vault::state::seals::RowPlace;
use crate::vault::state::tenant::TenantCore;

use super::tails::IndexTails;
use super::write::{Foreseen, NewTerm};

/// Finds the end of each value, seals the entry that would stand there, and returns the row's sealed links for that.
///
/// A value that is already in an index that isn't unique is only looked for: others may well enter it just then.
pub(crate) fn foresee(
    store: &dyn Store,
    tails: &IndexTails,
    tenant: &TenantCore,
    row: &RowPlace,
    revision: Revision,
    kept: &[Link],
    added: &mut [NewTerm],
) -> Result<Option<Vec<u8>>> {
    let sealing = |error| Error::io("sealing index entries", error);
    for term in &mut *added {
        let seen = tails.look(store, tenant.id, &term.key, &term.first);
        term.seen = seen.map_err(|error| Error::io("reading an index", error))?;
        let Some(seen) = term.seen.filter(|seen| term.unique || seen.end == 0) else { continue };
        let (index, version, position) = (term.index, term.version, seen.end);
        let at = EntryPlace { collection: row.collection, index, version, position };
        let entry = index::seal_entry(&term.key, &at, Entry::Live(row.record)).map_err(sealing)?;
        let mac = if position == 0 { term.first } else { index::entry_key(&term.key, position) };
        term.foreseen = Some(Foreseen { position, key: place::entry(tenant.id, &mac), entry });
    }
    let new = added.iter().map(|term| {
        let (index, version, position) = (term.index, term.version, term.foreseen.as_ref()?.position);
        Some(RawLink { index, version, value_key: term.key.expose(), position })
    });
    let Some(links) = kept.iter().map(Link::raw).map(Some).chain(new).collect() else { return Ok(None) };
    let place = LinksPlace { tenant: tenant.id, collection: row.collection, record: row.record, revision };
    index::seal_raw_links(tenant.keys.links(), &place, links).map(Some).map_err(sealing)
}
