//! Ways around the policy that were tried, and are closed.

use std::time::Duration;

use crate::audit::Required;
use crate::model::{Action, Timestamp};
use crate::policy::{
    AccessPolicy, BreakGlass, DualControl, RowLimit, Sharing, WorkingHours, all_of, any_of, codes, fallback,
};
use crate::vault::tests::*;

const GUESSES: usize = crate::policy::Obligation::DEFAULT_UNIQUE_TRIES as usize;

const HOUR: Duration = Duration::from_secs(3600);

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Denied(denial)) => denial.code.into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Returns a policy under which everybody sees all customers, but a `clerk` at most 3 that aren't their own.
fn limited() -> impl AccessPolicy {
    let all = Roles::new().role("clerk", |r| r.on("customers").read_all().update_all());
    let own = Roles::new().role("clerk", |r| r.on("customers").create().read_all().own_only());
    let rest = Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all().delete());
    any_of(all_of(all).and(RowLimit::new().per_act(3).per_hour(5).role("clerk"))).or(own).or(rest)
}

#[test]
fn rows_that_only_a_limited_permit_shows_are_limited_in_lists_though_others_are_not() {
    let world = World::with(|options| options.policy(limited()));
    for n in 0..10 {
        world.add("Ann", &format!("a{n}@x.org"));
    }
    let clerk = world.session(Actor::new("eve").with_role("clerk")).collection::<Customer>().unwrap();
    for n in 0..4 {
        clerk.insert(&Customer::new("Own", &format!("own{n}@x.org"))).unwrap();
    }
    let page = clerk.list(None, 100).unwrap();
    let others = page.items.iter().filter(|found| found.value.name != "Own").count();
    assert_eq!((others, page.items.len()), (3, 7));
}

#[test]
fn count_that_needs_approval_for_some_rows_uses_it_up() {
    let counts = Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all().delete().approve());
    let world = World::with(|options| {
        options.policy(
            all_of(counts.clone()).and(DualControl::new(1).for_acts([Action::Count]).on(["customers"]).labelled("vip")),
        )
    });
    world.add("Ann", "a@x.org");
    let meta = NewMeta::new().label("vip");
    world.customers().insert_with(&Customer::new("Vip", "v@x.org"), meta).unwrap();
    let session = world.session(boss());
    assert_eq!(session.collection::<Customer>().unwrap().count().unwrap(), 1);
    let id = session.because("why").ask_approval(HOUR, |s| s.collection::<Customer>()?.count()).unwrap();
    world.session(Actor::new("other").with_role("boss")).answer(id, true).unwrap();
    let session = session.under_approval(id);
    assert_eq!(session.collection::<Customer>().unwrap().count().unwrap(), 2);
    assert_eq!(session.collection::<Customer>().unwrap().count().unwrap(), 1);
}

#[test]
fn approval_of_an_update_shows_the_record_once() {
    let counts = Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").read(["name"]).update(["name"]))
        .role("boss", |r| r.on_any().create().read_all().update_all().delete().approve());
    let world = World::with(|options| {
        options.policy(all_of(counts.clone()).and(DualControl::new(1).for_acts([Action::Update]).on(["customers"])))
    });
    let id = world.add("Ann", "a@x.org");
    let session = world.session(sales("eve"));
    let renamed = |s: &Session| s.collection::<Customer>()?.update(id, |customer| customer.name = "Ann Lee".to_owned());
    let approval = session.because("why").ask_approval(HOUR, renamed).unwrap();
    world.session(boss()).answer(approval, true).unwrap();
    let customers = session.under_approval(approval).collection::<Customer>().unwrap();
    let mut seen = 0;
    for _ in 0..3 {
        // A change that isn't allowed, and another than was approved, still use the approval up.
        let answer = customers.update(id, |customer| {
            seen += 1;
            customer.tier = Some(9);
        });
        code(answer);
    }
    assert_eq!(seen, 1);
}

