//! Calls for missing things, or impossible ones.

use crate::error::Impossible;
use crate::record::{Document, RecordError, SearchValue};
use crate::vault::commit::{NewRow, RowChange};
use crate::vault::tests::bad_input::*;

#[test]
fn unknown_tenants_collections_and_fields_are_errors_that_say_what_is_near() {
    let world = World::new();
    match world.vault.tenant("acne") {
        Err(Error::UnknownTenant { name }) => assert_eq!(name, "acne"),
        other => panic!("{other:?}"),
    }
    match world.session(boss()).collection_named::<Customer>("custmers") {
        Err(Error::UnknownCollection { name, nearest }) => {
            assert_eq!((name.as_str(), nearest.as_deref()), ("custmers", Some("customers")));
        }
        other => panic!("{other:?}"),
    }
    let customers = world.customers();
    for error in [
        customers.find("emial", "x", None, 1).err(),
        customers.find_unique("emial", "x").err(),
        customers.find_all(&[("name", "x".into()), ("emial", "x".into())], None, 1).err(),
    ] {
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains("emial") && text.contains("`email`"), "{text}");
    }
}

#[test]
fn search_without_an_index_or_for_the_wrong_kind_is_an_error_never_an_empty_answer() {
    let world = World::new();
    let customers = world.customers();
    assert!(matches!(customers.find("tier", 1u8, None, 1), Err(Error::NotIndexed { field }) if field == "tier"));
    assert!(matches!(customers.find_unique("tier", 1u8), Err(Error::NotIndexed { .. })));
    assert!(matches!(customers.find_unique("name", "x"), Err(Error::NotUnique { field }) if field == "name"));
    let wrong = customers.find("name", 7u8, None, 1);
    assert!(matches!(wrong, Err(Error::Record(RecordError::WrongSearch { .. }))), "{wrong:?}");
    let none = customers.find_all(&[], None, 1);
    assert!(matches!(none, Err(Error::Record(RecordError::Schema { .. }))), "{none:?}");
    // An open collection may have any field, but searches need an index.
    world.acme.session(admin()).unwrap().define::<Document>().unwrap();
    let documents = world.session(boss()).collection::<Document>().unwrap();
    assert!(matches!(documents.find("x", "y", None, 1), Err(Error::NotIndexed { .. })));
    let all: Vec<(&str, SearchValue)> = (0..1_000).map(|_| ("name", "x".into())).collect();
    assert!(customers.find_all(&all, None, 1).unwrap().items.is_empty());
}

#[test]
fn type_that_does_not_fit_the_collection_is_an_error() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<Document>().unwrap();
    let session = world.session(boss());
    assert!(matches!(session.collection_named::<Document>("customers"), Err(Error::Record(_))));
    assert!(matches!(session.collection_named::<Customer>("documents"), Err(Error::Record(_))));
    assert!(matches!(session.collection_named::<Note>("customers"), Err(Error::Record(_))));
    let changed = world.acme.session(admin()).unwrap().define_as::<Document>(Schema::open("customers"));
    assert!(matches!(changed, Err(Error::Record(RecordError::Schema { .. }))), "{changed:?}");
}

#[test]
fn actor_without_a_role_or_with_an_unknown_one_is_denied_everything() {
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    for actor in
        [Actor::new(""), Actor::new("nobody"), Actor::new("b").with_role("chief"), Actor::new("b").with_role("")]
    {
        let customers = world.session(actor.clone()).collection::<Customer>().unwrap();
        let mut batch = world.session(actor.clone()).batch();
        let errors = [
            customers.insert(&Customer::new("x", "x")).err(),
            customers.get(id).err(),
            customers.get(RecordId::from_bytes([1; 16])).err(),
            customers.list(None, 1).err(),
            customers.find("name", "Ann", None, 1).err(),
            customers.find_unique("email", "ann@x.org").err(),
            customers.update(id, |_| {}).err(),
            customers.delete(id).err(),
            batch.insert(&customers, &Customer::new("x", "x")).err(),
            batch.update(&customers, id, |_| {}).err(),
            batch.delete(&customers, id).err(),
            world.vault.session(actor.clone()).unwrap().create_tenant("x").err(),
            world.acme.session(actor.clone()).unwrap().define::<Note>().err(),
            world.vault.session(actor.clone()).unwrap().verify().err(),
            world.vault.session(actor.clone()).unwrap().head().err(),
            world.vault.session(actor.clone()).unwrap().set_policy(roles()).err(),
        ];
        for (number, error) in errors.into_iter().enumerate() {
            match error {
                Some(Error::Denied(denial)) => {
                    assert_eq!(denial.code, "no_role", "{number}");
                    assert!(!denial.for_user.contains("Ann"));
                }
                other => panic!("{number}: {other:?}"),
            }
        }
    }
    assert_eq!(world.customers().list(None, 10).unwrap().items.len(), 1);
}

