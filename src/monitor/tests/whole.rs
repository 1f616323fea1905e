//! A vault under watch: from the insider's export to the alert, the suspension and the freeze; and over a restart.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::sim::MONDAY;
use crate::audit::{AuditSink, Event, Held, Relayed, SinkError};
use crate::error::Error;
use crate::keys::{MasterKey, MasterKeyError, WrapContext};
use crate::model::{Action, Actor, Clock, Timestamp};
use crate::monitor::local::{HOUR, MINUTE};
use crate::monitor::{Alert, Feedback, Monitor, Respond, ResponseOutcome, RuleName, Rules, alert_channel};
use crate::policy::{Roles, codes};
use crate::record::{Record, Schema};
use crate::vault::{Collection, Freeze, Memory, Tenant, Vault};

#[derive(Serialize, Deserialize)]
pub(super) struct Customer {
    name: String,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers")
    }

    fn example() -> Self {
        Self { name: "Ann".into() }
    }
}

struct Unlocked;

impl MasterKey for Unlocked {
    fn id(&self) -> String {
        "unlocked".to_owned()
    }

    fn wrap(&self, key: &[u8; 32], _: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        Ok(key.to_vec())
    }

    fn unwrap(&self, wrapped: &[u8], _: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        key.copy_from_slice(wrapped);
        Ok(())
    }
}

/// A clock that is set, and goes on by a second whenever it is read.
#[derive(Clone)]
pub(super) struct Hand(pub(super) Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(MINUTE / 60, Ordering::Relaxed))
    }
}

/// Keeps every event.
#[derive(Clone, Default)]
pub(super) struct Tape(pub(super) Arc<Mutex<Vec<Event>>>);

impl AuditSink for Tape {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        self.0.lock().unwrap().extend_from_slice(events);
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Nothing)
    }
}

impl Tape {
    fn find(&self, spot: (u64, u32)) -> Event {
        let all = self.0.lock().unwrap();
        all.iter().find(|event| (event.position(), event.index()) == spot).cloned().unwrap()
    }

    /// The entries of an act, once they are there.
    fn acts(&self, name: &str, wanted: usize) -> Vec<Event> {
        let found = || -> Vec<Event> {
            self.0.lock().unwrap().iter().filter(|event| event.action() == name).cloned().collect()
        };
        until(|| found().len() >= wanted);
        found()
    }
}

pub(super) fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "it doesn't come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn admin() -> Actor {
    Actor::new("root").with_role("admin")
}

fn seller(id: &str) -> Actor {
    Actor::new(id).with_role("sales")
}

pub(super) fn guard() -> Actor {
    Actor::new("guard").with_role("guard")
}

/// A firm with a vault in memory.
pub(super) struct Office {
    memory: Memory,
    pub(super) clock: Hand,
    pub(super) tape: Tape,
}

impl Office {
    pub(super) fn new() -> Self {
        Self { memory: Memory::new(), clock: Hand(Arc::new(AtomicI64::new(MONDAY + 10 * HOUR))), tape: Tape::default() }
    }

    pub(super) fn options(&self) -> crate::vault::VaultOptions {
        let policy = Roles::new()
            .role("admin", |r| r.administer().may([Action::Suspend, Action::Freeze]))
            .role("guard", |r| r.may([Action::Suspend, Action::Freeze]))
            .role("sales", |r| r.on("customers").create().read_all().update_all().export());
        Vault::in_memory(&self.memory)
            .master_key(Unlocked)
            .policy(policy)
            .clock(self.clock.clone())
            .sink(Relayed(self.tape.clone()))
    }

    /// A new vault with 200 customers, under watch.
    pub(super) fn create(&self, monitor: &Monitor) -> (Vault, Tenant) {
        let vault = self.options().sink(monitor.sink()).create().unwrap();
        monitor.watch(&vault).unwrap();
        let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
        acme.session(admin()).unwrap().define::<Customer>().unwrap();
        let boss = customers(&acme, "boss");
        for n in 0..200 {
            boss.insert(&Customer { name: format!("customer {n}") }).unwrap();
        }
        (vault, acme)
    }
}

pub(super) fn customers(tenant: &Tenant, actor: &str) -> Collection<Customer> {
    tenant.session(seller(actor)).unwrap().collection().unwrap()
}

/// The next alert of a rule.
pub(super) fn next(alerts: &Receiver<Alert>, rule: RuleName) -> Alert {
    loop {
        let alert = alerts.recv_timeout(Duration::from_secs(60)).expect("no alert comes");
        if alert.rule == rule {
            return alert;
        }
    }
}

