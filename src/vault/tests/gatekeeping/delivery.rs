//! Relayed sinks and their limits, the vault's cursors of sinks, and refusals at attaching.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::audit::{Message, SinkState, channel};
use crate::model::{Clock, Timestamp};
use crate::store::{CommitError, Expectation, StoreError};
use crate::vault::tests::gatekeeping::*;

const MINUTE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(30);

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A clock that is moved by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn on(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_348_134_000_000 + self.0.load(Ordering::SeqCst))
    }
}

/// A log server that doesn't know what it got, and may be down.
#[derive(Clone, Default)]
struct Server {
    kept: Kept,
    down: Arc<std::sync::atomic::AtomicBool>,
    resumed: Arc<Mutex<Vec<Option<u64>>>>,
}

impl Server {
    fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Returns position and index of all events that came, in this order.
    fn numbers(&self) -> Vec<(u64, u32)> {
        self.kept.events().iter().map(|event| (event.position(), event.index())).collect()
    }

    /// Checks that no event is missing from this block on, and returns how many came more than once.
    fn check_from(&self, first: u64, vault: &Vault) -> usize {
        let mut blocks = std::collections::BTreeMap::<u64, (u32, std::collections::BTreeSet<u32>)>::new();
        let mut doubles = 0;
        for event in self.kept.events() {
            let (of, seen) = blocks.entry(event.position()).or_insert((event.of(), Default::default()));
            assert_eq!(*of, event.of());
            doubles += usize::from(!seen.insert(event.index()));
        }
        for position in first..vault.health().journal_blocks {
            let (of, seen) = &blocks[&position];
            assert_eq!(seen.len(), *of as usize, "block {position}");
        }
        doubles
    }
}

impl AuditSink for Server {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(SinkError::new("the server is down"));
        }
        self.kept.deliver(events)
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Unknown)
    }

    fn resume(&mut self, acknowledged: Option<u64>) {
        self.resumed.lock().unwrap().push(acknowledged);
    }
}

fn caught_up(vault: &Vault) {
    vault.flush().unwrap();
    eventually("the sink is behind", || vault.health().sinks.iter().all(|sink| sink.lag == 0));
}

fn act(vault: &Vault, n: usize) -> Result<RecordId, Error> {
    let customers = vault.tenant("acme")?.session(boss())?.collection::<Customer>()?;
    customers.insert(&Customer::new("Ann", &format!("c{n}@x.org")))
}

#[test]
fn relayed_sink_that_is_down_for_an_hour_catches_up_in_order_and_once() {
    let (server, hand) = (Server::default(), Hand::default());
    let world = World::with(|options| {
        let sink = Relayed(server.clone()).at_most_behind(1_000, MINUTE * 30);
        options.clock(hand.clone()).sink(sink)
    });
    caught_up(&world.vault);
    let (before, first) = (server.numbers().len(), world.vault.health().journal_blocks);
    server.set_down(true);
    for minute in 0..60 {
        act(&world.vault, minute).unwrap();
        let health = &world.vault.health().sinks[0];
        assert_eq!(health.degraded, minute > 30, "minute {minute}: {health:?}");
        assert!(!health.blocking && !health.required);
        hand.on(MINUTE);
    }
    eventually("its error is told", || world.vault.health().sinks[0].state == SinkState::Failing);
    let health = world.vault.health().sinks[0].clone();
    assert_eq!(health.waiting, Some(MINUTE * 60));
    assert!(health.lag >= 60 && health.error.unwrap().contains("is down"));
    server.set_down(false);
    caught_up(&world.vault);
    assert!(!world.vault.health().sinks[0].degraded);
    assert_eq!(world.vault.health().sinks[0].error, None);
    assert_eq!(server.kept.of("create").len(), 60);
    assert!(server.numbers().is_sorted() && server.numbers().len() >= before + 60);
    assert_eq!(server.check_from(first, &world.vault), 0);
}

