//! Questions: every entry that fits, once, in order, for actors whom the policy lets ask.

use crate::vault::tests::questions::*;
use crate::vault::{JournalCursor, JournalQuery};

/// An act, as the test remembers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Done {
    at: Timestamp,
    actor: String,
    act: String,
    outcome: String,
    code: String,
    /// Pseudonym and number.
    of: Option<(String, u32)>,
}

impl From<&Event> for Done {
    fn from(event: &Event) -> Self {
        Self {
            at: event.time(),
            actor: event.actor().unwrap().to_owned(),
            act: event.action().to_owned(),
            outcome: event.outcome().name().to_owned(),
            code: event.code().to_owned(),
            of: event.subjects().first().map(|subject| (subject.pseudonym(), subject.number())),
        }
    }
}

/// A test of whether an act fits a question.
type Fits = Box<dyn Fn(&Done) -> bool>;

/// An office, the acts done in it by hand, and the people they are about.
struct Past {
    office: Office,
    globex: Tenant,
    done: Vec<Done>,
    /// Customers and the notes about them.
    people: Vec<(&'static str, RecordId, (String, u32))>,
}

impl Past {
    fn new(acts: usize, dice: &mut Dice) -> Self {
        let office = Office::new();
        let globex = office.world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
        globex.session(admin()).unwrap().define::<Customer>().unwrap();
        let mut past = Self { office, globex, done: Vec::new(), people: Vec::new() };
        past.add();
        for _ in 0..acts {
            past.act(dice);
        }
        past
    }

    fn note(&mut self, actor: &str, act: &str, outcome: &str, code: &str, of: Option<(String, u32)>) {
        let (actor, act, outcome, code) = (actor.into(), act.into(), outcome.into(), code.into());
        self.done.push(Done { at: self.office.hands.now(), actor, act, outcome, code, of });
    }

    /// Adds a customer and a note about them.
    fn add(&mut self) {
        self.office.tick();
        let (n, customers) = (self.people.len(), self.office.world.customers());
        let id = customers.insert(&Customer::new("Ann", &format!("a{n}@x.org"))).unwrap();
        let of = (customers.get(id).unwrap().meta.pseudonym(), 0);
        self.note("b", "create", "permitted", "", Some(of.clone()));
        self.note("b", "read", "permitted", "", Some(of.clone()));
        self.people.push(("customers", id, of.clone()));
        self.office.tick();
        let about = NewMeta::new().about("customers", id);
        let note = self.office.world.notes().insert_with(&Note::new("n"), about).unwrap();
        let number = (of.0, 1);
        self.note("b", "create", "permitted", "", Some(number.clone()));
        self.people.push(("notes", note, number));
    }

    fn act(&mut self, dice: &mut Dice) {
        // Hours pass in a moment here: buffered entries would be written down among much later acts.
        self.office.world.vault.flush().unwrap();
        self.office.hands.forward(1 + i64::try_from(dice.next() % 5_000).unwrap());
        let sellers = [sales("s-1"), sales("s-2"), boss(), Actor::new("stranger")];
        let actor = sellers[(dice.next() % 4) as usize].clone();
        let (kind, id, of) = self.people[(dice.next() % self.people.len() as u64) as usize].clone();
        let who = actor.id().to_owned();
        let stranger = who == "stranger";
        let refused = |code: &'static str| (stranger, if stranger { "no_role" } else { code });
        let session = self.office.world.session(actor);
        match dice.next() % 9 {
            0 => {
                let answer = match kind {
                    "customers" => session.collection::<Customer>().unwrap().get(id).map(drop),
                    _ => session.collection::<Note>().unwrap().get(id).map(drop),
                };
                assert_eq!(answer.is_err(), stranger);
                let (denied, code) = refused("");
                self.note(&who, "read", if denied { "denied" } else { "permitted" }, code, Some(of));
            }
            1 if kind == "customers" => {
                let (denied, code) = refused("");
                let changed = session.collection::<Customer>().unwrap().update(id, |c| c.name.push('x'));
                assert_eq!(changed.is_err(), stranger);
                if denied {
                    self.note(&who, "update", "denied", code, Some(of));
                } else {
                    self.note(&who, "update", "permitted", "", Some(of.clone()));
                    self.note(&who, "update", "permitted", "", Some(of));
                }
            }
            2 => {
                let missing = session.collection::<Customer>().unwrap().get(RecordId::from_bytes([7; 16]));
                assert!(missing.is_err());
                let (denied, code) = refused("not_found");
                self.note(&who, "read", if denied { "denied" } else { "failed" }, code, None);
            }
            3 => {
                let event = crate::vault::HostEvent::login(session.actor()).code("password");
                self.office.acme().session(Actor::new("server")).unwrap().journal().record(event).unwrap();
                self.note(&who, "host_login", "permitted", "password", None);
            }
            4 => self.add(),
            // Acts in another tenant.
            5 => {
                let theirs = self.globex.session(boss()).unwrap().collection::<Customer>().unwrap();
                theirs.insert(&Customer::new("Bo", &format!("{}@x.org", dice.next()))).unwrap();
            }
            6 => self.office.world.vault.flush().unwrap(),
            7 => drop(self.office.world.vault.session(admin()).unwrap().head().unwrap()),
            _ => {}
        }
    }

