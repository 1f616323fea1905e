//! The errors of the journal's own bytes.

use crate::crypto::CryptoError;
use crate::format::FormatError;

/// An error of entries, blocks and the journal's state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AuditError {
    /// Bytes that can't be read, or what can't be written as bytes.
    #[error("the journal has a part that isn't well-formed")]
    Format(#[from] FormatError),
    /// A seal, a hash or a place that isn't the one it was made with; or no randomness.
    #[error("the journal has a part that can't be sealed or opened")]
    Crypto(#[from] CryptoError),
    /// An entry was given something over its limit, or twice, or too little.
    #[error("a journal entry can't hold this {part}: it is over its limit, given twice or missing")]
    Entry { part: &'static str },
}
