//! Dormant actor awake: an account that nobody used is used.

use crate::monitor::RuleName;
use crate::monitor::local::DAY;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted, number};

/// The days without an act.
const DAYS: u32 = 45;
/// Records that have to be touched since: a thousandth of the store, at least
const LEAST: f64 = 1.0;
/// and at most.
const MOST: f64 = 50.0;

/// The rule that somebody who did nothing for 45 days, unless changed, is active again, and on the first day touches a
/// thousandth of the tenant's data subjects (1 at least, 50 at most). Whoever was forgotten meanwhile, because 10,000 others
/// came after them, isn't found.
#[derive(Debug, Clone, Copy)]
pub struct DormantActor {
    days: u32,
}

super::rule!(DormantActor);

impl DormantActor {
    /// Makes the rule: after 45 days.
    #[must_use]
    pub const fn new() -> Self {
        Self { days: DAYS }
    }

    /// Sets after how many days without an act somebody counts as dormant, at least 2.
    #[must_use]
    pub fn after_days(mut self, days: u32) -> Self {
        self.days = days.max(2);
        self
    }
}

impl Detector for DormantActor {
    fn name(&self) -> RuleName {
        RuleName::DormantActor
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let awake = view.person.awake.as_ref()?;
        let days = awake.away / DAY;
        let extent = f64::from(awake.extent);
        if view.silenced() || days < i64::from(self.days) || extent < view.substance(LEAST, MOST) {
            return None;
        }
        let text = format!(
            "`{}` is active again after {} days without an act, and touched {} since",
            view.actor(),
            number(f64::from(u32::try_from(days).unwrap_or(u32::MAX))),
            counted(extent, "record", "records"),
        );
        Some(Finding::new(Severity::Medium, text).evidence(awake.evidence.clone()))
    }
}
