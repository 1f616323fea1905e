//! Errors of this floor. A wrong key, a wrong context and altered bytes are one and the same.

/// An error of this floor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CryptoError {
    /// Wrong key, wrong context or altered bytes: they are not told apart.
    #[error("authentication failed: the key, the place or the bytes are not the ones this was sealed with")]
    Authentication,
    /// The system's random generator failed.
    #[error("the system's random generator failed")]
    Entropy(#[source] getrandom::Error),
    /// A length that the primitive can't take; a bug or a hostile size.
    #[error("a length is outside what the cipher can take")]
    Length,
    /// The system doesn't have the memory that a passphrase's parameters ask for.
    #[error("not enough memory for the passphrase's parameters")]
    Memory,
}
