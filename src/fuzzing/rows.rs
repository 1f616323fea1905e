//! Decoders of rows, of what stands beside them in the store, and of the store's keys.

use crate::format::fact::Fact;
use crate::format::index_entry::Entry;
use crate::format::links as layout;
use crate::format::place::{self as places, Space};
use crate::format::row::{RawRow, Tombstone, build_row, build_tombstone};
use crate::format::state::{PART, SlotEntry, TenantState, join, split};

pub(super) fn row(bytes: &[u8]) {
    match RawRow::parse(bytes) {
        Ok(RawRow::Tombstone(sealed)) => assert_eq!(build_tombstone(sealed), bytes),
        Ok(RawRow::Live(row)) => {
            assert_eq!([row.primary, row.links].concat(), bytes);
            // The whole of a longer body isn't here.
            if row.chunks.is_none() {
                let built = build_row(&row.head, row.wrapped, row.inline);
                assert_eq!(built, Ok((row.primary.to_vec(), Vec::new())));
            }
        }
        Err(_) => {}
    }
}

pub(super) fn tombstone(bytes: &[u8]) {
    if let Ok(tombstone) = Tombstone::from_bytes(bytes) {
        assert_eq!(tombstone.to_bytes(), bytes);
    }
}

pub(super) fn links_section(bytes: &[u8]) {
    if let Ok((count, sealed)) = layout::split(bytes) {
        assert_eq!(layout::join(count, sealed), Ok(bytes.to_vec()));
    }
}

pub(super) fn links(bytes: &[u8]) {
    let Some((count, bytes)) = bytes.split_first() else { return };
    if let Ok(links) = layout::decode(usize::from(*count), bytes) {
        let mut again = Vec::new();
        assert_eq!(layout::encode(&links, &mut again), Ok(()));
        assert_eq!((links.len(), again.as_slice()), (usize::from(*count), bytes));
    }
}

pub(super) fn index_entry(bytes: &[u8]) {
    let Ok(bytes) = bytes.try_into() else { return };
    if let Ok(entry) = Entry::decode(bytes) {
        let mut again = [0xff; 32];
        entry.encode(&mut again);
        assert_eq!(again, *bytes);
    }
}

pub(super) fn slot_entry(bytes: &[u8]) {
    if let Ok(entry) = SlotEntry::from_bytes(bytes) {
        assert_eq!(entry.to_bytes(), bytes);
    }
}

pub(super) fn tenant_state(bytes: &[u8]) {
    if let Ok(state) = TenantState::from_bytes(bytes) {
        assert_eq!(state.to_bytes(), bytes);
    }
}

pub(super) fn parts(bytes: &[u8]) {
    let Some((length, bytes)) = bytes.split_first_chunk() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).clamp(1, PART);
    let parts: Vec<Vec<u8>> = bytes.chunks(length).map(<[u8]>::to_vec).collect();
    if let Ok(whole) = join(&parts) {
        let again = split(&whole).map(|parts| parts.concat());
        assert_eq!(again.as_deref(), Ok(bytes));
    }
}

pub(super) fn fact(bytes: &[u8]) {
    if let Ok(fact) = Fact::decode(bytes) {
        // A number may be written longer than it has to be.
        let again = fact.encode().unwrap();
        assert!(again.len() <= bytes.len());
        assert!(Fact::decode(&again).is_ok_and(|again| again == fact));
    }
}

pub(super) fn place(bytes: &[u8]) {
    if let Some((tenant, collection, record)) = places::row_of_key(bytes) {
        assert_eq!(places::row(tenant, collection, record), bytes);
    }
    if let Some((position, number)) = places::position_of_key(bytes) {
        let again = [places::block(position, number), places::changes(position, number)];
        assert!(again.iter().any(|key| key[1..] == bytes[1..]));
    }
    if let Some((collection, number)) = places::collection_of_key(bytes) {
        let tenant = crate::model::TenantId::from_bytes(std::array::from_fn(|at| bytes[1 + at]));
        assert!(places::collection_part(Space::Schema, tenant, collection, number)[1..] == bytes[1..]);
    }
    if let Some(id) = places::fact_of_key(bytes) {
        let of_vault = bytes[0] == Space::VaultFact as u8;
        let tenant = places::tenant_of_key(bytes).filter(|_| !of_vault);
        assert_eq!(places::fact(tenant, id)[1..], bytes[1..]);
    }
}
