//! Promises that hold whatever comes.

use proptest::prelude::*;

use super::sim::{Dice, Firm, MONDAY, SECOND, act, tenant};
use crate::audit::Outcome;
use crate::model::{Action, TenantId};
use crate::monitor::act::Act;
use crate::monitor::local::{DAY, HOUR};
use crate::monitor::people::PEOPLE;
use crate::monitor::rule::RuleName;
use crate::monitor::rule_set::Rules;
use crate::monitor::rules::Honeypot;

/// Anything that may stand in an entry, and what may not.
fn anything() -> impl Strategy<Value = Act> {
    let times = prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(0),
        any::<i64>(),
        (0..90 * DAY).prop_map(|since| MONDAY + since),
    ];
    let outcomes = prop_oneof![Just(Outcome::Permitted), Just(Outcome::Denied), Just(Outcome::Failed)];
    let actions = prop::option::of(prop::sample::select(Action::ALL));
    let codes =
        prop::sample::select(vec!["", "break_glass", "rows_differ", "false_alarm", "frozen", "ended", "\u{7f}"]);
    let names = prop::sample::select(vec!["alert", "alert_feedback", "host_role_changed", "host_login_failed", "x"]);
    let parties = prop::option::of(prop::sample::select(vec!["actor:a", "role:b", "actor:", "", "nonsense"]));
    let who = (prop::option::of("[a-d]"), prop::option::of(0..6u64), prop::option::of(any::<bool>()));
    let what = (actions, outcomes, codes, names, parties);
    let many = (prop::collection::vec(0..4_000i64, 0..60), any::<u32>(), any::<bool>(), any::<(u64, u32)>());
    (times, who, what, many).prop_map(|(at, (actor, device, here), (action, outcome, code, name, party), many)| {
        let (subjects, rows, revised, spot) = many;
        let mut one = act(at, "", action.unwrap_or(Action::Read)).on(subjects);
        one.actor = actor;
        one.device = device;
        one.tenant = here.map(|here| if here { tenant() } else { TenantId::from_bytes([9; 16]) });
        (one.outcome, one.revised, one.spot) = (outcome, revised, spot);
        one.rows = rows;
        one.code = code.to_owned();
        one.rule = "mass_read".to_owned();
        one.party = party.map(str::to_owned);
        if action.is_none() { one.named(name) } else { one }
    })
}

fn all_rules() -> Rules {
    Rules::standard().with(Honeypot::new([super::sim::who(1).to_string()]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(12, 48)))]

    #[test]
    fn no_events_make_the_rules_panic_and_evidence_stays_short(acts in prop::collection::vec(anything(), 1..120)) {
        let mut firm = Firm::new(all_rules(), 0);
        for act in acts {
            for alert in firm.engine.take(act) {
                prop_assert!(alert.evidence.len() <= 100);
                prop_assert!(alert.degree.is_finite() && alert.degree >= 1.0, "{}", alert.degree);
                prop_assert!(!alert.text.is_empty());
            }
        }
    }

    #[test]
    fn same_acts_give_the_same_alerts(acts in prop::collection::vec(anything(), 1..80)) {
        let run = || {
            let mut firm = Firm::new(all_rules(), 0);
            acts.iter().flat_map(|act| firm.engine.take(act.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn order_within_a_quarter_of_an_hour_changes_nothing_about_whom_is_found(seed in any::<u64>()) {
        let found = |shuffled: bool| {
            let mut firm = Firm::new(Rules::standard(), 0);
            firm.take(act(MONDAY, "root", Action::CreateTenant));
            firm.import(MONDAY + HOUR, "root", 500);
            firm.alerts.clear();
            let mut acts = Vec::new();
            for n in 0..80i64 {
                let at = MONDAY + 10 * HOUR + n * SECOND;
                acts.push(act(at, "reader", Action::Read).on(n * 4..n * 4 + 4));
                acts.push(act(at, "changer", Action::Update).on([n * 2]));
                acts.push(act(at, "exporter", Action::Export).on([n]));
                acts.push(act(at, "denied", Action::Read).denied("not_owner"));
                acts.push(act(at, "honest", Action::Read).on([n % 20]));
            }
            let mut dice = Dice::new(seed);
            if shuffled {
                for n in (1..acts.len()).rev() {
                    let other = dice.between(0, i64::try_from(n).unwrap() + 1);
                    acts.swap(n, usize::try_from(other).unwrap());
                }
            }
            for act in acts {
                firm.take(act);
            }
            let mut found: Vec<_> = firm.alerts.iter().filter(|alert| alert.update == 0).map(|alert| (alert.rule, alert.actor.clone())).collect();
            found.sort();
            found
        };
        prop_assert_eq!(found(true), found(false));
        prop_assert!(found(false).len() >= 4);
    }
}

#[test]
fn memory_is_bounded_however_many_actors_come() {
    let mut firm = Firm::new(all_rules(), 0);
    for n in 0..(PEOPLE as i64 * 3) {
        firm.take(act(MONDAY + n * SECOND, &format!("bot-{n}"), Action::Read).on([n]).from(n as u64));
        assert!(firm.engine.people() <= PEOPLE);
    }
    // Those who came last are remembered.
    assert!(firm.engine.people() > PEOPLE / 2);
}

#[test]
fn clock_that_jumped_far_ahead_does_not_keep_windows_open_for_ever() {
    let mut firm = Firm::new(Rules::standard(), 0);
    firm.take(act(i64::MAX - HOUR, "ann", Action::Read).on([1]));
    for day in 0..20 {
        for n in 0..10 {
            firm.take(act(MONDAY + day * DAY + 10 * HOUR + n * SECOND, "ann", Action::Read).on([day * 10 + n]));
        }
    }
    assert!(!firm.rules_about("ann").contains(&RuleName::MassRead));
}
