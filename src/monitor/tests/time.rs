//! Clocks that are wrong: entries from the past and from the future blind no rule.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::sim::{Dice, Firm, MONDAY, SECOND, act, tenant};
use super::whole::{Office, customers, monitor, next};
use crate::model::{Action, Timestamp};
use crate::monitor::act::Act;
use crate::monitor::local::{DAY, HOUR, MINUTE};
use crate::monitor::rule::RuleName;
use crate::monitor::rule_set::Rules;
use crate::monitor::timeline::Timeline;
use crate::monitor::{Alert, MassExport, Respond, ResponseOutcome};

/// A Tuesday at 10:00, after 15 days of usual work.
const START: i64 = MONDAY + 15 * DAY + 10 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A firm with 3,000 customers, of whom `ann` reads 30 on each workday; `old` was there once, long ago.
fn usual() -> Firm {
    let mut firm = Firm::new(Rules::standard(), 0);
    firm.take(act(MONDAY - 60 * DAY, "root", Action::CreateTenant));
    firm.engine.told(tenant(), 3_000);
    firm.take(act(MONDAY - 50 * DAY, "old", Action::Read).on([1]));
    for day in (0..15).filter(|day| day % 7 < 5) {
        for n in 0..30 {
            firm.take(act(MONDAY + day * DAY + 9 * HOUR + n * 16 * MINUTE, "ann", Action::Read).on([n]).from(1));
        }
    }
    firm.alerts.clear();
    firm
}

/// For each rule with a window, acts that it finds only as long as it counts them together.
fn cases() -> Vec<(RuleName, Vec<Act>)> {
    let every = |seconds: i64, times: i64, from: i64, one: &dyn Fn(i64, i64) -> Act| -> Vec<Act> {
        (0..times).map(|n| one(from + n * seconds * SECOND, n)).collect()
    };
    let read = |at, n| act(at, "ann", Action::Read).on([n]).from(1);
    let mut opened = vec![act(START, "ann", Action::ChangePolicy).from(1)];
    opened.extend(every(20, 40, START + MINUTE, &read));
    vec![
        (RuleName::MassRead, every(7, 250, START, &read)),
        (
            RuleName::MassExport,
            every(60, 20, START, &|at, n| act(at, "ann", Action::Export).on(n * 5..n * 5 + 5).from(1)),
        ),
        (RuleName::MassChange, every(20, 40, START, &|at, n| act(at, "ann", Action::Delete).on([n]).from(1))),
        (RuleName::RepeatedDenials, every(60, 25, START, &|at, _| act(at, "ann", Action::Read).denied("no").from(1))),
        (RuleName::OffHours, every(60, 30, START + 17 * HOUR, &read)),
        (RuleName::NewDevice, every(60, 12, START, &|at, n| act(at, "ann", Action::Read).on([n]).from(2))),
        (RuleName::PrivilegeUse, opened),
        (RuleName::DormantActor, every(60, 8, START, &|at, n| act(at, "old", Action::Read).on([n]).from(1))),
    ]
}

fn found(rule: RuleName, acts: &[Act], who: &str) -> bool {
    let mut firm = usual();
    acts.iter().cloned().for_each(|act| firm.take(act));
    firm.rules_about(who).contains(&rule)
}

/// Acts to slip in: one of whoever does it, and one of somebody else. The former is not permitted, since an act that is ends
/// denials in a row whatever its time.
fn odd(at: i64, who: &str) -> [Act; 2] {
    [act(at, who, Action::Read).failed("error").from(1), act(at, "other", Action::Create).on([9_000]).from(7)]
}

#[test]
fn each_case_is_found_in_time_that_goes_on() {
    for (rule, acts) in cases() {
        let who = acts[0].actor.clone().unwrap();
        assert!(found(rule, &acts, &who), "{rule}");
        // It is the window that makes it out: a fifth of it is nothing.
        assert!(rule == RuleName::DormantActor || !found(rule, &acts[..acts.len() / 5], &who), "{rule}");
    }
}

