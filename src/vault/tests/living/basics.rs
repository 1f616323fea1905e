//! Storing, finding, changing, removing.

use std::path::Path;

use crate::keys::KeyFile;
use crate::model::Timestamp;
use crate::vault::tests::living::*;

#[test]
fn record_comes_back_after_reopening_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault");
    let key = || KeyFile::open(dir.path().join("key")).unwrap();
    KeyFile::create(dir.path().join("key")).unwrap();
    let vault = Vault::options(&path).master_key(key()).policy(roles()).create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin()).unwrap().define::<Customer>().unwrap();
    let customers = acme.session(boss()).unwrap().collection::<Customer>().unwrap();
    let ann = Customer { name: "Ann Lee".into(), email: "Ann@Example.com".into(), tier: Some(3) };
    let id = customers.insert(&ann).unwrap();
    assert_eq!(customers.get(id).unwrap().value, ann);
    assert_eq!(customers.find_unique("email", " ann@example.COM").unwrap().unwrap().id, id);
    assert!(matches!(customers.insert(&ann), Err(Error::Duplicate { field, .. }) if field == "email"));
    let revision = customers.update(id, |c| c.name = "Ann Li".into()).unwrap();
    assert_eq!(revision.get(), 2);
    assert!(customers.find("name", "ann lee", None, 10).unwrap().items.is_empty());
    assert_eq!(customers.find("name", "ANN  li", None, 10).unwrap().items.len(), 1);
    let other = customers.insert(&Customer { email: "x@y.z".into(), ..ann.clone() }).unwrap();
    customers.delete(other).unwrap();
    assert!(matches!(customers.get(other), Err(Error::Deleted)));
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
    vault.close().unwrap();
    drop((vault, acme, customers));

    let vault = Vault::options(&path).master_key(key()).policy(roles()).open().unwrap();
    let acme = vault.tenant("acme").unwrap();
    let customers = acme.session(boss()).unwrap().collection::<Customer>().unwrap();
    assert_eq!(customers.get(id).unwrap().value.name, "Ann Li");
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);
    let mine = acme.session(sales("s")).unwrap().collection::<Customer>().unwrap();
    let own = mine.insert(&Customer { email: "own@y.z".into(), ..ann }).unwrap();
    let found = mine.get(own).unwrap();
    assert_eq!((found.value.tier, found.withheld), (None, vec!["tier".to_owned()]));
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
}

#[test]
fn vault_whose_handles_are_dropped_without_closing_opens_again_whole() {
    let dir = tempfile::tempdir().unwrap();
    let options = |dir: &Path| Vault::options(dir.join("v")).master_key(Unlocked).policy(roles());
    let vault = options(dir.path()).create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin()).unwrap().define::<Note>().unwrap();
    let notes = acme.session(boss()).unwrap().collection::<Note>().unwrap();
    let id = notes.insert(&Note::new("x")).unwrap();
    notes.list(None, 1).unwrap();
    drop(vault);
    // Any handle keeps the vault open.
    assert!(matches!(options(dir.path()).open(), Err(Error::InUse { .. })));
    drop(acme);
    assert_eq!(notes.get(id).unwrap().value.text, "x");
    drop(notes);
    for _ in 0..3 {
        let vault = options(dir.path()).open().unwrap();
        assert_eq!(vault.health().notices, Vec::<String>::new());
        let notes = vault.tenant("acme").unwrap().session(boss()).unwrap().collection::<Note>().unwrap();
        assert_eq!(notes.get(id).unwrap().value.text, "x");
        notes.update(id, |note| note.text = "x".to_owned()).unwrap();
        assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
    }
}

#[test]
fn handles_can_be_sent_shared_and_kept() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Vault>();
    check::<Tenant>();
    check::<Session>();
    check::<Collection<Customer>>();
    check::<Collection<std::cell::Cell<u8>>>();
    fn sent<T: Send + 'static>() {}
    sent::<Batch>();
    sent::<Found<Customer>>();
    sent::<Error>();
}