#[test]
fn relayed_sink_that_blocks_fails_acts_closed_beyond_its_limit_and_others_go_on_after() {
    let (server, hand) = (Server::default(), Hand::default());
    let world = World::with(|options| {
        let sink = Relayed(server.clone()).at_most_behind(20, MINUTE).blocking(Duration::from_millis(100));
        options.clock(hand.clone()).sink(sink)
    });
    let id = world.add("Ann", "ann@x.org");
    caught_up(&world.vault);
    let first = world.vault.health().journal_blocks;
    for limit in ["blocks", "time"] {
        server.set_down(true);
        let mut done = 0;
        let refused = (0..60).find_map(|n| {
            if limit == "time" {
                hand.on(Duration::from_secs(15));
            }
            act(&world.vault, done + if limit == "time" { 1_000 } else { 0 }).inspect(|_| done = n + 1).err()
        });
        assert!(matches!(refused, Some(Error::AuditUnavailable { committed: false })), "{limit}: {refused:?}");
        assert!(if limit == "time" { (1..=6).contains(&done) } else { (15..=22).contains(&done) }, "{limit}: {done}");
        assert!(world.vault.health().sinks[0].blocking);
        let rows = stored(&world.memory, Space::Row).len();
        let begin = Instant::now();
        for _ in 0..5 {
            let read = world.vault.tenant("acme").map(drop);
            assert!(matches!(read, Err(Error::AuditUnavailable { committed: false })), "{read:?}");
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
        assert_eq!(stored(&world.memory, Space::Row).len(), rows);
        server.set_down(false);
        eventually("acts stay closed", || world.vault.tenant("acme").is_ok());
        world.customers().get(id).unwrap();
        caught_up(&world.vault);
        assert!(!world.vault.health().sinks[0].blocking);
    }
    assert_eq!(server.check_from(first, &world.vault), 0);
}

#[test]
fn sink_that_does_not_know_what_it_got_gets_nothing_twice_over_clean_closes() {
    let server = Server::default();
    let world = World::new();
    let first = world.vault.health().journal_blocks;
    world.vault.close().unwrap();
    for round in 0..4 {
        let sink = Required(server.clone()).named("server");
        let vault = open_options(&world.memory).sink(sink).open().unwrap();
        let note = vault.health().sinks[0].note.clone();
        assert_eq!(note.is_some(), round == 0, "{note:?}");
        for n in 0..5 {
            act(&vault, round * 10 + n).unwrap();
        }
        vault.flush().unwrap();
        let health = vault.health();
        vault.close().unwrap();
        let last = health.journal_blocks - 1;
        assert_eq!(server.numbers().last().map(|(position, _)| *position), Some(last));
        assert_eq!(server.check_from(first, &vault), 0);
    }
    // The server got events from its attachment on, not from the beginning.
    assert_eq!(server.numbers()[0], (first, 0));
    assert_eq!(server.kept.of("create").len(), 20);
    let resumed = server.resumed.lock().unwrap().clone();
    assert!(resumed[0].is_none() && resumed[1..].iter().all(Option::is_some) && resumed.is_sorted(), "{resumed:?}");
    // The cursor of a sink that knows its own isn't saved.
    assert_eq!(stored(&world.memory, Space::Cursor).len(), 1);
}

#[test]
fn kill_loses_nothing_and_what_comes_again_says_so_by_its_numbers() {
    let server = Server::default();
    let world = World::new();
    let first = world.vault.health().journal_blocks;
    world.vault.close().unwrap();
    let mut memory = world.memory;
    let mut doubles = 0;
    for round in 0..6 {
        let vault = open_options(&memory).sink(Relayed(server.clone())).open().unwrap();
        // Saved at once, so that no later event can be missed.
        assert_eq!(stored(&memory, Space::Cursor).len(), 1);
        server.set_down(round % 2 == 1);
        for n in 0..8 {
            act(&vault, round * 10 + n).unwrap();
        }
        if round == 4 {
            eventually("cursors are kept while the vault is open", || {
                let twin = open_options(&copy(&memory)).sink(Relayed(Server::default())).open().unwrap();
                twin.health().sinks[0].acknowledged.is_some_and(|acknowledged| acknowledged > first + 30)
            });
        }
        vault.flush().unwrap();
        // A kill leaves what is on the disk now.
        let killed = copy(&memory);
        drop(vault);
        memory = killed;
    }
    server.set_down(false);
    let vault = open_options(&memory).sink(Relayed(server.clone())).open().unwrap();
    caught_up(&vault);
    doubles += server.check_from(first, &vault);
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
    let names: std::collections::BTreeSet<_> = server
        .kept
        .of("create")
        .iter()
        .map(|event| (event.journal().to_owned(), event.position(), event.index()))
        .collect();
    assert_eq!(names.len(), 48);
    assert!(doubles > 0, "the kills were too late to show anything");
}

/// Counts all commits, and those that write cursors.
struct Counting(Arc<dyn Store>, Arc<AtomicUsize>, Arc<AtomicUsize>);

impl Store for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.0.scan(prefix, after, limit)
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.0.scan_back(prefix, before, limit)
    }

    fn commit(&self, batch: &Writes, expect: &[Expectation]) -> Result<(), CommitError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        if batch.iter().any(|(key, _)| key.first() == Some(&(Space::Cursor as u8))) {
            self.2.fetch_add(1, Ordering::SeqCst);
        }
        self.0.commit(batch, expect)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.0.close()
    }
}

