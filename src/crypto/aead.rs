//! ChaCha20-Poly1305 (RFC 8439), always under a key that seals one message, so the nonce is always zero.
//!
//! Guarantees: [`seal`] derives its key with a fresh salt and commits to it; [`seal_body`] is for data keys, which seal
//! once and are committed to by their wrap. Opened bytes are in buffers that are wiped.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use zeroize::Zeroizing;

use super::key::KEY;
use super::mac::same;
use super::wrap::SALT;
use super::{Context, CryptoError, Key, Label, Role, expand_raw, fill, role};

/// Bytes that [`seal_body`] adds.
pub(crate) const BODY_TAG: usize = 16;
/// Bytes that [`seal`] adds: salt, key commitment, tag.
pub(crate) const SEAL_OVERHEAD: usize = SALT + 32 + BODY_TAG;

/// Seals `plain` and returns `salt ‖ commitment ‖ ciphertext ‖ tag`. Key and commitment are `HKDF-Expand(key, label ‖
/// salt ‖ context, 64)`, and the context is the AAD too.
pub(crate) fn seal<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let mut salt = [0; SALT];
    fill(&mut salt)?;
    seal_with_salt(key, label, context, plaintext, &salt)
}

/// Seals as [`seal`] does, with a salt that the caller has just drawn. A salt is never used twice.
pub(crate) fn seal_with_salt<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    plaintext: &[u8],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, CryptoError> {
    let keys = derive(key, label, context, salt)?;
    let mut out = Vec::with_capacity(plaintext.len().saturating_add(SEAL_OVERHEAD));
    out.extend_from_slice(salt);
    out.extend_from_slice(keys.commitment()?);
    out.extend_from_slice(plaintext);
    encrypt(keys.key()?, context, &mut out, SALT + 32)?;
    Ok(out)
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// [`CryptoError::Authentication`] for a wrong key, label or context, or altered or truncated bytes.
pub(crate) fn open<R: Role>(
    key: &Key<R>,
    label: Label,
    context: &Context,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (salt, rest) = sealed.split_first_chunk::<SALT>().ok_or(CryptoError::Authentication)?;
    let (commitment, rest) = rest.split_first_chunk::<32>().ok_or(CryptoError::Authentication)?;
    let keys = derive(key, label, context, salt)?;
    if !same(keys.commitment()?, commitment) {
        return Err(CryptoError::Authentication);
    }
    decrypt(keys.key()?, context, rest)
}

/// Seals `buffer[from..]` in place under a data key that seals nothing else, and appends the tag.
pub(crate) fn seal_body(
    key: &Key<role::Data>,
    context: &Context,
    buffer: &mut Vec<u8>,
    from: usize,
) -> Result<(), CryptoError> {
    encrypt(key.expose(), context, buffer, from)
}

/// Opens what [`seal_body`] sealed.
///
/// # Errors
/// [`CryptoError::Authentication`] for a wrong key or context, or altered bytes.
pub(crate) fn open_body(
    key: &Key<role::Data>,
    context: &Context,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    decrypt(key.expose(), context, sealed)
}

struct Derived(Zeroizing<[u8; 2 * KEY]>);

impl Derived {
    fn key(&self) -> Result<&[u8; KEY], CryptoError> {
        self.0.first_chunk().ok_or(CryptoError::Length)
    }

    fn commitment(&self) -> Result<&[u8; 32], CryptoError> {
        self.0.last_chunk().ok_or(CryptoError::Length)
    }
}

fn derive<R: Role>(key: &Key<R>, label: Label, context: &Context, salt: &[u8; SALT]) -> Result<Derived, CryptoError> {
    let mut both = Derived(Zeroizing::new([0u8; 2 * KEY]));
    expand_raw(key, label, &[salt, context.as_bytes()], &mut *both.0)?;
    Ok(both)
}

fn encrypt(key: &[u8; KEY], context: &Context, buffer: &mut Vec<u8>, from: usize) -> Result<(), CryptoError> {
    let cipher = ChaCha20Poly1305::new(key.into());
    let body = buffer.get_mut(from..).ok_or(CryptoError::Length)?;
    let tag = cipher
        .encrypt_inout_detached(&Nonce::default(), context.as_bytes(), body.into())
        .map_err(|_| CryptoError::Length)?;
    buffer.extend_from_slice(&tag);
    Ok(())
}

fn decrypt(key: &[u8; KEY], context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (body, tag) = sealed.split_last_chunk::<BODY_TAG>().ok_or(CryptoError::Authentication)?;
    let mut opened = Zeroizing::new(body.to_vec());
    ChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&Nonce::default(), context.as_bytes(), opened.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| CryptoError::Authentication)?;
    Ok(opened)
}
