//! The rate of a scrub: the time to wait after each page.

use std::time::{Duration, Instant};

/// The values and bytes of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    pub(crate) values: u64,
    pub(crate) bytes: u64,
}

impl Cost {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.values = self.values.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// Largest numbers of values and bytes in a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) values: u64,
    pub(crate) bytes: u64,
}

impl Rate {
    /// Returns the largest number of values to read at once: about a twentieth of a second's worth.
    pub(crate) fn page(self) -> usize {
        usize::try_from(self.values / 20).unwrap_or(PAGE).clamp(1, PAGE)
    }

    /// Returns the time that the rate demands for this cost.
    fn time(self, cost: Cost) -> Duration {
        let part = |what: u64, rate: u64| {
            let nanos = u128::from(what).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
            Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        part(cost.values, self.values).max(part(cost.bytes, self.bytes))
    }
}

/// Largest number of values in a page, for which the committer waits.
const PAGE: usize = 64;

/// The schedule of a scrub: its rate, and the time at which the next page is due.
pub(crate) struct Pace {
    rate: Rate,
    due: Instant,
}

impl Pace {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, due: now }
    }

    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    /// Counts a page of this cost, begun then. Time lost by a slow page is made up for by the next page at most.
    pub(crate) fn spend(&mut self, cost: Cost, begun: Instant) {
        let time = self.rate.time(cost);
        let late = begun.saturating_duration_since(self.due);
        let from = if late > time { begun } else { self.due };
        self.due = from.checked_add(time).unwrap_or(from);
    }
}

#[cfg(test)]
mod tests;
