//! The monitor's own thread: it responds, writes alerts down and hands them on, one after the other.
//!
//! Guarantees: no act waits for it; it outlives a panic of the host's code. Does not: wait for an alert sink.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::audit::{EntryBuilder, Outcome};
use crate::error::Result;
use crate::format::journal_entry::{MAX_REASON, MAX_TEXT};
use crate::model::Grantee;
use crate::vault::{Vault, WeakVault};

use super::act::ALERT;
use super::alert::Alert;
use super::outlet::Outlet;
use super::responder::{Responder, describe};
use super::response::{Respond, Response, ResponseOutcome};
use super::rule::RuleName;
use super::stream::{NAME, Stream};

/// The outlets of the thread, and its counts.
pub(super) struct Told {
    pub(super) outlets: Mutex<Vec<Outlet>>,
    pub(super) counts: Mutex<Counts>,
}

/// The thread's counts.
#[derive(Default, Clone)]
pub(super) struct Counts {
    pub(super) told: u64,
    pub(super) refused: u64,
    pub(super) last_refusal: Option<String>,
    pub(super) unjournalled: u64,
    pub(super) trouble: Option<String>,
    pub(super) ended: bool,
}

/// The thread that does what is to be done.
pub(super) struct Worker {
    pub(super) stream: Arc<Stream>,
    pub(super) shared: Arc<Told>,
    pub(super) vault: WeakVault,
    pub(super) responses: BTreeMap<RuleName, Vec<Respond>>,
    pub(super) responder: Responder,
    pub(super) every: Duration,
    /// The moments since which sinks have been seen in trouble, by their names.
    pub(super) troubled: BTreeMap<String, Instant>,
}

/// The next thing to do.
enum Turn {
    Tell(Box<Alert>),
    Look,
    End,
}

impl Worker {
    pub(super) fn run(mut self) {
        let mut look = Instant::now();
        loop {
            // The host's policy and clock run in here, and may panic.
            let done = catch_unwind(AssertUnwindSafe(|| match self.turn(look) {
                Turn::Tell(alert) => {
                    self.tell(*alert);
                    Some(look)
                }
                Turn::Look => {
                    self.look();
                    Some(Instant::now() + self.every)
                }
                Turn::End => None,
            }));
            match done {
                Ok(Some(next)) => look = next,
                Ok(None) => break,
                Err(_) => {
                    look = Instant::now() + self.every;
                    let text = "the monitor panicked while it responded to an alert or wrote it down";
                    lock(&self.shared.counts).trouble = Some(text.to_owned());
                }
            }
        }
        lock(&self.shared.counts).ended = true;
    }

    fn turn(&self, look: Instant) -> Turn {
        let mut state = self.stream.lock();
        loop {
            if let Some(alert) = state.outbox.pop_front() {
                return Turn::Tell(Box::new(alert));
            }
            if state.stop {
                return Turn::End;
            }
            let left = look.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Turn::Look;
            }
            state = self.stream.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn look(&mut self) {
        let Some(vault) = self.vault.upgrade() else { return };
        let (health, now) = (vault.health(), vault.now());
        let mut state = self.stream.lock();
        let delivered = health.sinks.iter().filter(|sink| sink.name == NAME).find_map(|sink| sink.acknowledged);
        if let Some(position) = delivered {
            state.delivered(position);
        }
        let troubled = &mut self.troubled;
        troubled.retain(|name, _| health.sinks.iter().any(|sink| sink.name == *name));
        let lasting = |name: &str, trouble: bool| {
            if !trouble {
                troubled.remove(name);
                return Duration::ZERO;
            }
            troubled.entry(name.to_owned()).or_insert_with(Instant::now).elapsed()
        };
        let raised = state.engine.health(&health, lasting, now);
        // What is wrong now is no matter of the past.
        state.outbox.extend(raised);
    }

    fn tell(&mut self, mut alert: Alert) {
        let vault = self.vault.upgrade();
        if let (Some(vault), Some(what)) = (&vault, self.responses.get(&alert.rule)) {
            alert.responses = self.responder.answer(vault, &alert, what);
        }
        alert.unjournalled = match &vault {
            None => Some("the vault was closed".to_owned()),
            Some(vault) => write_down(vault, &alert).err().map(|error| describe(&error)),
        };
        self.count(&alert);
        self.stream.lock().remember(alert.clone());
        let alert = Arc::new(alert);
        for outlet in lock(&self.shared.outlets).iter() {
            outlet.push(&alert);
        }
    }

    fn count(&self, alert: &Alert) {
        let mut counts = lock(&self.shared.counts);
        counts.told = counts.told.saturating_add(1);
        counts.unjournalled = counts.unjournalled.saturating_add(u64::from(alert.unjournalled.is_some()));
        let refused = |response: &&Response| {
            matches!(response.outcome, ResponseOutcome::NotTried(_) | ResponseOutcome::Failed(_))
        };
        for response in alert.responses.iter().filter(refused) {
            counts.refused = counts.refused.saturating_add(1);
            counts.last_refusal = Some(format!("{}: {response}", alert.id));
        }
    }
}

/// Puts an alert on record. In a strict vault this waits until it is durable.
fn write_down(vault: &Vault, alert: &Alert) -> Result<()> {
    // The time is part of the id of an alert that rests on no entry.
    let at = if alert.evidence.is_empty() { alert.at } else { vault.now() };
    let mut entry = EntryBuilder::named(at, ALERT);
    entry.outcome(Outcome::Permitted, alert.severity.name(), alert.rule.name());
    let mut text = alert.text.clone();
    for response in &alert.responses {
        text.push_str(&format!("; {response}"));
    }
    text.truncate(text.floor_char_boundary(MAX_REASON));
    entry.reason(&text);
    name(&mut entry, alert);
    if !alert.evidence.is_empty() {
        entry.evidence(&alert.evidence);
    }
    vault.write_down(alert.tenant, entry)
}

/// Names whom an alert is about.
pub(super) fn name(entry: &mut EntryBuilder, alert: &Alert) {
    // An id may be as long as a text, and has a word before it here.
    if let Some(actor) = alert.actor.as_deref().filter(|actor| actor.len() + "actor:".len() <= MAX_TEXT) {
        entry.party(Grantee::Actor(actor));
    }
}

/// Locks the mutex, also after a panic: whoever panicked under it left nothing half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
