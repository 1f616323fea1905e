//! Errors of master keys. Every text says what to do.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::crypto::CryptoError;
use crate::format::FormatError;

/// An error of a master-key source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// Failed authentication: a wrong key, another context or altered bytes.
    #[error("the master key was refused: a wrong passphrase or key, or bytes that were altered")]
    Rejected,
    /// A passphrase that is too easy to guess.
    #[error("the passphrase is too easy to guess. {advice}")]
    #[non_exhaustive]
    Weak {
        /// Advice for a better one.
        advice: String,
    },
    /// The source can't answer now: a service that is down, a device that is unplugged, no memory, no randomness.
    #[error("the master key can't be used now; nothing was changed, try again when its source is back")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The bytes that the vault stores for this master key can't be read.
    #[error("what the vault stores for its master key can't be read")]
    Stored(#[source] Box<dyn Error + Send + Sync>),
    /// Parameters outside their bounds.
    #[error("{what} must be {least} to {most}")]
    #[non_exhaustive]
    Parameter {
        /// The parameter.
        what: &'static str,
        /// The least allowed.
        least: u32,
        /// The most allowed.
        most: u32,
    },
    /// A key file that others than its owner can read or write.
    #[error("the key file {path} can be read or written by others than its owner; run: chmod 600 {path}")]
    #[non_exhaustive]
    KeyFileReadable {
        /// The file.
        path: PathBuf,
    },
    /// A file that is something else.
    #[error("{path} is not a key file; give the file that KeyFile::create wrote")]
    #[non_exhaustive]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// A key file whose key is not whole.
    #[error("the key in {path} is damaged or mistyped; restore the file from a copy")]
    #[non_exhaustive]
    DamagedKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// A key file of a later version.
    #[error("the key file {path} has version {found}; this release reads version {known}: use a newer release")]
    #[non_exhaustive]
    NewerKeyFile {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: u32,
        /// The version that this release reads.
        known: u32,
    },
    /// A path without a file, where the key file should be.
    #[error(
        "there is no key file at {path}: give the path of the vault's key file, \
         or make one for a new vault with KeyFile::create"
    )]
    #[non_exhaustive]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A file where a new key file should go. It is never overwritten: a vault may depend on it.
    #[error("{path} exists already and is not overwritten: open it with KeyFile::open, or choose another path")]
    #[non_exhaustive]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A failure of the file system.
    #[error("could not {action} the key file {path}")]
    #[non_exhaustive]
    Io {
        /// The step that failed.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl From<CryptoError> for MasterKeyError {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::Authentication => Self::Rejected,
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

impl From<FormatError> for MasterKeyError {
    fn from(error: FormatError) -> Self {
        Self::Stored(Box::new(error))
    }
}
