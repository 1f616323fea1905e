//! Frozen tenants, and demands of a new log-in.

use crate::vault::tests::facts::*;
use crate::vault::Freeze;

#[test]
fn frozen_tenant_shows_what_it_may_changes_nothing_and_thaws() {
    let office = Office::new();
    let id = office.customer("b");
    let session = office.world.session(boss());
    let customers = session.collection::<Customer>().unwrap();
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("x", "x@x.org")).unwrap();
    let acme = &office.world.acme;
    assert!(acme.freeze(Freeze::ReadOnly, "incident 12", &admin()).unwrap());
    assert!(!acme.freeze(Freeze::ReadOnly, "again", &admin()).unwrap());
    let changes = [
        code(customers.insert(&Customer::new("y", "y@x.org"))),
        code(customers.update(id, |c| c.tier = None)),
        code(customers.delete(id)),
        code(customers.transfer(id, Some("bo"))),
        code(customers.share(id, Grantee::Actor("bo"), Access::Read, None)),
        code(batch.commit()),
        code(session.break_glass("why", HOUR)),
        code(acme.define::<Note>(&admin())),
    ];
    assert!(changes.iter().all(|code| code == codes::FROZEN), "{changes:?}");
    customers.get(id).unwrap();
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 1);

    assert!(acme.freeze(Freeze::Closed, "worse", &admin()).unwrap());
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
    assert!(acme.suspend("bo", "why", &admin()).unwrap(), "an incident's acts go on");
    let frozen = acme.frozen(&admin()).unwrap().unwrap();
    assert_eq!((frozen.extent, frozen.by.as_str(), frozen.reason.as_str()), (Freeze::Closed, "root", "worse"));
    assert_eq!(office.journal(Action::Read).pop().unwrap().1, codes::FROZEN);
    assert!(acme.unfreeze("over", &admin()).unwrap());
    assert!(!acme.unfreeze("over", &admin()).unwrap());
    assert_eq!(acme.frozen(&admin()).unwrap(), None);
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
    acme.freeze(Freeze::ReadOnly, "why", &admin()).unwrap();
    let plan = acme.leaver("ann", Some("bo"), &admin()).unwrap();
    assert_eq!(code(plan.execute()), codes::FROZEN);
    assert_eq!(owner().as_deref(), Some("ann"));
    acme.freeze(Freeze::Closed, "why", &admin()).unwrap();
    assert_eq!(code(acme.leaver("ann", Some("bo"), &admin())), codes::FROZEN);
    assert_eq!(code(plan.execute()), codes::FROZEN);
    acme.unfreeze("over", &admin()).unwrap();
    assert_eq!(owner().as_deref(), Some("ann"));
    plan.execute().unwrap();
    assert_eq!(owner().as_deref(), Some("bo"));
    office.intact();
}

#[test]
fn only_whom_the_policy_lets_freezes_and_another_tenant_goes_on() {
    let office = Office::new();
    let acme = &office.world.acme;
    assert_eq!(code(acme.freeze(Freeze::Closed, "why", &sales("ann"))), "house");
    assert_eq!(code(acme.unfreeze("why", &sales("ann"))), "house");
    assert_eq!(code(acme.frozen(&sales("ann"))), "house");
    assert!(matches!(acme.freeze(Freeze::Closed, &"r".repeat(1_001), &admin()), Err(Error::TooLarge { .. })));
    let other = office.world.vault.create_tenant("other", crate::Escrow::Unescrowed, &admin()).unwrap();
    acme.freeze(Freeze::Closed, "why", &admin()).unwrap();
    other.define::<Note>(&admin()).unwrap();
    office.intact();
}

#[test]
fn actor_of_whom_a_step_up_is_demanded_is_refused_until_authenticated_after_it() {
    let office = Office::new();
    let id = office.customer("ann");
    let acme = &office.world.acme;
    let at = |minutes: i64| Timestamp::from_micros(office.hands.now().as_micros() + minutes * 60_000_000);
    let before = at(0);
    acme.require_step_up("ann", 2, "odd hours", &admin()).unwrap();
    // The weaker demand doesn't take the stronger one back.
    acme.require_step_up("ann", 1, "a new device", &admin()).unwrap();
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
    assert!(matches!(acme.waive_step_up("root", "me", &admin()), Err(Error::NotPossible { .. })));
    assert!(acme.waive_step_up("ann", "phoned her", &admin()).unwrap());
    assert!(!acme.waive_step_up("ann", "phoned her", &admin()).unwrap());
    get(sales("ann")).unwrap();
    let line = |code: &str| (Outcome::Permitted, code.to_owned(), "root".to_owned(), "actor:ann".to_owned());
    let journal = office.journal(Action::Suspend);
    assert!(journal.contains(&line("step_up")) && journal.contains(&line("step_up_waived")), "{journal:?}");
    office.intact();
}
