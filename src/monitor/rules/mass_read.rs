//! Mass read: somebody looks at far more people than they usually do.

use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Limit, Severity, View, number, of_all, per_cent, times};

const HOUR: Limit = Limit { share: 5.0, least: 60.0, most: 1_000.0, times: 2.0, peak: 1.25, fresh: 120.0 };
const DAY: Limit = Limit { share: 10.0, least: 100.0, most: 3_000.0, times: 4.0, peak: 1.5, fresh: 120.0 };

/// The rule that somebody was shown records of far more data subjects than on a usual day of theirs, and of a noticeable
/// share of the tenant's: in an hour, or in a day. Each data subject counts once, however often they are shown; a count
/// shows nobody.
///
/// Unless changed: in an hour over 5 % of the tenant's data subjects (60 at least, 1,000 at most) and 2 usual days; in a day
/// over 10 % (100 at least, 3,000 at most) and 4 usual days; and always over the highest day that is remembered, by a
/// quarter in an hour and by half in a day. Somebody who was active on fewer than 3 days is taken for as busy as the others,
/// and half as much again, and for one who reads 120 a day where nothing is known of them either.
#[derive(Debug, Clone, Copy)]
pub struct MassRead {
    hour: Limit,
    day: Limit,
}

super::rule!(MassRead);

impl MassRead {
    /// Makes the rule with the thresholds above.
    #[must_use]
    pub const fn new() -> Self {
        Self { hour: HOUR, day: DAY }
    }

    /// Sets the per cent of the tenant's data subjects in an hour.
    #[must_use]
    pub fn hour_per_cent(mut self, share: f64) -> Self {
        self.hour.share = per_cent(share, HOUR.share);
        self
    }

    /// Sets the per cent of the tenant's data subjects in a day.
    #[must_use]
    pub fn day_per_cent(mut self, share: f64) -> Self {
        self.day.share = per_cent(share, DAY.share);
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

    /// Sets how many times the actor's usual day raises it, in an hour and in a day.
    #[must_use]
    pub fn times_usual(mut self, hour: f64, day: f64) -> Self {
        (self.hour.times, self.day.times) = (times(hour, HOUR.times), times(day, DAY.times));
        self
    }
}

impl Detector for MassRead {
    fn name(&self) -> RuleName {
        RuleName::MassRead
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        if !view.act.shows() {
            return None;
        }
        let (reads, others) = (&view.person.reads, view.others());
        let (in_hour, in_day) = (reads.hour(view.act), reads.today());
        let hour = in_hour / self.hour.threshold(view, reads.usual(), others);
        let day = in_day / self.day.threshold(view, reads.usual(), others);
        if hour.max(day) < 1.0 {
            return None;
        }
        let (amount, span) = if hour >= day { (in_hour, "the last 60 minutes") } else { (in_day, "a day") };
        let text = format!(
            "`{}` read {} in {span}; their usual day is {}",
            view.actor(),
            of_all(amount, view.firm),
            number(self.day.own_day(reads.usual(), others)),
        );
        let evidence = reads.evidence(view.act, hour >= day);
        Some(Finding::new(Severity::High, text).degree(hour.max(day)).evidence(evidence))
    }
}
