//! The effect of feedback on thresholds.
//!
//! Guarantees: a multiplier stays within bounds, fades, and never touches the rules that must not be silenced. Bounded
//! memory: what was tuned longest ago is forgotten. Does not: spread from one actor to another.

use crate::model::{TenantId, Timestamp};

use super::local::DAY;
use super::people::LruMap;
use super::rule::RuleName;

/// The most multipliers that are remembered.
const TUNED: usize = 4_096;
/// The change by a false alarm, which doubles the threshold,
const RAISE: f64 = 1.0;
/// and by a real one, which lowers it by a quarter (as a power of 2, as all here).
const LOWER: f64 = -0.415;
/// The highest multiple, eight times the threshold,
const HIGHEST: f64 = 3.0;
/// and the lowest, half of it.
const LOWEST: f64 = -1.0;
/// The days in which half of it fades.
const HALF_LIFE: f64 = 60.0;

/// A judgement of an alert by somebody who looked into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feedback {
    /// Nothing to worry about: the rule is to be less easily alarmed by this actor.
    FalseAlarm,
    /// The real thing: the rule is to be more easily alarmed by this actor.
    Real,
}

impl Feedback {
    /// Returns the stable name that the journal uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FalseAlarm => "false_alarm",
            Self::Real => "real",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::FalseAlarm, Self::Real].into_iter().find(|feedback| feedback.name() == name)
    }
}

/// The subject of an alert: a rule, in a tenant, of an actor.
pub(super) type About = (RuleName, Option<TenantId>, Option<String>);

/// The multipliers.
pub(super) struct Tuning(LruMap<About, Option<(f64, Timestamp)>>);

impl Tuning {
    pub(super) fn new() -> Self {
        Self(LruMap::new(TUNED))
    }

    pub(super) fn learn(&mut self, about: &About, feedback: Feedback, at: Timestamp) {
        if !about.0.is_tunable() {
            return;
        }
        let kept = self.0.of(about);
        let before = kept.map_or(0.0, |kept| faded(kept, at));
        let change = match feedback {
            Feedback::FalseAlarm => RAISE,
            Feedback::Real => LOWER,
        };
        *kept = Some(((before + change).clamp(LOWEST, HIGHEST), at));
    }

    /// Returns the factor of the threshold: 0.5 to 8.
    pub(super) fn of(&self, about: &About, at: Timestamp) -> f64 {
        self.0.get(about).copied().flatten().map_or(1.0, |kept| faded(kept, at).exp2())
    }
}

fn faded((exponent, since): (f64, Timestamp), at: Timestamp) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "days, of which there are few")]
    let days = at.as_micros().saturating_sub(since.as_micros()).max(0) as f64 / DAY as f64;
    exponent * (-days / HALF_LIFE).exp2()
}

#[cfg(test)]
mod tests;
