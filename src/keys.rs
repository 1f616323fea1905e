//! Master keys, and the keyring that every other key comes from.
//!
//! Guarantees: a change of the keyring is whole or not at all, whatever stops it; once a puncture is committed, the
//! erased slot's key follows from nothing that is kept; a master key that fails is an error and never replaced.
//! Does not: lock the directory (the vault's lock does), or make a disk forget: overwriting is best effort, what erases
//! is that the key over the old generation is gone.

mod cache;
pub mod danger;
mod error;
mod files;
mod home;
mod keyring;
mod master;
mod seals;
mod tenant;
mod tree;
mod vault_keys;

#[cfg(test)]
mod tests;

#[cfg(feature = "passphrase")]
pub use master::Passphrase;
pub use master::{KeyFile, MasterKey, MasterKeyError, WrapContext};

pub(crate) use error::KeyError;
pub(crate) use home::{FileHome, Home, HomeError, MemoryHome};
pub(crate) use keyring::Keyring;
pub(crate) use tenant::{CEILING_BLOCK, TenantKeys};
pub(crate) use vault_keys::VaultKeys;
