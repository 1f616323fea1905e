//! Limits of lag, what the vault remembers, and sinks that are trouble in every call.

use std::error::Error;
use std::fmt;
use std::sync::atomic::AtomicI64;

use super::*;

const MINUTE: i64 = 60_000_000;

/// A clock that is moved by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn set(&self, minutes: i64) {
        self.0.store(minutes * MINUTE, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A probe that hangs, relayed with a limit of three blocks and ten minutes.
fn lagging(blocking: Option<Duration>) -> (Arc<Control>, Hand, Delivery) {
    let (control, hand) = (Arc::new(Control::default()), Hand::default());
    control.hangs.store(true, Ordering::SeqCst);
    let sink = Relayed(Probe(Arc::clone(&control))).at_most_behind(3, Duration::from_secs(600));
    let sink = blocking.into_iter().fold(sink, |sink, time| sink.blocking(time));
    let supply = Supply { clock: Arc::new(hand.clone()), ..supply(0, nothing_to_replay()) };
    (control, hand, Delivery::start(sink.into(), supply).unwrap())
}

fn push_at(delivery: &Delivery, position: u64, minutes: i64) {
    delivery.push(position, Timestamp::from_micros(minutes * MINUTE), block(position).into());
}

#[test]
fn relayed_sink_is_degraded_beyond_its_limit_of_blocks_or_of_time_and_no_act_waits_for_it() {
    let (control, hand, delivery) = lagging(None);
    (0..3).for_each(|position| push_at(&delivery, position, 0));
    hand.set(10);
    let health = delivery.health();
    assert_eq!((health.degraded, health.lag, health.waiting), (false, 3, Some(Duration::from_secs(600))));
    hand.set(11);
    assert!(delivery.health().degraded, "too old");
    hand.set(-5);
    assert_eq!((delivery.health().degraded, delivery.health().waiting), (false, Some(Duration::ZERO)));
    push_at(&delivery, 3, 0);
    let health = delivery.health();
    assert!(health.degraded && !health.blocking && !health.required, "too many");
    let begin = Instant::now();
    assert!(delivery.admits());
    assert!(begin.elapsed() < LONG);
    control.hangs.store(false, Ordering::SeqCst);
    assert_eq!(delivery.wait(3, soon(LONG)), Waited::Delivered);
    assert_eq!((delivery.health().degraded, delivery.health().waiting), (false, None));
}

#[test]
fn relayed_sink_that_blocks_holds_acts_up_until_its_deadline_then_they_fail_until_it_is_within_its_limit() {
    let (control, hand, delivery) = lagging(Some(Duration::from_millis(100)));
    (0..3).for_each(|position| push_at(&delivery, position, 0));
    assert!(delivery.admits(), "it is within its limit");
    hand.set(11);
    assert!(delivery.health().blocking);
    let begin = Instant::now();
    assert!(!delivery.admits());
    assert!(begin.elapsed() >= Duration::from_millis(100), "the first waits");
    for _ in 0..50 {
        assert!(!delivery.admits());
    }
    assert!(begin.elapsed() < LONG, "those that follow don't");
    control.hangs.store(false, Ordering::SeqCst);
    eventually("acts stay closed", || delivery.admits());
    assert!(!delivery.health().blocking);
    // And the next time, the deadline begins anew.
    control.hangs.store(true, Ordering::SeqCst);
    (3..8).for_each(|position| push_at(&delivery, position, 11));
    let begin = Instant::now();
    assert!(!delivery.admits());
    assert!(begin.elapsed() >= Duration::from_millis(100));
    control.hangs.store(false, Ordering::SeqCst);
}

#[test]
fn act_that_waits_for_a_relayed_sink_goes_on_as_soon_as_it_has_caught_up() {
    let control = Arc::new(Control::default());
    control.hangs.store(true, Ordering::SeqCst);
    let sink = Relayed(Probe(Arc::clone(&control))).at_most_behind(0, LONG).blocking(LONG);
    let delivery = Arc::new(Delivery::start(sink.into(), supply(0, nothing_to_replay())).unwrap());
    push(&delivery, 0..1);
    let waiting = Arc::clone(&delivery);
    let act = thread::spawn(move || waiting.admits());
    thread::sleep(Duration::from_millis(50));
    assert!(!act.is_finished());
    control.hangs.store(false, Ordering::SeqCst);
    assert!(act.join().unwrap());
}

#[test]
fn lag_of_a_sink_that_was_down_before_the_vault_was_opened_counts_from_the_oldest_block_it_lacks() {
    let control = Arc::new(Control::default());
    control.hangs.store(true, Ordering::SeqCst);
    *control.held.lock().unwrap() = Some(Held::UpTo(1));
    let hand = Hand::default();
    hand.set(60);
    // Its events are of the first microsecond.
    let replay: Replay = Arc::new(|from, _| Ok((from..4).map(|position| (position, block(position))).collect()));
    let supply = Supply { clock: Arc::new(hand.clone()), ..supply(4, replay) };
    let delivery = Delivery::start(Relayed(Probe(Arc::clone(&control))).into(), supply).unwrap();
    assert!(delivery.started(soon(LONG)));
    let waiting = delivery.health().waiting.unwrap();
    assert_eq!((delivery.health().lag, waiting), (2, Duration::from_micros((60 * MINUTE - 1).cast_unsigned())));
    control.hangs.store(false, Ordering::SeqCst);
}

/// A sink that doesn't know what it got, and keeps what it was told on resuming.
#[derive(Clone, Default)]
struct Blind {
    got: Arc<Mutex<Vec<u64>>>,
    resumed: Arc<Mutex<Vec<Option<u64>>>>,
}

impl AuditSink for Blind {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        assert_eq!(self.resumed.lock().unwrap().len(), 1, "it resumes once, before the first delivery");
        self.got.lock().unwrap().extend(events.iter().map(Event::position));
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Unknown)
    }

    fn resume(&mut self, acknowledged: Option<u64>) {
        self.resumed.lock().unwrap().push(acknowledged);
    }
}

