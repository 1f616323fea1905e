//! The committer: one thread that merges what waits into one durable commit, with its journal blocks.
//!
//! Guarantees: a write is acknowledged only when it, its index entries and its journal entries are durable, all in one
//! atomic commit; a request that conflicts leaves the others untouched; caches advance only after success; once a
//! commit has failed, nothing is acknowledged any more. Does not: wait for sinks or run the host's code.

mod foresee;
mod job;
mod journal;
mod merge;
mod pending;
mod tails;
mod thread;

pub(super) use foresee::foresee;
pub(super) use job::{Committed, Job, NewRow, NewTerm, Paused, Put, RowChange, WriteJob};
pub(super) use journal::genesis;
pub(super) use pending::terms_of;
pub(super) use thread::{Committer, Start};

use std::sync::Arc;

use crate::audit::AuditError;
use crate::crypto::CryptoError;
use crate::index::IndexError;
use crate::model::RecordId;
use crate::store::StoreError;
use crate::vault::tenant_core::CollectionCore;

/// Why a request was not committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommitError {
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
pub(super) struct Holder {
    pub(super) collection: Arc<CollectionCore>,
    pub(super) record: RecordId,
    pub(super) field: String,
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
