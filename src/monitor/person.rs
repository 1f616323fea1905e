//! One actor in one tenant, as far as they are remembered.
//!
//! Guarantees: bounded memory, whatever they do. Does not: judge.

use std::collections::VecDeque;

use crate::audit::Outcome;
use crate::model::{Action, Timestamp};
use crate::policy::codes;

use super::act::{Act, Spot};
use super::hours::Hours;
use super::local::{DAY, Local, MINUTE};
use super::tally::{EVIDENCE, Tally};
use super::usual::Usual;

/// The most devices of an actor that are remembered.
const DEVICES: usize = 16;
/// Denials of the last hour are counted in so many parts.
const PARTS: i64 = 12;
const PART: i64 = 5 * MINUTE;

/// Denials that only ask for something more: a reason, an approval, a stronger log-in; and those of a frozen tenant, which
/// everybody gets.
const ASKING: [&str; 5] =
    [codes::STEP_UP_REQUIRED, codes::APPROVAL_REQUIRED, codes::REASON_REQUIRED, codes::FROZEN, codes::PURPOSE];

/// The act of a log-in that failed, as hosts report it.
const LOGIN_FAILED: &str = "host_login_failed";

/// One actor.
#[derive(Clone, Default)]
pub(super) struct Person {
    /// The time they were seen last, before the present act.
    pub(super) before: Option<Timestamp>,
    last: Option<Timestamp>,
    day: Option<Local>,
    /// Days on which they did something.
    pub(super) days: u32,
    pub(super) reads: Tally,
    /// The records that left in bulk: by exports and long lists.
    pub(super) bulk: Tally,
    pub(super) changes: Tally,
    pub(super) removals: Tally,
    pub(super) denials: Denials,
    pub(super) hours: Hours,
    pub(super) this_hour: ThisHour,
    pub(super) devices: Devices,
    pub(super) awake: Option<Awake>,
    pub(super) habits: Habits,
}

/// Refusals.
#[derive(Clone, Default)]
pub(super) struct Denials {
    pub(super) in_a_row: Refused,
    parts: VecDeque<(i64, Refused)>,
    pub(super) usual: Usual,
    day: Option<i64>,
    today: u32,
    evidence: VecDeque<(i64, Spot)>,
}

/// A number of refusals.
#[derive(Clone, Copy, Default)]
pub(super) struct Refused {
    /// All of them, log-ins that failed included: anybody can try one under any id.
    pub(super) all: u32,
    /// The refusals that were the actor's for certain.
    pub(super) proven: u32,
}

/// The acts since the local hour began.
#[derive(Clone, Default)]
pub(super) struct ThisHour {
    hours: i64,
    pub(super) acts: u32,
    pub(super) extent: u32,
    pub(super) evidence: Vec<Spot>,
}

/// The devices of an actor.
#[derive(Clone, Default)]
pub(super) struct Devices {
    known: VecDeque<u64>,
    first: Option<Timestamp>,
    /// Days on which a device came that wasn't known, the latest last.
    pub(super) came: VecDeque<i64>,
    pub(super) new: Option<Newcomer>,
}

/// A device that came lately.
#[derive(Clone)]
pub(super) struct Newcomer {
    hash: u64,
    since: Timestamp,
    /// The time that others had been known when it came, in microseconds.
    pub(super) after: i64,
    /// The number of records touched from it.
    pub(super) extent: u32,
    /// Entries of its use, the first ones.
    pub(super) evidence: Vec<Spot>,
}

/// The return of somebody who was away.
#[derive(Clone)]
pub(super) struct Awake {
    since: Timestamp,
    /// The time that they had been away, in microseconds.
    pub(super) away: i64,
    pub(super) extent: u32,
    pub(super) evidence: Vec<Spot>,
}

/// The days on which somebody did each of the acts that few do.
#[derive(Clone, Default)]
pub(super) struct Habits(Vec<(Action, u32, i64)>);

