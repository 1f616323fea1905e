//! The monitor itself: how it is made, attached, asked and ended.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::audit::{AttachedSink, EntryBuilder, Outcome, Relayed};
use crate::error::{Error, Impossible, Result};
use crate::model::{Actor, TenantId};
use crate::vault::{Vault, VaultSession, WeakVault};

use super::act::{BEGAN, ENDED, FEEDBACK};
use super::alert::{Alert, AlertSink};
use super::engine::Engine;
use super::outlet::{AlertSinkHealth, Outlet};
use super::responder::Responder;
use super::response::Respond;
use super::rule::RuleName;
use super::rule_set::Rules;
use super::stream::{MonitorSink, Stream};
use super::tuning::Feedback;
use super::worker::{Told, Worker, lock, name};

/// The time from one look at the vault's health to the next where no rule wants it: to see how far the journal was
/// delivered.
const EVERY: Duration = Duration::from_secs(1);
/// The time that dropping a monitor waits for its alert sinks, and for a response that is going on.
const CLOSE: Duration = Duration::from_secs(2);

/// A watch over a vault. See the [module](super) for how to attach one.
///
/// Keep it as long as the vault: dropping it ends the watch, which is written down (`monitor_ended`) if the vault is still
/// open. Where that is missing, the vault ended first, or the program was killed. It is `Send + Sync`; share it in an `Arc`.
pub struct Monitor {
    stream: Arc<Stream>,
    setup: Mutex<Option<Setup>>,
    running: Mutex<Option<Running>>,
}

/// The things that are needed to begin.
struct Setup {
    responses: BTreeMap<RuleName, Vec<Respond>>,
    sinks: Vec<Box<dyn AlertSink>>,
    responder: Responder,
    every: Duration,
}

/// A watch that goes on.
struct Running {
    vault: WeakVault,
    shared: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

/// The state of a monitor.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MonitorHealth {
    /// A vault is watched, and wasn't dropped.
    pub watching: bool,
    /// The journal's past is learned; until then alerts wait.
    pub learned: bool,
    /// The last block that the rules have seen.
    pub position: Option<u64>,
    /// The number of actors that are remembered, in all tenants; at most 10,000.
    pub actors: usize,
    /// The number of alerts told since the start, those told again included.
    pub told: u64,
    /// The number of alerts that wait for the monitor's own thread.
    pub waiting: usize,
    /// The number of alerts that were lost because too many waited.
    pub dropped: u64,
    /// The number of responses that were refused, failed or weren't tried.
    pub responses_refused: u64,
    /// The latest of them: which alert, and why.
    pub last_refusal: Option<String>,
    /// The number of alerts that the journal couldn't take.
    pub unjournalled: u64,
    /// The latest failure in the monitor itself.
    pub trouble: Option<String>,
    /// The alert sinks.
    pub sinks: Vec<AlertSinkHealth>,
}

