//! Mass export: somebody takes many records out.

use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Limit, Severity, View, number, of_all, per_cent, times};

const HOUR: Limit = Limit { share: 2.0, least: 25.0, most: 500.0, times: 3.0, peak: 1.25, fresh: 8.0 };
const DAY: Limit = Limit { share: 5.0, least: 50.0, most: 1_500.0, times: 3.0, peak: 1.5, fresh: 8.0 };

/// The rule that somebody took out records of far more data subjects than on a usual day of theirs, by exports and by long
/// lists (of 200 rows and more; see [`Rules::long_list`](crate::monitor::Rules::long_list)).
///
/// Unless changed: in an hour over 2 % of the tenant's data subjects (25 at least, 500 at most), in a day over 5 % (50 at
/// least, 1,500 at most), and 3 times the actor's own usual day of exports, and the highest one that is remembered, by a
/// quarter in an hour and by half in a day.
#[derive(Debug, Clone, Copy)]
pub struct MassExport {
    hour: Limit,
    day: Limit,
}

super::rule!(MassExport);

impl MassExport {
    /// Makes the rule with the thresholds above.
    #[must_use]
    pub const fn new() -> Self {
        Self { hour: HOUR, day: DAY }
    }

    /// Sets the per cent of the tenant's data subjects, in an hour and in a day.
    #[must_use]
    pub fn per_cent(mut self, hour: f64, day: f64) -> Self {
        (self.hour.share, self.day.share) = (per_cent(hour, HOUR.share), per_cent(day, DAY.share));
        self
    }

    /// Sets the bounds of the share in an hour: never below `least`, in the smallest store, and never above `most`, in the
    /// largest.
    #[must_use]
    pub fn hour_bounds(mut self, least: u32, most: u32) -> Self {
        (self.hour.least, self.hour.most) = (f64::from(least.max(1)), f64::from(most.max(1)));
        self
    }

    /// Sets the bounds of the share in a day: never below `least`, in the smallest store, and never above `most`, in the
    /// largest.
    #[must_use]
    pub fn day_bounds(mut self, least: u32, most: u32) -> Self {
        (self.day.least, self.day.most) = (f64::from(least.max(1)), f64::from(most.max(1)));
        self
    }

    /// Sets how many times the actor's usual day of exports raises it, in an hour and in a day.
    #[must_use]
    pub fn times_usual(mut self, hour: f64, day: f64) -> Self {
        (self.hour.times, self.day.times) = (times(hour, HOUR.times), times(day, DAY.times));
        self
    }
}

impl Detector for MassExport {
    fn name(&self) -> RuleName {
        RuleName::MassExport
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        if !view.act.shows() {
            return None;
        }
        let bulk = &view.person.bulk;
        let (in_hour, in_day) = (bulk.hour(view.act), bulk.today());
        let hour = in_hour / self.hour.threshold(view, bulk.usual(), 0.0);
        let day = in_day / self.day.threshold(view, bulk.usual(), 0.0);
        if hour.max(day) < 1.0 {
            return None;
        }
        let (amount, span) = if hour >= day { (in_hour, "the last 60 minutes") } else { (in_day, "a day") };
        let past = if bulk.usual().days() == 0 {
            "they had never exported before".to_owned()
        } else {
            format!("on a usual day of exports it is {}", number(bulk.usual().mean()))
        };
        let text = format!(
            "`{}` took out {} in {span}, by exports and long lists; {past}",
            view.actor(),
            of_all(amount, view.firm),
        );
        let evidence = bulk.evidence(view.act, hour >= day);
        Some(Finding::new(Severity::High, text).degree(hour.max(day)).evidence(evidence))
    }
}
