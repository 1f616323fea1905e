//! Approvals.

use crate::vault::tests::facts::*;

/// Returns ann's session under a request that bo and cy have approved.
fn approved<T>(office: &Office, act: impl FnOnce(&Session) -> Result<T, Error>) -> Session {
    let ann = office.sales("ann");
    let id = ann.because("ticket 4711").ask_approval(HOUR, act).unwrap();
    office.sales("bo").answer(id, true).unwrap();
    office.sales("cy").answer(id, true).unwrap();
    ann.under_approval(id)
}

fn delete(session: &Session, id: RecordId) -> Result<(), Error> {
    session.collection::<Customer>().unwrap().delete(id)
}

/// Asks for ann's removal of a customer.
fn ask(office: &Office, id: RecordId) -> Result<RecordId, Error> {
    office.sales("ann").because("why").ask_approval(HOUR, |session| delete(session, id))
}

fn open(session: &Session) -> Vec<ApprovalRequest> {
    session.approvals(None, 1_000).unwrap()
}

fn insert(session: &Session, text: &str) -> Result<RecordId, Error> {
    session.collection::<Note>()?.insert(&Note::new(text))
}

#[test]
fn nobody_uses_up_the_room_that_is_left_by_asking_for_approval_or_looking_at_requests() {
    let office = Office::new();
    let (id, other) = (office.customer("ann"), office.customer("ann"));
    let (request, second) = (ask(&office, id).unwrap(), ask(&office, id).unwrap());
    office.sales("ann").inner.core.reserve.run_out();
    for _ in 0..3 {
        assert!(matches!(ask(&office, id), Err(Error::Full)));
    }
    let mole = office.sales("mole");
    let looks = (0..5_000).take_while(|_| mole.approvals(None, 10).is_ok()).count();
    assert_eq!(looks, 1_024 - 3, "a request that failed is on record, too");
    let before = office.world.vault.health().journal_blocks;
    assert!((0..100).all(|_| matches!(mole.approvals(None, 10), Err(Error::Full))));
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
fn requests_of_one_actor_at_once_pass_no_limit() {
    let office = Office::new();
    let id = office.customer("ann");
    let asked: usize = std::thread::scope(|scope| {
        let ask = || (0..10).filter(|_| ask(&office, id).is_ok()).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((asked, open(&office.sales("bo")).len()), (20, 20));
}

#[test]
fn act_that_others_approved_is_done_once_and_not_twice() {
    let office = Office::new();
    let (id, other) = (office.customer("ann"), office.customer("ann"));
    assert_eq!(code(delete(&office.sales("ann"), id)), codes::APPROVAL_REQUIRED);
    let ann = approved(&office, |session| delete(session, id));
    // Not for another record, another act or another person.
    assert_eq!(code(delete(&ann, other)), codes::APPROVAL_REQUIRED);
    let customers = ann.collection::<Customer>().unwrap();
    assert_eq!(code(customers.update(id, |c| c.tier = Some(9))), codes::APPROVAL_REQUIRED);
    let approval = open(&ann)[0].id;
    assert_eq!(code(delete(&office.sales("bo").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    delete(&ann, id).unwrap();
    assert!(open(&ann).is_empty());
    let office = office.reopen();
    office.intact();
    assert!(open(&office.sales("ann")).is_empty());
    let answer = office.sales("dan").answer(approval, true);
    assert!(matches!(answer, Err(Error::NotPossible(_))), "{answer:?}");
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
    let approval = ask(&office, id).unwrap();
    office.sales("bo").answer(approval, true).unwrap();
    let office = office.reopen();
    let found = open(&office.sales("cy"));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].actor.as_str(), found[0].action), (approval, "ann", Action::Delete));
    assert_eq!((found[0].collection.as_deref(), found[0].record), (Some("customers"), Some(id)));
    assert_eq!(
        (found[0].reason.as_str(), &found[0].about[..]),
        ("why", &[("revision".to_owned(), "1".to_owned())][..])
    );
    assert_eq!((found[0].wanted, &found[0].approved_by[..]), (Some(2), &["bo".to_owned()][..]));
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    office.sales("cy").answer(approval, true).unwrap();
    let office = office.reopen();
    office.hands.pass(HOUR);
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    assert!(open(&office.sales("cy")).is_empty());
    // The next request removes the expired one.
    assert_eq!(facts_stored(&office).len(), 1);
    ask(&office, id).unwrap();
    assert_eq!(facts_stored(&office).len(), 1);
    office.intact();
}

#[test]
fn nobody_answers_their_own_request_or_twice_and_a_no_ends_it() {
    let office = Office::new();
    let id = office.customer("ann");
    let approval = ask(&office, id).unwrap();
    assert_eq!(code(office.sales("ann").answer(approval, true)), codes::OWN_REQUEST);
    office.sales("bo").answer(approval, true).unwrap();
    assert_eq!(code(office.sales("bo").answer(approval, true)), codes::ANSWERED);
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
    let stranger = office.world.session(Actor::new("x"));
    assert_eq!(code(stranger.answer(approval, true)), "stranger");
    assert_eq!(code(stranger.answer(RecordId::from_bytes([1; 16]), true)), "stranger");
    assert!(matches!(office.sales("bo").answer(RecordId::from_bytes([1; 16]), true), Err(Error::NotFound)));
    assert!(open(&stranger).is_empty());
    office.sales("cy").answer(approval, false).unwrap();
    for who in ["dan", "eve"] {
        assert!(matches!(office.sales(who).answer(approval, true), Err(Error::NotPossible(_))));
    }
    assert_eq!(code(delete(&office.sales("ann").under_approval(approval), id)), codes::APPROVAL_REQUIRED);
}

#[test]
fn answer_of_a_suspended_person_does_not_count() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = approved(&office, |session| delete(session, id));
    office.world.acme.session(admin()).unwrap().because("left").suspend("bo").unwrap();
    assert_eq!(code(delete(&ann, id)), codes::APPROVAL_REQUIRED);
    office.world.acme.session(admin()).unwrap().because("is back").reinstate("bo").unwrap();
    delete(&ann, id).unwrap();
}

#[test]
fn two_threads_under_one_approval_do_one_act() {
    let office = Office::new();
    for _ in 0..8 {
        let ann = approved(&office, |session| session.collection::<Note>()?.list(None, 10));
        let notes = ann.collection::<Note>().unwrap();
        let done: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| notes.list(None, 10).is_ok())).collect();
            all.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(done, 1);
    }
    let id = office.customer("ann");
    let update = |customers: &Collection<Customer>| customers.update(id, |c| c.tier = Some(10));
    let ann = approved(&office, |session| update(&session.collection()?));
    let customers = ann.collection::<Customer>().unwrap();
    let done: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| update(&customers).is_ok())).collect();
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
    let ann = approved(&office, |session| session.collection::<Note>()?.get(id));
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
    let ann = approved(&office, |session| session.collection::<Note>()?.list(None, 10));
    let notes = ann.collection::<Note>().unwrap();
    assert_eq!(notes.list(None, 10).unwrap().items.len(), 3);
    assert_eq!(code(notes.list(None, 10)), codes::APPROVAL_REQUIRED);
}