impl Monitor {
    /// Makes a monitor that goes by these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let every = rules.trouble.map_or(EVERY, |trouble| trouble.every);
        let setup = Setup { responses: rules.responses.clone(), sinks: Vec::new(), responder: Responder::new(), every };
        Self {
            stream: Arc::new(Stream::new(Engine::new(rules))),
            setup: Mutex::new(Some(setup)),
            running: Mutex::new(None),
        }
    }

    /// Sends alerts there. May be called several times.
    #[must_use]
    pub fn alerts(self, sink: impl AlertSink + 'static) -> Self {
        self.set_up(|setup| setup.sinks.push(Box::new(sink)))
    }

    /// Sets who responds: an actor whom the host's policy permits [`Action::Suspend`](crate::model::Action::Suspend) and
    /// [`Action::Freeze`](crate::model::Action::Freeze). Nobody else should act under its id.
    #[must_use]
    pub fn responder(self, actor: Actor) -> Self {
        self.set_up(|setup| setup.responder.actor = Some(actor))
    }

    /// Adds those who are never suspended, nor asked for a new log-in, whatever they seem to do: so that nobody can have the
    /// monitor lock the administrators out. The responder never is. Freezing a tenant stops them all the same.
    #[must_use]
    pub fn never_suspend<S: Into<String>>(self, actors: impl IntoIterator<Item = S>) -> Self {
        self.set_up(|setup| setup.responder.spared.extend(actors.into_iter().map(Into::into)))
    }

    /// Sets how many actors are suspended or asked for a new log-in in an hour, in all tenants; 5 unless set. Those beyond
    /// are told of, and left alone.
    #[must_use]
    pub fn suspensions_per_hour(self, most: usize) -> Self {
        self.set_up(|setup| setup.responder.per_hour = most)
    }

    /// Returns the sink to attach to the vault when it is opened: [`VaultOptions::sink`](crate::VaultOptions::sink). It goes
    /// in as it is, without `Required` or `Relayed` around it: no act waits for it. Attach it to one vault only.
    #[must_use]
    pub fn sink(&self) -> AttachedSink {
        Relayed(MonitorSink(Arc::clone(&self.stream))).into()
    }

    /// Begins to watch the vault that was opened with this monitor's [`sink`](Self::sink), and writes that down
    /// (`monitor_began`). What happened before is learned from; of the journal's last three days it raises what no monitor has
    /// put on record, if one had begun by then. The vault isn't kept open by it.
    ///
    /// # Errors
    /// [`Error::NotPossible`] when it watches already, or its sink was attached nowhere; [`Error::Io`] if the system gives no
    /// thread; and reasons why the vault can't act now.
    pub fn watch(&self, vault: &Vault) -> Result<()> {
        let mut running = lock(&self.running);
        // A sink that a vault has, or that waits for one, holds the stream too.
        if running.is_none() && Arc::strong_count(&self.stream) == 1 {
            return Err(Impossible::NoSink.into());
        }
        let mut setup = lock(&self.setup);
        if setup.is_none() {
            return Err(Impossible::SecondWatch.into());
        }
        let past = vault.health().journal_blocks;
        let mut began = EntryBuilder::named(vault.now(), BEGAN);
        began.outcome(Outcome::Permitted, "", "");
        // What the journal doesn't take may be tried again.
        vault.write_down(None, began)?;
        let setup = setup.take().ok_or(Impossible::SecondWatch)?;
        let thread = |error| Error::io("starting a monitor's thread", error);
        let outlets =
            setup.sinks.into_iter().map(Outlet::start).collect::<std::io::Result<Vec<_>>>().map_err(thread)?;
        let shared = Arc::new(Told { outlets: Mutex::new(outlets), counts: Mutex::default() });
        self.stream.lock().begins_at(past);
        let worker = Worker {
            stream: Arc::clone(&self.stream),
            shared: Arc::clone(&shared),
            vault: vault.downgrade(),
            responses: setup.responses,
            responder: setup.responder,
            every: setup.every,
            troubled: BTreeMap::new(),
        };
        let handle = thread::Builder::new().name("strongroom-monitor".to_owned()).spawn(move || worker.run());
        *running = Some(Running { vault: vault.downgrade(), shared, thread: Some(handle.map_err(thread)?) });
        Ok(())
    }

    /// Says how many data subjects (customers) a tenant has now. Needed only where the journal doesn't reach back to the
    /// tenant's beginning; it is counted on from there.
    pub fn known_records(&self, tenant: TenantId, records: u64) {
        self.stream.lock().know(tenant, records);
    }

    /// Returns the latest alerts, at most 1,024, the oldest first; those of before the last restart too.
    #[must_use]
    pub fn latest(&self) -> Vec<Alert> {
        self.stream.lock().remembered().collect()
    }

    /// Says what became of an alert. A false alarm makes the rule less easily alarmed by that actor in that tenant: it
    /// doubles the threshold, eight times at most, and half of that fades in 60 days; rules without a number are silent
    /// for about six weeks; what they did that day isn't unusual any more. A real one makes it more easily alarmed, by a
    /// quarter, a half at most. It goes on record, so it holds after a restart too. On
    /// [honeypots](super::Honeypot), [emergency access](super::BreakGlassUse) and [the journal](super::JournalTrouble) it
    /// goes on record, and changes nothing.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`](crate::model::Action::Suspend);
    /// [`Error::NotPossible`] for an id that isn't among the [latest](Self::latest), for an alert about the actor
    /// themselves, or while nothing is watched; and
    /// reasons why the vault can't act now.
    pub fn feedback(&self, alert: &str, feedback: Feedback, judge: &VaultSession) -> Result<()> {
        let actor = judge.actor();
        let vault = lock(&self.running).as_ref().and_then(|running| running.vault.upgrade());
        let vault = vault.ok_or(Impossible::NoWatch)?;
        let alert = self.latest().into_iter().find(|known| known.id == alert);
        let alert = alert.ok_or(Impossible::NoAlert)?;
        vault.may_judge_alerts(alert.tenant, judge)?;
        if alert.actor.as_deref() == Some(actor.id()) {
            return Err(Impossible::OwnAlert.into());
        }
        let mut entry = EntryBuilder::named(vault.now(), FEEDBACK);
        entry.outcome(Outcome::Permitted, feedback.name(), alert.rule.name()).actor(actor);
        name(&mut entry, &alert);
        if let Some(first) = alert.evidence.first() {
            entry.evidence(&[*first]);
        }
        vault.write_down(alert.tenant, entry)?;
        vault.flush()
    }

    /// Returns the state of the monitor.
    #[must_use]
    pub fn health(&self) -> MonitorHealth {
        let running = lock(&self.running);
        let counts = running.as_ref().map(|running| lock(&running.shared.counts).clone()).unwrap_or_default();
        let sinks = running.as_ref().map(|running| lock(&running.shared.outlets).iter().map(Outlet::health).collect());
        let watching = running.as_ref().is_some_and(|running| running.vault.upgrade().is_some());
        let state = self.stream.lock();
        MonitorHealth {
            watching: watching && !counts.ended,
            learned: state.learned,
            position: state.position(),
            actors: state.engine.people(),
            told: counts.told,
            waiting: state.outbox.len(),
            dropped: state.dropped,
            responses_refused: counts.refused,
            last_refusal: counts.last_refusal,
            unjournalled: counts.unjournalled,
            trouble: counts.trouble,
            sinks: sinks.unwrap_or_default(),
        }
    }

    fn set_up(self, change: impl FnOnce(&mut Setup)) -> Self {
        if let Some(setup) = &mut *lock(&self.setup) {
            change(setup);
        }
        self
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let Some(mut running) = lock(&self.running).take() else { return };
        self.stream.lock().stop = true;
        self.stream.changed.notify_all();
        let deadline = Instant::now() + CLOSE;
        if let Some(thread) = running.thread.take() {
            while !lock(&running.shared.counts).ended && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(2));
            }
            if lock(&running.shared.counts).ended {
                // The thread catches every panic, so joining can't fail in a way that matters.
                let _ = thread.join();
            }
        }
        // No lock is held here. Whoever drops it has nobody to tell that a vault couldn't take this, and the host's clock may
        // panic.
        if let Some(vault) = running.vault.upgrade() {
            let _unwritten = catch_unwind(AssertUnwindSafe(|| {
                let mut ended = EntryBuilder::named(vault.now(), ENDED);
                ended.outcome(Outcome::Permitted, "", "");
                vault.write_down(None, ended)
            }));
        }
        for outlet in lock(&running.shared.outlets).iter_mut() {
            outlet.close(deadline);
        }
    }
}