fn code(error: Error) -> String {
    match error {
        Error::Denied(denial) => denial.code.to_string(),
        other => panic!("{other:?}"),
    }
}

fn rules() -> Rules {
    Rules::standard()
        .respond(RuleName::MassExport, Respond::SuspendActor)
        .respond(RuleName::MassExport, Respond::FreezeTenant(Freeze::ReadOnly))
}

pub(super) fn monitor(rules: Rules) -> (Monitor, Receiver<Alert>) {
    let (sink, alerts) = alert_channel(100);
    (Monitor::new(rules).alerts(sink).responder(guard()), alerts)
}

#[test]
fn insider_who_exports_is_suspended_and_the_tenant_frozen_and_a_restart_alerts_about_new_acts_only() {
    let office = Office::new();
    let (watch, alerts) = monitor(rules());
    let (vault, acme) = office.create(&watch);
    customers(&acme, "mole").list(None, 20).unwrap();
    customers(&acme, "mole").export(None, 1_000).unwrap();
    let alert = next(&alerts, RuleName::MassExport);
    assert_eq!((alert.actor.as_deref(), alert.tenant), (Some("mole"), Some(acme.id())));
    assert!(alert.responses.iter().all(|response| response.outcome == ResponseOutcome::Done), "{:?}", alert.responses);
    assert_eq!((alert.responses.len(), alert.unjournalled.clone()), (2, None));
    assert_eq!(code(customers(&acme, "mole").list(None, 1).err().unwrap()), codes::SUSPENDED);
    let refused = customers(&acme, "boss").insert(&Customer { name: "late".into() });
    assert_eq!(code(refused.unwrap_err()), codes::FROZEN);

    until(|| office.tape.acts("alert", 1).iter().any(|event| event.rule() == "mass_export"));
    let told = office.tape.acts("alert", 1);
    let told = told.iter().find(|event| event.rule() == "mass_export").unwrap();
    assert_eq!(told.evidence(), alert.evidence);
    assert_eq!((told.code(), told.party(), told.tenant()), ("high", Some("actor:mole"), Some(acme.id())));
    let export = office.tape.find(alert.evidence[0]);
    assert_eq!((export.action(), export.actor(), export.rows()), ("export", Some("mole"), Some(200)));
    assert_eq!(export.journal(), alert.journal);
    for spot in &alert.evidence {
        assert_eq!(office.tape.find(*spot).actor(), Some("mole"));
    }
    assert!(office.tape.0.lock().unwrap().iter().any(|e| e.action() == "suspend" && e.actor() == Some("guard")));

    // Once more: what is on record isn't told again.
    acme.session(admin()).unwrap().because("over").unfreeze().unwrap();
    vault.close().unwrap();
    drop((watch, vault, acme));
    while alerts.try_recv().is_ok() {}
    let (watch, alerts) = monitor(rules());
    let vault = office.options().sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
    until(|| watch.health().learned);
    let acme = vault.tenant("acme").unwrap();
    assert!(watch.latest().iter().any(|known| known.id == alert.id), "{:?}", watch.latest());
    customers(&acme, "other").export(None, 1_000).unwrap();
    let again = alerts.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((again.actor.as_deref(), again.rule), (Some("other"), RuleName::MassExport), "{}", again.text);

    // Only those who may suspend have a say, and it goes on record.
    assert!(matches!(
        watch.feedback(&alert.id, Feedback::Real, &vault.session(seller("x")).unwrap()),
        Err(Error::Denied(_))
    ));
    assert!(matches!(
        watch.feedback("nothing", Feedback::Real, &vault.session(admin()).unwrap()),
        Err(Error::NotPossible(_))
    ));
    acme.session(admin()).unwrap().because("to have a say").reinstate("mole").unwrap();
    let own =
        watch.feedback(&alert.id, Feedback::FalseAlarm, &vault.session(Actor::new("mole").with_role("admin")).unwrap());
    assert!(matches!(own, Err(Error::NotPossible(_))), "{own:?}");
    watch.feedback(&alert.id, Feedback::FalseAlarm, &vault.session(admin()).unwrap()).unwrap();
    let said = office.tape.acts("alert_feedback", 1);
    assert_eq!((said[0].code(), said[0].rule(), said[0].party()), ("false_alarm", "mass_export", Some("actor:mole")));
}

