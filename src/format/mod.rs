//! Every byte layout, stated once. No I/O, no keys.
//!
//! Guarantees: each decoder takes any bytes and answers with a value or a [`FormatError`]; it checks every length before
//! using it and refuses trailing bytes. Does not: authenticate anything, that is the caller's seal.

mod codec;
mod cursor;
mod error;
pub(crate) mod index_entry;
pub(crate) mod links;
pub(crate) mod place;
pub(crate) mod row;
pub(crate) mod state;

pub(crate) use codec::{decode, encode};
pub(crate) use cursor::{Reader, Writer};
pub(crate) use error::FormatError;
