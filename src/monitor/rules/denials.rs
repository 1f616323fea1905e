//! Repeated denials: somebody tries doors.

use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted, number, times};

/// The denials in a row, with nothing allowed between.
const IN_A_ROW: u32 = 10;
/// The denials in an hour,
const PER_HOUR: u32 = 20;
/// or the multiple of the actor's usual day's, if that is more.
const TIMES: f64 = 4.0;

/// The rule that somebody is refused again and again: in a row, or in an hour, and more than they usually are. Log-ins that
/// the host reports as failed count too. Denials that only ask for a reason, a purpose, an approval or a stronger log-in
/// don't, nor those of a frozen tenant. An alert that the failed log-ins alone bring about is
/// [unproven](crate::monitor::Alert::unproven), and answered by nothing.
#[derive(Debug, Clone, Copy)]
pub struct RepeatedDenials {
    in_a_row: u32,
    per_hour: u32,
    times: f64,
}

super::rule!(RepeatedDenials);

impl RepeatedDenials {
    /// Makes the rule: 10 in a row or 20 in an hour, and 4 times the actor's usual day.
    #[must_use]
    pub const fn new() -> Self {
        Self { in_a_row: IN_A_ROW, per_hour: PER_HOUR, times: TIMES }
    }

    /// Sets how many denials in a row raise it, at least 2.
    #[must_use]
    pub fn in_a_row(mut self, denials: u32) -> Self {
        self.in_a_row = denials.max(2);
        self
    }

    /// Sets how many denials in an hour raise it, at least 2.
    #[must_use]
    pub fn per_hour(mut self, denials: u32) -> Self {
        self.per_hour = denials.max(2);
        self
    }

    /// Sets how many times the actor's usual day of denials raises it, if that is more.
    #[must_use]
    pub fn times_usual(mut self, factor: f64) -> Self {
        self.times = times(factor, TIMES);
        self
    }
}

impl Detector for RepeatedDenials {
    fn name(&self) -> RuleName {
        RuleName::RepeatedDenials
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let denials = &view.person.denials;
        if denials.in_a_row.all == 0 {
            return None;
        }
        let usual = denials.usual.mean();
        let own = usual * self.times;
        let degree = |row: u32, hour: u32| {
            let in_a_row = f64::from(row) / (f64::from(self.in_a_row).max(own) * view.tuning);
            let per_hour = f64::from(hour) / (f64::from(self.per_hour).max(own) * view.tuning);
            in_a_row.max(per_hour)
        };
        let (in_a_row, hour) = (denials.in_a_row, denials.hour());
        let proven = degree(in_a_row.proven, hour.proven) >= 1.0;
        let (degree, row, hour) = (degree(in_a_row.all, hour.all), f64::from(in_a_row.all), f64::from(hour.all));
        if degree < 1.0 {
            return None;
        }
        let text = format!(
            "`{}` was refused {} in a row, {} in the last hour, the latest {} of `{}`; on a usual day it is {}",
            view.actor(),
            counted(row, "time", "times"),
            number(hour),
            if view.act.code.is_empty() { "a failure".to_owned() } else { format!("(`{}`)", view.act.code) },
            view.act.name,
            number(usual),
        );
        Some(Finding::new(Severity::Medium, text).degree(degree).evidence(denials.evidence()).unproven(!proven))
    }
}
