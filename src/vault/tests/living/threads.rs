//! Many threads at once.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vault::tests::living::*;

#[test]
fn of_many_threads_that_insert_one_unique_value_exactly_one_wins() {
    let world = World::new();
    let barrier = Barrier::new(8);
    for round in 0..6 {
        let won = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (world, barrier, won) = (&world, &barrier, &won);
                scope.spawn(move || {
                    let customers = world.customers();
                    let customer = Customer::new(&format!("T{thread}"), &format!("r{round}@x.org"));
                    barrier.wait();
                    match customers.insert(&customer) {
                        Ok(_) => drop(won.fetch_add(1, Ordering::SeqCst)),
                        Err(Error::Duplicate { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                });
            }
        });
        assert_eq!(won.into_inner(), 1);
    }
    assert_eq!(world.customers().list(None, 100).unwrap().items.len(), 6);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn concurrent_updates_of_one_record_all_count() {
    let world = World::new();
    let id = world.notes().insert(&Note::new("0")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let notes = world.notes();
                for _ in 0..15 {
                    let count = |note: &mut Note| note.text = (note.text.parse::<u32>().unwrap() + 1).to_string();
                    notes.update(id, count).unwrap();
                }
            });
        }
    });
    let found = world.notes().get(id).unwrap();
    assert_eq!((found.value.text.as_str(), found.revision.get()), ("90", 91));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn of_two_who_delete_or_change_one_revision_one_is_told_of_the_other() {
    let world = World::new();
    let barrier = Barrier::new(2);
    for round in 0..10 {
        let id = world.add("Ann", &format!("r{round}@x.org"));
        let revision = world.customers().get(id).unwrap().revision;
        let act = |change: bool| {
            let customers = world.customers();
            barrier.wait();
            match change {
                true => customers.update_at(id, revision, |customer| customer.tier = None).map(drop),
                false => customers.delete_at(id, revision),
            }
        };
        let results = std::thread::scope(|scope| {
            let one = scope.spawn(|| act(true));
            [act(false), one.join().unwrap()]
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        let lost = results.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(lost, Error::Conflict | Error::Deleted), "{lost:?}");
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn everything_at_once_over_two_tenants_ends_intact() {
    let world = World::new();
    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Customer>().unwrap();
    globex.session(admin()).unwrap().define::<Note>().unwrap();
    let kept: Mutex<BTreeSet<(usize, RecordId)>> = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let (world, kept) = (&world, &kept);
            let tenant = if thread % 2 == 0 { world.acme.clone() } else { globex.clone() };
            scope.spawn(move || {
                let session = tenant.session(boss()).unwrap();
                let customers = session.collection::<Customer>().unwrap();
                let notes = session.collection::<Note>().unwrap();
                for n in 0..25 {
                    let mut batch = session.batch();
                    let customer = Customer::new("Ann", &format!("t{thread}-{n}@x.org"));
                    let id = batch.insert(&customers, &customer).unwrap();
                    batch.insert_with(&notes, &Note::new("x"), NewMeta::new().about("customers", id)).unwrap();
                    batch.commit().unwrap();
                    customers.find("name", "ann", None, 5).unwrap();
                    if n % 4 == 0 {
                        customers.delete(id).unwrap();
                    } else {
                        customers.update(id, |customer| customer.name = format!("Bo {n}")).unwrap();
                        kept.lock().unwrap().insert((thread % 2, id));
                    }
                    if n == 12 {
                        assert_eq!(world.vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
                    }
                }
            });
        }
    });
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    let globex = world.vault.tenant("globex").unwrap();
    for (number, tenant) in [&world.acme, &globex].into_iter().enumerate() {
        let customers = tenant.session(boss()).unwrap().collection::<Customer>().unwrap();
        let found: BTreeSet<_> = customers.iter(100).map(|found| (number, found.unwrap().id)).collect();
        let expected: BTreeSet<_> = kept.lock().unwrap().iter().filter(|(of, _)| *of == number).copied().collect();
        assert_eq!(found, expected);
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn close_under_load_answers_everybody_and_loses_nothing_acknowledged() {
    for _ in 0..5 {
        let world = World::new();
        let stored: Mutex<Vec<RecordId>> = Mutex::default();
        let barrier = Barrier::new(5);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let notes = world.notes();
                    barrier.wait();
                    loop {
                        match notes.insert(&Note::new("x")).and_then(|id| notes.get(id).map(|_| id)) {
                            Ok(id) => stored.lock().unwrap().push(id),
                            Err(Error::Closed) => break,
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                });
            }
            barrier.wait();
            std::thread::sleep(std::time::Duration::from_millis(30));
            world.vault.close().unwrap();
        });
        let world = World::open(&world.memory).unwrap();
        let notes = world.notes();
        assert!(stored.into_inner().unwrap().iter().all(|id| notes.get(*id).is_ok()));
        assert_eq!(world.verify(), Verdict::Intact);
    }
}
