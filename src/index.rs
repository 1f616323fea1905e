//! Blind indexes: the stored form of an indexed value, and the places of its entries.
//!
//! Guarantees: values that normalize to the same have one [`Term`], all others differ in theirs; an entry's
//! place and bytes tell nothing of its value, nor that two entries share one; entries and links open only in their own
//! place; a normalizer that this build can't honour is an error, never another normalizer.
//! Does not: give out positions, decide uniqueness or look at rows. Those are the committer's. That a link or an entry
//! was replaced by its own older self, or removed, is for the second digest to tell.

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
