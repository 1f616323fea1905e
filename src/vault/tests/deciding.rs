//! Decisions count when a change is committed, not when it was made ready.

use crate::audit::{Outcome, Required};
use crate::model::{Access, Grantee};
use crate::policy::{DenyAll, Sharing, any_of, codes};
use crate::vault::tests::channels::Hands;
use crate::vault::tests::*;

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Denied(denial)) => denial.code.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn batch_does_not_commit_what_a_new_policy_forbids_and_leaves_its_entries() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(roles()).sink(Required(kept.clone())));
    let notes = world.notes();
    let mut batch = world.session(boss()).batch();
    let id = batch.insert(&notes, &Note::new("x")).unwrap();
    world.vault.session(admin()).unwrap().set_policy(DenyAll).unwrap();
    assert_eq!(code(batch.commit()), codes::DENY_ALL);
    world.vault.flush().unwrap();
    let told: Vec<_> = kept.of("create").iter().map(|event| event.outcome()).collect();
    assert_eq!(told, [Outcome::Denied, Outcome::Failed]);
    drop(notes);
    let world = world.reopen();
    assert!(matches!(world.notes().get(id), Err(Error::NotFound)));
}

#[test]
fn batch_does_not_commit_under_a_share_that_ended_and_carries_the_time_of_its_commit() {
    let (hands, kept) = (Hands::default(), Kept::default());
    let policy = || any_of(roles()).or(Sharing::new());
    let world = World::with(|options| options.policy(policy()).clock(hands.clone()).sink(Required(kept.clone())));
    let boss_notes = world.notes();
    let id = boss_notes.insert(&Note::new("x")).unwrap();
    boss_notes.share(id, Grantee::Actor("guest"), Access::Write, None).unwrap();
    let guest = world.session(Actor::new("guest").with_role("guest"));
    let notes = guest.collection::<Note>().unwrap();
    let mut batch = guest.batch();
    batch.update(&notes, id, |note| note.text.push('!')).unwrap();
    boss_notes.unshare(id, Grantee::Actor("guest")).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Denied(_))));
    assert_eq!(boss_notes.get(id).unwrap().value.text, "x");
    // A permitted write is written down with the time of its commit.
    let mut batch = world.session(boss()).batch();
    batch.update(&boss_notes, id, |note| note.text.push('?')).unwrap();
    hands.forward(300);
    batch.commit().unwrap();
    world.vault.flush().unwrap();
    let written = kept.of("update").into_iter().find(|event| event.revision_after().is_some()).unwrap();
    assert_eq!(written.time().as_micros(), 1_800_000_300_000_000);
}

#[test]
fn batch_begun_more_than_ten_minutes_ago_is_refused_and_leaves_an_entry_for_each_write() {
    let (hands, kept) = (Hands::default(), Kept::default());
    let world = World::with(|options| options.policy(roles()).clock(hands.clone()).sink(Required(kept.clone())));
    let notes = world.notes();
    let mut batch = world.session(boss()).batch();
    for n in 0..3 {
        batch.insert(&notes, &Note::new(n.to_string())).unwrap();
    }
    hands.forward(601);
    assert!(matches!(batch.commit(), Err(Error::NotPossible(_))));
    let mut dropped = world.session(boss()).batch();
    dropped.insert(&notes, &Note::new("y")).unwrap();
    drop(dropped);
    world.vault.flush().unwrap();
    let codes: Vec<_> = kept.of("create").iter().map(|event| event.code().to_owned()).collect();
    assert_eq!(codes, ["too_old", "too_old", "too_old", "dropped"]);
    assert!(notes.list(None, 10).unwrap().items.is_empty());
}

