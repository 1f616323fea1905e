//! A store that fails once, at every call in turn, over a script of everything that writes.

use std::collections::BTreeMap;

use crate::store::faulty::{Fault, FaultyStore};
use crate::vault::tests::*;

const WHICH: [Fault; 4] = [Fault::Get, Fault::Scan, Fault::CommitBefore, Fault::CommitAfter];

/// The acknowledged state, and what may or may not be stored.
#[derive(Default)]
struct Told {
    /// Possible values of each record: one, or several after an error. `None` is deleted.
    customers: BTreeMap<RecordId, Vec<Option<Customer>>>,
    /// Notes in pairs, each pair from one batch.
    pairs: Vec<[RecordId; 2]>,
    /// Addresses whose insert ended in an error: each may be stored.
    perhaps: Vec<String>,
    tenants: Vec<&'static str>,
    defined: bool,
    errors: Vec<Error>,
}

impl Told {
    fn note<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.errors.push(error)).ok()
    }
}

/// Runs the script. It goes on after errors, as a host that hasn't understood them would.
fn script(world: &World, told: &mut Told) {
    let Ok(session) = world.acme.session(boss()).map_err(|error| told.errors.push(error)) else { return };
    let Some(customers) = told.note(session.collection::<Customer>()) else { return };
    let Some(notes) = told.note(session.collection::<Note>()) else { return };
    for n in 0..3 {
        let customer = Customer::new("Ann", &format!("ann{n}@x.org"));
        match told.note(customers.insert(&customer)) {
            Some(id) => drop(told.customers.insert(id, vec![Some(customer)])),
            None => told.perhaps.push(customer.email),
        }
    }
    let ids: Vec<RecordId> = told.customers.keys().copied().collect();
    for (number, id) in ids.iter().enumerate() {
        let new = Customer::new("Bo", &format!("bo{number}@x.org"));
        let result = match number {
            0 => customers.delete(*id).map(|()| None),
            1 => customers.update(*id, |customer| *customer = new.clone()).map(|_| Some(new.clone())),
            _ => {
                let mut batch = session.batch();
                let result = batch.delete(&customers, *id);
                let result = result.and_then(|()| batch.insert(&notes, &Note::new("lone")).map(drop));
                result.and_then(|()| batch.commit()).map(|()| None)
            }
        };
        let after = if number == 1 { Some(new) } else { None };
        let known = told.customers.get_mut(id).unwrap();
        match result {
            Ok(now) => *known = vec![now],
            Err(error) => {
                known.push(after);
                told.errors.push(error);
            }
        }
    }
    let mut batch = session.batch();
    let pair: Result<Vec<_>, _> = (0..2).map(|n| batch.insert(&notes, &Note::new(format!("pair {n}")))).collect();
    if let Some(pair) = told.note(pair)
        && told.note(batch.commit()).is_some()
    {
        told.pairs.push([pair[0], pair[1]]);
    }
    if let Some(globex) = told.note(world.vault.session(admin()).and_then(|s| s.create_tenant("globex"))) {
        told.tenants.push("globex");
        told.note(globex.session(admin()).and_then(|s| s.define::<Note>()));
    }
    let schema = Customer::schema().index("tier", Normalizer::Exact);
    told.defined = told.note(world.acme.session(admin()).and_then(|s| s.define_as::<Customer>(schema))).is_some();
    told.note(customers.find("name", "ann", None, 10).map(drop));
    told.note(customers.list(None, 10).map(drop));
    told.note(world.vault.session(admin()).and_then(|s| s.verify().map(drop)));
}

