//! Sinks that are slow, hang, err and panic.

use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::audit::SinkState;
use crate::vault::tests::gatekeeping::*;

/// The behaviour of a sink, until set otherwise.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Works,
    Errs,
    Hangs,
    Panics,
}

/// A sink that behaves as set.
#[derive(Clone)]
struct Told {
    kept: Kept,
    way: Arc<(Mutex<Way>, Condvar)>,
}

impl Told {
    fn new(way: Way) -> Self {
        Self { kept: Kept::default(), way: Arc::new((Mutex::new(way), Condvar::new())) }
    }

    fn set(&self, way: Way) {
        *self.way.0.lock().unwrap_or_else(PoisonError::into_inner) = way;
        self.way.1.notify_all();
    }
}

impl AuditSink for Told {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let way = self.way.0.lock().unwrap_or_else(PoisonError::into_inner);
        let way = *self.way.1.wait_while(way, |way| *way == Way::Hangs).unwrap_or_else(PoisonError::into_inner);
        match way {
            Way::Errs => Err(SinkError::new("full")),
            Way::Panics => panic!("a sink"),
            Way::Works | Way::Hangs => self.kept.deliver(events),
        }
    }

    fn last(&mut self, journal: &str) -> Result<Held, SinkError> {
        self.kept.last(journal)
    }
}

const DEADLINE: Duration = Duration::from_millis(150);

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn required_sink_that_fails_or_hangs_fails_every_act_closed_until_it_acknowledges() {
    for way in [Way::Errs, Way::Hangs] {
        let sink = Told::new(Way::Works);
        let world = World::with(|options| options.sink(Required(sink.clone()).within(DEADLINE)));
        let id = world.add("Ann", "ann@x.org");
        let customers = world.customers();
        let mut batch = world.session(boss()).batch();
        sink.set(way);
        let begin = Instant::now();
        let inserted = customers.insert(&Customer::new("Bo", "bo@x.org"));
        assert!(matches!(inserted, Err(Error::AuditUnavailable { committed: true })), "{inserted:?}");
        assert!(begin.elapsed() >= DEADLINE || way == Way::Errs);
        // At once and for all acts: nothing more is written or shown.
        let rows = stored(&world.memory, Space::Row);
        let second = customers.insert(&Customer::new("Cy", "cy@x.org"));
        eventually("acts go on", || matches!(customers.get(id), Err(Error::AuditUnavailable { committed: false })));
        if way == Way::Hangs {
            assert!(matches!(second, Err(Error::AuditUnavailable { committed: false })), "{second:?}");
            assert!(stored(&world.memory, Space::Row) == rows);
        }
        for (action, error) in acts(&customers, &mut batch, id) {
            assert!(matches!(error, Some(Error::AuditUnavailable { committed: false })), "{action}: {error:?}");
        }
        let verified = world.vault.session(admin()).and_then(|s| s.verify());
        assert!(matches!(verified, Err(Error::AuditUnavailable { .. })), "{verified:?}");
        assert!(matches!(world.acme.session(boss()), Err(Error::AuditUnavailable { .. })));
        let health = &world.vault.health().sinks[0];
        assert!(health.required && health.waiting.is_some() && health.lag > 0);

        sink.set(Way::Works);
        eventually("the sink is served again", || customers.get(id).is_ok());
        // The committed record is there, and its event was delivered once, in order.
        assert!(customers.find_unique("email", "bo@x.org").unwrap().is_some());
        assert_eq!(world.verify(), Verdict::Intact);
        world.vault.close().unwrap();
        let created = sink.kept.of("create").len();
        assert!(created == 2 || (created == 3 && way == Way::Errs), "{created}");
        let positions: Vec<u64> = sink.kept.events().iter().map(Event::position).collect();
        assert!(positions.is_sorted());
    }
}

#[test]
fn buffered_reads_fail_closed_once_their_acknowledgement_is_overdue() {
    let sink = Told::new(Way::Works);
    let world = World::with(|options| options.sink(Required(sink.clone()).within(DEADLINE)));
    let id = world.add("Ann", "ann@x.org");
    let customers = world.customers();
    sink.set(Way::Hangs);
    // The first read is buffered; soon the sink is late with it.
    customers.get(id).unwrap();
    eventually("reads go on", || matches!(customers.get(id), Err(Error::AuditUnavailable { committed: false })));
    sink.set(Way::Works);
    eventually("reads stay closed", || customers.get(id).is_ok());
}

