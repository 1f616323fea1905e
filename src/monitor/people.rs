//! Everybody that the rules remember, and every tenant.
//!
//! Guarantees: at most [`PEOPLE`] actors and [`TENANTS`] tenants; who was seen longest ago is forgotten first, and looks new
//! when they come again. An actor takes 1 to 15 KiB: little, if they did nothing for a day.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::{Action, TenantId};

use super::act::{Act, hash_of};
use super::hours::Hours;
use super::local::Local;
use super::sketch::Sketch;
use super::usual::Usual;

/// The most actors that are remembered.
pub(super) const PEOPLE: usize = 10_000;
/// The most tenants that are remembered.
pub(super) const TENANTS: usize = 4_096;

/// An actor, in a tenant or in the vault itself.
pub(super) type Who = (Option<TenantId>, Option<String>);

/// A map that forgets what was used longest ago.
pub(super) struct LruMap<K, V> {
    most: usize,
    clock: u64,
    all: HashMap<K, (u64, V)>,
}

/// A tenant, as far as it is known.
#[derive(Default)]
pub(super) struct Firm {
    told: Option<u64>,
    balance: i64,
    /// The tenant's creation was seen, so all of its history.
    whole: bool,
    seen: Sketch,
    /// The amount that one actor reads on a day, over all actors.
    pub(super) usual: Usual,
    /// The hours at which anybody works.
    pub(super) hours: Hours,
    /// The actors who work in the present local hour.
    here: (i64, Sketch),
}

impl<K: Hash + Eq + Clone, V: Default> LruMap<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, clock: 0, all: HashMap::new() }
    }

    /// Returns the value of a key, made if there is none.
    pub(super) fn of(&mut self, key: &K) -> &mut V {
        self.clock = self.clock.saturating_add(1);
        if self.all.len() >= self.most && !self.all.contains_key(key) {
            self.forget();
        }
        let (used, value) = self.all.entry(key.clone()).or_default();
        *used = self.clock;
        value
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.all.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.all.get_mut(key).map(|(_, value)| value)
    }

    /// Returns all of them, in no order.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.all.iter_mut().map(|(key, (_, value))| (key, value))
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Forgets one in sixteen, so that it needn't look for them every time.
    fn forget(&mut self) {
        let mut used: Vec<u64> = self.all.values().map(|(used, _)| *used).collect();
        let place = used.len() / 16;
        if place < used.len() {
            let (_, oldest, _) = used.select_nth_unstable(place);
            let oldest = *oldest;
            self.all.retain(|_, (used, _)| *used > oldest);
        }
    }
}

impl Firm {
    pub(super) fn take(&mut self, act: &Act, local: Local) {
        if act.is_work() {
            self.hours.add(local);
        }
        if act.is_use() {
            if self.here.0 != local.hours {
                self.here = (local.hours, Sketch::default());
            }
            self.here.1.add(hash_of(&act.actor));
        }
        if !act.done() {
            return;
        }
        for hash in act.people() {
            self.seen.add(hash);
        }
        // A data subject comes with their record of number 0, and goes with it.
        let own = act.subjects.iter().filter(|(_, number)| *number == 0).count();
        let own = i64::try_from(own).unwrap_or(i64::MAX);
        match act.action {
            Some(Action::CreateTenant) => self.whole = true,
            Some(Action::Create) => self.balance = self.balance.saturating_add(own),
            Some(Action::Delete | Action::Erase) => self.balance = self.balance.saturating_sub(own),
            _ => {}
        }
    }

    /// Takes in how many there are, as the host says it.
    pub(super) fn told(&mut self, known: u64) {
        self.told = Some(known);
        self.balance = 0;
    }

    /// Returns about how many people work in the present local hour.
    pub(super) fn at_work(&self) -> f64 {
        self.here.1.count()
    }

    /// Returns about how many data subjects there are: what the host said or what was created, less what was removed. Where
    /// the tenant's beginning wasn't seen, at least as many as were ever touched.
    pub(super) fn size(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "an estimate")]
        match self.told {
            Some(told) => (told as f64 + self.balance as f64).max(0.0),
            None if self.whole => self.balance.max(0) as f64,
            None => (self.balance.max(0) as f64).max(self.seen.count()),
        }
    }
}

#[cfg(test)]
mod tests;
