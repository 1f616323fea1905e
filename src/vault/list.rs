//! Lists: a page of the rows that an actor may see, found by the indexes of the policy's scope where these can find them,
//! else by looking at every row.
//!
//! Guarantees: the same rows either way. A page holds in memory its own rows and at most [`ENTRIES`] ids.

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::place;
use crate::model::{Action, RecordId};
use crate::record::Record;

use super::found::Page;
use super::gate::{Opened, RowPlace};
use super::query::{BYTES, PAGE, Query};
use super::read::{self, Stored};
use super::rows;
use super::scoped::Candidates;
use super::session::SessionInner;
use super::tenant_core::CollectionCore;
use super::write::plan;

/// A page is found by at most this many index entries; where a scope has more, every row is looked at.
const ENTRIES: usize = 65_536;
/// So many entries are read for each row of a page before as many rows are looked at instead, which may be enough: each
/// page reads the entries anew, and rows stand in order.
const ENTRIES_A_ROW: usize = 64;
/// How many rows are read from the store at once, at most
const SCAN: usize = 256;
/// and at least.
const FEW: usize = 32;

/// A page of the collection, for a list or an export.
pub(super) fn list<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    action: Action,
    after: Option<RecordId>,
    limit: usize,
) -> Result<Page<T>> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let limit = limit.clamp(1, PAGE);
    let question = session.question(action, Some(&collection.name), &[]).rows(limit);
    let Some(query) = Query::begin(session, collection, &layout, &plan, question)? else {
        return Ok(Page { items: Vec::new(), next: None });
    };
    let mut list = List { query, after, limit, held: 0, next: None, done: false };
    list.fill()?;
    list.query.release(list.next)
}

/// A page under way.
struct List<'a, T> {
    query: Query<'a, T>,
    /// Rows up to this one were looked at.
    after: Option<RecordId>,
    limit: usize,
    /// Bytes of the page's rows.
    held: usize,
    next: Option<RecordId>,
    done: bool,
}

impl<T: Record> List<'_, T> {
    fn fill(&mut self) -> Result<()> {
        let candidates = match &self.query.within {
            None => None,
            Some(within) => Candidates::new(within, self.query.layout, self.after)?,
        };
        let Some(mut candidates) = candidates else { return self.look_at(usize::MAX) };
        let few = self.limit.saturating_mul(ENTRIES_A_ROW);
        if !candidates.read(&self.query, few)? {
            self.look_at(few)?;
            if self.done {
                return Ok(());
            }
            if !candidates.read(&self.query, ENTRIES)? {
                return self.look_at(usize::MAX);
            }
        }
        let from = self.after.map_or(Unbounded, Excluded);
        for id in candidates.ids().range((from, Unbounded)) {
            if let Stored::Row(row) = read::stored(self.query.session, self.query.collection, self.query.layout, *id)? {
                self.offer(row.1);
                if self.done {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Goes through the collection's rows, at most `most` of them, whosever they are.
    fn look_at(&mut self, mut most: usize) -> Result<()> {
        let Query { session, collection, layout, .. } = self.query;
        let row_key = |id| place::row(session.tenant.id, collection.id, id);
        let prefix = place::rows_of(session.tenant.id, collection.id);
        let mut from = self.after.map(row_key);
        while most > 0 {
            // One more than wanted tells whether there is another page; fewer than a few aren't worth the seek.
            let want = self.limit.saturating_add(1).saturating_sub(self.query.chosen.len()).clamp(FEW, SCAN).min(most);
            let page = session.core.store.scan(&prefix, from.as_deref(), want);
            let page = page.map_err(|error| Error::io("reading a page of records", error))?;
            let last = page.len() < want;
            most = most.saturating_sub(page.len());
            for (key, raw) in page {
                let (_, _, record) =
                    place::row_of_key(&key).ok_or(Error::damaged("a key in the store is not a row's"))?;
                let at = RowPlace { tenant: session.tenant.id, collection: collection.id, record };
                (from, self.after) = (Some(key), Some(record));
                let Some(bytes) = rows::complete(&*session.core.store, &at, raw)? else { continue };
                let Stored::Row(row) = read::open(session, collection, layout, at, bytes)? else { continue };
                self.offer(row.1);
                if self.done {
                    return Ok(());
                }
            }
            if last {
                self.done = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes a row in if the actor may see it. On a page that is full, such a row says that there is another page.
    fn offer(&mut self, row: Opened) {
        let Some(permit) = self.query.may_see(&row) else { return };
        if self.query.chosen.len() == self.limit || self.held > BYTES {
            self.next = self.query.chosen.last().map(|(opened, _)| opened.record());
            self.done = true;
        } else {
            self.held = self.held.saturating_add(row.size());
            self.query.chosen.push((row, permit));
        }
    }
}
