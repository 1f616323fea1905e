//! Approvals.

use crate::vault::tests::facts::*;

/// Returns ann's session under a request that bo and cy have approved.
fn approved(office: &Office, action: Action, collection: &str, record: Option<RecordId>, fields: &[&str]) -> Session {
    let ann = office.sales("ann");
    let id = ann.because("ticket 4711").ask_approval(action, collection, record, fields, HOUR).unwrap();
    office.sales("bo").answer(id, true).unwrap();
    office.sales("cy").answer(id, true).unwrap();
    ann.under_approval(id)
}

fn delete(session: &Session, id: RecordId) -> Result<(), Error> {
    session.collection::<Customer>().unwrap().delete(id)
}

#[test]
fn nobody_uses_up_the_room_that_is_left_by_asking_for_approval_or_looking_at_requests() {
    let office = Office::new();
    let (id, other) = (office.customer("ann"), office.customer("ann"));
    let ask =
        || office.sales("ann").because("ticket 4711").ask_approval(Action::Delete, "customers", Some(id), &[], HOUR);
    let (request, second) = (ask().unwrap(), ask().unwrap());
    office.sales("ann").inner.core.reserve.run_out();
    for _ in 0..3 {
        assert!(matches!(ask(), Err(Error::Full)));
    }
    let mole = office.sales("mole");
    let looks = (0..5_000).take_while(|_| mole.approvals().is_ok()).count();
    assert_eq!(looks, 1_024);
    let before = office.world.vault.health().journal_blocks;
    assert!((0..100).all(|_| matches!(mole.approvals(), Err(Error::Full))));
    assert!(office.world.vault.health().journal_blocks <= before + 1);
    // Acts that help go on.
    office.sales("bo").answer(request, true).unwrap();
    office.sales("cy").answer(request, true).unwrap();
    office.sales("cy").answer(second, false).unwrap();
    delete(&office.sales("ann").under_approval(request), id).unwrap();
    office.world.customers().delete(other).unwrap();
    office.world.acme.session(boss()).unwrap().because("fills the disk").suspend("mole").unwrap();
    office.intact();
}

#[test]
fn act_that_others_approved_is_done_once_and_not_twice() {
    let office = Office::new();
    let (id, other) = (office.customer("ann"), office.customer("ann"));
    assert_eq!(code(delete(&office.sales("ann"), id)), codes::APPROVAL_REQUIRED);
    let ann = approved(&office, Action::Delete, "customers", Some(id), &[]);
    // Not for another record, another act or another person.
    assert_eq!(code(delete(&ann, other)), codes::APPROVAL_REQUIRED);
    let customers = ann.collection::<Customer>().unwrap();
    assert_eq!(code(customers.update(id, |c| c.tier = Some(9))), codes::APPROVAL_REQUIRED);
    let approval = ann.approvals().unwrap()[0].id;
    assert_eq!(code(delete(&office.sales("bo").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    delete(&ann, id).unwrap();
    assert!(ann.approvals().unwrap().is_empty());
    let office = office.reopen();
    office.intact();
    assert!(office.sales("ann").approvals().unwrap().is_empty());
    let answer = office.sales("dan").answer(approval, true);
    assert!(matches!(answer, Err(Error::NotPossible { .. })), "{answer:?}");
    let codes: Vec<_> = office.journal(Action::Approve).into_iter().map(|line| (line.1, line.2, line.3)).collect();
    let line = |code: &str, actor: &str, party: &str| (code.to_owned(), actor.to_owned(), party.to_owned());
    assert_eq!(
        codes[..3],
        [line("asked", "ann", ""), line("approved", "bo", "actor:ann"), line("approved", "cy", "actor:ann")]
    );
}

#[test]
fn request_and_its_answers_survive_reopening_and_end_with_their_time() {
    let office = Office::new();
    let id = office.customer("ann");
    let approval =
        office.sales("ann").because("why").ask_approval(Action::Delete, "customers", Some(id), &[], HOUR).unwrap();
    office.sales("bo").answer(approval, true).unwrap();
    let office = office.reopen();
    let open = office.sales("cy").approvals().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].id, open[0].actor.as_str(), open[0].action), (approval, "ann", Action::Delete));
    assert_eq!((open[0].collection.as_str(), open[0].record, open[0].reason.as_str()), ("customers", Some(id), "why"));
    assert_eq!((open[0].wanted, &open[0].approved_by[..]), (Some(2), &["bo".to_owned()][..]));
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    office.sales("cy").answer(approval, true).unwrap();
    let office = office.reopen();
    office.hands.pass(HOUR);
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    assert!(office.sales("cy").approvals().unwrap().is_empty());
    // The next request removes the expired one.
    assert_eq!(facts_stored(&office).len(), 1);
    office.sales("ann").because("why").ask_approval(Action::Delete, "customers", Some(id), &[], HOUR).unwrap();
    assert_eq!(facts_stored(&office).len(), 1);
    office.intact();
}

