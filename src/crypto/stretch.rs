//! Argon2id (RFC 9106): a key from a passphrase.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize;

use super::{CryptoError, Key, Role};

/// Fills a key from a passphrase and a salt. The caller bounds the parameters first.
///
/// # Errors
/// [`CryptoError::Length`] for parameters that Argon2 itself refuses; [`CryptoError::Memory`] when there isn't as much.
pub(crate) fn stretch<R: Role>(
    passphrase: &[u8],
    salt: &[u8; 16],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
) -> Result<Key<R>, CryptoError> {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| CryptoError::Length)?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| CryptoError::Memory)?;
    memory.resize(params.block_count(), Block::default());
    let key = Key::filled(|out| {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase, salt, out, &mut memory)
            .map_err(|_| CryptoError::Length)
    });
    for block in &mut memory {
        block.zeroize();
    }
    key
}
