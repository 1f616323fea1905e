use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::state::MARKS;
use super::*;
use crate::audit::{
    AuditSink, Entry, EntryBuilder, Frontier, HeadBody, Held, Outcome, Relayed, Required, SinkState, events,
};
use crate::crypto::Key;
use crate::model::{Action, JournalEpochId, SystemClock, Timestamp, VaultId};

const JOURNAL: &str = "strongroom/a/b";
const LONG: Duration = Duration::from_secs(20);

/// The hand of a test on its sink, and all that the sink has got.
#[derive(Default)]
struct Control {
    got: Mutex<Vec<(u64, u32)>>,
    heads: Mutex<Vec<(u64, usize)>>,
    failures: AtomicUsize,
    panics: AtomicBool,
    panics_when_dropped: AtomicBool,
    hangs: AtomicBool,
    held: Mutex<Option<Held>>,
}

struct Probe(Arc<Control>);

impl Control {
    fn got(&self) -> Vec<u64> {
        self.got.lock().unwrap().iter().map(|(position, _)| *position).collect()
    }

    fn act(&self) -> Result<(), SinkError> {
        while self.hangs.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(2));
        }
        assert!(!self.panics.load(Ordering::SeqCst), "the probe was told to");
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() { Err(std::io::Error::other("out of paper").into()) } else { Ok(()) }
    }
}

impl AuditSink for Probe {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        self.0.act()?;
        self.0.got.lock().unwrap().extend(events.iter().map(|event| (event.position(), event.index())));
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(self.0.held.lock().unwrap().unwrap_or(Held::Nothing))
    }

    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        self.0.act()?;
        let so_far = self.0.got.lock().unwrap().len();
        self.0.heads.lock().unwrap().push((head.size(), so_far));
        Ok(())
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        assert!(!self.0.panics_when_dropped.load(Ordering::SeqCst), "dropped");
    }
}

fn entry() -> Entry {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "");
    builder.finish().unwrap()
}

fn block(position: u64) -> Vec<Event> {
    events(&Arc::from(JOURNAL), None, position, vec![entry()])
}

/// A journal that can be read again as far as it has been committed.
fn journal() -> Replay {
    Arc::new(|from, _| Ok((from..from + 100).map(|position| (position, block(position))).collect()))
}

fn nothing_to_replay() -> Replay {
    Arc::new(|from, _| panic!("asked for {from}"))
}

fn supply(size: u64, replay: Replay) -> Supply {
    Supply {
        journal: JOURNAL.into(),
        size,
        replay,
        first: Arc::new(|| 0),
        cursors: Arc::new(|_| Ok(SinkPosition::Unheard)),
        clock: Arc::new(SystemClock),
        names: Names::default(),
    }
}

fn start(control: &Arc<Control>, size: u64, replay: Replay) -> Delivery {
    Delivery::start(Required(Probe(Arc::clone(control))).into(), supply(size, replay)).unwrap()
}

fn soon(wait: Duration) -> Instant {
    Instant::now() + wait
}

fn push(delivery: &Delivery, positions: std::ops::Range<u64>) {
    positions.for_each(|position| delivery.push(position, Timestamp::from_micros(1), block(position).into()));
}

#[test]
fn what_is_pushed_arrives_in_order_and_is_acknowledged() {
    let control = Arc::new(Control::default());
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..500);
    assert_eq!(delivery.wait(499, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), (0..500).collect::<Vec<_>>());
    let health = delivery.health();
    assert_eq!((health.state, health.acknowledged, health.lag), (SinkState::Working, Some(499), 0));
    assert_eq!((health.waiting, health.error, health.required), (None, None, true));
    assert_eq!(delivery.deadline(), Some(crate::audit::sink::DEADLINE));
    assert_eq!(delivery.close(soon(LONG)), Waited::Delivered);
}