#[test]
fn sink_that_does_not_know_goes_on_where_the_vault_remembers() {
    for (cursor, first, resumed, note) in [
        (SinkPosition::Unheard, 10, None, Some("remembers no sink")),
        (SinkPosition::Next(0), 0, None, None),
        (SinkPosition::Next(7), 7, Some(6), None),
        (SinkPosition::Next(10), 10, Some(9), None),
        (SinkPosition::Altered, 0, None, Some("altered")),
    ] {
        let blind = Blind::default();
        let replay: Replay = Arc::new(|from, _| Ok((from..10).map(|position| (position, block(position))).collect()));
        let asked = Arc::new(Mutex::new(None));
        let names = Arc::clone(&asked);
        let cursors: supply::SinkPositions = Arc::new(move |name| {
            *names.lock().unwrap() = Some(name.to_owned());
            Ok(cursor)
        });
        let supply = Supply { cursors, ..supply(10, replay) };
        let delivery = Delivery::start(Required(blind.clone()).named("blind"), supply).unwrap();
        assert!(delivery.started(soon(LONG)));
        push(&delivery, 10..12);
        assert_eq!(delivery.wait(11, soon(LONG)), Waited::Delivered);
        assert_eq!(*blind.got.lock().unwrap(), (first..12).collect::<Vec<_>>(), "{cursor:?}");
        assert_eq!(*blind.resumed.lock().unwrap(), [resumed], "{cursor:?}");
        assert_eq!(delivery.cursor(), Some(("blind".to_owned(), 12)));
        assert_eq!(asked.lock().unwrap().as_deref(), Some("blind"));
        let said = delivery.health().note.unwrap_or_default();
        assert!(said.contains(note.unwrap_or_default()) && said.is_empty() == note.is_none(), "{said}");
    }
}

#[test]
fn vault_that_was_set_back_behind_what_it_remembers_stops_the_sink() {
    let supply = Supply { cursors: Arc::new(|_| Ok(SinkPosition::Next(11))), ..supply(10, nothing_to_replay()) };
    let delivery = Delivery::start(Required(Blind::default()).into(), supply).unwrap();
    eventually("it goes on", || delivery.health().state == SinkState::Stopped);
    assert!(delivery.health().error.unwrap().contains("set back"));
    assert_eq!(delivery.cursor(), None);
}

#[test]
fn vault_does_not_remember_a_sink_that_knows_by_itself() {
    let control = Arc::new(Control::default());
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..1);
    assert_eq!(delivery.wait(0, soon(LONG)), Waited::Delivered);
    assert_eq!(delivery.cursor(), None);
}

#[test]
fn blocks_that_the_journal_has_dropped_are_passed_over() {
    let control = Arc::new(Control::default());
    let replay: Replay = Arc::new(|from, _| {
        assert!(from >= 4, "{from} was dropped");
        Ok((from..6).map(|position| (position, block(position))).collect())
    });
    let supply = Supply { first: Arc::new(|| 4), ..supply(6, replay) };
    let delivery = Delivery::start(Required(Probe(Arc::clone(&control))).into(), supply).unwrap();
    assert_eq!(delivery.wait(5, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), [4, 5]);
    assert_eq!(delivery.health().missed, 4);
}