impl Person {
    /// Takes in an act. Returns how many data subjects they read on their day before, if one is over now.
    pub(super) fn take(&mut self, act: &Act, local: Local, long_list: u32) -> Option<f64> {
        if act.name == LOGIN_FAILED {
            // Anybody can try one under any id: it doesn't make somebody known, awake, or active until now.
            if self.awake.as_ref().is_some_and(|awake| !within_a_day(awake.since, act.at)) {
                self.awake = None;
            }
            let over = self.turn(local);
            self.denials.take(act, local);
            return over;
        }
        self.before = self.last.replace(act.at);
        if self.day.is_none_or(|day| day.day != local.day) {
            self.day = Some(local);
            self.days = self.days.saturating_add(1);
        }
        let over = self.turn(local);
        if act.shows() {
            self.reads.add(act, local);
            if act.action == Some(Action::Export) || (act.action == Some(Action::List) && act.extent() >= long_list) {
                self.bulk.add(act, local);
            }
        }
        if act.changes() {
            self.changes.add(act, local);
        }
        if act.removes() {
            self.removals.add(act, local);
        }
        self.denials.take(act, local);
        if act.is_work() {
            self.hours.add(local);
            if act.is_use() {
                self.this_hour.take(act, local);
            }
            self.devices.take(act, local);
        }
        self.come_back(act);
        if let Some(action) = act.action.filter(|_| act.done()) {
            self.habits.take(action, local);
        }
        over
    }

    /// Notices that a day is over, whether or not they do anything.
    pub(super) fn turn(&mut self, local: Local) -> Option<f64> {
        for tally in [&mut self.bulk, &mut self.changes, &mut self.removals] {
            tally.turn(local);
        }
        self.reads.turn(local)
    }

    /// Takes in that somebody vouched for what they did lately.
    pub(super) fn vouch(&mut self, local: Local) {
        for tally in [&mut self.reads, &mut self.bulk, &mut self.changes, &mut self.removals] {
            tally.vouch(local);
        }
    }

    fn come_back(&mut self, act: &Act) {
        let away = self.before.map_or(0, |before| act.at.as_micros().saturating_sub(before.as_micros()));
        if away > DAY {
            self.awake = Some(Awake { since: act.at, away, extent: 0, evidence: Vec::new() });
        }
        match &mut self.awake {
            Some(awake) if within_a_day(awake.since, act.at) => {
                awake.extent = awake.extent.saturating_add(act.extent().max(1));
                note(&mut awake.evidence, act.spot);
            }
            awake => *awake = None,
        }
    }
}

impl Denials {
    fn take(&mut self, act: &Act, local: Local) {
        let part = act.at.as_micros().div_euclid(PART);
        self.turn(part, local);
        if self.parts.is_empty() {
            // Denials with an hour between aren't in a row.
            self.in_a_row = Refused::default();
            self.evidence.clear();
        }
        let proven = act.name != LOGIN_FAILED;
        match (act.outcome, proven) {
            (Outcome::Denied, _) if ASKING.contains(&act.code.as_str()) => return,
            (Outcome::Denied, _) | (_, false) => {}
            (Outcome::Permitted, true) => {
                self.in_a_row = Refused::default();
                return;
            }
            (Outcome::Failed, true) => return,
        }
        self.in_a_row.add(Refused { all: 1, proven: u32::from(proven) });
        // What anybody can cause under any id makes no refusal of the actor's usual.
        self.today = self.today.saturating_add(u32::from(proven));
        match self.parts.back_mut().filter(|(of, _)| *of == part) {
            Some((_, refused)) => refused.add(Refused { all: 1, proven: u32::from(proven) }),
            None => self.parts.push_back((part, Refused { all: 1, proven: u32::from(proven) })),
        }
        if self.evidence.len() >= EVIDENCE {
            self.evidence.pop_front();
        }
        self.evidence.push_back((part, act.spot));
    }

