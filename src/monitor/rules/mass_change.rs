//! Mass change: somebody changes, removes or gives away many records.

use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Limit, Severity, View, number, of_all, per_cent, times};

const CHANGES: Limit = Limit { share: 5.0, least: 40.0, most: 1_000.0, times: 4.0, peak: 1.5, fresh: 10.0 };
const REMOVALS: Limit = Limit { share: 1.0, least: 15.0, most: 200.0, times: 4.0, peak: 1.5, fresh: 3.0 };

/// The rule that somebody changed, removed or gave away records of far more data subjects than on a usual day of theirs, in
/// an hour or in a day. Creating records, as an import does, is no change.
///
/// Unless changed: over 5 % of the tenant's data subjects (40 at least, 1,000 at most) and 4 usual days; removals alone over
/// 1 % (15 at least, 200 at most) and 4 usual days; and always over the highest day that is remembered, by half.
#[derive(Debug, Clone, Copy)]
pub struct MassChange {
    changes: Limit,
    removals: Limit,
}

super::rule!(MassChange);

impl MassChange {
    /// Makes the rule with the thresholds above.
    #[must_use]
    pub const fn new() -> Self {
        Self { changes: CHANGES, removals: REMOVALS }
    }

    /// Sets the per cent of the tenant's data subjects: of all changes, and of removals.
    #[must_use]
    pub fn per_cent(mut self, changes: f64, removals: f64) -> Self {
        (self.changes.share, self.removals.share) =
            (per_cent(changes, CHANGES.share), per_cent(removals, REMOVALS.share));
        self
    }

    /// Sets the bounds of the share: never below `least` changes, in the smallest store, and never above `most`, in the
    /// largest.
    #[must_use]
    pub fn change_bounds(mut self, least: u32, most: u32) -> Self {
        (self.changes.least, self.changes.most) = (f64::from(least.max(1)), f64::from(most.max(1)));
        self
    }

    /// Sets the bounds of the share: never below `least` removals, in the smallest store, and never above `most`, in the
    /// largest.
    #[must_use]
    pub fn removal_bounds(mut self, least: u32, most: u32) -> Self {
        (self.removals.least, self.removals.most) = (f64::from(least.max(1)), f64::from(most.max(1)));
        self
    }

    /// Sets how many times the actor's usual day raises it: of all changes, and of removals.
    #[must_use]
    pub fn times_usual(mut self, changes: f64, removals: f64) -> Self {
        (self.changes.times, self.removals.times) = (times(changes, CHANGES.times), times(removals, REMOVALS.times));
        self
    }
}

impl Detector for MassChange {
    fn name(&self) -> RuleName {
        RuleName::MassChange
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        if !view.act.changes() {
            return None;
        }
        let (changes, removals) = (&view.person.changes, &view.person.removals);
        let amount = |tally: &crate::monitor::tally::Tally| tally.hour(view.act).max(tally.today());
        let (changed, removed) = (amount(changes), amount(removals));
        let by_changes = changed / self.changes.threshold(view, changes.usual(), 0.0);
        let by_removals = removed / self.removals.threshold(view, removals.usual(), 0.0);
        if by_changes.max(by_removals) < 1.0 {
            return None;
        }
        let worse = by_removals >= by_changes;
        let (what, amount, tally) = if worse { ("removed", removed, removals) } else { ("changed", changed, changes) };
        let past = if tally.usual().days() == 0 {
            "they had never done so before".to_owned()
        } else {
            format!("on a usual day it is {}", number(tally.usual().mean()))
        };
        let text = format!("`{}` {what} {} in a day; {past}", view.actor(), of_all(amount, view.firm));
        let evidence = tally.evidence(view.act, false);
        Some(Finding::new(Severity::High, text).degree(by_changes.max(by_removals)).evidence(evidence))
    }
}
