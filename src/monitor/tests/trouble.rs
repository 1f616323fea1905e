//! Trouble around a monitor: of its alert sinks, the vault's sinks, the vault's end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::sim::{Firm, MONDAY, act};
use super::whole::{Office, admin, customers, guard, next, until};
use crate::audit::{AuditSink, Event, Held, Relayed, SinkError, Verdict};
use crate::model::{Action, Timestamp};
use crate::monitor::local::HOUR;
use crate::monitor::{
    Alert, JournalTrouble, MassExport, Monitor, RuleName, Rules, Severity, alert_channel, alert_lines,
};
use crate::vault::{Health, ScrubOptions, ScrubPhase};

fn exports() -> Rules {
    Rules::none().with(MassExport::new())
}

#[test]
fn alert_sink_that_errs_or_panics_is_shown_and_gets_the_alert_again_and_holds_up_no_other() {
    let office = Office::new();
    let calls = Arc::new(AtomicU32::new(0));
    let mood = Arc::new(AtomicU32::new(0));
    let (theirs, told) = (Arc::clone(&mood), Arc::clone(&calls));
    let moody = move |_: &Alert| {
        told.fetch_add(1, Ordering::SeqCst);
        match theirs.load(Ordering::SeqCst) {
            0 => Err(SinkError::new("the pager is off")),
            1 => panic!("the pager is broken"),
            _ => Ok(()),
        }
    };
    let (sink, alerts) = alert_channel(10);
    let watch = Monitor::new(exports()).alerts(moody).alerts(sink);
    let (_vault, acme) = office.create(&watch);
    customers(&acme, "mole").export(None, 1_000).unwrap();
    next(&alerts, RuleName::MassExport);
    let error = || watch.health().sinks[0].error.clone().unwrap_or_default();
    until(|| error().contains("the pager is off"));
    mood.store(1, Ordering::SeqCst);
    until(|| error().contains("panicked: the pager is broken"));
    assert_eq!(watch.health().sinks[0].waiting, 1);
    mood.store(2, Ordering::SeqCst);
    until(|| watch.health().sinks[0].taken == 1);
    let health = watch.health();
    assert_eq!((health.sinks[0].waiting, health.sinks[0].error.clone()), (0, None));
    assert!(calls.load(Ordering::SeqCst) >= 3);
    assert_eq!(health.sinks[1].taken, 1);
}

#[test]
fn alert_is_a_line_of_json() {
    let path = tempfile::NamedTempFile::new().unwrap();
    let office = Office::new();
    let watch = Monitor::new(exports()).alerts(alert_lines(path.reopen().unwrap()));
    let (_vault, acme) = office.create(&watch);
    customers(&acme, "mole").export(None, 1_000).unwrap();
    until(|| watch.health().sinks[0].taken == 1);
    let text = std::fs::read_to_string(path.path()).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.strip_suffix('\n').unwrap()).unwrap();
    assert_eq!(
        (&line["rule"], &line["actor"], &line["severity"]),
        (&"mass_export".into(), &"mole".into(), &"high".into())
    );
    assert_eq!(line["tenant"], acme.id().to_string());
    assert!(line["evidence"].as_array().is_some_and(|spots| !spots.is_empty()));
}

/// Fails until it is mended.
struct Broken(Arc<AtomicU32>);

impl AuditSink for Broken {
    fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
        if self.0.load(Ordering::SeqCst) == 0 { Err(SinkError::new("no route to the log server")) } else { Ok(()) }
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Nothing)
    }
}

#[test]
fn sink_that_fails_for_too_long_is_an_alert_and_is_joined() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(10);
    let trouble = JournalTrouble::new().patience(Duration::from_millis(20)).every(Duration::from_millis(10));
    let watch = Monitor::new(Rules::none().with(trouble)).alerts(sink);
    let mended = Arc::new(AtomicU32::new(0));
    let vault = office.options().sink(watch.sink()).sink(Relayed(Broken(Arc::clone(&mended)))).create().unwrap();
    watch.watch(&vault).unwrap();
    let alert = alerts.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((alert.rule, alert.severity, alert.tenant), (RuleName::JournalTrouble, Severity::High, None));
    assert!(
        alert.text.contains("`Broken` fails") && alert.text.contains("no route to the log server"),
        "{}",
        alert.text
    );
    std::thread::sleep(Duration::from_millis(100));
    assert!(alerts.try_recv().is_err(), "told again");
    mended.store(1, Ordering::SeqCst);
}