#[test]
fn block_that_cannot_be_read_back_holds_nothing_up_and_is_counted() {
    let control = Arc::new(Control::default());
    let replay: Replay = Arc::new(|from, _| {
        let there = (from..6).map(|position| (position, if position == 2 { Vec::new() } else { block(position) }));
        Ok(Replayed { unreadable: vec![2, 9], ..there.collect() })
    });
    let delivery = Delivery::start(Required(Probe(Arc::clone(&control))).into(), supply(6, replay)).unwrap();
    assert_eq!(delivery.wait(5, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), [0, 1, 3, 4, 5]);
    assert_eq!(delivery.health().unreadable, 1);
}

#[test]
fn block_that_can_be_read_back_before_it_is_durable_waits_until_it_is() {
    let control = Arc::new(Control::default());
    let replay: Replay = Arc::new(|from, _| Ok((from..9).map(|position| (position, block(position))).collect()));
    let delivery = Delivery::start(Required(Probe(Arc::clone(&control))).into(), supply(6, replay)).unwrap();
    assert_eq!(delivery.wait(5, soon(LONG)), Waited::Delivered);
    assert_eq!((control.got(), delivery.health().unreadable), ((0..6).collect(), 0));
    push(&delivery, 6..7);
    assert_eq!(delivery.wait(6, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), (0..7).collect::<Vec<_>>());
}

/// In which call a sink is trouble.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    Name,
    Last,
    Resume,
    Deliver,
    Anchor,
    Drop,
}

const CALLS: [Call; 6] = [Call::Name, Call::Last, Call::Resume, Call::Deliver, Call::Anchor, Call::Drop];

/// A sink that hangs until it is let go, or panics, in one call.
struct Trouble {
    call: Call,
    panics: bool,
    free: Arc<AtomicBool>,
    began: Arc<AtomicBool>,
}