#[test]
fn sink_resumes_where_it_left_off_from_the_journal() {
    for (held, first) in [(Held::Nothing, 0), (Held::UpTo(6), 7), (Held::UpTo(9), 10), (Held::Unknown, 10)] {
        let control = Arc::new(Control::default());
        *control.held.lock().unwrap() = Some(held);
        let replay: Replay = Arc::new(|from, _| Ok((from..10).map(|position| (position, block(position))).collect()));
        let delivery = start(&control, 10, replay);
        push(&delivery, 10..12);
        assert_eq!(delivery.wait(11, soon(LONG)), Waited::Delivered);
        assert_eq!(control.got(), (first..12).collect::<Vec<_>>(), "{held:?}");
    }
}

#[test]
fn sink_that_holds_more_than_the_journal_is_stopped_and_says_why() {
    let control = Arc::new(Control::default());
    *control.held.lock().unwrap() = Some(Held::UpTo(10));
    let delivery = start(&control, 10, nothing_to_replay());
    push(&delivery, 10..11);
    assert_eq!(delivery.wait(10, soon(LONG)), Waited::Failed);
    let health = delivery.health();
    assert_eq!(health.state, SinkState::Stopped);
    assert!(health.error.unwrap().contains("set back"));
    assert!(control.got().is_empty());
}

#[test]
fn erring_sink_is_tried_again_until_it_works() {
    let control = Arc::new(Control { failures: AtomicUsize::new(3), ..Control::default() });
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..3);
    assert_eq!(delivery.wait(2, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), [0, 1, 2]);
    assert_eq!(delivery.health().error, None);
}

#[test]
fn sink_that_goes_on_erring_fails_the_wait_and_reports_its_error() {
    let control = Arc::new(Control { failures: AtomicUsize::new(usize::MAX), ..Control::default() });
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..1);
    assert_eq!(delivery.wait(0, soon(Duration::from_millis(200))), Waited::Failed);
    let health = delivery.health();
    assert_eq!((health.state, health.acknowledged, health.lag), (SinkState::Failing, None, 1));
    assert_eq!(health.error.unwrap(), "the sink's file or connection failed: out of paper");
    assert!(health.waiting.unwrap() >= Duration::from_millis(150));
    assert_eq!(delivery.close(soon(Duration::from_millis(50))), Waited::Failed);
}

#[test]
fn hanging_sink_holds_up_only_those_who_wait_and_only_until_their_deadline() {
    let control = Arc::new(Control::default());
    control.hangs.store(true, Ordering::SeqCst);
    let delivery = start(&control, 0, nothing_to_replay());
    let began = Instant::now();
    push(&delivery, 0..1000);
    assert_eq!(delivery.wait(5, soon(Duration::from_millis(100))), Waited::Late);
    assert_eq!(delivery.health().lag, 1000);
    assert!(began.elapsed() < LONG);
    control.hangs.store(false, Ordering::SeqCst);
    assert_eq!(delivery.wait(999, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), (0..1000).collect::<Vec<_>>());
    control.hangs.store(true, Ordering::SeqCst);
    push(&delivery, 1000..1001);
    let began = Instant::now();
    assert_eq!(delivery.close(soon(Duration::from_millis(100))), Waited::Late);
    assert!(began.elapsed() < LONG);
    control.hangs.store(false, Ordering::SeqCst);
}

#[test]
fn panicking_sink_is_stopped_and_fails_waits_at_once() {
    let control = Arc::new(Control::default());
    control.panics.store(true, Ordering::SeqCst);
    control.panics_when_dropped.store(true, Ordering::SeqCst);
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..1);
    assert_eq!(delivery.wait(0, soon(LONG)), Waited::Failed);
    push(&delivery, 1..2);
    assert_eq!(delivery.wait(1, soon(LONG)), Waited::Failed);
    let health = delivery.health();
    assert_eq!(health.state, SinkState::Stopped);
    assert!(health.error.unwrap().contains("panicked"));
    assert_eq!(delivery.close(soon(LONG)), Waited::Failed);
}

