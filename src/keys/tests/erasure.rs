//! Erasure: the keys that a puncture destroys, and those that it leaves.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::seals;
use super::*;

#[test]
fn punctured_slot_is_erased_at_once_for_every_holder_and_after_reopening() {
    let home = Arc::new(MemoryHome::new());
    let keyring = create(&home);
    let held = keyring.add_tenant(tenant(1)).unwrap();
    let other = keyring.add_tenant(tenant(2)).unwrap();
    let slots: Vec<u32> = (0..600).chain([70_000, u32::MAX]).collect();
    let before: Vec<_> = slots.iter().map(|s| slot_key(&held, *s)).collect();
    let others: Vec<_> = slots.iter().map(|s| slot_key(&other, *s)).collect();
    let gone = [5, 300, 301, 70_000];
    keyring.puncture(tenant(1), &gone.map(Slot)).unwrap();
    for keys in [held, open(&home).tenant(tenant(1)).unwrap()] {
        for (slot, before) in slots.iter().zip(&before) {
            let expected = if gone.contains(slot) { None } else { *before };
            assert_eq!(slot_key(&keys, *slot), expected, "slot {slot}");
            assert_eq!(slot_key(&keys, *slot), expected, "slot {slot}, cached");
        }
    }
    assert_eq!(slots.iter().map(|s| slot_key(&other, *s)).collect::<Vec<_>>(), others);
}

#[test]
fn puncture_made_twice_is_one_generation() {
    let home = Arc::new(MemoryHome::new());
    let keyring = create(&home);
    let keys = keyring.add_tenant(tenant(1)).unwrap();
    keyring.puncture(tenant(1), &[Slot(5), Slot(5)]).unwrap();
    let (generation, anchor) = (keys.generation(), home.read_anchor().unwrap());
    keyring.puncture(tenant(1), &[Slot(5)]).unwrap();
    keyring.puncture(tenant(1), &[]).unwrap();
    assert_eq!((keys.generation(), home.read_anchor().unwrap()), (generation, anchor));
}

/// A home that keeps every file that was ever written, as an attacker has it with all backups of the keyring's
/// directory.
#[derive(Default)]
struct Recording {
    inner: MemoryHome,
    written: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Home for Recording {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        self.inner.read(name, limit)
    }
    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        self.written.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
        self.inner.write_new(name, bytes)
    }
    fn list(&self) -> Result<Vec<String>, HomeError> {
        self.inner.list()
    }
    fn remove(&self, name: &str) -> Result<(), HomeError> {
        self.inner.remove(name)
    }
    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError> {
        self.inner.read_anchor()
    }
    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError> {
        self.inner.swap_anchor(expected, new)
    }
}

/// Tries an anchor, the master key and every file ever written. Returns the tenant keys that these give.
fn everything_that_opens(home: &Recording, anchor: &[u8]) -> Vec<TenantKeys> {
    let (generation, kek) = seals::open_anchor(anchor, VAULT, &*master(1)).unwrap();
    let written = home.written.lock().unwrap();
    let tables = written.values().flat_map(|bytes| {
        (0..=generation).filter_map(|g| seals::open_table(bytes, VAULT, g, &kek).ok()).collect::<Vec<_>>()
    });
    let entries: Vec<_> = tables.flat_map(|(_, entries)| entries).collect();
    let mut opened = Vec::new();
    for entry in &entries {
        for bytes in written.values() {
            for generation in 0..=generation {
                let as_if = seals::Entry { tenant: entry.tenant, generation, kek: entry.kek.clone() };
                opened.extend(seals::open_tenant_file(bytes, VAULT, &as_if));
            }
        }
    }
    opened
}

#[test]
fn nothing_kept_anywhere_but_the_old_anchor_gives_a_punctured_key() {
    let home = Arc::new(Recording::default());
    let keyring = Keyring::create(home.clone(), VAULT, master(1)).unwrap();
    let keys = keyring.add_tenant(tenant(1)).unwrap();
    keyring.add_tenant(tenant(2)).unwrap();
    let key = slot_key(&keys, 7).unwrap();
    let old_anchor = home.read_anchor().unwrap().unwrap();
    keyring.puncture(tenant(1), &[Slot(7)]).unwrap();
    let new_anchor = home.read_anchor().unwrap().unwrap();

    let derivable = |anchor: &[u8]| {
        let opened = everything_that_opens(&home, anchor);
        assert!(opened.iter().any(|k| k.id() == tenant(1)), "nothing opened: the search is broken");
        opened.iter().any(|k| slot_key(k, 7) == Some(key))
    };
    assert!(derivable(&old_anchor), "the search doesn't even find it with the old anchor");
    assert!(!derivable(&new_anchor));
}

#[test]
fn no_reader_gets_a_key_once_its_puncture_has_returned() {
    let keyring = create(&Arc::new(MemoryHome::new()));
    let keys = keyring.add_tenant(tenant(1)).unwrap();
    let erased = AtomicBool::new(false);
    for slot in 0..40u32 {
        erased.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    // Neighbours keep filling the cache with nodes above the slot, as long as they may.
                    loop {
                        let was_erased = erased.load(Ordering::SeqCst);
                        let found = slot_key(&keys, slot);
                        assert!(slot_key(&keys, slot + 100).is_some());
                        if was_erased {
                            assert_eq!(found, None, "slot {slot} came back");
                            break;
                        }
                    }
                });
            }
            keyring.puncture(tenant(1), &[Slot(slot)]).unwrap();
            erased.store(true, Ordering::SeqCst);
        });
    }
}
