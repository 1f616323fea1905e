//! Errors of records, their types and schemas. They name fields and kinds; never a value, and never serde's own
//! text, which can quote one.

use std::fmt;

/// An error of a record, its type or its schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The type isn't a struct with named fields.
    #[error("a record must be a struct with named fields; this type is {found}: {advice}")]
    NotNamedFields {
        /// The kind of type that was found.
        found: &'static str,
        /// The advice.
        advice: &'static str,
    },
    /// The schema doesn't fit its type, or the collection as it is.
    #[error("the schema of `{collection}` doesn't hold: {problem}")]
    Schema {
        /// The collection's name.
        collection: String,
        /// The fault, and the remedy.
        problem: String,
    },
    /// A stored field can't be read as what the type wants.
    #[error("field `{field}` can't be read: {problem}")]
    Read {
        /// The field.
        field: String,
        /// The fault.
        problem: FieldProblem,
    },
    /// A field's value can't be stored.
    #[error("field `{field}` can't be stored: {problem}")]
    Write {
        /// The field.
        field: String,
        /// The fault.
        problem: FieldProblem,
    },
    /// The type's own serde code refused the record as a whole.
    #[error("the type's own serde code refused the record as a whole (its words are kept back: they can quote values)")]
    Refused,
    /// A mask didn't work on a real value. The value is kept back.
    #[error(
        "the mask of field `{field}` failed on a stored value, which is kept back: use a mask that takes any value"
    )]
    Mask {
        /// The field.
        field: String,
    },
    /// An update changed a field that the actor couldn't see.
    #[error("field `{field}` was withheld from you, so you can't change it")]
    Withheld {
        /// The field.
        field: String,
    },
    /// There is no such field.
    #[error("there is no field `{field}`{}", similar.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    UnknownField {
        /// The name that was given.
        field: String,
        /// A field whose name is close to it.
        similar: Option<String>,
    },
    /// A search for a value that the field can't hold.
    #[error("field `{field}` holds {holds}: search it for that")]
    WrongSearch {
        /// The field.
        field: String,
        /// The kind of values that the field holds.
        holds: &'static str,
    },
    /// The record is over the size limit.
    #[error("the record is over the limit of 4 MiB; its largest field is `{field}`, with {bytes} bytes or more")]
    TooLarge {
        /// The largest field.
        field: String,
        /// The field's size, as far as it was written.
        bytes: usize,
    },
    /// The record has too many fields.
    #[error("the record has more than 1,024 fields")]
    TooManyFields,
}

/// A fault of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// The type requires it and it isn't there.
    Missing,
    /// A part within it is required and isn't there.
    PartMissing,
    /// The value is of another type.
    WrongType,
    /// The value is of an enum's variant that the type doesn't have.
    UnknownVariant,
    /// The type's own code refused the value.
    Refused,
    /// The field is there twice, or under two names.
    Twice,
    /// The value is nested too deep.
    TooDeep,
    /// The bytes aren't one whole value.
    Damaged,
    /// The value can't be indexed.
    NotIndexable,
    /// The value can't be shown to policies.
    NotAttribute,
    /// The field's name is too long.
    NameTooLong,
    /// The collection doesn't know the field.
    NotDefined,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => {
                "the type requires it and it isn't there; give it `#[serde(default)]`, make it an `Option`, or, if it was \
                 renamed, say `.was(\"old name\")` in the schema"
            }
            Self::PartMissing => "a part within it is required and isn't there; give that part `#[serde(default)]`",
            Self::WrongType => "the value is of another type than the field; a changed type wants a new field name",
            Self::UnknownVariant => "the value is a variant that the enum doesn't have; enums may gain variants, not lose them",
            Self::Refused => "the type's own serde code refused the value (its words are kept back: they can quote it)",
            Self::Twice => "it is there twice",
            Self::TooDeep => "it is nested too deep; the limit is 128, and 8 in a `Document`",
            Self::Damaged => "its bytes are not one whole value",
            Self::NotIndexable => "it is indexed, and only text, whole numbers, bools and enums without data can be",
            Self::NotAttribute => {
                "policies see it as an attribute, and only text, whole numbers, bools and enums without data can be one; \
                 store such a value, or define the field without `.attribute()`"
            }
            Self::NameTooLong => "its name, which starts so, is over 1,024 bytes",
            Self::NotDefined => "the collection doesn't know it yet; call `define` with this version of the type",
        })
    }
}

/// A [`RecordError`] on its way through serde, which insists on texts; they are dropped.
#[derive(Debug)]
pub(super) struct Failure(pub(super) RecordError);

impl Failure {
    pub(super) fn read(field: &str, problem: FieldProblem) -> Self {
        Self(RecordError::Read { field: field.to_owned(), problem })
    }

    pub(super) fn write(field: &str, problem: FieldProblem) -> Self {
        Self(RecordError::Write { field: field.to_owned(), problem })
    }

    pub(super) const fn shape(found: &'static str, advice: &'static str) -> Self {
        Self(RecordError::NotNamedFields { found, advice })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(RecordError::Refused)
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(RecordError::Refused)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::read(field, FieldProblem::Missing)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::read(field, FieldProblem::Twice)
    }
}
