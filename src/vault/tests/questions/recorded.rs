//! Details of entries: the record that a refusal is about, the fields asked for, the number of rows.

use std::time::Duration;

use crate::policy::{DualControl, all_of};
use crate::vault::tests::questions::*;

#[test]
fn refusal_names_the_data_subject_and_the_fields_asked_for() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let of = office.pseudonym(id);
    let (seller, owner) = (office.customers_of(sales("s")), office.customers_of(Actor::new("o").with_role("owner")));
    let refused = |act: &str| {
        let event = office.latest(act);
        let read: Vec<String> = event.fields_read().into_iter().map(str::to_owned).collect();
        let changed: Vec<String> = event.fields_changed().into_iter().map(str::to_owned).collect();
        let subjects: Vec<String> = event.subjects().iter().map(crate::audit::Subject::pseudonym).collect();
        assert_eq!(event.outcome(), Outcome::Denied);
        (subjects, read, changed)
    };
    let (about, none) = (vec![of.clone()], Vec::<String>::new);
    denied(owner.get(id));
    assert_eq!(refused("read"), (about.clone(), none(), none()));
    denied(seller.unmask(id, &["tier", "email"]));
    assert_eq!(refused("unmask"), (about.clone(), vec!["tier".into(), "email".into()], none()));
    denied(seller.update(id, |customer| customer.email.push('x')));
    assert_eq!(refused("update"), (about.clone(), none(), vec!["email".into()]));
    denied(seller.delete(id));
    assert_eq!(refused("delete"), (about.clone(), none(), none()));
    denied(seller.transfer(id, Some("s")));
    assert_eq!(refused("transfer"), (about.clone(), none(), none()));
    denied(office.world.session(Actor::new("x")).collection::<Customer>().unwrap().find("name", "Ann", None, 1));
    assert_eq!(refused("search"), (Vec::new(), vec!["name".into()], none()));
    denied(owner.get(RecordId::from_bytes([4; 16])));
    assert_eq!(refused("read"), (Vec::new(), none(), none()));
}

#[test]
fn answer_that_tells_by_its_emptiness_names_the_fields_that_were_sought() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let customers = office.world.customers();
    assert!(customers.find_unique("email", "bo@x.org").unwrap().is_none());
    let search = office.latest("search");
    assert_eq!((search.fields_read(), search.rows(), search.subjects().len()), (vec!["email"], Some(0), 0));
    let Err(Error::Duplicate { .. }) = customers.insert(&Customer::new("x", "ann@x.org")) else { panic!() };
    let create = office.latest("create");
    assert_eq!(
        (create.outcome(), create.code(), create.fields_changed()),
        (Outcome::Failed, "duplicate", vec!["email"])
    );
    assert_eq!(create.subjects()[0].pseudonym(), office.pseudonym(id));
}

#[test]
fn write_at_an_old_revision_is_on_record() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let customers = office.world.customers();
    customers.update(id, |customer| customer.tier = None).unwrap();
    assert!(matches!(customers.update_at(id, crate::Revision::new(1), |_| ()), Err(Error::Conflict)));
    assert!(matches!(customers.delete_at(id, crate::Revision::new(1)), Err(Error::Conflict)));
    for act in ["update", "delete"] {
        let event = office.latest(act);
        assert_eq!((event.outcome(), event.code(), event.subjects().len()), (Outcome::Failed, "conflict", 1));
        assert_eq!(event.revision_after(), None);
    }
}

#[test]
fn documents_fields_are_counted_and_none_is_named() {
    let office = Office::new();
    let papers = office.world.session(boss()).collection::<Document>().unwrap();
    let id = papers.insert(&Document::new().with("a", 1).with("b", 2).with("c", 3)).unwrap();
    papers.update(id, |document| drop(document.set("d", 4))).unwrap();
    papers.get(id).unwrap();
    papers.list(None, 10).unwrap();
    let counts = |act: &str| {
        let event = office.latest(act);
        assert!(event.fields_read().is_empty() && event.fields_changed().is_empty());
        (event.fields_read_count(), event.fields_changed_count(), event.withheld())
    };
    assert_eq!(counts("create"), (0, 3, None));
    assert_eq!(counts("read"), (4, 0, Some(0)));
    assert_eq!(counts("list"), (4, 0, Some(0)));
    office.world.vault.flush().unwrap();
    let updates = office.kept.of("update");
    let mut updates: Vec<_> = updates.iter().map(|e| (e.fields_read_count(), e.fields_changed_count())).collect();
    updates.sort_unstable();
    assert_eq!(updates, [(0, 1), (3, 0)]);
    assert!(office.latest("read").to_json().contains("\"fields_read_count\":4"));
}

#[test]
fn transfer_names_the_new_owner_and_a_request_for_approval_whom_it_is_about() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let of = office.pseudonym(id);
    office.world.customers().transfer(id, Some("s")).unwrap();
    assert_eq!(office.latest("transfer").party(), Some("actor:s"));
    office.world.customers().transfer(id, None).unwrap();
    assert_eq!(office.latest("transfer").party(), None);
    let two = all_of(staff()).and(DualControl::new(1).for_acts([Action::Update]));
    office.world.vault.session(admin()).unwrap().set_policy(two).unwrap();
    let session = office.world.session(boss());
    let hour = Duration::from_secs(3600);
    let update = |session: &Session| session.collection::<Customer>()?.update(id, |c| c.tier = Some(9));
    session.because("a call").ask_approval(hour, update).unwrap();
    let asked = office.latest("approve");
    assert_eq!((asked.subjects()[0].pseudonym(), asked.fields_read()), (of, vec!["tier"]));
}

#[test]
fn full_page_names_every_data_subject() {
    let office = Office::new();
    let notes = office.world.notes();
    let all = (0..1_203).map(|n| Note::new(n.to_string()));
    assert_eq!(notes.import(all, |_, outcome| assert!(outcome.is_ok())).unwrap(), 1_203);
    assert_eq!(notes.iter(1_000).count(), 1_203);
    office.world.vault.flush().unwrap();
    let lists = office.kept.of("list");
    let named: Vec<_> = lists.iter().map(|event| (event.subjects().len(), event.rows().unwrap())).collect();
    assert_eq!(named, [(1_000, 1_000), (203, 203)]);
    let people: std::collections::HashSet<String> =
        lists.iter().flat_map(|event| event.subjects()).map(|subject| subject.pseudonym()).collect();
    assert_eq!(people.len(), 1_203);
}
