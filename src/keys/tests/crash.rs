//! Whatever stops a change of the keyring, at whichever call: the old or the new state opens, and nothing between.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::faulty::{FAULTS, FaultyHome};
use super::*;

const ONE: TenantId = TenantId::from_bytes([1; 16]);
const TWO: TenantId = TenantId::from_bytes([2; 16]);
const NEW: TenantId = TenantId::from_bytes([3; 16]);

type Change = fn(&Keyring) -> Result<(), KeyError>;

const CHANGES: [(&str, Change); 3] = [
    ("add", |k| k.add_tenant(NEW).map(drop)),
    ("raise", |k| k.raise_ceiling(ONE, 1 << 20)),
    ("puncture", |k| k.puncture(ONE, &[Slot(1), Slot(70_000)])),
];

/// Returns a home with two tenants, one with an erased slot.
fn furnished() -> Arc<MemoryHome> {
    let home = Arc::new(MemoryHome::new());
    let keyring = create(&home);
    for id in [ONE, TWO] {
        keyring.add_tenant(id).unwrap();
    }
    keyring.puncture(TWO, &[Slot(2)]).unwrap();
    home
}

/// Tells whether a state is `old` with the change made; panics if it is neither the one nor the other.
fn is_new(name: &str, old: &State, found: &State) -> bool {
    if found == old {
        return false;
    }
    let mut expected = old.clone();
    match name {
        "add" => expected.tenants.push(found.tenants.last().unwrap().clone()),
        "raise" => expected.tenants[0].ceiling = 1 << 20,
        _ => (expected.tenants[0].slots[1], expected.tenants[0].slots[4]) = (None, None),
    }
    assert_eq!(*found, expected, "{name}: neither the old state nor the new");
    true
}

fn expected_files(keyring: &Keyring) -> usize {
    2 + 2 * keyring.tenants().len()
}

#[test]
fn change_stopped_at_any_call_leaves_the_old_or_the_new_state() {
    for (name, change) in CHANGES {
        for fault in FAULTS {
            let mut outcomes = [0; 3];
            for n in 0.. {
                let home = furnished();
                let faulty = FaultyHome::new(&home, fault);
                let keyring = Keyring::open(faulty.clone(), VAULT, master(1)).unwrap();
                let old = state(&keyring);
                faulty.arm(n);
                let outcome = change(&keyring);
                if !faulty.tripped() {
                    outcome.unwrap();
                    break;
                }
                let reopened = open(&home);
                let new = is_new(name, &old, &state(&reopened));
                match &outcome {
                    Ok(()) => assert!(new, "{name} {fault:?} at {n}: it was said to be done"),
                    Err(KeyError::OutcomeUnknown(_)) => {}
                    Err(_) => assert!(!new, "{name} {fault:?} at {n}: it was said to have failed"),
                }
                outcomes[match &outcome {
                    Ok(()) => 0,
                    Err(KeyError::OutcomeUnknown(_)) => 1,
                    Err(_) => 2,
                }] += 1;
                assert_eq!(home.list().unwrap().len(), expected_files(&reopened), "{name} {fault:?} at {n}: strays");
            }
            assert!(outcomes[2] > 0, "{name} {fault:?}: no call ever failed the change");
        }
    }
}

#[test]
fn change_that_failed_can_be_made_again_by_the_same_keyring() {
    for (name, change) in CHANGES {
        for fault in FAULTS.into_iter().filter(|f| f.calls != usize::MAX) {
            let mut unknown = 0;
            for n in 0.. {
                let home = furnished();
                let faulty = FaultyHome::new(&home, fault);
                let keyring = Keyring::open(faulty.clone(), VAULT, master(1)).unwrap();
                let old = state(&keyring);
                faulty.arm(n);
                let first = change(&keyring);
                if !faulty.tripped() {
                    break;
                }
                if !matches!(first, Err(KeyError::OutcomeUnknown(_))) {
                    assert_eq!(is_new(name, &old, &state(&keyring)), first.is_ok(), "{name} {fault:?} at {n}");
                } else {
                    unknown += 1;
                }
                let again = (0..3).map(|_| change(&keyring)).find(|again| !matches!(again, Err(KeyError::Home(_))));
                match again {
                    Some(Ok(()) | Err(KeyError::TenantExists(_))) => {}
                    other => panic!("{name} {fault:?} at {n}: {other:?}"),
                }
                assert!(is_new(name, &old, &state(&keyring)));
                assert_eq!(state(&open(&home)), state(&keyring), "{name} {fault:?} at {n}");
                assert_eq!(home.list().unwrap().len(), expected_files(&keyring), "{name} {fault:?} at {n}: strays");
            }
            assert_eq!(unknown > 0, fault.calls > 1, "{name} {fault:?}: the anchor's outcome was never unknown");
        }
    }
}

