//! New device: somebody works from a device that was never seen with them.

use crate::monitor::RuleName;
use crate::monitor::local::DAY;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted, number};

/// The days for which somebody's devices must have been known before one is new.
const LEARNING_DAYS: u32 = 7;
/// The new devices in 30 days beyond which somebody changes them all the time, or the host names sessions: one more says
/// nothing.
const CHANGEABLE: usize = 4;
const LATELY: i64 = 30;
/// Records that have to be touched from it: a thousandth of the store, at least
const LEAST: f64 = 3.0;
/// and at most.
const MOST: f64 = 50.0;

/// The rule that somebody works from a device that was never seen with them: on its first day, once it was used for
/// something (a thousandth of the tenant's data subjects, 3 at least, 50 at most). Not before their devices have been known
/// for 7 days, and not if they had more than 4 new ones in 30 days. Only for hosts that name devices
/// ([`Actor::with_device`](crate::Actor::with_device)).
#[derive(Debug, Clone, Copy)]
pub struct NewDevice {
    learning_days: u32,
    changeable: usize,
}

super::rule!(NewDevice);

impl NewDevice {
    /// Makes the rule with the thresholds above.
    #[must_use]
    pub const fn new() -> Self {
        Self { learning_days: LEARNING_DAYS, changeable: CHANGEABLE }
    }

    /// Sets for how many days somebody's devices must have been known.
    #[must_use]
    pub fn learning_days(mut self, days: u32) -> Self {
        self.learning_days = days;
        self
    }

    /// Sets how many new devices in 30 days, at most 15, are too many for somebody to be watched.
    #[must_use]
    pub fn changeable(mut self, devices: usize) -> Self {
        self.changeable = devices.min(15);
        self
    }
}

impl Detector for NewDevice {
    fn name(&self) -> RuleName {
        RuleName::NewDevice
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let devices = &view.person.devices;
        let new = devices.newcomer(view.act)?;
        let extent = f64::from(new.extent);
        let known_for = new.after / DAY;
        if view.silenced()
            || known_for < i64::from(self.learning_days)
            || extent < view.substance(LEAST, MOST)
            || devices.came_within(LATELY, view.local) > self.changeable
        {
            return None;
        }
        let text = format!(
            "`{}` used a device that was never seen with them for {}; their others have been known for {} days",
            view.actor(),
            counted(extent, "record", "records"),
            number(f64::from(u32::try_from(known_for).unwrap_or(u32::MAX))),
        );
        Some(Finding::new(Severity::Low, text).evidence(new.evidence.clone()))
    }
}
