//! Wrapping of 32 secret bytes: one-time XOR and MAC (the DEMs of SEC 1 and ISO 18033-2).
//!
//! Guarantees: the tag commits to key, label, context and secret. Each call has a fresh salt, so no pad is used twice.

use zeroize::Zeroizing;

use super::key::KEY;
use super::mac::{MacKey, same};
use super::{Context, CryptoError, Key, Label, Role, expand_raw, fill};

/// Bytes of a salt.
pub(crate) const SALT: usize = 24;
/// Bytes of a wrapped secret: salt, secret XOR pad, tag.
pub(crate) const WRAPPED: usize = SALT + KEY + 32;

/// Wraps `secret` and returns `salt ‖ (secret XOR pad) ‖ HMAC(mac key, both but the salt)`, pad and MAC key from
/// `HKDF-Expand(key, label ‖ salt ‖ context, 64)`.
pub(crate) fn wrap<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    secret: &[u8; KEY],
) -> Result<[u8; WRAPPED], CryptoError> {
    let mut salt = [0; SALT];
    fill(&mut salt)?;
    wrap_with_salt(key, label, context, secret, &salt)
}

/// Wraps as [`wrap`] does, with a salt that the caller has just drawn, to save a call to the random generator. A salt
/// is never used twice.
pub(crate) fn wrap_with_salt<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    secret: &[u8; KEY],
    salt: &[u8; SALT],
) -> Result<[u8; WRAPPED], CryptoError> {
    let (pad, tags) = keys(key, label, context, salt)?;
    let mut masked = [0u8; KEY];
    for (to, (from, pad)) in masked.iter_mut().zip(secret.iter().zip(pad.iter())) {
        *to = from ^ pad;
    }
    let mut out = [0; WRAPPED];
    let tag = tags.mac(&[&masked]);
    for (to, from) in out.iter_mut().zip(salt.iter().chain(&masked).chain(&tag)) {
        *to = *from;
    }
    Ok(out)
}

/// Returns the key that was wrapped.
///
/// # Errors
/// [`CryptoError::Authentication`] for a wrong key, label or context, or altered bytes.
pub(crate) fn unwrap<R: Role, D: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    wrapped: &[u8; WRAPPED],
) -> Result<Key<D>, CryptoError> {
    Key::filled(|out| unwrap_into(key, label, context, wrapped, out))
}

/// Unwraps as [`unwrap`] does, into a buffer of the caller's; the buffer is untouched on error.
pub(crate) fn unwrap_into<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    wrapped: &[u8; WRAPPED],
    out: &mut [u8; KEY],
) -> Result<(), CryptoError> {
    let (salt, rest) = wrapped.split_first_chunk::<SALT>().ok_or(CryptoError::Authentication)?;
    let (masked, tag) = rest.split_first_chunk::<KEY>().ok_or(CryptoError::Authentication)?;
    let tag: &[u8; 32] = tag.try_into().map_err(|_| CryptoError::Authentication)?;
    let (pad, tags) = keys(key, label, context, salt)?;
    if !same(&tags.mac(&[masked]), tag) {
        return Err(CryptoError::Authentication);
    }
    for (to, (from, pad)) in out.iter_mut().zip(masked.iter().zip(pad.iter())) {
        *to = from ^ pad;
    }
    Ok(())
}

fn keys<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    salt: &[u8; SALT],
) -> Result<(Zeroizing<[u8; KEY]>, MacKey), CryptoError> {
    let mut both = Zeroizing::new([0u8; 2 * KEY]);
    expand_raw(key, label, &[salt, context.as_bytes()], &mut *both)?;
    let (pad, mac) = both.split_first_chunk::<KEY>().ok_or(CryptoError::Length)?;
    let mac: &[u8; KEY] = mac.try_into().map_err(|_| CryptoError::Length)?;
    Ok((Zeroizing::new(*pad), MacKey::from_bytes(mac)))
}
