//! Off hours: somebody works when they never do.

use crate::monitor::RuleName;
use crate::monitor::local::Local;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted};

/// The people at work in the same hour that make a shift.
const SHIFT: f64 = 5.0;
/// Acts in an hour that count as working.
const ACTS: u32 = 10;
/// The most records that have to be touched in a large store; else a thousandth of it.
const SUBSTANCE: f64 = 200.0;
/// Working hours of those whose past isn't known: from this hour
const FROM: u8 = 6;
/// until just before this one, on workdays.
const UNTIL: u8 = 21;

/// The rule that somebody does a good deal of work at an hour at which they never do: by their own past, workdays and
/// weekends apart, or, where that isn't known yet (5 workdays, 2 weekend days), outside working hours. An hour beside a
/// usual one is usual. What everybody in the tenant is used to is usual for somebody new. Where five work in the same hour
/// it is a shift, and nobody is told of. Creating records, as an import does, doesn't count.
///
/// Local time is that of [`Rules::utc_offset_minutes`](crate::monitor::Rules::utc_offset_minutes). Unless changed: 10 acts in
/// the hour, which touch a thousandth of the tenant's data subjects (10 at least, 200 at most); working hours are Monday to
/// Friday, 6:00 to 21:00.
#[derive(Debug, Clone, Copy)]
pub struct OffHours {
    acts: u32,
    from: u8,
    until: u8,
    weekends: bool,
}

super::rule!(OffHours);

impl OffHours {
    /// Makes the rule with the thresholds above.
    #[must_use]
    pub const fn new() -> Self {
        Self { acts: ACTS, from: FROM, until: UNTIL, weekends: false }
    }

    /// Sets how many acts in an hour count as working.
    #[must_use]
    pub fn acts(mut self, acts: u32) -> Self {
        self.acts = acts.max(1);
        self
    }

    /// Sets the working hours of those whose past isn't known, from this hour until just before that one (0 to 24); over
    /// midnight if the second is smaller.
    #[must_use]
    pub fn working_hours(mut self, from: u8, until: u8) -> Self {
        (self.from, self.until) = (from.min(24), until.min(24));
        self
    }

    /// Makes those hours hold at weekends too.
    #[must_use]
    pub fn weekends_too(mut self) -> Self {
        self.weekends = true;
        self
    }

    fn working(&self, local: Local) -> bool {
        let hour = u8::try_from(local.hour).unwrap_or(0);
        let within = if self.from <= self.until {
            (self.from..self.until).contains(&hour)
        } else {
            hour >= self.from || hour < self.until
        };
        within && (self.weekends || !local.is_weekend())
    }
}

impl Detector for OffHours {
    fn name(&self) -> RuleName {
        RuleName::OffHours
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let hour = &view.person.this_hour;
        let acts = f64::from(self.acts) * view.tuning;
        let extent = view.substance(f64::from(self.acts), SUBSTANCE.max(f64::from(self.acts))) * view.tuning;
        let degree = (f64::from(hour.acts) / acts).min(f64::from(hour.extent) / extent);
        if !view.act.is_use() || degree < 1.0 || view.firm.at_work().round() >= SHIFT {
            return None;
        }
        let own = view.person.hours.usual(view.local);
        if own.or(view.firm.hours.usual(view.local).filter(|usual| *usual)).unwrap_or(self.working(view.local)) {
            return None;
        }
        let text = format!(
            "`{}` did {} on {} in the hour from {}:00 on a {}; {}",
            view.actor(),
            counted(f64::from(hour.acts), "act", "acts"),
            counted(f64::from(hour.extent), "record", "records"),
            view.local.hour,
            if view.local.is_weekend() { "weekend day" } else { "workday" },
            if own.is_some() { "they never worked at that hour" } else { "that is outside working hours" },
        );
        Some(Finding::new(Severity::Low, text).evidence(hour.evidence.clone()))
    }
}