impl Trouble {
    fn at(&self, call: Call) {
        if call != self.call {
            return;
        }
        self.began.store(true, Ordering::SeqCst);
        assert!(!self.panics, "told to");
        while !self.free.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl AuditSink for Trouble {
    fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
        self.at(Call::Deliver);
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        self.at(Call::Last);
        Ok(Held::Nothing)
    }

    fn resume(&mut self, _: Option<u64>) {
        self.at(Call::Resume);
    }

    fn anchor(&mut self, _: &Head) -> Result<(), SinkError> {
        self.at(Call::Anchor);
        Ok(())
    }

    fn name(&self) -> String {
        self.at(Call::Name);
        "trouble".to_owned()
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.at(Call::Drop);
    }
}

fn head_of_nothing() -> Head {
    Head::sign(
        &Key::copied(&[1; 32]),
        HeadBody {
            vault: VaultId::from_bytes([1; 16]),
            epoch: JournalEpochId::from_bytes([2; 16]),
            size: 0,
            root: Frontier::default().root(),
            ledger_size: 0,
            ledger_hash: [0; 32],
            time: Timestamp::from_micros(0),
        },
    )
}

#[test]
fn sink_that_hangs_in_any_call_is_attached_waited_for_and_closed_in_time_and_goes_on_when_it_returns() {
    for call in CALLS {
        let (free, began) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let sink = Trouble { call, panics: false, free: Arc::clone(&free), began: Arc::clone(&began) };
        let begin = Instant::now();
        let delivery = Delivery::start(Required(sink).into(), supply(0, nothing_to_replay())).unwrap();
        delivery.anchor(head_of_nothing());
        push(&delivery, 0..1);
        let patience = if call == Call::Drop { LONG } else { Duration::from_millis(50) };
        let waited = delivery.wait(0, soon(patience));
        if call != Call::Drop {
            eventually("the call", || began.load(Ordering::SeqCst));
            assert_eq!(waited, Waited::Late, "{call:?}");
        }
        let health = delivery.health();
        assert_eq!(
            health.state == SinkState::Starting,
            [Call::Name, Call::Last, Call::Resume].contains(&call),
            "{call:?}"
        );
        assert_eq!(health.name == NAMELESS, call == Call::Name);
        if call == Call::Name {
            // It isn't lost: once it has said its name, it gets what came meanwhile.
            free.store(true, Ordering::SeqCst);
            assert_eq!(delivery.wait(0, soon(LONG)), Waited::Delivered);
            assert_eq!(delivery.health().name, "trouble");
        }
        let closed = delivery.close(soon(Duration::from_millis(50)));
        let delivered = [Call::Name, Call::Drop].contains(&call);
        assert_eq!(closed, if delivered { Waited::Delivered } else { Waited::Late }, "{call:?}");
        assert!(begin.elapsed() < LONG, "{call:?}");
        free.store(true, Ordering::SeqCst);
    }
}

#[test]
fn sink_that_panics_in_any_call_is_refused_or_stopped_and_says_so() {
    for call in CALLS {
        let began = Arc::new(AtomicBool::new(false));
        let sink = Trouble { call, panics: true, free: Arc::default(), began: Arc::clone(&began) };
        let delivery = match Delivery::start(Required(sink).into(), supply(0, nothing_to_replay())) {
            Ok(delivery) => delivery,
            Err(error) => {
                assert_eq!((call, error.to_string().contains("its name: told to")), (Call::Name, true), "{error}");
                continue;
            }
        };
        delivery.anchor(head_of_nothing());
        push(&delivery, 0..1);
        let waited = delivery.wait(0, soon(LONG));
        if call == Call::Drop {
            assert_eq!(waited, Waited::Delivered);
            delivery.close(soon(LONG));
        } else {
            eventually("the panic", || delivery.health().state == SinkState::Stopped);
        }
        assert_eq!(delivery.health().state, SinkState::Stopped, "{call:?}");
        assert!(delivery.health().error.unwrap().contains("panicked"), "{call:?}");
    }
}

#[test]
fn two_sinks_of_one_name_are_refused_or_stopped_and_told_how_to_be_told_apart() {
    let supply = supply(0, nothing_to_replay());
    let attach = |name: &str| Delivery::start(Required(Blind::default()).named(name), supply.clone());
    let _first = attach("archive").unwrap();
    let error = attach("archive").err().unwrap();
    assert!(error.to_string().contains("`archive`") && error.to_string().contains("named"), "{error}");
    let _other = attach("another").unwrap();
    // One that says its name late is attached by then, and stopped.
    let free = Arc::new(AtomicBool::new(false));
    let sink = Trouble { call: Call::Name, panics: false, free: Arc::clone(&free), began: Arc::default() };
    let late = Delivery::start(Relayed(sink).into(), supply.clone()).unwrap();
    let _trouble = attach("trouble").unwrap();
    free.store(true, Ordering::SeqCst);
    eventually("it is taken", || late.health().state == SinkState::Stopped);
    assert!(late.health().error.unwrap().contains("`trouble`"));
}

/// An error whose text is trouble itself.
#[derive(Debug)]
struct Bomb;

impl fmt::Display for Bomb {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the error's text");
    }
}

impl Error for Bomb {}

/// Something that panics when what a panic carried is dropped.
struct Charge;

impl Drop for Charge {
    fn drop(&mut self) {
        panic!("the panic's own drop");
    }
}

/// Errs, or panics, with something that panics again.
struct Mined(bool);

impl AuditSink for Mined {
    fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
        if self.0 {
            return Err(SinkError::with_source("mined", Bomb));
        }
        std::panic::panic_any(Charge)
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Nothing)
    }
}

#[test]
fn what_a_sink_leaves_behind_is_as_harmless_as_the_sink() {
    for errs in [true, false] {
        let delivery = Delivery::start(Required(Mined(errs)).into(), supply(0, nothing_to_replay())).unwrap();
        push(&delivery, 0..1);
        assert_eq!(delivery.wait(0, soon(LONG)), Waited::Failed);
        assert_eq!(delivery.health().state, SinkState::Stopped);
        assert_eq!(delivery.close(soon(LONG)), Waited::Failed);
    }
}

#[test]
fn endless_error_text_is_cut() {
    struct Wordy;
    impl AuditSink for Wordy {
        fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
            Err(SinkError::new("ä".repeat(1 << 20)))
        }

        fn last(&mut self, _: &str) -> Result<Held, SinkError> {
            Ok(Held::Nothing)
        }
    }
    let delivery = Delivery::start(Relayed(Wordy).into(), supply(0, nothing_to_replay())).unwrap();
    push(&delivery, 0..1);
    eventually("it errs", || delivery.health().error.is_some());
    assert_eq!(delivery.health().error.unwrap().chars().count(), 1_000);
    delivery.abandon();
}