#[test]
fn entries_from_the_past_hide_nothing_from_any_rule() {
    for (rule, acts) in cases() {
        let who = acts[0].actor.clone().unwrap();
        for age in [HOUR / 2, 2 * HOUR, 2 * DAY, 14 * DAY, 60 * DAY] {
            let mixed: Vec<Act> = acts
                .iter()
                .flat_map(|one| odd(one.at.as_micros() - age, &who).into_iter().chain([one.clone()]))
                .collect();
            assert!(found(rule, &mixed, &who), "{rule}, {} hours", age / HOUR);
        }
    }
}

#[test]
fn few_entries_from_the_past_that_go_on_by_hours_are_no_clock_that_was_set_back() {
    for (rule, acts) in cases() {
        let who = acts[0].actor.clone().unwrap();
        let mut mixed = acts.clone();
        let place = acts.len() / 2;
        mixed.splice(place..place, (0..20).flat_map(|n| odd(START - 2 * DAY + n * 2 * HOUR, &who)));
        assert!(found(rule, &mixed, &who), "{rule}");
    }
}

#[test]
fn single_entries_from_the_far_future_hide_nothing_from_any_rule() {
    for (rule, acts) in cases() {
        let who = acts[0].actor.clone().unwrap();
        for place in [0, acts.len() / 2, acts.len() - 2] {
            for ahead in [14 * DAY, YEAR, i64::MAX / 2].into_iter().take(crate::tests::amount(1, 3)) {
                for future in odd(START + ahead, &who) {
                    let mut mixed = acts.clone();
                    mixed.insert(place, future);
                    assert!(found(rule, &mixed, &who), "{rule}, {} hours ahead, {place}", ahead / HOUR);
                }
            }
        }
    }
}

#[test]
fn clock_that_was_a_year_ahead_for_a_while_blinds_no_rule_for_longer_than_an_hour() {
    for (rule, acts) in cases() {
        let who = acts[0].actor.clone().unwrap();
        let mut firm = usual();
        for n in 0..50 {
            firm.take(act(START - 6 * HOUR + YEAR + n * SECOND, "other", Action::Read).on([1]).from(7));
        }
        for n in 0..120 {
            firm.take(act(START - 6 * HOUR + n * MINUTE, "other", Action::Read).on([1]).from(7));
        }
        firm.alerts.clear();
        acts.into_iter().for_each(|act| firm.take(act));
        assert!(firm.rules_about(&who).contains(&rule), "{rule}");
        let told = |alert: &Alert| (START - 6 * HOUR..START + 2 * DAY).contains(&alert.at.as_micros());
        assert!(firm.alerts.iter().all(told), "{rule}: {}", firm.alerts[0].at);
        // Nor does it alarm about honest work in the year that follows.
        firm.alerts.clear();
        for day in (21..60).filter(|day| day % 7 < 5) {
            for n in 0..30 {
                firm.take(act(MONDAY + day * DAY + 9 * HOUR + n * 16 * MINUTE, "ann", Action::Read).on([n]).from(1));
            }
        }
        assert_eq!(firm.noise(), Vec::<String>::new(), "{rule}");
    }
}

#[test]
fn leap_ahead_takes_another_block_and_a_clock_that_was_set_back_keeps_its_hour_and_weekday() {
    let mut line = Timeline::default();
    let mut pass = |at: i64, block: u64| {
        let now = line.pass(Timestamp::from_micros(at), block).as_micros();
        (now, line.wall().as_micros())
    };
    let ahead = START + YEAR;
    assert_eq!(pass(START, 0), (START, START));
    for _ in 0..3 {
        assert_eq!(pass(ahead, 1).0, START, "all of one block");
    }
    assert_eq!(pass(START + MINUTE, 2).0, START + MINUTE);
    assert_eq!(pass(ahead, 3).1, START + MINUTE, "those before the right one are forgotten");
    assert_eq!(pass(ahead + 1, 4), (ahead + 1, ahead + 1));
    assert!((0..70).all(|n| pass(START + n * MINUTE, 5).0 == ahead + 1), "one block spans no time");
    let back: Vec<_> = (0..70).map(|n| (START + n * MINUTE, pass(START + n * MINUTE, 6 + n as u64))).collect();
    assert!(back.iter().take(60).all(|(_, now)| *now == (ahead + 1, ahead + 1)));
    for (at, (now, wall)) in &back[61..] {
        assert_eq!((*wall, (now - at) % (7 * DAY)), (*at, 0));
        assert!((0..8 * DAY).contains(&(now - ahead)));
    }
}

