//! Scrubs that go on where they stopped.

use crate::format::place;
use crate::vault::check::scrub::{resume, save};
use crate::vault::tests::scrub::*;

/// Takes steps until this many terms of tenants have been read.
fn read(world: &World, pass: &mut Pass, terms: u64) {
    let core = core(world);
    while pass.terms() < terms {
        assert!(matches!(pass.step(&core, 1).unwrap(), Step::On(_)));
    }
}

fn kept(memory: &Memory) -> usize {
    stored(memory, Space::Scrub).len()
}

#[test]
fn scrub_goes_on_where_it_was_after_a_stop_a_close_and_a_drop() {
    let world = furnished(World::new());
    let slow = || ScrubOptions::new().rows_per_second(100);
    let scrub = world.vault.session(admin()).unwrap().scrub(slow()).unwrap();
    until(&scrub, |progress| progress.rows > 10);
    scrub.stop().unwrap();
    let first = scrub.progress();
    assert_eq!((first.resumed, kept(&world.memory)), (false, 3));
    let scrub = world.vault.session(admin()).unwrap().scrub(slow()).unwrap();
    until(&scrub, |progress| progress.rows > first.rows + 5);
    let second = scrub.progress();
    assert!(second.resumed && second.blocks >= first.blocks);
    let world = world.reopen();
    assert_eq!(scrub.wait().unwrap(), None);
    let closed = scrub.progress();
    let scrub = world.vault.session(admin()).unwrap().scrub(slow()).unwrap();
    until(&scrub, |progress| progress.rows > closed.rows);
    assert!(scrub.progress().resumed);
    let memory = world.memory.clone();
    drop(world);
    let dropped = scrub.progress();
    let world = open_soon(&memory);
    let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
    assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
    assert!(scrub.progress().resumed && scrub.progress().rows > dropped.rows);
    assert_eq!(kept(&memory), 0, "what is through leaves nothing behind");
}

#[test]
fn tenant_that_nobody_wrote_to_is_gone_on_with_and_another_is_begun_again() {
    let world = furnished(World::new());
    let core = core(&world);
    for write in [false, true] {
        let mut pass = Pass::new(&core).unwrap();
        read(&world, &mut pass, 20);
        let (at, terms) = (pass.cursor().unwrap(), pass.terms());
        save(&core, &pass).unwrap();
        drop(pass);
        if write {
            let under_way = at[1..17].to_vec();
            let tenants = world.vault.tenants();
            let tenant = tenants.iter().find(|tenant| tenant.id().as_bytes()[..] == under_way).unwrap();
            let customers = tenant.session(boss()).unwrap().collection::<Customer>().unwrap();
            customers.insert(&Customer::new("More", "more@x.org")).unwrap();
        } else {
            // Reads are written down, and leave the rows as they are.
            world.customers().list(None, 10).unwrap();
        }
        world.vault.flush().unwrap();
        let mut pass = resume(&core).unwrap().unwrap();
        assert_eq!(pass.terms(), terms);
        assert_eq!(pass.cursor(), (!write).then_some(at));
        assert_eq!(step_by_step(&world, &mut pass, |_, _| {}), Verdict::Intact);
    }
}

#[test]
fn kill_at_any_point_makes_no_scrub_cry_wolf_and_none_blind() {
    let world = furnished(World::new());
    let core = core(&world);
    let mut pass = Pass::new(&core).unwrap();
    let mut killed = 0;
    let verdict = step_by_step(&world, &mut pass, |step, world| {
        if step % 7 == 3 {
            world.add("Later", &format!("s{step}@x.org"));
        }
        if step % 13 == 5 && killed < 12 {
            killed += 1;
            // Saved, then written to, then killed.
            let twin = copy(&world.memory);
            let twin = World::open(&twin).unwrap();
            drop(twin);
            world.vault.flush().unwrap();
        }
    });
    assert_eq!(verdict, Verdict::Intact);
    let mut rows = 0;
    for far in [0, 3, 11, 25, 40] {
        for more in [0, 1, 4] {
            let mut pass = Pass::new(&core).unwrap();
            read(&world, &mut pass, far);
            save(&core, &pass).unwrap();
            drop(pass);
            for n in 0..more {
                world.add("Killed", &format!("k{far}-{more}-{n}@x.org"));
            }
            // The vault goes on; a kill leaves what was stored so far.
            let killed = World::open(&copy(&world.memory)).unwrap();
            let scrub = killed.vault.session(admin()).unwrap().scrub(fast()).unwrap();
            assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact), "{far} {more}");
            assert!(scrub.progress().resumed);
            // A tenant that was begun again, or is still ahead, is read whole.
            let killed = World::open(&copy(&world.memory)).unwrap();
            let last = stored(&killed.memory, Space::Row).pop().unwrap();
            put(&killed.memory, &[(last.0, None)]);
            assert!(matches!(self::scrub(&killed), Verdict::RowsDiffer { .. }), "{far} {more}");
            rows += 1;
        }
    }
    assert_eq!(rows, 15);
}

