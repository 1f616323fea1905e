//! HKDF-Expand with SHA-256 (RFC 5869). Every key here is uniform already, so nothing needs Extract.

use hkdf::Hkdf;
use sha2::Sha256;

use super::{CryptoError, Key, Label, Role};

/// Returns a child key: `HKDF-Expand(parent, label ‖ info…, 32)`.
pub(crate) fn expand<P: Role, C: Role>(parent: &Key<P>, label: Label, info: &[&[u8]]) -> Result<Key<C>, CryptoError> {
    Key::filled(|out| expand_raw(parent, label, info, out))
}

/// Fills `out` with `HKDF-Expand(parent, label ‖ info…)`. The parts of `info` are joined as they are: the caller makes
/// them injective.
pub(crate) fn expand_raw<P: Role>(
    parent: &Key<P>,
    label: Label,
    info: &[&[u8]],
    out: &mut [u8],
) -> Result<(), CryptoError> {
    let hkdf = Hkdf::<Sha256>::from_prk(parent.expose()).map_err(|_| CryptoError::Length)?;
    match info {
        [] => hkdf.expand(label.as_bytes(), out),
        [a] => hkdf.expand_multi_info(&[label.as_bytes(), a], out),
        [a, b] => hkdf.expand_multi_info(&[label.as_bytes(), a, b], out),
        [a, b, c] => hkdf.expand_multi_info(&[label.as_bytes(), a, b, c], out),
        _ => return Err(CryptoError::Length),
    }
    .map_err(|_| CryptoError::Length)
}
