//! Suspended actors.

use crate::vault::tests::facts::*;

#[test]
fn open_session_of_a_suspended_actor_is_refused_at_once_and_everywhere() {
    let office = Office::new();
    let id = office.customer("b");
    // A boss, whom the policy permits everything.
    let session = office.world.session(boss());
    let customers = session.collection::<Customer>().unwrap();
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("x", "x@x.org")).unwrap();
    assert!(office.world.acme.session(admin()).unwrap().because("left").suspend("b").unwrap());
    assert!(!office.world.acme.session(admin()).unwrap().because("once more").suspend("b").unwrap());
    let refused = [
        code(customers.get(id)),
        code(customers.list(None, 10)),
        code(customers.find("name", "b0", None, 10)),
        code(customers.find_unique("email", "b0@x.org")),
        code(customers.insert(&Customer::new("y", "y@x.org"))),
        code(customers.update(id, |c| c.tier = None)),
        code(customers.delete(id)),
        code(customers.share(id, Grantee::Actor("bo"), Access::Read, None)),
        code(batch.commit()),
        code(session.because("why").ask_approval(HOUR, |s| s.collection::<Customer>()?.delete(id))),
        code(session.approvals(None, 10)),
        code(session.because("why").break_glass(HOUR)),
        code(session.end_emergency()),
        code(session.emergencies()),
        code(office.world.acme.session(boss()).unwrap().define::<Note>()),
        code(office.world.acme.session(boss()).unwrap().because("me").reinstate("b")),
    ];
    assert!(refused.iter().all(|code| code == codes::SUSPENDED), "{refused:?}");
    let Err(Error::Denied(denial)) = customers.get(id) else { panic!() };
    assert_eq!(denial.for_user, "You are not allowed to do this.");
    assert_eq!(office.journal(Action::Read).pop().unwrap().1, codes::SUSPENDED);
    let office = office.reopen();
    assert_eq!(code(office.world.customers().get(id)), codes::SUSPENDED);
    let suspended = office.world.acme.session(admin()).unwrap().suspended().unwrap();
    assert_eq!(suspended.len(), 1);
    assert_eq!(
        (suspended[0].actor.as_str(), suspended[0].by.as_str(), suspended[0].reason.as_str()),
        ("b", "root", "left")
    );
    assert!(office.world.acme.session(admin()).unwrap().because("is back").reinstate("b").unwrap());
    assert!(!office.world.acme.session(admin()).unwrap().because("is back").reinstate("b").unwrap());
    office.world.customers().get(id).unwrap();
    let line = |code: &str| (Outcome::Permitted, code.to_owned(), "root".to_owned(), "actor:b".to_owned());
    let journal = office.journal(Action::Suspend);
    for said in ["suspended", "suspended_already", "reinstated", "not_suspended"] {
        assert!(journal.contains(&line(said)), "{said}: {journal:?}");
    }
    office.intact();
}

#[test]
fn only_whom_the_policy_lets_suspends_and_nobody_themselves() {
    let office = Office::new();
    let acme = &office.world.acme;
    assert_eq!(code(acme.session(sales("ann")).unwrap().because("why").suspend("bo")), "house");
    assert_eq!(code(acme.session(sales("ann")).unwrap().because("why").reinstate("bo")), "house");
    assert_eq!(code(acme.session(sales("ann")).unwrap().suspended()), "house");
    assert_eq!(code(acme.session(sales("ann")).unwrap().offboard("bo", None)), "house");
    assert!(matches!(acme.session(admin()).unwrap().because("why").suspend("root"), Err(Error::NotPossible(_))));
    assert!(matches!(acme.session(admin()).unwrap().because("why").suspend(""), Err(Error::BadName { .. })));
    assert!(facts_stored(&office).is_empty());
}