#[test]
fn every_call_after_close_says_closed() {
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    let (session, customers) = (world.session(boss()), world.customers());
    let revision = customers.get(id).unwrap().revision;
    let head = world.vault.session(admin()).unwrap().head().unwrap();
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("x", "x")).unwrap();
    let mut second = session.batch();
    let all = customers.iter(10);
    world.vault.close().unwrap();
    world.vault.close().unwrap();
    let ann = Customer::new("Ann", "ann@x.org");
    let errors = [
        customers.insert(&ann).err(),
        customers.insert_with(&ann, NewMeta::new()).err(),
        customers.import([ann.clone()], |_, _| {}).err(),
        customers.get(id).err(),
        customers.list(None, 1).err(),
        customers.iter(1).next().unwrap().err(),
        all.last().unwrap().err(),
        customers.find("name", "Ann", None, 1).err(),
        customers.find_all(&[("name", "Ann".into())], None, 1).err(),
        customers.find_unique("email", "x").err(),
        customers.update(id, |_| {}).err(),
        customers.update_at(id, revision, |_| {}).err(),
        customers.replace(id, revision, &ann).err(),
        customers.delete(id).err(),
        customers.delete_at(id, revision).err(),
        batch.commit().err(),
        second.insert(&customers, &ann).err(),
        second.update(&customers, id, |_| {}).err(),
        second.delete(&customers, id).err(),
        session.collection::<Customer>().err(),
        world.acme.session(boss()).err(),
        world.acme.session(admin()).and_then(|s| s.define::<Note>()).err(),
        world.vault.tenant("acme").err(),
        world.vault.session(admin()).and_then(|s| s.create_tenant("x")).err(),
        world.vault.session(admin()).and_then(|s| s.verify()).err(),
        world.vault.session(admin()).and_then(|s| s.verify_against(&head)).err(),
        world.vault.session(admin()).and_then(|s| s.head()).err(),
        world.vault.flush().err(),
        world.vault.session(admin()).and_then(|s| s.set_policy(roles())).err(),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        assert!(matches!(error, Some(Error::Closed)), "{number}: {error:?}");
    }
    assert_eq!(World::open(&world.memory).unwrap().customers().list(None, 10).unwrap().items.len(), 1);
}

