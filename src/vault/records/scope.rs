//! A policy's scope, prepared for testing rows and for following indexes.
//!
//! Guarantees: no row in the scope is left out; ids from an index may be in the scope. Does not: decide on rows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::{Bound, RangeBounds};

use crate::crypto::{Key, role};
use crate::error::Result;
use crate::index::{self, Entry};
use crate::model::{IndexValue, Normalizer, RecordId};
use crate::policy::{Filter, Scope};

use crate::vault::gate::Opened;
use crate::vault::records::query::Query;
use crate::vault::state::schema::{CompiledSchema, IndexCore, Indexed};
use crate::vault::state::terms::owner_term;

/// A scope that doesn't hold all rows.
pub(crate) struct Within {
    records: HashSet<RecordId>,
    owners: HashSet<String>,
    /// Values by field.
    attributes: HashMap<String, HashSet<String>>,
}

impl Within {
    /// Prepares a scope; `None` if it holds all rows.
    pub(crate) fn new(scope: Scope) -> Option<Self> {
        let filters = match scope {
            Scope::All => return None,
            Scope::Any(filters) => filters,
            // Without a statement of which rows may be shown, none are.
            Scope::Nothing | Scope::NoOpinion => Vec::new(),
        };
        let mut within = Self { records: HashSet::new(), owners: HashSet::new(), attributes: HashMap::new() };
        for filter in filters {
            match filter {
                Filter::Record(id) => within.records.insert(id),
                Filter::Owner(owner) => within.owners.insert(owner),
                Filter::Attribute { field, value } => within.attributes.entry(field).or_default().insert(value),
            };
        }
        Some(within)
    }

    /// Tells whether the row may be in the scope.
    pub(crate) fn may_hold(&self, row: &Opened) -> bool {
        self.records.contains(&row.record())
            || row.meta().owner.as_ref().is_some_and(|owner| self.owners.contains(owner))
            || self.attributes.iter().any(|(field, values)| row.may_have(field, values))
    }
}

/// The ids that a page may hold.
pub(crate) type Range = (Bound<RecordId>, Bound<RecordId>);

/// The rows that may be in a scope, by the index entries read so far.
pub(crate) struct Candidates<'l> {
    ids: BTreeSet<RecordId>,
    range: Range,
    /// Values whose entries haven't all been read.
    values: Vec<Value<'l>>,
    looks: usize,
}

/// A value in an index, and the position of its next entry.
struct Value<'l> {
    index: &'l IndexCore,
    key: Key<role::Value>,
    position: u64,
}

impl<'l> Candidates<'l> {
    /// Begins with rows in the range. `None` if a part of the scope isn't in a usable index, or has too many values.
    pub(crate) fn new(within: &Within, layout: &'l CompiledSchema, range: Range, most: usize) -> Result<Option<Self>> {
        let values = within.attributes.values().map(HashSet::len).fold(within.owners.len(), usize::saturating_add);
        if values > most {
            return Ok(None);
        }
        let ids = within.records.iter().copied().filter(|id| range.contains(id));
        let mut found = Self { ids: ids.collect(), range, values: Vec::new(), looks: 0 };
        for owner in &within.owners {
            let Some(value) = by_owner(layout, owner)? else { return Ok(None) };
            found.values.push(value);
        }
        for (field, values) in &within.attributes {
            for value in values {
                let Some(values) = by_attribute(layout, field, value) else { return Ok(None) };
                found.values.extend(values);
            }
        }
        Ok(Some(found))
    }

    /// Reads on until `most` entries have been looked for in all. Returns true if all entries were read.
    pub(crate) fn read<T: crate::record::Record>(&mut self, query: &Query<'_, T>, most: usize) -> Result<bool> {
        while let Some(value) = self.values.last_mut() {
            if self.looks >= most {
                return Ok(false);
            }
            self.looks = self.looks.saturating_add(1);
            match query.entry(value.index, &value.key, value.position)? {
                None => drop(self.values.pop()),
                Some(entry) => {
                    value.position = value.position.saturating_add(1);
                    if let Entry::Live(id) = entry
                        && self.range.contains(&id)
                    {
                        self.ids.insert(id);
                    }
                }
            }
        }
        Ok(true)
    }

    pub(crate) fn ids(&self) -> &BTreeSet<RecordId> {
        &self.ids
    }
}

fn by_owner<'l>(layout: &'l CompiledSchema, owner: &str) -> Result<Option<Value<'l>>> {
    let Some(index) = layout.indexes.iter().find(|index| index.ready && matches!(index.on, Indexed::Owner)) else {
        return Ok(None);
    };
    // An owner without a name is in no index.
    Ok(owner_term(index, owner)?.map(|term| Value { index, key: index.keys.value_key(&term), position: 0 }))
}

fn by_attribute<'l>(layout: &'l CompiledSchema, field: &str, value: &str) -> Option<Vec<Value<'l>>> {
    // The policy never sees a field that isn't exposed, so it can't mean this field.
    layout.exposed.iter().find(|exposed| exposed.name == field)?;
    let index = layout.indexes.iter().find(|index| index.ready && index.is_on(field))?;
    let mut readings = vec![IndexValue::Text(value.to_owned())];
    if index.normalizer == Normalizer::Exact {
        // The text of an attribute doesn't say which kind of value it was.
        readings.extend(value.parse().ok().filter(|n: &i128| n.to_string() == value).map(IndexValue::Integer));
        readings.extend(value.parse().ok().map(IndexValue::Bool));
    }
    // A value without an entry, or that this build can't normalize, is found by reading all rows.
    let term = |value: &IndexValue| index::normalize(&index.normalizer, value).ok().flatten();
    let value = |term| Value { index, key: index.keys.value_key(&term), position: 0 };
    readings.iter().map(|reading| term(reading).map(value)).collect()
}
