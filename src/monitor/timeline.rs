//! The time that the rules go by: one line, on which it only goes forward.
//!
//! Guarantees: an entry from the past counts at the time reached, so it ends no window, no day and no absence. Nor does a
//! single wrong time in the future: a leap ahead of more than 3 days is believed once an entry of another block agrees. A
//! clock that was ahead and is right again is followed after an hour of entries, and until then time stands still. The hour
//! and the weekday are always those of the clock that is believed. Does not: doubt a clock that is ahead by less than
//! 3 days.

use crate::model::Timestamp;

use super::local::{DAY, HOUR, MINUTE};

/// A longer leap ahead needs another block that agrees with it, to within this.
const LEAP: i64 = 3 * DAY;
/// An entry that is further behind than this is from the past, or of a clock that was set back.
const BEHIND: i64 = HOUR;
/// Entries that are behind, with none between them that isn't, show a clock that was set back once they span this.
const SPAN: i64 = HOUR;
/// The step from one block to the next counts as this at most, so that no few old entries make up the span.
const STEP: i64 = MINUTE;
/// The line leaves the clock by whole weeks.
const WEEK: i64 = 7 * DAY;
/// The latest time that is believed, in the year 9994.
const LATEST: i64 = 8_030 * 365 * DAY;

/// The line.
#[derive(Default)]
pub(super) struct Timeline {
    reached: Option<i64>,
    /// The time by which the line is ahead of the clock that is believed.
    ahead: i64,
    /// A leap ahead that waits for another block.
    leap: Option<Sight>,
    /// The latest of the entries that are behind, and the time that they span.
    behind: Option<(Sight, i64)>,
}

/// A time on the line, and the block that it was seen in.
#[derive(Clone, Copy)]
struct Sight {
    block: u64,
    time: i64,
}

impl Timeline {
    /// Takes in the time of an entry of this block; returns the time that it counts at.
    pub(super) fn pass(&mut self, at: Timestamp, block: u64) -> Timestamp {
        let time = self.on_line(at);
        let sight = Sight { block, time };
        let reached = self.reached.unwrap_or(time);
        let since = time.saturating_sub(reached);
        let now = if since > LEAP {
            self.leap(sight).unwrap_or(reached)
        } else if since < -BEHIND {
            self.fall_behind(sight, reached).unwrap_or(reached)
        } else {
            (self.leap, self.behind) = (None, None);
            time.max(reached)
        };
        self.reached = Some(now);
        Timestamp::from_micros(now)
    }

    /// Returns the time of what is no entry. It moves nothing.
    pub(super) fn at(&self, now: Timestamp) -> Timestamp {
        let time = self.on_line(now);
        Timestamp::from_micros(self.reached.map_or(time, |reached| time.max(reached)))
    }

    /// Returns the time reached, as the clock that is believed has it.
    pub(super) fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.reached.unwrap_or_default().saturating_sub(self.ahead))
    }

    fn on_line(&self, at: Timestamp) -> i64 {
        at.as_micros().clamp(0, LATEST).saturating_add(self.ahead)
    }

    /// Returns the time leapt to, if another block has agreed.
    fn leap(&mut self, sight: Sight) -> Option<i64> {
        let agrees = |seen: Sight| seen.block != sight.block && seen.time.abs_diff(sight.time) <= LEAP.unsigned_abs();
        if self.leap.replace(sight).is_some_and(agrees) {
            (self.leap, self.behind) = (None, None);
            return Some(sight.time);
        }
        None
    }

    /// Returns the time gone on to, if the clock was set back.
    fn fall_behind(&mut self, sight: Sight, reached: i64) -> Option<i64> {
        let (seen, span) = self.behind.unwrap_or((sight, 0));
        let step = sight.time.saturating_sub(seen.time);
        if step < -BEHIND {
            self.behind = Some((sight, 0));
        } else if self.behind.is_none() || (step > 0 && sight.block != seen.block) {
            self.behind = Some((sight, span.saturating_add(step.min(STEP))));
        }
        self.behind.filter(|(_, span)| *span >= SPAN)?;
        let weeks = reached.saturating_sub(sight.time).saturating_add(WEEK - 1) / WEEK;
        let on = weeks.saturating_mul(WEEK);
        (self.ahead, self.leap, self.behind) = (self.ahead.saturating_add(on), None, None);
        Some(sight.time.saturating_add(on))
    }
}
