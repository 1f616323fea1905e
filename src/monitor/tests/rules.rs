//! Each rule: what must raise it, and what looks like it and must not.

use super::sim::{Firm, MONDAY, SECOND, act, who};
use crate::model::Action;
use crate::monitor::act::Act;
use crate::monitor::local::{DAY, HOUR, MINUTE};
use crate::monitor::rule::{RuleName, Severity};
use crate::monitor::rule_set::Rules;
use crate::monitor::rules::Honeypot;

/// When the acts of a case begin: a Tuesday at 10:00, after 15 days of usual work.
const START: i64 = MONDAY + 15 * DAY + 10 * HOUR;

/// A firm with 3,000 customers, in which `ann` read 30 on each workday, from one device, and `report` exported 400 each
/// Friday.
fn usual() -> Firm {
    let rules = Rules::standard().with(Honeypot::new([who(666).to_string()]));
    let mut firm = Firm::new(rules, 0);
    firm.take(act(MONDAY - DAY, "root", Action::CreateTenant));
    firm.import(MONDAY - DAY + HOUR, "root", 3_000);
    for day in (0..15).filter(|day| day % 7 < 5) {
        let nine = MONDAY + day * DAY + 9 * HOUR;
        for n in 0..30 {
            firm.take(act(nine + n * 16 * MINUTE, "ann", Action::Read).on([day * 20 + n]).from(1));
        }
        for n in 0..2 {
            firm.take(act(nine + n * HOUR, "ann", Action::Read).denied("not_owner").from(1));
        }
        if day % 7 == 4 {
            firm.take(act(nine, "report", Action::Export).on(0..400));
        }
    }
    let raised: Vec<_> = firm.alerts.iter().filter(|alert| alert.actor.as_deref() == Some("ann")).collect();
    assert!(raised.is_empty(), "{raised:?}");
    firm.alerts.clear();
    firm
}

/// Returns the alerts that some acts in that firm raise.
fn told(acts: Vec<Act>) -> Vec<(RuleName, Severity)> {
    let mut firm = usual();
    firm.take_all(acts);
    let mut told: Vec<_> = firm.alerts.iter().map(|alert| (alert.rule, alert.severity)).collect();
    told.sort_unstable();
    told.dedup();
    told
}

fn fires(rule: RuleName, acts: Vec<Act>) {
    let told = told(acts);
    assert!(told.iter().any(|(name, _)| *name == rule), "{rule} is silent: {told:?}");
}

fn silent(acts: Vec<Act>) {
    let told = told(acts);
    assert!(told.is_empty(), "{told:?}");
}

/// The same act again and again, so many seconds apart.
fn every(seconds: i64, times: i64, one: impl Fn(i64, i64) -> Act) -> Vec<Act> {
    (0..times).map(|n| one(START + n * seconds * SECOND, n)).collect()
}

#[test]
fn repeated_denials() {
    let denied = |at, _| act(at, "ann", Action::Read).denied("not_owner").from(1);
    fires(RuleName::RepeatedDenials, every(20, 10, denied));
    silent(every(20, 9, denied));
    // Something allowed between: not in a row, but in an hour.
    let mixed = |at, n| if n % 3 == 0 { act(at, "ann", Action::Read).on([1]).from(1) } else { denied(at, n) };
    fires(RuleName::RepeatedDenials, every(60, 30, mixed));
    silent(every(600, 30, mixed));
    // These only ask for something more, or stop everybody.
    for code in ["step_up_required", "approval_required", "reason_required", "purpose", "frozen"] {
        silent(every(5, 60, |at, _| act(at, "ann", Action::Read).denied(code).from(1)));
    }
    fires(RuleName::RepeatedDenials, every(5, 12, |at, _| act(at, "guess", Action::Read).named("host_login_failed")));
}

#[test]
fn denials_are_weighed_against_the_past() {
    // A script that is refused 30 times on every day is no news when it is refused 30 times.
    let mut firm = usual();
    let day = |firm: &mut Firm, day: i64, times: i64| {
        let at = MONDAY + day * DAY + 12 * HOUR;
        firm.take_all(
            (0..times).map(|n| act(at + n * 20 * SECOND, "script", Action::Read).denied("not_owner")).collect(),
        );
    };
    (15..25).for_each(|n| day(&mut firm, n, 30));
    firm.alerts.clear();
    day(&mut firm, 25, 40);
    assert!(firm.alerts.is_empty());
    day(&mut firm, 26, 150);
    assert_eq!(firm.rules_about("script"), [RuleName::RepeatedDenials]);
}