#[test]
fn scrub_that_finds_nothing_is_no_alert() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(10);
    let watch = Monitor::new(Rules::none().with(JournalTrouble::new())).alerts(sink);
    let (vault, _acme) = office.create(&watch);
    vault.session(admin()).unwrap().scrub(ScrubOptions::new()).unwrap().stop().unwrap();
    let scrub = vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(1_000_000)).unwrap();
    assert_eq!(scrub.wait().unwrap(), Some(Verdict::Intact));
    vault.flush().unwrap();
    let last = vault.health().journal_blocks - 1;
    until(|| watch.health().position >= Some(last));
    let told: Vec<Alert> = alerts.try_iter().collect();
    assert!(
        told.is_empty() && watch.health().waiting == 0,
        "{}",
        told.iter().map(|alert| &*alert.text).collect::<String>()
    );
    assert!(watch.latest().is_empty());
}

#[test]
fn journal_that_was_short_when_the_vault_was_opened_is_told_once_and_a_scrub_that_failed_once_a_day() {
    let office = Office::new();
    let (vault, _acme) = office.create(&Monitor::new(Rules::none()));
    vault.session(admin()).unwrap().scrub(ScrubOptions::new().rows_per_second(1_000_000)).unwrap().wait().unwrap();
    let mut health = vault.health();
    let look = |firm: &mut Firm, health: &Health, hour: i64| -> Vec<(Severity, String)> {
        let now = Timestamp::from_micros(MONDAY + hour * HOUR);
        let told = firm.engine.health(health, |_, _| Duration::ZERO, now);
        told.into_iter().map(|alert| (alert.severity, alert.text)).collect()
    };
    let rules = || Rules::none().with(JournalTrouble::new());
    let mut firm = Firm::new(rules(), 0);
    assert!(!health.journal_short && look(&mut firm, &health, 0).is_empty());
    for phase in [ScrubPhase::Journal, ScrubPhase::Finished, ScrubPhase::Stopped] {
        health.scrub.as_mut().unwrap().phase = phase;
        assert_eq!(look(&mut firm, &health, 0), []);
    }

    health.journal_short = true;
    let told = look(&mut firm, &health, 1);
    assert!(matches!(&told[..], [(Severity::High, text)] if text.contains("falls short of its head")), "{told:?}");
    for hour in [2, 20, 100, 1_000] {
        assert_eq!(look(&mut firm, &health, hour), []);
    }
    health.journal_short = false;

    let scrub = health.scrub.as_mut().unwrap();
    (scrub.phase, scrub.trouble) = (ScrubPhase::Failed, Some("the disk is gone".to_owned()));
    let told = look(&mut firm, &health, 1_001);
    assert!(matches!(&told[..], [(Severity::High, text)] if text.contains("the disk is gone")), "{told:?}");
    // Its entry is of the same failure.
    let mut entry = act(MONDAY + 1_001 * HOUR, "root", Action::Verify).failed("scrub_failed");
    entry.tenant = None;
    assert!(firm.engine.take(entry.clone()).is_empty());
    let days = (1_002..1_050).map(|hour| look(&mut firm, &health, hour).len()).sum::<usize>();
    assert_eq!(days, 2);
    // The entry alone is enough, after a crash for instance.
    let mut firm = Firm::new(rules(), 0);
    let told = firm.engine.take(entry);
    assert_eq!((told.len(), told[0].severity), (1, Severity::High));
    assert_eq!(look(&mut firm, &health, 1_001), []);
    // Several at once are alerts of their own, which feedback and the journal tell apart.
    (health.journal_short, health.stopped) = (true, true);
    let at = Timestamp::from_micros(MONDAY);
    let told = Firm::new(rules(), 0).engine.health(&health, |_, _| Duration::ZERO, at);
    let ids: std::collections::BTreeSet<_> = told.iter().map(|alert| alert.id.clone()).collect();
    assert_eq!((told.len(), ids.len()), (3, 3));
    assert!(told.iter().all(|alert| alert.id.ends_with(&alert.at.as_micros().to_string())));
}

