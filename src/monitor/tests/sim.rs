//! Firms that work day after day, made up from a seed: what the rules are tried on.

use crate::audit::Outcome;
use crate::model::{Action, Pseudonym, TenantId, Timestamp};
use crate::monitor::act::Act;
use crate::monitor::alert::Alert;
use crate::monitor::engine::Engine;
use crate::monitor::local::{DAY, HOUR, MINUTE};
use crate::monitor::rule::RuleName;
use crate::monitor::rule_set::Rules;

/// A Monday, at midnight UTC.
pub(super) const MONDAY: i64 = 20_577 * DAY;
pub(super) const SECOND: i64 = MINUTE / 60;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` until just before `until`.
    pub(super) fn between(&mut self, from: i64, until: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from(until - from).unwrap()).unwrap()
    }

    /// Once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }
}

/// The pseudonym of a customer.
pub(super) fn who(customer: i64) -> Pseudonym {
    let mut bytes = [0x5a; 16];
    bytes[..8].copy_from_slice(&customer.to_be_bytes());
    Pseudonym::from_bytes(bytes)
}

pub(super) fn tenant() -> TenantId {
    TenantId::from_bytes([7; 16])
}

/// An act, as the vault would write it down.
pub(super) fn act(at: i64, actor: &str, action: Action) -> Act {
    Act {
        at: Timestamp::from_micros(at),
        spot: (0, 0),
        tenant: Some(tenant()),
        actor: Some(actor.to_owned()),
        device: None,
        action: Some(action),
        name: action.name().to_owned(),
        outcome: Outcome::Permitted,
        code: String::new(),
        rule: String::new(),
        party: None,
        subjects: Vec::new(),
        rows: 0,
        revised: false,
        evidence: Vec::new(),
    }
}

impl Act {
    pub(super) fn on(mut self, customers: impl IntoIterator<Item = i64>) -> Self {
        self.subjects = customers.into_iter().map(|customer| (who(customer), 0)).collect();
        self.rows = if self.action.is_some_and(Action::is_bulk) { self.subjects.len() as u32 } else { 0 };
        self.revised = matches!(self.action, Some(Action::Create | Action::Update));
        self
    }

    pub(super) fn denied(mut self, code: &str) -> Self {
        self.outcome = Outcome::Denied;
        self.code = code.to_owned();
        self
    }

    pub(super) fn failed(mut self, code: &str) -> Self {
        self.outcome = Outcome::Failed;
        self.code = code.to_owned();
        self
    }

    pub(super) fn coded(mut self, code: &str) -> Self {
        self.code = code.to_owned();
        self
    }

    pub(super) fn from(mut self, device: u64) -> Self {
        self.device = Some(device);
        self
    }

    pub(super) fn party(mut self, party: &str) -> Self {
        self.party = Some(party.to_owned());
        self
    }

    /// An event of the host's.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.action = None;
        self.name = name.to_owned();
        self
    }
}

/// A firm under watch.
pub(super) struct Firm {
    pub(super) engine: Engine,
    position: u64,
    /// The alerts that were told, in order.
    pub(super) alerts: Vec<Alert>,
    pub(super) dice: Dice,
    pub(super) customers: i64,
}

impl Firm {
    pub(super) fn new(rules: Rules, seed: u64) -> Self {
        let dice = Dice::new(seed);
        Self { engine: Engine::new(rules), position: 0, alerts: Vec::new(), dice, customers: 0 }
    }

    /// A firm that has imported its customers on a Sunday.
    pub(super) fn with_customers(customers: i64, seed: u64) -> Self {
        let mut firm = Self::new(Rules::standard(), seed);
        firm.take(act(MONDAY - DAY + 9 * HOUR, "root", Action::CreateTenant));
        firm.import(MONDAY - DAY + 10 * HOUR, "root", customers);
        firm
    }

    /// Creates customers, 50 in a second.
    pub(super) fn import(&mut self, at: i64, actor: &str, customers: i64) {
        for n in 0..customers {
            self.take(act(at + n * SECOND / 50, actor, Action::Create).on([self.customers]));
            self.customers += 1;
        }
    }

    pub(super) fn take(&mut self, mut act: Act) {
        act.spot = (self.position, 0);
        self.position += 1;
        let raised = self.engine.take(act);
        self.alerts.extend(raised);
    }

    /// Takes in acts in the order of their times.
    pub(super) fn take_all(&mut self, mut acts: Vec<Act>) {
        acts.sort_by_key(|act| act.at);
        for act in acts {
            self.take(act);
        }
    }

    /// The rules that alerted about somebody, each once.
    pub(super) fn rules_about(&self, actor: &str) -> Vec<RuleName> {
        let mut rules: Vec<_> =
            self.alerts.iter().filter(|alert| alert.actor.as_deref() == Some(actor)).map(|alert| alert.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The alerts beyond those that are only to know.
    pub(super) fn noise(&self) -> Vec<String> {
        let noise = self.alerts.iter().filter(|alert| alert.severity > crate::monitor::Severity::Info);
        noise.map(|alert| format!("{} {alert}", alert.at)).collect()
    }

    /// When a rule first alerted about somebody.
    pub(super) fn first(&self, rule: RuleName, actor: &str) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.rule == rule && alert.actor.as_deref() == Some(actor))
    }
}

/// The way that somebody works.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub(super) name: &'static str,
    /// The customers that are theirs: from here
    pub(super) from: i64,
    /// until here.
    pub(super) until: i64,
    /// The number of customers that they open on a day.
    pub(super) opens: i64,
    /// The number of rows that their lists show.
    pub(super) page: i64,
    /// The hours they work.
    pub(super) hours: (i64, i64),
    pub(super) weekends: bool,
}

impl Job {
    pub(super) const fn new(name: &'static str, from: i64, until: i64, opens: i64) -> Self {
        Self { name, from, until, opens, page: 25, hours: (9, 18), weekends: false }
    }

    /// One day's acts. Some days are twice as busy, some are off.
    pub(super) fn day(&self, dice: &mut Dice, day: i64) -> Vec<Act> {
        let weekday = day.div_euclid(DAY).rem_euclid(7);
        // Day 0 was a Thursday.
        let weekend = matches!(weekday, 2 | 3);
        if (weekend && !self.weekends) || dice.once_in(20) {
            return Vec::new();
        }
        let busy = if dice.once_in(10) { 2 } else { 1 };
        let opens = dice.between(self.opens / 2, self.opens * 3 / 2 + 1) * busy;
        // Who comes early one day comes late another.
        let (start, end) = (
            self.hours.0 * HOUR + dice.between(-30, 30) * MINUTE,
            self.hours.1 * HOUR + dice.between(-30, 45) * MINUTE,
        );
        let mut acts = Vec::new();
        for _ in 0..opens {
            let at = day + dice.between(start, end);
            let customer = self.customer(dice);
            // A click shows a list or a search first, half of the time.
            if dice.once_in(2) {
                acts.push(act(at, self.name, Action::Search).on([customer]));
            } else if dice.once_in(4) {
                let first = self.customer(dice);
                let page = (first..first + self.page).map(|n| n.min(self.until - 1));
                acts.push(act(at, self.name, Action::List).on(page));
            }
            acts.push(act(at + 5 * SECOND, self.name, Action::Read).on([customer]));
            if dice.once_in(4) {
                acts.push(act(at + 60 * SECOND, self.name, Action::Update).on([customer]));
            }
            if dice.once_in(80) {
                acts.push(act(at + 20 * SECOND, self.name, Action::Read).denied("not_owner"));
            }
            if dice.once_in(100) {
                acts.push(act(at + 70 * SECOND, self.name, Action::Delete).on([customer]));
            }
        }
        acts.into_iter().map(|act| act.from(1)).collect()
    }

    /// One of theirs; a few of them much more often than the others.
    fn customer(&self, dice: &mut Dice) -> i64 {
        let span = self.until - self.from;
        let near = dice.between(0, span).min(dice.between(0, span));
        self.from + near
    }
}
