//! Rows that somebody was shown, and limits on them.

use crate::vault::tests::facts::*;

#[test]
fn rows_that_somebody_was_shown_count_for_an_hour_also_after_reopening() {
    let office = Office::new();
    for _ in 0..3 {
        office.customer("ann");
    }
    let id = office.customer("ann");
    let anns = office.customers_of("ann");
    anns.list(None, 10).unwrap();
    anns.get(id).unwrap();
    anns.update(id, |c| c.name.push('x')).unwrap();
    let shown = |office: &Office| {
        let session = office.sales("ann");
        let tenant = &session.inner.tenant;
        ["ann", "bo"].map(|actor| tenant.facts.rows.shown(actor, office.hands.now()))
    };
    assert_eq!(shown(&office), [6, 0]);
    let office = office.reopen();
    assert_eq!(shown(&office), [6, 0]);
    office.hands.pass(HOUR);
    assert_eq!(shown(&office), [6, 0]);
    office.hands.pass(Duration::from_secs(60));
    assert_eq!(shown(&office), [0, 0]);
    let office = office.reopen();
    assert_eq!(shown(&office), [0, 0]);
}

/// Returns a counted actor's 9 customers.
fn counted() -> (Office, Collection<Customer>) {
    let office = Office::new();
    for _ in 0..9 {
        office.customer("ann");
    }
    let customers = office.world.session(Actor::new("clerk").with_role("counted")).collection().unwrap();
    (office, customers)
}

#[test]
fn page_ends_where_the_limit_of_an_act_or_an_hour_does_and_the_next_begins_there() {
    let (office, customers) = counted();
    let all: Vec<RecordId> = office.world.customers().iter(100).map(|found| found.unwrap().id).collect();
    let page = customers.list(None, 100).unwrap();
    assert_eq!(page.items.iter().map(|found| found.id).collect::<Vec<_>>(), all[..3]);
    let page = customers.list(page.next, 100).unwrap();
    assert_eq!(page.items.iter().map(|found| found.id).collect::<Vec<_>>(), all[3..5]);
    assert_eq!(page.next, Some(all[4]));
    assert_eq!(code(customers.list(page.next, 100)), codes::ROW_LIMIT);
    assert_eq!(code(customers.get(all[0])), codes::ROW_LIMIT);
    assert_eq!(code(customers.find_unique("email", "ann0@x.org")), codes::ROW_LIMIT);
    assert_eq!(code(customers.update(all[0], |_| {})), codes::ROW_LIMIT);
    // Closing and opening doesn't reset the count.
    let office = office.reopen();
    let customers: Collection<Customer> =
        office.world.session(Actor::new("clerk").with_role("counted")).collection().unwrap();
    assert_eq!(code(customers.get(all[0])), codes::ROW_LIMIT);
    office.hands.pass(HOUR + Duration::from_secs(60));
    customers.get(all[0]).unwrap();
    let shown: usize =
        office.kept.of("list").iter().filter(|e| e.actor() == Some("clerk")).map(|e| e.subjects().len()).sum();
    assert_eq!(shown, 5);
}

#[test]
fn threads_together_are_shown_no_more_than_the_limit() {
    let (_office, customers) = counted();
    let shown: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let pages = (0..4).map(|_| customers.list(None, 2).map_or(0, |page| page.items.len()));
                    pages.sum::<usize>()
                })
            })
            .collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(shown, 5);
}
