//! Long records and many of them: chunks, slot ceilings.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::format::row::RawRow;
use crate::keys::CEILING_BLOCK;
use crate::vault::tests::living::*;

fn text(seed: u64, length: usize) -> String {
    let mut dice = Dice(seed);
    let mut text = String::with_capacity(length + 33);
    while text.len() < length {
        text.push_str(&dice.word());
    }
    text.truncate(length);
    text
}

#[test]
fn records_of_every_length_come_back_and_leave_no_chunk_behind() {
    let world = World::new();
    let notes = world.notes();
    let mut ids = Vec::new();
    for length in [0, 1_900, 2_048, 5 << 10, 6_143, 6_144, 6_145, 100_000] {
        let note = Note::new(text(length as u64 + 1, length));
        let id = notes.insert(&note).unwrap();
        assert!(notes.get(id).unwrap().value == note, "{length}");
        ids.push(id);
    }
    for (number, id) in ids.iter().enumerate() {
        // Longer, then shorter, then gone: the chunks of former revisions go too.
        let longer = text(number as u64 + 90, 9_000 * (number % 3));
        notes.update(*id, |note| note.text = longer.clone()).unwrap();
        assert!(notes.get(*id).unwrap().value.text == longer);
    }
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    let listed = world.notes().list(None, 100).unwrap().items;
    assert_eq!(listed.len(), ids.len());
    for id in ids {
        world.notes().delete(id).unwrap();
    }
    assert!(stored(&world.memory, Space::Chunk).is_empty());
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn record_near_the_limit_is_kept_in_chunks_and_comes_back() {
    let world = World::new();
    let note = Note::new(text(5, 3_900 << 10));
    let id = world.notes().insert(&note).unwrap();
    assert!(stored(&world.memory, Space::Chunk).len() > 900);
    assert!(world.reopen().notes().get(id).unwrap().value == note);
}

#[test]
fn long_record_is_read_whole_while_others_change_it() {
    let world = World::new();
    let notes = world.notes();
    // Each value is of one letter only, so that a mixture shows.
    let value = |n: u8| String::from(char::from(b'a' + n % 26)).repeat(5_000 + 3_000 * usize::from(n % 4));
    let id = notes.insert(&Note::new(value(0))).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let notes = world.notes();
            for n in 1..80 {
                notes.update(id, |note| note.text = value(n)).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let notes = world.notes();
                let mut reads = 0;
                while !done.load(Ordering::SeqCst) || reads == 0 {
                    for found in [notes.get(id).unwrap(), notes.list(None, 1).unwrap().items.remove(0)] {
                        let text = found.value.text;
                        let first = text.as_bytes()[0];
                        assert!(text.bytes().all(|byte| byte == first), "a mixture");
                        assert_eq!(text, value(first - b'a' + 26 * ((found.revision.get() as u8 - 1) / 26)));
                    }
                    reads += 1;
                }
            });
        }
    });
    assert_eq!(notes.get(id).unwrap().revision.get(), 80);
    assert_eq!(world.verify(), Verdict::Intact);
}

/// Sets a tenant's next slot, as if the slots before it had been drawn.
fn draw_until(world: &World, next: u32) {
    let tenant = world.notes().session().tenant.clone();
    while tenant.next_slot() < next {
        if tenant.draw_slot().is_none() {
            world.notes().session().core.upkeep.watch_slots(&tenant);
            std::thread::yield_now();
        }
    }
}

fn last_slot(world: &World) -> u32 {
    let slot = |(_, row): &Pair| match RawRow::parse(row).unwrap() {
        RawRow::Live(row) => row.head.slot.0,
        RawRow::Tombstone(_) => 0,
    };
    stored(&world.memory, Space::Row).iter().map(slot).max().unwrap()
}

#[test]
fn slot_ceiling_is_raised_ahead_of_need_and_crossed() {
    let world = World::new();
    draw_until(&world, CEILING_BLOCK - 3);
    for _ in 0..8 {
        world.notes().insert(&Note::new("x")).unwrap();
    }
    assert_eq!(last_slot(&world), CEILING_BLOCK + 4);
    assert!(world.notes().session().tenant.keys.ceiling() >= 2 * CEILING_BLOCK);
    assert_eq!(world.verify(), Verdict::Intact);
    // A clean opening goes on after the last slot.
    let world = world.reopen();
    world.notes().insert(&Note::new("x")).unwrap();
    assert_eq!(last_slot(&world), CEILING_BLOCK + 5);
    // After a kill, uncommitted slots are given out anew, and no committed one.
    draw_until(&world, CEILING_BLOCK + 100);
    let world = World::open(&copy(&world.memory)).unwrap();
    world.notes().insert(&Note::new("x")).unwrap();
    assert!((CEILING_BLOCK + 6..CEILING_BLOCK + 107).contains(&last_slot(&world)));
    assert_eq!(world.verify(), Verdict::Intact);
}
