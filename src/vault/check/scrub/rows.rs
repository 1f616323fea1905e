//! A tenant's part of a scrub: its values, page by page.
//!
//! Guarantees: a page is read between two commits, with the cursor advanced, and its values are opened afterwards; a
//! value that doesn't open, or disagrees, is checked again between two commits before it counts as wrong.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::RowSet;
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::format::row::{LiveRow, RawRow};
use crate::model::{CollectionId, TenantId};
use crate::store::Pair;
use crate::vault::check::verify::row::{check_row, collections_of};
use crate::vault::commit::terms_of;
use crate::vault::core::Core;
use crate::vault::standing;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::tenant::TenantCore;

use super::journal::scan;
use super::pace::Cost;
use crate::vault::state::scanned::{Cursor, Delta};

/// The spaces of a tenant's values, except for change lists, in the order of their keys.
const SPACES: [Space; 9] = [
    Space::Row,
    Space::Chunk,
    Space::Entry,
    Space::SlotMap,
    Space::TenantName,
    Space::CollectionName,
    Space::Schema,
    Space::Dictionary,
    Space::Fact,
];

/// The result of a page.
pub(crate) struct Page {
    pub(crate) cost: Cost,
    /// Number of terms of the tenant's digests in the page.
    pub(crate) terms: u64,
    /// True if no value comes after the page.
    pub(crate) last: bool,
    /// Values with a fault of their own, by their keys.
    pub(crate) wrong: Vec<(Vec<u8>, RowSet)>,
}

/// Reads and checks the next page of at most `limit` values.
pub(crate) fn page(core: &Core, tenant: &Arc<TenantCore>, limit: usize) -> Result<Page> {
    let from = |tenant: &TenantCore| tenant.scrubbed.so_far().map(|so_far| so_far.cursor).unwrap_or_default();
    // Read once for nothing, so that the engine has the page at hand while the committer waits.
    next(core, tenant.id, &from(tenant), limit)?;
    let (_paused, resume) = core.pause()?;
    let pairs = next(core, tenant.id, &from(tenant), limit)?;
    tenant.scrubbed.advance(pairs.last().map_or_else(Cursor::end, |(key, _)| Cursor(key.clone())));
    drop(resume);

    let (mut read, mut cost, mut suspect) = (Delta::default(), Cost::default(), Vec::new());
    let collections = collections_of(tenant);
    for (key, value) in &pairs {
        cost.add(value.len());
        let counted = terms_of(&tenant.digest, key, value, |primary, term| read.add(primary, &term));
        if counted.is_err() || check(core, tenant, &collections, key, value).is_err() {
            suspect.push(key.as_slice());
        }
    }
    tenant.scrubbed.read(&read);
    let wrong = if suspect.is_empty() { Vec::new() } else { look_again(core, tenant, &suspect)? };
    let terms = read.primary.count().saturating_add(read.derived.count());
    Ok(Page { cost, terms, last: pairs.is_empty(), wrong })
}

/// Checks suspect values between two commits, when no change is half done.
fn look_again(core: &Core, tenant: &TenantCore, suspect: &[&[u8]]) -> Result<Vec<(Vec<u8>, RowSet)>> {
    let (_paused, _resume) = core.pause()?;
    let get = |key: &[u8]| core.store.get(key).map_err(|error| Error::io("reading the vault", error));
    let collections = collections_of(tenant);
    let mut wrong = Vec::new();
    for key in suspect {
        // A missing value was removed meanwhile, or the digest will show it.
        let Some(value) = get(key)? else { continue };
        if let Err(rows) = check(core, tenant, &collections, key, &value) {
            // If it only can't be read, that is an error and no fault.
            get(key)?;
            wrong.push((key.to_vec(), rows));
        }
    }
    Ok(wrong)
}

fn check(
    core: &Core,
    tenant: &TenantCore,
    collections: &HashMap<CollectionId, Arc<CollectionCore>>,
    key: &[u8],
    value: &[u8],
) -> Result<(), RowSet> {
    match key.first() {
        Some(&space) if space == Space::Row as u8 => check_row(core, tenant, collections, key, value),
        Some(&space) if space == Space::Chunk as u8 => {
            if is_named(core, key).unwrap_or(false) {
                Ok(())
            } else {
                Err(RowSet::Records)
            }
        }
        Some(&space) if space == Space::Fact as u8 => {
            let id = place::fact_of_key(key).ok_or(RowSet::Records)?;
            standing::open_fact(&tenant.facts.owner, id, value).map(drop).map_err(|_| RowSet::Records)
        }
        _ => Ok(()),
    }
}

/// Tells whether a row names the chunk under this key. The chunk's content is checked with the row.
fn is_named(core: &Core, key: &[u8]) -> Option<bool> {
    let ((tenant, collection, record), revision, number) = place::chunk_of_key(key)?;
    let row = core.store.get(&place::row(tenant, collection, record)).ok()??;
    match RawRow::parse(&row).ok()? {
        RawRow::Live(LiveRow { head, chunks: Some(chunks), .. }) => {
            Some(head.revision == revision && number < chunks.count)
        }
        _ => Some(false),
    }
}

/// Returns the next values after the cursor; none if none are left.
fn next(core: &Core, tenant: TenantId, cursor: &Cursor, limit: usize) -> Result<Vec<Pair>> {
    let Cursor(cursor) = cursor;
    let passed = |space: &Space| cursor.first().is_some_and(|first| *first > *space as u8);
    for space in SPACES.into_iter().filter(|space| !passed(space)) {
        let prefix = place::of_tenant(space, tenant);
        let after = cursor.starts_with(&prefix).then_some(cursor.as_slice());
        let page = scan(core, &prefix, after, limit)?;
        if !page.is_empty() {
            return Ok(page);
        }
    }
    Ok(Vec::new())
}
