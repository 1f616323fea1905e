//! Scrubs while others write.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::format::place;
use crate::vault::tests::scrub::*;

fn seed() -> u64 {
    let seed = std::env::var("STRONGROOM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos()) << 8 | 1
    });
    println!("STRONGROOM_SEED={seed}");
    seed
}

/// The records that somebody works on: their own, and others' that they find.
struct Hand {
    dice: Dice,
    session: Session,
    customers: Collection<Customer>,
    notes: Collection<Note>,
    mine: Vec<RecordId>,
    written: Vec<RecordId>,
}

impl Hand {
    fn new(tenant: &Tenant, seed: u64) -> Self {
        let session = tenant.session(boss()).unwrap();
        let (customers, notes) = (session.collection().unwrap(), session.collection().unwrap());
        Self { dice: Dice(seed | 1), session, customers, notes, mine: Vec::new(), written: Vec::new() }
    }

    fn pick(&mut self, notes: bool) -> Option<(usize, RecordId)> {
        let all = if notes { &self.written } else { &self.mine };
        let at = usize::try_from(self.dice.next()).ok()?.checked_rem(all.len())?;
        Some((at, all[at]))
    }

    /// Adds up to 5 records at once, and perhaps deletes one.
    fn batch(&mut self) -> Result<(), Error> {
        let mut batch = self.session.batch();
        let mut made = Vec::new();
        for _ in 0..self.dice.next() % 6 {
            let customer = Customer::new("Batch", &format!("{}@x.org", self.dice.word()));
            made.push(batch.insert(&self.customers, &customer)?);
        }
        if let Some((_, id)) = self.pick(false) {
            batch.delete(&self.customers, id)?;
            self.mine.retain(|mine| *mine != id);
        }
        batch.commit()?;
        self.mine.extend(made);
        Ok(())
    }