/// Runs the script with one failing call. Returns whether it was reached.
fn run(fault: Fault, number: usize) -> bool {
    let world = World::new();
    world.vault.close().unwrap();
    let memory = world.memory;
    let faulty = Arc::new(Mutex::new(None));
    let shared = Arc::clone(&faulty);
    *memory.inner.around.lock().unwrap() = Some(Box::new(move |store| {
        let store = Arc::new(FaultyStore::new(store));
        *shared.lock().unwrap() = Some(Arc::clone(&store));
        store
    }));
    let world = World::open(&memory).unwrap();
    let store = faulty.lock().unwrap().clone().unwrap();
    store.fail(fault, number);
    let mut told = Told::default();
    script(&world, &mut told);
    let commit = matches!(fault, Fault::CommitBefore | Fault::CommitAfter);
    let mut failed = !told.errors.is_empty();
    for error in &told.errors {
        let clear = match error {
            Error::Stopped { .. } => commit,
            Error::Io { .. } => !commit,
            _ => false,
        };
        assert!(clear, "{fault:?} {number}: {error:?}");
        assert!(!error.to_string().is_empty());
    }
    if commit && failed {
        // Reads fail as well; only opening again helps.
        assert!(world.vault.health().stopped);
        assert!(matches!(world.acme.session(boss()), Err(Error::Stopped { .. })));
        // Later callers are told the reason, too.
        assert!(matches!(world.vault.flush(), Err(Error::Stopped { source: Some(_) })));
        assert!(matches!(world.vault.session(admin()), Err(Error::Stopped { .. })));
        assert!(matches!(world.vault.close(), Err(Error::Stopped { .. })));
    } else {
        assert!(!world.vault.health().stopped, "{fault:?} {number}");
        // Closing commits waiting entries; nothing before it failed.
        match world.vault.close() {
            Ok(()) => {}
            Err(Error::Stopped { .. }) if commit => failed = true,
            Err(error) => panic!("{fault:?} {number}: {error:?}"),
        }
    }
    drop(world);
    *memory.inner.around.lock().unwrap() = None;
    check(&format!("{fault:?} {number}"), &World::open(&memory).unwrap(), &told);
    failed
}

fn check(what: &str, world: &World, told: &Told) {
    assert_eq!(world.verify(), Verdict::Intact, "{what}");
    let customers = world.customers();
    for (id, values) in &told.customers {
        let now = match customers.get(*id) {
            Ok(found) => Some(found.value),
            Err(Error::Deleted) => None,
            Err(error) => panic!("{what}: {error:?}"),
        };
        assert!(values.contains(&now), "{what}: {now:?} of {values:?}");
        if let [Some(customer)] = values.as_slice() {
            let found = customers.find_unique("email", &customer.email).unwrap();
            assert_eq!(found.map(|found| found.id), Some(*id), "{what}");
        }
    }
    for found in customers.list(None, 100).unwrap() {
        let known = told.customers.contains_key(&found.id) || told.perhaps.contains(&found.value.email);
        assert!(known, "{what}: {:?}", found.value);
    }
    let notes: Vec<Found<Note>> = world.notes().list(None, 100).unwrap().items;
    let pairs = notes.iter().filter(|note| note.value.text.starts_with("pair")).count();
    assert!(pairs == 0 && told.pairs.is_empty() || pairs == 2, "{what}: {pairs}");
    assert!(told.pairs.iter().flatten().all(|id| world.notes().get(*id).is_ok()), "{what}");
    for name in &told.tenants {
        world.vault.tenant(name).unwrap();
    }
    // Everything can be done again.
    let schema = || Customer::schema().index("tier", Normalizer::Exact);
    world.acme.session(admin()).unwrap().define_as::<Customer>(schema()).unwrap();
    let of_tier = customers.find("tier", 1u8, None, 100).unwrap().items.len();
    assert_eq!(of_tier, customers.list(None, 100).unwrap().items.len(), "{what}");
    match world.vault.session(admin()).unwrap().create_tenant("globex") {
        Ok(_) => assert!(told.tenants.is_empty(), "{what}"),
        Err(Error::TenantExists { .. }) => {}
        Err(error) => panic!("{what}: {error:?}"),
    }
    world.add("Zoe", "zoe@x.org");
    assert_eq!(world.verify(), Verdict::Intact, "{what}");
}

#[test]
fn script_without_a_fault_is_acknowledged_whole() {
    let world = World::new();
    let mut told = Told::default();
    script(&world, &mut told);
    assert!(told.errors.is_empty(), "{:?}", told.errors);
    assert!(told.defined && told.tenants.len() == 1 && told.pairs.len() == 1 && told.customers.len() == 3);
    check("no fault", &world.reopen(), &told);
}

