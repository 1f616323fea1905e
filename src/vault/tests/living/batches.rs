//! Batches are done whole or not at all, over the collections of a tenant.

use crate::vault::tests::living::*;

#[test]
fn batch_over_collections_is_there_whole_or_not_at_all() {
    let world = World::new();
    let session = world.session(boss());
    let (customers, notes) = (world.customers(), world.notes());
    let old = world.add("Old", "old@x.org");
    let note = notes.insert(&Note::new("old")).unwrap();
    let fill = |email: &str| {
        let mut batch = session.batch();
        let customer = batch.insert(&customers, &Customer::new("New", email)).unwrap();
        let about = NewMeta::new().about("customers", customer);
        let new = batch.insert_with(&notes, &Note::new("new"), about).unwrap();
        batch.update(&notes, note, |note| note.text.push('!')).unwrap();
        batch.delete(&customers, old).unwrap();
        (batch, customer, new)
    };
    let before = [stored(&world.memory, Space::Row), stored(&world.memory, Space::Entry)];
    let same = || [stored(&world.memory, Space::Row), stored(&world.memory, Space::Entry)] == before;
    let (batch, customer, new) = fill("new@x.org");
    // Nothing is stored before the commit, nor by a batch that is dropped.
    assert!(matches!(customers.get(customer), Err(Error::NotFound)));
    drop(batch);
    assert!(same() && matches!(notes.get(new), Err(Error::NotFound)));
    // One impossible write takes all others with it.
    let taken = world.add("Taken", "taken@x.org");
    let (batch, ..) = fill("taken@x.org");
    assert!(matches!(batch.commit(), Err(Error::Duplicate { field, .. }) if field == "email"));
    customers.delete(taken).unwrap();
    assert_eq!(notes.get(note).unwrap().value.text, "old");
    customers.get(old).unwrap();
    let (batch, ..) = fill("new@x.org");
    notes.update(note, |note| note.text.push('?')).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Conflict)));
    customers.get(old).unwrap();
    assert!(customers.find_unique("email", "new@x.org").unwrap().is_none());
    let (batch, customer, new) = fill("new@x.org");
    batch.commit().unwrap();
    assert_eq!(customers.find_unique("email", "new@x.org").unwrap().unwrap().id, customer);
    assert_eq!(
        (notes.get(new).unwrap().value.text, notes.get(note).unwrap().value.text),
        ("new".into(), "old?!".into())
    );
    assert!(matches!(customers.get(old), Err(Error::Deleted)));
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn batch_may_free_a_value_and_take_it_in_this_order() {
    let world = World::new();
    let (customers, session) = (world.customers(), world.session(boss()));
    let old = world.add("Ann", "ann@x.org");
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("Ann", "ann@x.org")).unwrap();
    batch.delete(&customers, old).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Duplicate { .. })));
    let mut batch = session.batch();
    batch.delete(&customers, old).unwrap();
    let new = batch.insert(&customers, &Customer::new("Ann", "ann@x.org")).unwrap();
    batch.commit().unwrap();
    assert_eq!(customers.find_unique("email", "ann@x.org").unwrap().unwrap().id, new);
    let mut batch = session.batch();
    for _ in 0..2 {
        batch.insert(&customers, &Customer::new("Twin", "twin@x.org")).unwrap();
    }
    assert!(matches!(batch.commit(), Err(Error::Duplicate { .. })));
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn batch_that_was_refused_a_write_keeps_the_others() {
    let world = World::new();
    let mine = world.session(sales("s")).collection::<Customer>().unwrap();
    let anothers = world.add("Ann", "ann@x.org");
    let mut batch = world.session(sales("s")).batch();
    batch.insert(&mine, &Customer::new("Bo", "bo@x.org")).unwrap();
    assert!(matches!(batch.update(&mine, anothers, |_| {}), Err(Error::Denied(_))));
    assert!(matches!(batch.delete(&mine, anothers), Err(Error::Denied(_))));
    let large = Note::new("x".repeat(5 << 20));
    assert!(batch.insert(&world.notes(), &large).is_err());
    assert_eq!(batch.len(), 1);
    batch.commit().unwrap();
    assert_eq!(mine.list(None, 10).unwrap().items.len(), 1);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn batch_filled_before_a_schema_changed_is_refused_whole() {
    let world = World::new();
    let customers = world.customers();
    let mut batch = world.session(boss()).batch();
    batch.insert(&customers, &Customer::new("Ann", "ann@x.org")).unwrap();
    let schema = Customer::schema().index("tier", Normalizer::Exact);
    world.acme.session(admin()).unwrap().define_as::<Customer>(schema).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Conflict)));
    world.add("Ann", "ann@x.org");
    assert_eq!(customers.find("tier", 1u8, None, 10).unwrap().items.len(), 1);
    assert_eq!(world.verify(), Verdict::Intact);
}
