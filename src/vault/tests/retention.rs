//! Dropping the journal's oldest segments: what goes, what stays, what is noticed, and what a kill leaves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use crate::audit::{Head, Required, RewrittenBecause, Syslog};
use crate::format::journal_base::SEGMENT;
use crate::format::place;
use crate::model::{Clock, Timestamp};
use crate::store::faulty::{Fault, FaultyStore};
use crate::store::{CommitError, Expectation, StoreError};
use crate::vault::journal::retention::{HeldBack, Retention, RetentionPlan};
use crate::vault::tests::*;

const DAY: i64 = 86_400_000_000;

/// A clock that stands still until it is moved by days.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn pass(&self, days: i64) {
        self.0.fetch_add(days * DAY, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

fn keeper() -> Actor {
    Actor::new("k").with_role("keeper")
}

fn with(memory: &Memory, hands: &Hands) -> VaultOptions {
    let policy = roles().role("keeper", |r| r.may([Action::Retain, Action::Verify]));
    Vault::in_memory(memory).master_key(Unlocked).policy(policy).clock(hands.clone())
}

/// A vault with notes of the tenant `acme`, another tenant that is idle after its beginning, and a clock.
struct Old {
    world: World,
    hands: Hands,
}

impl Old {
    /// Makes a journal of more than `blocks` blocks.
    fn new(blocks: u64) -> Self {
        let (memory, hands) = (Memory::new(), Hands::default());
        let vault = with(&memory, &hands).create().unwrap();
        let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
        acme.session(admin()).unwrap().define::<Note>().unwrap();
        let quiet = vault.session(admin()).unwrap().create_tenant("quiet").unwrap();
        quiet.session(admin()).unwrap().define::<Note>().unwrap();
        quiet.session(boss()).unwrap().collection::<Note>().unwrap().insert(&Note::new("quiet")).unwrap();
        let old = Self { world: World { memory, vault, acme }, hands };
        old.fill(blocks);
        old
    }

    fn open(memory: &Memory, hands: &Hands) -> Self {
        let vault = with(memory, hands).open().unwrap();
        let acme = vault.tenant("acme").unwrap();
        Self { world: World { memory: memory.clone(), vault, acme }, hands: hands.clone() }
    }

    fn reopen(self) -> Self {
        self.world.vault.close().unwrap();
        Self::open(&self.world.memory, &self.hands)
    }

    fn fill(&self, to: u64) {
        let notes = self.world.notes();
        self.world.vault.flush().unwrap();
        for _ in self.size()..=to {
            notes.insert(&Note::new("n")).unwrap();
        }
    }

    fn size(&self) -> u64 {
        self.world.vault.health().journal_blocks
    }

    fn head(&self) -> Head {
        self.world.vault.session(keeper()).unwrap().head().unwrap()
    }

    fn plan(&self, days: u32) -> RetentionPlan {
        let head = self.head();
        let keep = Retention::days(days).below_six_months().anchored_by(&head);
        self.world.vault.session(keeper()).unwrap().plan_retention(keep).unwrap()
    }

    fn retain(&self, plan: &RetentionPlan) -> Result<u64, Error> {
        self.world.vault.session(keeper()).unwrap().retain(plan).map(|report| report.blocks)
    }

    fn verify(&self) -> Verdict {
        self.world.vault.session(keeper()).unwrap().verify().unwrap()
    }

    fn against(&self, head: &Head) -> Verdict {
        self.world.vault.session(keeper()).unwrap().verify_against(head).unwrap()
    }

    /// Returns the number of blocks after the head, which fits the journal. Checking writes one more.
    fn tail(&self, head: &Head) -> u64 {
        self.world.vault.flush().unwrap();
        match self.against(head) {
            Verdict::UnanchoredTail(tail) => {
                self.world.vault.flush().unwrap();
                tail
            }
            other => panic!("{other:?}"),
        }
    }

    /// Returns the position of the first block in the store.
    fn first(&self) -> u64 {
        place::position_of_key(&stored(&self.world.memory, Space::Block)[0].0).unwrap().0
    }
}

fn lists_before(memory: &Memory, end: u64) -> usize {
    let before = |(key, _): &&Pair| place::position_of_key(key).unwrap().0 < end;
    stored(memory, Space::Changes).iter().filter(before).count()
}

#[test]
fn plan_shows_what_is_then_dropped_and_the_rest_verifies_against_every_head_from_before() {
    let old = Old::new(20);
    let mut heads = vec![old.head()];
    for size in [127, 200, 256, 300] {
        old.fill(size);
        heads.push(old.head());
    }
    old.hands.pass(100);
    old.fill(420);
    let plan = old.plan(90);
    let before = everything(&old.world.memory);
    assert_eq!((plan.positions.clone(), plan.segments), (0..256, 2));
    assert_eq!(plan.times, Some((Timestamp::from_micros(0), Timestamp::from_micros(0))));
    assert!(matches!(plan.held_back, HeldBack::Young { written } if written.as_micros() == 100 * DAY));
    let in_plan = |(key, _): &&Pair| place::position_of_key(key).unwrap().0 < 256;
    let blocks = stored(&old.world.memory, Space::Block);
    let bytes: usize = blocks.iter().filter(in_plan).map(|(_, value)| value.len()).sum();
    assert_eq!(plan.bytes, bytes as u64);
    let lists = lists_before(&old.world.memory, 256);
    assert!(lists > 200);
    assert!(plan.to_string().contains("blocks 0 to 255"), "{plan}");

    let report = old.world.vault.session(keeper()).unwrap().retain(&plan).unwrap();
    assert_eq!((report.blocks, report.bytes, report.first_kept), (256, plan.bytes, 256));
    assert_eq!(report.change_lists, lists as u64);
    assert_eq!((old.first(), lists_before(&old.world.memory, 256)), (256, 0));
    let leaves = stored(&old.world.memory, Space::Leaves);
    assert_eq!(leaves.iter().map(|(key, _)| place::first_of_leaves_key(key)).collect::<Vec<_>>(), [Some(0), Some(128)]);
    // Values outside the journal stay as they were, except for the states.
    let after: BTreeMap<Vec<u8>, Vec<u8>> = everything(&old.world.memory).into_iter().collect();
    for (key, value) in before {
        let journal = [Space::Block, Space::Changes, Space::TenantState, Space::JournalState];
        if !journal.iter().any(|space| key[0] == *space as u8) {
            assert_eq!(after.get(&key), Some(&value));
        }
    }
    for old in [&old, &Old::open(&copy(&old.world.memory), &old.hands)] {
        assert_eq!(old.verify(), Verdict::Intact);
        for head in &heads {
            assert_eq!(old.tail(head), old.size() - 1 - head.size(), "{}", head.size());
        }
        // The same plan again, or another one for the same age, drops nothing.
        assert_eq!(old.retain(&plan).unwrap(), 0);
        let again = old.plan(90);
        assert_eq!((again.positions.clone(), again.segments), (256..256, 0));
        assert!(again.to_string().starts_with("drops nothing"), "{again}");
    }
    let old = old.reopen();
    assert!(old.world.vault.health().notices.is_empty(), "{:?}", old.world.vault.health().notices);
    assert_eq!(old.world.notes().list(None, 1_000).unwrap().items.len() as u64, old.world.notes().count().unwrap());
    // Once more, from where the journal begins now.
    old.hands.pass(100);
    let plan = old.plan(90);
    assert_eq!(plan.positions, 256..384);
    assert_eq!(old.retain(&plan).unwrap(), 128);
    assert_eq!((old.verify(), old.first()), (Verdict::Intact, 384));
    assert_eq!(old.tail(&heads[2]), old.size() - 1 - heads[2].size());
}

#[test]
fn dropping_is_written_down_for_the_vault_and_for_the_tenant_with_the_positions() {
    let (old, sink) = (Old::new(150), Kept::default());
    old.hands.pass(100);
    old.world.vault.close().unwrap();
    let vault = with(&old.world.memory, &old.hands).sink(Required(sink.clone())).open().unwrap();
    let keep = Retention::days(90).below_six_months();
    let mut plan = vault.session(keeper()).unwrap().plan_retention(keep).unwrap();
    assert_eq!(plan.positions, 0..128);
    let covered = plan.covered;
    // The entry states what the plan was made for, not the changed fields.
    (plan.days, plan.covered) = (4_000, 1);
    vault.session(keeper()).unwrap().retain(&plan).unwrap();
    let events = sink.of("retain");
    let of = |code: &str| events.iter().filter(|event| event.code() == code).collect::<Vec<_>>();
    assert_eq!((of("planned").len(), of("changes").len(), of("dropped").len()), (1, 2, 1));
    let dropped = of("dropped")[0];
    assert_eq!((dropped.tenant(), dropped.blocks(), dropped.actor()), (None, Some(0..128), Some("k")));
    let why = format!("older than 90 days, covered to {covered}");
    assert!(events.iter().filter(|event| event.blocks().is_some()).all(|event| event.reason() == Some(&*why)));
    let json: serde_json::Value = serde_json::from_str(&dropped.to_json()).unwrap();
    assert_eq!((&json["blocks"], json.get("unknown")), (&serde_json::json!([0, 128]), None));
    assert!(of("changes").iter().all(|event| event.tenant().is_some() && event.blocks().unwrap().end <= 128));
    vault.session(keeper()).unwrap().retain(&plan).unwrap();
    vault.flush().unwrap();
    let last = sink.of("retain").pop().unwrap();
    assert_eq!((last.code(), last.actor(), last.tenant()), ("nothing_dropped", Some("k"), None));
}

#[test]
fn without_a_head_elsewhere_or_with_too_few_days_it_refuses_and_says_what_to_do() {
    let old = Old::new(150);
    let why = |keep: Retention| match old.world.vault.session(keeper()).unwrap().plan_retention(keep) {
        Err(Error::NotPossible(why)) => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(why(Retention::days(365)).contains("anchored_by"));
    assert!(why(Retention::days(179)).contains("below_six_months"));
    assert!(why(Retention::days(0).below_six_months()).contains("at least 1"));
    assert!(matches!(old.world.vault.session(boss()).unwrap().plan_retention(365), Err(Error::Denied(_))));
    let plan = old.plan(365);
    assert!(matches!(old.world.vault.session(admin()).unwrap().retain(&plan), Err(Error::Denied(_))));
    let other = Old::new(10);
    let keep = Retention::days(365).anchored_by(&other.head());
    assert!(matches!(old.world.vault.session(keeper()).unwrap().plan_retention(keep), Err(Error::Head(_))));
    assert!(matches!(other.world.vault.session(keeper()).unwrap().retain(&plan), Err(Error::NotPossible(_))));
}

#[test]
fn sinks_that_keep_no_heads_vouch_for_nothing() {
    struct Forgets;
    impl AuditSink for Forgets {
        fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
            Ok(())
        }
        fn last(&mut self, _: &str) -> Result<Held, SinkError> {
            Ok(Held::Nothing)
        }
    }
    let old = Old::new(150);
    old.hands.pass(100);
    old.world.vault.close().unwrap();
    let (memory, hands) = (&old.world.memory, &old.hands);
    let keep = || Retention::days(90).below_six_months();
    let planned = |sinks: Vec<crate::audit::AttachedSink>| {
        let vault = sinks.into_iter().fold(with(memory, hands), VaultOptions::sink).open().unwrap();
        let planned = vault.session(keeper()).unwrap().plan_retention(keep()).map(|plan| plan.positions);
        vault.close().unwrap();
        planned
    };
    let forgets = || crate::audit::Relayed(Forgets).into();
    let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = || crate::audit::Relayed(Syslog::udp(server.local_addr().unwrap().to_string())).into();
    let (channel, _messages) = crate::audit::channel(1_000);
    let kinds = [
        vec![forgets()],
        vec![crate::audit::Relayed(channel).into()],
        vec![udp()],
        vec![forgets(), udp()],
        #[cfg(feature = "tracing")]
        vec![Required(crate::audit::Tracing).into()],
    ];
    for sinks in kinds {
        let alone = planned(sinks);
        assert!(matches!(&alone, Err(Error::NotPossible(why)) if why.to_string().contains("anchored_by")), "{alone:?}");
    }
    // One sink that keeps heads is enough for all.
    assert_eq!(planned(vec![forgets(), udp(), Required(Kept::default()).into()]).unwrap(), 0..128);
}

#[test]
fn scrub_finds_a_base_that_was_altered() {
    let old = Old::new(200);
    old.hands.pass(100);
    old.fill(220);
    old.retain(&old.plan(90)).unwrap();
    let scrub = || {
        old.world.vault.session(keeper()).unwrap().scrub(ScrubOptions::new().rows_per_second(u64::MAX)).unwrap().wait()
    };
    assert_eq!(scrub().unwrap(), Some(Verdict::Intact));
    let memory = &old.world.memory;
    for space in [Space::JournalBase, Space::Leaves] {
        for (key, value) in stored(memory, space) {
            let mut altered = value.clone();
            *altered.last_mut().unwrap() ^= 1;
            put(memory, &[(key.clone(), Some(altered))]);
            let found = scrub();
            assert!(
                matches!(found, Ok(Some(Verdict::Rewritten { because: RewrittenBecause::State, .. }))),
                "{key:?}: {found:?}"
            );
            put(memory, &[(key, Some(value))]);
        }
    }
    assert_eq!(scrub().unwrap(), Some(Verdict::Intact));
}

#[test]
fn nothing_younger_and_nothing_that_no_head_covers_is_dropped() {
    let old = Old::new(127);
    let early = old.head();
    old.fill(260);
    old.hands.pass(90);
    let keep = |head: &Head| Retention::days(90).below_six_months().anchored_by(head);
    let plan = |head: &Head| old.world.vault.session(keeper()).unwrap().plan_retention(keep(head)).unwrap();
    // Exact to the microsecond: an entry that has exactly the age stays.
    assert_eq!(plan(&early).positions, 0..0);
    old.hands.0.fetch_add(1, Ordering::SeqCst);
    assert!(early.size() < 256);
    let covered = plan(&early);
    assert_eq!((covered.positions.clone(), &covered.held_back), (0..128, &HeldBack::Uncovered));
    let late = plan(&old.head());
    assert_eq!(late.positions, 0..256);
    // One younger entry in a segment keeps the segment, and all later ones.
    let young = Old::new(60);
    young.hands.pass(5);
    young.fill(70);
    young.hands.pass(-5);
    young.fill(300);
    young.hands.pass(8);
    let plan = young.plan(7);
    assert_eq!((plan.positions.clone(), plan.segments), (0..0, 0));
    assert!(matches!(plan.held_back, HeldBack::Young { written } if written.as_micros() == 5 * DAY));
    assert_eq!(young.retain(&plan).unwrap(), 0);
    young.hands.pass(5);
    assert_eq!(young.plan(7).positions, 0..256);
}

#[test]
fn plan_whose_public_fields_were_changed_drops_what_was_looked_at() {
    let old = Old::new(300);
    old.hands.pass(200);
    let mut plan = old.plan(90);
    assert_eq!(plan.positions, 0..256);
    plan.positions = 128..300;
    let lists = lists_before(&old.world.memory, 256);
    let report = old.world.vault.session(keeper()).unwrap().retain(&plan).unwrap();
    assert_eq!((report.blocks, report.change_lists, report.first_kept), (256, lists as u64, 256));
    assert_eq!(old.verify(), Verdict::Intact);
}

#[test]
fn journal_that_is_not_the_heads_or_not_the_plans_is_not_dropped() {
    let old = Old::new(300);
    let head = old.head();
    old.hands.pass(200);
    let plan =
        old.world.vault.session(keeper()).unwrap().plan_retention(Retention::days(180).anchored_by(&head)).unwrap();
    let twin = Old::open(&copy(&old.world.memory), &old.hands);
    // A block in another one's place doesn't open; then the block is missing.
    let blocks = stored(&twin.world.memory, Space::Block);
    put(&twin.world.memory, &[(blocks[3].0.clone(), Some(blocks[4].1.clone()))]);
    let keep = || Retention::days(180).anchored_by(&head);
    assert!(matches!(twin.world.vault.session(keeper()).unwrap().plan_retention(keep()), Err(Error::Damaged { .. })));
    assert!(matches!(twin.retain(&plan), Err(Error::Damaged { .. })));
    assert_eq!(twin.first(), 0);
    put(&twin.world.memory, &[(blocks[3].0.clone(), None)]);
    assert!(matches!(twin.retain(&plan), Err(Error::Damaged { .. })));
    // A missing block under the head, behind the segments to be dropped.
    put(&twin.world.memory, &[(blocks[3].0.clone(), Some(blocks[3].1.clone())), (place::block(290, 0), None)]);
    assert!(matches!(twin.world.vault.session(keeper()).unwrap().plan_retention(keep()), Err(Error::Damaged { .. })));
}

#[test]
fn whoever_drops_blocks_himself_or_alters_what_stands_for_them_is_noticed() {
    let old = Old::new(300);
    old.hands.pass(100);
    old.fill(320);
    let whole = everything(&old.world.memory);
    let plan = old.plan(90);
    assert_eq!(plan.positions, 0..256);
    let head = old.head();
    // Blocks removed by hand, without a base.
    let blocks = stored(&old.world.memory, Space::Block);
    let by_hand: Vec<_> = blocks.iter().take(128).map(|(key, _)| (key.clone(), None)).collect();
    put(&old.world.memory, &by_hand);
    assert_eq!((old.verify(), old.against(&head)), (Verdict::Gap { at: 0 }, Verdict::Gap { at: 0 }));
    put(&old.world.memory, &blocks.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
    assert_eq!(old.verify(), Verdict::Intact);

    old.retain(&plan).unwrap();
    assert_eq!(old.verify(), Verdict::Intact);
    let memory = &old.world.memory;
    let rewritten = |what: &str| {
        for (verdict, at) in [(old.verify(), "open"), (Old::open(&copy(memory), &old.hands).verify(), "anew")] {
            let because = RewrittenBecause::State;
            assert!(
                matches!(verdict, Verdict::Rewritten { because: b, .. } if b == because),
                "{what} {at}: {verdict:?}"
            );
        }
    };
    let mend = |pairs: &[Pair]| {
        put(memory, &pairs.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
    };
    let kept = [stored(memory, Space::Leaves), stored(memory, Space::JournalBase)];
    // A base, leaf hashes of two segments, tips of two tenants and of the vault.
    assert_eq!((kept[0].len(), kept[1].len()), (2, 4));
    for pairs in &kept {
        for (key, value) in pairs {
            for byte in (0..value.len()).step_by(if value.len() > 1_000 { 397 } else { 17 }).filter(|byte| *byte > 0) {
                let mut altered = value.clone();
                altered[byte] ^= 1;
                put(memory, &[(key.clone(), Some(altered))]);
                rewritten(&format!("byte {byte} of {key:?}"));
            }
            put(memory, &[(key.clone(), Some(value[1..].to_vec()))]);
            rewritten(&format!("{key:?} cut"));
            put(memory, &[(key.clone(), None)]);
            rewritten(&format!("{key:?} gone"));
            mend(pairs);
        }
    }
    let swapped: Vec<Pair> =
        vec![(kept[0][0].0.clone(), kept[0][1].1.clone()), (kept[0][1].0.clone(), kept[0][0].1.clone())];
    mend(&swapped);
    rewritten("segments swapped");
    // Against a head within the segments, the block at the head's end is named.
    mend(&kept[0]);
    let more = place::leaves(256);
    mend(&[(more.clone(), kept[0][0].1.clone())]);
    rewritten("hashes of what wasn't dropped");
    put(memory, &[(more, None)]);
    // Dropped blocks come back.
    let back = whole.iter().find(|(key, _)| *key == place::block(255, 0)).unwrap().clone();
    mend(std::slice::from_ref(&back));
    assert!(matches!(old.verify(), Verdict::Rewritten { because: RewrittenBecause::Block, .. }));
    put(memory, &[(back.0, None)]);
    assert_eq!(old.verify(), Verdict::Intact);

    // An older base comes back, with its hashes and tips.
    let first_base = stored(memory, Space::JournalBase);
    old.hands.pass(100);
    old.fill(500);
    let plan = old.plan(90);
    assert_eq!(old.retain(&plan).unwrap(), 128);
    let second_base = stored(memory, Space::JournalBase);
    put(memory, &[(place::leaves(256), None)]);
    mend(&first_base);
    assert_eq!(old.verify(), Verdict::Gap { at: 256 });
    mend(&second_base);
    rewritten("hashes of the last segment gone");
}

#[test]
fn killed_at_any_commit_it_is_intact_and_goes_on() {
    let start = Old::new(300);
    start.hands.pass(100);
    start.fill(310);
    let head = start.head();
    let plan = start.plan(90);
    let mut reached = 0;
    for fault in [Fault::CommitBefore, Fault::CommitAfter] {
        for number in (1..20).step_by(crate::tests::amount(2, 1)) {
            let memory = copy(&start.world.memory);
            let faulty = Arc::new(Mutex::new(None));
            let shared = Arc::clone(&faulty);
            *memory.inner.around.lock().unwrap() = Some(Box::new(move |store| {
                let store = Arc::new(FaultyStore::new(store));
                *shared.lock().unwrap() = Some(Arc::clone(&store));
                store
            }));
            let old = Old::open(&memory, &start.hands);
            let store = faulty.lock().unwrap().clone().unwrap();
            store.fail(fault, number);
            let done = old.retain(&plan);
            assert_eq!(old.world.vault.close().is_err(), done.is_err());
            *memory.inner.around.lock().unwrap() = None;
            let old = Old::open(&memory, &start.hands);
            assert_eq!(old.verify(), Verdict::Intact, "{fault:?} {number}");
            assert!(matches!(old.against(&head), Verdict::UnanchoredTail(_)), "{fault:?} {number}");
            let Err(error) = done else {
                assert_eq!(old.first(), 256);
                break;
            };
            assert!(matches!(error, Error::Stopped { .. }), "{error:?}");
            reached += 1;
            // The same plan, or a new one.
            let plan = if number % 2 == 0 { plan.clone() } else { old.plan(90) };
            old.retain(&plan).unwrap();
            assert_eq!((old.first(), lists_before(&memory, 256)), (256, 0), "{fault:?} {number}");
            assert_eq!(old.verify(), Verdict::Intact, "{fault:?} {number}");
            assert!(matches!(old.against(&head), Verdict::UnanchoredTail(_)), "{fault:?} {number}");
        }
    }
    // Lists of two tenants, and two segments.
    assert_eq!(reached, crate::tests::amount(4, 8));
}

#[test]
fn sinks_hold_back_what_they_lack_and_later_ones_begin_where_the_journal_does() {
    let old = Old::new(300);
    let (early, never) = (Kept::default(), Kept::default());
    old.world.vault.close().unwrap();
    let memory = old.world.memory;
    let hands = old.hands;
    let open = |sinks: Vec<crate::audit::AttachedSink>| {
        sinks.into_iter().fold(with(&memory, &hands), VaultOptions::sink).open().unwrap()
    };
    // This sink gets everything up to here.
    let vault = open(vec![Required(early.clone()).into()]);
    vault.flush().unwrap();
    vault.close().unwrap();
    let held = early.events().last().unwrap().position();
    hands.pass(100);
    let old = Old::open(&memory, &hands);
    old.fill(600);
    old.world.vault.close().unwrap();
    hands.pass(100);

    // A sink that takes nothing holds back everything, whatever head is brought.
    struct Deaf;
    impl AuditSink for Deaf {
        fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
            Err(SinkError::new("deaf"))
        }
        fn last(&mut self, _: &str) -> Result<Held, SinkError> {
            Ok(Held::Nothing)
        }
    }
    let vault = open(vec![crate::audit::Relayed(Deaf).into()]);
    let head = vault.session(keeper()).unwrap().head().unwrap();
    let keep = || Retention::days(90).below_six_months();
    let plan = vault.session(keeper()).unwrap().plan_retention(keep().anchored_by(&head)).unwrap();
    assert_eq!((plan.positions, &plan.held_back), (0..0, &HeldBack::Sink { name: "Deaf".to_owned() }));
    vault.close().unwrap();

    // Without that sink, all blocks under the sinks' heads go.
    let vault = open(vec![Required(never.clone()).into()]);
    let plan = vault.session(keeper()).unwrap().plan_retention(keep()).unwrap();
    assert_eq!(plan.positions, 0..512);
    vault.session(keeper()).unwrap().retain(&plan).unwrap();
    assert_eq!(vault.health().sinks[0].missed, 0);
    vault.close().unwrap();
    // The sink got every dropped block before.
    let positions: std::collections::BTreeSet<u64> = never.events().iter().map(Event::position).collect();
    assert!((0..512).all(|position| positions.contains(&position)));

    // The early sink lacks the blocks dropped meanwhile, a new one all of them.
    let fresh = Kept::default();
    let vault = open(vec![Required(early.clone()).into(), Required(fresh.clone()).named("fresh")]);
    vault.flush().unwrap();
    let health = vault.health();
    assert_eq!((health.sinks[0].missed, health.sinks[1].missed), (511 - held, 512));
    assert_eq!((health.sinks[0].lag, health.sinks[1].lag), (0, 0));
    assert_eq!(fresh.events()[0].position(), 512);
    assert!(early.events().iter().all(|event| event.position() <= held || event.position() >= 512));
}

#[test]
fn head_file_from_before_the_dropped_blocks_is_followed_over_their_hashes() {
    let old = Old::new(20);
    old.world.vault.close().unwrap();
    let early = old.world.memory.inner.head.lock().unwrap().clone();
    let old = Old::open(&old.world.memory, &old.hands);
    old.fill(300);
    old.hands.pass(100);
    let plan = old.plan(90);
    old.retain(&plan).unwrap();
    old.world.vault.close().unwrap();
    *old.world.memory.inner.head.lock().unwrap() = early;
    let opened = Old::open(&copy(&old.world.memory), &old.hands);
    let notices = opened.world.vault.health().notices;
    assert!(notices.len() == 1 && notices[0].starts_with("adopted"), "{notices:?}");
    assert_eq!(opened.verify(), Verdict::Intact);
    let gone = copy(&old.world.memory);
    put(&gone, &[(place::leaves(0), None)]);
    let opened = Old::open(&gone, &old.hands);
    assert!(opened.world.vault.health().notices[0].contains("verify"));
    assert!(matches!(opened.verify(), Verdict::Rewritten { .. }));
}

#[test]
fn random_histories_with_retention_at_random_points_equal_a_model() {
    for seed in 1..=crate::tests::amount(2, 5u64) {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let old = Old::new(3);
        let mut old = old;
        let mut heads: Vec<Head> = Vec::new();
        // Notes by id, and the day of each block.
        let (mut notes, mut days): (BTreeMap<RecordId, String>, Vec<i64>) = Default::default();
        let mut first = 0;
        for step in 0..crate::tests::amount(300, 500u32) {
            match dice.next() % 100 {
                0..60 => {
                    let text = dice.word();
                    let id = old.world.notes().insert(&Note::new(text.clone())).unwrap();
                    notes.insert(id, text);
                }
                60..75 => {
                    let Some(id) = notes.keys().nth(dice.next() as usize % notes.len().max(1)).copied() else {
                        continue;
                    };
                    old.world.notes().delete(id).unwrap();
                    notes.remove(&id);
                }
                75..85 => {
                    let Some(id) = notes.keys().nth(dice.next() as usize % notes.len().max(1)).copied() else {
                        continue;
                    };
                    let text = dice.word();
                    old.world.notes().update(id, |note| note.text.clone_from(&text)).unwrap();
                    notes.insert(id, text);
                }
                85..92 => old.hands.pass((dice.next() % 20) as i64),
                92..95 => heads.push(old.head()),
                95 => old = old.reopen(),
                _ => {
                    let keep = 1 + (dice.next() % 60) as u32;
                    let plan = old.plan(keep);
                    let now = old.hands.0.load(Ordering::SeqCst) / DAY;
                    days.resize(old.size() as usize, now);
                    // The model's answer: whole segments whose youngest block is older.
                    let mut end = first;
                    while days[end as usize..].len() as u64 >= SEGMENT
                        && days[end as usize..(end + SEGMENT) as usize].iter().all(|day| *day < now - i64::from(keep))
                    {
                        end += SEGMENT;
                    }
                    assert_eq!(plan.positions, first..end, "seed {seed}, step {step}");
                    old.retain(&plan).unwrap();
                    first = end;
                    assert_eq!(old.first(), first);
                    assert_eq!(old.verify(), Verdict::Intact, "seed {seed}, step {step}");
                }
            }
            days.resize(old.size() as usize, old.hands.0.load(Ordering::SeqCst) / DAY);
        }
        assert!(first > 0, "seed {seed}: nothing was dropped");
        for old in [&old, &Old::open(&copy(&old.world.memory), &old.hands)] {
            assert_eq!(old.verify(), Verdict::Intact);
            for head in &heads {
                assert!(matches!(old.against(head), Verdict::UnanchoredTail(_)), "seed {seed}, head {}", head.size());
            }
            let found = old.world.notes().list(None, 1_000).unwrap().items;
            let found: BTreeMap<_, _> = found.into_iter().map(|found| (found.id, found.value.text)).collect();
            assert_eq!(found, notes, "seed {seed}");
        }
    }
}

/// Notes the size of the largest commit.
struct Sized {
    inner: Arc<dyn Store>,
    largest: Arc<AtomicUsize>,
    commits: Arc<AtomicUsize>,
}

impl Store for Sized {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        assert!(limit <= 4_096, "a page of {limit}");
        self.inner.scan(prefix, after, limit)
    }

    fn scan_back(&self, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.inner.scan_back(prefix, before, limit)
    }

    fn commit(&self, batch: &Writes, expect: &[Expectation]) -> Result<(), CommitError> {
        self.largest.fetch_max(batch.len(), Ordering::SeqCst);
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.inner.commit(batch, expect)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

#[test]
fn thousands_of_blocks_are_dropped_in_small_commits() {
    let blocks = crate::tests::amount(2_100, 10_100);
    let segments = blocks / SEGMENT;
    let old = Old::new(blocks);
    old.hands.pass(100);
    old.world.vault.close().unwrap();
    let (memory, hands) = (old.world.memory.clone(), old.hands.clone());
    let (largest, commits) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (theirs, count) = (Arc::clone(&largest), Arc::clone(&commits));
    *memory.inner.around.lock().unwrap() = Some(Box::new(move |inner| {
        Arc::new(Sized { inner, largest: Arc::clone(&theirs), commits: Arc::clone(&count) })
    }));
    let old = Old::open(&memory, &hands);
    let plan = old.plan(90);
    assert_eq!(plan.segments, segments);
    largest.store(0, Ordering::SeqCst);
    commits.store(0, Ordering::SeqCst);
    assert_eq!(old.retain(&plan).unwrap(), segments * SEGMENT);
    // 128 blocks of one part each, hashes, base, tips, and the values of every commit.
    assert!(largest.load(Ordering::SeqCst) <= 1_100, "{largest:?} changes in one commit");
    assert!(commits.load(Ordering::SeqCst) <= (segments + blocks / 1_024 + 3) as usize, "{commits:?} commits");
    assert_eq!((old.verify(), old.first()), (Verdict::Intact, segments * SEGMENT));
    assert_eq!(old.size() - segments * SEGMENT, stored(&memory, Space::Block).len() as u64);
}

#[test]
fn journal_that_is_shortened_at_any_point_of_a_scrub_is_found_intact() {
    use crate::vault::check::scrub::{Pass, Step, resume, save};
    let old = Old::new(150);
    old.hands.pass(100);
    old.fill(180);
    let base = copy(&old.world.memory);
    for (steps, waits) in
        [(0, false), (90, false), (90, true), (150, true), (195, false), (330, false), (330, true), (10_000, true)]
    {
        let old = Old::open(&copy(&base), &old.hands);
        let plan = old.plan(90);
        let core = Arc::clone(&old.world.notes().session().core);
        let mut pass = Pass::new(&core).unwrap();
        let mut through = false;
        for _ in 0..steps {
            through |= matches!(pass.step(&core, 1).unwrap(), Step::Done(Verdict::Intact));
            if through {
                break;
            }
        }
        assert_eq!(through, steps == 10_000);
        if waits {
            save(&core, &pass).unwrap();
            drop(pass);
            assert_eq!(old.retain(&plan).unwrap(), 128);
            pass = resume(&core).unwrap().unwrap_or_else(|| Pass::new(&core).unwrap());
        } else {
            assert_eq!(old.retain(&plan).unwrap(), 128);
        }
        let verdict = loop {
            if let Step::Done(verdict) = pass.step(&core, 1).unwrap() {
                break verdict;
            }
        };
        assert_eq!(verdict, Verdict::Intact, "{steps} {waits}");
        // The remaining hashes are still checked against the tree.
        let (key, value) = stored(&old.world.memory, Space::Leaves).remove(0);
        put(&old.world.memory, &[(key, Some([&value[..40], &[value[40] ^ 1], &value[41..]].concat()))]);
        let options = crate::vault::ScrubOptions::new().rows_per_second(u64::MAX);
        let verdict = old.world.vault.session(keeper()).unwrap().scrub(options).unwrap().wait().unwrap().unwrap();
        assert!(matches!(verdict, Verdict::Rewritten { .. }), "{verdict:?}");
    }
}