#[test]
fn cursors_cost_a_commit_a_second_when_something_changed_and_none_when_nothing_did() {
    let world = World::new();
    world.vault.close().unwrap();
    let (commits, cursors) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (all, of_cursors) = (Arc::clone(&commits), Arc::clone(&cursors));
    *world.memory.inner.around.lock().unwrap() =
        Some(Box::new(move |store| Arc::new(Counting(store, Arc::clone(&all), Arc::clone(&of_cursors)))));
    let server = Server::default();
    let vault = open_options(&world.memory).sink(Required(server.clone())).open().unwrap();
    assert_eq!(cursors.load(Ordering::SeqCst), 1, "the first of a new sink");
    let begin = Instant::now();
    for n in 0..300 {
        act(&vault, n).unwrap();
    }
    let seconds = usize::try_from(begin.elapsed().as_secs()).unwrap();
    assert!(cursors.load(Ordering::SeqCst) <= seconds + 3, "{} in {seconds} s", cursors.load(Ordering::SeqCst));
    // Once cursor and head file are saved, nothing more is written.
    std::thread::sleep(Duration::from_millis(2_500));
    let quiet = (commits.load(Ordering::SeqCst), cursors.load(Ordering::SeqCst));
    let heads = world.memory.inner.head.lock().unwrap().clone();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!((commits.load(Ordering::SeqCst), cursors.load(Ordering::SeqCst)), quiet);
    assert_eq!(*world.memory.inner.head.lock().unwrap(), heads);
    vault.close().unwrap();
    assert_eq!(cursors.load(Ordering::SeqCst), quiet.1, "nothing was left to write at close");
    // For a sink that knows its own cursor nothing is written.
    let kept = Kept::default();
    let before = cursors.load(Ordering::SeqCst);
    let vault = open_options(&world.memory).sink(Required(kept)).open().unwrap();
    act(&vault, 1_000).unwrap();
    vault.close().unwrap();
    assert_eq!(cursors.load(Ordering::SeqCst), before);
}

#[test]
fn altered_cursor_has_the_whole_journal_sent_again_and_a_removed_one_is_told_of() {
    let server = Server::default();
    let world = World::new();
    world.vault.close().unwrap();
    let vault = open_options(&world.memory).sink(Required(server.clone())).open().unwrap();
    act(&vault, 1).unwrap();
    vault.close().unwrap();
    let (key, value) = stored(&world.memory, Space::Cursor)[0].clone();
    let reopened = |changes: Option<Vec<u8>>| {
        let memory = copy(&world.memory);
        put(&memory, &[(key.clone(), changes)]);
        let server = Server::default();
        let vault = open_options(&memory).sink(Required(server.clone())).open().unwrap();
        act(&vault, 2).unwrap();
        let note = vault.health().sinks[0].note.clone().unwrap_or_default();
        vault.close().unwrap();
        (server, note)
    };
    for at in [0, 1, 2, 30, value.len() - 1] {
        let mut bytes = value.clone();
        bytes[at] ^= 1;
        if at == 0 {
            // A version of 0 is damage; a newer release's would be an error at each opening.
            bytes[0] = 0;
        }
        let (server, note) = reopened(Some(bytes));
        assert!(note.contains("altered"), "{at}: {note}");
        assert_eq!(server.numbers()[0], (0, 0), "{at}");
        assert_eq!(server.kept.of("create").len(), 2, "{at}");
    }
    let (server, note) = reopened(None);
    assert!(note.contains("remembers no sink"), "{note}");
    assert_eq!(server.kept.of("create").len(), 1, "from now on");
    let (_, note) = reopened(Some(value.clone()));
    assert_eq!(note, "");
}

