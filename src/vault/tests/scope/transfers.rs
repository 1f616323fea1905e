//! Giving records away.

use crate::audit::{Outcome, Required};
use crate::error::Impossible;
use crate::format::row::RawRow;
use crate::policy::codes;
use crate::vault::tests::scope::*;

#[test]
fn transfer_changes_the_owner_and_nothing_else_and_is_written_down() {
    let kept = Kept::default();
    let policy = Ruled::new();
    let world = World::with(|options| options.policy(policy.clone()).sink(Required(kept.clone())));
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let meta = NewMeta::new().owner("x").label("vip");
    let long = Account { name: "long ".repeat(3_000), ..Account::new("", "north") };
    let id = accounts.insert_with(&long, meta).unwrap();
    let before = accounts.get(id).unwrap();
    let row = || store(&world.memory).get(&key_of(&accounts, id)).unwrap().unwrap();
    let old = row();
    let revision = accounts.transfer(id, Some("y")).unwrap();
    assert_eq!(revision.get(), 2);
    let after = accounts.get(id).unwrap();
    assert_eq!((after.revision, after.meta.owner(), &after.value), (revision, Some("y"), &long));
    assert_eq!((after.meta.labels(), after.meta.created()), (before.meta.labels(), before.meta.created()));
    assert!(after.meta.updated() >= before.meta.updated());
    let new = row();
    let (RawRow::Live(old), RawRow::Live(new)) = (RawRow::parse(&old).unwrap(), RawRow::parse(&new).unwrap()) else {
        panic!("a tombstone")
    };
    assert!(old.wrapped != new.wrapped && old.head.slot == new.head.slot, "the same slot, another data key");
    // The value is found as before, and the record can also be given to nobody.
    assert_eq!(accounts.find("region", "NORTH", None, 9).unwrap().items.len(), 1);
    assert_eq!(accounts.transfer(id, None).unwrap().get(), 3);
    assert_eq!(accounts.get(id).unwrap().meta.owner(), None);
    assert_eq!(accounts.transfer(id, None).unwrap().get(), 3, "it is nobody's already");
    assert_eq!(world.verify(), Verdict::Intact);
    world.vault.flush().unwrap();
    let events: Vec<_> = kept.of("transfer").iter().map(|e| (e.revision_before(), e.revision_after())).collect();
    let at = |n: u64| {
        (0..n).try_fold(None, |at: Option<crate::Revision>, _| {
            Some(Some(at.map_or(crate::Revision::FIRST, |at| at.next().unwrap())))
        })
    };
    assert_eq!(events, [(at(1).unwrap(), at(2).unwrap()), (at(2).unwrap(), at(3).unwrap()), (None, None)]);
    for event in kept.of("transfer") {
        assert_eq!((event.outcome(), event.subjects().len()), (Outcome::Permitted, 1));
        assert!(event.fields_changed().is_empty() && event.fields_read().is_empty());
    }
}

#[test]
fn transfer_is_decided_on_the_record_as_it_is_and_on_whom_it_goes_to() {
    let (world, policy, accounts) = ruled();
    let id = accounts.insert_with(&Account::new("Ann", "north"), NewMeta::new().owner("x")).unwrap();
    policy.told();
    accounts.transfer(id, Some("y")).unwrap();
    let told: Vec<_> = policy.told().into_iter().map(|told| (told.owner, told.attributes.len())).collect();
    assert_eq!(told, [(Some("x".to_owned()), 4)]);
    // An actor who may work only on X's records can't give away Y's.
    policy.permit(|request| request.resource.is_none_or(|resource| resource.owner == Some("x")));
    assert!(denied(accounts.transfer(id, Some("z"))));
    policy.permit(|request| request.action != Action::Transfer || request.new_owner == Some("z"));
    assert!(denied(accounts.transfer(id, Some("x"))));
    assert!(denied(accounts.transfer(id, None)));
    accounts.transfer(id, Some("z")).unwrap();
    let found = accounts.get(id).unwrap();
    assert_eq!((found.revision.get(), found.meta.owner()), (3, Some("z")));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn policy_answers_a_transfer_before_existence_does() {
    let (world, policy, accounts) = ruled();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    accounts.delete(id).unwrap();
    let nowhere = RecordId::from_bytes([1; 16]);
    assert!(matches!(accounts.transfer(id, None), Err(Error::Deleted)));
    assert!(matches!(accounts.transfer(nowhere, None), Err(Error::NotFound)));
    policy.permit(|request| request.action != Action::Transfer);
    assert!(denied(accounts.transfer(id, None)));
    assert!(denied(accounts.transfer(nowhere, None)));
    let roles = World::new();
    let customer = roles.add("Ann", "ann@x.org");
    match roles.session(sales("s")).collection::<Customer>().unwrap().transfer(customer, Some("s")) {
        Err(Error::Denied(denial)) => assert_eq!(denial.code, codes::NOT_ALLOWED),
        other => panic!("{other:?}"),
    }
    drop(world);
}

#[test]
fn batch_transfers_with_its_other_writes_or_not_at_all() {
    let (world, _, accounts) = ruled();
    let [a, b] = ["a", "b"].map(|name| accounts.insert(&Account::new(name, "north")).unwrap());
    let owners = || [a, b].map(|id| accounts.get(id).unwrap().meta.owner().unwrap().to_owned());
    let mut batch = world.session(boss()).batch();
    batch.transfer(&accounts, a, Some("x")).unwrap();
    assert!(matches!(batch.transfer(&accounts, a, Some("y")), Err(Error::NotPossible(Impossible::TwiceInBatch))));
    batch.transfer(&accounts, b, Some("x")).unwrap();
    assert_eq!((batch.len(), owners()), (2, ["b", "b"].map(str::to_owned)));
    batch.commit().unwrap();
    assert_eq!(owners(), ["x", "x"]);
    let mut late = world.session(boss()).batch();
    late.transfer(&accounts, a, Some("y")).unwrap();
    late.transfer(&accounts, b, Some("y")).unwrap();
    accounts.update(b, |account| account.name = "Bo".into()).unwrap();
    assert!(matches!(late.commit(), Err(Error::Conflict)));
    assert_eq!(owners(), ["x", "x"]);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn owner_that_is_too_long_is_refused_and_changes_nothing() {
    let (_world, _, accounts) = ruled();
    let id = accounts.insert(&Account::new("Ann", "north")).unwrap();
    assert!(matches!(accounts.transfer(id, Some(&"x".repeat(513))), Err(Error::TooLarge { .. })));
    accounts.transfer(id, Some(&"x".repeat(512))).unwrap();
    assert_eq!(accounts.get(id).unwrap().revision.get(), 2);
}

#[test]
fn transfers_that_race_with_updates_lose_neither() {
    let (world, _, accounts) = ruled();
    let id = accounts.insert(&Account { seats: 0, ..Account::new("Ann", "north") }).unwrap();
    std::thread::scope(|scope| {
        let updates = scope.spawn(|| {
            for _ in 0..40 {
                accounts.update(id, |account| account.seats += 1).unwrap();
            }
        });
        for n in 0..40 {
            accounts.transfer(id, Some(&format!("owner {n}"))).unwrap();
        }
        updates.join().unwrap();
    });
    let found = accounts.get(id).unwrap();
    assert_eq!((found.value.seats, found.meta.owner(), found.revision.get()), (40, Some("owner 39"), 81));
    assert_eq!(world.verify(), Verdict::Intact);
}
