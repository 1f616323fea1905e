//! What `define` checks of a type and its schema, and what reads need to know of them.
//!
//! Guarantees: a plan exists only for a type that reads back what it writes, whose schema names fields that it has, and of
//! whose fields each can be withheld, alone and together with all others.

mod check;
mod withhold;

use std::collections::HashMap;

use super::decode::{asked_fields, decode, twice};
use super::msgpack::NIL;
use super::search::Holds;
use super::shape::Shape;
use super::{Fields, Mask, Record, RecordError, Schema, SearchValue, encode};
use crate::model::{FieldSet, IndexValue, nearest};

/// How a type's records are read.
pub(crate) struct Plan {
    open: bool,
    fields: Vec<Planned>,
    places: HashMap<String, usize>,
    aliases: Vec<Alias>,
}

/// A top-level field of a closed type.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) stand: Stand,
    holds: Option<Holds>,
}

/// What stands in for a withheld field.
pub(super) enum Stand {
    /// Nothing: it is left out.
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

/// Checks a type against its schema.
///
/// # Errors
/// Each says what to change in the type or the schema.
pub(crate) fn plan<T: Record>(schema: &Schema) -> Result<Plan, RecordError> {
    check::names(schema)?;
    let example = T::example();
    let fields = encode(&example, schema.is_open())?;
    let mut plan = Plan::new(schema, &fields);
    if schema.is_open() {
        withhold::open::<T>(&plan, schema, &fields)?;
        return Ok(plan);
    }
    check::mentions(schema, &plan)?;
    check::all_present::<T>(schema, &mut plan, &fields)?;
    let shape = Shape::of(&example)?;
    for place in 0..plan.fields.len() {
        withhold::closed::<T>(&mut plan, place, schema, &fields, &shape)?;
    }
    // Alone each can be withheld; a type's own code could still object to two at once.
    decode::<T>(&plan, fields.iter(), &FieldSet::none())?;
    check::indexes(schema, &mut plan, &shape)?;
    Ok(plan)
}

impl Plan {
    fn new(schema: &Schema, fields: &Fields) -> Self {
        let open = schema.is_open();
        let mut plan = Self { open, fields: Vec::new(), places: HashMap::new(), aliases: Vec::new() };
        if !open {
            for (name, _) in fields.iter() {
                plan.add(name);
            }
        }
        plan
    }

    /// Whether records name their own fields.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The names of a closed type's fields, in its own order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Whether a closed type has the field; an open one may have any.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.open || self.places.contains_key(field)
    }

    /// The value to look for in an index of the field.
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

    /// Whether the type has all of these fields.
    ///
    /// # Errors
    /// [`RecordError::UnknownField`] for the first that it hasn't.
    pub(crate) fn all_known(&self, fields: &[&str]) -> Result<(), RecordError> {
        fields.iter().find(|field| !self.has(field)).map_or(Ok(()), |field| Err(self.unknown(field)))
    }

    /// The error for a name that no field has.
    pub(crate) fn unknown(&self, field: &str) -> RecordError {
        let similar = nearest(field, self.names());
        RecordError::UnknownField { field: field.to_owned(), similar }
    }

    pub(super) fn fields(&self) -> &[Planned] {
        &self.fields
    }

    pub(super) fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    /// A field and its place; looks at `near` first.
    pub(super) fn locate(&self, name: &str, near: usize) -> Option<(usize, &Planned)> {
        if let Some(field) = self.fields.get(near)
            && field.name == name
        {
            return Some((near, field));
        }
        let place = *self.places.get(name)?;
        Some((place, self.fields.get(place)?))
    }

    fn add(&mut self, name: &str) {
        self.places.insert(name.to_owned(), self.fields.len());
        self.fields.push(Planned { name: name.to_owned(), stand: Stand::Nothing, holds: None });
    }

    fn remove_last(&mut self) {
        if let Some(field) = self.fields.pop() {
            self.places.remove(&field.name);
        }
    }

    fn all_but(&self, hidden: &str) -> FieldSet {
        self.names().filter(|name| *name != hidden).collect()
    }
}

/// The name of the field that `name` is an alias of; `None` if it is a field of its own.
fn alias_of<T: Record>(plan: &mut Plan, fields: &Fields, name: &'static str) -> Option<String> {
    plan.add(name);
    let both = decode::<T>(plan, fields.iter().chain([(name, NIL)]), &FieldSet::All);
    plan.remove_last();
    both.err().as_ref().and_then(twice).map(str::to_owned)
}

fn asked<T: Record>() -> &'static [&'static str] {
    asked_fields::<T>().unwrap_or_default()
}

fn problem(schema: &Schema, problem: impl Into<String>) -> RecordError {
    RecordError::Schema { collection: schema.collection().to_owned(), problem: problem.into() }
}
