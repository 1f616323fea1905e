//! Counts of the rows that each actor was shown in the last hour.
//!
//! Guarantees: a count is never below the rows counted in the last hour; threads that reserve at once stay within the
//! limit. Does not: survive the process by itself (see `recount`), or count exactly: rows count for 60 to 61 minutes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Timestamp;

/// Largest number of actors counted at once; actors who were shown nothing for an hour make room.
const ACTORS: usize = 65_536;
/// Number of minutes for which rows count, after the one they were shown in.
const MINUTES: i64 = 60;
const MINUTE: i64 = 60_000_000;

#[derive(Default)]
pub(crate) struct Rows(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Rows shown, by minute.
    actors: HashMap<String, Vec<(i64, u32)>>,
    /// Minute in which idle actors were last taken out.
    swept: Option<i64>,
}

impl Rows {
    /// Returns the number of rows that count for this actor now; the largest number if the actor can't be counted.
    pub(crate) fn shown(&self, actor: &str, now: Timestamp) -> u32 {
        let counts = self.lock();
        match counts.actors.get(actor) {
            Some(minutes) => sum(minutes, minute(now)),
            None if counts.actors.len() >= ACTORS => u32::MAX,
            None => 0,
        }
    }

    /// Counts up to `wanted` rows that are about to be shown, as far as `per_hour` allows. Returns the number allowed.
    ///
    /// A caller that shows fewer gives the rest back with [`refund`](Self::refund).
    pub(crate) fn reserve(&self, actor: &str, wanted: u32, per_hour: Option<u32>, now: Timestamp) -> u32 {
        let now = minute(now);
        let mut counts = self.lock();
        if !counts.room_for(actor, now) {
            return if per_hour.is_some() { 0 } else { wanted };
        }
        if wanted == 0 {
            return 0;
        }
        // A look-up first: most reads are by known actors.
        if !counts.actors.contains_key(actor) {
            counts.actors.insert(actor.to_owned(), Vec::new());
        }
        let Some(minutes) = counts.actors.get_mut(actor) else { return 0 };
        minutes.retain(|(at, _)| counts_at(*at, now));
        let left = per_hour.map_or(u32::MAX, |most| most.saturating_sub(sum(minutes, now)));
        let granted = wanted.min(left);
        match minutes.iter_mut().find(|(at, _)| *at == now) {
            Some((_, rows)) => *rows = rows.saturating_add(granted),
            None => minutes.push((now, granted)),
        }
        granted
    }

    /// Takes back rows that were reserved and not shown.
    pub(crate) fn refund(&self, actor: &str, mut rows: u32) {
        let mut counts = self.lock();
        for (_, counted) in counts.actors.get_mut(actor).into_iter().flatten().rev() {
            let back = rows.min(*counted);
            *counted = counted.saturating_sub(back);
            rows = rows.saturating_sub(back);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn room_for(&mut self, actor: &str, now: i64) -> bool {
        if self.actors.len() < ACTORS || self.actors.contains_key(actor) {
            return true;
        }
        // At most once a minute: looking at all actors takes a while.
        if self.swept != Some(now) {
            self.swept = Some(now);
            self.actors.retain(|_, minutes| sum(minutes, now) > 0);
        }
        self.actors.len() < ACTORS
    }
}

fn minute(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(MINUTE)
}

/// Tells whether rows shown in minute `at` count now. A clock that was set back makes none of them disappear.
fn counts_at(at: i64, now: i64) -> bool {
    now.saturating_sub(at) <= MINUTES
}

fn sum(minutes: &[(i64, u32)], now: i64) -> u32 {
    minutes.iter().filter(|(at, _)| counts_at(*at, now)).fold(0, |sum: u32, (_, rows)| sum.saturating_add(*rows))
}

#[cfg(test)]
mod tests;
