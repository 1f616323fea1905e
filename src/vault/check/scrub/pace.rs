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
mod tests {
    use super::*;

    const fn cost(values: u64, bytes: u64) -> Cost {
        Cost { values, bytes }
    }

    #[test]
    fn pages_are_due_as_the_rate_says_and_lost_time_is_not_made_up_for_by_a_burst() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate { values: 100, bytes: 1_000 }, start);
        let after = |pace: &Pace| pace.due().duration_since(start).as_millis();
        pace.spend(cost(10, 50), start);
        assert_eq!(after(&pace), 100);
        // More bytes than values allow for.
        pace.spend(cost(10, 300), start + Duration::from_millis(110));
        assert_eq!(after(&pace), 400);
        // Begun a minute late.
        pace.spend(cost(10, 0), start + Duration::from_secs(60));
        assert_eq!(after(&pace), 60_100);
    }

    #[test]
    fn pages_are_small_where_the_rate_is_low() {
        for (values, page) in [(0, 1), (1, 1), (40, 2), (2_000, 64), (u64::MAX, 64)] {
            assert_eq!(Rate { values, bytes: u64::MAX }.page(), page, "{values}");
        }
    }

    #[test]
    fn absurd_rates_do_not_overflow() {
        let mut pace = Pace::new(Rate { values: 0, bytes: 0 }, Instant::now());
        pace.spend(cost(u64::MAX, u64::MAX), Instant::now());
        let mut pace = Pace::new(Rate { values: u64::MAX, bytes: u64::MAX }, Instant::now());
        let before = pace.due();
        pace.spend(cost(64, 64), before);
        assert_eq!(pace.due(), before);
    }
}