    /// Returns the remembered acts that fit, in order of time.
    fn expected(&self, fits: impl Fn(&Done) -> bool) -> Vec<Done> {
        let mut done: Vec<Done> = self.done.iter().filter(|done| fits(done)).cloned().collect();
        done.sort();
        done
    }
}

/// Returns all pages of a question, without the entries of questions themselves.
fn answer(query: &JournalQuery, limit: usize, newest_first: bool) -> Vec<Event> {
    let mut all = Vec::new();
    for page in query.pages(limit) {
        let page = page.unwrap();
        assert!(page.entries.len() <= limit);
        all.extend(page.entries);
    }
    let places: Vec<_> = all.iter().map(|event| (event.position(), event.index())).collect();
    let mut sorted = places.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if newest_first {
        sorted.reverse();
    }
    assert_eq!(places, sorted, "every entry once, in order");
    let questions = |event: &Event| matches!(event.action(), "read_journal" | "define" | "create_tenant");
    all.into_iter().filter(|event| !questions(event)).collect()
}

fn done(events: &[Event]) -> Vec<Done> {
    let mut done: Vec<Done> = events.iter().map(Done::from).collect();
    done.sort();
    done
}

#[test]
fn random_questions_about_random_acts_have_every_entry_that_fits_once() {
    for seed in 1..crate::tests::amount(2, 4) {
        let mut dice = Dice(seed * 77);
        let past = Past::new(160, &mut dice);
        let root = admin();
        let (first, last) = (past.done[0].at, past.office.hands.now());
        for _ in 0..25 {
            let mut query = past.office.acme().session(root.clone()).unwrap().journal().entries();
            let mut fits: Vec<Fits> = Vec::new();
            let one = past.done[(dice.next() % past.done.len() as u64) as usize].clone();
            let which = dice.next();
            if which & 1 != 0 {
                query = query.by_actor(&*one.actor);
                let actor = one.actor.clone();
                fits.push(Box::new(move |done| done.actor == actor));
            }
            match (which >> 1) % 4 {
                0 => {
                    let (kind, id, of) = past.people[(dice.next() % past.people.len() as u64) as usize].clone();
                    query = query.of_record(kind, id);
                    fits.push(Box::new(move |done| done.of.as_ref() == Some(&of)));
                }
                1 => {
                    let (_, _, of) = past.people[(dice.next() % past.people.len() as u64) as usize].clone();
                    query = query.of_subject(&*of.0);
                    fits.push(Box::new(move |done| done.of.as_ref().is_some_and(|(who, _)| *who == of.0)));
                }
                _ => {}
            }
            if which & 16 != 0 {
                query = match Action::from_name(&one.act) {
                    Some(action) => query.action(action),
                    None => query.act(&*one.act),
                };
                let act = one.act.clone();
                fits.push(Box::new(move |done| done.act == act));
            }
            if which & 32 != 0 {
                let outcome = [Outcome::Permitted, Outcome::Denied, Outcome::Failed][(which >> 40) as usize % 3];
                query = query.outcome(outcome);
                fits.push(Box::new(move |done| done.outcome == outcome.name()));
            }
            if which & 64 != 0 && which & 128 != 0 {
                query = query.code(&*one.code);
                let code = one.code.clone();
                fits.push(Box::new(move |done| done.code == code));
            }
            if which & 256 != 0 {
                let span = (last.as_micros() - first.as_micros()) as u64;
                let at = |n: u64| Timestamp::from_micros(first.as_micros() + (n % span) as i64);
                let (mut from, mut until) = (at(dice.next()), at(dice.next()));
                if from > until {
                    (from, until) = (until, from);
                }
                // From, or until, the exact time of an act.
                if which & 512 != 0 {
                    (from, until) = (one.at, until.max(one.at));
                } else if which & 1024 != 0 {
                    (from, until) = (from.min(one.at), one.at);
                }
                query = query.between(from, until);
                fits.push(Box::new(move |done| done.at >= from && done.at < until));
            }
            let newest_first = which & 2048 != 0;
            if newest_first {
                query = query.newest_first();
            }
            let limit = [1, 2, 7, 1_000][(dice.next() % 4) as usize];
            let found = answer(&query, limit, newest_first);
            assert_eq!(done(&found), past.expected(|done| fits.iter().all(|fit| fit(done))), "{which:b}");
        }
    }
}

#[test]
fn pages_go_on_by_a_text_after_the_vault_was_opened_again_and_new_entries_are_not_in_them() {
    let past = Past::new(60, &mut Dice(5));
    let root = admin();
    let all =
        answer(&past.office.acme().session(root.clone()).unwrap().journal().entries().newest_first(), 1_000, true);
    for newest_first in [false, true] {
        let ask = |office: &Office, after: Option<&JournalCursor>| {
            let query = office.world.acme.session(root.clone()).unwrap().journal().entries();
            let query = if newest_first { query.newest_first() } else { query };
            let page = query.page(9, after).unwrap();
            (page.entries, page.next.map(|next| next.to_string()))
        };
        let past = Past::new(60, &mut Dice(5));
        let (mut events, mut next) = ask(&past.office, None);
        let mut office = past.office;
        while let Some(text) = next {
            office.tick();
            office.world.add("New", &format!("{text}@x.org"));
            office = office.reopen();
            let (more, after) = ask(&office, Some(&text.parse().unwrap()));
            events.extend(more);
            next = after;
        }
        let events: Vec<Event> = events.into_iter().filter(|event| event.tenant().is_some()).collect();
        assert_eq!(done(&events).len(), events.len());
        let work = |event: &&Event| !matches!(event.action(), "read_journal" | "define" | "create_tenant");
        assert_eq!(events.iter().filter(work).count(), all.len());
    }
}

#[test]
fn question_is_on_record_with_whom_it_is_about_before_its_answer_is_given() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let (root, of) = (admin().with_device("desk").with_session("s"), office.pseudonym(id));
    let query = office
        .acme()
        .session(root.clone())
        .unwrap()
        .because("request 12")
        .journal()
        .entries()
        .by_actor("b")
        .of_record("customers", id);
    let page = query.page(10, None).unwrap();
    assert_eq!((page.entries.len(), page.next), (2, None));
    let asked = office.latest("read_journal");
    assert_eq!((asked.actor(), asked.device(), asked.session()), (Some("root"), Some("desk"), Some("s")));
    assert_eq!((asked.code(), asked.party(), asked.reason()), ("journal", Some("actor:b"), Some("request 12")));
    assert_eq!(
        (asked.rows(), asked.subjects()[0].pseudonym(), asked.outcome()),
        (Some(2), of.clone(), Outcome::Permitted)
    );
    assert!(asked.policy().is_some() && !asked.rule().is_empty() && asked.collection().is_some());
    // A question isn't in its own answer, but in the next one's.
    let asked: Vec<_> = office
        .acme()
        .session(root.clone())
        .unwrap()
        .journal()
        .entries()
        .of_subject(&*of)
        .action(Action::ReadJournal)
        .pages(5)
        .collect();
    assert_eq!(asked.into_iter().map(|page| page.unwrap().entries.len()).sum::<usize>(), 1);
    // A deleted record can be asked about as before.
    office.world.customers().delete(id).unwrap();
    let page = query.page(10, None).unwrap();
    assert_eq!(page.entries.last().unwrap().action(), "delete");
}

