//! Every byte layout, stated once, in `FORMAT.md`: the docs of [`crate::format_spec`]. No I/O, no keys.
//!
//! Guarantees: each decoder takes any bytes and answers with a value or a [`FormatError`]; it checks every length before
//! using it and refuses trailing bytes. Does not: authenticate anything, that is the caller's seal.

mod anchor;
pub(crate) mod block;
mod body;
mod codec;
mod cursor;
mod dictionary;
mod error;
pub(crate) mod fact;
pub(crate) mod frontier;
pub(crate) mod head;
pub(crate) mod index_entry;
pub(crate) mod journal_base;
pub(crate) mod journal_entry;
pub(crate) mod journal_state;
pub(crate) mod links;
pub(crate) mod marker;
pub(crate) mod master;
mod meta;
pub(crate) mod place;
pub(crate) mod row;
mod schema;
pub(crate) mod scrub;
pub(crate) mod sealed_file;
pub(crate) mod sink_cursor;
pub(crate) mod state;
mod table;
mod tenant_file;
mod tree_state;

#[cfg(test)]
mod tests;

pub(crate) use anchor::{ANCHOR, Anchor, MASTER_ID, WRAPPED_KEK};
pub(crate) use body::{Body, FieldKey, MAX_BODY, MAX_FIELDS, encode_body};
pub(crate) use codec::{decode, encode};
pub(crate) use cursor::{Reader, Writer};
pub(crate) use dictionary::{MAX_ENTRIES, MAX_NAME, decode_dictionary, encode_dictionary};
pub(crate) use error::FormatError;
pub(crate) use meta::{MAX_LABEL, MAX_LABELS, Meta};
pub(crate) use schema::{
    IndexState, MAX_LISTED_INDEXES, StoredClassification, StoredIndex, StoredKey, StoredRule, StoredSchema,
};
pub(crate) use table::{TABLE, TABLE_FILE, TABLE_VERSION, TENANTS, Table, TableEntry};
pub(crate) use tenant_file::{TENANT_FILE, TENANT_FILE_NAME, TENANT_FILE_VERSION, TenantFile};
#[cfg(test)]
pub(crate) use tests::vectors;
pub(crate) use tree_state::{KeptNode, TREE_LEVELS, TREE_NODES, TreeState, slots};
