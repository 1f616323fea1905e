//! Counting, sorting, and limits on rows shown.

use crate::audit::Required;
use crate::policy::{Roles, RowLimit, all_of, codes};
use crate::vault::tests::*;

/// Returns a policy under which sellers list all names of their own customers, but no address.
fn policy() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all().export())
        .role("sales", |r| r.on("customers").create().read(["name", "tier"]).own_only())
        .role("support", |r| r.on("customers").read(["name"]).on("customers").read(["email"]).own_only())
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Denied(denial)) => denial.code.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn count_is_of_the_records_that_the_actor_could_list() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(policy()).sink(Required(kept.clone())));
    let of = |actor: Actor| world.session(actor).collection::<Customer>().unwrap();
    assert_eq!(world.customers().count().unwrap(), 0);
    for n in 0..7 {
        of(sales(if n < 3 { "s1" } else { "s2" })).insert(&Customer::new("Ann", &format!("a{n}@x.org"))).unwrap();
    }
    let gone = world.add("Gone", "gone@x.org");
    assert_eq!(world.customers().count().unwrap(), 8);
    let boss_may_delete = policy().role("cleaner", |r| r.on_any().delete());
    world.vault.session(admin()).unwrap().set_policy(boss_may_delete).unwrap();
    world.session(Actor::new("c").with_role("cleaner")).collection::<Customer>().unwrap().delete(gone).unwrap();
    let counts = ["s1", "s2", "s3"].map(|seller| of(sales(seller)).count().unwrap());
    assert_eq!((counts, world.customers().count().unwrap()), ([3, 4, 0], 7));
    assert_eq!(code(of(Actor::new("x").with_role("cleaner")).count()), codes::NOT_ALLOWED);
    world.vault.flush().unwrap();
    let said: Vec<_> = kept.of("count").iter().map(|event| (event.rows(), event.subjects().len())).collect();
    assert_eq!(said[2..6], [(Some(3), 0), (Some(4), 0), (Some(0), 0), (Some(7), 0)]);
}

#[test]
fn sorting_orders_by_value_and_leaves_out_records_whose_field_the_actor_may_not_read() {
    let world = World::with(|options| options.policy(policy()));
    let of = |actor: Actor| world.session(actor).collection::<Customer>().unwrap();
    let mut ids = Vec::new();
    for (n, (name, tier)) in
        [("bob", Some(3)), ("Ann", None), ("ann", Some(20)), ("Äcker", Some(1)), ("bobby", Some(255))]
            .into_iter()
            .enumerate()
    {
        let customer = Customer { tier, ..Customer::new(name, &format!("{n}@x.org")) };
        ids.push(of(sales("s1")).insert(&customer).unwrap());
    }
    let order = |field: &str, down: bool, limit: usize| {
        let found = world.customers().sorted(field, down, limit).unwrap();
        found.iter().map(|found| ids.iter().position(|id| *id == found.id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(order("name", false, 10), [1, 2, 0, 4, 3]);
    assert_eq!(order("name", true, 10), [3, 4, 0, 1, 2]);
    assert_eq!(order("tier", false, 10), [3, 0, 2, 4, 1], "what has none comes last");
    assert_eq!(order("tier", true, 2), [4, 2]);
    // Support may read the addresses of its own customers only, and sellers may read none.
    let own = of(Actor::new("s1").with_role("support")).sorted("email", false, 10).unwrap();
    assert_eq!(own.len(), 5);
    assert!(of(Actor::new("p").with_role("support")).sorted("email", false, 10).unwrap().is_empty());
    assert_eq!(of(Actor::new("p").with_role("support")).sorted("name", false, 10).unwrap().len(), 5);
    assert_eq!(code(of(sales("s1")).sorted("email", false, 10)), codes::FIELD_NOT_READABLE);
    assert!(matches!(world.customers().sorted("nmae", false, 10), Err(Error::Record(_))));
}

#[test]
fn rows_are_limited_by_act_and_by_hour_and_end_a_page_early() {
    let hands = crate::vault::tests::channels::Hands::default();
    let limited = || all_of(policy()).and(RowLimit::new().per_act(4).per_hour(10).role("boss"));
    let world = World::with(|options| options.policy(limited()).clock(hands.clone()));
    let mut ids: Vec<_> = (0..12).map(|n| world.add("Ann", &format!("a{n}@x.org"))).collect();
    // The clock stands still, so ids made at one moment are in random order.
    ids.sort_unstable();
    let customers = world.customers();
    let page = customers.list(None, 100).unwrap();
    assert_eq!((page.items.len(), page.next), (4, Some(ids[3])));
    assert_eq!(customers.find("name", "ann", page.next, 100).unwrap().items.len(), 4);
    customers.get(ids[0]).unwrap();
    // One row is left in this hour, also for a list that asks for more.
    let page = customers.list(None, 100).unwrap();
    assert_eq!((page.items.len(), page.next), (1, Some(ids[0])));
    for refused in [
        code(customers.list(None, 100)),
        code(customers.get(ids[1])),
        code(customers.find_unique("email", "a1@x.org")),
        code(customers.sorted("name", false, 5)),
        code(customers.update(ids[1], |customer| customer.name = "B".into())),
    ] {
        assert_eq!(refused, codes::ROW_LIMIT);
    }
    hands.forward(61 * 60);
    // A search without a result uses nothing up.
    for _ in 0..20 {
        assert!(customers.find_unique("email", "nobody@x.org").unwrap().is_none());
    }
    customers.update(ids[1], |customer| customer.name = "B".into()).unwrap();
    assert_eq!(customers.export(None, 100).unwrap().items.len(), 4);
    assert_eq!(customers.export(None, 100).unwrap().items.len(), 4);
    assert_eq!(customers.sorted("name", false, 9).unwrap().len(), 1);
    assert_eq!(code(customers.get(ids[1])), codes::ROW_LIMIT);
}

#[test]
fn callers_at_once_are_shown_no_more_rows_than_the_hour_allows() {
    let limited = || all_of(policy()).and(RowLimit::new().per_hour(50).role("boss"));
    let world = World::with(|options| options.policy(limited()));
    for n in 0..30 {
        world.add("Ann", &format!("a{n}@x.org"));
    }
    let shown: usize = std::thread::scope(|scope| {
        let call = || {
            let customers = world.customers();
            (0..20).map(|_| customers.list(None, 7).map_or(0, |page| page.items.len())).sum::<usize>()
        };
        let callers: Vec<_> = (0..6).map(|_| scope.spawn(call)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(shown, 50);
}
