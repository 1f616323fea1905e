//! Places in the store: one ordered space of keys, cut by a first byte.
//!
//! Keys hold random ids, counters and MACs, never a name or a value.

use crate::model::{CollectionId, RecordId, Revision, Slot, TenantId};

/// Tenant, collection and record of a row.
type RowIds = (TenantId, CollectionId, RecordId);

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
    /// `tenant ‖ id` → a fact for policies; the id doesn't tell which.
    Fact = 0x0d,
    /// `version ‖ BE16 n` → part of the sealed text of a policy that was in force.
    Policy = 0x0e,
    /// `BE64 first` → leaf hashes of 128 journal blocks that were dropped.
    Leaves = 0x0f,
    /// nothing → the journal's beginning; `tenant` → the tenant's last block before that.
    JournalBase = 0x10,
    /// `SHA-256(name)` → the end of what the sink of this name has acknowledged of the journal.
    Cursor = 0x11,
    /// nothing, or `tenant` → the progress of a scrub.
    Scrub = 0x12,
    /// `id` → what is remembered for policies of the vault itself.
    VaultFact = 0x13,
}

pub(crate) fn row(tenant: TenantId, collection: CollectionId, record: RecordId) -> Vec<u8> {
    key(Space::Row, &[tenant.as_bytes(), collection.as_bytes(), record.as_bytes()])
}

pub(crate) fn rows_of(tenant: TenantId, collection: CollectionId) -> Vec<u8> {
    key(Space::Row, &[tenant.as_bytes(), collection.as_bytes()])
}

/// Returns tenant, collection and record of a row's key.
pub(crate) fn row_of_key(key: &[u8]) -> Option<RowIds> {
    row_and_rest(Space::Row, key).filter(|(_, rest)| rest.is_empty()).map(|(row, _)| row)
}

fn row_and_rest(space: Space, key: &[u8]) -> Option<(RowIds, &[u8])> {
    let rest = key.strip_prefix(&[space as u8])?;
    let (tenant, rest) = rest.split_first_chunk()?;
    let (collection, rest) = rest.split_first_chunk()?;
    let (record, rest) = rest.split_first_chunk()?;
    let row = (TenantId::from_bytes(*tenant), CollectionId::from_bytes(*collection), RecordId::from_bytes(*record));
    Some((row, rest))
}

pub(crate) fn chunk(
    tenant: TenantId,
    collection: CollectionId,
    record: RecordId,
    revision: Revision,
    number: u16,
) -> Vec<u8> {
    let (revision, number) = (revision.get().to_be_bytes(), number.to_be_bytes());
    key(Space::Chunk, &[tenant.as_bytes(), collection.as_bytes(), record.as_bytes(), &revision, &number])
}

/// Reads from the key of a part of a long body: the row, the revision and the part's number.
pub(crate) fn chunk_of_key(key: &[u8]) -> Option<(RowIds, Revision, u16)> {
    let (row, rest) = row_and_rest(Space::Chunk, key)?;
    let (revision, number) = rest.split_first_chunk()?;
    let number = u16::from_be_bytes(number.try_into().ok()?);
    Some((row, Revision::new(u64::from_be_bytes(*revision)), number))
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

/// Returns position and part number of a block's or a change list's key.
pub(crate) fn position_of_key(key: &[u8]) -> Option<(u64, u32)> {
    let (_, rest) = key.split_first()?;
    let (position, number) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*position), u32::from_be_bytes(number.try_into().ok()?)))
}

pub(crate) fn changes(position: u64, number: u32) -> Vec<u8> {
    key(Space::Changes, &[&position.to_be_bytes(), &number.to_be_bytes()])
}

/// Returns the key of the leaf hashes of the segment that begins at `first`.
pub(crate) fn leaves(first: u64) -> Vec<u8> {
    key(Space::Leaves, &[&first.to_be_bytes()])
}

/// Returns the position at which the segment of such a key begins.
pub(crate) fn first_of_leaves_key(key: &[u8]) -> Option<u64> {
    let (_, first) = key.split_first()?;
    first.try_into().ok().map(u64::from_be_bytes)
}

pub(crate) fn journal_base() -> Vec<u8> {
    key(Space::JournalBase, &[])
}

