//! Reasons why a request was not committed.

use std::fmt;
use std::sync::Arc;

use crate::audit::AuditError;
use crate::crypto::CryptoError;
use crate::error::Source;
use crate::index::IndexError;
use crate::model::RecordId;
use crate::store::StoreError;
use crate::vault::state::schema::CollectionCore;

use super::write::Write;

/// The reason why a request was not committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// A row or value isn't as the caller saw it.
    #[error("something changed meanwhile")]
    Conflict,
    /// The policy, or a fact that policies see, has changed since the request was decided, or that was too long ago.
    #[error("the decision is out of date")]
    Stale(Box<Write>),
    /// Another record has the value.
    #[error("another record has this value in the unique index of `{}`", .0.field)]
    Duplicate(Box<Holder>),
    /// The vault's content contradicts itself.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// The store failed to write; its content is unknown.
    #[error("the store failed")]
    Store(#[source] Arc<StoreError>),
    /// The store failed to read; nothing was written.
    #[error("the store failed to read")]
    Read(#[source] StoreError),
    /// Sealing failed.
    #[error("sealing failed")]
    Sealing(#[source] Source),
    /// The committer is gone: an earlier commit failed, or the vault was closed.
    #[error("the vault takes no more commits: an earlier one failed, or it was closed")]
    Stopped,
}

impl CommitError {
    /// Returns the store's error, if the store failed to write.
    pub(super) const fn store(&self) -> Option<&Arc<StoreError>> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The record that already has a unique value.
pub(crate) struct Holder {
    pub(crate) collection: Arc<CollectionCore>,
    pub(crate) record: RecordId,
    pub(crate) field: String,
    /// Record whose write has the value too.
    pub(crate) tried_by: RecordId,
    /// True if the same request has entered the value.
    pub(crate) own: bool,
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("field", &self.field).finish_non_exhaustive()
    }
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::Read(error)
    }
}

impl From<CryptoError> for CommitError {
    fn from(error: CryptoError) -> Self {
        Self::Sealing(error.into())
    }
}

impl From<IndexError> for CommitError {
    fn from(error: IndexError) -> Self {
        Self::Sealing(error.into())
    }
}

impl From<AuditError> for CommitError {
    fn from(error: AuditError) -> Self {
        Self::Sealing(error.into())
    }
}
