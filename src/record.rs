//! Records: types with a schema, encoded field by field, shown to an actor without the fields that are withheld.
//!
//! Guarantees: a withheld field's bytes never reach the type's own `Deserialize`; what stands in for it is never a
//! plausible value; an update names every field it changes and keeps the bytes of all others, those of fields that the
//! type has lost included; errors name field and kind, never a value. A mask shows at most two thirds of a text and is
//! applied where fields are decoded, so whatever returns a record shows it alike: reads, lists, searches, exports, the
//! closure of an update. Every decoder here takes any bytes: depth and lengths are checked before anything is built.
//! Does not: seal, store, decide who may see what, or wipe values that were handed out.

mod buffer;
mod decode;
mod define;
mod dictionary;
mod document;
mod encode;
mod error;
mod evolve;
mod mask;
mod msgpack;
mod plan;
mod schema;
mod search;
mod shape;
mod stored;
mod strict;
mod value;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use document::Document;
pub use error::{FieldProblem, RecordError};
pub use mask::{Mask, MaskKind};
pub use schema::{Classification, Field, Schema};
pub use search::SearchValue;
pub use value::Value;

pub(crate) use decode::decode;
pub(crate) use define::plan;
pub(crate) use dictionary::Dictionary;
pub(crate) use encode::{Fields, encode};
pub(crate) use evolve::evolve;
pub(crate) use plan::Plan;
pub(crate) use schema::MAX_INDEXES;
pub(crate) use search::index_value;
pub(crate) use stored::{StoredField, new_fields, stored_fields, update};

/// A type whose values are records: a struct with named fields.
///
/// Each top-level field is stored by itself, under its name as serde gives it. So a type may gain fields (with
/// `#[serde(default)]`, or as an `Option`), lose, reorder and rename them (`.was("old name")` in the schema) and gain
/// enum variants, and still reads what older versions of it wrote. Fields may be of any type that serde reads back;
/// `Some(None)` reads back as `None`, as in JSON, and what `#[serde(skip)]` hides is never stored. Types that serde
/// writes as text for people (addresses, dates, UUIDs) are stored as that text.
///
/// A record's encoding is at most 4 MiB, in at most 1,024 fields, nested at most 128 deep.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use strongroom::{Mask, Normalizer, Record, Schema};
///
/// #[derive(Serialize, Deserialize)]
/// struct Customer {
///     name: String,
///     email: String,
///     phone: Option<String>,
/// }
///
/// impl Record for Customer {
///     fn schema() -> Schema {
///         Schema::new("customers")
///             .unique("email", Normalizer::Email)
///             .field("phone", |f| f.was("telephone").mask(Mask::phone()))
///     }
///
///     fn example() -> Self {
///         Self { name: "Ann".into(), email: "ann@example.com".into(), phone: Some("0491 570 156".into()) }
///     }
/// }
/// ```
pub trait Record: Serialize + DeserializeOwned {
    /// Returns the collection's name, its indexes, and the rules of its fields.
    fn schema() -> Schema;

    /// Returns a value in which every field is present: `Some(..)` for an `Option` that has a mask or an index, or is
    /// an attribute.
    ///
    /// Made up, not a real person's: it is only ever encoded and decoded to check the schema, and never stored.
    fn example() -> Self;
}