/// Returns the key of the last dropped block of a tenant, or of the vault itself.
pub(crate) fn journal_tip(tenant: Option<TenantId>) -> Vec<u8> {
    key(Space::JournalBase, &[tenant.as_ref().map_or(&[0; 16][..], |id| id.as_bytes().as_slice())])
}

/// Returns the tenant whose last dropped block has this key; `Some(None)` for the vault's own.
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

/// Returns the key of one part of what a collection keeps in `space` (name, schema, dictionary).
pub(crate) fn collection_part(space: Space, tenant: TenantId, collection: CollectionId, number: u16) -> Vec<u8> {
    key(space, &[tenant.as_bytes(), collection.as_bytes(), &number.to_be_bytes()])
}

/// Returns the collection and the part number of such a key.
pub(crate) fn collection_of_key(key: &[u8]) -> Option<(CollectionId, u16)> {
    let (_, rest) = key.split_first_chunk::<17>()?;
    let (collection, number) = rest.split_first_chunk::<16>()?;
    Some((CollectionId::from_bytes(*collection), u16::from_be_bytes(number.try_into().ok()?)))
}

/// Returns the key of one part of a policy's text.
pub(crate) fn policy(version: &[u8; 32], number: u16) -> Vec<u8> {
    key(Space::Policy, &[version, &number.to_be_bytes()])
}

/// Returns the version and the part number of such a key.
pub(crate) fn policy_of_key(key: &[u8]) -> Option<([u8; 32], u16)> {
    let (_, rest) = key.split_first()?;
    let (version, number) = rest.split_first_chunk::<32>()?;
    Some((*version, u16::from_be_bytes(number.try_into().ok()?)))
}

/// Returns the key of the fact with this id, of a tenant or of the vault itself.
pub(crate) fn fact(tenant: Option<TenantId>, id: RecordId) -> Vec<u8> {
    match tenant {
        Some(tenant) => key(Space::Fact, &[tenant.as_bytes(), id.as_bytes()]),
        None => key(Space::VaultFact, &[id.as_bytes()]),
    }
}

/// Returns the id of the fact with this key.
pub(crate) fn fact_of_key(key: &[u8]) -> Option<RecordId> {
    let before = if key.first() == Some(&(Space::VaultFact as u8)) { 1 } else { 17 };
    key.get(before..)?.try_into().ok().map(RecordId::from_bytes)
}

/// Returns the key of the journal's place of the sink whose name has this hash.
pub(crate) fn cursor(sink: &[u8; 32]) -> Vec<u8> {
    key(Space::Cursor, &[sink])
}

/// Returns the key of a scrub's progress with the vault.
pub(crate) fn scrub() -> Vec<u8> {
    key(Space::Scrub, &[])
}

/// Returns the key of a scrub's progress with a tenant.
pub(crate) fn scrubbed_tenant(tenant: TenantId) -> Vec<u8> {
    key(Space::Scrub, &[tenant.as_bytes()])
}

/// Returns the beginning of the keys of all parts of the block at this position.
pub(crate) fn parts_of_block(position: u64) -> Vec<u8> {
    key(Space::Block, &[&position.to_be_bytes()])
}

/// Returns a key behind those of all parts at this position, in a space that is cut by positions.
pub(crate) fn end_of_position(space: Space, position: u64) -> Vec<u8> {
    key(space, &[&position.to_be_bytes(), &[0xff; 5]])
}

/// Returns the beginning of the keys of all parts of the change list at this position.
pub(crate) fn parts_of_changes(position: u64) -> Vec<u8> {
    key(Space::Changes, &[&position.to_be_bytes()])
}

/// Returns the tenant of a key, in a space that is cut by tenants.
pub(crate) fn tenant_of_key(key: &[u8]) -> Option<TenantId> {
    let (_, rest) = key.split_first()?;
    rest.first_chunk::<16>().map(|id| TenantId::from_bytes(*id))
}

/// Returns the beginning of all keys of a tenant in one space.
pub(crate) fn of_tenant(space: Space, tenant: TenantId) -> Vec<u8> {
    key(space, &[tenant.as_bytes()])
}

/// Returns the beginning of all keys of one space.
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
mod tests;