#[test]
fn revisions_count_up_and_a_stale_one_conflicts() {
    let world = World::new();
    let (customers, id) = (world.customers(), world.add("Ann", "ann@x.org"));
    let first = customers.get(id).unwrap().revision;
    assert_eq!(first.get(), 1);
    let second = customers.update_at(id, first, |customer| customer.tier = Some(2)).unwrap();
    assert_eq!(second.get(), 2);
    let bo = Customer::new("Bo", "bo@x.org");
    for stale in [
        customers.update_at(id, first, |customer| customer.tier = Some(3)).err(),
        customers.replace(id, first, &bo).err(),
        customers.delete_at(id, first).err(),
    ] {
        assert!(matches!(stale, Some(Error::Conflict)), "{stale:?}");
    }
    assert_eq!(customers.get(id).unwrap().value.tier, Some(2));
    // An update that changes nothing makes no revision.
    assert_eq!(customers.update(id, |customer| customer.tier = Some(2)).unwrap(), second);
    assert_eq!(customers.replace(id, second, &customers.get(id).unwrap().value).unwrap(), second);
    let third = customers.replace(id, second, &bo).unwrap();
    assert_eq!((third.get(), customers.get(id).unwrap().value), (3, bo));
    customers.delete_at(id, third).unwrap();
    for gone in [customers.get(id).err(), customers.delete(id).err(), customers.update(id, |_| {}).err()] {
        assert!(matches!(gone, Some(Error::Deleted)));
    }
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn value_of_a_deleted_or_changed_record_is_free_again() {
    let world = World::new();
    let customers = world.customers();
    for round in 0..12 {
        let id = world.add("Ann", "ann@x.org");
        assert!(matches!(customers.insert(&Customer::new("", "ANN@x.org")), Err(Error::Duplicate { .. })));
        assert_eq!(customers.find_unique("email", "ann@x.org").unwrap().unwrap().id, id);
        if round % 2 == 0 {
            customers.delete(id).unwrap();
        } else {
            customers.update(id, |customer| customer.email = format!("old{round}@x.org")).unwrap();
            // There and back: a record's own value is no duplicate.
            customers.update(id, |customer| customer.email = "Ann@X.org".to_owned()).unwrap();
            customers.update(id, |customer| customer.email = "ann@x.ORG".to_owned()).unwrap();
            customers.update(id, |customer| customer.email = format!("old{round}@x.org")).unwrap();
        }
        assert!(customers.find_unique("email", "ann@x.org").unwrap().is_none());
    }
    assert_eq!(customers.find("name", "ann", None, 100).unwrap().items.len(), 6);
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    world.add("Ann", "ann@x.org");
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn several_fields_are_searched_together() {
    let world = World::new();
    let schema = Customer::schema().index("tier", Normalizer::Exact);
    world.acme.session(admin()).unwrap().define_as::<Customer>(schema).unwrap();
    let customers = world.customers();
    let mut expected = Vec::new();
    for n in 0..24u8 {
        let customer = Customer {
            name: ["Ann", "Bo"][usize::from(n % 2)].to_owned(),
            email: format!("c{n}@x.org"),
            tier: [Some(1), Some(2), None][usize::from(n % 3)],
        };
        let id = customers.insert(&customer).unwrap();
        if n % 6 == 0 {
            expected.push(id);
        }
    }
    expected.sort();
    let wanted = [("name", "ANN".into()), ("tier", 1u8.into())];
    let page = customers.find_all(&wanted, None, 3).unwrap();
    assert_eq!(page.items.iter().map(|found| found.id).collect::<Vec<_>>(), expected[..3]);
    let rest = customers.find_all(&wanted, page.next, 3).unwrap();
    assert_eq!(rest.into_iter().map(|found| found.id).collect::<Vec<_>>(), expected[3..]);
    assert_eq!(customers.count_found(&wanted).unwrap(), 4);
    let one = [("email", "c6@x.org".into()), ("name", "ann".into()), ("tier", 1u8.into())];
    assert_eq!(customers.find_all(&one, None, 10).unwrap().items.len(), 1);
    let none = [("email", "c6@x.org".into()), ("name", "bo".into())];
    assert!(customers.find_all(&none, None, 10).unwrap().items.is_empty());
    assert_eq!(customers.count_found(&none).unwrap(), 0);
    assert!(customers.count_found(&[]).is_err() && customers.count_found(&[("emial", "x".into())]).is_err());
}

#[test]
fn pages_neither_lack_nor_repeat_a_record() {
    let world = World::new();
    let notes = world.notes();
    let mut batch = world.session(boss()).batch();
    let mut all: Vec<RecordId> = (0..600).map(|_| batch.insert(&notes, &Note::new("x")).unwrap()).collect();
    batch.commit().unwrap();
    for id in all.iter().step_by(7) {
        notes.delete(*id).unwrap();
    }
    all = all.into_iter().enumerate().filter(|(number, _)| number % 7 != 0).map(|(_, id)| id).collect();
    all.sort();
    for limit in [1, 255, 256, 257, all.len() - 1, all.len(), all.len() + 1] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = notes.list(after, limit).unwrap();
            seen.extend(page.items.iter().map(|found| found.id));
            pages += 1;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
            if limit == 1 && pages == 20 {
                break;
            }
        }
        if limit > 1 {
            assert!(seen == all, "{limit}: {} of {}", seen.len(), all.len());
            assert_eq!(pages, all.len().div_ceil(limit));
        } else {
            assert!(seen == all[..20]);
        }
    }
}