#[test]
fn queue_that_runs_over_is_dropped_and_read_again_from_the_journal() {
    let control = Arc::new(Control::default());
    control.hangs.store(true, Ordering::SeqCst);
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, again) = (Arc::clone(&asked), journal());
    // More than the queue and what the thread may have taken before it hung.
    let end = (QUEUE + BATCH) as u64 + 500;
    let replay: Replay = Arc::new(move |from, limit| {
        count.fetch_add(1, Ordering::SeqCst);
        again(from, limit).map(|blocks| blocks.blocks.into_iter().filter(|(position, _)| *position < end).collect())
    });
    let attached = Relayed(Probe(Arc::clone(&control))).into();
    let delivery = Delivery::start(attached, supply(0, replay)).unwrap();
    push(&delivery, 0..end);
    assert!(delivery.shared.lock().queued <= QUEUE);
    assert!(delivery.shared.lock().marks.len() <= MARKS);
    assert!(delivery.health().waiting.is_some());
    assert_eq!(delivery.deadline(), None);
    control.hangs.store(false, Ordering::SeqCst);
    assert_eq!(delivery.wait(end - 1, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), (0..end).collect::<Vec<_>>());
    assert!(asked.load(Ordering::SeqCst) > 0);
    assert_eq!((delivery.health().state, delivery.health().waiting), (SinkState::Working, None));
}

#[test]
fn journal_that_cannot_be_read_again_is_reported_not_skipped() {
    for broken in [
        Arc::new(|_, _| Ok(Replayed::default())) as Replay,
        Arc::new(|from, _| Ok([(from + 1, block(from + 1))].into_iter().collect())),
        Arc::new(|_, _| Err(SinkError::new("disk"))),
    ] {
        let control = Arc::new(Control::default());
        let delivery = start(&control, 3, broken);
        push(&delivery, 3..4);
        assert_eq!(delivery.wait(3, soon(Duration::from_millis(100))), Waited::Failed);
        assert!(control.got().is_empty());
        assert_eq!(delivery.health().state, SinkState::Failing);
        assert_eq!(delivery.close(soon(Duration::from_millis(10))), Waited::Failed);
    }
}

#[test]
fn block_without_readable_entries_is_passed_over() {
    let control = Arc::new(Control::default());
    let replay: Replay =
        Arc::new(|from, _| Ok([(from, if from == 1 { Vec::new() } else { block(from) })].into_iter().collect()));
    let delivery = start(&control, 3, replay);
    assert_eq!(delivery.wait(2, soon(LONG)), Waited::Delivered);
    assert_eq!(control.got(), [0, 2]);
}

#[test]
fn head_follows_the_blocks_it_covers() {
    let control = Arc::new(Control::default());
    let delivery = start(&control, 0, nothing_to_replay());
    let mut tree = Frontier::default();
    (0..20).for_each(|n| tree.append([n; 32]));
    delivery.anchor(Head::sign(
        &Key::copied(&[1; 32]),
        HeadBody {
            vault: VaultId::from_bytes([1; 16]),
            epoch: JournalEpochId::from_bytes([2; 16]),
            size: tree.size(),
            root: tree.root(),
            ledger_size: 0,
            ledger_hash: [0; 32],
            time: Timestamp::from_micros(0),
        },
    ));
    push(&delivery, 0..20);
    assert_eq!(delivery.close(soon(LONG)), Waited::Delivered);
    let heads = control.heads.lock().unwrap();
    assert_eq!(*heads, [(20, 20)]);
}

#[test]
fn closing_delivers_what_is_left() {
    let control = Arc::new(Control::default());
    control.hangs.store(true, Ordering::SeqCst);
    let delivery = start(&control, 0, nothing_to_replay());
    push(&delivery, 0..100);
    let release = Arc::clone(&control);
    let helper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        release.hangs.store(false, Ordering::SeqCst);
    });
    drop(delivery);
    helper.join().unwrap();
    assert_eq!(control.got(), (0..100).collect::<Vec<_>>());
}

mod trouble;
