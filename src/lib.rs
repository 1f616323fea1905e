//! Strongroom
#![deny(missing_docs, unreachable_pub)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod audit;
mod crypto;
mod error;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod index;
pub mod keys;
mod model;
pub mod policy;
pub mod record;
mod store;
mod vault;

pub use error::{Error, Result};
pub use keys::KeyFile;
#[cfg(feature = "passphrase")]
pub use keys::Passphrase;
pub use model::*;
pub use record::*;
pub use vault::*;