#[test]
fn sinks_that_can_not_be_told_apart_or_panic_when_asked_for_their_name_are_refused_and_the_vault_is_free_again() {
    struct Nameless(Kept);
    impl AuditSink for Nameless {
        fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
            self.0.deliver(events)
        }

        fn last(&mut self, journal: &str) -> Result<Held, SinkError> {
            self.0.last(journal)
        }

        fn name(&self) -> String {
            panic!("no name")
        }
    }
    let world = World::new();
    world.vault.close().unwrap();
    let open = |sinks: Vec<crate::audit::AttachedSink>| {
        sinks.into_iter().fold(open_options(&world.memory), VaultOptions::sink).open()
    };
    let server = Server::default;
    let twice = open(vec![Required(server()).into(), Relayed(server()).into()]).err().unwrap();
    assert!(matches!(twice, Error::Sink { .. }) && twice.to_string().contains("`Server`"), "{twice}");
    let nameless = open(vec![Required(server()).into(), Relayed(Nameless(Kept::default())).into()]).err().unwrap();
    assert!(matches!(nameless, Error::Sink { .. }) && nameless.to_string().contains("no name"), "{nameless}");
    let named = open(vec![Required(server()).into(), Relayed(server()).named("second").into()]).unwrap();
    let names: Vec<String> = named.health().sinks.into_iter().map(|sink| sink.name).collect();
    assert_eq!(names, ["Server", "second"]);
    named.close().unwrap();
    let vault = open(vec![Required(Nameless(Kept::default())).named("given")]).unwrap();
    assert_eq!(vault.health().sinks[0].name, "given");
}

/// Hangs in one call for ever.
struct Hangs(&'static str);

impl Hangs {
    fn at(&self, call: &str) {
        if call == self.0 {
            loop {
                std::thread::park();
            }
        }
    }
}

impl AuditSink for Hangs {
    fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
        self.at("deliver");
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        self.at("last");
        Ok(Held::Unknown)
    }

    fn resume(&mut self, _: Option<u64>) {
        self.at("resume");
    }

    fn anchor(&mut self, _: &crate::audit::Head) -> Result<(), SinkError> {
        self.at("anchor");
        Ok(())
    }

    fn name(&self) -> String {
        self.at("name");
        format!("hangs in {}", self.0)
    }
}

impl Drop for Hangs {
    fn drop(&mut self) {
        self.at("drop");
    }
}

#[test]
fn sinks_that_hang_in_every_call_at_once_take_nothing_else_with_them() {
    let sound = Kept::default();
    let calls = ["name", "last", "resume", "deliver", "anchor", "drop"];
    let world = World::with(|options| {
        let all = calls.into_iter().fold(options, |options, call| options.sink(Relayed(Hangs(call))));
        all.sink(Required(sound.clone()))
    });
    let begin = Instant::now();
    for n in 0..20 {
        act(&world.vault, n).unwrap();
    }
    assert_eq!(world.verify(), Verdict::Intact);
    assert_eq!(sound.of("create").len(), 20);
    let health = world.vault.health();
    let states: Vec<SinkState> = health.sinks.iter().map(|sink| sink.state).collect();
    assert_eq!(states[..3], [SinkState::Starting; 3]);
    assert_eq!(states[6], SinkState::Working);
    world.vault.close().unwrap();
    assert!(begin.elapsed() < LONG);
    let vault = open_options(&world.memory).sink(Required(sound.clone())).open().unwrap();
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
}