#[test]
fn import_lets_an_actor_guess_no_more_hidden_values_than_single_inserts_do() {
    let selling = Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().update_all())
        .role("sales", |r| r.on("customers").create().read(["name", "email"]).own_only());
    let kept = Kept::default();
    let world = World::with(|options| options.policy(selling.clone()).sink(Required(kept.clone())));
    for n in 0..200 {
        world.add("Ann", &format!("a{n}@x.org"));
    }
    let eve = world.session(sales("eve")).collection::<Customer>().unwrap();
    // After 200 hidden duplicates the actor learns no more: later values are refused, taken or not.
    let guesses = (0..200).map(|n| Customer::new("Eve", &format!("a{n}@x.org")));
    let free = (0..20).map(|n| Customer::new("Eve", &format!("free{n}@x.org")));
    let stored = eve.import(guesses.chain(free), |_, _| {}).unwrap();
    world.vault.flush().unwrap();
    let hidden = kept.events().into_iter().filter(|event| event.rule() == "hidden duplicate").count();
    assert_eq!((hidden, stored), (GUESSES, 0));
}

#[test]
fn list_that_shows_one_row_by_emergency_access_alarms_wherever_the_row_stands() {
    let own = Roles::new().role("admin", |r| r.administer()).role("boss", |r| r.on_any().create().read_all());
    let policy = || {
        let own = own.clone().role("doctor", |r| r.on("customers").create().read_all().own_only());
        let all = Roles::new().role("doctor", |r| r.on("customers").read_all());
        fallback(own).then(BreakGlass::new(all).role("doctor").reviewers(["boss"]))
    };
    let kept = Kept::default();
    let world = World::with(|options| options.policy(policy()).sink(Required(kept.clone())));
    let session = world.session(Actor::new("eve").with_role("doctor"));
    let customers = session.collection::<Customer>().unwrap();
    customers.insert(&Customer::new("Own", "own@x.org")).unwrap();
    world.add("Ann", "a@x.org");
    session.because("unconscious").break_glass(HOUR).unwrap();
    assert_eq!(customers.list(None, 10).unwrap().items.len(), 2);
    customers.count().unwrap();
    world.vault.flush().unwrap();
    for act in ["list", "count"] {
        assert_eq!(kept.of(act)[0].code(), codes::BREAK_GLASS, "{act}");
    }
}

#[test]
fn hours_of_a_year_far_off_are_a_mistake_and_no_panic() {
    for date in ["294000-1-1", "292277-1-1", "999999-9-9", "0000-01-01", "-001-01-01", "2026-99-99", "9999-99-99"] {
        let _ = WorkingHours::new().closed(date);
    }
    assert!(WorkingHours::new().closed("294000-1-1").check().is_err());
    for at in [i64::MIN, i64::MAX] {
        let _ = Timestamp::from_micros(at).to_string();
    }
}

/// Restricted customers are for the vip desk only; everything else is its owner's.
#[test]
fn restricted_record_answers_as_one_that_does_not_exist() {
    let sharing = || {
        Sharing::new().private("customers").restrict("vips", |r| r.on("customers").labelled("vip").except_role("boss"))
    };
    let world = World::with(|options| {
        let acts = Roles::new()
            .role("admin", |r| r.administer())
            .role("boss", |r| r.on_any().create().read_all().update_all())
            .role("sales", |r| r.on("customers").create().read_all());
        options.policy(all_of(acts).and(sharing()))
    });
    let vip = world.customers().insert_with(&Customer::new("Vip", "v@x.org"), NewMeta::new().label("vip")).unwrap();
    let plain = world.add("Ann", "a@x.org");
    let gone = RecordId::from_bytes([7; 16]);
    let eve = world.session(sales("eve")).collection::<Customer>().unwrap();
    let told = |id| match eve.get(id) {
        Err(Error::Denied(denial)) => (denial.code.into_owned(), denial.for_user.into_owned(), denial.forbids),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(plain).0, told(gone).0);
    assert_eq!(told(vip).0, told(gone).0);
}