    fn turn(&mut self, part: i64, local: Local) {
        self.parts.retain(|(of, _)| part.saturating_sub(*of) < PARTS);
        if self.day != Some(local.day) {
            if let Some(day) = self.day.replace(local.day) {
                self.usual.learn(Local { day, ..local }, f64::from(self.today));
            }
            self.today = 0;
        }
    }

    /// Returns how many there were in the last hour.
    pub(super) fn hour(&self) -> Refused {
        let mut hour = Refused::default();
        self.parts.iter().for_each(|(_, refused)| hour.add(*refused));
        hour
    }

    /// Returns the entries of those in a row, or of the last hour.
    pub(super) fn evidence(&self) -> Vec<Spot> {
        self.evidence.iter().map(|(_, spot)| *spot).collect()
    }
}

impl Refused {
    fn add(&mut self, more: Self) {
        self.all = self.all.saturating_add(more.all);
        self.proven = self.proven.saturating_add(more.proven);
    }
}

impl ThisHour {
    fn take(&mut self, act: &Act, local: Local) {
        if self.hours != local.hours {
            *self = Self { hours: local.hours, ..Self::default() };
        }
        self.acts = self.acts.saturating_add(1);
        self.extent = self.extent.saturating_add(act.extent());
        note(&mut self.evidence, act.spot);
    }
}

impl Devices {
    fn take(&mut self, act: &Act, local: Local) {
        let Some(hash) = act.device else { return };
        let first = *self.first.get_or_insert(act.at);
        if let Some(place) = self.known.iter().position(|known| *known == hash) {
            self.known.remove(place);
        } else {
            if !self.known.is_empty() {
                if self.came.len() >= DEVICES {
                    self.came.pop_front();
                }
                self.came.push_back(local.day);
                let after = act.at.as_micros().saturating_sub(first.as_micros());
                self.new = Some(Newcomer { hash, since: act.at, after, extent: 0, evidence: Vec::new() });
            }
            if self.known.len() >= DEVICES {
                self.known.pop_front();
            }
        }
        self.known.push_back(hash);
        if let Some(new) = self.new.as_mut().filter(|new| new.hash == hash && within_a_day(new.since, act.at)) {
            new.extent = new.extent.saturating_add(act.extent());
            note(&mut new.evidence, act.spot);
        }
    }

    /// Returns the device that came within the last day, if the act is from it.
    pub(super) fn newcomer(&self, act: &Act) -> Option<&Newcomer> {
        self.new.as_ref().filter(|new| Some(new.hash) == act.device && within_a_day(new.since, act.at))
    }

    /// Returns how many new ones came in the last so many days.
    pub(super) fn came_within(&self, days: i64, local: Local) -> usize {
        self.came.iter().filter(|day| local.day.saturating_sub(**day) < days).count()
    }
}

impl Habits {
    fn take(&mut self, action: Action, local: Local) {
        if !action.is_administration() && action != Action::Erase {
            return;
        }
        match self.0.iter_mut().find(|(known, ..)| *known == action) {
            Some((_, _, day)) if *day == local.day => {}
            Some((_, days, day)) => (*days, *day) = (days.saturating_add(1), local.day),
            None => self.0.push((action, 1, local.day)),
        }
    }

    /// Returns on how many days they did it, today included.
    pub(super) fn days(&self, action: Action) -> u32 {
        self.0.iter().find(|(known, ..)| *known == action).map_or(0, |(_, days, _)| *days)
    }
}

/// Tells whether `at` is within the day after `since`.
fn within_a_day(since: Timestamp, at: Timestamp) -> bool {
    at.as_micros().saturating_sub(since.as_micros()) < DAY
}

fn note(evidence: &mut Vec<Spot>, spot: Spot) {
    if evidence.len() < EVIDENCE {
        evidence.push(spot);
    }
}
