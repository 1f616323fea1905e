//! Every byte layout, stated once. No I/O, no keys.
//!
//! Guarantees: each decoder takes any bytes and answers with a value or a [`FormatError`]; it checks every length before
//! using it and refuses trailing bytes. Does not: authenticate anything, that is the caller's seal.

mod body;
mod codec;
mod cursor;
mod dictionary;
mod error;
mod meta;
mod schema;

#[cfg(test)]
mod record_vectors;

pub(crate) use body::{BODY_VERSION, Body, FieldKey, MAX_BODY, MAX_FIELDS, encode_body};
pub(crate) use codec::{decode, encode};
pub(crate) use cursor::{Reader, Writer};
pub(crate) use dictionary::{DICTIONARY_VERSION, MAX_ENTRIES, MAX_NAME, decode_dictionary, encode_dictionary};
pub(crate) use error::FormatError;
pub(crate) use meta::{MAX_LABEL, MAX_LABELS, Meta};
pub(crate) use schema::{
    IndexState, MAX_LISTED_INDEXES, SCHEMA_VERSION, StoredClassification, StoredIndex, StoredKey, StoredNormaliser,
    StoredRule, StoredSchema,
};
