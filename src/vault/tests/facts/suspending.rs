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
    assert!(office.world.acme.suspend("b", "left", &admin()).unwrap());
    assert!(!office.world.acme.suspend("b", "once more", &admin()).unwrap());
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
        code(session.ask_approval(Action::Delete, "customers", Some(id), &[], "why", HOUR)),
        code(session.approvals()),
        code(session.break_glass("why", HOUR)),
        code(session.end_emergency()),
        code(session.emergencies()),
        code(office.world.acme.define::<Note>(&boss())),
        code(office.world.acme.reinstate("b", "me", &boss())),
    ];
    assert!(refused.iter().all(|code| code == codes::SUSPENDED), "{refused:?}");
    let Err(Error::Denied(denial)) = customers.get(id) else { panic!() };
    assert_eq!(denial.for_user, "You are not allowed to do this.");
    assert_eq!(office.journal(Action::Read).pop().unwrap().1, codes::SUSPENDED);
    let office = office.reopen();
    assert_eq!(code(office.world.customers().get(id)), codes::SUSPENDED);
    let suspended = office.world.acme.suspended(&admin()).unwrap();
    assert_eq!(suspended.len(), 1);
    assert_eq!(
        (suspended[0].actor.as_str(), suspended[0].by.as_str(), suspended[0].reason.as_str()),
        ("b", "root", "left")
    );
    assert!(office.world.acme.reinstate("b", "is back", &admin()).unwrap());
    assert!(!office.world.acme.reinstate("b", "is back", &admin()).unwrap());
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
    assert_eq!(code(acme.suspend("bo", "why", &sales("ann"))), "house");
    assert_eq!(code(acme.reinstate("bo", "why", &sales("ann"))), "house");
    assert_eq!(code(acme.suspended(&sales("ann"))), "house");
    assert_eq!(code(acme.leaver("bo", None, &sales("ann"))), "house");
    assert!(matches!(acme.suspend("root", "why", &admin()), Err(Error::NotPossible { .. })));
    assert!(matches!(acme.suspend("", "why", &admin()), Err(Error::BadName { .. })));
    assert!(facts_stored(&office).is_empty());
}