#[test]
fn only_whom_the_policy_lets_asks_and_every_refusal_is_on_record() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    let (root, seller) = (admin(), sales("s"));
    for (acme, vault) in [(true, false), (false, true)] {
        let denied_to = |actor: &Actor| match (acme, vault) {
            (true, _) => denied(office.acme().session(actor.clone()).unwrap().journal().entries().page(10, None)),
            _ => denied(office.world.vault.session(actor.clone()).unwrap().journal().entries().page(10, None)),
        };
        assert_eq!(denied_to(&seller), codes::NOT_ALLOWED);
        let refused = office.latest("read_journal");
        assert_eq!((refused.actor(), refused.outcome()), (Some("s"), Outcome::Denied));
        assert_eq!(refused.tenant().is_some(), acme);
    }
    assert_eq!(
        denied(office.acme().session(seller.clone()).unwrap().journal().disclosures().by_actor("b").report()),
        codes::NOT_ALLOWED
    );
    let other = Actor::new("root-2").with_role("admin");
    office.acme().session(root.clone()).unwrap().because("left").suspend("root-2").unwrap();
    assert_eq!(
        denied(office.acme().session(other.clone()).unwrap().journal().entries().page(10, None)),
        codes::SUSPENDED
    );
    assert_eq!(
        denied(office.acme().session(other.clone()).unwrap().journal().disclosures().report()),
        codes::SUSPENDED
    );
    // Questions without an answer are written down too.
    let ask = |collection: &str, id| {
        office.acme().session(root.clone()).unwrap().journal().entries().of_record(collection, id).page(10, None)
    };
    assert!(matches!(ask("nothing", id), Err(Error::UnknownCollection { .. })));
    assert_eq!(office.latest("read_journal").code(), "unknown_collection");
    assert!(matches!(ask("customers", RecordId::from_bytes([1; 16])), Err(Error::NotFound)));
    assert_eq!(office.latest("read_journal").code(), "not_found");
    let vault = &office.world.vault;
    assert!(matches!(
        vault.session(root.clone()).unwrap().journal().entries().of_record("customers", id).page(1, None),
        Err(Error::NotPossible(_))
    ));
    let nobody = office.acme().session(root.clone()).unwrap().journal().entries().of_subject("nobody").page(1, None);
    assert!(matches!(nobody, Err(Error::NotPossible(_))));
    let long =
        office.acme().session(root.clone()).unwrap().journal().entries().by_actor("a".repeat(1_001)).page(1, None);
    assert!(matches!(long, Err(Error::BadName { .. })));
    // A frozen tenant's journal can still be read.
    office.acme().session(root.clone()).unwrap().because("incident").freeze(crate::vault::Freeze::Closed).unwrap();
    assert!(
        !office.acme().session(root.clone()).unwrap().journal().entries().page(10, None).unwrap().entries.is_empty()
    );
    let journal = office.acme().session(root.clone()).unwrap().journal();
    office.world.vault.close().unwrap();
    assert!(matches!(journal.entries().page(10, None), Err(Error::Closed)));
    assert!(matches!(journal.disclosures().report(), Err(Error::Closed)));
}

