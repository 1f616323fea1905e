//! The rules at work: acts in, alerts out.
//!
//! Guarantees: the same acts in the same order give the same alerts, whenever they are taken: time is the acts' own, and
//! passes through one [`Timeline`] before any rule sees it. Memory is bounded, whatever comes. Does not: send, write or do
//! anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{TenantId, Timestamp};

use super::act::{ALERT, Act, BEGAN, ENDED, FEEDBACK, Spot};
use super::alert::Alert;
use super::joining::Joining;
use super::local::{Local, MINUTE};
use super::people::{Firm, LruMap, PEOPLE, TENANTS, Who};
use super::person::Person;
use super::privilege::Changes;
use super::rule::{Detector, Finding, RuleName, View};
use super::rule_set::Rules;
use super::rules::{JournalTrouble, OPENED};
use super::tally::EVIDENCE;
use super::timeline::Timeline;
use super::tuning::{About, Feedback, Tuning};

/// The rules, and what they remember.
pub(super) struct Engine {
    timeline: Timeline,
    detectors: BTreeMap<RuleName, Box<dyn Detector>>,
    trouble: Option<JournalTrouble>,
    offset: super::local::Offset,
    long_list: u32,
    people: LruMap<Who, Person>,
    firms: LruMap<Option<TenantId>, Firm>,
    changes: Changes,
    tuning: Tuning,
    joining: Joining,
    journal: Arc<str>,
    /// The journal that the vault was opened with was told of.
    opened: bool,
    /// The time of the latest alert that rests on no entry.
    looked: Timestamp,
    swept: Option<Local>,
}

impl Engine {
    pub(super) fn new(rules: Rules) -> Self {
        let Rules { detectors, trouble, offset, long_list, .. } = rules;
        Self {
            timeline: Timeline::default(),
            detectors,
            trouble,
            offset,
            long_list,
            people: LruMap::new(PEOPLE),
            firms: LruMap::new(TENANTS),
            changes: Changes::default(),
            tuning: Tuning::new(),
            joining: Joining::new(),
            journal: "".into(),
            opened: false,
            looked: Timestamp::from_micros(i64::MIN),
            swept: None,
        }
    }

    /// Takes in which journal the acts are of.
    pub(super) fn of_journal(&mut self, journal: &str) {
        if *self.journal != *journal {
            self.journal = journal.into();
        }
    }

    /// Takes in an act. Returns what is to be told.
    pub(super) fn take(&mut self, mut act: Act) -> Vec<Alert> {
        act.at = self.timeline.pass(act.at, act.spot.0);
        let act = &act;
        match act.name.as_str() {
            // What the monitor writes itself says nothing of anybody.
            ALERT | BEGAN | ENDED => return Vec::new(),
            FEEDBACK => {
                self.feedback(act);
                return Vec::new();
            }
            _ => {}
        }
        let local = self.offset.local(act.at);
        self.sweep(local);
        let firm = self.firms.of(&act.tenant);
        let person = self.people.of(&(act.tenant, act.actor.clone()));
        if let Some(amount) = person.take(act, local, self.long_list) {
            firm.usual.learn(local, amount);
        }
        firm.take(act, local);
        let mut found = Vec::new();
        for (rule, detector) in &self.detectors {
            let tuning = self.tuning.of(&(*rule, act.tenant, act.actor.clone()), act.at);
            let view = View { act, local, person, firm, changes: &self.changes, tuning };
            found.extend(detector.detect(&view).map(|finding| (*rule, finding)));
        }
        if self.trouble.is_some() {
            found.extend(JournalTrouble::verified(act).map(|finding| (RuleName::JournalTrouble, finding)));
        }
        self.changes.take(act);
        found.into_iter().filter_map(|(rule, finding)| self.raise(rule, act, finding)).collect()
    }

