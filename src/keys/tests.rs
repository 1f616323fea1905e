use std::sync::Arc;

use super::*;
use crate::crypto::{Key, role};
use crate::model::{Epoch, Slot, TenantId, VaultId};

mod crash;
mod danger;
mod erasure;
mod faulty;
mod files;
mod master;
mod opening;
mod vectors;

const VAULT: VaultId = VaultId::from_bytes([0xaa; 16]);

fn master(byte: u8) -> Arc<dyn MasterKey> {
    Arc::new(KeyFile::from_key(Key::<role::Master>::copied(&[byte; 32])).unwrap())
}

fn tenant(byte: u8) -> TenantId {
    TenantId::from_bytes([byte; 16])
}

fn create(home: &Arc<MemoryHome>) -> Keyring {
    Keyring::create(home.clone(), VAULT, master(1)).unwrap()
}

fn open(home: &Arc<MemoryHome>) -> Keyring {
    Keyring::open(home.clone(), VAULT, master(1)).unwrap()
}

fn slot_key(keys: &TenantKeys, slot: u32) -> Option<[u8; 32]> {
    match keys.slot_key(Epoch(0), Slot(slot)) {
        Ok(key) => Some(*key.expose()),
        Err(KeyError::Erased) => None,
        Err(other) => panic!("{other}"),
    }
}

/// The whole of what a keyring knows, to compare two of them.
#[derive(Debug, Clone, PartialEq)]
struct State {
    vault: Vec<[u8; 32]>,
    tenants: Vec<TenantState>,
}

#[derive(Debug, Clone, PartialEq)]
struct TenantState {
    id: TenantId,
    ceiling: u32,
    long: Vec<[u8; 32]>,
    slots: Vec<Option<[u8; 32]>>,
}

fn state(keyring: &Keyring) -> State {
    let v = keyring.vault_keys();
    let vault = [v.journal.expose(), v.commit.expose(), v.state.expose(), v.signing.expose(), v.ledger.expose()];
    let mut vault: Vec<[u8; 32]> = vault.into_iter().chain([v.names.expose()]).copied().collect();
    let mut epoch = [0; 32];
    epoch[..16].copy_from_slice(v.epoch.as_bytes());
    vault.push(epoch);
    let one = |id| {
        let t = keyring.tenant(id).unwrap();
        let long = [t.index().expose(), t.links().expose(), t.state().expose(), t.names().expose()];
        let more = [t.schema().expose(), t.digest().expose(), t.sum().expose(), t.journal().expose()];
        TenantState {
            id,
            ceiling: t.ceiling(),
            long: long.into_iter().chain(more).chain([t.commit().expose()]).copied().collect(),
            slots: [0, 1, 2, 65, 70_000, u32::MAX].map(|s| slot_key(&t, s)).into(),
        }
    };
    State { vault, tenants: keyring.tenants().into_iter().map(one).collect() }
}