#[test]
fn log_ins_that_fail_make_no_refusal_usual() {
    let mut firm = usual();
    for day in 15..20 {
        let at = MONDAY + day * DAY + 12 * HOUR;
        firm.take_all(
            (0..600).map(|n| act(at + n * SECOND, "mark", Action::Read).named("host_login_failed")).collect(),
        );
    }
    firm.alerts.clear();
    let at = MONDAY + 25 * DAY + 12 * HOUR;
    firm.take_all((0..20).map(|n| act(at + n * SECOND, "mark", Action::Read).denied("not_owner")).collect());
    assert_eq!(firm.rules_about("mark"), [RuleName::RepeatedDenials]);
}

#[test]
fn mass_read() {
    // 30 on a usual day; 150 in an hour is 5 % of the store, and 5 usual days.
    fires(RuleName::MassRead, every(15, 230, |at, n| act(at, "ann", Action::Read).on([n]).from(1)));
    fires(RuleName::MassRead, every(30, 10, |at, n| act(at, "ann", Action::List).on(n * 25..n * 25 + 25).from(1)));
    silent(every(60, 110, |at, n| act(at, "ann", Action::Read).on([n]).from(1)));
    // The same few again and again are few.
    silent(every(3, 1_000, |at, n| act(at, "ann", Action::Read).on([n % 40]).from(1)));
    // Nobody is shown by a count, and what was refused wasn't seen.
    silent(vec![Act { rows: 3_000, ..act(START, "ann", Action::Count).from(1) }]);
    silent(every(400, 5, |at, _| act(at, "ann", Action::List).on(0..500).denied("row_limit").from(1)));
    // Somebody new has the others' usual day.
    fires(RuleName::MassRead, every(10, 250, |at, n| act(at, "new", Action::Read).on([n])));
    silent(every(60, 60, |at, n| act(at, "new", Action::Read).on([n])));
}

#[test]
fn mass_read_says_its_numbers() {
    let mut firm = usual();
    firm.take_all(every(5, 400, |at, n| act(at, "ann", Action::Read).on([n]).from(1)));
    let alert = firm.first(RuleName::MassRead, "ann").unwrap();
    assert!(
        alert.text.contains("of 3,000 data subjects in the last 60 minutes; their usual day is "),
        "{}",
        alert.text
    );
    assert_eq!(alert.evidence.len(), 100);
}

#[test]
fn mass_export() {
    fires(RuleName::MassExport, vec![act(START, "ann", Action::Export).on(0..80).from(1)]);
    fires(RuleName::MassExport, vec![act(START, "ann", Action::List).on(0..200).from(1)]);
    silent(vec![act(START, "ann", Action::Export).on(0..40).from(1)]);
    silent(vec![act(START, "ann", Action::List).on(0..100).from(1)]);
    // Who exports 400 every week may do so again, and once more by mistake; but not take everything.
    silent(vec![act(START, "report", Action::Export).on(0..450)]);
    fires(
        RuleName::MassExport,
        (0..3).map(|n| act(START + n, "report", Action::Export).on(n * 1_000..n * 1_000 + 1_000)).collect(),
    );
}

#[test]
fn mass_change() {
    let by = |action| move |at, n| act(at, "ann", action).on([n]).from(1);
    fires(
        RuleName::MassChange,
        every(10, 20, by(Action::Delete)).into_iter().chain(every(11, 40, by(Action::Delete))).collect(),
    );
    silent(every(10, 12, by(Action::Delete)));
    fires(RuleName::MassChange, every(10, 180, by(Action::Update)));
    silent(every(10, 100, by(Action::Update)));
    fires(RuleName::MassChange, every(10, 180, by(Action::Transfer)));
    // An import creates.
    silent(every(1, 500, |at, n| act(at, "ann", Action::Create).on([5_000 + n]).from(1)));
    // Changing the same few again and again is no mass.
    silent(every(2, 500, |at, n| act(at, "ann", Action::Update).on([n % 20]).from(1)));
}

#[test]
fn off_hours() {
    let night = |hours: i64, times: i64| -> Vec<Act> {
        let at = START + hours * HOUR;
        (0..times).map(|n| act(at + n * MINUTE, "ann", Action::Read).on([n]).from(1)).collect()
    };
    // 3:00 on Wednesday; 10:00 on Saturday.
    fires(RuleName::OffHours, night(17, 20));
    fires(RuleName::OffHours, night(96, 20));
    // One look isn't work; and she does stay for a little longer.
    silent(night(17, 4));
    silent(night(7, 20));
    // Nothing is known of the new one: working hours count.
    let by_new = |hours| night(hours, 20).into_iter().map(|act| Act { actor: Some("new".to_owned()), ..act }).collect();
    fires(RuleName::OffHours, by_new(17));
    silent(by_new(1));
}

