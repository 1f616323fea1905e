//! The rules' common ground: what each sees, and what it finds.

use std::fmt;

use crate::audit::Outcome;

use super::act::{Act, Spot};
use super::local::Local;
use super::people::Firm;
use super::person::Person;
use super::privilege::Changes;
use super::usual::{KNOWN_DAYS, Usual};

/// The rules that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RuleName {
    /// [`RepeatedDenials`](super::RepeatedDenials).
    RepeatedDenials,
    /// [`MassRead`](super::MassRead).
    MassRead,
    /// [`MassExport`](super::MassExport).
    MassExport,
    /// [`MassChange`](super::MassChange).
    MassChange,
    /// [`OffHours`](super::OffHours).
    OffHours,
    /// [`NewDevice`](super::NewDevice).
    NewDevice,
    /// [`PrivilegeUse`](super::PrivilegeUse).
    PrivilegeUse,
    /// [`DormantActor`](super::DormantActor).
    DormantActor,
    /// [`Honeypot`](super::Honeypot).
    Honeypot,
    /// [`BreakGlassUse`](super::BreakGlassUse).
    BreakGlassUse,
    /// [`JournalTrouble`](super::JournalTrouble).
    JournalTrouble,
    /// [`KeyActs`](super::KeyActs).
    KeyActs,
}

impl RuleName {
    /// Every rule there is.
    pub const ALL: &'static [Self] = &[
        Self::RepeatedDenials,
        Self::MassRead,
        Self::MassExport,
        Self::MassChange,
        Self::OffHours,
        Self::NewDevice,
        Self::PrivilegeUse,
        Self::DormantActor,
        Self::Honeypot,
        Self::BreakGlassUse,
        Self::JournalTrouble,
        Self::KeyActs,
    ];

    /// Returns the stable name that alerts and the journal use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RepeatedDenials => "repeated_denials",
            Self::MassRead => "mass_read",
            Self::MassExport => "mass_export",
            Self::MassChange => "mass_change",
            Self::OffHours => "off_hours",
            Self::NewDevice => "new_device",
            Self::PrivilegeUse => "privilege_use",
            Self::DormantActor => "dormant_actor",
            Self::Honeypot => "honeypot",
            Self::BreakGlassUse => "break_glass_use",
            Self::JournalTrouble => "journal_trouble",
            Self::KeyActs => "key_acts",
        }
    }

    /// Finds the rule of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// Tells whether feedback changes the rule. Those that must never be silenced aren't changed.
    #[must_use]
    pub const fn is_tunable(self) -> bool {
        !matches!(self, Self::Honeypot | Self::BreakGlassUse | Self::JournalTrouble)
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The weight of an alert, if it is what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Something to know, not to act on.
    Info,
    /// Worth a look when there is time.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Somebody should be woken.
    Critical,
}