#[test]
fn what_happened_while_no_monitor_watched_is_told_when_one_does() {
    let office = Office::new();
    let (watch, _alerts) = monitor(Rules::standard());
    let (vault, acme) = office.create(&watch);
    vault.close().unwrap();
    drop((watch, vault, acme));
    let vault = office.options().open().unwrap();
    customers(&vault.tenant("acme").unwrap(), "mole").export(None, 1_000).unwrap();
    vault.close().unwrap();
    drop(vault);
    let (watch, alerts) = monitor(rules());
    let vault = office.options().sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
    assert_eq!(next(&alerts, RuleName::MassExport).actor.as_deref(), Some("mole"));
    // A monitor that comes for the first time only learns.
    let late = Office::new();
    let vault = late.options().create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin()).unwrap().define::<Customer>().unwrap();
    for n in 0..100 {
        customers(&acme, "boss").insert(&Customer { name: format!("customer {n}") }).unwrap();
    }
    customers(&acme, "mole").export(None, 1_000).unwrap();
    vault.close().unwrap();
    drop((vault, acme));
    let (watch, alerts) = monitor(rules());
    let vault = late.options().sink(watch.sink()).open().unwrap();
    watch.watch(&vault).unwrap();
    until(|| watch.health().learned);
    customers(&vault.tenant("acme").unwrap(), "second").export(None, 1_000).unwrap();
    assert_eq!(next(&alerts, RuleName::MassExport).actor.as_deref(), Some("second"));
}

#[test]
fn response_that_is_refused_spared_or_one_too_many_is_part_of_the_alert_and_shown() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(100);
    let rules =
        Rules::none().with(crate::monitor::MassExport::new()).respond(RuleName::MassExport, Respond::SuspendActor);
    let watch = Monitor::new(rules).alerts(sink).responder(guard()).never_suspend(["chief"]).suspensions_per_hour(1);
    let (_vault, acme) = office.create(&watch);
    let outcome = |actor: &str| {
        customers(&acme, actor).export(None, 1_000).unwrap();
        let alert = next(&alerts, RuleName::MassExport);
        assert_eq!(alert.actor.as_deref(), Some(actor));
        alert.responses[0].outcome.clone()
    };
    assert!(matches!(outcome("chief"), ResponseOutcome::NotTried(why) if why.contains("never suspended")));
    assert_eq!(outcome("mole"), ResponseOutcome::Done);
    assert!(matches!(outcome("third"), ResponseOutcome::NotTried(why) if why.contains("within the hour")));
    office.clock.0.fetch_add(2 * HOUR, Ordering::Relaxed);
    assert_eq!(outcome("fourth"), ResponseOutcome::Done);
    let health = watch.health();
    assert_eq!(health.responses_refused, 2);
    assert!(health.last_refusal.unwrap().contains("suspend_actor: not tried"));

    let office = Office::new();
    let (sink, alerts) = alert_channel(100);
    let rules = Rules::none().with(crate::monitor::MassExport::new()).respond(RuleName::MassExport, Respond::StepUp(2));
    let watch = Monitor::new(rules).alerts(sink).responder(seller("weak"));
    let (_vault, acme) = office.create(&watch);
    customers(&acme, "mole").export(None, 1_000).unwrap();
    let alert = next(&alerts, RuleName::MassExport);
    assert!(matches!(&alert.responses[0].outcome, ResponseOutcome::Failed(why) if why.contains("denied")), "{alert:?}");
    assert_eq!(watch.health().responses_refused, 1);
    assert!(customers(&acme, "mole").list(None, 1).is_ok());
}

#[test]
fn freeze_that_goes_further_is_not_loosened() {
    let office = Office::new();
    let rules = Rules::none()
        .with(crate::monitor::RepeatedDenials::new().in_a_row(2))
        .respond(RuleName::RepeatedDenials, Respond::FreezeTenant(Freeze::ReadOnly));
    let (watch, alerts) = monitor(rules);
    let (_vault, acme) = office.create(&watch);
    let stranger = acme.session(Actor::new("stranger")).unwrap().collection::<Customer>().unwrap();
    acme.session(admin()).unwrap().because("a person said so").freeze(Freeze::Closed).unwrap();
    for _ in 0..4 {
        // Frozen: this says nothing of who asks. What isn't stopped by it is refused by the policy.
        assert!(stranger.list(None, 1).is_err());
        assert!(acme.session(Actor::new("stranger")).unwrap().suspended().is_err());
    }
    let alert = next(&alerts, RuleName::RepeatedDenials);
    assert_eq!(alert.responses[0].outcome, ResponseOutcome::Already);
    assert_eq!(acme.session(admin()).unwrap().frozen().unwrap().unwrap().extent, Freeze::Closed);
}