#[test]
fn new_device() {
    let from =
        |device: u64, times: i64| every(60, times, move |at, n| act(at, "ann", Action::Read).on([n]).from(device));
    fires(RuleName::NewDevice, from(2, 5));
    silent(from(1, 5));
    silent(from(2, 2));
    // Hosts that name a session as device, people with a new one every day.
    let mut firm = usual();
    for day in 0..40 {
        let at = MONDAY + day * DAY + 10 * HOUR;
        let device = 1_000 + u64::try_from(day).unwrap();
        firm.take_all((0..5).map(|n| act(at + n * MINUTE, "roaming", Action::Read).on([n]).from(device)).collect());
    }
    let about = firm.alerts.iter().filter(|alert| alert.rule == RuleName::NewDevice).count();
    assert_eq!(about, 0);
}

#[test]
fn privilege_use() {
    let change = |at| act(at, "ann", Action::ChangePolicy).from(1);
    let with = |first: Act, then: Vec<Act>| std::iter::once(first).chain(then).collect::<Vec<_>>();
    let export = vec![act(START + 20 * MINUTE, "ann", Action::Export).on([1]).from(1)];
    let reads = every(30, 25, |at, n| act(at, "ann", Action::Read).on([n]).from(1));
    fires(RuleName::PrivilegeUse, with(change(START), export.clone()));
    fires(RuleName::PrivilegeUse, with(change(START - MINUTE), reads.clone()));
    silent(with(change(START - 2 * HOUR), export.clone()));
    silent(with(change(START - MINUTE), reads.iter().take(5).cloned().collect()));
    // Somebody else's change that doesn't name her.
    silent(with(act(START, "root", Action::ChangePolicy), export.clone()));
    let role = |party: &str| act(START, "root", Action::Read).named("host_role_changed").party(party);
    fires(RuleName::PrivilegeUse, with(role("actor:ann"), export.clone()));
    silent(with(role("actor:bob"), export.clone()));
    // Sharing a record so that somebody reads it is what shares are for. Sharing many with one person is not.
    let share = |n: i64| act(START - n * SECOND, "bob", Action::Share).on([n]).party("actor:ann");
    silent((1..4).map(share).chain(export.clone()).collect());
    fires(RuleName::PrivilegeUse, (1..12).map(share).chain(export).collect());
}

#[test]
fn dormant_actor() {
    let back = |days: i64| {
        let at = MONDAY + (11 + days) * DAY + 9 * HOUR;
        (0..5).map(|n| act(at + n * MINUTE, "ann", Action::Read).on([n]).from(1)).collect()
    };
    fires(RuleName::DormantActor, back(50));
    silent(back(31));
    // A log-in that failed says nothing of whose id it was tried under: they aren't back, nor were they active until now.
    let failed = |at| act(at, "ann", Action::Read).named("host_login_failed");
    silent(vec![failed(MONDAY + 61 * DAY + 9 * HOUR)]);
    let mut after = vec![failed(MONDAY + 60 * DAY)];
    after.extend(back(50));
    fires(RuleName::DormantActor, after);
    // Whoever was never seen before isn't back.
    silent(vec![act(START + 90 * DAY, "new", Action::Read).on([1])]);
}

#[test]
fn honeypot() {
    for action in [Action::Read, Action::Update, Action::Search] {
        fires(RuleName::Honeypot, vec![act(START, "ann", action).on([666]).from(1)]);
        fires(RuleName::Honeypot, vec![act(START, "ann", action).on([666]).denied("not_owner").from(1)]);
    }
    fires(RuleName::Honeypot, vec![act(START, "ann", Action::List).on(650..680).from(1)]);
    silent(vec![act(START, "ann", Action::List).on(600..630).from(1)]);
    let mut firm = Firm::new(Rules::none().with(Honeypot::new([who(666).to_string()]).only_alone()), 0);
    firm.take(act(START, "ann", Action::List).on(650..680));
    assert!(firm.alerts.is_empty());
    firm.take(act(START, "ann", Action::Read).on([666]));
    assert_eq!(firm.alerts[0].severity, Severity::Critical);
}

#[test]
fn break_glass() {
    fires(RuleName::BreakGlassUse, vec![act(START, "ann", Action::BreakGlass).coded("break_glass").from(1)]);
    fires(RuleName::BreakGlassUse, vec![act(START, "ann", Action::Read).on([1]).coded("break_glass").from(1)]);
    fires(RuleName::BreakGlassUse, vec![act(START, "ann", Action::BreakGlass).denied("not_allowed").from(1)]);
    silent(vec![act(START, "ann", Action::BreakGlass).coded("ended").from(1)]);
    silent(vec![act(START, "ann", Action::ReviewEmergency).coded("reviewed").from(1)]);
}