    /// Takes in the vault's health. Returns the alerts that it gives cause to.
    pub(super) fn health(
        &mut self,
        health: &crate::vault::Health,
        lasting: impl FnMut(&str, bool) -> Duration,
        now: Timestamp,
    ) -> Vec<Alert> {
        let Some(trouble) = self.trouble else { return Vec::new() };
        let mut alerts = Vec::new();
        for (what, finding) in trouble.look(health, lasting) {
            // It doesn't change until the vault is opened again.
            if what == OPENED && std::mem::replace(&mut self.opened, true) {
                continue;
            }
            // The time is part of the id: no two have the same, though the clock may stand still.
            let after = self.looked.as_micros().saturating_sub(now.as_micros());
            let at =
                if (0..MINUTE).contains(&after) { self.looked.as_micros().saturating_add(1) } else { now.as_micros() };
            let about = (RuleName::JournalTrouble, None, Some(what));
            let id = || format!("{}-t{at}", RuleName::JournalTrouble);
            if let Some(joined) = self.joining.take(&about, &finding, self.timeline.at(now), (id, None)) {
                self.looked = Timestamp::from_micros(at);
                alerts.push(self.alert(&about, None, finding, joined, self.looked, Vec::new()));
            }
        }
        alerts
    }

    /// Returns the time that the journal has reached, as the clock that is believed has it.
    pub(super) fn reached(&self) -> Timestamp {
        self.timeline.wall()
    }

    /// Takes in how many data subjects there are, as the host says it.
    pub(super) fn told(&mut self, tenant: TenantId, known: u64) {
        self.firms.of(&Some(tenant)).told(known);
    }

    /// Returns the number of actors that are remembered.
    pub(super) fn people(&self) -> usize {
        self.people.len()
    }

    /// Returns how often the rule has found it by now.
    pub(super) fn count(&self, alert: &Alert) -> u64 {
        self.joining.count(&(alert.rule, alert.tenant, alert.actor.clone())).max(alert.count)
    }

    fn raise(&mut self, rule: RuleName, act: &Act, mut finding: Finding) -> Option<Alert> {
        let whose = finding.topic.map(str::to_owned).or_else(|| act.actor.clone());
        let about: About = (rule, act.tenant, whose);
        let id = || format!("{rule}-{}-{}", act.spot.0, act.spot.1);
        let joined = self.joining.take(&about, &finding, act.at, (id, Some(act.spot)))?;
        let at = self.timeline.wall();
        let trigger = joined.trigger.unwrap_or(act.spot);
        let others = std::mem::take(&mut finding.evidence);
        let latest = std::iter::once(act.spot).chain(others.into_iter().rev().filter(|spot| *spot != act.spot));
        let evidence = std::iter::once(trigger).chain(latest.filter(|spot| *spot != trigger)).take(EVIDENCE).collect();
        Some(self.alert(&about, act.actor.clone(), finding, joined, at, evidence))
    }

    fn alert(
        &self,
        about: &About,
        actor: Option<String>,
        finding: Finding,
        joined: super::joining::Joined,
        at: Timestamp,
        evidence: Vec<Spot>,
    ) -> Alert {
        let (rule, tenant, _) = about;
        Alert {
            id: joined.id,
            rule: *rule,
            severity: finding.severity,
            tenant: *tenant,
            actor,
            at,
            text: finding.text,
            evidence,
            journal: self.journal.to_string(),
            count: joined.count,
            degree: finding.degree,
            update: joined.update,
            unproven: finding.unproven,
            responses: Vec::new(),
            unjournalled: None,
        }
    }

    /// Learns from feedback that is on record.
    fn feedback(&mut self, act: &Act) {
        let (Some(rule), Some(feedback)) = (RuleName::from_name(&act.rule), Feedback::from_name(&act.code)) else {
            return;
        };
        if !act.done() {
            return;
        }
        let actor = act.party.as_deref().and_then(|party| party.strip_prefix("actor:")).map(str::to_owned);
        let who = (act.tenant, actor.clone());
        self.tuning.learn(&(rule, act.tenant, actor), feedback, act.at);
        let local = self.offset.local(act.at);
        if let (Feedback::FalseAlarm, Some(person)) = (feedback, self.people.get_mut(&who)) {
            person.vouch(local);
        }
    }

    /// Ends everybody's day, once a day, so that whoever does nothing keeps no windows.
    fn sweep(&mut self, local: Local) {
        if self.swept.is_some_and(|swept| swept.day >= local.day) {
            return;
        }
        self.swept = Some(local);
        let over = self.people.iter_mut().filter_map(|(who, person)| Some((who.clone(), person.turn(local)?)));
        let mut over: Vec<(Who, f64)> = over.collect();
        over.sort_by(|(a, _), (b, _)| a.cmp(b));
        for ((tenant, _), amount) in over {
            self.firms.of(&tenant).usual.learn(local, amount);
        }
    }
}
