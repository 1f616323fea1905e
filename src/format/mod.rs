//! Every byte layout, stated once. No I/O, no keys.
//!
//! Guarantees: each decoder takes any bytes and answers with a value or a [`FormatError`]; it checks every length before
//! using it and refuses trailing bytes. Does not: authenticate anything, that is the caller's seal.

pub(crate) mod block;
mod codec;
mod cursor;
pub(crate) mod entry;
mod error;
pub(crate) mod frontier;
pub(crate) mod head;
pub(crate) mod journal_state;

pub(crate) use codec::{decode, encode};
pub(crate) use cursor::{Reader, Writer};
pub(crate) use error::FormatError;