#[test]
fn creation_stopped_at_any_call_leaves_a_whole_keyring_or_none() {
    for fault in FAULTS {
        for n in 0.. {
            let home = Arc::new(MemoryHome::new());
            let faulty = FaultyHome::new(&home, fault);
            faulty.arm(n);
            let created = Keyring::create(faulty.clone(), VAULT, master(1));
            if !faulty.tripped() {
                created.unwrap();
                break;
            }
            match (created, Keyring::open(home.clone(), VAULT, master(1))) {
                (Ok(created), Ok(opened)) => assert_eq!(state(&created), state(&opened)),
                (Err(KeyError::OutcomeUnknown(_)), Ok(_)) | (Err(_), Err(KeyError::NoAnchor)) => {}
                (created, opened) => panic!("{fault:?} at {n}: {:?}, {:?}", created.err(), opened.err()),
            }
        }
    }
}

#[test]
fn repair_stopped_at_any_call_can_be_made_again() {
    for fault in FAULTS {
        for n in 0.. {
            let home = furnished();
            let whole = state(&open(&home));
            for name in home.list().unwrap().iter().filter(|name| name.ends_with(".a")) {
                home.remove(name).unwrap();
            }
            let faulty = FaultyHome::new(&home, fault);
            faulty.arm(n);
            let opened = Keyring::open(faulty.clone(), VAULT, master(1));
            if !faulty.tripped() {
                break;
            }
            if let Ok(opened) = opened {
                assert_eq!(state(&opened), whole);
            }
            assert_eq!(state(&open(&home)), whole, "{fault:?} at {n}");
        }
    }
}

/// A home whose next swap of the anchor fails when the new one can be seen but isn't durable yet.
struct Undurable {
    inner: Arc<MemoryHome>,
    fails: AtomicBool,
    durable: Mutex<Option<Vec<u8>>>,
}

impl Undurable {
    fn over(inner: &Arc<MemoryHome>) -> Arc<Self> {
        let durable = Mutex::new(inner.read_anchor().unwrap());
        Arc::new(Self { inner: inner.clone(), fails: AtomicBool::new(false), durable })
    }

    fn cut_power(&self) {
        let (seen, durable) = (self.inner.read_anchor().unwrap(), self.durable.lock().unwrap());
        self.inner.swap_anchor(seen.as_deref(), durable.as_ref().unwrap()).unwrap();
    }
}

impl Home for Undurable {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        self.inner.read(name, limit)
    }
    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
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
        self.inner.swap_anchor(expected, new)?;
        if self.fails.swap(false, Ordering::SeqCst) {
            return Err(HomeError::new("sync", "the anchor", io::Error::other("it failed as planned")));
        }
        *self.durable.lock().unwrap() = Some(new.to_vec());
        Ok(())
    }
}

#[test]
fn change_reported_after_a_failed_sync_survives_a_power_cut() {
    let home = furnished();
    let undurable = Undurable::over(&home);
    let keyring = Keyring::open(undurable.clone(), VAULT, master(1)).unwrap();
    undurable.fails.store(true, Ordering::SeqCst);
    keyring.puncture(ONE, &[Slot(1)]).unwrap();
    let after = state(&keyring);
    undurable.cut_power();
    assert_eq!(state(&open(&home)), after);
}

#[test]
fn power_cut_after_reopening_a_change_that_was_killed_half_way_loses_nothing() {
    let home = furnished();
    let killed = Undurable::over(&home);
    let faulty = FaultyHome::new(&home, FAULTS[2]);
    let keyring = Keyring::open(faulty.clone(), VAULT, master(1)).unwrap();
    // The four writes of the change succeed; the process dies when the anchor can be seen and nothing more is done.
    faulty.arm(4);
    assert!(matches!(keyring.puncture(ONE, &[Slot(1)]), Err(KeyError::OutcomeUnknown(_))));
    let reopened = Keyring::open(killed.clone(), VAULT, master(1)).unwrap();
    let seen = state(&reopened);
    assert_eq!(seen.tenants[0].slots[1], None, "the change was not visible: the test tests nothing");
    killed.cut_power();
    assert_eq!(state(&open(&home)), seen);
}