    /// Does one act of any kind. Returns false once the vault is closed.
    fn act(&mut self) -> bool {
        let done = match self.dice.next() % 12 {
            0..=2 => {
                let name = format!("N{}", self.dice.next() % 60);
                let customer = Customer::new(&name, &format!("{}@x.org", self.dice.word()));
                self.customers.insert(&customer).map(|id| self.mine.push(id))
            }
            3..=5 => match self.pick(false) {
                Some((_, id)) => {
                    let (name, email) = (format!("N{}", self.dice.next() % 60), self.dice.word());
                    let change = |customer: &mut Customer| {
                        customer.name = name.clone();
                        customer.email = format!("{email}@x.org");
                    };
                    self.customers.update(id, change).map(drop)
                }
                None => Ok(()),
            },
            6 => match self.pick(false) {
                Some((at, id)) => {
                    self.mine.swap_remove(at);
                    self.customers.delete(id)
                }
                None => Ok(()),
            },
            7 => {
                let length = usize::try_from(self.dice.next() % 80).unwrap();
                let text: String = (0..length).map(|_| self.dice.word()).collect();
                self.notes.insert(&Note::new(text)).map(|id| self.written.push(id))
            }
            8 => match self.pick(true) {
                Some((_, id)) => {
                    let text: String = (0..self.dice.next() % 80).map(|_| self.dice.word()).collect();
                    self.notes.update(id, |note| note.text.clone_from(&text)).map(drop)
                }
                None => Ok(()),
            },
            9 => self.batch(),
            10 => match self.pick(false) {
                Some((_, id)) => self.customers.get(id).map(drop),
                None => Ok(()),
            },
            _ => self.customers.find("name", "n1", None, 20).map(drop),
        };
        match done {
            Ok(()) => true,
            Err(Error::Closed) => false,
            // The act was reading when the vault was closed.
            Err(Error::Io { source, .. }) if format!("{source:?}") == "Closed" => false,
            // Random words happened to repeat.
            Err(Error::Duplicate { .. }) => true,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_kind_of_write_at_every_place_of_the_cursor_leaves_the_sums_right() {
    let seed = seed();
    let world = furnished(World::new());
    let mut hand = Hand::new(&world.acme, seed);
    let mut other = Hand::new(&world.vault.tenant("globex").unwrap(), seed ^ 0x5555);
    for round in 0..2 {
        let mut pass = Pass::new(&core(&world)).unwrap();
        let verdict = step_by_step(&world, &mut pass, |step, world| {
            // Not at every step, or the pass would never end.
            if step % 2 == 0 || step > 300 {
                return;
            }
            assert!(hand.act() && (step % 3 != 0 || other.act()));
            if step % 97 == 5 {
                world.acme.session(chief()).unwrap().because("why").suspend(&format!("a{round}-{step}")).unwrap();
            }
        });
        assert_eq!(verdict, Verdict::Intact, "round {round}, seed {seed}");
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

/// Ends the writers, also when the test has failed.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn eight_writers_make_no_scrub_cry_wolf_through_pauses_stops_and_reopenings() {
    let seed = seed();
    let mut world = furnished(World::new());
    let (rounds, resumed) = (AtomicU64::new(0), AtomicU64::new(0));
    for opening in 0..3u64 {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..8u64 {
                let (world, over) = (&world, &over);
                scope.spawn(move || {
                    let tenant = if writer == 7 { world.vault.tenant("globex").unwrap() } else { world.acme.clone() };
                    let mut hand = Hand::new(&tenant, seed ^ (writer * 77 + opening));
                    while !over.load(Ordering::Relaxed) && hand.act() {
                        // Writers that leave no processor time would test nothing.
                        std::thread::sleep(Duration::from_millis(8));
                    }
                });
            }
            let (world, over, rounds, resumed) = (&world, &over, &rounds, &resumed);
            scope.spawn(move || {
                let _ends = Ends(over);
                let mut dice = Dice(seed ^ 0xabcd);
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(700) {
                    let scrub = world.vault.session(admin()).unwrap().scrub(fast()).unwrap();
                    let end = match dice.next() % 3 {
                        0 => scrub.wait().unwrap(),
                        1 => {
                            std::thread::sleep(Duration::from_micros(dice.next() % 30_000));
                            scrub.pause();
                            std::thread::sleep(Duration::from_micros(dice.next() % 10_000));
                            scrub.resume();
                            scrub.wait().unwrap()
                        }
                        _ => {
                            std::thread::sleep(Duration::from_micros(dice.next() % 30_000));
                            scrub.stop().unwrap();
                            scrub.wait().unwrap()
                        }
                    };
                    let progress = scrub.progress();
                    assert!(matches!(end, None | Some(Verdict::Intact)), "{end:?} {progress:?}, seed {seed}");
                    assert!(progress.found.is_empty(), "{progress:?}");
                    rounds.fetch_add(progress.rounds, Ordering::Relaxed);
                    resumed.fetch_add(u64::from(progress.resumed), Ordering::Relaxed);
                }
                // A scrub is under way when the vault is closed.
                let _scrub = world.vault.session(admin()).unwrap().scrub(fast().rounds(u64::MAX)).unwrap();
                std::thread::sleep(Duration::from_millis(20));
                world.vault.close().unwrap();
            });
        });
        world = World::open(&world.memory).unwrap();
        assert_eq!(world.verify(), Verdict::Intact);
    }
    let (rounds, resumed) = (rounds.into_inner(), resumed.into_inner());
    println!("{rounds} rounds, {resumed} scrubs gone on with");
    assert!(rounds > 2, "{rounds}");
    assert_eq!(scrub(&world), Verdict::Intact);
}

#[test]
fn record_changed_or_deleted_at_the_very_cursor_counts_as_read() {
    for delete in [false, true] {
        let world = furnished(World::new());
        let customers = world.customers();
        let keys: Vec<_> =
            customers.iter(100).map(|found| found.unwrap().id).map(|id| (key_of(&customers, id), id)).collect();
        let (mut pass, mut changed) = (Pass::new(&core(&world)).unwrap(), 0);
        let verdict = step_by_step(&world, &mut pass, |_, world| {
            let Some(cursor) = inner(world, world.acme.id()).scrubbed.cursor() else { return };
            let Some((key, id)) = keys.iter().rfind(|(key, _)| cursor.has_passed(key)) else { return };
            // Only while this is the last key read, and the next one is not.
            if Some(key) == cursor_in(world).as_ref() {
                changed += 1;
                match delete {
                    true => customers.delete(*id).unwrap(),
                    false => drop(customers.update(*id, |customer| customer.tier = Some(7)).unwrap()),
                }
            }
        });
        assert_eq!((verdict, changed), (Verdict::Intact, keys.len()));
    }
}

#[test]
fn change_lists_that_are_dropped_meanwhile_are_not_missed() {
    use crate::audit::header_of;
    use crate::vault::commit::{Outcome, Write};
    let world = furnished(World::new());
    let (core, acme) = (core(&world), inner(&world, world.acme.id()));
    for every in [5, 13, 31, 45] {
        let (mut pass, mut dropped) = (Pass::new(&core).unwrap(), 0);
        let verdict = step_by_step(&world, &mut pass, |step, world| {
            if step % every != every - 1 || dropped > 8 {
                return;
            }
            let of_acme = |key: &[u8]| {
                let (position, _) = place::position_of_key(key).unwrap();
                let block = core.blocks().unwrap().0.bytes(position).unwrap().unwrap();
                header_of(&block).unwrap().tenant == Some(acme.id)
            };
            let list = stored(&world.memory, Space::Changes).into_iter().find(|(key, _)| of_acme(key));
            let puts = list.into_iter().map(|(key, _)| (key, None)).collect();
            let written = core.write(Some(&acme), Write { puts, ..Write::default() }).unwrap();
            assert!(matches!(written, Outcome::Committed));
            dropped += 1;
        });
        assert_eq!(verdict, Verdict::Intact, "{every}");
        assert!(dropped > 1);
    }
}

/// Returns the key up to which a scrub has read `acme`.
fn cursor_in(world: &World) -> Option<Vec<u8>> {
    inner(world, world.acme.id()).scrubbed.cursor().map(crate::vault::state::scanned::Cursor::into_key)
}

#[test]
fn tenant_created_and_schema_changed_meanwhile_are_scrubbed_too() {
    let world = furnished(World::new());
    let mut pass = Pass::new(&core(&world)).unwrap();
    let mut made = 0;
    let verdict = step_by_step(&world, &mut pass, |step, world| {
        if step % 15 == 14 && made < 5 {
            made += 1;
            let tenant = world.vault.session(admin()).unwrap().create_tenant(&format!("t{made}")).unwrap();
            tenant.session(admin()).unwrap().define::<Customer>().unwrap();
            let customers = tenant.session(boss()).unwrap().collection::<Customer>().unwrap();
            customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
        }
    });
    assert_eq!((verdict, made), (Verdict::Intact, 5));
    let mut pass = Pass::new(&core(&world)).unwrap();
    let mut removed = false;
    let verdict = step_by_step(&world, &mut pass, |step, world| {
        // A tenant that is created while the scrub runs is read too.
        if step == 30 {
            let tenant = world.vault.session(admin()).unwrap().create_tenant("late").unwrap();
            tenant.session(admin()).unwrap().define::<Customer>().unwrap();
            let customers = tenant.session(boss()).unwrap().collection::<Customer>().unwrap();
            let id = customers.insert(&Customer::new("Ann", "ann@x.org")).unwrap();
            removed = true;
            put(&world.memory, &[(key_of(&customers, id), None)]);
        }
    });
    assert!(removed && matches!(verdict, Verdict::RowsDiffer { .. }), "{verdict:?}");
}
