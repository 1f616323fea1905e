//! A record's fields as they are stored, and what an update makes of them.
//!
//! Guarantees: an update replaces, adds or removes only fields whose encoding changed between just before and just after,
//! names each of them, and keeps the bytes of every other, seen or not, known to the type or lost.

use super::{Dictionary, FieldProblem, Fields, RecordError};
use crate::format::{FieldKey, FormatError, MAX_FIELDS};

/// A stored field: its key in the body, its name now, its encoding.
#[derive(Clone, Copy)]
pub(crate) struct StoredField<'a> {
    pub(crate) key: FieldKey<'a>,
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// The fields of a record after an update.
pub(crate) struct Update<'a> {
    /// All fields to store, in the order of the body.
    pub(crate) fields: Vec<StoredField<'a>>,
    /// The names of those that changed, in the type's order; removed ones among them.
    pub(crate) changed: Vec<String>,
}

/// Returns the fields of an opened body, by their names now.
pub(crate) fn stored_fields<'a>(
    fields: Vec<(FieldKey<'a>, &'a [u8])>,
    dictionary: &'a Dictionary,
) -> Result<Vec<StoredField<'a>>, FormatError> {
    let unknown = FormatError::Invalid { what: "record body", why: "a field's number isn't in the dictionary" };
    let mut stored = Vec::with_capacity(fields.len());
    for (key, bytes) in fields {
        let name = match key {
            FieldKey::Number(number) => dictionary.name_of(number).ok_or(unknown)?,
            FieldKey::Name(name) => name,
        };
        stored.push(StoredField { key, name, bytes });
    }
    Ok(stored)
}

/// Returns the fields of a new record, in the order of the body.
///
/// # Errors
/// [`FieldProblem::NotDefined`] for a field that the collection's dictionary doesn't have.
pub(crate) fn new_fields<'a>(
    fields: &'a Fields,
    open: bool,
    dictionary: &Dictionary,
) -> Result<Vec<StoredField<'a>>, RecordError> {
    let mut new = Vec::with_capacity(fields.len());
    for (name, bytes) in fields.iter() {
        new.push(StoredField { key: key(name, open, dictionary)?, name, bytes });
    }
    in_order(new)
}

/// Applies to the stored fields what changed between two encodings of what the actor was shown.
///
/// # Errors
/// [`RecordError::Withheld`] names a field that changed though it was withheld.
pub(crate) fn update<'a>(
    stored: &[StoredField<'a>],
    before: &Fields,
    after: &'a Fields,
    withheld: &[String],
    open: bool,
    dictionary: &Dictionary,
) -> Result<Update<'a>, RecordError> {
    let mut changed: Vec<(&str, Option<&'a [u8]>)> = Vec::new();
    for (place, (name, bytes)) in after.iter().enumerate() {
        if before.get(name, place) != Some(bytes) {
            changed.push((name, Some(bytes)));
        }
    }
    for (place, (name, _)) in before.iter().enumerate() {
        if after.get(name, place).is_none() {
            changed.push((name, None));
        }
    }
    if let Some((field, _)) = changed.iter().find(|(name, _)| withheld.iter().any(|hidden| hidden == name)) {
        return Err(RecordError::Withheld { field: (*field).to_owned() });
    }

    let mut fields: Vec<StoredField<'a>> = stored.to_vec();
    for (name, bytes) in &changed {
        let place = fields.iter().position(|field| field.name == *name);
        match (place, bytes) {
            (Some(place), Some(bytes)) => {
                if let Some(field) = fields.get_mut(place) {
                    field.bytes = bytes;
                }
            }
            (Some(place), None) => drop(fields.remove(place)),
            (None, None) => {}
            (None, Some(bytes)) => {
                let Some((name, _)) = after.iter().find(|(other, _)| other == name) else { continue };
                fields.push(StoredField { key: key(name, open, dictionary)?, name, bytes });
            }
        }
    }
    let changed = changed.into_iter().map(|(name, _)| name.to_owned()).collect();
    Ok(Update { fields: in_order(fields)?, changed })
}

fn key<'a>(name: &'a str, open: bool, dictionary: &Dictionary) -> Result<FieldKey<'a>, RecordError> {
    if open {
        return Ok(FieldKey::Name(name));
    }
    let number = dictionary.number_of(name);
    let undefined = || RecordError::Write { field: name.to_owned(), problem: FieldProblem::NotDefined };
    number.map(FieldKey::Number).ok_or_else(undefined)
}

fn in_order(mut fields: Vec<StoredField<'_>>) -> Result<Vec<StoredField<'_>>, RecordError> {
    if fields.len() > MAX_FIELDS {
        return Err(RecordError::TooManyFields);
    }
    fields.sort_by(|a, b| a.key.cmp(&b.key));
    for pair in fields.windows(2) {
        if let [a, b] = pair
            && a.key == b.key
        {
            return Err(RecordError::Write { field: a.name.to_owned(), problem: FieldProblem::Twice });
        }
    }
    Ok(fields)
}
