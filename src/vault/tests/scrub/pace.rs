//! Rate, pauses, progress.

use crate::vault::tests::scrub::*;

fn full() -> World {
    let world = World::new();
    let (session, notes) = (world.session(boss()), world.notes());
    for _ in 0..4 {
        let mut batch = session.batch();
        for n in 0..100 {
            batch.insert(&notes, &Note::new(format!("note {n}"))).unwrap();
        }
        batch.commit().unwrap();
    }
    world
}

#[test]
fn rate_is_kept() {
    let world = full();
    let begun = Instant::now();
    let scrub = world.vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(400)).unwrap();
    assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
    let took = begun.elapsed().as_secs_f64();
    // 400 rows, about 20 other values, about 12 blocks; there is no wait after the last page.
    assert!((0.95..2.5).contains(&took), "{took}");
    let begun = Instant::now();
    let bytes: usize = stored(&world.memory, Space::Row).iter().map(|(_, value)| value.len()).sum();
    let options = ScrubOptions::new().rows_per_second(3_000).bytes_per_second(u64::try_from(bytes).unwrap());
    assert_eq!(world.vault.session(admin()).unwrap().scrub(options).unwrap().wait().unwrap(), Some(Verdict::Intact));
    let took = begun.elapsed().as_secs_f64();
    assert!((0.8..3.5).contains(&took), "{took}");
}

#[test]
fn progress_only_grows_and_a_pause_holds_it() {
    let world = full();
    let scrub = world.vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(600)).unwrap();
    let (mut last, mut paused) = (scrub.progress(), 0);
    while scrub.progress().phase != ScrubPhase::Finished {
        let now = scrub.progress();
        assert!(now.blocks >= last.blocks && now.rows >= last.rows && now.rounds >= last.rounds, "{now:?} {last:?}");
        assert!(now.blocks <= now.blocks_total && now.rows <= now.rows_about, "{now:?}");
        if now.rows > 150 * (paused + 1) && paused < 3 {
            paused += 1;
            scrub.pause();
            std::thread::sleep(Duration::from_millis(80));
            let (one, asked) = (scrub.progress(), Instant::now());
            world.notes().insert(&Note::new("meanwhile")).unwrap();
            std::thread::sleep(Duration::from_millis(150));
            let two = scrub.progress();
            assert!(two.paused && (one.rows, one.blocks) == (two.rows, two.blocks), "{:?}", asked.elapsed());
            scrub.resume();
        }
        last = now;
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(paused, 3);
    assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
    // A scrub that has ended stays as it is.
    scrub.pause();
    scrub.resume();
    scrub.stop().unwrap();
    assert_eq!(scrub.progress().phase, ScrubPhase::Finished);
    assert!(!scrub.progress().paused);
}
