//! Strongroom
#![deny(missing_docs, unreachable_pub)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod crypto;
mod format;
mod model;
mod record;

pub use model::*;
pub use record::{
    Classification, Document, Field, FieldProblem, Mask, Record, RecordError, Schema, SearchValue, Value,
};