#[test]
fn end_of_a_watch_is_written_down_if_the_vault_can_take_it() {
    let office = Office::new();
    let (first, second) = (Monitor::new(exports()), Monitor::new(exports()));
    let vault = office.options().sink(first.sink()).create().unwrap();
    first.watch(&vault).unwrap();
    drop(first);
    vault.flush().unwrap();
    let ended = || office.tape.0.lock().unwrap().iter().filter(|event| event.action() == "monitor_ended").count();
    until(|| ended() == 1);
    vault.close().unwrap();
    drop(vault);
    let vault = office.options().sink(second.sink()).open().unwrap();
    second.watch(&vault).unwrap();
    vault.close().unwrap();
    drop(second);
    drop(vault);
    // One that never watched has nothing to end.
    let idle = Monitor::new(exports());
    let vault = office.options().sink(idle.sink()).open().unwrap();
    drop(idle);
    vault.close().unwrap();
    let all = office.tape.0.lock().unwrap();
    let mut spots: Vec<_> = all.iter().filter(|e| e.action() == "monitor_ended").map(|e| e.position()).collect();
    spots.dedup();
    assert_eq!(spots.len(), 1);
}

#[test]
fn verification_that_ends_in_an_error_is_an_alert() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(10);
    let watch = Monitor::new(Rules::none().with(JournalTrouble::new())).alerts(sink);
    let (vault, _acme) = office.create(&watch);
    let foreign = Office::new().options().create().unwrap().session(admin()).unwrap().head().unwrap();
    vault.session(admin()).unwrap().verify_against(&foreign).unwrap_err();
    let alert = next(&alerts, RuleName::JournalTrouble);
    assert_eq!((alert.severity, alert.actor.as_deref()), (Severity::High, Some("root")));
    assert!(alert.text.contains("came to no answer"), "{}", alert.text);
}

#[test]
fn monitor_whose_sink_no_vault_has_does_not_watch() {
    let office = Office::new();
    let watch = Monitor::new(exports());
    let vault = office.options().create().unwrap();
    let refused = watch.watch(&vault).unwrap_err().to_string();
    assert!(refused.contains(".sink(monitor.sink())"), "{refused}");
    vault.close().unwrap();
    drop(vault);
    let vault = office.options().sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
}

#[test]
fn vault_that_is_dropped_or_closed_ends_while_its_monitor_goes_on_and_the_other_way_round() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(10);
    let watch = Monitor::new(exports().respond(RuleName::MassExport, crate::monitor::Respond::SuspendActor))
        .alerts(sink)
        .responder(guard());
    let (vault, acme) = office.create(&watch);
    assert!(watch.health().watching);
    customers(&acme, "mole").export(None, 1_000).unwrap();
    drop((vault, acme));
    until(|| !watch.health().watching);
    // What was raised before the end is told all the same.
    assert_eq!(next(&alerts, RuleName::MassExport).actor.as_deref(), Some("mole"));
    drop(watch);

    let office = Office::new();
    let watch = Monitor::new(exports());
    let (vault, acme) = office.create(&watch);
    drop(watch);
    customers(&acme, "mole").export(None, 1_000).unwrap();
    vault.flush().unwrap();
    vault.close().unwrap();
    let second = Monitor::new(exports());
    let vault = office.options().sink(second.sink()).open();
    drop(acme);
    let vault = vault.or_else(|_| office.options().sink(second.sink()).open()).unwrap();
    second.watch(&vault).unwrap();
    assert!(second.watch(&vault).is_err());
    let _ = admin();
}

#[test]
fn journal_that_cannot_be_read_back_is_told() {
    let office = Office::new();
    let watch = Monitor::new(Rules::none());
    let (vault, _acme) = office.create(&watch);
    let mut health = vault.health();
    let mut firm = Firm::new(Rules::none().with(JournalTrouble::new()), 0);
    let mut look = |health: &Health, hour: i64| {
        let now = Timestamp::from_micros(MONDAY + hour * HOUR);
        firm.engine.health(health, |_, _| Duration::ZERO, now)
    };
    assert!(look(&health, 0).is_empty());
    health.sinks[0].unreadable = 1;
    let told = look(&health, 0);
    assert!(matches!(&told[..], [alert] if alert.text.contains("can't be read back")), "{told:?}");
    assert_eq!(look(&health, 1).len(), 0);
}
