//! Blind indexes: the stored form of an indexed value, and the places of its entries.
//!
//! Guarantees: values that normalize to the same have one [`Term`], and the terms of all others differ; the place and
//! the bytes of an entry tell nothing of its value, nor that two entries share a value; entries and links open only in
//! their own place; a normalizer that this build can't honour is an error, never another normalizer.
//! Does not: give out positions, decide uniqueness or look at rows, which is the committer's work; or notice a link or
//! an entry that was removed or replaced by an older one, which the second digest does.

mod entry;
mod error;
mod keys;
mod links;
mod normalize;
#[cfg(feature = "phone")]
mod phone;
mod position;
mod term;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use entry::{open_entry, seal_entry};
pub(crate) use error::{IndexError, NormalizerError};
pub(crate) use keys::{EntryPlace, IndexKeys, entry_key};
pub(crate) use links::{Link, LinksPlace, open_links, seal_links, seal_raw_links};
pub(crate) use normalize::{normalize, validate, version};
pub(crate) use position::{Beyond, check_beyond, end};
pub(crate) use term::Term;

pub(crate) use crate::format::index_entry::Entry;
