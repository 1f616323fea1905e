//! A vault's beginning and end: options, creating, opening, and the texts of its policies.

mod create;
mod open;
mod options;
pub(crate) mod policies;
mod recount;
#[cfg(feature = "policy-file")]
mod spelling;

pub(crate) use open::{key_error, open_state};
pub use options::{Memory, VaultOptions};
pub use policies::PastPolicy;
