//! Where things stand in the store: one ordered space of keys, cut by a first byte.
//!
//! Keys hold random ids, counters and MACs, never a name or a value.

use crate::model::{CollectionId, RecordId, Revision, Slot, TenantId};

/// A key space. The bytes are format: they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Space {
    /// `tenant ‖ collection ‖ record` → row or tombstone.
    Row = 0x01,
    /// `tenant ‖ collection ‖ record ‖ BE64 revision ‖ BE16 n` → part of a long body.
    Chunk = 0x02,
    /// `tenant ‖ HMAC(value key, i)` → index entry.
    Entry = 0x03,
    /// `tenant ‖ BE32 slot ‖ BE32 number` → slot map; number 0 is the slot's head.
    SlotMap = 0x04,
    /// `BE64 position ‖ BE32 n` → part of a journal block.
    Block = 0x05,
    /// `BE64 position ‖ BE32 n` → row keys that the block's commit touched.
    Changes = 0x06,
    /// `tenant` → the tenant's state.
    TenantState = 0x07,
    /// nothing → the state of the vault's journal.
    JournalState = 0x08,
    /// `tenant` → the tenant's sealed name.
    TenantName = 0x09,
    /// `tenant ‖ collection ‖ BE16 n` → part of the collection's sealed name.
    CollectionName = 0x0a,
    /// `tenant ‖ collection ‖ BE16 n` → part of the collection's sealed schema.
    Schema = 0x0b,
    /// `tenant ‖ collection ‖ BE16 n` → part of the collection's sealed dictionary.
    Dictionary = 0x0c,
    /// `tenant ‖ id` → what is remembered for policies; the id doesn't tell what it is about.
    Fact = 0x0d,
    /// `version ‖ BE16 n` → part of the sealed text of a policy that was in force.
    Policy = 0x0e,
    /// `BE64 first` → leaf hashes of 128 journal blocks that were dropped.
    Leaves = 0x0f,
    /// nothing → where the journal begins; `tenant` → the tenant's last block before that.
    JournalBase = 0x10,
    /// `SHA-256(name)` → how far the sink of this name has acknowledged the journal.
    Cursor = 0x11,
    /// nothing, or `tenant` → how far a scrub has come.
    Scrub = 0x12,
}

pub(crate) fn row(tenant: TenantId, collection: CollectionId, record: RecordId) -> Vec<u8> {
    key(Space::Row, &[tenant.as_bytes(), collection.as_bytes(), record.as_bytes()])
}

pub(crate) fn rows_of(tenant: TenantId, collection: CollectionId) -> Vec<u8> {
    key(Space::Row, &[tenant.as_bytes(), collection.as_bytes()])
}

/// Collection and record of a row's key.
pub(crate) fn row_of_key(key: &[u8]) -> Option<(TenantId, CollectionId, RecordId)> {
    let (space, rest) = key.split_first()?;
    let (tenant, rest) = rest.split_first_chunk::<16>()?;
    let (collection, rest) = rest.split_first_chunk::<16>()?;
    let record: &[u8; 16] = rest.try_into().ok()?;
    (*space == Space::Row as u8)
        .then(|| (TenantId::from_bytes(*tenant), CollectionId::from_bytes(*collection), RecordId::from_bytes(*record)))
}

pub(crate) fn chunk(
    tenant: TenantId,
    collection: CollectionId,
    record: RecordId,
    revision: Revision,
    number: u16,
) -> Vec<u8> {
    key(
        Space::Chunk,
        &[
            tenant.as_bytes(),
            collection.as_bytes(),
            record.as_bytes(),
            &revision.get().to_be_bytes(),
            &number.to_be_bytes(),
        ],
    )
}

