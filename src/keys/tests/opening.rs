//! Opening a keyring: the answers, and the errors when it can't be opened.

use super::*;

fn refusal(home: &Arc<MemoryHome>, vault: VaultId, key: Arc<dyn MasterKey>) -> KeyError {
    Keyring::open(home.clone(), vault, key).err().expect("it opened")
}

fn furnished() -> (Arc<MemoryHome>, State) {
    let home = Arc::new(MemoryHome::new());
    let keyring = create(&home);
    keyring.add_tenant(tenant(2)).unwrap();
    keyring.add_tenant(tenant(1)).unwrap();
    keyring.raise_ceiling(tenant(2), 3 * CEILING_BLOCK).unwrap();
    let state = state(&keyring);
    (home, state)
}

#[test]
fn keyring_reopens_with_the_same_keys() {
    let (home, before) = furnished();
    let reopened = open(&home);
    assert_eq!(state(&reopened), before);
    assert_eq!(reopened.tenants(), [tenant(1), tenant(2)]);
    let two = reopened.tenant(tenant(2)).unwrap();
    assert_eq!((two.ceiling(), two.current_epoch()), (3 * CEILING_BLOCK, Epoch(0)));
    assert!(reopened.tenant(tenant(3)).is_none());
}

#[test]
fn no_two_keys_are_equal() {
    let (home, state) = furnished();
    let keyring = open(&home);
    let mut keys = state.vault;
    for t in state.tenants {
        keys.extend(t.long);
        keys.extend(t.slots.into_iter().flatten());
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
    assert!(matches!(keyring.tenant(tenant(1)).unwrap().slot_key(Epoch(1), Slot(0)), Err(KeyError::UnknownEpoch(1))));
}

#[test]
fn everyone_who_holds_a_tenants_keys_sees_a_later_ceiling() {
    let keyring = create(&Arc::new(MemoryHome::new()));
    let held = keyring.add_tenant(tenant(1)).unwrap();
    let generation = held.generation();
    keyring.raise_ceiling(tenant(1), 200_000).unwrap();
    assert_eq!(held.ceiling(), 200_000);
    assert!(held.generation() > generation);
    keyring.raise_ceiling(tenant(1), 7).unwrap();
    assert_eq!(held.ceiling(), 200_000, "a ceiling came down");
}

#[test]
fn tenant_has_keys_once_and_changes_want_one_that_has() {
    let keyring = create(&Arc::new(MemoryHome::new()));
    keyring.add_tenant(tenant(1)).unwrap();
    assert!(matches!(keyring.add_tenant(tenant(1)), Err(KeyError::TenantExists(id)) if id == tenant(1)));
    assert!(matches!(keyring.raise_ceiling(tenant(2), 9), Err(KeyError::UnknownTenant(_))));
    assert!(matches!(keyring.puncture(tenant(2), &[Slot(1)]), Err(KeyError::UnknownTenant(_))));
}

#[test]
fn another_key_file_is_told_from_its_id_and_a_forged_id_is_refused() {
    struct Forged(Arc<dyn MasterKey>, String);
    impl MasterKey for Forged {
        fn id(&self) -> String {
            self.1.clone()
        }
        fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
            self.0.wrap(key, context)
        }
        fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
            self.0.unwrap(wrapped, context, key)
        }
    }
    let (home, _) = furnished();
    let error = refusal(&home, VAULT, master(2));
    assert!(matches!(&error, KeyError::WrongMasterKey { wanted, given }
        if *wanted == master(1).id() && *given == master(2).id()));
    assert!(error.to_string().contains("open it with the key file"), "{error}");
    let forged = Arc::new(Forged(master(2), master(1).id()));
    assert!(matches!(refusal(&home, VAULT, forged), KeyError::WrongMasterKey { .. }));
    for id in [String::new(), "x".repeat(256)] {
        let odd = Arc::new(Forged(master(2), id));
        let created = Keyring::create(Arc::new(MemoryHome::new()), VAULT, odd);
        assert!(matches!(created, Err(KeyError::MasterId { .. })));
    }
}

