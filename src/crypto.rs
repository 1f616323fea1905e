//! Keys, sealing, key derivation, MACs, hashes, signatures and randomness. The only folder that names a crypto crate.
//!
//! Guarantees: a [`Key`] is wiped on drop and never printed, copied or compared; every seal binds a [`Context`]; every
//! derivation carries a [`Label`] from the one table; failed authentication is one error.
//! Does not: know records, rows or files, and what the compiler spills to the stack is not wiped.

mod aead;
mod context;
mod error;
mod hash;
mod kdf;
mod key;
mod label;
mod mac;
mod merkle;
mod random;
mod sign;
#[cfg(feature = "passphrase")]
pub(crate) mod stretch;
mod wiped;
mod wrap;

#[cfg(test)]
mod tests;

pub(crate) use aead::{BODY_TAG, SEAL_OVERHEAD, open, open_body, seal, seal_body, seal_with_salt};
pub(crate) use context::{Context, Domain};
pub(crate) use error::CryptoError;
pub(crate) use hash::{Digest, Hasher, sha256};
pub(crate) use kdf::{expand, expand_raw};
pub(crate) use key::{Key, Role, role};
pub(crate) use label::Label;
pub(crate) use mac::{Mac, MacKey, mac, same};
#[cfg(test)]
pub(crate) use merkle::ReferenceTree;
pub(crate) use merkle::{MAX_LEAVES, verify_consistency, verify_inclusion};
pub(crate) use random::fill;
pub(crate) use sign::{public_key, sign, verify_signature};
pub(crate) use wiped::extend_wiped;
pub(crate) use wrap::{SALT, WRAPPED, unwrap, unwrap_into, wrap, wrap_with_salt};
#[cfg(feature = "passphrase")]
pub(crate) use zeroize::Zeroize;
pub(crate) use zeroize::Zeroizing;

/// The one suite so far: ChaCha20-Poly1305 (RFC 8439), HKDF and HMAC with SHA-256 (RFC 5869, RFC 2104).
pub(crate) const SUITE: u8 = 1;
