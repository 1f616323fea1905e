//! Randomness, from the operating system only: a generator in the process could be copied, forked or read.

use super::CryptoError;

/// Fills `bytes` from the system's random generator.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(bytes).map_err(CryptoError::Entropy)
}