#[test]
fn strict_read_is_with_the_sink_before_it_is_shown_and_withheld_if_it_can_not_be() {
    let sink = Told::new(Way::Works);
    let world = World::with(|options| options.strict_reads(true).sink(Required(sink.clone()).within(DEADLINE)));
    let id = world.add("Ann", "ann@x.org");
    let customers = world.customers();
    for n in 1..4 {
        customers.get(id).unwrap();
        let reads = sink.kept.of("read");
        assert_eq!(reads.len(), n);
        assert_eq!(reads[0].subjects().len(), 1);
        assert_eq!(reads[0].fields_read(), ["name", "email", "tier"]);
    }
    customers.list(None, 10).unwrap();
    assert_eq!(sink.kept.of("list").len(), 1);
    customers.find_unique("email", "ann@x.org").unwrap();
    assert_eq!(sink.kept.of("search").len(), 1);
    // An update's closure sees the record, so that is delivered before it runs.
    let mut seen = 0;
    customers.update(id, |_| seen = sink.kept.of("update").len()).unwrap();
    assert_eq!(seen, 1);
    sink.set(Way::Errs);
    let read = customers.get(id);
    assert!(matches!(read, Err(Error::AuditUnavailable { committed: false })), "{:?}", read.err());
    let mut ran = false;
    assert!(customers.update(id, |_| ran = true).is_err());
    assert!(!ran, "a closure saw a record that the journal couldn't tell of");
}

#[test]
fn buffered_read_is_durable_after_its_delay_without_another_act() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Relayed(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    eventually("the read is written down", || kept.of("read").len() == 1);
    let twin = World::open(&copy(&world.memory)).unwrap();
    assert_eq!(twin.verify(), Verdict::Intact);
}

#[test]
fn relayed_sink_that_panics_errs_or_hangs_takes_nothing_down() {
    let sinks = [Told::new(Way::Panics), Told::new(Way::Errs), Told::new(Way::Hangs)];
    let attach = |options: VaultOptions| {
        let named = |(n, sink): (usize, &Told)| Relayed(sink.clone()).named(format!("sink {n}"));
        sinks.iter().enumerate().map(named).fold(options, VaultOptions::sink)
    };
    let world = World::with(|options| attach(options).strict_reads(true));
    let begin = Instant::now();
    let id = world.add("Ann", "ann@x.org");
    for _ in 0..20 {
        world.customers().get(id).unwrap();
    }
    assert!(begin.elapsed() < Duration::from_secs(10));
    eventually("the panic is seen", || world.vault.health().sinks[0].state == SinkState::Stopped);
    eventually("the failure is seen", || world.vault.health().sinks[1].state == SinkState::Failing);
    assert!(world.vault.health().sinks[1].error.as_ref().is_some_and(|error| error.contains("full")));
    assert_eq!(world.verify(), Verdict::Intact);
    let begin = Instant::now();
    world.vault.close().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(10));
    sinks[2].set(Way::Works);
}

#[test]
fn batch_that_is_durable_but_not_acknowledged_is_not_called_failed() {
    let sink = Told::new(Way::Works);
    let world = World::with(|options| options.sink(Required(sink.clone()).within(DEADLINE)));
    let mut batch = world.session(boss()).batch();
    batch.insert(&world.customers(), &Customer::new("Bo", "bo@x.org")).unwrap();
    sink.set(Way::Errs);
    let committed = batch.commit();
    assert!(matches!(committed, Err(Error::AuditUnavailable { committed: true })), "{committed:?}");
    sink.set(Way::Works);
    eventually("the sink has caught up", || world.vault.flush().is_ok());
    let outcomes: Vec<_> = sink.kept.of("create").iter().map(|event| event.outcome()).collect();
    assert_eq!(outcomes, [Outcome::Permitted]);
}