#[test]
fn nobody_answers_their_own_request_or_twice_and_a_no_ends_it() {
    let office = Office::new();
    let id = office.customer("ann");
    let ask =
        || office.sales("ann").because("why").ask_approval(Action::Delete, "customers", Some(id), &[], HOUR).unwrap();
    let approval = ask();
    assert_eq!(code(office.sales("ann").answer(approval, true)), codes::OWN_REQUEST);
    office.sales("bo").answer(approval, true).unwrap();
    assert_eq!(code(office.sales("bo").answer(approval, true)), codes::ANSWERED);
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    let stranger = office.world.session(Actor::new("x"));
    assert_eq!(code(stranger.answer(approval, true)), "stranger");
    assert_eq!(code(stranger.answer(RecordId::from_bytes([1; 16]), true)), "stranger");
    assert!(matches!(office.sales("bo").answer(RecordId::from_bytes([1; 16]), true), Err(Error::NotFound)));
    assert!(stranger.approvals().unwrap().is_empty());
    office.sales("cy").answer(approval, false).unwrap();
    for who in ["dan", "eve"] {
        assert!(matches!(office.sales(who).answer(approval, true), Err(Error::NotPossible { .. })));
    }
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
}

#[test]
fn answer_of_a_suspended_person_does_not_count() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = approved(&office, Action::Delete, "customers", Some(id), &[]);
    office.world.acme.session(admin()).unwrap().because("left").suspend("bo").unwrap();
    assert_eq!(code(delete(&ann, id)), codes::APPROVAL_REQUIRED);
    office.world.acme.session(admin()).unwrap().because("is back").reinstate("bo").unwrap();
    delete(&ann, id).unwrap();
}

#[test]
fn two_threads_under_one_approval_do_one_act() {
    let office = Office::new();
    for _ in 0..8 {
        let ann = approved(&office, Action::List, "notes", None, &[]);
        let notes = ann.collection::<Note>().unwrap();
        let done: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| notes.list(None, 10).is_ok())).collect();
            all.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(done, 1);
    }
    let id = office.customer("ann");
    let ann = approved(&office, Action::Update, "customers", Some(id), &[]);
    let customers = ann.collection::<Customer>().unwrap();
    let done: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4u8)
            .map(|n| {
                scope.spawn({
                    let customers = customers.clone();
                    move || customers.update(id, |c| c.tier = Some(10 + n)).is_ok()
                })
            })
            .collect();
        all.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(done, 1);
    assert_eq!(office.world.customers().get(id).unwrap().revision.get(), 2);
    office.intact();
}

#[test]
fn read_uses_its_approval_up_durably_before_it_shows_anything() {
    let office = Office::new();
    let id = office.world.notes().insert(&Note::new("secret")).unwrap();
    let ann = approved(&office, Action::Read, "notes", Some(id), &[]);
    assert_eq!(ann.collection::<Note>().unwrap().get(id).unwrap().value.text, "secret");
    // As after a crash: only what is in the store.
    let twin = copy(&office.world.memory);
    let vault = equip(open_options(&twin), &office.hands, &Kept::default()).open().unwrap();
    let approval = ann.inner.who.approval.unwrap();
    let again = vault.tenant("acme").unwrap().session(sales("ann")).unwrap().under_approval(approval);
    assert_eq!(code(again.collection::<Note>().unwrap().get(id)), codes::APPROVAL_REQUIRED);
    assert_eq!(code(ann.collection::<Note>().unwrap().get(id)), codes::APPROVAL_REQUIRED);
    let reads = office.journal(Action::Read);
    assert_eq!(reads.iter().filter(|line| line.0 == Outcome::Permitted && line.2 == "ann").count(), 1);
}

