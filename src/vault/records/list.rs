//! Lists: pages of rows that an actor may see, found by the indexes of the policy's scope, or by reading every row.
//!
//! Guarantees: the same rows either way. A page holds in memory its rows and at most as many ids as [`BOUNDS`] states.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::place;
use crate::model::{Action, RecordId};
use crate::record::Record;

use crate::vault::gate::{Found, Opened, Page, Permit, SortKey};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::plan::plan;
use crate::vault::records::query::{BYTES, Query, Special, check_limit};
use crate::vault::records::read::{self, Stored};
use crate::vault::records::scope::{Candidates, Range};
use crate::vault::state::rows;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::RowPlace;

impl<T: Record + 'static> Collection<T> {
    /// Returns at most `limit` (1 to 1,000) records that the actor may see, by id, after the record `after`.
    ///
    /// Where the policy's [scope](crate::policy::Scope) names the rows by owners, attributes or ids, and the schema
    /// indexes these, a page reads their index entries, at most 65,536, and not every row of the collection.
    ///
    /// # Errors
    /// [`Error::BadLimit`](crate::Error::BadLimit), and those of every call.
    pub fn list(&self, after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        list(self.session(), self.core(), Action::List, Place::After(after), limit, BOUNDS)
    }

    /// Returns at most `limit` (1 to 1,000) records that the actor may see, the newest first, before the record
    /// `before`. Records are as old as their ids say, to the millisecond.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn list_newest(&self, before: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        list(self.session(), self.core(), Action::List, Place::Before(before), limit, BOUNDS)
    }

    /// Returns at most `limit` (1 to 1,000) records that the actor may take out of the vault, as [`list`](Self::list)
    /// does, with withheld fields masked. Exporting is an act of its own ([`Action::Export`]), so that a policy can
    /// demand more for it than for a list, and a monitor can tell them apart.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn export(&self, after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        list(self.session(), self.core(), Action::Export, Place::After(after), limit, BOUNDS)
    }

    /// Returns the first `limit` (1 to 1,000) records that the actor may see, sorted by a field, or the last ones if
    /// `descending`. Sorts text (without regard to case), whole numbers, bools and enums without data; records without
    /// a value come last. Records whose field the actor may not read are left out. Reads every record.
    ///
    /// # Errors
    /// [`Error::Record`](crate::Error::Record) for a field that the type doesn't have, or that is of another type;
    /// [`Error::TooLarge`](crate::Error::TooLarge) for more than 32 MiB of records;
    /// [`Error::BadLimit`](crate::Error::BadLimit); and those of every call.
    pub fn sorted(&self, field: &str, descending: bool, limit: usize) -> Result<Vec<Found<T>>> {
        sorted(self.session(), self.core(), field, descending, limit)
    }

    /// Counts the records that the actor may see. Reads every record that the policy's scope can hold.
    ///
    /// # Errors
    /// Those of every call.
    pub fn count(&self) -> Result<u64> {
        count::<T>(self.session(), self.core())
    }

    /// Returns all records that the actor may see, read in pages of `page` (1 to 1,000). Ends after the first error.
    pub fn iter(&self, page: usize) -> impl Iterator<Item = Result<Found<T>>> + use<T> {
        Pages { collection: self.clone(), page, after: None, items: Vec::new().into_iter(), done: false }
    }
}

struct Pages<T> {
    collection: Collection<T>,
    page: usize,
    after: Option<RecordId>,
    items: std::vec::IntoIter<Found<T>>,
    done: bool,
}

