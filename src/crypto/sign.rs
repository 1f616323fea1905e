//! Ed25519 (RFC 8032), for the heads of the journal. Exempt from the one-key-one-message rule: it signs many heads.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::{Key, role};

/// Bytes of a public key.
pub(crate) const PUBLIC_KEY: usize = 32;
/// Bytes of a signature.
pub(crate) const SIGNATURE: usize = 64;

/// Returns the public key of a signing key.
pub(crate) fn public_key(key: &Key<role::Signing>) -> [u8; PUBLIC_KEY] {
    SigningKey::from_bytes(key.expose()).verifying_key().to_bytes()
}

/// Returns a signature of `message`.
pub(crate) fn sign(key: &Key<role::Signing>, message: &[u8]) -> [u8; SIGNATURE] {
    SigningKey::from_bytes(key.expose()).sign(message).to_bytes()
}

/// Checks that `signature` is one of `message` under `public` (strict: no weak keys, no malleable signatures).
pub(crate) fn verify_signature(public: &[u8; PUBLIC_KEY], message: &[u8], signature: &[u8; SIGNATURE]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}