#[test]
fn alert_that_an_old_entry_raises_has_the_time_that_the_journal_had_reached() {
    let mut firm = usual();
    firm.take(act(START, "other", Action::Read).on([1]).from(7));
    firm.take(act(START - 2 * DAY, "mole", Action::Export).on(0..500));
    let alert = firm.first(RuleName::MassExport, "mole").unwrap();
    assert_eq!(alert.at.as_micros(), START);
}

#[test]
fn theft_after_days_of_silence_is_told_by_a_monitor_that_comes_later_though_its_clock_is_ahead() {
    let office = Office::new();
    let (watch, _alerts) = monitor(Rules::standard());
    let (vault, acme) = office.create(&watch);
    vault.close().unwrap();
    drop((watch, vault, acme));
    office.clock.0.fetch_add(4 * DAY, Ordering::Relaxed);
    let vault = office.options().open().unwrap();
    let acme = vault.tenant("acme").unwrap();
    customers(&acme, "mole").export(None, 1_000).unwrap();
    vault.flush().unwrap();
    customers(&acme, "boss").list(None, 1).unwrap();
    vault.close().unwrap();
    drop((vault, acme));
    office.clock.0.fetch_add(30 * DAY, Ordering::Relaxed);
    let (watch, alerts) = monitor(Rules::standard());
    let vault = office.options().sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
    assert_eq!(next(&alerts, RuleName::MassExport).actor.as_deref(), Some("mole"));
}

#[test]
fn clock_that_is_set_back_a_little_lets_no_more_actors_be_suspended_in_an_hour_and_for_long_keeps_none() {
    let office = Office::new();
    let rules = Rules::none().with(MassExport::new()).respond(RuleName::MassExport, Respond::SuspendActor);
    let (watch, alerts) = monitor(rules);
    let watch = watch.suspensions_per_hour(1);
    let (_vault, acme) = office.create(&watch);
    for (actor, later, suspended) in [("mole", 0, true), ("second", -HOUR / 2, false), ("third", -10 * DAY, true)] {
        office.clock.0.fetch_add(later, Ordering::Relaxed);
        customers(&acme, actor).export(None, 1_000).unwrap();
        let alert = next(&alerts, RuleName::MassExport);
        assert_eq!(alert.actor.as_deref(), Some(actor));
        assert_eq!(alert.responses[0].outcome == ResponseOutcome::Done, suspended, "{actor}: {}", alert.responses[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(8, 24)))]

    #[test]
    fn entries_from_the_past_slipped_in_anywhere_take_no_alert_away(
        seed in any::<u64>(), case in 0..8usize, many in 1..40i64, age in 1..90 * DAY,
    ) {
        let (rule, acts) = cases().swap_remove(case);
        let who = acts[0].actor.clone().unwrap();
        let mut dice = Dice::new(seed);
        let mut mixed = acts;
        for _ in 0..many {
            let place = dice.between(0, i64::try_from(mixed.len()).unwrap());
            let at = START - dice.between(0, age);
            let [own, other] = odd(at, &who);
            mixed.insert(usize::try_from(place).unwrap(), if dice.once_in(2) { own } else { other });
        }
        prop_assert!(found(rule, &mixed, &who), "{}", rule);
    }
}
