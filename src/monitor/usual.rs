//! The amount of something that is usual for somebody on a day.
//!
//! Guarantees: a day teaches no more than a few times what was usual before, unless somebody vouches for it; so nobody makes
//! a theft usual by committing it. Does not: notice who raises their usual day slowly, over weeks.

use super::local::Local;

/// The pace at which the usual day follows the latest: about the last ten active days count.
const PACE: f64 = 0.15;
/// The most that a day teaches, as a multiple of the usual day,
const LEARN_TIMES: f64 = 4.0;
/// or of the highest day,
const LEARN_PEAK: f64 = 1.5;
/// the amount that it teaches always,
const LEARN_LEAST: f64 = 100.0;
/// and on the first days, when nothing is known.
const LEARN_FIRST: f64 = 600.0;
/// The days in which the memory of the highest day fades by half.
const HALF_LIFE: f64 = 120.0;
/// Active days before somebody's own past counts alone.
pub(super) const KNOWN_DAYS: u32 = 3;

/// The active days of one person, or of all of a tenant.
#[derive(Clone, Default)]
pub(super) struct Usual {
    days: u32,
    mean: f64,
    peak: f64,
    peak_day: i64,
    /// The amount of the latest day, if it had more than a day may teach.
    held_back: f64,
}

impl Usual {
    /// Returns how many active days it was learned from.
    pub(super) fn days(&self) -> u32 {
        self.days
    }

    /// Returns the usual amount on an active day.
    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    /// Returns the highest day, as far as it is remembered.
    pub(super) fn peak(&self, today: Local) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "days, of which there are few")]
        let since = today.day.saturating_sub(self.peak_day).max(0) as f64;
        self.peak * (-since / HALF_LIFE).exp2()
    }

    /// Takes in a day that is over.
    pub(super) fn learn(&mut self, day: Local, amount: f64) {
        let least = if self.days < KNOWN_DAYS { LEARN_FIRST } else { LEARN_LEAST };
        let most = (LEARN_TIMES * self.mean).max(LEARN_PEAK * self.peak(day)).max(least);
        let learned = amount.min(most);
        self.held_back = if amount > most { amount } else { 0.0 };
        self.days = self.days.saturating_add(1);
        let pace = PACE.max(1.0 / f64::from(self.days));
        self.mean += (learned - self.mean) * pace;
        self.raise(day, learned);
    }

    /// Takes in that somebody vouched for the latest days: what they held, `today` included, is nothing unusual.
    pub(super) fn vouch(&mut self, day: Local, today: f64) {
        self.raise(day, today.max(self.held_back));
    }

    fn raise(&mut self, day: Local, amount: f64) {
        if amount >= self.peak(day) {
            self.peak = amount;
            self.peak_day = day.day;
        }
    }
}

#[cfg(test)]
mod tests;
