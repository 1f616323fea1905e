//! A count of the data subjects that somebody did something to: in the last hour, today, and on a usual day.
//!
//! Guarantees: bounded memory. Time is the [`Timeline`](super::timeline::Timeline)'s, which only goes forward. Does not: tell
//! the hour to the minute: it covers the last 45 to 60 minutes.

use std::collections::VecDeque;

use super::act::{Act, Spot};
use super::local::{Local, MINUTE};
use super::sketch::Sketch;
use super::usual::Usual;

/// The hour is seen as so many quarters.
const QUARTERS: i64 = 4;
const QUARTER: i64 = 15 * MINUTE;
/// Entries named as evidence, at most.
pub(super) const EVIDENCE: usize = 100;

/// One kind of act of one person.
#[derive(Clone, Default)]
pub(super) struct Tally {
    usual: Usual,
    day: Option<Local>,
    now: Option<Box<Now>>,
}

/// The windows: only of those who did something lately.
#[derive(Clone, Default)]
struct Now {
    quarters: VecDeque<(i64, Sketch)>,
    today: Sketch,
    evidence: VecDeque<(i64, Spot)>,
}

impl Tally {
    /// Takes in an act of this kind.
    pub(super) fn add(&mut self, act: &Act, local: Local) {
        self.turn(local);
        let now = self.now.get_or_insert_default();
        let quarter = act.at.as_micros().div_euclid(QUARTER);
        now.quarters.retain(|(of, _)| recent(*of, quarter));
        if now.quarters.back().is_none_or(|(of, _)| *of != quarter) {
            now.quarters.push_back((quarter, Sketch::default()));
        }
        for hash in act.people() {
            now.today.add(hash);
            if let Some((_, sketch)) = now.quarters.back_mut() {
                sketch.add(hash);
            }
        }
        if now.evidence.len() >= EVIDENCE {
            now.evidence.pop_front();
        }
        now.evidence.push_back((quarter, act.spot));
    }

    /// Notices that a day is over: what it held becomes part of the past. Returns how much that was, if it was anything.
    pub(super) fn turn(&mut self, local: Local) -> Option<f64> {
        let Some(day) = self.day else {
            self.day = Some(local);
            return None;
        };
        if day.day == local.day {
            return None;
        }
        self.day = Some(local);
        let now = self.now.take()?;
        let amount = now.today.count();
        if local.day.saturating_sub(day.day) == 1 && amount > 0.0 {
            // The last hour goes on over midnight.
            self.now = Some(Box::new(Now { today: Sketch::default(), ..*now }));
        }
        if amount <= 0.0 {
            return None;
        }
        self.usual.learn(day, amount);
        Some(amount)
    }

    /// Returns about how many there were in the last hour, as of this act.
    pub(super) fn hour(&self, act: &Act) -> f64 {
        let Some(now) = &self.now else { return 0.0 };
        let quarter = act.at.as_micros().div_euclid(QUARTER);
        let mut hour = Sketch::default();
        for (_, sketch) in now.quarters.iter().filter(|(of, _)| recent(*of, quarter)) {
            hour.join(sketch);
        }
        hour.count()
    }

    /// Returns about how many there were today.
    pub(super) fn today(&self) -> f64 {
        self.now.as_ref().map_or(0.0, |now| now.today.count())
    }

    pub(super) fn usual(&self) -> &Usual {
        &self.usual
    }

    /// Returns the entries of the last hour, or of all that is remembered of today; the latest last.
    pub(super) fn evidence(&self, act: &Act, hour: bool) -> Vec<Spot> {
        let quarter = act.at.as_micros().div_euclid(QUARTER);
        let all = self.now.iter().flat_map(|now| &now.evidence);
        all.filter(|(of, _)| !hour || recent(*of, quarter)).map(|(_, spot)| *spot).collect()
    }

    /// Takes in that somebody vouched for what was done lately.
    pub(super) fn vouch(&mut self, local: Local) {
        self.usual.vouch(local, self.today());
    }
}

/// Tells whether a quarter is one of the last hour's.
fn recent(of: i64, now: i64) -> bool {
    now.saturating_sub(of) < QUARTERS
}
