//! The error for bytes that don't keep to a layout.

/// A layout that doesn't hold. Says which thing and what about it, never a byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FormatError {
    /// The bytes end too early, go on too long, or hold a value that can't be.
    #[error("not a valid {what}: {why}")]
    Invalid { what: &'static str, why: &'static str },
    /// A version byte from the future.
    #[error("the {what} has format version {found}; this release reads up to {known}: use a newer release")]
    Newer { what: &'static str, found: u8, known: u8 },
}
