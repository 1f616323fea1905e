//! Sealing of index entries: wrapped as keys are, under the value's key, bound to their place.

use super::{EntryPlace, IndexError};
use crate::crypto::{CryptoError, Key, Label, SALT, WRAPPED, Zeroizing, fill, role, unwrap_into, wrap_with_salt};
use crate::format::index_entry::{ENTRY, Entry};

/// Bytes of a sealed entry, live or dead.
pub(crate) const SEALED_ENTRY: usize = WRAPPED;

const WHAT: &str = "index entry";

/// Seals an entry for its place, with a salt of its own.
///
/// # Errors
/// [`IndexError::Crypto`] if the system gives no randomness.
pub(crate) fn seal_entry(
    value: &Key<role::Value>,
    place: &EntryPlace,
    entry: Entry,
) -> Result<[u8; SEALED_ENTRY], IndexError> {
    let mut salt = [0; SALT];
    fill(&mut salt).map_err(IndexError::crypto(WHAT))?;
    seal_entry_with_salt(value, place, entry, &salt)
}

/// Seals as [`seal_entry`] does, with a salt that the caller has just drawn. A salt is never used twice.
///
/// # Errors
/// [`IndexError::Crypto`], which only a bug can cause.
pub(crate) fn seal_entry_with_salt(
    value: &Key<role::Value>,
    place: &EntryPlace,
    entry: Entry,
    salt: &[u8; SALT],
) -> Result<[u8; SEALED_ENTRY], IndexError> {
    let mut plaintext = Zeroizing::new([0; ENTRY]);
    entry.encode(&mut plaintext);
    wrap_with_salt(value, Label::IndexEntry, &place.context(), &plaintext, salt).map_err(IndexError::crypto(WHAT))
}

/// Returns the entry that was sealed for this place.
///
/// # Errors
/// [`IndexError::Crypto`] for a wrong key or place, altered bytes or a wrong length; [`IndexError::Format`] for
/// contents that no release has written.
pub(crate) fn open_entry(value: &Key<role::Value>, place: &EntryPlace, sealed: &[u8]) -> Result<Entry, IndexError> {
    let sealed = sealed.try_into().map_err(|_| IndexError::crypto(WHAT)(CryptoError::Authentication))?;
    let mut plaintext = Zeroizing::new([0; ENTRY]);
    unwrap_into(value, Label::IndexEntry, &place.context(), sealed, &mut plaintext)
        .map_err(IndexError::crypto(WHAT))?;
    Entry::decode(&plaintext).map_err(IndexError::format(WHAT))
}
