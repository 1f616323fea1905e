//! Repeats of an alert are one alert, told again only when it gets much worse.
//!
//! Guarantees: bounded memory. Does not: join what different rules find.

use crate::model::Timestamp;

use super::act::Spot;
use super::local::{DAY, HOUR};
use super::people::LruMap;
use super::rule::{Finding, Severity};
use super::tuning::About;

/// The most alerts that may be going on.
const OPEN: usize = 4_096;
/// A finding that comes again within this time after the last one is joined,
const JOIN: i64 = 8 * HOUR;
/// unless the first one is this old.
const LONGEST: i64 = DAY;
/// The factor beyond the degree told last that is much worse.
const WORSE: f64 = 4.0;

/// The alerts that are going on.
pub(super) struct Joining(LruMap<About, Option<Open>>);

/// One of them.
struct Open {
    id: String,
    trigger: Option<Spot>,
    first: Timestamp,
    last: Timestamp,
    count: u64,
    update: u32,
    degree: f64,
    severity: Severity,
    unproven: bool,
}

/// An alert that is to be told.
pub(super) struct Joined {
    pub(super) id: String,
    /// The entry that raised it first.
    pub(super) trigger: Option<Spot>,
    pub(super) count: u64,
    pub(super) update: u32,
}

impl Joining {
    pub(super) fn new() -> Self {
        Self(LruMap::new(OPEN))
    }

    /// Takes in a finding; returns what is to be told, if anything is. `id` names it if it is a new one.
    pub(super) fn take(
        &mut self,
        about: &About,
        finding: &Finding,
        at: Timestamp,
        (id, trigger): (impl FnOnce() -> String, Option<Spot>),
    ) -> Option<Joined> {
        let kept = self.0.of(about);
        let (degree, severity) = (finding.degree, finding.severity);
        if let Some(open) = kept.as_mut().filter(|open| open.holds(at)) {
            (open.last, open.count) = (at, open.count.saturating_add(1));
            let proved = open.unproven && !finding.unproven;
            if degree < open.degree * WORSE && severity <= open.severity && !proved {
                return None;
            }
            open.unproven &= finding.unproven;
            open.update = open.update.saturating_add(1);
            (open.degree, open.severity) = (open.degree.max(degree), open.severity.max(severity));
            return Some(Joined { id: open.id.clone(), trigger: open.trigger, count: open.count, update: open.update });
        }
        let id = id();
        *kept = Some(Open {
            id: id.clone(),
            trigger,
            first: at,
            last: at,
            count: 1,
            update: 0,
            degree,
            severity,
            unproven: finding.unproven,
        });
        Some(Joined { id, trigger, count: 1, update: 0 })
    }

    /// Returns how often it was found by now.
    pub(super) fn count(&self, about: &About) -> u64 {
        self.0.get(about).and_then(Option::as_ref).map_or(0, |open| open.count)
    }
}

impl Open {
    fn holds(&self, at: Timestamp) -> bool {
        let since = |then: Timestamp| at.as_micros().saturating_sub(then.as_micros());
        (-HOUR..JOIN).contains(&since(self.last)) && since(self.first) < LONGEST
    }
}

#[cfg(test)]
mod tests;
