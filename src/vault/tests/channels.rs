//! Side channels: what somebody who may not see a row can still learn of it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::audit::Required;
use crate::model::{Clock, Timestamp};
use crate::policy::{Labels, RowLimit, all_of, codes};
use crate::vault::tests::*;

const GUESSES: usize = crate::policy::Obligation::DEFAULT_UNIQUE_TRIES as usize;

/// A clock that a test sets.
#[derive(Clone, Default)]
pub(super) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(super) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + self.0.load(Ordering::SeqCst))
    }
}

fn told<T: std::fmt::Debug>(answer: Result<T, Error>) -> (String, String) {
    match answer {
        Err(Error::Denied(denial)) => (denial.code.into_owned(), denial.for_user.into_owned()),
        other => panic!("{other:?}"),
    }
}

/// Tries every write that can enter a value twice, by an actor who sees only their own customers.
fn attempts(world: &World, actor: &Actor, own: RecordId, email: &str) -> Vec<Result<(), Error>> {
    let session = world.session(actor.clone());
    let customers = session.collection::<Customer>().unwrap();
    let value = Customer::new("Eve", email);
    let mut batch = session.batch();
    batch.insert(&customers, &value).unwrap();
    let mut imported = Vec::new();
    customers.import([value.clone()], |_, outcome| imported.push(outcome.map(drop))).unwrap();
    let mut answers = vec![
        customers.insert(&value).map(drop),
        customers.update(own, |customer| customer.email = email.to_owned()).map(drop),
        batch.commit(),
    ];
    answers.append(&mut imported);
    answers
}

/// Returns a policy under which sellers may also change an address, and so run into a taken one.
fn selling() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all())
        .role("sales", |r| r.on("customers").create().read(["name", "email"]).update(["name", "email"]).own_only())
}

#[test]
fn duplicate_of_a_row_that_the_actor_cannot_see_is_answered_as_a_refused_insert() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(selling()).sink(Required(kept.clone())));
    world.add("Ann", "ann@x.org");
    let eve = sales("eve");
    let own =
        world.session(eve.clone()).collection::<Customer>().unwrap().insert(&Customer::new("E", "e@x.org")).unwrap();
    let refused = world.session(Actor::new("eve").with_role("admin")).collection::<Customer>().unwrap();
    let refused = told(refused.insert(&Customer::new("Eve", "new@x.org")));
    assert_eq!(refused.0, codes::NOT_ALLOWED);
    let answers = attempts(&world, &eve, own, "ANN@x.org");
    assert_eq!(answers.len(), 4);
    for answer in answers {
        assert_eq!(told(answer), refused);
    }
    // The value of their own customer is called a duplicate: that customer they can see.
    for answer in attempts(&world, &eve, own, "e@x.org").into_iter().enumerate().filter(|(at, _)| *at != 1) {
        assert!(matches!(&answer.1, Err(Error::Duplicate { field, .. }) if field == "email"), "{answer:?}");
    }
    // An actor who sees all is told, and the journal holds the real reason of the refusals.
    let again = world.customers().insert(&Customer::new("Ann", "ann@x.org"));
    assert!(matches!(again, Err(Error::Duplicate { .. })));
    world.vault.flush().unwrap();
    let hidden = kept.events().into_iter().filter(|event| event.rule() == "hidden duplicate").count();
    assert_eq!(hidden, 4);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn guessing_values_of_hidden_rows_ends_in_refusals_that_tell_nothing() {
    let hands = Hands::default();
    let world = World::with(|options| options.policy(selling()).clock(hands.clone()));
    world.add("Ann", "ann@x.org");
    let session = world.session(sales("eve"));
    let (eve, ben) = (session.clone(), world.session(sales("ben")));
    let (eve, ben) = (eve.collection::<Customer>().unwrap(), ben.collection::<Customer>().unwrap());
    let own = eve.insert(&Customer::new("E", "e@x.org")).unwrap();
    let mut answers = vec![told(eve.insert(&Customer::new("Eve", "ann@x.org")))];
    // The same value again isn't counted anew; each distinct one counts, hit or miss, in batches and in threads too.
    answers.push(told(eve.insert(&Customer::new("Eve", "ann@x.org"))));
    let mut batch = session.batch();
    for n in 0..GUESSES / 2 {
        batch.insert(&eve, &Customer::new("Eve", &format!("batch{n}@x.org"))).unwrap();
    }
    drop(batch);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let eve = &eve;
            scope.spawn(move || {
                for n in 0..GUESSES / 4 - 1 {
                    eve.insert(&Customer::new("Eve", &format!("{thread}-{n}@x.org"))).unwrap();
                }
            });
        }
    });
    // A free value is now refused alike, and so are a change to one and a batch.
    answers.push(told(eve.insert(&Customer::new("Eve", "nobody@x.org"))));
    answers.push(told(eve.update(own, |customer| customer.email = "nobody@x.org".to_owned())));
    answers.push(told(session.batch().insert(&eve, &Customer::new("Eve", "nobody@x.org"))));
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    // Writes of no unique value, and other actors' writes, go on.
    eve.update(own, |customer| customer.name = "Eve".to_owned()).unwrap();
    ben.insert(&Customer::new("Ben", "ben@x.org")).unwrap();
    hands.forward(3_599);
    told(eve.insert(&Customer::new("Eve", "nobody@x.org")));
    hands.forward(2);
    eve.insert(&Customer::new("Eve", "nobody@x.org")).unwrap();
}

#[test]
fn who_may_search_everywhere_but_meets_a_hidden_row_is_limited_like_everybody() {
    let everywhere = Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all())
        .role("sales", |r| r.on("customers").create().read_all());
    let levels = Labels::levels(["open", "secret"]).on(["customers"]).unlabelled("open").trusted_role("boss");
    let world = World::with(|options| options.policy(all_of(everywhere.clone()).and(levels.clone())));
    let secret = NewMeta::new().label("secret");
    world.customers().insert_with(&Customer::new("Ann", "ann@x.org"), secret).unwrap();
    let customers: Collection<Customer> =
        world.session(sales("eve").with_attribute("clearance", "open")).collection().unwrap();
    let insert = |n: usize| customers.insert(&Customer::new("x", &format!("{n}@x.org")));
    (0..=GUESSES).for_each(|n| assert!(insert(n).is_ok()));
    assert_eq!(told(customers.insert(&Customer::new("x", "ann@x.org"))).0, codes::NOT_ALLOWED);
    assert_eq!(told(insert(GUESSES + 1)).0, codes::NOT_ALLOWED);
}

#[test]
fn role_may_be_given_fewer_or_more_unique_values_to_try() {
    for most in [3, GUESSES + 3] {
        let limit = RowLimit::new().unique_tries(most.try_into().unwrap()).role("sales");
        let world = World::with(|options| options.policy(all_of(selling()).and(limit.clone())));
        let eve = world.session(sales("eve")).collection::<Customer>().unwrap();
        let id = eve.insert(&Customer::new("Eve", "0@x.org")).unwrap();
        for n in 1..most {
            eve.insert(&Customer::new("Eve", &format!("{n}@x.org"))).unwrap();
        }
        let answers = [
            told(eve.insert(&Customer::new("Eve", "more@x.org"))),
            told(eve.update(id, |customer| customer.email = "more@x.org".to_owned())),
        ];
        assert!(answers.iter().all(|(code, _)| code == codes::NOT_ALLOWED), "{answers:?}");
    }
}
