//! The history of a record: who changed which fields, as far as the reader may know.

use crate::vault::tests::questions::*;
use crate::vault::{Change, HistoryPage};

fn told(page: &HistoryPage) -> Vec<(u64, Action, &str, Vec<&str>, u32)> {
    let one = |change: &'_ Change| (change.after.get(), change.action, change.unnamed);
    page.changes
        .iter()
        .map(|change| {
            let (after, action, unnamed) = one(change);
            assert_eq!(change.before.map_or(0, |before| before.get()), after - 1);
            let fields = change.fields.iter().map(String::as_str).collect();
            (after, action, change.actor.as_deref().unwrap(), fields, unnamed)
        })
        .collect()
}

#[test]
fn history_names_every_change_and_of_fields_those_that_the_reader_may_read() {
    let office = Office::new();
    office.world.add("Other", "other@x.org");
    let id = office.world.add("Ann", "ann@x.org");
    let (customers, seller) = (office.world.customers(), office.customers_of(sales("s")));
    let created = office.hands.now();
    office.tick();
    customers.update(id, |customer| (customer.tier, customer.name) = (Some(9), "Anna".into())).unwrap();
    office.tick();
    seller.update(id, |customer| customer.name.push('x')).unwrap();
    // Updates without a change, refused ones, and other actors' acts on other records aren't changes.
    seller.update(id, |_| ()).unwrap();
    seller.update(id, |customer| customer.email.push('x')).unwrap_err();
    customers.transfer(id, Some("b")).unwrap();
    office.world.add("Third", "third@x.org");
    office.tick();
    customers.transfer(id, Some("gone")).unwrap();
    office.acme().session(admin()).unwrap().offboard("gone", Some("s")).unwrap().execute().unwrap();

    let all = history(&customers, id, None, 100).unwrap();
    let expected = vec![
        (5, Action::Transfer, "root", vec![], 0),
        (4, Action::Transfer, "b", vec![], 0),
        (3, Action::Update, "s", vec!["name"], 0),
        (2, Action::Update, "b", vec!["name", "tier"], 0),
        (1, Action::Create, "b", vec!["name", "email", "tier"], 0),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!((all.next, all.cut_short, all.changes[4].at), (None, false, created));
    let masked = history(&seller, id, None, 100).unwrap();
    assert_eq!(
        told(&masked)[3..],
        [(2, Action::Update, "b", vec!["name"], 1), (1, Action::Create, "b", vec!["name", "email"], 1),]
    );
    // The same in pages.
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = history(&customers, id, after.as_ref(), 2).unwrap();
        assert!(page.changes.len() <= 2 && !page.cut_short);
        pages.extend(page.changes);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages.len(), 5);
    assert!(pages.iter().zip(&all.changes).all(|(a, b)| a == b));
}

#[test]
fn history_is_a_read_of_the_record_to_the_policy_and_in_the_journal() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let customers = office.world.customers();
    history(&customers, id, None, 10).unwrap();
    let read = office.latest("read");
    assert_eq!((read.code(), read.actor(), read.outcome()), ("history", Some("b"), Outcome::Permitted));
    assert_eq!((read.subjects()[0].pseudonym(), read.fields_read_count()), (office.pseudonym(id), 0));
    // An actor who may read only their own records has the history of these.
    let owner = office.customers_of(Actor::new("o").with_role("owner"));
    assert_eq!(denied(history(&owner, id, None, 10)), codes::NOT_OWNER);
    let refused = office.latest("read");
    assert_eq!((refused.outcome(), refused.subjects().len()), (Outcome::Denied, 1));
    customers.transfer(id, Some("o")).unwrap();
    assert_eq!(history(&owner, id, None, 10).unwrap().changes.len(), 2);
    assert_eq!(denied(history(&owner, RecordId::from_bytes([3; 16]), None, 10)), codes::NOT_OWNER);
    assert!(matches!(history(&customers, RecordId::from_bytes([3; 16]), None, 10), Err(Error::NotFound)));
    customers.delete(id).unwrap();
    assert!(matches!(history(&customers, id, None, 10), Err(Error::Deleted)));
    assert_eq!(office.latest("read").code(), "deleted");
}

#[test]
fn history_of_a_document_counts_its_fields_and_of_one_of_a_persons_records_tells_of_that_one() {
    let office = Office::new();
    let papers = office.world.session(boss()).collection::<Document>().unwrap();
    let id = office.world.add("Ann", "ann@x.org");
    let document = Document::new().with("secret name", "x").with("b", 2);
    let paper = papers.insert_with(&document, NewMeta::new().about("customers", id)).unwrap();
    office.world.customers().update(id, |customer| customer.tier = None).unwrap();
    papers.update(paper, |document| drop(document.set("another", true))).unwrap();
    let told = |page: HistoryPage| -> Vec<(u64, u32)> {
        assert!(page.changes.iter().all(|change| change.fields.is_empty()));
        page.changes.iter().map(|change| (change.after.get(), change.unnamed)).collect()
    };
    assert_eq!(told(history(&papers, paper, None, 10).unwrap()), [(2, 1), (1, 2)]);
    assert_eq!(history(&office.world.customers(), id, None, 10).unwrap().changes.len(), 2);
}

#[test]
fn history_that_goes_back_to_what_was_dropped_says_so() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let created = office.fill_segment();
    office.world.customers().update(id, |customer| customer.tier = None).unwrap();
    office.drop_before(created);
    let page = history(&office.world.customers(), id, None, 10).unwrap();
    assert_eq!((page.changes.len(), page.cut_short, page.next), (1, true, None));
}