impl Severity {
    /// Returns the stable name that alerts and the journal use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];
        all.into_iter().find(|severity| severity.name() == name)
    }

    pub(super) const fn raised(self) -> Self {
        match self {
            Self::Info => Self::Low,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The finding of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// The finding in words, with the numbers.
    pub(super) text: String,
    /// The part of the threshold that was reached: 1 just reaches it.
    pub(super) degree: f64,
    /// The entries it rests on, besides the present one; the latest are kept.
    pub(super) evidence: Vec<Spot>,
    /// Whose doing it is, if not the act's actor's.
    pub(super) actor: Option<String>,
    /// Nobody has proved to be the actor.
    pub(super) unproven: bool,
    /// The matter, where that is nobody's doing: all that is found of one matter is one alert.
    pub(super) topic: Option<&'static str>,
}

impl Finding {
    pub(super) fn new(severity: Severity, text: String) -> Self {
        Self { severity, text, degree: 1.0, evidence: Vec::new(), actor: None, unproven: false, topic: None }
    }

    pub(super) fn topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }

    pub(super) fn degree(mut self, degree: f64) -> Self {
        self.degree = degree;
        self
    }

    pub(super) fn unproven(mut self, unproven: bool) -> Self {
        self.unproven = unproven;
        self
    }

    pub(super) fn evidence(mut self, evidence: Vec<Spot>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// The view that a rule has: the act, and what is remembered of its actor and tenant, the act included.
pub(super) struct View<'a> {
    pub(super) act: &'a Act,
    pub(super) local: Local,
    pub(super) person: &'a Person,
    pub(super) firm: &'a Firm,
    pub(super) changes: &'a Changes,
    /// The factor that feedback gives thresholds, for this rule, actor and tenant.
    pub(super) tuning: f64,
}

/// A rule.
pub(super) trait Detector: fmt::Debug + Send + Sync {
    fn name(&self) -> RuleName;

    fn detect(&self, view: &View<'_>) -> Option<Finding>;
}

/// Feedback has silenced a rule that has no number to be raised.
const SILENT: f64 = 1.5;

impl View<'_> {
    /// Returns how much one actor of the tenant reads on a usual day; 0 where too little is known.
    pub(super) fn others(&self) -> f64 {
        if self.firm.usual.days() >= OTHERS_DAYS { self.firm.usual.mean() } else { 0.0 }
    }

    pub(super) fn actor(&self) -> &str {
        self.act.actor.as_deref().unwrap_or("the vault itself")
    }

    pub(super) fn denied(&self) -> bool {
        self.act.outcome == Outcome::Denied
    }

    /// Tells whether feedback has silenced the rule here.
    pub(super) fn silenced(&self) -> bool {
        self.tuning >= SILENT
    }

    /// Returns how much must be touched to matter in a store of this size: a thousandth of it, within bounds.
    pub(super) fn substance(&self, least: f64, most: f64) -> f64 {
        (self.firm.size() / 1_000.0).clamp(least, most)
    }
}

/// The limit beyond which an amount is too large: relative to the store, to the actor's own past, and never below a floor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    /// Per cent of the tenant's data subjects.
    pub(super) share: f64,
    /// The least that the share may come to, in the smallest store,
    pub(super) least: f64,
    /// and the most, in the largest.
    pub(super) most: f64,
    /// The multiple of the actor's usual day,
    pub(super) times: f64,
    /// and of the highest one that is remembered.
    pub(super) peak: f64,
    /// The usual day of somebody new, where the others' isn't known either.
    pub(super) fresh: f64,
}

/// The factor by which somebody new may be busier than the others are on average.
const NEW_TIMES: f64 = 1.5;
/// The divisor of the least usual day of somebody new, where the others are known.
const FRESH_PART: f64 = 3.0;
/// The days of all actors together that have to be known.
const OTHERS_DAYS: u32 = 10;

impl Limit {
    /// Returns the threshold for this actor, in this store, now.
    pub(super) fn threshold(&self, view: &View<'_>, usual: &Usual, others: f64) -> f64 {
        let floor = (view.firm.size() * self.share / 100.0).clamp(self.least, self.most.max(self.least));
        let own = self.own_day(usual, others) * self.times;
        let peak = usual.peak(view.local) * self.peak;
        floor.max(own).max(peak) * view.tuning
    }

    /// Returns somebody's usual day; of somebody new, the others'.
    pub(super) fn own_day(&self, usual: &Usual, others: f64) -> f64 {
        if usual.days() >= KNOWN_DAYS {
            usual.mean()
        } else {
            let fresh = if others > 0.0 { self.fresh / FRESH_PART } else { self.fresh };
            usual.mean().max(others * NEW_TIMES).max(fresh)
        }
    }
}

/// Returns a share that was given, if it makes sense.
pub(super) fn per_cent(given: f64, default: f64) -> f64 {
    if given.is_finite() { given.clamp(0.001, 100.0) } else { default }
}

/// Returns a number of times that was given, if it makes sense.
pub(super) fn times(given: f64, default: f64) -> f64 {
    if given.is_finite() { given.clamp(1.0, 1_000.0) } else { default }
}

/// Returns a number with its thousands set apart.
pub(super) fn number(of: f64) -> String {
    let digits = format!("{:.0}", of.max(0.0));
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns `1 record`, `2 records`.
pub(super) fn counted(count: f64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count.round() == 1.0 { one } else { many })
}

/// Returns `about 412 of 3,018 data subjects`: an amount, and the store it was taken from.
pub(super) fn of_all(amount: f64, firm: &Firm) -> String {
    let size = firm.size();
    if size < 1.0 {
        return format!("about {} data subjects", number(amount));
    }
    format!("about {} of {} data subjects", number(amount.min(size)), number(size))
}

#[cfg(test)]
mod tests;