#[test]
fn log_ins_that_fail_alert_and_suspend_nobody_and_what_is_really_refused_does() {
    let office = Office::new();
    let rules = Rules::none()
        .with(crate::monitor::RepeatedDenials::new().in_a_row(4).per_hour(50))
        .respond(RuleName::RepeatedDenials, Respond::SuspendActor)
        .respond(RuleName::RepeatedDenials, Respond::FreezeTenant(Freeze::Closed));
    let (sink, alerts) = alert_channel(100);
    let watch = Monitor::new(rules).alerts(sink).responder(guard()).suspensions_per_hour(1);
    let (vault, acme) = office.create(&watch);
    // Whoever can reach the log-in can claim to be anybody.
    for who in ["boss", "mole"] {
        for _ in 0..4 {
            acme.session(Actor::new("server"))
                .unwrap()
                .journal()
                .record(crate::vault::HostEvent::login_failed(&Actor::new(who)))
                .unwrap();
        }
        vault.flush().unwrap();
        let alert = next(&alerts, RuleName::RepeatedDenials);
        assert_eq!((alert.actor.as_deref(), alert.unproven), (Some(who), true));
        for response in &alert.responses {
            assert!(
                matches!(&response.outcome, ResponseOutcome::NotTried(why) if why.contains("log-in")),
                "{response}"
            );
        }
    }
    assert!(customers(&acme, "boss").list(None, 1).is_ok());
    // An alert that is open already is no cover.
    for _ in 0..4 {
        assert!(acme.session(seller("mole")).unwrap().suspended().is_err());
    }
    vault.flush().unwrap();
    let alert = next(&alerts, RuleName::RepeatedDenials);
    assert_eq!((alert.actor.as_deref(), alert.unproven), (Some("mole"), false));
    assert!(alert.responses.iter().all(|response| response.outcome == ResponseOutcome::Done), "{:?}", alert.responses);
    assert_eq!(code(customers(&acme, "mole").list(None, 1).err().unwrap()), codes::SUSPENDED);
}

#[test]
fn actor_to_whom_more_than_one_thing_is_done_counts_once() {
    let office = Office::new();
    let (sink, alerts) = alert_channel(100);
    let rules = Rules::none()
        .with(crate::monitor::MassExport::new())
        .respond(RuleName::MassExport, Respond::StepUp(2))
        .respond(RuleName::MassExport, Respond::SuspendActor);
    let watch = Monitor::new(rules).alerts(sink).responder(guard()).suspensions_per_hour(1);
    let (_vault, acme) = office.create(&watch);
    let outcomes = |actor: &str| {
        customers(&acme, actor).export(None, 1_000).unwrap();
        let alert = next(&alerts, RuleName::MassExport);
        alert.responses.into_iter().map(|response| response.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes("mole"), [ResponseOutcome::Done, ResponseOutcome::Done]);
    assert!(outcomes("other").iter().all(|outcome| matches!(outcome, ResponseOutcome::NotTried(_))));
}

#[test]
fn watch_that_could_not_be_written_down_can_be_begun_again() {
    struct Moody(Arc<std::sync::atomic::AtomicBool>);
    impl AuditSink for Moody {
        fn deliver(&mut self, _: &[Event]) -> Result<(), SinkError> {
            if self.0.load(Ordering::SeqCst) { Err(SinkError::new("not now")) } else { Ok(()) }
        }
        fn last(&mut self, _: &str) -> Result<Held, SinkError> {
            Ok(Held::Nothing)
        }
    }
    let (office, mood) = (Office::new(), Arc::new(std::sync::atomic::AtomicBool::new(true)));
    let (watch, _alerts) = monitor(rules());
    let moody = crate::audit::Required(Moody(Arc::clone(&mood))).within(Duration::from_millis(20));
    let vault = office.options().create().unwrap();
    vault.close().unwrap();
    let vault = office.options().sink(moody).sink(watch.sink()).open().unwrap();
    until(|| {
        matches!(
            vault
                .session(Actor::new("server"))
                .and_then(|s| s.journal().record(crate::vault::HostEvent::other("early"))),
            Err(Error::AuditUnavailable { .. })
        )
    });
    assert!(matches!(watch.watch(&vault), Err(Error::AuditUnavailable { .. })));
    mood.store(false, Ordering::SeqCst);
    until(|| match watch.watch(&vault) {
        Ok(()) => true,
        Err(Error::AuditUnavailable { .. }) => false,
        Err(other) => panic!("{other}"),
    });
    assert!(watch.health().watching);
    assert!(matches!(watch.watch(&vault), Err(Error::NotPossible(_))));
}
