//! The committer: one thread that merges what waits into one durable commit, with its journal blocks.
//!
//! Guarantees: a write is acknowledged only when it, its index entries and its journal entries are durable, all in one
//! atomic commit; a request that conflicts leaves the others untouched; caches advance only after success; once a
//! commit has failed, nothing is acknowledged any more. Does not: wait for sinks or run the host's code.


pub(crate) mod blocks;
pub(crate) mod foresee;
pub(crate) mod intake;
pub(crate) mod leaves;
pub(crate) mod merge;
pub(crate) mod pending;
pub(crate) mod reader;
pub(crate) mod tails;
pub(crate) mod thread;
pub(crate) mod write;

pub(crate) use crate::vault::commit::foresee::foresee;
pub(crate) use crate::vault::commit::write::{Committed, Job, NewRow, NewTerm, Paused, Put, RowChange, WriteJob};
pub(crate) use crate::vault::commit::blocks::genesis;
pub(crate) use crate::vault::commit::pending::terms_of;
pub(crate) use crate::vault::commit::thread::{Committer, Start};

use std::sync::Arc;

use crate::audit::AuditError;
use crate::crypto::CryptoError;
use crate::index::IndexError;
use crate::model::RecordId;
use crate::store::StoreError;
use crate::vault::state::tenant::CollectionCore;

/// Why a request was not committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// Something isn't as the caller saw it.
    #[error("something changed meanwhile")]
    Conflict,
    /// Another record has the value.
    #[error("another record has this value in the unique index of `{}`", .0.field)]
    Duplicate(Box<Holder>),
    /// What is stored contradicts itself.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// The store failed to write; what it holds is unknown.
    #[error("the store failed")]
    Store(#[source] Arc<StoreError>),
    /// The store failed to read; nothing was written.
    #[error("the store failed to read")]
    Read(#[source] StoreError),
    /// Sealing failed.
    #[error("sealing failed")]
    Sealing(#[source] crate::error::Source),
    /// The committer is gone: an earlier commit failed, or the vault was closed.
    #[error("the vault takes no more commits: an earlier one failed, or it was closed")]
    Stopped,
}

/// The record that has a unique value already.
pub(crate) struct Holder {
    pub(crate) collection: Arc<CollectionCore>,
    pub(crate) record: RecordId,
    pub(crate) field: String,
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