#[test]
fn list_is_approved_as_a_whole() {
    let office = Office::new();
    for n in 0..3 {
        office.world.notes().insert(&Note::new(format!("{n}"))).unwrap();
    }
    let ann = approved(&office, Action::List, "notes", None, &[]);
    let notes = ann.collection::<Note>().unwrap();
    assert_eq!(notes.list(None, 10).unwrap().items.len(), 3);
    assert_eq!(code(notes.list(None, 10)), codes::APPROVAL_REQUIRED);
}

#[test]
fn approval_that_names_fields_is_for_these_and_no_others() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = approved(&office, Action::Update, "customers", Some(id), &["tier"]);
    let customers = ann.collection::<Customer>().unwrap();
    let both = customers.update(id, |c| (c.tier, c.name) = (Some(9), "x".to_owned()));
    assert_eq!(code(both), codes::APPROVAL_REQUIRED);
    customers.update(id, |c| c.tier = Some(9)).unwrap();
    let note = office.world.notes().insert(&Note::new("secret")).unwrap();
    let ann = approved(&office, Action::Read, "notes", Some(note), &["other"]);
    let found = ann.collection::<Note>().unwrap().get(note).unwrap();
    assert_eq!((found.value.text.as_str(), &found.withheld[..]), ("", &["text".to_owned()][..]));
}

#[test]
fn batch_uses_an_approval_up_once() {
    let office = Office::new();
    let ann = approved(&office, Action::Create, "notes", None, &[]);
    let notes = ann.collection::<Note>().unwrap();
    let mut batch = ann.batch();
    batch.insert(&notes, &Note::new("one")).unwrap();
    assert_eq!(code(batch.insert(&notes, &Note::new("two"))), codes::APPROVAL_REQUIRED);
    batch.commit().unwrap();
    assert_eq!(code(notes.insert(&Note::new("three"))), codes::APPROVAL_REQUIRED);
    let all = office.world.notes().list(None, 10).unwrap().items;
    assert_eq!(all.iter().map(|found| found.value.text.as_str()).collect::<Vec<_>>(), ["one"]);
    // A batch prepared before another act used the approval up.
    let ann = approved(&office, Action::Create, "notes", None, &[]);
    let notes = ann.collection::<Note>().unwrap();
    let mut batch = ann.batch();
    batch.insert(&notes, &Note::new("four")).unwrap();
    notes.insert(&Note::new("five")).unwrap();
    assert_eq!(code(batch.commit()), codes::APPROVAL_REQUIRED);
    office.intact();
}

#[test]
fn what_can_not_be_approved_one_by_one_is_not_asked_for() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = office.sales("ann");
    let ask = |action, record, fields: &[&str], reason: &str, time| {
        ann.because(reason).ask_approval(action, "customers", record, fields, time)
    };
    for (action, record) in [
        (Action::List, Some(id)),
        (Action::Create, Some(id)),
        (Action::Read, None),
        (Action::Approve, Some(id)),
        (Action::Suspend, None),
        (Action::BreakGlass, None),
    ] {
        assert!(matches!(ask(action, record, &[], "why", HOUR), Err(Error::NotPossible { .. })), "{action}");
    }
    for time in [Duration::ZERO, 24 * 31 * HOUR] {
        assert!(matches!(ask(Action::Read, Some(id), &[], "why", time), Err(Error::NotPossible { .. })));
    }
    assert_eq!(code(ask(Action::Read, Some(id), &[], "  ", HOUR)), codes::REASON_REQUIRED);
    let many = ["field"; 33];
    assert!(matches!(ask(Action::Read, Some(id), &many, "why", HOUR), Err(Error::TooLarge { .. })));
    assert!(matches!(ask(Action::Read, Some(id), &[], &"r".repeat(1_001), HOUR), Err(Error::TooLarge { .. })));
    let unknown = ann.because("why").ask_approval(Action::Read, "nowhere", Some(id), &[], HOUR);
    assert!(matches!(unknown, Err(Error::UnknownCollection { .. })));
    for _ in 0..20 {
        ask(Action::Read, Some(id), &[], "why", HOUR).unwrap();
    }
    assert!(matches!(ask(Action::Read, Some(id), &[], "why", HOUR), Err(Error::TooLarge { .. })));
}
