//! Strongroom
#![deny(missing_docs, unreachable_pub)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod audit;
mod crypto;
mod format;
mod index;
mod keys;
mod model;
pub mod policy;
mod store;
mod record;

#[cfg(feature = "passphrase")]
pub use keys::Passphrase;
pub use keys::{KeyFile, MasterKey, MasterKeyError, WrapContext};
pub use model::*;
pub use record::{
    Classification, Document, Field, FieldProblem, Mask, Record, RecordError, Schema, SearchValue, Value,
};
