//! Whole firms, over weeks: hardly an alert from honest work, and what is planted is found within minutes.

use super::sim::{Dice, Firm, Job, MONDAY, SECOND, act};
use crate::model::Action;
use crate::monitor::local::{DAY, HOUR, MINUTE};
use crate::monitor::rule::RuleName;
use crate::monitor::rule_set::Rules;

/// Twelve people with 3,000 customers: eight in sales with customers of their own, two on the telephone who serve everybody,
/// a manager and a bookkeeper.
fn twelve() -> Vec<Job> {
    let names = ["sales-1", "sales-2", "sales-3", "sales-4", "sales-5", "sales-6", "sales-7", "sales-8"];
    let mut all: Vec<Job> = (0..).zip(names).map(|(n, name)| Job::new(name, n * 375, (n + 1) * 375, 35)).collect();
    all.push(Job { hours: (8, 17), ..Job::new("phone-1", 0, 3_000, 90) });
    all.push(Job { hours: (11, 20), ..Job::new("phone-2", 0, 3_000, 90) });
    all.push(Job { page: 50, ..Job::new("manager", 0, 3_000, 30) });
    all.push(Job { hours: (8, 14), ..Job::new("books", 0, 3_000, 25) });
    all
}

/// So many days of honest work; `plant` adds to each.
fn work(firm: &mut Firm, jobs: &[Job], days: i64, plant: impl Fn(&mut Dice, i64) -> Vec<crate::monitor::act::Act>) {
    for day in 0..days {
        let midnight = MONDAY + day * DAY;
        let mut acts: Vec<_> = jobs.iter().flat_map(|job| job.day(&mut firm.dice, midnight)).collect();
        acts.extend(plant(&mut firm.dice, day));
        firm.take_all(acts);
    }
}

fn nothing(_: &mut Dice, _: i64) -> Vec<crate::monitor::act::Act> {
    Vec::new()
}

#[test]
fn firm_of_twelve_with_3_000_customers_works_for_30_days_with_hardly_an_alert() {
    let mut all = 0;
    for seed in 0..crate::tests::amount(2, 5) {
        let mut firm = Firm::with_customers(3_000, seed);
        // The manager's weekly report: an export of those that changed.
        work(&mut firm, &twelve(), 30, |dice, day| {
            if day % 7 != 4 {
                return Vec::new();
            }
            let from = dice.between(0, 2_900);
            vec![act(MONDAY + day * DAY + 16 * HOUR, "manager", Action::Export).on(from..from + 45).from(1)]
        });
        println!("seed {seed}: {:#?}", firm.noise());
        assert!(firm.noise().len() <= 3, "seed {seed}: {:#?}", firm.noise());
        all += firm.noise().len();
    }
    assert!(all <= 6, "{all} in 150 days");
}

#[test]
fn three_people_with_300_customers_work_for_30_days_with_hardly_an_alert() {
    let jobs = [
        Job { page: 50, ..Job::new("ann", 0, 300, 30) },
        Job { page: 50, hours: (8, 16), ..Job::new("bob", 0, 300, 20) },
        Job { page: 50, hours: (10, 19), ..Job::new("cy", 0, 300, 8) },
    ];
    for seed in 0..crate::tests::amount(2, 5) {
        let mut firm = Firm::with_customers(300, seed);
        work(&mut firm, &jobs, 30, nothing);
        println!("seed {seed}: {:#?}", firm.noise());
        assert!(firm.noise().len() <= 2, "seed {seed}: {:#?}", firm.noise());
    }
}

#[test]
fn firm_with_three_million_customers_is_not_drowned() {
    // 200 people (60 in the short form) stand for thousands: what matters is alerts per head.
    let names: Vec<&'static str> =
        (0..crate::tests::amount(60, 200)).map(|n| &*Box::leak(format!("agent-{n}").into_boxed_str())).collect();
    let mut jobs: Vec<Job> = names.iter().map(|name| Job::new(name, 0, 3_000_000, 40)).collect();
    for (n, job) in jobs.iter_mut().enumerate() {
        job.weekends = n % 5 == 0;
        job.hours = [(6, 14), (9, 18), (14, 22)][n % 3];
    }
    let mut firm = Firm::new(Rules::standard(), 9);
    firm.take(act(MONDAY - DAY, "root", Action::CreateTenant));
    firm.engine.told(super::sim::tenant(), 3_000_000);
    work(&mut firm, &jobs, 14, nothing);
    println!("{:#?}", firm.noise());
    assert!(
        firm.noise().len() <= crate::tests::amount(5, 14),
        "{} in 14 days of so many: {:#?}",
        firm.noise().len(),
        firm.noise()
    );
}

