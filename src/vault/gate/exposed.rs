//! The fields of a record that its schema lets policies see.
//!
//! Guarantees: nothing but those fields; wiped when dropped, never shown by a `Debug`. A value that can't be an attribute is
//! an error, never a missing one.

use std::mem::take;

use crate::crypto::Zeroizing;
use crate::format::{FieldKey, StoredKey};
use crate::model::IndexValue;
use crate::record::{FieldProblem, RecordError, index_value};
use crate::vault::state::schema::ExposedField;

/// The attributes of one record, by name, as text.
#[derive(Default)]
pub(crate) struct Exposed(Vec<(String, String)>);

impl Exposed {
    /// Those among these fields.
    ///
    /// # Errors
    /// [`RecordError::Write`] for a value that isn't text, a whole number or a bool.
    pub(crate) fn of(exposed: &[ExposedField], fields: &[(FieldKey<'_>, &[u8])]) -> Result<Self, RecordError> {
        let mut found = Self(Vec::with_capacity(exposed.len()));
        for ExposedField { key, name } in exposed {
            let Some((_, bytes)) = fields.iter().find(|(field, _)| is(field, key)) else { continue };
            let value = index_value(bytes).map_err(|problem| {
                let problem = if problem == FieldProblem::NotIndexable { FieldProblem::NotAttribute } else { problem };
                RecordError::Write { field: name.clone(), problem }
            })?;
            let text = match value {
                None => continue,
                Some(IndexValue::Text(text)) => text,
                Some(IndexValue::Integer(number)) => number.to_string(),
                Some(IndexValue::Bool(value)) => value.to_string(),
            };
            found.0.push((name.clone(), text));
        }
        Ok(found)
    }

    pub(crate) fn attributes(&self) -> &[(String, String)] {
        &self.0
    }
}

impl PartialEq for Exposed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Drop for Exposed {
    fn drop(&mut self) {
        for (_, value) in &mut self.0 {
            drop(Zeroizing::new(take(value)));
        }
    }
}

fn is(field: &FieldKey<'_>, key: &StoredKey) -> bool {
    match (field, key) {
        (FieldKey::Number(a), StoredKey::Number(b)) => a == b,
        (FieldKey::Name(a), StoredKey::Name(b)) => a == b,
        _ => false,
    }
}