#[test]
fn required_sinks_that_hang_together_fail_an_act_within_one_deadline() {
    let sound = Kept::default();
    let world = World::new();
    world.vault.close().unwrap();
    let deadline = Duration::from_secs(2);
    let vault = (0..4)
        .fold(open_options(&world.memory), |options, n| {
            options.sink(Required(Hangs("deliver")).within(deadline).named(format!("{n}")))
        })
        .sink(Relayed(sound.clone()))
        .open()
        .unwrap();
    let begin = Instant::now();
    let first = act(&vault, 1);
    assert!(matches!(first, Err(Error::AuditUnavailable { .. })), "{first:?}");
    assert!(begin.elapsed() < deadline * 3, "{:?}", begin.elapsed());
    assert!(vault.health().sinks[..4].iter().all(|sink| sink.blocking && sink.required));
    // The sound sink got the committed event.
    eventually("the sound sink is served", || sound.of("create").len() == 1);
    let begin = Instant::now();
    let closed = vault.close();
    assert!(matches!(closed, Err(Error::AuditUnavailable { committed: true })), "{closed:?}");
    assert!(begin.elapsed() < deadline * 3, "{:?}", begin.elapsed());
}

#[test]
fn channel_gets_every_act_and_head_in_order_and_its_lost_receiver_is_shown() {
    let (sink, messages) = channel(10_000);
    let world = World::new();
    world.vault.close().unwrap();
    let vault = open_options(&world.memory).sink(Required(sink)).open().unwrap();
    for n in 0..5 {
        act(&vault, n).unwrap();
    }
    vault.close().unwrap();
    let all: Vec<Message> = messages.iter().collect();
    let created = all.iter().filter(|message| matches!(message, Message::Event(event) if event.action() == "create"));
    assert_eq!(created.count(), 5);
    let size = vault.health().journal_blocks;
    assert!(matches!(all.last(), Some(Message::Head(head)) if head.size() == size));

    let (sink, messages) = channel(10);
    drop(messages);
    let vault = open_options(&world.memory).sink(Relayed(sink)).open().unwrap();
    act(&vault, 10).unwrap();
    eventually("it is shown", || {
        vault.health().sinks[0].error.as_ref().is_some_and(|error| error.contains("receiver was dropped"))
    });
}

/// Writes to a device that is full until it has room.
#[cfg(target_os = "linux")]
#[derive(Clone)]
struct Device(Kept, Arc<std::sync::atomic::AtomicBool>);

#[cfg(target_os = "linux")]
impl AuditSink for Device {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        use std::io::Write as _;
        if self.1.load(Ordering::SeqCst) {
            let mut full = std::fs::File::options().write(true).open("/dev/full")?;
            for event in events {
                writeln!(full, "{}", event.to_json())?;
            }
        }
        self.0.deliver(events)
    }

    fn last(&mut self, journal: &str) -> Result<Held, SinkError> {
        self.0.last(journal)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn required_sink_whose_device_is_full_fails_acts_closed_until_there_is_room() {
    let device = Device(Kept::default(), Arc::default());
    let world = World::with(|options| options.sink(Required(device.clone()).within(Duration::from_millis(150))));
    device.1.store(true, Ordering::SeqCst);
    let inserted = act(&world.vault, 1);
    assert!(matches!(inserted, Err(Error::AuditUnavailable { committed: true })), "{inserted:?}");
    eventually("acts go on", || matches!(act(&world.vault, 2), Err(Error::AuditUnavailable { committed: false })));
    let health = world.vault.health().sinks[0].clone();
    assert!(health.state == SinkState::Failing && health.blocking, "{health:?}");
    assert!(health.error.as_ref().is_some_and(|error| error.contains("space")), "{health:?}");
    device.1.store(false, Ordering::SeqCst);
    eventually("acts stay closed", || act(&world.vault, 3).is_ok());
    world.vault.close().unwrap();
    let numbers: Vec<_> = device.0.events().iter().map(|event| (event.position(), event.index())).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(device.0.of("create").len() >= 2);
}