/// Each attack, begun at 10:00 of a day unless it says otherwise; the rule that must find it; within how many minutes.
#[test]
fn planted_attack_is_found_within_minutes() {
    // A Thursday, three weeks and a half in; two weeks and a half in the short form.
    let begin = crate::tests::amount(17, 24);
    let start = MONDAY + begin * DAY + 10 * HOUR;
    type Attack = fn(i64) -> Vec<crate::monitor::act::Act>;
    let attacks: [(&str, RuleName, i64, Attack); 9] = [
        ("pages through all customers, 25 at a time, every 10 seconds", RuleName::MassRead, 2, |at| {
            (0..120).map(|n| act(at + n * 10 * SECOND, "sales-3", Action::List).on(n * 25..n * 25 + 25)).collect()
        }),
        ("opens one after another, every 6 seconds", RuleName::MassRead, 40, |at| {
            (0..1_000).map(|n| act(at + n * 6 * SECOND, "sales-3", Action::Read).on([n * 3])).collect()
        }),
        ("opens one a minute, all day and night", RuleName::MassRead, 600, |at| {
            (0..1_200).map(|n| act(at + n * MINUTE, "sales-3", Action::Read).on([n * 2])).collect()
        }),
        ("exports 500", RuleName::MassExport, 0, |at| vec![act(at, "sales-3", Action::Export).on(0..500)]),
        ("lists 1,000 at once", RuleName::MassExport, 0, |at| vec![act(at, "sales-3", Action::List).on(0..1_000)]),
        ("deletes what it can, one a second", RuleName::MassChange, 1, |at| {
            (0..200).map(|n| act(at + n * SECOND, "sales-3", Action::Delete).on([750 + n])).collect()
        }),
        ("takes customers over, ten a minute", RuleName::MassChange, 20, |at| {
            (0..300).map(|n| act(at + n * 6 * SECOND, "sales-3", Action::Transfer).on([n])).collect()
        }),
        ("tries doors, one every 5 seconds", RuleName::RepeatedDenials, 1, |at| {
            (0..60).map(|n| act(at + n * 5 * SECOND, "sales-3", Action::Read).denied("not_owner")).collect()
        }),
        ("comes at 3 at night", RuleName::OffHours, 30, |at| {
            let night = at + 17 * HOUR;
            (0..60).map(|n| act(night + n * MINUTE, "sales-3", Action::Read).on([750 + n])).collect()
        }),
    ];
    for (what, rule, minutes, attack) in attacks {
        let mut firm = Firm::with_customers(3_000, 77);
        let acts = attack(start);
        let first = acts.iter().map(|act| act.at).min().unwrap().as_micros();
        let last = acts.iter().map(|act| act.at).max().unwrap().as_micros();
        for day in 0..begin + 2 {
            let midnight = MONDAY + day * DAY;
            let mut today: Vec<_> = twelve().iter().flat_map(|job| job.day(&mut firm.dice, midnight)).collect();
            today.extend(acts.iter().filter(|act| act.at.as_micros().div_euclid(DAY) == midnight / DAY).cloned());
            firm.take_all(today);
        }
        let during = |alert: &&crate::monitor::Alert| (first..=last).contains(&alert.at.as_micros());
        let found = firm
            .alerts
            .iter()
            .filter(during)
            .find(|alert| alert.rule == rule && alert.actor.as_deref() == Some("sales-3"));
        let found = found.unwrap_or_else(|| panic!("nobody noticed who {what}: {:#?}", firm.noise()));
        let after = (found.at.as_micros() - first) / MINUTE;
        println!("{what}: {after} minutes: {found}");
        assert!(after <= minutes, "{what}: {after} minutes");
        assert!(!found.evidence.is_empty() && found.evidence.len() <= 100);
    }
}

