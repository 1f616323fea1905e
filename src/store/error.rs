//! Errors of stores. None prints a stored byte.

use std::error::Error;
use std::fmt;
use std::io;

use super::{MAX_KEY, MAX_VALUE};

/// An error of this floor's stores and files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[error("a value of {found} bytes is over the store's limit of {MAX_VALUE}")]
    ValueTooLarge { found: usize },
    #[error("a key of {found} bytes is over the store's limit of {MAX_KEY}")]
    KeyTooLarge { found: usize },
    /// A write that could not be made durable, or an engine that broke down. The last writes may or may not be kept.
    #[error("an earlier write could not be made durable, so nothing is answered any more: close and open again")]
    Poisoned,
    #[error("the store is closed")]
    Closed,
    #[error("in use by another process, or opened a second time in this one")]
    InUse,
    /// Files that aren't what this release wrote.
    #[error("the store is damaged: {what}")]
    Corrupt { what: &'static str },
    #[error("{what} failed")]
    Io {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the storage engine failed to {what}")]
    Engine {
        what: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Names what was being done when the system refused; for `map_err`.
    pub(crate) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}

/// The error of a commit that did nothing, or whose outcome is unknown.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CommitError {
    /// The key isn't as expected. Nothing was changed.
    #[error("a key is not as the commit expected it")]
    Conflict { key: Vec<u8> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl fmt::Debug for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { .. } => f.write_str("Conflict"),
            Self::Store(error) => f.debug_tuple("Store").field(error).finish(),
        }
    }
}
