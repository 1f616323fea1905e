//! Reads, writes and searches of records: the verbs of [`Collection`](crate::vault::Collection), and batches.

pub(crate) mod batch;
pub(crate) mod collection;
pub(crate) mod duplicate;
pub(crate) mod find;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod prepared;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod scope;
pub(crate) mod subject;
pub(crate) mod transfer;
pub(crate) mod update;
pub(crate) mod write;

pub use batch::Batch;
pub(crate) use query::check_limit;
pub(crate) use read::{Stored, open, permitted, stored};
pub(crate) use subject::open_slot_entry;
pub(crate) use transfer::Giving;