#[test]
fn failed_commit_at_any_point_stops_the_vault_and_loses_nothing_acknowledged() {
    for fault in [Fault::CommitBefore, Fault::CommitAfter] {
        let reached = (1..60).take_while(|number| run(fault, *number)).count();
        assert!(reached > 10, "{fault:?}: {reached}");
    }
}

#[test]
fn failed_read_at_any_point_is_an_error_of_one_call() {
    for (fault, step) in [(Fault::Get, crate::tests::amount(3, 1)), (Fault::Scan, crate::tests::amount(2, 1))] {
        // Calls of one kind repeat; after the first forty every fifth stands for the others.
        let numbers = (1..40).step_by(step).chain((40..400).step_by(crate::tests::amount(25, 5)));
        let reached = numbers.take_while(|number| run(fault, *number)).count();
        assert!(reached > 10, "{fault:?}: {reached}");
    }
}

#[test]
fn store_that_fails_while_a_vault_opens_leaves_it_as_it_is() {
    let world = World::new();
    world.add("Ann", "ann@x.org");
    world.vault.close().unwrap();
    let memory = world.memory;
    let before = everything(&memory);
    for fault in WHICH {
        let mut failed = 0;
        for number in 1..60 {
            *memory.inner.around.lock().unwrap() = Some(Box::new(move |store| {
                let store = Arc::new(FaultyStore::new(store));
                store.fail(fault, number);
                store
            }));
            match open_options(&memory).open() {
                Ok(vault) => {
                    vault.close().unwrap();
                    break;
                }
                Err(Error::Io { .. }) => failed += 1,
                Err(error) => panic!("{fault:?} {number}: {error:?}"),
            }
            assert!(everything(&memory) == before, "{fault:?} {number}");
        }
        let reads = matches!(fault, Fault::Get | Fault::Scan);
        assert_eq!(failed > 1, reads, "{fault:?}: {failed}");
    }
    *memory.inner.around.lock().unwrap() = None;
    assert_eq!(World::open(&memory).unwrap().verify(), Verdict::Intact);
}

#[test]
fn disk_that_fills_up_at_any_byte_stops_the_vault_says_so_and_loses_nothing() {
    let world = World::new();
    world.vault.close().unwrap();
    let memory = world.memory;
    for room in (0..30_000).step_by(crate::tests::amount(4_999, 1_499)) {
        *memory.inner.around.lock().unwrap() = Some(Box::new(move |store| {
            let store = Arc::new(FaultyStore::new(store));
            store.leave_room(room);
            store
        }));
        let world = World::open(&memory).unwrap();
        let mut told = BTreeMap::new();
        let error = loop {
            let note = Note::new(format!("{room} {}", told.len()));
            match world.notes().insert(&note) {
                Ok(id) => drop(told.insert(id, note)),
                Err(error) => break error,
            }
        };
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull).to_string();
        // A buffered entry may have been the first to find the disk full.
        assert!(matches!(error, Error::Stopped { .. }) && text.contains("free disk space"), "{text}");
        assert!(text.contains(&full) || room < 1_000, "{text}");
        assert!(world.vault.health().stopped);
        assert!(matches!(world.vault.close(), Err(Error::Stopped { .. })));
        *memory.inner.around.lock().unwrap() = None;
        let world = World::open(&memory).unwrap();
        assert_eq!(world.verify(), Verdict::Intact, "{room}");
        for (id, note) in told {
            assert_eq!(world.notes().get(id).unwrap().value, note, "{room}");
        }
        world.vault.close().unwrap();
    }
}

#[test]
fn commit_that_fails_only_when_the_vault_is_closed_is_reported() {
    let world = World::new();
    world.vault.close().unwrap();
    let memory = world.memory;
    *memory.inner.around.lock().unwrap() = Some(Box::new(|store| {
        let store = Arc::new(FaultyStore::new(store));
        store.fail(Fault::CommitBefore, 1);
        store
    }));
    let world = World::open(&memory).unwrap();
    let head = memory.inner.head.lock().unwrap().clone();
    world.customers().list(None, 1).unwrap();
    assert!(matches!(world.vault.close(), Err(Error::Stopped { .. })));
    assert!(*memory.inner.head.lock().unwrap() == head);
    assert!(matches!(world.vault.close(), Ok(())));
}