#[test]
fn vaults_own_journal_shows_its_own_acts_and_no_tenants() {
    let office = Office::new();
    let id = office.world.add("Ann", "ann@x.org");
    office.world.customers().get(id).unwrap();
    office.world.vault.session(admin()).unwrap().head().unwrap();
    let root = admin();
    let own: Vec<Event> =
        office.world.vault.session(root.clone()).unwrap().journal().entries().page(100, None).unwrap().entries;
    let acts: Vec<&str> = own.iter().map(Event::action).collect();
    assert_eq!(acts, ["create_vault", "create_tenant", "verify"]);
    assert!(own.iter().all(|event| event.tenant().is_none()));
    let tenants = office.acme().session(root.clone()).unwrap().journal().entries().page(100, None).unwrap().entries;
    assert!(tenants.len() > 4 && tenants.iter().all(|event| event.tenant() == Some(office.acme().id())));
    // The events are the same as a sink's.
    let kept = office.kept.events();
    assert!(own.iter().chain(&tenants).all(|event| kept.contains(event)));
}

#[test]
fn entries_dropped_from_the_front_are_passed_over_and_a_missing_one_among_others_is_damage() {
    let past = Past::new(200, &mut Dice(9));
    let root = admin();
    let all = answer(&past.office.acme().session(root.clone()).unwrap().journal().entries(), 50, false);
    let middle = SEGMENT;
    assert!(all.first().unwrap().position() < middle && all.last().unwrap().position() > middle);
    past.office.drop_before(middle);
    for limit in [3, 100] {
        for newest_first in [false, true] {
            let query = past.office.acme().session(root.clone()).unwrap().journal().entries();
            let query = if newest_first { query.newest_first() } else { query };
            let left: Vec<Event> = all.iter().filter(|event| event.position() >= middle).cloned().collect();
            assert_eq!(done(&answer(&query, limit, newest_first)), done(&left));
            // From a time whose blocks were dropped.
            let query = query.between(past.done[0].at, past.office.hands.now());
            let query: Vec<Event> = answer(&query, limit, newest_first);
            assert!(!query.is_empty() && query.iter().all(|event| event.position() >= middle));
        }
    }
    let gone = all.iter().map(Event::position).filter(|position| *position > middle).min().unwrap();
    past.office.remove_blocks(|position| position == gone);
    let damaged =
        past.office.acme().session(root.clone()).unwrap().journal().entries().pages(1_000).find_map(Result::err);
    assert!(matches!(damaged, Some(Error::Damaged { .. })));
}