#[test]
fn batch_uses_an_approval_up_once() {
    let office = Office::new();
    let ann = approved(&office, |session| insert(session, "one"));
    let notes = ann.collection::<Note>().unwrap();
    let mut batch = ann.batch();
    batch.insert(&notes, &Note::new("one")).unwrap();
    assert_eq!(code(batch.insert(&notes, &Note::new("one"))), codes::APPROVAL_REQUIRED);
    batch.commit().unwrap();
    assert_eq!(code(insert(&ann, "one")), codes::APPROVAL_REQUIRED);
    let all = office.world.notes().list(None, 10).unwrap().items;
    assert_eq!(all.iter().map(|found| found.value.text.as_str()).collect::<Vec<_>>(), ["one"]);
    // A batch prepared before another act used the approval up.
    let ann = approved(&office, |session| insert(session, "two"));
    let notes = ann.collection::<Note>().unwrap();
    let mut batch = ann.batch();
    batch.insert(&notes, &Note::new("two")).unwrap();
    notes.insert(&Note::new("two")).unwrap();
    assert_eq!(code(batch.commit()), codes::APPROVAL_REQUIRED);
    office.intact();
}

#[test]
fn what_nobody_has_to_approve_or_can_is_not_asked_for_and_not_done() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = office.sales("ann").because("why");
    let not = |result: Result<RecordId, Error>| assert!(matches!(result, Err(Error::NotPossible(_))), "{result:?}");
    not(ann.ask_approval(HOUR, |session| session.collection::<Customer>()?.get(id)));
    not(ann.ask_approval(HOUR, |session| session.collection::<Customer>()?.update(id, |c| c.name = "New".to_owned())));
    not(ann.ask_approval(HOUR, |session| session.collection::<Customer>()?.update(id, |_| {})));
    not(ann.ask_approval(HOUR, |session| session.break_glass(HOUR)));
    ann.break_glass(HOUR).unwrap();
    not(ann.ask_approval(HOUR, Session::end_emergency));
    assert!(ann.end_emergency().unwrap());
    not(ann.ask_approval(HOUR, |session| session.approvals(None, 10)));
    not(ann.ask_approval(HOUR, |_| Ok(())));
    for time in [Duration::ZERO, 24 * 31 * HOUR] {
        not(ann.ask_approval(time, |session| delete(session, id)));
    }
    // The second act is neither asked for nor done, within the request or behind it.
    let other = office.customer("ann");
    let mut kept = None;
    not(ann.ask_approval(HOUR, |session| {
        kept = Some(session.clone());
        assert!(delete(session, id).is_err());
        delete(session, other)
    }));
    assert!(delete(&kept.unwrap(), other).is_err());
    assert_eq!(open(&ann).iter().map(|request| request.record).collect::<Vec<_>>(), [Some(id)]);
    let customers = office.world.customers();
    assert_eq!((customers.get(id).unwrap().value.name.as_str(), customers.count().unwrap()), ("ann0", 2));
    assert_eq!(code(ann.because("  ").ask_approval(HOUR, |session| delete(session, id))), codes::REASON_REQUIRED);
    let long = ann.because("r".repeat(1_001)).ask_approval(HOUR, |session| delete(session, id));
    assert!(matches!(long, Err(Error::TooLarge { .. })));
    assert_eq!(
        code(office.world.session(Actor::new("x")).ask_approval(HOUR, |session| delete(session, id))),
        "stranger"
    );
    let gone = RecordId::from_bytes([7; 16]);
    assert!(matches!(ann.ask_approval(HOUR, |session| delete(session, gone)), Err(Error::NotFound)));
    for _ in 0..19 {
        ask(&office, id).unwrap();
    }
    assert!(matches!(ask(&office, id), Err(Error::TooLarge { .. })));
    office.intact();
}