#[test]
fn required_sink_that_panics_is_never_passed_over() {
    let sink = Told::new(Way::Works);
    let world = World::with(|options| options.sink(Required(sink.clone()).within(DEADLINE)));
    sink.set(Way::Panics);
    let inserted = world.customers().insert(&Customer::new("Bo", "bo@x.org"));
    assert!(matches!(inserted, Err(Error::AuditUnavailable { committed: true })), "{inserted:?}");
    eventually("acts go on", || matches!(world.acme.session(boss()), Err(Error::AuditUnavailable { .. })));
    let closed = world.vault.close();
    assert!(matches!(closed, Err(Error::AuditUnavailable { committed: true })), "{closed:?}");
    sink.set(Way::Works);
    // Opened again, the sink gets the missed events.
    let vault = open_options(&world.memory).sink(Required(sink.clone())).open().unwrap();
    vault.close().unwrap();
    assert_eq!(sink.kept.of("create").len(), 1);
}

#[test]
fn sink_attached_later_gets_the_whole_journal_in_order_and_once() {
    let world = World::new();
    for n in 0..20 {
        world.add("Ann", &format!("c{n}@x.org"));
    }
    world.vault.close().unwrap();
    let kept = Kept::default();
    let vault = open_options(&world.memory).sink(Required(kept.clone())).open().unwrap();
    let customers = vault.tenant("acme").unwrap().session(boss()).unwrap().collection::<Customer>().unwrap();
    customers.insert(&Customer::new("Bo", "bo@x.org")).unwrap();
    vault.close().unwrap();
    let vault = open_options(&world.memory).sink(Required(kept.clone())).open().unwrap();
    vault.flush().unwrap();
    let blocks = vault.health().journal_blocks;
    vault.close().unwrap();
    let events = kept.events();
    let mut seen: Vec<(u64, u32)> = events.iter().map(|event| (event.position(), event.index())).collect();
    assert!(seen.is_sorted());
    seen.dedup();
    assert_eq!(seen.len(), events.len(), "an event came twice");
    let mut positions: Vec<u64> = seen.into_iter().map(|(position, _)| position).collect();
    positions.dedup();
    // Blocks that only index building wrote have no entries.
    assert!(positions.len() as u64 <= blocks && positions.last() == Some(&(blocks - 1)));
    assert_eq!((events[0].action(), kept.of("create").len()), ("create_vault", 21));
}

#[test]
fn sink_that_runs_the_vault_itself_does_not_lock_it() {
    /// Reads the vault from within a delivery.
    struct Looks(Kept, Arc<Mutex<Option<Vault>>>, Arc<AtomicBool>);

    impl AuditSink for Looks {
        fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
            if let Some(vault) = &*self.1.lock().unwrap() {
                let health = vault.health();
                self.2.store(!health.stopped && !vault.tenants().is_empty(), Ordering::SeqCst);
            }
            self.0.deliver(events)
        }

        fn last(&mut self, journal: &str) -> Result<Held, SinkError> {
            self.0.last(journal)
        }
    }

    let (shared, looked) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
    let (theirs, flag) = (Arc::clone(&shared), Arc::clone(&looked));
    let world =
        World::with(|options| options.sink(Required(Looks(Kept::default(), Arc::clone(&theirs), Arc::clone(&flag)))));
    *shared.lock().unwrap() = Some(world.vault.clone());
    world.add("Ann", "ann@x.org");
    assert!(looked.load(Ordering::SeqCst));
    *shared.lock().unwrap() = None;
    world.vault.close().unwrap();
}

#[test]
fn sink_gets_all_that_can_be_read_of_a_damaged_journal_and_acts_go_on() {
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    for n in 0..5 {
        world.customers().update(id, |customer| customer.name = format!("Ann {n}")).unwrap();
    }
    world.vault.close().unwrap();
    let blocks = stored(&world.memory, Space::Block);
    let (key, mut torn) = blocks[3].clone();
    torn[100] ^= 1;
    put(&world.memory, &[(key, Some(torn))]);
    let kept = Kept::default();
    let vault = open_options(&world.memory).sink(Required(kept.clone())).open().unwrap();
    vault.flush().unwrap();
    let mut got: Vec<u64> = kept.events().iter().map(crate::audit::Event::position).collect();
    got.dedup();
    // Two blocks have no entries.
    assert!(got.starts_with(&[0, 1, 2, 6, 7]), "{got:?}");
    assert_eq!(vault.health().sinks[0].unreadable, 1);
    let acme = vault.tenant("acme").unwrap();
    acme.session(boss()).unwrap().collection::<Customer>().unwrap().get(id).unwrap();
    vault.flush().unwrap();
    assert_eq!(kept.of("read").len(), 1);
}