#[test]
fn import_reports_every_record_in_order_and_stores_all_but_duplicates() {
    let world = World::new();
    let customers = world.customers();
    let many = crate::tests::amount(1_200, 3_000);
    world.add("Ann", "c7@x.org");
    let values = (0..many).map(|n| Customer::new("Ann", &format!("c{}@x.org", if n % 100 == 99 { n - 50 } else { n })));
    let mut told = Vec::new();
    let stored = customers
        .import(values, |index, outcome| {
            assert_eq!(index, told.len());
            told.push(outcome);
        })
        .unwrap();
    assert_eq!(told.len(), many);
    for (index, outcome) in told.iter().enumerate() {
        match outcome {
            Ok(id) => assert_eq!(customers.get(*id).unwrap().value.email, format!("c{index}@x.org")),
            Err(Error::Duplicate { field, .. }) => assert!(field == "email" && (index == 7 || index % 100 == 99)),
            Err(other) => panic!("{index}: {other:?}"),
        }
    }
    assert_eq!(stored, told.iter().filter(|outcome| outcome.is_ok()).count());
    assert_eq!((stored, customers.iter(1_000).count()), (many - many / 100 - 1, many - many / 100));
    assert!(customers.import([], |_, _| panic!("nothing")).is_ok_and(|stored| stored == 0));
    let denied = world.session(Actor::new("x")).collection::<Customer>().unwrap();
    let mut refused = 0;
    denied.import([Customer::new("x", "x")], |_, outcome| refused += usize::from(outcome.is_err())).unwrap();
    assert_eq!(refused, 1);
}

#[test]
fn metadata_is_kept_and_its_times_come_from_the_clock() {
    struct Fixed(std::sync::atomic::AtomicI64);

    impl crate::model::Clock for &'static Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(std::sync::atomic::Ordering::SeqCst))
        }
    }

    static CLOCK: Fixed = Fixed(std::sync::atomic::AtomicI64::new(1_000_000));
    let world = World::with(|options| options.clock(&CLOCK));
    let notes = world.notes();
    let meta = NewMeta::new().owner("o").label("a").label("b").retain_until(Timestamp::from_micros(9));
    let id = notes.insert_with(&Note::new("x"), meta).unwrap();
    CLOCK.0.store(2_000_000, std::sync::atomic::Ordering::SeqCst);
    notes.update(id, |note| note.text.push('!')).unwrap();
    let found = notes.get(id).unwrap();
    assert_eq!((found.meta.owner(), found.meta.labels().len()), (Some("o"), 2));
    assert_eq!(found.meta.created(), Timestamp::from_micros(1_000_000));
    assert_eq!(found.meta.updated(), Timestamp::from_micros(2_000_000));
}