#[test]
fn answered_approval_ends_a_day_after_its_last_answer() {
    let office = Office::new();
    let id = office.customer("ann");
    let ann = office.sales("ann").because("why");
    let request = ann.ask_approval(24 * 30 * HOUR, |session| delete(session, id)).unwrap();
    office.hands.pass(24 * 20 * HOUR);
    office.sales("bo").answer(request, true).unwrap();
    office.hands.pass(23 * HOUR);
    office.sales("cy").answer(request, true).unwrap();
    office.hands.pass(HOUR);
    assert_eq!(code(delete(&ann.under_approval(request), id)), codes::APPROVAL_REQUIRED);
}

#[test]
fn real_request_is_found_behind_any_number_of_others() {
    let office = Office::new();
    let junk: Vec<RecordId> = (0..3).map(|_| office.customer("ann")).collect();
    let real = ask(&office, junk[0]).unwrap();
    office.hands.pass(Duration::from_millis(1));
    for n in 0..64 {
        let one = office.sales(&format!("mole-{n}")).because("junk");
        for _ in 0..20 {
            office.hands.pass(Duration::from_millis(u64::from(n % 2 == 0)));
            one.ask_approval(HOUR, |session| delete(session, junk[1])).unwrap();
        }
    }
    let (bo, mut after, mut found) = (office.sales("bo"), None, Vec::new());
    for _ in 0..3 {
        let page = bo.approvals(after, 1_000).unwrap();
        after = page.last().map(|last| last.id).or(after);
        found.extend(page);
    }
    let millisecond = |request: &ApprovalRequest| request.asked.as_micros() / 1_000;
    assert!(found.windows(2).all(|pair| millisecond(&pair[0]) >= millisecond(&pair[1])));
    assert_eq!((found.len(), found.last().unwrap().id), (1_281, real));
    assert_eq!(office.sales("ann").approvals(None, 1).unwrap().len(), 1);
    for limit in [0, 1_001] {
        assert!(matches!(bo.approvals(None, limit), Err(Error::BadLimit { .. })));
    }
}

#[test]
fn list_of_requests_opens_no_record() {
    let office = Office::new();
    let id = office.customer("ann");
    let request = ask(&office, id).unwrap();
    let key = key_of(&office.world.customers(), id);
    let row = store(&office.world.memory).get(&key).unwrap().unwrap();
    let mut damaged = row.clone();
    *damaged.last_mut().unwrap() ^= 1;
    damaged[40] ^= 1;
    put(&office.world.memory, &[(key.clone(), Some(damaged))]);
    assert!(matches!(office.customers_of("ann").get(id), Err(Error::Damaged { .. })));
    assert_eq!(open(&office.sales("bo")).len(), 1);
    assert!(matches!(office.sales("bo").answer(request, true), Err(Error::Damaged { .. })));
    put(&office.world.memory, &[(key, Some(row))]);
    office.sales("bo").answer(request, true).unwrap();
    office.world.customers().delete(id).unwrap();
    assert_eq!(open(&office.sales("bo")).len(), 1);
    office.intact();
}
