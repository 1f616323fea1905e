//! Shares.

use crate::vault::tests::facts::*;

#[test]
fn record_is_open_to_whom_it_is_shared_with_as_far_as_it_is_shared() {
    let office = Office::new();
    let id = office.customer("ann");
    let (anns, bos) = (office.customers_of("ann"), office.customers_of("bo"));
    assert_eq!(code(bos.get(id)), "house");
    anns.share(id, Grantee::Actor("bo"), Access::Read, None).unwrap();
    assert_eq!(bos.get(id).unwrap().id, id);
    assert_eq!(bos.list(None, 10).unwrap().items.len(), 1);
    assert_eq!(code(bos.update(id, |c| c.name.push('x'))), "house");
    assert_eq!(code(office.customers_of("cy").get(id)), "house");
    // Sharing again replaces the share.
    anns.share(id, Grantee::Actor("bo"), Access::Write, None).unwrap();
    bos.update(id, |customer| customer.name.push('x')).unwrap();
    assert_eq!(anns.shares(id).unwrap().len(), 1);
    anns.share(id, Grantee::Role("sales"), Access::Read, None).unwrap();
    office.customers_of("cy").get(id).unwrap();
    assert!(anns.unshare(id, Grantee::Role("sales")).unwrap());
    assert!(!anns.unshare(id, Grantee::Role("sales")).unwrap());
    assert_eq!(code(office.customers_of("cy").get(id)), "house");
    let shares = anns.shares(id).unwrap();
    let share = &shares[0];
    assert_eq!((share.with(), share.access, share.by.as_str()), (Grantee::Actor("bo"), Access::Write, "ann"));
    assert_eq!((share.record, share.at, share.until), (id, office.hands.now(), None));
    office.intact();
}

#[test]
fn shares_outlive_the_process_and_not_their_time() {
    let office = Office::new();
    let id = office.customer("ann");
    let until = Some(office.hands.after(HOUR));
    office.customers_of("ann").share(id, Grantee::Actor("bo"), Access::Read, until).unwrap();
    let office = office.reopen();
    office.customers_of("bo").get(id).unwrap();
    office.hands.pass(HOUR);
    assert_eq!(code(office.customers_of("bo").get(id)), "house");
    assert!(office.customers_of("ann").shares(id).unwrap().is_empty());
    assert_eq!(facts_stored(&office).len(), 1);
    // The next share removes the expired one.
    office.customers_of("ann").share(id, Grantee::Actor("cy"), Access::Read, None).unwrap();
    assert_eq!(facts_stored(&office).len(), 1);
    let office = office.reopen();
    office.customers_of("cy").get(id).unwrap();
    let over = office.customers_of("ann").share(id, Grantee::Actor("bo"), Access::Read, Some(office.hands.now()));
    assert!(matches!(over, Err(Error::NotPossible(_))));
    // An actor without access isn't told whether the record exists.
    let over = office.customers_of("bo").share(id, Grantee::Actor("di"), Access::Read, Some(office.hands.now()));
    assert!(matches!(over, Err(Error::NotPossible(_))), "{over:?}");
    office.intact();
}

#[test]
fn policy_decides_who_shares_and_an_absent_record_is_answered_as_everywhere() {
    let office = Office::new();
    let id = office.customer("ann");
    let (anns, bos) = (office.customers_of("ann"), office.customers_of("bo"));
    let with = Grantee::Actor("cy");
    assert_eq!(code(bos.share(id, with, Access::Read, None)), "house");
    assert_eq!(code(bos.unshare(id, with)), "house");
    assert_eq!(code(bos.shares(id)), "house");
    let unknown = RecordId::from_bytes([7; 16]);
    assert_eq!(code(bos.share(unknown, with, Access::Read, None)), "house");
    let boss = office.world.customers();
    assert!(matches!(boss.share(unknown, with, Access::Read, None), Err(Error::NotFound)));
    assert!(matches!(anns.share(id, Grantee::Role(""), Access::Read, None), Err(Error::BadName { .. })));
    let long = "x".repeat(257);
    assert!(matches!(anns.share(id, Grantee::Group(&long), Access::Read, None), Err(Error::BadName { .. })));
    assert!(facts_stored(&office).is_empty());
    boss.share(id, with, Access::Read, None).unwrap();
    let denied = office.journal(Action::Share).into_iter().filter(|line| line.0 == Outcome::Denied).count();
    assert_eq!(denied, 4);
    let shared = (Outcome::Permitted, String::new(), "b".to_owned(), "actor:cy".to_owned());
    assert!(office.journal(Action::Share).contains(&shared));
}

#[test]
fn deleting_a_record_ends_its_shares_in_the_same_commit() {
    let office = Office::new();
    let (id, other) = (office.customer("ann"), office.customer("ann"));
    let customers = office.world.customers();
    for with in [Grantee::Actor("bo"), Grantee::Role("sales"), Grantee::Group("north")] {
        customers.share(id, with, Access::Read, None).unwrap();
    }
    customers.share(other, Grantee::Actor("bo"), Access::Read, None).unwrap();
    assert_eq!(facts_stored(&office).len(), 4);
    customers.delete(id).unwrap();
    assert_eq!(facts_stored(&office).len(), 1);
    let mut batch = office.world.session(boss()).batch();
    batch.delete(&customers, other).unwrap();
    batch.commit().unwrap();
    assert!(facts_stored(&office).is_empty());
    assert!(matches!(customers.shares(id), Err(Error::Deleted)));
    office.intact();
    office.reopen().intact();
}

#[test]
fn grantee_finds_what_is_shared_with_them_in_one_collection() {
    /// Notes the records that are shared.
    #[derive(Clone, Default)]
    struct Asked(Arc<Mutex<Vec<Vec<RecordId>>>>);

    impl AccessPolicy for Asked {
        fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
            if request.action == Action::List && request.resource.is_none() {
                let with = [Grantee::Actor("bo"), Grantee::Role("bo"), Grantee::Group("bo")];
                let mut all = with.map(|with| facts.shared_with("customers", with));
                all.iter_mut().for_each(|ids| ids.sort());
                self.0.lock().unwrap().extend(all);
                self.0.lock().unwrap().push(facts.shared_with("nowhere", Grantee::Actor("bo")));
            }
            Ok(Permission::new("asked").read(FieldSet::All).write(FieldSet::All).into())
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("asked")
        }
    }

    let asked = Asked::default();
    let world = World::with(|options| options.policy(asked.clone()));
    let customers = world.customers();
    let ids: Vec<_> = (0..3).map(|n| world.add("x", &format!("{n}@x.org"))).collect();
    let note = world.notes().insert(&Note::new("n")).unwrap();
    customers.share(ids[0], Grantee::Actor("bo"), Access::Read, None).unwrap();
    customers.share(ids[2], Grantee::Actor("bo"), Access::Write, None).unwrap();
    customers.share(ids[1], Grantee::Group("bo"), Access::Read, None).unwrap();
    world.notes().share(note, Grantee::Actor("bo"), Access::Read, None).unwrap();
    customers.list(None, 1).unwrap();
    let told = asked.0.lock().unwrap().clone();
    assert_eq!(told, [vec![ids[0], ids[2]], vec![], vec![ids[1]], vec![]]);
}