#[test]
fn journal_trouble_that_a_verification_found() {
    for found in ["rows_differ", "rewritten", "gap", "truncated"] {
        for code in [found.to_owned(), format!("scrub_{found}")] {
            assert_eq!(
                told(vec![act(START, "ann", Action::Verify).coded(&code)]),
                [(RuleName::JournalTrouble, Severity::Critical)]
            );
        }
    }
    // A head, a whole vault, a vault that went on since the head was taken.
    for code in ["", "intact", "unanchored_tail", "scrub_intact", "scrub_unanchored_tail"] {
        silent(vec![act(START, "ann", Action::Verify).coded(code)]);
    }
    let failed = told(vec![act(START, "ann", Action::Verify).failed("error")]);
    assert_eq!(failed, [(RuleName::JournalTrouble, Severity::High)]);
    silent(vec![act(START, "ann", Action::Verify).denied("not_permitted")]);
    for code in ["begun", "paused", "resumed", "stopped"] {
        silent(vec![act(START, "ann", Action::Verify).coded(&format!("scrub_{code}"))]);
    }
}

#[test]
fn key_acts() {
    for action in [Action::CreateTenant, Action::Erase, Action::Backup, Action::RotateKeys, Action::Restore] {
        fires(RuleName::KeyActs, vec![act(START, "ann", action)]);
    }
    silent(vec![act(START, "ann", Action::Define)]);
    let opened = || Act { actor: None, tenant: None, ..act(START, "", Action::ChangePolicy).coded("opened") };
    fires(RuleName::KeyActs, vec![opened()]);
    silent(vec![act(START, "ann", Action::ChangePolicy)]);
    fires(RuleName::KeyActs, vec![act(START, "ann", Action::Retain).coded("dropped")]);
    fires(RuleName::KeyActs, vec![act(START, "ann", Action::Retain).denied("not_permitted")]);
    for code in ["planned", "changes", "nothing_dropped"] {
        silent(vec![act(START, "ann", Action::Retain).coded(code)]);
    }
    // A nightly backup is told of three times, a key rotation always.
    let mut firm = usual();
    for day in 15..30 {
        firm.take(act(MONDAY + day * DAY, "nightly", Action::Backup));
        firm.take(act(MONDAY + day * DAY, "rotator", Action::RotateKeys));
        firm.take(act(MONDAY + day * DAY, "keeper", Action::Retain).coded("dropped"));
    }
    let count = |actor: &str| firm.alerts.iter().filter(|alert| alert.actor.as_deref() == Some(actor)).count();
    assert_eq!((count("nightly"), count("rotator"), count("keeper")), (3, 15, 15));
}

#[test]
fn feedback_silences_a_false_alarm_for_that_actor_alone_and_never_a_honeypot() {
    let mut firm = usual();
    let feedback = |firm: &mut Firm, rule: RuleName| {
        let mut said = act(START, "root", Action::Read).named("alert_feedback").coded("false_alarm").party("actor:ann");
        said.rule = rule.name().to_owned();
        firm.take(said);
    };
    for rule in [RuleName::RepeatedDenials, RuleName::NewDevice, RuleName::Honeypot] {
        feedback(&mut firm, rule);
    }
    let denials = |actor: &'static str| every(20, 12, move |at, _| act(at, actor, Action::Read).denied("not_owner"));
    firm.take_all(denials("ann"));
    firm.take_all(denials("bob"));
    firm.take_all(every(60, 5, |at, n| act(at, "ann", Action::Read).on([n]).from(2)));
    firm.take(act(START, "ann", Action::Read).on([666]).from(1));
    assert_eq!(firm.rules_about("ann"), [RuleName::Honeypot]);
    assert_eq!(firm.rules_about("bob"), [RuleName::RepeatedDenials]);
    // Twice as many are told of all the same.
    firm.take_all((0..45).map(|n| act(START + DAY + n * SECOND, "ann", Action::Read).denied("not_owner")).collect());
    assert_eq!(firm.rules_about("ann"), [RuleName::RepeatedDenials, RuleName::Honeypot]);
}

#[test]
fn repeats_are_one_alert_and_much_worse_is_told_again_under_the_same_id() {
    let mut firm = usual();
    firm.take_all(every(1, 1_500, |at, n| act(at, "ann", Action::Read).on([n]).from(1)));
    let told: Vec<_> = firm.alerts.iter().filter(|alert| alert.rule == RuleName::MassRead).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].id, told[1].id);
    assert_eq!((told[0].update, told[1].update), (0, 1));
    assert_eq!(told[0].evidence[0], told[1].evidence[0]);
    assert!(told[1].degree >= 4.0 * told[0].degree);
    assert!(told[1].count > 400);
}
