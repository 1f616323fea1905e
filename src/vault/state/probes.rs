//! The unique values that actors have tried in the last hour.
//!
//! Guarantees: each distinct value counts once in an hour, also with many threads. Does not: survive the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::Timestamp;

const HOUR: i64 = 3_600_000_000;
/// Number of actors remembered; the actor idle for longest is forgotten first.
const ACTORS: usize = 4_096;

/// The unique values that actors have tried, by the key of the value's first index entry.
#[derive(Default)]
pub(crate) struct Probes {
    by_actor: Mutex<HashMap<String, HashMap<[u8; 32], Timestamp>>>,
    /// Actors who were refused for a record that they can't see, and when.
    hidden: Mutex<HashMap<String, Timestamp>>,
}

impl Probes {
    /// Notes that an actor tried the value of a record that they can't see.
    pub(crate) fn met_hidden(&self, actor: &str, now: Timestamp) {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.retain(|_, at| now.as_micros().saturating_sub(at.as_micros()) < HOUR);
        hidden.insert(actor.to_owned(), now);
    }

    /// Tells whether the actor has met no hidden record in the last hour: only such an actor can see all of a collection.
    pub(crate) fn sees_all_tried(&self, actor: &str, now: Timestamp) -> bool {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.get(actor).is_none_or(|at| now.as_micros().saturating_sub(at.as_micros()) >= HOUR)
    }

    /// Counts a value that an actor tries. Returns whether the actor stays within the limit of values in an hour.
    pub(crate) fn count(&self, actor: &str, value: [u8; 32], now: Timestamp, limit: usize) -> bool {
        let mut by_actor = self.by_actor.lock().unwrap_or_else(PoisonError::into_inner);
        if by_actor.len() >= ACTORS && !by_actor.contains_key(actor) {
            let idle = by_actor.iter().min_by_key(|(_, tried)| tried.values().max().copied());
            let idle = idle.map(|(actor, _)| actor.clone());
            idle.and_then(|idle| by_actor.remove(&idle));
        }
        let tried = by_actor.entry(actor.to_owned()).or_default();
        if tried.len() >= limit && !tried.contains_key(&value) {
            tried.retain(|_, at| now.as_micros().saturating_sub(at.as_micros()) < HOUR);
        }
        if tried.len() >= limit && !tried.contains_key(&value) {
            return false;
        }
        // From the last try on: who tries old values again doesn't make room for as many new ones.
        tried.insert(value, now);
        true
    }
}

#[cfg(test)]
mod tests;