impl<T: Record + 'static> Iterator for Pages<T> {
    type Item = Result<Found<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.items.next() {
                return Some(Ok(found));
            }
            if self.done {
                return None;
            }
            match self.collection.list(self.after, self.page) {
                Ok(page) => {
                    self.done = page.next.is_none();
                    self.after = page.next;
                    self.items = page.items.into_iter();
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Limits on reading index entries for a page.
pub(crate) const BOUNDS: Bounds = Bounds { entries: 65_536, a_row: 64 };
/// Largest number of rows read from the store at once.
const SCAN: usize = 256;
/// Smallest number of rows read from the store at once.
const FEW: usize = 32;

/// Limits on the index entries that are read for a page.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Largest number; where a scope has more, every row is read.
    pub(crate) entries: usize,
    /// Number for each row wanted. Before more are read, as many rows are, which may do: each page reads anew.
    pub(crate) a_row: usize,
}

/// Returns a page of the collection, for a list or an export.
pub(crate) fn list<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    action: Action,
    place: Place,
    limit: usize,
    bounds: Bounds,
) -> Result<Page<T>> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let act = session.act(action).on(collection).rows(limit);
    let act = match place {
        Place::After(after) => act.told_any("after", after),
        Place::Before(before) => act.told("newest first", "").told_any("before", before),
    };
    let limit = check_limit(limit)?;
    let Some(mut query) = Query::begin(session, collection, &layout, &plan, act)? else {
        return Ok(Page { items: Vec::new(), next: None });
    };
    let limit = query.clamped(limit)?;
    let (mut chosen, mut held, mut next): (Vec<(Opened, Permit)>, usize, _) = (Vec::new(), 0, None);
    let each = |row: Opened, permit| {
        // A row beyond a full page shows that there is another page.
        if chosen.len() == limit || held > BYTES {
            next = chosen.last().map(|(opened, _)| opened.record());
            return Ok(false);
        }
        held = held.saturating_add(row.size());
        chosen.push((row, permit));
        Ok(true)
    };
    Walk { query: &query, place, wanted: limit, seen: 0, done: false, each }.run(bounds)?;
    query.chosen = chosen;
    Ok(Page { items: query.release()?, next })
}

/// Counts the records that the actor could list.
fn count<T: Record + 'static>(session: &SessionInner, collection: &Arc<CollectionCore>) -> Result<u64> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let act = session.act(Action::Count).on(collection);
    let Some(query) = Query::<T>::begin(session, collection, &layout, &plan, act)? else { return Ok(0) };
    let (mut counted, mut special) = (0u64, Special::default());
    let each = |_: Opened, permit: Permit| {
        counted = counted.saturating_add(1);
        special.add(permit);
        Ok(true)
    };
    Walk { query: &query, place: Place::After(None), wanted: usize::MAX, seen: 0, done: false, each }.run(BOUNDS)?;
    query.counted(counted, special)?;
    Ok(counted)
}

/// Returns the first records by the value of a field, or the last.
fn sorted<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    field: &str,
    descending: bool,
    limit: usize,
) -> Result<Vec<Found<T>>> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = [field];
    let act = session.act(Action::List).on(collection).fields(&fields).rows(limit);
    let act = act.told("order", if descending { "descending" } else { "ascending" });
    plan.all_known(&fields)?;
    let limit = check_limit(limit)?;
    let Some(mut query) = Query::begin(session, collection, &layout, &plan, act)? else { return Ok(Vec::new()) };
    let limit = query.clamped(limit)?;
    let mut first: BTreeMap<(SortKey, RecordId), (Opened, Permit)> = BTreeMap::new();
    let (mut held, scope) = (0usize, &layout);
    let each = |row: Opened, permit: Permit| {
        let Some(key) = row.sort_key(&permit, scope, field, descending)? else { return Ok(true) };
        held = held.saturating_add(row.size());
        first.insert((key, row.record()), (row, permit));
        while first.len() > limit {
            held = held.saturating_sub(first.pop_last().map_or(0, |(_, (row, _))| row.size()));
        }
        if held > BYTES {
            return Err(Error::TooLarge { what: "sorted page", size: held, limit: BYTES });
        }
        Ok(true)
    };
    Walk { query: &query, place: Place::After(None), wanted: usize::MAX, seen: 0, done: false, each }.run(BOUNDS)?;
    query.chosen = first.into_values().collect();
    query.release()
}