/// Whose part of a long body stands under a key, of which revision, and its number.
pub(crate) fn chunk_of_key(key: &[u8]) -> Option<((TenantId, CollectionId, RecordId), Revision, u16)> {
    let (space, rest) = key.split_first()?;
    let (tenant, rest) = rest.split_first_chunk::<16>()?;
    let (collection, rest) = rest.split_first_chunk::<16>()?;
    let (record, rest) = rest.split_first_chunk::<16>()?;
    let (revision, number) = rest.split_first_chunk::<8>()?;
    let number = u16::from_be_bytes(number.try_into().ok()?);
    let row = (TenantId::from_bytes(*tenant), CollectionId::from_bytes(*collection), RecordId::from_bytes(*record));
    (*space == Space::Chunk as u8).then(|| (row, Revision::new(u64::from_be_bytes(*revision)), number))
}

pub(crate) fn entry(tenant: TenantId, mac: &[u8; 32]) -> Vec<u8> {
    key(Space::Entry, &[tenant.as_bytes(), mac])
}

pub(crate) fn slot_map(tenant: TenantId, slot: Slot, number: u32) -> Vec<u8> {
    key(Space::SlotMap, &[tenant.as_bytes(), &slot.0.to_be_bytes(), &number.to_be_bytes()])
}

pub(crate) fn block(position: u64, number: u32) -> Vec<u8> {
    key(Space::Block, &[&position.to_be_bytes(), &number.to_be_bytes()])
}

/// Position and part number of a block's or a change list's key.
pub(crate) fn position_of_key(key: &[u8]) -> Option<(u64, u32)> {
    let (_, rest) = key.split_first()?;
    let (position, number) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*position), u32::from_be_bytes(number.try_into().ok()?)))
}

pub(crate) fn changes(position: u64, number: u32) -> Vec<u8> {
    key(Space::Changes, &[&position.to_be_bytes(), &number.to_be_bytes()])
}

/// The leaf hashes of the segment that begins at `first`.
pub(crate) fn leaves(first: u64) -> Vec<u8> {
    key(Space::Leaves, &[&first.to_be_bytes()])
}

/// The position that such a key begins at.
pub(crate) fn first_of_leaves_key(key: &[u8]) -> Option<u64> {
    let (_, first) = key.split_first()?;
    first.try_into().ok().map(u64::from_be_bytes)
}

pub(crate) fn journal_base() -> Vec<u8> {
    key(Space::JournalBase, &[])
}

/// The last dropped block of a tenant, or of the vault itself.
pub(crate) fn journal_tip(tenant: Option<TenantId>) -> Vec<u8> {
    key(Space::JournalBase, &[tenant.as_ref().map_or(&[0; 16][..], |id| id.as_bytes().as_slice())])
}

/// Whose tip a key is for; `Some(None)` is the vault's own.
pub(crate) fn tenant_of_tip_key(key: &[u8]) -> Option<Option<TenantId>> {
    let (_, tenant) = key.split_first()?;
    let tenant: [u8; 16] = tenant.try_into().ok()?;
    Some((tenant != [0; 16]).then(|| TenantId::from_bytes(tenant)))
}

pub(crate) fn tenant_state(tenant: TenantId) -> Vec<u8> {
    key(Space::TenantState, &[tenant.as_bytes()])
}

pub(crate) fn journal_state() -> Vec<u8> {
    key(Space::JournalState, &[])
}

pub(crate) fn tenant_name(tenant: TenantId) -> Vec<u8> {
    key(Space::TenantName, &[tenant.as_bytes()])
}

/// One part of what a collection keeps in `space` (name, schema, dictionary).
pub(crate) fn collection_part(space: Space, tenant: TenantId, collection: CollectionId, number: u16) -> Vec<u8> {
    key(space, &[tenant.as_bytes(), collection.as_bytes(), &number.to_be_bytes()])
}

/// The collection and the part number of such a key.
pub(crate) fn collection_of_key(key: &[u8]) -> Option<(CollectionId, u16)> {
    let (_, rest) = key.split_first_chunk::<17>()?;
    let (collection, number) = rest.split_first_chunk::<16>()?;
    Some((CollectionId::from_bytes(*collection), u16::from_be_bytes(number.try_into().ok()?)))
}

/// One part of a policy's text.
pub(crate) fn policy(version: &[u8; 32], number: u16) -> Vec<u8> {
    key(Space::Policy, &[version, &number.to_be_bytes()])
}

