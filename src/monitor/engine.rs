//! The rules at work: acts in, alerts out.
//!
//! Guarantees: the same acts in the same order give the same alerts, whenever they are taken: time is the acts' own. Memory
//! is bounded, whatever comes. Does not: send, write or do anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{TenantId, Timestamp};

use super::act::{ALERT, Act, BEGAN, ENDED, FEEDBACK, Spot};
use super::alert::Alert;
use super::joining::Joining;
use super::local::Local;
use super::people::{Firm, Lately, PEOPLE, TENANTS, Who};
use super::person::Person;
use super::privilege::Changes;
use super::rule::{Finding, Judge, RuleName, View};
use super::rule_set::Rules;
use super::rules::{JournalTrouble, OPENED};
use super::tally::EVIDENCE;
use super::tuning::{About, Feedback, Tuning};

/// The rules, and what they remember.
pub(super) struct Engine {
    judges: BTreeMap<RuleName, Box<dyn Judge>>,
    trouble: Option<JournalTrouble>,
    offset: super::local::Offset,
    long_list: u32,
    people: Lately<Who, Person>,
    firms: Lately<Option<TenantId>, Firm>,
    changes: Changes,
    tuning: Tuning,
    joining: Joining,
    journal: Arc<str>,
    /// It was told what the vault was opened with.
    opened: bool,
    swept: Option<Local>,
}

impl Engine {
    pub(super) fn new(rules: Rules) -> Self {
        let Rules { judges, trouble, offset, long_list, .. } = rules;
        Self {
            judges,
            trouble,
            offset,
            long_list,
            people: Lately::new(PEOPLE),
            firms: Lately::new(TENANTS),
            changes: Changes::default(),
            tuning: Tuning::new(),
            joining: Joining::new(),
            journal: "".into(),
            opened: false,
            swept: None,
        }
    }

    /// Which journal the acts are of.
    pub(super) fn of_journal(&mut self, journal: &str) {
        if *self.journal != *journal {
            self.journal = journal.into();
        }
    }

    /// Takes in an act. Returns what is to be told.
    pub(super) fn take(&mut self, act: &Act) -> Vec<Alert> {
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
        for (rule, judge) in &self.judges {
            let tuning = self.tuning.of(&(*rule, act.tenant, act.actor.clone()), act.at);
            let view = View { act, local, person, firm, changes: &self.changes, tuning };
            found.extend(judge.judge(&view).map(|finding| (*rule, finding)));
        }
        if self.trouble.is_some() {
            found.extend(JournalTrouble::verified(act).map(|finding| (RuleName::JournalTrouble, finding)));
        }
        self.changes.take(act);
        found.into_iter().filter_map(|(rule, finding)| self.raise(rule, act, finding)).collect()
    }

    /// What the vault's health gives cause to tell.
    pub(super) fn health(
        &mut self,
        health: &crate::vault::Health,
        lasting: impl FnMut(&str, bool) -> Duration,
        now: Timestamp,
    ) -> Vec<Alert> {
        let Some(trouble) = self.trouble else { return Vec::new() };
        let mut alerts = Vec::new();
        // The time is part of the id: no two have the same.
        for (n, (what, finding)) in (0..).zip(trouble.look(health, lasting)) {
            let now = Timestamp::from_micros(now.as_micros().saturating_add(n));
            // It doesn't change until the vault is opened again.
            if what == OPENED && std::mem::replace(&mut self.opened, true) {
                continue;
            }
            let about = (RuleName::JournalTrouble, None, Some(what));
            let id = || format!("{}-t{}", RuleName::JournalTrouble, now.as_micros());
            if let Some(joined) = self.joining.take(&about, &finding, now, (id, None)) {
                alerts.push(self.alert(&about, None, finding, joined, now, Vec::new()));
            }
        }
        alerts
    }

    /// The host says how many data subjects there are.
    pub(super) fn told(&mut self, tenant: TenantId, known: u64) {
        self.firms.of(&Some(tenant)).told(known);
    }

    /// How many actors are remembered.
    pub(super) fn people(&self) -> usize {
        self.people.len()
    }

    /// How often the rule has found it by now.
    pub(super) fn count(&self, alert: &Alert) -> u64 {
        self.joining.count(&(alert.rule, alert.tenant, alert.actor.clone())).max(alert.count)
    }

    fn raise(&mut self, rule: RuleName, act: &Act, mut finding: Finding) -> Option<Alert> {
        let whose = finding.topic.map(str::to_owned).or_else(|| act.actor.clone());
        let about: About = (rule, act.tenant, whose);
        let id = || format!("{rule}-{}-{}", act.spot.0, act.spot.1);
        let joined = self.joining.take(&about, &finding, act.at, (id, Some(act.spot)))?;
        let trigger = joined.trigger.unwrap_or(act.spot);
        let others = std::mem::take(&mut finding.evidence);
        let latest = std::iter::once(act.spot).chain(others.into_iter().rev().filter(|spot| *spot != act.spot));
        let evidence = std::iter::once(trigger).chain(latest.filter(|spot| *spot != trigger)).take(EVIDENCE).collect();
        Some(self.alert(&about, act.actor.clone(), finding, joined, act.at, evidence))
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

    /// Once a day: everybody's day is over, and whoever does nothing keeps no windows.
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