#[test]
fn write_decided_before_a_change_of_policy_is_decided_again() {
    let world = World::with(|options| options.policy(roles()));
    let notes = world.notes();
    let id = notes.insert(&Note::new("x")).unwrap();
    let vault = world.vault.clone();
    let mut first = true;
    // The policy changes between the first decision and the commit.
    let answer = notes.update(id, |note| {
        if std::mem::take(&mut first) {
            vault.session(admin()).unwrap().set_policy(DenyAll).unwrap();
        }
        note.text.push('!');
    });
    assert_eq!(code(answer), codes::DENY_ALL);
}

#[test]
fn act_that_ends_without_an_answer_is_on_record_as_failed() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(roles()).sink(Required(kept.clone())));
    assert!(matches!(world.vault.session(admin()).unwrap().create_tenant(""), Err(Error::BadName { .. })));
    assert!(world.vault.session(admin()).unwrap().create_tenant("acme").is_err());
    world.vault.flush().unwrap();
    let codes: Vec<_> = kept.of("create_tenant").iter().map(|event| event.code().to_owned()).collect();
    assert!(codes.ends_with(&["failed".to_owned(), "exists".to_owned()]), "{codes:?}");
}

#[test]
fn batch_says_which_of_its_writes_was_the_duplicate_and_so_does_the_entry() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let (customers, session) = (world.customers(), world.session(boss()));
    world.add("Ann", "ann@x.org");
    let bob = world.add("Bob", "bob@x.org");
    let mut batch = session.batch();
    batch.insert(&customers, &Customer::new("Cy", "cy@x.org")).unwrap();
    batch.update(&customers, bob, |bob| bob.email = "ann@x.org".into()).unwrap();
    batch.insert(&customers, &Customer::new("Di", "di@x.org")).unwrap();
    let error = batch.commit().unwrap_err();
    assert!(matches!(&error, Error::Duplicate { field, write: Some(1) } if field == "email"), "{error:?}");
    assert!(error.to_string().ends_with("(write 1 of the batch, counted from 0)"), "{error}");
    world.vault.flush().unwrap();
    let told: Vec<_> = kept.events().into_iter().filter(|event| event.code() == "duplicate").collect();
    assert_eq!(told.iter().map(|event| event.action()).collect::<Vec<_>>(), ["update"]);
}

#[test]
fn duplicate_in_a_batch_is_told_only_where_the_batch_wrote_the_value() {
    let selling = Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all())
        .role("sales", |r| r.on("customers").create().read(["name", "tier"]).update(["name", "tier"]));
    let world = World::with(|options| options.policy(selling.clone()));
    let id = world.add("Ann", "ann@x.org");
    let eve = world.session(sales("eve"));
    let customers = eve.collection::<Customer>().unwrap();
    // The batch touches the record, but doesn't write its e-mail address.
    let mut batch = eve.batch();
    batch.update(&customers, id, |customer| customer.tier = Some(2)).unwrap();
    batch.insert(&customers, &Customer::new("Eve", "ann@x.org")).unwrap();
    assert_eq!(code(batch.commit()), codes::NOT_ALLOWED);
    let mut batch = eve.batch();
    batch.insert(&customers, &Customer::new("Eve", "new@x.org")).unwrap();
    batch.insert(&customers, &Customer::new("Eve", "new@x.org")).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Duplicate { .. })));
}

#[test]
fn shares_made_by_several_threads_at_once_are_decided_again_until_they_commit() {
    let sharing =
        || Roles::new().role("admin", |r| r.administer()).role("boss", |r| r.on_any().create().read_all().share());
    let world = World::with(|options| options.policy(sharing()));
    let notes = world.notes();
    let ids: Vec<_> = (0..40).map(|n| notes.insert(&Note::new(n.to_string())).unwrap()).collect();
    std::thread::scope(|scope| {
        for part in ids.chunks(10) {
            let notes = notes.clone();
            scope.spawn(move || {
                for id in part {
                    notes.share(*id, Grantee::Actor("guest"), Access::Read, None).unwrap();
                    notes.unshare(*id, Grantee::Actor("guest")).unwrap();
                }
            });
        }
    });
    assert_eq!(world.verify(), Verdict::Intact);
}