#[test]
fn limits_of_nothing_and_of_more_than_a_thousand_are_refused() {
    let world = World::new();
    let notes = world.notes();
    let mut batch = world.session(boss()).batch();
    for n in 0..1_005 {
        batch.insert(&notes, &Note::new(n.to_string())).unwrap();
    }
    batch.commit().unwrap();
    for limit in [0, 1_001, usize::MAX] {
        let bad = |error: Option<Error>| matches!(error, Some(Error::BadLimit { most: 1_000, .. }));
        assert!(bad(notes.list(None, limit).err()) && bad(notes.export(None, limit).err()), "{limit}");
        assert!(bad(notes.sorted("text", false, limit).err()), "{limit}");
        assert!(bad(world.customers().find("name", "ann", None, limit).err()), "{limit}");
        assert!(bad(notes.iter(limit).next().and_then(Result::err)), "{limit}");
    }
    for (limit, expected) in [(1, 1), (1_000, 1_000)] {
        let page = notes.list(None, limit).unwrap();
        assert_eq!(page.items.len(), expected, "{limit}");
        assert_eq!(page.next, page.items.last().map(|found| found.id));
    }
    assert_eq!(notes.iter(1_000).count(), 1_005);
    assert_eq!(notes.iter(1).take(3).count(), 3);
    world.add("Ann", "ann@x.org");
    for limit in [1, 1_000] {
        assert_eq!(world.customers().find("name", "ann", None, limit).unwrap().items.len(), 1);
    }
    let last = RecordId::from_bytes([0xff; 16]);
    assert!(notes.list(Some(last), 10).unwrap().items.is_empty());
    assert!(notes.list(Some(RecordId::from_bytes([0; 16])), 10).unwrap().items.len() == 10);
    assert!(matches!(notes.get(last), Err(Error::NotFound)));
    assert!(matches!(notes.update(last, |_| {}), Err(Error::NotFound)));
    assert!(matches!(notes.delete(last), Err(Error::NotFound)));
}

#[test]
fn batch_over_its_limits_or_with_a_record_twice_is_refused_where_it_is_filled() {
    let world = World::new();
    let notes = world.notes();
    let id = notes.insert(&Note::new("x")).unwrap();
    let mut batch = world.session(boss()).batch();
    batch.update(&notes, id, |note| note.text.push('!')).unwrap();
    assert!(matches!(batch.update(&notes, id, |_| {}), Err(Error::NotPossible(Impossible::TwiceInBatch))));
    assert!(matches!(batch.delete(&notes, id), Err(Error::NotPossible(Impossible::TwiceInBatch))));
    let new = batch.insert(&notes, &Note::new("y")).unwrap();
    assert!(matches!(batch.delete(&notes, new), Err(Error::NotPossible(Impossible::TwiceInBatch))));
    assert_eq!(batch.len(), 2);
    batch.commit().unwrap();
    assert_eq!(notes.get(id).unwrap().value.text, "x!");

    // As if the batch held that many bytes of rows.
    let mut large = world.session(boss()).batch();
    large.bytes = 64 << 20;
    large.insert(&notes, &Note::new("x")).unwrap();
    assert!(matches!(large.insert(&notes, &Note::new("x")), Err(Error::TooLarge { what: "batch", .. })));
    drop(large);
    assert_eq!(notes.list(None, 10).unwrap().items.len(), 2);
    world.session(boss()).batch().commit().unwrap();

    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Note>().unwrap();
    let theirs = globex.session(boss()).unwrap().collection::<Note>().unwrap();
    let mut batch = world.session(boss()).batch();
    assert!(matches!(batch.insert(&theirs, &Note::new("x")), Err(Error::OtherTenant)));
    assert!(matches!(batch.delete(&World::new().notes(), id), Err(Error::OtherTenant)));
}

#[test]
fn batch_of_more_than_16384_writes_is_refused() {
    let world = World::new();
    let notes = world.notes();
    let mut batch = world.session(boss()).batch();
    batch.insert(&notes, &Note::new("x")).unwrap();
    assert!(batch.bytes > 100);
    for n in 0..16_382u32 {
        let mut record = [0; 16];
        record[..4].copy_from_slice(&n.to_be_bytes());
        batch.write.rows.push(RowChange {
            collection: Arc::clone(notes.core()),
            generation: 1,
            record: RecordId::from_bytes(record),
            before: None,
            after: NewRow::Relinked,
            kept: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
            links: None,
        });
    }
    batch.insert(&notes, &Note::new("x")).unwrap();
    assert_eq!(batch.len(), 16_384);
    assert!(matches!(batch.insert(&notes, &Note::new("x")), Err(Error::TooLarge { limit: 16_384, .. })));
    let id = notes.insert(&Note::new("x")).unwrap();
    assert!(matches!(batch.update(&notes, id, |_| {}), Err(Error::TooLarge { .. })));
    assert!(matches!(batch.delete(&notes, id), Err(Error::TooLarge { .. })));
}