#[test]
fn month_end_report_alerts_once_at_most_and_not_again_when_it_was_a_false_alarm() {
    let mut firm = Firm::with_customers(3_000, 5);
    let report = |firm: &mut Firm, day: i64| {
        let at = MONDAY + day * DAY + 15 * HOUR;
        let pages = (0..4).map(|n| act(at + n * MINUTE, "books", Action::Export).on(n * 250..n * 250 + 250).from(1));
        firm.take_all(pages.collect());
    };
    work(&mut firm, &twelve(), 26, nothing);
    report(&mut firm, 26);
    let first = firm.first(RuleName::MassExport, "books").expect("1,000 of 3,000, for the first time").clone();
    let mut feedback = act(MONDAY + 27 * DAY, "root", Action::Read).named("alert_feedback").coded("false_alarm");
    feedback.party = Some("actor:books".to_owned());
    for rule in [RuleName::MassExport, RuleName::MassRead] {
        feedback.rule = rule.name().to_owned();
        firm.take(feedback.clone());
    }
    assert_eq!(first.update, 0);
    let before = firm.alerts.len();
    for month in [56, 86] {
        report(&mut firm, month);
    }
    let about: Vec<_> = firm.alerts.iter().skip(before).filter(|alert| alert.rule != RuleName::DormantActor).collect();
    assert!(about.iter().all(|alert| alert.actor.as_deref() != Some("books")), "{about:?} {:#?}", firm.noise());
}

#[test]
fn call_centre_serves_everybody_all_week_without_an_alert() {
    let names: Vec<&'static str> =
        (0..crate::tests::amount(10, 30)).map(|n| &*Box::leak(format!("agent-{n}").into_boxed_str())).collect();
    let agent =
        |name: &&'static str| Job { page: 10, hours: (8, 20), weekends: true, ..Job::new(name, 0, 20_000, 120) };
    let jobs: Vec<Job> = names.iter().map(agent).collect();
    let mut firm = Firm::with_customers(20_000, 3);
    work(&mut firm, &jobs, 21, nothing);
    println!("{:#?}", firm.noise());
    // Nobody is known to work at weekends on the first one, until it is seen to be a shift.
    assert!(firm.noise().len() <= 6, "{:#?}", firm.noise());
    assert!(firm.alerts.iter().all(|alert| alert.at.as_micros() < MONDAY + 8 * DAY), "{:#?}", firm.noise());
}

#[test]
fn import_at_onboarding_is_no_alert() {
    let mut firm = Firm::new(Rules::standard(), 1);
    firm.take(act(MONDAY + 9 * HOUR, "root", Action::CreateTenant));
    firm.take(act(MONDAY + 9 * HOUR + MINUTE, "root", Action::Define));
    firm.import(MONDAY + 10 * HOUR, "root", 3_000);
    // And a look at whether it worked.
    firm.take(act(MONDAY + 11 * HOUR, "root", Action::List).on(0..15));
    assert_eq!(firm.noise(), Vec::<String>::new());
}

#[test]
fn weekend_shift_that_is_usual_is_no_alert() {
    let mut firm = Firm::with_customers(3_000, 4);
    let shift = Job { weekends: true, hours: (8, 16), ..Job::new("shift", 0, 3_000, 30) };
    work(&mut firm, &[shift], 30, nothing);
    let later = firm.alerts.iter().filter(|alert| alert.at.as_micros() > MONDAY + 8 * DAY);
    assert_eq!(later.map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn return_from_a_holiday_of_four_weeks_is_no_alert() {
    let mut firm = Firm::with_customers(3_000, 6);
    let ann = Job::new("ann", 0, 3_000, 35);
    work(&mut firm, &[ann], 20, nothing);
    let before = firm.alerts.len();
    for day in 48..60 {
        let acts = ann.day(&mut firm.dice, MONDAY + day * DAY);
        firm.take_all(acts);
    }
    let later: Vec<_> = firm.alerts.iter().skip(before).map(ToString::to_string).collect();
    assert_eq!(later, Vec::<String>::new());
}
