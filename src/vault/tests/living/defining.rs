//! Collections and their indexes, defined and changed while they hold records.

use crate::record::Document;
use crate::vault::tests::living::*;

fn tiers() -> Schema {
    Customer::schema().index("tier", Normalizer::Exact)
}

/// Returns the same type's schema with a unique index on names.
fn unique_names() -> Schema {
    Schema::new("customers").unique("email", Normalizer::Email).unique("name", Normalizer::Text)
}

#[test]
fn defining_again_changes_nothing_and_writes_nothing() {
    let world = World::new();
    world.vault.flush().unwrap();
    let before = everything(&world.memory);
    world.acme.session(admin()).unwrap().define::<Customer>().unwrap();
    assert!(everything(&world.memory) == before);
    assert_eq!(world.acme.collections(), ["customers", "notes"]);
}

#[test]
fn new_index_holds_the_records_that_were_there() {
    let world = World::new();
    for n in 0..300 {
        let customer = Customer { tier: Some(n as u8 % 3), ..Customer::new("Ann", &format!("c{n}@x.org")) };
        let id = world.customers().insert(&customer).unwrap();
        if n % 10 == 0 {
            world.customers().delete(id).unwrap();
        }
    }
    assert!(matches!(world.customers().find("tier", 1u8, None, 1), Err(Error::NotIndexed { .. })));
    world.acme.session(admin()).unwrap().define_as::<Customer>(tiers()).unwrap();
    assert_eq!(world.customers().find("tier", 1u8, None, 1_000).unwrap().items.len(), 89);
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    let customers = world.customers();
    let id = customers.find("tier", 1u8, None, 1).unwrap().items[0].id;
    customers.update(id, |customer| customer.tier = Some(200)).unwrap();
    assert_eq!(customers.find("tier", 1u8, None, 1_000).unwrap().items.len(), 88);
    assert_eq!(customers.find("tier", 200u8, None, 10).unwrap().items.len(), 1);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn index_is_built_while_others_write() {
    let world = World::new();
    for n in 0..200 {
        world.add("Ann", &format!("c{n}@x.org"));
    }
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let world = &world;
                scope.spawn(move || {
                    let customers = world.customers();
                    let first = customers.list(None, 200).unwrap().items;
                    for n in 0..60u8 {
                        let email = format!("w{writer}-{n}@x.org");
                        let id = customers.insert(&Customer::new("Bo", &email)).unwrap();
                        let other = first[usize::from(n) * 3 + writer].id;
                        match n % 3 {
                            0 => drop(customers.update(other, |customer| customer.tier = Some(7)).unwrap()),
                            1 => customers.delete(other).unwrap(),
                            _ => drop(customers.update(id, |customer| customer.tier = None).unwrap()),
                        }
                    }
                })
            })
            .collect();
        world.acme.session(admin()).unwrap().define_as::<Customer>(tiers()).unwrap();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    assert_eq!(world.verify(), Verdict::Intact);
    let customers = world.customers();
    for tier in [1u8, 7] {
        let listed = customers.iter(1_000).filter(|found| found.as_ref().unwrap().value.tier == Some(tier)).count();
        assert_eq!(customers.find("tier", tier, None, 1_000).unwrap().items.len(), listed, "{tier}");
    }
}

