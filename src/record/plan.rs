//! The plan that a type's records are read by: the fields of the type, and the substitute of each where it is withheld.
//!
//! Made by `define` alone, which tries all of it on the type's example.

use std::collections::HashMap;

use super::search::Holds;
use super::{Fields, Mask, RecordError, Schema, SearchValue};
use crate::model::{FieldSet, IndexValue, nearest};

/// A plan for reading a type's records.
pub(crate) struct Plan {
    open: bool,
    fields: Vec<PlannedField>,
    places: HashMap<String, usize>,
    aliases: Vec<Alias>,
}

/// A top-level field of a closed type.
pub(super) struct PlannedField {
    pub(super) name: String,
    pub(super) substitute: Substitute,
    holds: Option<Holds>,
}

/// A substitute for a withheld field.
pub(super) enum Substitute {
    /// Nothing: the field is left out.
    Nothing,
    Mask(Mask),
    /// The same encoding for every record.
    Constant(Vec<u8>),
}

/// Another name under which `#[serde(alias)]` would read a field.
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) field: String,
}

impl Plan {
    pub(super) fn new(schema: &Schema, fields: &Fields) -> Self {
        let open = schema.is_open();
        let mut plan = Self { open, fields: Vec::new(), places: HashMap::new(), aliases: Vec::new() };
        if !open {
            for (name, _) in fields.iter() {
                plan.add(name);
            }
        }
        plan
    }

    /// Tells whether records name their own fields.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Returns the names of a closed type's fields, in its own order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Tells whether a closed type has the field; an open one may have any.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.open || self.places.contains_key(field)
    }

    /// Returns the value to look for in an index of the field.
    ///
    /// # Errors
    /// [`RecordError::UnknownField`], and [`RecordError::WrongSearch`] for a value that the field can't hold, which would
    /// be looked for in vain.
    pub(crate) fn search_value(&self, field: &str, value: SearchValue) -> Result<IndexValue, RecordError> {
        if !self.has(field) {
            return Err(self.unknown(field));
        }
        let value = value.into_index_value();
        match self.locate(field, 0).and_then(|(_, planned)| planned.holds) {
            Some(holds) if !holds.can_be(&value) => {
                Err(RecordError::WrongSearch { field: field.to_owned(), holds: holds.text() })
            }
            _ => Ok(value),
        }
    }

    /// Checks that the type has all of these fields.
    ///
    /// # Errors
    /// [`RecordError::UnknownField`] for the first that it hasn't.
    pub(crate) fn all_known(&self, fields: &[&str]) -> Result<(), RecordError> {
        fields.iter().find(|field| !self.has(field)).map_or(Ok(()), |field| Err(self.unknown(field)))
    }

    /// Returns the error for a name that no field has.
    pub(crate) fn unknown(&self, field: &str) -> RecordError {
        let similar = nearest(field, self.names());
        RecordError::UnknownField { field: field.to_owned(), similar }
    }

    pub(super) fn fields(&self) -> &[PlannedField] {
        &self.fields
    }

    pub(super) fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    pub(super) fn add_alias(&mut self, alias: Alias) {
        self.aliases.push(alias);
    }

    pub(super) fn set_substitute(&mut self, place: usize, substitute: Substitute) {
        if let Some(field) = self.fields.get_mut(place) {
            field.substitute = substitute;
        }
    }

    pub(super) fn set_holds(&mut self, name: &str, holds: Holds) {
        if let Some(field) = self.places.get(name).and_then(|place| self.fields.get_mut(*place)) {
            field.holds = Some(holds);
        }
    }

    /// Returns a field and its place; looks at `near` first.
    pub(super) fn locate(&self, name: &str, near: usize) -> Option<(usize, &PlannedField)> {
        if let Some(field) = self.fields.get(near)
            && field.name == name
        {
            return Some((near, field));
        }
        let place = *self.places.get(name)?;
        Some((place, self.fields.get(place)?))
    }

    pub(super) fn add(&mut self, name: &str) {
        self.places.insert(name.to_owned(), self.fields.len());
        self.fields.push(PlannedField { name: name.to_owned(), substitute: Substitute::Nothing, holds: None });
    }

    pub(super) fn remove_last(&mut self) {
        if let Some(field) = self.fields.pop() {
            self.places.remove(&field.name);
        }
    }

    pub(super) fn all_but(&self, hidden: &str) -> FieldSet {
        self.names().filter(|name| *name != hidden).collect()
    }
}