#[test]
fn what_was_found_before_an_interruption_is_found_again_after_it() {
    let world = furnished(World::new());
    let core = core(&world);
    // The first row of the tenant that is read first, and a row of the later one.
    let first = world.vault.tenants().into_iter().map(|tenant| tenant.id()).min().unwrap();
    let row = stored(&world.memory, Space::Row).into_iter().find(|(key, _)| key[1..17] == *first.as_bytes()).unwrap();
    put(
        &world.memory,
        &[(row.0.clone(), Some([&row.1[..row.1.len() / 2], &[0], &row.1[row.1.len() / 2 + 1..]].concat()))],
    );
    for terms in [4, 1_000] {
        let mut pass = Pass::new(&core).unwrap();
        while pass.terms() < terms && pass.found().is_empty() {
            assert!(matches!(pass.step(&core, 1).unwrap(), Step::On(_)));
        }
        save(&core, &pass).unwrap();
        drop(pass);
        let world = World::open(&copy(&world.memory)).unwrap();
        let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
        assert!(matches!(scrub.wait().unwrap(), Some(Verdict::RowsDiffer { tenant, .. }) if tenant == first));
        assert!(scrub.progress().resumed);
    }
}

#[test]
fn altered_foreign_or_mixed_states_of_a_scrub_are_not_gone_on_with() {
    let world = furnished(World::new());
    let core = core(&world);
    let mut pass = Pass::new(&core).unwrap();
    read(&world, &mut pass, 12);
    save(&core, &pass).unwrap();
    let one = stored(&world.memory, Space::Scrub);
    read(&world, &mut pass, 16);
    save(&core, &pass).unwrap();
    let two = stored(&world.memory, Space::Scrub);
    drop(pass);
    assert!(resume(&core).unwrap().is_some());
    for ((key, old), (_, new)) in one.iter().zip(&two) {
        put(&world.memory, &[(key.clone(), Some(old.clone()))]);
        assert!(resume(&core).unwrap().is_none(), "one part is of an earlier save");
        for at in 0..new.len() {
            let mut bytes = new.clone();
            bytes[at] ^= 1;
            put(&world.memory, &[(key.clone(), Some(bytes))]);
            assert!(resume(&core).unwrap().is_none(), "byte {at}");
        }
        put(&world.memory, &[(key.clone(), None)]);
        assert!(resume(&core).unwrap().is_none());
        assert_eq!(World::open(&copy(&world.memory)).map(|world| scrub(&world)).unwrap(), Verdict::Intact);
        put(&world.memory, &[(key.clone(), Some(new.clone()))]);
    }
    let swapped = [(two[1].0.clone(), Some(two[2].1.clone())), (two[2].0.clone(), Some(two[1].1.clone()))];
    put(&world.memory, &swapped);
    assert!(resume(&core).unwrap().is_none());
    // A complete earlier save is only further behind.
    put(&world.memory, &one.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
    assert_eq!(scrub(&world), Verdict::Intact);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn state_of_a_scrub_hides_its_sums() {
    let world = furnished(World::new());
    let core = core(&world);
    let mut pass = Pass::new(&core).unwrap();
    read(&world, &mut pass, 12);
    save(&core, &pass).unwrap();
    let (_, primary, derived) = inner(&world, world.acme.id()).state();
    for (key, value) in stored(&world.memory, Space::Scrub) {
        assert!(key == place::scrub() || place::tenant_of_key(&key).is_some());
        for sum in [primary, derived] {
            assert!(!value.windows(32).any(|bytes| *bytes == sum.to_bytes()[8..]));
        }
    }
}

/// Returns the first tenant, and a pass that has read it and is at the next one.
fn left_at_the_second_tenant(world: &World) -> (crate::model::TenantId, Pass) {
    let core = core(world);
    let mut pass = Pass::new(&core).unwrap();
    let first = world.vault.tenants().into_iter().map(|tenant| tenant.id()).min().unwrap();
    let at_another = |cursor: &[u8]| cursor.get(1..17).is_some_and(|tenant| *tenant != first.as_bytes()[..]);
    while !pass.cursor().is_some_and(|cursor| at_another(&cursor)) {
        assert!(matches!(pass.step(&core, 1).unwrap(), Step::On(_)));
    }
    (first, pass)
}

fn remove_a_row(world: &World, tenant: crate::model::TenantId) {
    let rows = stored(&world.memory, Space::Row);
    let (key, _) = rows.into_iter().find(|(key, _)| key[1..17] == *tenant.as_bytes()).unwrap();
    put(&world.memory, &[(key, None)]);
}

fn put_back(world: &World, kept: &[Pair]) {
    put(&world.memory, &kept.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
}

#[test]
fn state_of_a_round_that_is_through_is_not_gone_on_with_when_it_is_put_back() {
    for (reopens, after) in [(false, 0), (true, 0), (false, 40), (true, 40)] {
        let world = furnished(World::new());
        let (first, pass) = left_at_the_second_tenant(&world);
        save(&core(&world), &pass).unwrap();
        let kept = stored(&world.memory, Space::Scrub);
        drop(pass);
        assert_eq!(scrub(&world), Verdict::Intact);
        for n in 0..after {
            world.add("Later", &format!("l{n}@x.org"));
        }
        // The round's end is durable already, though nothing was written out since.
        let world = if reopens { World::open(&copy(&world.memory)).unwrap() } else { world };
        remove_a_row(&world, first);
        put_back(&world, &kept);
        let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
        let found = scrub.wait().unwrap();
        assert!(matches!(found, Some(Verdict::RowsDiffer { tenant, .. }) if tenant == first), "{found:?}");
        assert!(!scrub.progress().resumed);
    }
}

#[test]
fn blocks_that_a_round_long_ended_has_passed_are_opened_again_when_its_state_is_put_back() {
    let world = furnished(World::new());
    let core = core(&world);
    let mut pass = Pass::new(&core).unwrap();
    for _ in 0..5 {
        assert!(matches!(pass.step(&core, 1).unwrap(), Step::On(_)));
    }
    save(&core, &pass).unwrap();
    let kept = stored(&world.memory, Space::Scrub);
    drop(pass);
    assert_eq!(scrub(&world), Verdict::Intact);
    let (key, mut value) = (place::block(1, 0), store(&world.memory).get(&place::block(1, 0)).unwrap().unwrap());
    *value.last_mut().unwrap() ^= 1;
    put(&world.memory, &[(key, Some(value))]);
    put_back(&world, &kept);
    assert!(matches!(scrub(&world), Verdict::Rewritten { .. }));
}

#[test]
fn round_after_others_goes_on_wherever_it_was_left_and_a_verification_ends_none() {
    let world = furnished(World::new());
    assert_eq!(scrub(&world), Verdict::Intact);
    let core = core(&world);
    for steps in [1, 5, 1_000] {
        let mut pass = Pass::new(&core).unwrap();
        // Before and after the end of the round before, and at the tenants.
        for _ in 0..steps {
            if pass.terms() < 12 {
                assert!(matches!(pass.step(&core, 1).unwrap(), Step::On(_)));
            }
        }
        save(&core, &pass).unwrap();
        drop(pass);
        assert_eq!(world.verify(), Verdict::Intact);
        world.vault.flush().unwrap();
        let again = World::open(&copy(&world.memory)).unwrap();
        let scrub = again.vault.session(admin()).unwrap().scrub(fast()).unwrap();
        assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
        assert!(scrub.progress().resumed, "{steps}");
    }
}

#[test]
fn state_put_back_stays_untrusted_when_it_is_kept_again_before_the_walk_has_shown_its_end() {
    let world = furnished(World::new());
    let (first, pass) = left_at_the_second_tenant(&world);
    let core = core(&world);
    save(&core, &pass).unwrap();
    let kept = stored(&world.memory, Space::Scrub);
    drop(pass);
    for n in 0..10 {
        world.add("Later", &format!("l{n}@x.org"));
    }
    assert_eq!(scrub(&world), Verdict::Intact);
    remove_a_row(&world, first);
    put_back(&world, &kept);
    for _ in 0..4 {
        let mut pass = resume(&core).unwrap().unwrap();
        pass.step(&core, 1).unwrap();
        save(&core, &pass).unwrap();
    }
    assert!(matches!(scrub(&world), Verdict::RowsDiffer { tenant, .. } if tenant == first));
}