/// The place where a walk begins, or goes on: behind a row, or before one and backwards.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    After(Option<RecordId>),
    Before(Option<RecordId>),
}

impl Place {
    /// Returns the ids that lie ahead.
    fn range(self) -> Range {
        match self {
            Self::After(after) => (after.map_or(Unbounded, Excluded), Unbounded),
            Self::Before(before) => (Unbounded, before.map_or(Unbounded, Excluded)),
        }
    }

    /// Returns the place at this row, in the same direction.
    const fn at(self, record: RecordId) -> Self {
        match self {
            Self::After(_) => Self::After(Some(record)),
            Self::Before(_) => Self::Before(Some(record)),
        }
    }
}

/// A walk through the rows that an actor may see, in the order of their ids.
struct Walk<'q, 'a, T, F> {
    query: &'q Query<'a, T>,
    /// Last row that was read.
    place: Place,
    /// About how many rows are wanted.
    wanted: usize,
    seen: usize,
    done: bool,
    /// Gets each row; returns false to end the walk.
    each: F,
}

impl<T: Record, F: FnMut(Opened, Permit) -> Result<bool>> Walk<'_, '_, T, F> {
    fn run(mut self, bounds: Bounds) -> Result<()> {
        let candidates = match &self.query.within {
            None => None,
            Some(within) => Candidates::new(within, self.query.layout, self.place.range(), bounds.entries)?,
        };
        let Some(mut candidates) = candidates else { return self.look_at(usize::MAX) };
        let few = self.wanted.saturating_mul(bounds.a_row).min(bounds.entries);
        if !candidates.read(self.query, few)? {
            self.look_at(few)?;
            if self.done {
                return Ok(());
            }
            if !candidates.read(self.query, bounds.entries)? {
                return self.look_at(usize::MAX);
            }
        }
        let ahead = candidates.ids().range(self.place.range());
        let ahead: Box<dyn Iterator<Item = &RecordId>> = match self.place {
            Place::After(_) => Box::new(ahead),
            Place::Before(_) => Box::new(ahead.rev()),
        };
        for id in ahead {
            if let Stored::Row(row) = read::stored(self.query.session, self.query.collection, self.query.layout, *id)? {
                self.offer(row.1)?;
                if self.done {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Reads on through all rows of the collection, at most `most` of them.
    fn look_at(&mut self, mut most: usize) -> Result<()> {
        let Query { session, collection, layout, .. } = *self.query;
        let row_key = |id| place::row(session.tenant.id, collection.id, id);
        let prefix = place::rows_of(session.tenant.id, collection.id);
        while most > 0 {
            // One more than wanted shows whether there is another page; fewer than a few aren't worth the seek.
            let want = self.wanted.saturating_add(1).saturating_sub(self.seen).clamp(FEW, SCAN).min(most);
            let page = match self.place {
                Place::After(after) => session.core.store.scan(&prefix, after.map(row_key).as_deref(), want),
                Place::Before(before) => session.core.store.scan_back(&prefix, before.map(row_key).as_deref(), want),
            };
            let page = page.map_err(|error| Error::io("reading a page of records", error))?;
            let last = page.len() < want;
            most = most.saturating_sub(page.len());
            for (key, raw) in page {
                let (_, _, record) =
                    place::row_of_key(&key).ok_or(Error::damaged("a key in the store is not a row's"))?;
                let at = RowPlace { tenant: session.tenant.id, collection: collection.id, record };
                self.place = self.place.at(record);
                let Some(bytes) = rows::complete(&*session.core.store, &at, raw)? else { continue };
                let Stored::Row(row) = read::open(session, collection, layout, at, bytes)? else { continue };
                self.offer(row.1)?;
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

    fn offer(&mut self, row: Opened) -> Result<()> {
        if let Some(permit) = self.query.may_see(&row)? {
            self.seen = self.seen.saturating_add(1);
            self.done = !(self.each)(row, permit)?;
        }
        Ok(())
    }
}