#[test]
fn keyring_of_another_vault_or_none_at_all_is_said_to_be_so() {
    let (home, _) = furnished();
    let other = VaultId::from_bytes([9; 16]);
    assert!(matches!(refusal(&home, other, master(1)), KeyError::OtherVault { wanted, found }
        if wanted == other && found == VAULT));
    assert!(matches!(refusal(&Arc::new(MemoryHome::new()), VAULT, master(1)), KeyError::NoAnchor));
}

#[test]
fn creation_overwrites_nothing() {
    let (home, before) = furnished();
    assert!(matches!(Keyring::create(home.clone(), VAULT, master(1)), Err(KeyError::Exists)));
    assert_eq!(state(&open(&home)), before);
    let orphaned = Arc::new(MemoryHome::new());
    orphaned.write_new("table.1.a", b"left over").unwrap();
    assert!(matches!(Keyring::create(orphaned, VAULT, master(1)), Err(KeyError::Leftovers)));
}

#[test]
fn any_flipped_or_missing_byte_of_the_anchor_is_refused() {
    let (home, _) = furnished();
    let good = home.read_anchor().unwrap().unwrap();
    let mut last = good.clone();
    let mut swap = |bytes: &[u8]| {
        home.swap_anchor(Some(&last), bytes).unwrap();
        last = bytes.to_vec();
    };
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 1;
        swap(&bad);
        let error = refusal(&home, VAULT, master(1));
        assert!(
            matches!(
                error,
                KeyError::Anchor(_)
                    | KeyError::OtherVault { .. }
                    | KeyError::WrongMasterKey { .. }
                    | KeyError::Master(MasterKeyError::Stored(_))
            ),
            "byte {i}: {error}"
        );
        swap(&good[..i]);
        assert!(matches!(refusal(&home, VAULT, master(1)), KeyError::Anchor(_)), "cut at {i}");
    }
    swap(&good);
    open(&home);
}

#[test]
fn newer_versions_say_to_use_a_newer_release() {
    fn text(error: &dyn std::error::Error) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        text
    }
    let (home, _) = furnished();
    let names: Vec<String> = home.list().unwrap();
    for stem in ["table", "tenant"] {
        let (home, _) = furnished();
        for name in names.iter().filter(|n| n.starts_with(stem)) {
            let Some(mut bytes) = home.read(name, usize::MAX).unwrap() else { continue };
            bytes[0] = 2;
            home.remove(name).unwrap();
            home.write_new(name, &bytes).unwrap();
        }
        let error = text(&refusal(&home, VAULT, master(1)));
        assert!(error.contains("use a newer release"), "{error}");
    }
    let anchor = home.read_anchor().unwrap().unwrap();
    let mut newer = anchor.clone();
    newer[8] = 2;
    home.swap_anchor(Some(&anchor), &newer).unwrap();
    let error = text(&refusal(&home, VAULT, master(1)));
    assert!(error.contains("use a newer release"), "{error}");
}

#[test]
fn damaged_or_missing_copy_is_repaired_from_its_twin_and_both_gone_is_an_error() {
    let (home, whole) = furnished();
    for name in home.list().unwrap() {
        let good = home.read(&name, usize::MAX).unwrap().unwrap();
        for damage in [None, Some(good[..good.len() - 1].to_vec()), Some(Vec::new()), Some(vec![1; good.len()])] {
            home.remove(&name).unwrap();
            if let Some(damage) = damage {
                home.write_new(&name, &damage).unwrap();
            }
            assert_eq!(state(&open(&home)), whole, "{name}");
            assert_eq!(home.read(&name, usize::MAX).unwrap().as_ref(), Some(&good), "{name} was not repaired");
        }
    }
    for stem in home.list().unwrap().iter().filter_map(|n| n.strip_suffix(".a")) {
        let (a, b) = (format!("{stem}.a"), format!("{stem}.b"));
        let good = home.read(&a, usize::MAX).unwrap().unwrap();
        home.remove(&a).unwrap();
        home.remove(&b).unwrap();
        home.write_new(&b, b"\x01junk").unwrap();
        assert!(matches!(refusal(&home, VAULT, master(1)), KeyError::Lost { name, source: Some(_) } if name == stem));
        home.write_new(&a, &good).unwrap();
        open(&home);
    }
}