#[test]
fn unique_index_that_meets_a_duplicate_says_so_and_can_be_finished_or_given_up() {
    let world = World::new();
    let customers = world.customers();
    let ids: Vec<RecordId> = ["Ann", "Bo", "ANN", "Cy"]
        .iter()
        .enumerate()
        .map(|(n, name)| world.add(name, &format!("c{n}@x.org")))
        .collect();
    let define = || world.acme.session(admin()).unwrap().define_as::<Customer>(unique_names());
    for _ in 0..2 {
        assert!(matches!(define(), Err(Error::Duplicate { field, .. }) if field == "name"));
        // The existing index goes on meanwhile.
        assert_eq!(customers.find("name", "ann", None, 10).unwrap().items.len(), 2);
        assert_eq!(world.verify(), Verdict::Intact);
    }
    // The new index may already refuse new records.
    let bo = customers.insert(&Customer::new("Bo", "new@x.org"));
    assert!(matches!(bo, Ok(_) | Err(Error::Duplicate { .. })), "{bo:?}");
    if let Ok(id) = bo {
        customers.delete(id).unwrap();
    }
    customers.update(ids[2], |customer| customer.name = "Di".to_owned()).unwrap();
    define().unwrap();
    assert_eq!(customers.find_unique("name", "ann").unwrap().unwrap().id, ids[0]);
    assert!(
        matches!(customers.insert(&Customer::new("CY", "")), Err(Error::Duplicate { field, .. }) if field == "name")
    );
    assert_eq!(world.verify(), Verdict::Intact);
    // Back again: the unique index is dropped, with all its entries.
    world.acme.session(admin()).unwrap().define::<Customer>().unwrap();
    customers.insert(&Customer::new("CY", "")).unwrap();
    assert_eq!(customers.find("name", "cy", None, 10).unwrap().items.len(), 2);
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn dropped_index_is_searched_no_more_and_may_come_back() {
    let world = World::new();
    for n in 0..10 {
        world.add("Ann", &format!("c{n}@x.org"));
    }
    let plain = || Schema::new("customers").unique("email", Normalizer::Email);
    for round in 0..3 {
        world.acme.session(admin()).unwrap().define_as::<Customer>(plain()).unwrap();
        let customers = world.customers();
        assert!(matches!(customers.find("name", "ann", None, 10), Err(Error::NotIndexed { .. })));
        let id = customers.find_unique("email", format!("c{round}@x.org")).unwrap().unwrap().id;
        customers.update(id, |customer| customer.name = "Bo".to_owned()).unwrap();
        customers.delete(customers.find_unique("email", format!("c{}@x.org", 9 - round)).unwrap().unwrap().id).unwrap();
        assert_eq!(world.verify(), Verdict::Intact);
        world.acme.session(admin()).unwrap().define::<Customer>().unwrap();
        let found = customers.find("name", "ann", None, 100).unwrap().items.len();
        assert_eq!(found, 10 - 2 * (round + 1));
        assert_eq!(world.verify(), Verdict::Intact);
    }
}

#[test]
fn indexes_come_and_go_without_filling_a_records_list_of_entries() {
    let world = World::new();
    let define = |from: usize| {
        let schema = (from..from + 24)
            .fold(Schema::open("documents"), |schema, n| schema.index(format!("f{n}"), Normalizer::Exact));
        world.acme.session(admin()).unwrap().define_as::<Document>(schema)
    };
    define(0).unwrap();
    let documents = world.session(boss()).collection::<Document>().unwrap();
    let all: Document = (0..72).map(|n| (format!("f{n}"), n)).collect();
    let id = documents.insert(&all).unwrap();
    for from in [1, 24, 48] {
        define(from).unwrap();
        assert_eq!(
            documents.find(&format!("f{}", from + 23), i64::try_from(from + 23).unwrap(), None, 1).unwrap().items.len(),
            1
        );
        documents.update(id, |document| drop(document.set(format!("f{from}"), "new"))).unwrap();
        documents.update(id, |document| drop(document.set(format!("f{from}"), i64::try_from(from).unwrap()))).unwrap();
        assert_eq!(world.verify(), Verdict::Intact);
    }
    // All indexes anew at once: meanwhile a record has entries in both versions of each.
    let other = (48..72).fold(Schema::open("documents"), |schema, n| schema.index(format!("f{n}"), Normalizer::Text));
    world.acme.session(admin()).unwrap().define_as::<Document>(other).unwrap();
    documents.update(id, |document| drop(document.set("f48", "still"))).unwrap();
    assert_eq!(documents.find("f48", "Still", None, 1).unwrap().items.len(), 1);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn schema_that_does_not_hold_is_refused_before_anything_is_written() {
    let world = World::new();
    let before = everything(&world.memory);
    let bad = [
        Schema::new("customers").index("emial", Normalizer::Email),
        Schema::new("customers").index("name", Normalizer::Text).unique("name", Normalizer::Text),
        Schema::new("customers").index("name", Normalizer::Phone { region: *b"??" }),
        Schema::new(""),
    ];
    for schema in bad {
        let refused = world.acme.session(admin()).unwrap().define_as::<Customer>(schema);
        assert!(matches!(refused, Err(Error::Record(_) | Error::BadName { .. })), "{refused:?}");
    }
    assert!(everything(&world.memory) == before);
}

#[test]
fn tenants_have_nothing_in_common() {
    let world = World::new();
    let ann = world.add("Ann", "ann@x.org");
    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    let session = globex.session(boss()).unwrap();
    assert!(matches!(session.collection::<Customer>(), Err(Error::UnknownCollection { .. })));
    globex.session(admin()).unwrap().define::<Customer>().unwrap();
    let theirs = session.collection::<Customer>().unwrap();
    assert!(matches!(theirs.get(ann), Err(Error::NotFound)));
    assert!(theirs.list(None, 10).unwrap().items.is_empty());
    assert!(theirs.find_unique("email", "ann@x.org").unwrap().is_none());
    assert!(matches!(theirs.update(ann, |_| {}), Err(Error::NotFound)));
    theirs.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    assert_eq!(world.customers().find("name", "ann", None, 10).unwrap().items.len(), 1);
    assert!(matches!(
        world.vault.session(admin()).unwrap().create_tenant("acme"),
        Err(Error::TenantExists { name }) if name == "acme"
    ));
    let names: Vec<String> = world.vault.tenants().iter().map(|tenant| tenant.name().to_owned()).collect();
    assert_eq!(names, ["acme", "globex"]);
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}
