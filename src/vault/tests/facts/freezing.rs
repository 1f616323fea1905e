//! Frozen tenants, and demands of a new log-in.

use crate::vault::Freeze;
use crate::vault::tests::facts::*;

#[test]
fn frozen_tenant_shows_what_it_may_changes_nothing_and_thaws() {
    let office = Office::new();
    let id = office.customer("b");
    let session = office.world.session(boss());
    let customers = session.collection::<Customer>().unwrap();
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("x", "x@x.org")).unwrap();
    let acme = &office.world.acme;
    assert!(acme.session(admin()).unwrap().because("incident 12").freeze(Freeze::ReadOnly).unwrap());
    assert!(!acme.session(admin()).unwrap().because("again").freeze(Freeze::ReadOnly).unwrap());
    let changes = [
        code(customers.insert(&Customer::new("y", "y@x.org"))),
        code(customers.update(id, |c| c.tier = None)),
        code(customers.delete(id)),
        code(customers.transfer(id, Some("bo"))),
        code(customers.share(id, Grantee::Actor("bo"), Access::Read, None)),
        code(batch.commit()),
        code(session.because("why").break_glass(HOUR)),
        code(acme.session(admin()).unwrap().define::<Note>()),
    ];
    assert!(changes.iter().all(|code| code == codes::FROZEN), "{changes:?}");
    customers.get(id).unwrap();
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);

    assert!(acme.session(admin()).unwrap().because("worse").freeze(Freeze::Closed).unwrap());
    let reads = [
        code(customers.get(id)),
        code(customers.list(None, 10)),
        code(customers.find_unique("email", "b0@x.org")),
        code(customers.count()),
        code(customers.insert(&Customer::new("y", "y@x.org"))),
    ];
    assert!(reads.iter().all(|code| code == codes::FROZEN), "{reads:?}");
    let office = office.reopen();
    assert_eq!(code(office.world.customers().get(id)), codes::FROZEN);
    let acme = &office.world.acme;
    assert!(acme.session(admin()).unwrap().because("why").suspend("bo").unwrap(), "an incident's acts go on");
    let frozen = acme.session(admin()).unwrap().frozen().unwrap().unwrap();
    assert_eq!((frozen.extent, frozen.by.as_str(), frozen.reason.as_str()), (Freeze::Closed, "root", "worse"));
    assert_eq!(office.journal(Action::Read).pop().unwrap().1, codes::FROZEN);
    assert!(acme.session(admin()).unwrap().because("over").unfreeze().unwrap());
    assert!(!acme.session(admin()).unwrap().because("over").unfreeze().unwrap());
    assert_eq!(acme.session(admin()).unwrap().frozen().unwrap(), None);
    office.world.customers().update(id, |c| c.tier = None).unwrap();
    let codes: Vec<String> = office.journal(Action::Freeze).into_iter().map(|line| line.1).collect();
    assert_eq!(codes, ["read_only", "frozen_already", "closed", "shown", "unfrozen", "not_frozen", "shown"]);
    office.intact();
}

#[test]
fn freeze_keeps_the_records_of_leavers_as_they_are() {
    let office = Office::new();
    let id = office.customer("ann");
    let acme = &office.world.acme;
    let owner = || office.world.customers().get(id).unwrap().meta.owner().map(str::to_owned);
    acme.session(admin()).unwrap().because("why").freeze(Freeze::ReadOnly).unwrap();
    let plan = acme.session(admin()).unwrap().offboard("ann", Some("bo")).unwrap();
    assert_eq!(code(plan.execute()), codes::FROZEN);
    assert_eq!(owner().as_deref(), Some("ann"));
    acme.session(admin()).unwrap().because("why").freeze(Freeze::Closed).unwrap();
    assert_eq!(code(acme.session(admin()).unwrap().offboard("ann", Some("bo"))), codes::FROZEN);
    assert_eq!(code(plan.execute()), codes::FROZEN);
    acme.session(admin()).unwrap().because("over").unfreeze().unwrap();
    assert_eq!(owner().as_deref(), Some("ann"));
    plan.execute().unwrap();
    assert_eq!(owner().as_deref(), Some("bo"));
    office.intact();
}

#[test]
fn only_whom_the_policy_lets_freezes_and_another_tenant_goes_on() {
    let office = Office::new();
    let acme = &office.world.acme;
    assert_eq!(code(acme.session(sales("ann")).unwrap().because("why").freeze(Freeze::Closed)), "house");
    assert_eq!(code(acme.session(sales("ann")).unwrap().because("why").unfreeze()), "house");
    assert_eq!(code(acme.session(sales("ann")).unwrap().frozen()), "house");
    assert!(matches!(
        acme.session(admin()).unwrap().because("r".repeat(1_001)).freeze(Freeze::Closed),
        Err(Error::TooLarge { .. })
    ));
    let other = office.world.vault.session(admin()).unwrap().create_tenant("other").unwrap();
    acme.session(admin()).unwrap().because("why").freeze(Freeze::Closed).unwrap();
    other.session(admin()).unwrap().define::<Note>().unwrap();
    office.intact();
}

#[test]
fn actor_of_whom_a_step_up_is_demanded_is_refused_until_authenticated_after_it() {
    let office = Office::new();
    let id = office.customer("ann");
    let acme = &office.world.acme;
    let at = |minutes: i64| Timestamp::from_micros(office.hands.now().as_micros() + minutes * 60_000_000);
    let before = at(0);
    acme.session(admin()).unwrap().because("odd hours").require_step_up("ann", 2).unwrap();
    // A weaker demand doesn't replace the stronger one.
    acme.session(admin()).unwrap().because("a new device").require_step_up("ann", 1).unwrap();
    let get = |actor: Actor| office.world.session(actor).collection::<Customer>().unwrap().get(id);
    for refused in
        [sales("ann"), sales("ann").with_authentication(2, before), sales("ann").with_authentication(1, at(5))]
    {
        assert_eq!(code(get(refused)), codes::STEP_UP_REQUIRED);
    }
    get(sales("ann").with_authentication(2, at(5))).unwrap();
    get(boss()).unwrap();
    let office = office.reopen();
    let get = |actor: Actor| office.world.session(actor).collection::<Customer>().unwrap().get(id);
    assert_eq!(code(get(sales("ann"))), codes::STEP_UP_REQUIRED);
    let acme = &office.world.acme;
    assert!(matches!(acme.session(admin()).unwrap().because("me").waive_step_up("root"), Err(Error::NotPossible(_))));
    assert!(acme.session(admin()).unwrap().because("phoned her").waive_step_up("ann").unwrap());
    assert!(!acme.session(admin()).unwrap().because("phoned her").waive_step_up("ann").unwrap());
    get(sales("ann")).unwrap();
    let line = |code: &str| (Outcome::Permitted, code.to_owned(), "root".to_owned(), "actor:ann".to_owned());
    let journal = office.journal(Action::Suspend);
    assert!(journal.contains(&line("step_up")) && journal.contains(&line("step_up_waived")), "{journal:?}");
    office.intact();
}