#[test]
fn entries_that_somebody_removed_from_the_front_are_damage_and_not_taken_for_dropped() {
    let office = Office::new();
    let (root, id) = (admin(), office.world.add("Ann", "ann@x.org"));
    office.world.customers().get(id).unwrap();
    office.world.vault.flush().unwrap();
    let before = office.world.vault.health().journal_blocks;
    office.world.customers().update(id, |customer| customer.tier = None).unwrap();
    office.remove_blocks(|position| position < before);
    for newest_first in [false, true] {
        let query = office.acme().session(root.clone()).unwrap().journal().entries();
        let query = if newest_first { query.newest_first() } else { query };
        let answer: Result<Vec<_>, Error> = query.pages(100).collect();
        assert!(matches!(answer, Err(Error::Damaged { .. })), "{newest_first}");
    }
    assert!(matches!(
        office.acme().session(root.clone()).unwrap().journal().disclosures().report(),
        Err(Error::Damaged { .. })
    ));
    assert!(matches!(history(&office.world.customers(), id, None, 10), Err(Error::Damaged { .. })));
}

#[test]
fn clock_set_back_by_less_than_an_hour_hides_nothing() {
    let office = Office::new();
    let root = admin();
    let mut ids = Vec::new();
    for n in 0..14 {
        office.hands.forward(if n % 2 == 0 { 3_500 } else { -3_000 });
        ids.push((office.hands.now(), office.world.add("Ann", &format!("a{n}@x.org"))));
    }
    for (from, _) in &ids {
        for (until, _) in &ids {
            let expected = ids.iter().filter(|(at, _)| at >= from && at < until).count();
            let page = office
                .acme()
                .session(root.clone())
                .unwrap()
                .journal()
                .entries()
                .action(Action::Create)
                .between(*from, *until)
                .page(100, None);
            if until < from {
                let report = office
                    .acme()
                    .session(root.clone())
                    .unwrap()
                    .journal()
                    .disclosures()
                    .between(*from, *until)
                    .report();
                assert!(matches!(page, Err(Error::NotPossible(_))));
                assert!(matches!(report, Err(Error::NotPossible(_))));
                continue;
            }
            assert_eq!(page.unwrap().entries.len(), expected);
        }
    }
}
