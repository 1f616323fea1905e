//! A collection's schema, as a developer writes it: its name, its indexes, and the rules of its fields.

use super::{Mask, RecordError};
use crate::model::Normalizer;

/// The most indexes of a collection.
pub(crate) const MAX_INDEXES: usize = 24;

/// A collection's name, its indexes, and the rules of some of its fields.
///
/// Fields come from the type itself; a schema mentions those that are indexed or classified, masked or renamed. A field
/// that isn't mentioned is [`Personal`](Classification::Personal) and has no index. Mistakes in a schema (a misspelt
/// field, two indexes on one) are errors of `define`, which checks it against the type.
#[derive(Debug, Clone)]
pub struct Schema {
    collection: String,
    open: bool,
    fields: Vec<Field>,
    indexes: Vec<Index>,
    owner: bool,
}

impl Schema {
    /// Returns the schema of a type with named fields.
    #[must_use]
    pub fn new(collection: impl Into<String>) -> Self {
        Self { collection: collection.into(), open: false, fields: Vec::new(), indexes: Vec::new(), owner: false }
    }

    /// Returns the schema of a collection whose records name their own fields, such as [`Document`](super::Document)s.
    ///
    /// Any field may be mentioned; a record may have it or not. A withheld field is left out, so masks have no place here.
    #[must_use]
    pub fn open(collection: impl Into<String>) -> Self {
        Self { open: true, ..Self::new(collection) }
    }

    /// Sets the rules of one field; a field may be mentioned again to add to them.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, say: impl FnOnce(Field) -> Field) -> Self {
        let name = name.into();
        let position = self.fields.iter().position(|field| field.name == name);
        let field = match position {
            Some(position) => self.fields.remove(position),
            None => Field::new(name),
        };
        self.fields.insert(position.unwrap_or(self.fields.len()), say(field));
        self
    }

    /// Indexes a field for exact look-up; several records may have the same value. At most 24 indexes, one on a field:
    /// text, whole numbers, bools, enums without data, and `Option` of these.
    #[must_use]
    pub fn index(self, field: impl Into<String>, normalizer: Normalizer) -> Self {
        self.indexed(field.into(), normalizer, false)
    }

    /// Indexes a field of whose values, normalized, no two records may have the same. `None`, and text that normalizes to
    /// nothing, never collide.
    #[must_use]
    pub fn unique(self, field: impl Into<String>, normalizer: Normalizer) -> Self {
        self.indexed(field.into(), normalizer, true)
    }

    /// Indexes the records by their owner, so that an actor who may see only their own is listed these without a look at
    /// all others. Counts towards the 24 indexes; records without an owner aren't in it.
    #[must_use]
    pub fn index_owner(self) -> Self {
        Self { owner: true, ..self }
    }

    /// Returns the collection's name.
    #[must_use]
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// Tells whether records name their own fields.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Returns a field's classification.
    #[must_use]
    pub fn classification(&self, field: &str) -> Classification {
        self.rule(field).map_or(Classification::Personal, |field| field.classification)
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(crate) fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    pub(crate) fn indexes_owner(&self) -> bool {
        self.owner
    }

    pub(crate) fn rule(&self, field: &str) -> Option<&Field> {
        self.fields.iter().find(|rule| rule.name == field)
    }

    /// Returns the error for a schema that can't be used.
    pub(super) fn problem(&self, problem: impl Into<String>) -> RecordError {
        RecordError::Schema { collection: self.collection.clone(), problem: problem.into() }
    }

    fn indexed(mut self, field: String, normalizer: Normalizer, unique: bool) -> Self {
        self.indexes.push(Index { field, normalizer, unique });
        self
    }
}

/// A schema's rule for one field. Made by [`Schema::field`].
#[derive(Debug, Clone)]
pub struct Field {
    pub(crate) name: String,
    pub(crate) classification: Classification,
    pub(crate) mask: Option<Mask>,
    pub(crate) was: Vec<String>,
    pub(crate) attribute: bool,
}

impl Field {
    fn new(name: String) -> Self {
        Self { name, classification: Classification::Personal, mask: None, was: Vec::new(), attribute: false }
    }

    /// Makes the field one that anyone may know.
    #[must_use]
    pub fn public(self) -> Self {
        Self { classification: Classification::Public, ..self }
    }

    /// Makes the field one of the company's own, about no person.
    #[must_use]
    pub fn internal(self) -> Self {
        Self { classification: Classification::Internal, ..self }
    }

    /// Makes the field one about a person, as a field is unless said otherwise.
    #[must_use]
    pub fn personal(self) -> Self {
        Self { classification: Classification::Personal, ..self }
    }

    /// Makes the field one about a person that does harm when disclosed: health, religion, bank details.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { classification: Classification::Sensitive, ..self }
    }

    /// Sets the mask that those see who may not see the field. Without a mask the field is left out or shown empty.
    #[must_use]
    pub fn mask(self, mask: Mask) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// Adds a name that the field had before, so that old records are still read. Say it again for a name before that.
    #[must_use]
    pub fn was(mut self, old: impl Into<String>) -> Self {
        self.was.push(old.into());
        self
    }

    /// Lets the policy see the field's value, as an [attribute](crate::model::Resource::attributes) of the record, whoever
    /// asks: text as it is, whole numbers in decimal, bools as `true` or `false`, an enum's variant by its name; `None` as
    /// no attribute. For fields that can be indexed: text, whole numbers, bools, enums without data, and `Option` of these.
    /// An index on the field as well lets lists find what a policy's scope narrows them to.
    #[must_use]
    pub fn attribute(self) -> Self {
        Self { attribute: true, ..self }
    }
}

/// A degree of harm that a field's disclosure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Classification {
    /// Data that anyone may know.
    Public,
    /// Data of the company's own, about no person.
    Internal,
    /// Data about a person.
    Personal,
    /// Data about a person that does harm when disclosed.
    Sensitive,
}

/// One index of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) field: String,
    pub(crate) normalizer: Normalizer,
    pub(crate) unique: bool,
}
