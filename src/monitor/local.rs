//! Local time, as far as rules need it: the day, the hour, the weekday.

use crate::model::Timestamp;

const MICROS: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * MICROS;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The offsets from UTC that are in use anywhere, in minutes.
const OFFSETS: std::ops::RangeInclusive<i32> = -720..=840;

/// The time by which local time is ahead of UTC.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offset(i64);

/// A local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local {
    /// Days since 1970.
    pub(super) day: i64,
    /// 0 to 23.
    pub(super) hour: usize,
    /// Hours since 1970, to tell one hour from the next.
    pub(super) hours: i64,
}

impl Offset {
    /// Makes an offset that is in use somewhere; others are brought to the nearest one.
    pub(super) fn minutes(minutes: i32) -> Self {
        Self(i64::from(minutes.clamp(*OFFSETS.start(), *OFFSETS.end())) * MINUTE)
    }

    pub(super) fn local(self, at: Timestamp) -> Local {
        let micros = at.as_micros().saturating_add(self.0);
        let hour = usize::try_from(micros.rem_euclid(DAY) / HOUR).unwrap_or(0);
        Local { day: micros.div_euclid(DAY), hour, hours: micros.div_euclid(HOUR) }
    }
}

impl Local {
    /// Returns 0 for Monday to 6 for Sunday. 1970 began on a Thursday.
    pub(super) fn weekday(self) -> usize {
        usize::try_from(self.day.saturating_add(3).rem_euclid(7)).unwrap_or(0)
    }

    pub(super) fn is_weekend(self) -> bool {
        self.weekday() >= 5
    }
}

#[cfg(test)]
mod tests;
