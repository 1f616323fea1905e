//! The monitor's end of the journal: events in, alerts waiting to be told.
//!
//! Guarantees: an act waits for nothing here; events that come again are skipped; what was raised before a restart, and
//! is on record, isn't raised again, and what a crash kept from being put on record is. Bounded memory. Does not: tell
//! anybody, respond, or write.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::audit::{AuditSink, Event, Held, SinkError};
use crate::model::{TenantId, Timestamp};

use super::act::{ALERT, Act, BEGAN, Spot};
use super::alert::Alert;
use super::engine::Engine;
use super::local::DAY;
use super::rule::{RuleName, Severity};

/// The most alerts that wait until the past is learned,
const PENDING: usize = 1_024;
/// or until they are told.
const OUTBOX: usize = 1_024;
/// The most alerts that are remembered, for feedback.
pub(super) const REMEMBERED: usize = 1_024;

/// The age at which acts that no monitor watched, or that couldn't be put on record, are no longer told of.
const LATE: i64 = 3 * DAY;

/// The name that health reports have for the monitor.
pub(super) const NAME: &str = "monitor";

/// The state that the monitor's threads share.
pub(super) struct Stream {
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

/// The state under the lock.
pub(super) struct State {
    pub(super) engine: Engine,
    journal: String,
    seen: Option<Spot>,
    /// The block in which a monitor first began to watch, before this one.
    began: Option<u64>,
    /// The number of blocks that are the past: known once a vault is watched.
    past: Option<u64>,
    pub(super) learned: bool,
    told: Vec<(TenantId, u64)>,
    /// Alerts that wait until the past is learned, with the times of the entries that raised them, if those are later than
    /// the alerts' own.
    pending: VecDeque<(Alert, Timestamp)>,
    pub(super) outbox: VecDeque<Alert>,
    pub(super) dropped: u64,
    remembered: VecDeque<Alert>,
    pub(super) stop: bool,
}

impl Stream {
    pub(super) fn new(engine: Engine) -> Self {
        let state = State {
            engine,
            journal: String::new(),
            seen: None,
            began: None,
            past: None,
            learned: false,
            told: Vec::new(),
            pending: VecDeque::new(),
            outbox: VecDeque::new(),
            dropped: 0,
            remembered: VecDeque::new(),
            stop: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes in the next event.
    pub(super) fn take(&mut self, event: &Event) {
        let spot = (event.position(), event.index());
        if self.journal != event.journal() {
            // A restore has begun a new journal; what was learned stays.
            event.journal().clone_into(&mut self.journal);
            self.engine.of_journal(event.journal());
            self.seen = None;
        }
        if self.seen.is_some_and(|seen| spot <= seen) {
            return;
        }
        self.seen = Some(spot);
        let act = Act::of(event);
        match act.name.as_str() {
            ALERT => self.on_record(event, &act),
            BEGAN if !self.learned => {
                self.began.get_or_insert(act.spot.0);
            }
            _ => {}
        }
        let at = act.at;
        let raised = self.engine.take(act);
        self.raise(raised, at);
        self.learn();
    }

    /// Says that the first so many blocks are the past.
    pub(super) fn begins_at(&mut self, blocks: u64) {
        self.past = Some(blocks);
        self.learn();
    }

    /// Says that all blocks up to and with this one were delivered, those without entries too.
    pub(super) fn delivered(&mut self, position: u64) {
        if self.past.is_some_and(|past| position.saturating_add(1) >= past) {
            self.begins_at(0);
        }
    }

    pub(super) fn know(&mut self, tenant: TenantId, records: u64) {
        if self.learned {
            self.engine.told(tenant, records);
        } else {
            self.told.retain(|(known, _)| *known != tenant);
            self.told.push((tenant, records));
        }
    }

    fn raise(&mut self, alerts: Vec<Alert>, at: Timestamp) {
        for alert in alerts {
            if self.learned {
                self.hand_over(alert);
                continue;
            }
            if self.pending.len() >= PENDING {
                self.pending.pop_front();
            }
            let at = alert.at.max(at);
            self.pending.push_back((alert, at));
        }
    }

    fn hand_over(&mut self, alert: Alert) {
        if self.outbox.len() >= OUTBOX {
            self.outbox.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.outbox.push_back(alert);
    }

    /// Remembers an alert that was told.
    pub(super) fn remember(&mut self, alert: Alert) {
        self.remembered.retain(|known| known.id != alert.id);
        if self.remembered.len() >= REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(alert);
    }

    /// Returns the latest alerts, the oldest first.
    pub(super) fn remembered(&self) -> impl Iterator<Item = Alert> {
        self.remembered.iter().map(|alert| Alert { count: self.engine.count(alert), ..alert.clone() })
    }

    pub(super) fn position(&self) -> Option<u64> {
        self.seen.map(|(position, _)| position)
    }

    /// Hands over what the past left to be told, once it is over.
    fn learn(&mut self) {
        let over = |past| past == 0 || self.seen.is_some_and(|(position, _)| position.saturating_add(1) >= past);
        if self.learned || !self.past.is_some_and(over) {
            return;
        }
        self.learned = true;
        for (tenant, records) in std::mem::take(&mut self.told) {
            self.engine.told(tenant, records);
        }
        let now = self.engine.reached();
        for (alert, at) in std::mem::take(&mut self.pending) {
            let age = now.as_micros().saturating_sub(at.as_micros());
            let position = alert.evidence.first().map_or(0, |(position, _)| *position);
            // Where none watched before, the past is only learned from.
            if age < LATE && self.began.is_some_and(|began| position > began) {
                self.hand_over(alert);
            }
        }
    }

    /// Takes in that an alert is on record: it needn't be raised again, and feedback may be on it.
    fn on_record(&mut self, event: &Event, act: &Act) {
        let Some(rule) = RuleName::from_name(&act.rule) else { return };
        let actor = act.party.as_deref().and_then(|party| party.strip_prefix("actor:")).map(str::to_owned);
        let (tenant, at) = (act.tenant, act.at);
        let id = id_of(rule, act);
        // The clock may have been set back since.
        let now = at.max(self.engine.reached());
        let told = |alert: &Alert| {
            let since = now.as_micros().saturating_sub(alert.at.as_micros());
            let same = alert.rule == rule && alert.tenant == tenant && alert.actor == actor;
            alert.id == id || (same && since < DAY)
        };
        self.pending.retain(|(alert, _)| !told(alert));
        if self.remembered.iter().any(|alert| alert.id == id) {
            return;
        }
        let severity = Severity::from_name(&act.code).unwrap_or(Severity::Medium);
        self.remember(Alert {
            id,
            rule,
            severity,
            tenant,
            actor,
            at,
            text: event.reason().unwrap_or_default().to_owned(),
            evidence: act.evidence.clone(),
            journal: event.journal().to_owned(),
            count: 1,
            degree: 1.0,
            update: 0,
            unproven: false,
            responses: Vec::new(),
            unjournalled: None,
        });
    }
}

/// Returns the id of an alert that is on record.
fn id_of(rule: RuleName, act: &Act) -> String {
    match act.evidence.first() {
        Some((position, index)) => format!("{rule}-{position}-{index}"),
        None => format!("{rule}-t{}", act.at.as_micros()),
    }
}

/// The sink that a vault gives its journal to.
pub(super) struct MonitorSink(pub(super) Arc<Stream>);

impl AuditSink for MonitorSink {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let mut state = self.0.lock();
        for event in events {
            state.take(event);
        }
        drop(state);
        self.0.changed.notify_all();
        Ok(())
    }

    /// Returns that nothing is kept: the rules learn from the whole journal, each time.
    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Nothing)
    }

    fn name(&self) -> String {
        NAME.to_owned()
    }
}
