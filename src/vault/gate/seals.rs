//! What a row's seals are bound to.

use crate::crypto::{Context, CryptoError, Domain, Label, open, seal};
use crate::format::row::{RowHead, Tombstone};
use crate::keys::TenantKeys;
use crate::model::{CollectionId, Epoch, RecordId, TenantId};

use crate::vault::gate::OpenError;

/// Whose row it is: bound into both of its seals.
#[derive(Clone, Copy)]
pub(crate) struct RowPlace {
    pub(crate) tenant: TenantId,
    pub(crate) collection: CollectionId,
    pub(crate) record: RecordId,
}

/// The sealed part of a tombstone.
pub(crate) fn seal_tombstone(
    keys: &TenantKeys,
    place: &RowPlace,
    tombstone: Tombstone,
) -> Result<Vec<u8>, CryptoError> {
    seal(keys.state(), Label::Tombstone, &tombstone_context(place), &tombstone.to_bytes())
}

/// What [`seal_tombstone`] sealed.
pub(crate) fn open_tombstone(
    keys: &TenantKeys,
    place: &RowPlace,
    sealed: &[u8],
) -> Result<Tombstone, OpenError> {
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

/// What a body is bound to. The epoch isn't in it: rewrapping must not touch the body.
pub(crate) fn body_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    bound(Domain::Body, place, head, dictionary)
}

/// What a data key's wrap is bound to.
pub(crate) fn key_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    let Epoch(epoch) = head.epoch;
    bound(Domain::DataKey, place, head, dictionary).u32(epoch)
}

fn bound(domain: Domain, place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    in_place(domain, place).u32(head.slot.0).u64(head.revision.get()).u16(head.dictionary).bytes(dictionary)
}
