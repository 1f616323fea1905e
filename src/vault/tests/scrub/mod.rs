//! Scrubs: they find what `verify` finds, while others write, at their rate, and go on where they stopped.

mod faults;
mod pace;
mod resuming;
mod writers;

use std::time::{Duration, Instant};

use crate::audit::{Outcome, Required};
use crate::vault::check::scrub::{Pass, Step};
use crate::vault::tests::*;

/// Returns options without a rate.
fn fast() -> ScrubOptions {
    ScrubOptions::new().rows_per_second(u64::MAX)
}

fn scrub(world: &World) -> Verdict {
    world.vault.session(admin()).unwrap().scrub(fast()).unwrap().wait().unwrap().unwrap()
}

/// Waits until a scrub has come this far.
fn until(scrub: &Scrub, far: impl Fn(&ScrubProgress) -> bool) {
    let begun = Instant::now();
    while !far(&scrub.progress()) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", scrub.progress());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn core(world: &World) -> Arc<crate::vault::core::Core> {
    Arc::clone(&world.customers().session().core)
}

/// Opens a vault that nobody holds any more, as soon as the scrub's thread has closed it.
fn open_soon(memory: &Memory) -> World {
    let begun = Instant::now();
    loop {
        match World::open(memory) {
            Ok(world) => return world,
            Err(Error::InUse { .. }) => assert!(begun.elapsed() < Duration::from_secs(60)),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Returns a tenant as the vault has it in memory.
fn inner(world: &World, id: crate::model::TenantId) -> Arc<crate::vault::state::tenant::TenantCore> {
    core(world).all_tenants().into_iter().find(|tenant| tenant.id == id).unwrap()
}

/// Takes steps of one value each until the pass is over, and calls `before` before each.
fn step_by_step(world: &World, pass: &mut Pass, mut before: impl FnMut(usize, &World)) -> Verdict {
    let core = core(world);
    for step in 0.. {
        before(step, world);
        if let Step::Done(verdict) = pass.step(&core, 1).unwrap() {
            return verdict;
        }
    }
    unreachable!()
}

fn chief() -> Actor {
    Actor::new("c").with_role("chief")
}

/// Adds two tenants' customers, long and short notes, a share and a deleted record.
fn furnished(world: World) -> World {
    for n in 0..12 {
        world.add(&format!("Customer {}", n % 3), &format!("c{n}@x.org"));
    }
    let notes = world.notes();
    notes.insert(&Note::new("short")).unwrap();
    let mut dice = Dice(5);
    notes.insert(&Note::new((0..300).map(|_| dice.word()).collect::<String>())).unwrap();
    let subject = world.add("Subject", "subject@x.org");
    notes.insert_with(&Note::new("about"), NewMeta::new().about("customers", subject)).unwrap();
    let gone = world.add("Gone", "gone@x.org");
    world.customers().delete(gone).unwrap();
    let policy = roles().role("chief", |r| r.may([Action::Suspend]));
    world.vault.session(admin()).unwrap().set_policy(policy).unwrap();
    world.acme.session(chief()).unwrap().because("left the firm").suspend("mallory").unwrap();
    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Customer>().unwrap();
    globex.session(admin()).unwrap().define::<Note>().unwrap();
    let theirs = globex.session(boss()).unwrap().collection::<Customer>().unwrap();
    theirs.insert(&Customer::new("Ann Lee", "ann@x.org")).unwrap();
    world.vault.flush().unwrap();
    world
}

#[test]
fn intact_vault_is_said_to_be_intact_and_the_journal_tells_of_beginning_and_end() {
    let kept = Kept::default();
    let world = furnished(World::with(|options| options.sink(Required(kept.clone()))));
    let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
    assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
    world.vault.flush().unwrap();
    let told: Vec<_> = kept.of("verify").into_iter().map(|event| event.code().to_owned()).collect();
    assert_eq!(told, ["scrub_begun", "scrub_intact"]);
    assert!(kept.of("verify").iter().all(|event| event.actor() == Some("root")));
    let progress = world.vault.health().scrub.unwrap();
    assert_eq!((progress.phase, progress.rounds, progress.resumed), (ScrubPhase::Finished, 1, false));
    assert!(progress.rows > 50 && progress.rows == progress.rows_about, "{progress:?}");
    assert!(progress.blocks > 20);
    assert_eq!(world.verify(), Verdict::Intact);
    assert_eq!(self::scrub(&world), Verdict::Intact);
}

#[test]
fn scrub_is_an_act_that_the_policy_is_asked_about() {
    let world = World::new();
    assert!(matches!(world.vault.session(sales("s")).unwrap().scrub(fast()), Err(Error::Denied(_))));
    assert!(world.vault.health().scrub.is_none());
    let session = world.vault.session(admin()).unwrap();
    world.vault.close().unwrap();
    assert!(matches!(session.scrub(fast()), Err(Error::Closed)));
}

#[test]
fn second_scrub_is_refused_while_one_is_under_way_also_if_it_pauses_and_leaves_an_entry() {
    let kept = Kept::default();
    let world = furnished(World::with(|options| options.sink(Required(kept.clone()))));
    let first = world.vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(20)).unwrap();
    let refused = |world: &World| match world.vault.session(admin()).unwrap().scrub(fast()) {
        Err(error @ Error::NotPossible(_)) => assert!(error.to_string().contains("under way"), "{error}"),
        other => panic!("{other:?}"),
    };
    refused(&world);
    first.pause();
    until(&first, |progress| progress.paused);
    refused(&world);
    first.stop().unwrap();
    assert_eq!(first.progress().phase, ScrubPhase::Stopped);
    assert_eq!(first.wait().unwrap(), None);
    world.vault.flush().unwrap();
    let failed = kept.of("verify").into_iter().filter(|event| event.outcome() == Outcome::Failed);
    assert_eq!(failed.count(), 2);
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn rounds_follow_one_another_until_they_are_done_or_something_is_found() {
    let kept = Kept::default();
    let world = furnished(World::with(|options| options.sink(Required(kept.clone()))));
    let three = world.vault.session(admin()).unwrap().scrub(fast().rounds(3)).unwrap();
    assert_eq!(three.wait().unwrap(), Some(Verdict::Intact));
    assert_eq!(three.progress().rounds, 3);
    let forever = world.vault.session(admin()).unwrap().scrub(fast().rounds(u64::MAX)).unwrap();
    until(&forever, |progress| progress.rounds > 4);
    let (key, _) = stored(&world.memory, Space::Row).remove(3);
    put(&world.memory, &[(key, None)]);
    assert!(matches!(forever.wait().unwrap(), Some(Verdict::RowsDiffer { .. })));
    world.vault.flush().unwrap();
    assert_eq!(kept.of("verify").last().unwrap().code(), "scrub_rows_differ");
}

#[test]
fn handle_that_is_dropped_lets_the_scrub_go_on_and_keeps_no_vault_open() {
    let world = furnished(World::new());
    drop(world.vault.session(admin()).unwrap().scrub(fast()).unwrap());
    let begun = Instant::now();
    while world.vault.health().scrub.unwrap().phase != ScrubPhase::Finished {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    // Neither a handle that is kept nor the thread keeps the vault open.
    let slow = world.vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(10)).unwrap();
    let memory = world.memory.clone();
    drop(world);
    assert_eq!(slow.wait().unwrap(), None);
    assert_eq!(slow.progress().phase, ScrubPhase::Stopped);
    let world = open_soon(&memory);
    assert!(world.vault.health().notices.is_empty());
    // Nor does a scrub that drops the vault last, during a step.
    for _ in 0..20 {
        let world = World::open(&copy(&memory)).unwrap();
        let scrub = world.vault.session(admin()).unwrap().scrub(fast().rounds(u64::MAX)).unwrap();
        until(&scrub, |progress| progress.rows > 0);
        let memory = world.memory.clone();
        drop(world);
        scrub.wait().unwrap();
        open_soon(&memory);
    }
}

#[test]
fn store_that_fails_to_be_read_fails_the_scrub_and_is_no_finding() {
    use crate::store::faulty::{Fault, FaultyStore};
    let world = furnished(World::new());
    let faulty: Arc<Mutex<Option<Arc<FaultyStore>>>> = Arc::default();
    let slot = Arc::clone(&faulty);
    *world.memory.inner.around.lock().unwrap() = Some(Box::new(move |inner| {
        let store = Arc::new(FaultyStore::new(inner));
        *slot.lock().unwrap() = Some(Arc::clone(&store));
        store
    }));
    let world = world.reopen();
    let mut failed = 0;
    for fault in [Fault::Scan, Fault::Get] {
        for n in [1, 5, 20, 60] {
            faulty.lock().unwrap().as_ref().unwrap().fail(fault, n);
            let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
            match scrub.wait() {
                // A single row that couldn't be read is read again.
                Ok(verdict) => assert_eq!(verdict, Some(Verdict::Intact), "{fault:?} {n}"),
                Err(error) => {
                    failed += 1;
                    let progress = scrub.progress();
                    assert_eq!((progress.phase, progress.verdict), (ScrubPhase::Failed, None));
                    assert!(progress.trouble.unwrap().contains("a planned fault"), "{error:?}");
                }
            }
        }
    }
    assert!(failed >= 4, "{failed}");
    assert_eq!(self::scrub(&world), Verdict::Intact);
    // Each failed scrub stands in the journal.
    world.vault.close().unwrap();
    let kept = Kept::default();
    let vault = open_options(&world.memory).sink(Required(kept.clone())).open().unwrap();
    vault.flush().unwrap();
    let is_failed = |event: &&Event| (event.outcome(), event.code()) == (crate::audit::Outcome::Failed, "scrub_failed");
    let told = kept.of("verify");
    assert_eq!(told.iter().filter(is_failed).count(), failed);
    assert!(told.iter().filter(is_failed).all(|event| event.actor() == Some("root")));
}

#[test]
fn pause_and_going_on_are_written_down_under_whoever_began_the_scrub() {
    let kept = Kept::default();
    let world = furnished(World::with(|options| options.sink(Required(kept.clone()))));
    let scrub = world.vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(200)).unwrap();
    let told = || {
        world.vault.flush().unwrap();
        kept.of("verify").into_iter().map(|event| event.code().to_owned()).collect::<Vec<_>>()
    };
    let told_of = |count: usize| {
        let begun = Instant::now();
        while told().len() < count {
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", told());
        }
    };
    for round in 1..3 {
        scrub.pause();
        told_of(2 * round);
        // Pausing again changes nothing.
        scrub.pause();
        scrub.resume();
        told_of(2 * round + 1);
        scrub.resume();
    }
    scrub.pause();
    told_of(6);
    scrub.stop().unwrap();
    let all = ["begun", "paused", "resumed", "paused", "resumed", "paused", "stopped"];
    assert_eq!(told(), all.map(|code| format!("scrub_{code}")));
    assert!(kept.of("verify").iter().all(|event| event.actor() == Some("root")));
    assert_eq!(self::scrub(&world), Verdict::Intact);
}
