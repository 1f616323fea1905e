//! The layout of a collection's stored schema. The collection's name isn't in it; that is a label of its own.

use serde::{Deserialize, Serialize};

use super::cursor::Reader;
use super::{FormatError, MAX_FIELDS, MAX_NAME, decode, encode};
use crate::model::Normalizer;

/// The schema layout that is written.
pub(crate) const SCHEMA_VERSION: u8 = 1;
/// The most index versions that a schema lists, retired ones included.
pub(crate) const MAX_LISTED_INDEXES: usize = 4096;

const WHAT: &str = "schema";

/// A schema, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSchema {
    /// True if field names are the records' own, and in their bodies.
    pub(crate) open: bool,
    /// The rules of every field that the type has now; of an open collection, of those that its schema names.
    pub(crate) fields: Vec<StoredRule>,
    /// Every version of every index, in the order they were made.
    pub(crate) indexes: Vec<StoredIndex>,
    /// The id that the next new index gets. Ids are never used again.
    pub(crate) next_index: u16,
}

/// The schema's rule for one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRule {
    pub(crate) field: StoredKey,
    pub(crate) classification: StoredClassification,
    /// The names that the field had before, as the schema gives them.
    pub(crate) was: Vec<String>,
    /// The mask's description, for the reader of a schema; masks themselves are code.
    pub(crate) mask: Option<String>,
    /// True if policies see the field's value.
    pub(crate) attribute: bool,
}

/// A field, by its number in the dictionary, or its name in an open collection; for an index also the records' owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredKey {
    Number(u16),
    Name(String),
    Owner,
}

/// A degree of harm that a field's disclosure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredClassification {
    Public,
    Internal,
    Personal,
    Sensitive,
}

/// One version of one index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredIndex {
    pub(crate) id: u16,
    pub(crate) version: u16,
    pub(crate) field: StoredKey,
    pub(crate) unique: bool,
    pub(crate) normalizer: Normalizer,
    pub(crate) normalizer_version: u16,
    pub(crate) state: IndexState,
}

/// The progress of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum IndexState {
    /// An index that is written to, and not complete yet.
    Building,
    /// A complete index.
    Ready,
    /// An index that is no longer wanted; its entries may be removed.
    Retired,
}

impl StoredSchema {
    /// Returns `version ‖ bincode(schema)`.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        self.check()?;
        let mut out = vec![SCHEMA_VERSION];
        out.extend(encode(WHAT, self)?);
        Ok(out)
    }

    /// Decodes the schema that `bytes` are the whole encoding of.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        reader.version(SCHEMA_VERSION)?;
        let schema: Self = decode(WHAT, reader.rest())?;
        schema.check()?;
        Ok(schema)
    }

    fn check(&self) -> Result<(), FormatError> {
        let invalid = |why| Err(FormatError::Invalid { what: WHAT, why });
        if self.fields.len() > MAX_FIELDS || self.indexes.len() > MAX_LISTED_INDEXES {
            return invalid("it has too many fields or indexes");
        }
        let indexes = self.indexes.iter().map(|index| (&index.field, true));
        for (key, index) in self.fields.iter().map(|rule| (&rule.field, false)).chain(indexes) {
            match key {
                StoredKey::Number(_) if !self.open => {}
                StoredKey::Name(name) if self.open && name.len() <= MAX_NAME => {}
                StoredKey::Owner if index => {}
                _ => return invalid("a field is named in the wrong way"),
            }
        }
        if self.indexes.iter().any(|index| index.id >= self.next_index) {
            return invalid("an index has an id that isn't given out yet");
        }
        Ok(())
    }
}
