//! The contexts that a row's seals are bound to.

use crate::crypto::{Context, CryptoError, Domain, Label, open, seal};
use crate::error::Error;
use crate::format::FormatError;
use crate::format::row::{RowHead, Tombstone};
use crate::keys::{KeyError, TenantKeys};
use crate::model::{CollectionId, Epoch, RecordId, TenantId};

/// The reason why a row doesn't open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the record's key can't be had")]
    Key(#[source] KeyError),
    #[error("the record doesn't open")]
    Sealed(#[source] CryptoError),
    #[error("the record's bytes are not a record")]
    Format(#[source] FormatError),
    #[error("the record names fields that its collection's dictionary doesn't have")]
    Dictionary,
}

/// The place of a row, bound into both of its seals.
#[derive(Clone, Copy)]
pub(crate) struct RowPlace {
    pub(crate) tenant: TenantId,
    pub(crate) collection: CollectionId,
    pub(crate) record: RecordId,
}

/// Seals a tombstone.
pub(crate) fn seal_tombstone(
    keys: &TenantKeys,
    place: &RowPlace,
    tombstone: Tombstone,
) -> Result<Vec<u8>, CryptoError> {
    seal(keys.state(), Label::Tombstone, &tombstone_context(place), &tombstone.to_bytes())
}

/// Opens a tombstone.
pub(crate) fn open_tombstone(keys: &TenantKeys, place: &RowPlace, sealed: &[u8]) -> Result<Tombstone, OpenError> {
    let plain = open(keys.state(), Label::Tombstone, &tombstone_context(place), sealed).map_err(OpenError::Sealed)?;
    Tombstone::from_bytes(&plain).map_err(OpenError::Format)
}

fn tombstone_context(place: &RowPlace) -> Context {
    in_place(Domain::Tombstone, place)
}

fn in_place(domain: Domain, place: &RowPlace) -> Context {
    Context::new(domain)
        .bytes(place.tenant.as_bytes())
        .bytes(place.collection.as_bytes())
        .bytes(place.record.as_bytes())
}

/// Returns the context of a body. The epoch isn't in it: rewrapping must not touch the body.
pub(crate) fn body_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    bound(Domain::Body, place, head, dictionary)
}

/// Returns the context of a wrapped data key.
pub(crate) fn key_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    let Epoch(epoch) = head.epoch;
    bound(Domain::DataKey, place, head, dictionary).u32(epoch)
}

fn bound(domain: Domain, place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    in_place(domain, place).u32(head.slot.0).u64(head.revision.get()).u16(head.dictionary).bytes(dictionary)
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Key(KeyError::Erased) => Self::Erased,
            OpenError::Format(error) => unreadable(error),
            error => Self::damaged_by("a record doesn't open", error),
        }
    }
}

/// Returns the error for a row whose bytes can't be parsed: written by a newer release, or damaged.
pub(crate) fn unreadable(error: FormatError) -> Error {
    match error {
        FormatError::Newer { what, found, known } => Error::Newer { what, found, known },
        invalid @ FormatError::Invalid { .. } => Error::damaged_by("a record's bytes are not a record", invalid),
    }
}
