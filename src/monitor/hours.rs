//! The hours at which somebody works, learned from their own past.
//!
//! Guarantees: an hour is usual if they worked in it, or in one beside it, on one in twelve of their latest days of that
//! kind (workdays and weekends apart). Does not: know holidays, or shifts that were never worked before.

use super::local::Local;

/// The pace at which the past fades: about the last ten days of a kind count.
const PACE: f32 = 0.1;
/// An hour is usual from this share of days on.
const USUAL: f32 = 1.0 / 12.0;
/// The workdays that have to be known,
const WORKDAYS: u32 = 5;
/// or the weekend days.
const WEEKEND_DAYS: u32 = 2;

/// Somebody's hours.
#[derive(Clone, Default)]
pub(super) struct Hours {
    workdays: Kind,
    weekends: Kind,
    today: Option<(Local, u32)>,
}

#[derive(Clone, Default)]
struct Kind {
    days: u32,
    share: [f32; 24],
}

impl Hours {
    /// Takes in that they worked then.
    pub(super) fn add(&mut self, local: Local) {
        let bit = 1u32.checked_shl(u32::try_from(local.hour).unwrap_or(0)).unwrap_or(0);
        match &mut self.today {
            Some((day, hours)) if day.day == local.day => *hours |= bit,
            today => {
                if let Some((day, hours)) = today.replace((local, bit)) {
                    self.kind_mut(day).learn(hours);
                }
            }
        }
    }

    /// Tells whether they usually work then; `None` where their past doesn't say.
    pub(super) fn usual(&self, local: Local) -> Option<bool> {
        let (kind, needed) =
            if local.is_weekend() { (&self.weekends, WEEKEND_DAYS) } else { (&self.workdays, WORKDAYS) };
        // Whoever is known by their workdays is known not to work at weekends.
        if kind.days < needed && !(local.is_weekend() && self.workdays.days >= WORKDAYS && kind.days == 0) {
            return None;
        }
        let beside = [local.hour.wrapping_add(23) % 24, local.hour % 24, local.hour.wrapping_add(1) % 24];
        Some(beside.iter().any(|hour| kind.share.get(*hour).is_some_and(|share| *share >= USUAL)))
    }

    fn kind_mut(&mut self, day: Local) -> &mut Kind {
        if day.is_weekend() { &mut self.weekends } else { &mut self.workdays }
    }
}

impl Kind {
    fn learn(&mut self, hours: u32) {
        self.days = self.days.saturating_add(1);
        #[allow(clippy::cast_precision_loss, reason = "days, of which there are few")]
        let pace = PACE.max(1.0 / self.days as f32);
        for (hour, share) in (0u32..).zip(&mut self.share) {
            let worked = if hours >> hour & 1 == 1 { 1.0 } else { 0.0 };
            *share += (worked - *share) * pace;
        }
    }
}

#[cfg(test)]
mod tests;