#[test]
fn file_of_one_tenant_or_generation_doesnt_open_as_anothers() {
    let (home, _) = furnished();
    let names: Vec<String> = home.list().unwrap().into_iter().filter(|n| n.starts_with("tenant")).collect();
    let contents: Vec<Vec<u8>> = names.iter().map(|n| home.read(n, usize::MAX).unwrap().unwrap()).collect();
    for (name, content) in names.iter().zip(contents.iter().rev()) {
        home.remove(name).unwrap();
        home.write_new(name, content).unwrap();
    }
    assert!(matches!(refusal(&home, VAULT, master(1)), KeyError::Lost { .. }));
}

#[test]
fn opening_removes_other_generations_and_leaves_foreign_files() {
    let (home, whole) = furnished();
    let current = home.list().unwrap();
    home.write_new("table.9.a", b"stray").unwrap();
    home.write_new("tenant-00112233445566778899aabbccddeeff.1.b", b"stray").unwrap();
    home.write_new("notes.txt", b"not ours").unwrap();
    assert_eq!(state(&open(&home)), whole);
    let mut expected = current;
    expected.push("notes.txt".to_owned());
    expected.sort();
    assert_eq!(home.list().unwrap(), expected);
}

#[test]
fn master_key_that_is_down_changes_nothing_and_is_asked_again() {
    use std::sync::atomic::{AtomicBool, Ordering};
    struct Service(Arc<dyn MasterKey>, AtomicBool);
    impl MasterKey for Service {
        fn id(&self) -> String {
            "kms:test".to_owned()
        }
        fn wrap(&self, key: &[u8; 32], context: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
            if self.1.load(Ordering::SeqCst) {
                return Err(MasterKeyError::Unavailable("the service is down".into()));
            }
            self.0.wrap(key, context)
        }
        fn unwrap(&self, wrapped: &[u8], context: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
            self.0.unwrap(wrapped, context, key)
        }
    }
    let service = Arc::new(Service(master(1), AtomicBool::new(false)));
    let home = Arc::new(MemoryHome::new());
    let keyring = Keyring::create(home.clone(), VAULT, service.clone()).unwrap();
    keyring.add_tenant(tenant(1)).unwrap();
    let before = (state(&keyring), home.list().unwrap());
    service.1.store(true, Ordering::SeqCst);
    let down = keyring.puncture(tenant(1), &[Slot(1)]);
    assert!(matches!(down, Err(KeyError::Master(MasterKeyError::Unavailable(_)))));
    assert_eq!((state(&keyring), home.list().unwrap()), before);
    service.1.store(false, Ordering::SeqCst);
    keyring.puncture(tenant(1), &[Slot(1)]).unwrap();
    assert_eq!(slot_key(&keyring.tenant(tenant(1)).unwrap(), 1), None);
}

#[test]
fn anchor_written_by_another_is_never_overwritten() {
    let (home, _) = furnished();
    let (mine, theirs) = (open(&home), open(&home));
    theirs.raise_ceiling(tenant(1), 1 << 20).unwrap();
    let anchor = home.read_anchor().unwrap();
    assert!(mine.puncture(tenant(1), &[Slot(1)]).is_err());
    assert!(matches!(mine.puncture(tenant(1), &[Slot(1)]), Err(KeyError::AnchorChanged)));
    assert_eq!(home.read_anchor().unwrap(), anchor);
}
