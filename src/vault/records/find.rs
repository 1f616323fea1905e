//! Searches by the values of indexed fields.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Action, RecordId};
use crate::record::{Plan, Record, RecordError, SearchValue};

use crate::vault::gate::{Found, Page};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::plan::plan;
use crate::vault::records::query::{BYTES, Query, Special, check_limit};
use crate::vault::state::schema::{CollectionCore, CompiledSchema};
use crate::vault::state::terms::{self, Sought};

impl<T: Record + 'static> Collection<T> {
    /// Returns the record with this value in a unique index; `None` if there is none, or the actor may not see it.
    ///
    /// The value is normalized as the index is: with [`Normalizer::Email`](crate::Normalizer::Email),
    /// `Info@Example.com` finds `info@example.com`.
    ///
    /// # Errors
    /// [`Error::NotIndexed`](crate::Error::NotIndexed), [`Error::NotUnique`](crate::Error::NotUnique),
    /// [`Error::Record`](crate::Error::Record) for a field that the type doesn't have, and those of every call.
    pub fn find_unique(&self, field: &str, value: impl Into<SearchValue>) -> Result<Option<Found<T>>> {
        find_unique(self.session(), self.core(), field, &value.into())
    }

    /// Returns at most `limit` (1 to 1,000) records with this value in an indexed field, by id, after `after`.
    ///
    /// A page reads every entry of the value, so for values that most records share `list` is better.
    ///
    /// # Errors
    /// [`Error::NotIndexed`](crate::Error::NotIndexed), [`Error::Record`](crate::Error::Record) for a field that the type
    /// doesn't have, [`Error::BadLimit`](crate::Error::BadLimit), and those of every call.
    pub fn find(
        &self,
        field: &str,
        value: impl Into<SearchValue>,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page<T>> {
        find(self.session(), self.core(), &[(field, value.into())], after, limit)
    }

    /// Returns the records that have all of these values, each in an indexed field of its own.
    ///
    /// # Errors
    /// As [`find`](Self::find); no field at all is [`Error::Record`](crate::Error::Record).
    pub fn find_all(&self, wanted: &[(&str, SearchValue)], after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        find(self.session(), self.core(), wanted, after, limit)
    }

    /// Counts the records that [`find_all`](Self::find_all) would return. Shows none, so no limit on rows counts them.
    ///
    /// # Errors
    /// As [`find_all`](Self::find_all).
    pub fn count_found(&self, wanted: &[(&str, SearchValue)]) -> Result<u64> {
        count_found::<T>(self.session(), self.core(), wanted)
    }
}

/// Number of times that a unique value is looked up again because it moved.
const TRIES: usize = 16;
fn find<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    wanted: &[(&str, SearchValue)],
    after: Option<RecordId>,
    limit: usize,
) -> Result<Page<T>> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = fields(collection, wanted)?;
    let act = session.act(Action::Search).on(collection).fields(&fields).rows(limit);
    let act = wanted.iter().fold(act.told_any("after", after), |act, (_, value)| act.seeking(value));
    let limit = check_limit(limit)?;
    let Some(mut query) = Query::begin(session, collection, &layout, &plan, act)? else {
        return Ok(Page { items: Vec::new(), next: None });
    };
    let Some(sought) = sought(&layout, &plan, wanted)? else {
        return Ok(Page { items: query.release()?, next: None });
    };
    let limit = query.clamped(limit)?;
    let mut next = None;
    let (mut held, mut full) = (0usize, false);
    for id in query.in_all(&sought)?.into_iter().filter(|id| after.is_none_or(|after| *id > after)) {
        let Some((opened, permit)) = query.hit(id, &sought)? else { continue };
        if query.chosen.len() == limit || full {
            next = query.chosen.last().map(|(opened, _)| opened.record());
            break;
        }
        held = held.saturating_add(opened.size());
        query.chosen.push((opened, permit));
        full = held > BYTES;
    }
    Ok(Page { items: query.release()?, next })
}

fn count_found<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    wanted: &[(&str, SearchValue)],
) -> Result<u64> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = fields(collection, wanted)?;
    let act = session.act(Action::Search).on(collection).fields(&fields);
    let act = wanted.iter().fold(act, |act, (_, value)| act.seeking(value));
    let Some(query) = Query::<T>::begin(session, collection, &layout, &plan, act)? else { return Ok(0) };
    let (mut counted, mut special) = (0u64, Special::default());
    if let Some(sought) = sought(&layout, &plan, wanted)? {
        for id in query.in_all(&sought)? {
            if let Some((row, permit)) = query.hit(id, &sought)? {
                counted = counted.saturating_add(1);
                special.confirm(&row);
                special.add(permit);
            }
        }
    }
    query.counted(counted, special)?;
    Ok(counted)
}

fn find_unique<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    field: &str,
    value: &SearchValue,
) -> Result<Option<Found<T>>> {
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = [field];
    let act = session.act(Action::Search).on(collection).fields(&fields).rows(1).seeking(value);
    let Some(mut query) = Query::begin(session, collection, &layout, &plan, act)? else {
        return Ok(None);
    };
    let sought = sought(&layout, &plan, &[(field, value.clone())])?;
    // Before the value: a value that normalizes to nothing must not hide the mistake.
    if !terms::searched(&layout, field)?.unique {
        return Err(Error::NotUnique { field: field.to_owned() });
    }
    query.clamped(1)?;
    if let Some(sought) = sought {
        for Sought { index, key, .. } in &sought {
            for _ in 0..TRIES {
                let (end, id) = query.last(index, key)?;
                if let Some(id) = id
                    && let Some(hit) = query.hit(id, &sought)?
                {
                    query.chosen.push(hit);
                    break;
                }
                // A value that moved while it was looked up has a further entry.
                if query.raw_entry(key, end)?.is_none() {
                    break;
                }
            }
        }
    }
    Ok(query.release()?.pop())
}

/// Returns the fields that a search is about: at least one.
fn fields<'w>(collection: &CollectionCore, wanted: &[(&'w str, SearchValue)]) -> Result<Vec<&'w str>> {
    if wanted.is_empty() {
        return Err(RecordError::Schema {
            collection: collection.name.clone(),
            problem: "a search needs at least one field; use `list` or `count` for all records".to_owned(),
        }
        .into());
    }
    Ok(wanted.iter().map(|(field, _)| *field).collect())
}

/// Normalizes the values; `None` if one of them normalizes to nothing, which no record has.
fn sought<'l>(
    layout: &'l CompiledSchema,
    plan: &Plan,
    wanted: &[(&str, SearchValue)],
) -> Result<Option<Vec<Sought<'l>>>> {
    // Every field is checked: a value that normalizes to nothing must not hide that another field has no index.
    let all = wanted.iter().map(|(field, value)| terms::sought(layout, plan, field, value));
    Ok(all.collect::<Result<Vec<_>>>()?.into_iter().collect())
}