/// The version and the part number of such a key.
pub(crate) fn policy_of_key(key: &[u8]) -> Option<([u8; 32], u16)> {
    let (_, rest) = key.split_first()?;
    let (version, number) = rest.split_first_chunk::<32>()?;
    Some((*version, u16::from_be_bytes(number.try_into().ok()?)))
}

/// What is remembered for policies under this id.
pub(crate) fn fact(tenant: TenantId, id: RecordId) -> Vec<u8> {
    key(Space::Fact, &[tenant.as_bytes(), id.as_bytes()])
}

/// The id of a fact's key.
pub(crate) fn fact_of_key(key: &[u8]) -> Option<RecordId> {
    let (_, id) = key.split_first_chunk::<17>()?;
    id.try_into().ok().map(RecordId::from_bytes)
}

/// How far the sink with this hash of its name is.
pub(crate) fn cursor(sink: &[u8; 32]) -> Vec<u8> {
    key(Space::Cursor, &[sink])
}

/// How far a scrub has come with the vault.
pub(crate) fn scrub() -> Vec<u8> {
    key(Space::Scrub, &[])
}

/// How far a scrub has come with a tenant.
pub(crate) fn scrubbed_tenant(tenant: TenantId) -> Vec<u8> {
    key(Space::Scrub, &[tenant.as_bytes()])
}

/// All parts of the block at this position.
pub(crate) fn parts_of_block(position: u64) -> Vec<u8> {
    key(Space::Block, &[&position.to_be_bytes()])
}

/// Behind all parts of what stands at this position, in a space that is cut by positions.
pub(crate) fn end_of_position(space: Space, position: u64) -> Vec<u8> {
    key(space, &[&position.to_be_bytes(), &[0xff; 5]])
}

/// All parts of the change list at this position.
pub(crate) fn parts_of_changes(position: u64) -> Vec<u8> {
    key(Space::Changes, &[&position.to_be_bytes()])
}

/// The tenant of a key of a space that is cut by tenants.
pub(crate) fn tenant_of_key(key: &[u8]) -> Option<TenantId> {
    let (_, rest) = key.split_first()?;
    rest.first_chunk::<16>().map(|id| TenantId::from_bytes(*id))
}

/// Everything of one space that belongs to a tenant.
pub(crate) fn of_tenant(space: Space, tenant: TenantId) -> Vec<u8> {
    key(space, &[tenant.as_bytes()])
}

/// Everything of one space.
pub(crate) fn all_of(space: Space) -> Vec<u8> {
    key(space, &[])
}

fn key(space: Space, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 1);
    key.push(space as u8);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_key_says_whose_row_it_is() {
        let (tenant, collection, record) =
            (TenantId::from_bytes([1; 16]), CollectionId::from_bytes([2; 16]), RecordId::from_bytes([3; 16]));
        let key = row(tenant, collection, record);
        assert_eq!(key.len(), 49);
        assert_eq!(row_of_key(&key), Some((tenant, collection, record)));
        assert!(key.starts_with(&rows_of(tenant, collection)));
        assert_eq!(row_of_key(&key[..48]), None);
        assert_eq!(row_of_key(&entry(tenant, &[0; 32])), None);
    }

    #[test]
    fn chunk_key_says_whose_part_it_is() {
        let (tenant, collection, record) =
            (TenantId::from_bytes([1; 16]), CollectionId::from_bytes([2; 16]), RecordId::from_bytes([3; 16]));
        let key = chunk(tenant, collection, record, Revision::new(4), 5);
        assert_eq!(chunk_of_key(&key), Some(((tenant, collection, record), Revision::new(4), 5)));
        assert_eq!(chunk_of_key(&key[1..]), None);
        assert_eq!(chunk_of_key(&key[..58]), None);
        assert_eq!(chunk_of_key(&row(tenant, collection, record)), None);
    }

    #[test]
    fn blocks_sort_by_position_then_part() {
        assert!(block(1, 9) < block(2, 0));
        assert!(block(255, 0) < block(256, 0));
        assert_eq!(position_of_key(&block(7, 2)), Some((7, 2)));
    }
}
