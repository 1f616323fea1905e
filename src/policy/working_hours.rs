//! Acts at certain hours only.
//!
//! Guarantees: outside the hours nothing that it applies to is done. Does not: know daylight saving time, or stop what was
//! begun within them.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::applies::{self, Applies};
use super::constraint::{Constraint, constraint, version};
use super::fault::{self, Fault, Faulty};
use super::{Decision, Denial, Looked, PolicyVersion, codes};
use crate::model::{Action, Facts, Request, Timestamp};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;
/// The offsets from UTC that are in use anywhere, in minutes.
const OFFSETS: std::ops::RangeInclusive<i32> = -720..=840;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// Day 1 of ISO 8601.
    Monday,
    /// Day 2 of ISO 8601.
    Tuesday,
    /// Day 3 of ISO 8601.
    Wednesday,
    /// Day 4 of ISO 8601.
    Thursday,
    /// Day 5 of ISO 8601.
    Friday,
    /// Day 6 of ISO 8601.
    Saturday,
    /// Day 7 of ISO 8601.
    Sunday,
}

/// Forbids what is done outside working hours.
///
/// ```
/// use strongroom::model::Action;
/// use strongroom::policy::{AccessPolicy, Roles, WorkingHours, all_of};
///
/// let policy = all_of(Roles::new().role("sales", |r| r.on("customers").read_all().update_all().export()))
///     // The office in Shanghai, with a break at noon and a day off; whoever is on call may work at any time.
///     .and(WorkingHours::new()
///         .utc_offset_minutes(480)
///         .monday_to_friday()
///         .between((8, 30), (12, 0))
///         .between((13, 0), (18, 0))
///         .closed("2026-10-01")
///         .except_role("on call")
///         .for_acts([Action::Read, Action::List, Action::Search, Action::Update, Action::Export]));
/// policy.check()?;
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// A span holds from its first minute to just before its last. One that ends before it begins, such as `(22, 0)` to
/// `(6, 0)`, goes over midnight and belongs to the day on which it begins: with [`monday_to_friday`](Self::monday_to_friday)
/// Saturday's first six hours are still Friday's. Without a span the whole day counts, without days every day.
///
/// Nothing said of acts is every act, administration and emergency access too: except a role that can get in at night.
///
/// **Limits.** The offset from UTC is fixed; daylight saving time isn't known. Where clocks change, give the vault another
/// policy when they do, or make the span an hour wider. The time is the vault's clock's.
#[derive(Debug, Clone, Default)]
#[must_use = "it limits nothing until it is part of a policy: `all_of(..).and(..)`"]
pub struct WorkingHours {
    offset: i32,
    days: Option<BTreeSet<Weekday>>,
    /// Minutes of the day, from and until.
    spans: BTreeSet<(i64, i64)>,
    /// Days since 1970.
    closed: BTreeSet<i64>,
    applies: Applies,
    faults: Vec<Fault>,
}

impl WorkingHours {
    /// Begins with every hour of every day, in UTC.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how far the local time is ahead of UTC: 480 in Shanghai, -180 in Brasília.
    pub fn utc_offset_minutes(mut self, minutes: i32) -> Self {
        if !OFFSETS.contains(&minutes) {
            let what = format!("no place is {minutes} minutes ahead of UTC, only -720 to 840");
            self.faults.push(Fault::unsaid(&[fault::UTC_OFFSET], what));
        }
        self.offset = minutes;
        self
    }

    /// Adds these days.
    pub fn days(mut self, days: impl IntoIterator<Item = Weekday>) -> Self {
        self.days.get_or_insert_default().extend(days);
        self
    }

    /// Adds Monday to Friday.
    pub fn monday_to_friday(self) -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        self.days([Monday, Tuesday, Wednesday, Thursday, Friday])
    }

    /// Adds a span from this hour and minute until just before that one.
    pub fn between(mut self, from: (u8, u8), until: (u8, u8)) -> Self {
        let minute = |(hour, minute): (u8, u8)| {
            let of_day = i64::from(hour) * 60 + i64::from(minute);
            (minute < 60 && of_day <= 1_440).then_some(of_day)
        };
        match (minute(from), minute(until)) {
            (Some(from), Some(until)) if from != until && from < 1_440 => {
                self.spans.insert((from, until));
            }
            (Some(_), Some(_)) => {
                self.faults.push(Fault::unsaid(&[fault::BETWEEN], "a span begins where it ends"));
            }
            _ => {
                let what = format!("{from:?} to {until:?} are no times of a day, hours up to 24 and minutes up to 59");
                self.faults.push(Fault::unsaid(&[fault::BETWEEN], what));
            }
        }
        self
    }

    /// Closes this day, in local time, such as `2026-12-25`.
    pub fn closed(mut self, date: &str) -> Self {
        match day_of(date) {
            Some(day) => {
                self.closed.insert(day);
            }
            None => {
                let what = format!("`{date}` is no day of the calendar, with year, month and day");
                self.faults.push(Fault::unsaid(&[fault::CLOSED], what));
            }
        }
        self
    }

    /// Excepts actors with this role. Said again: with any of the roles.
    pub fn except_role(mut self, role: impl Into<String>) -> Self {
        applies::add(&mut self.applies.except_roles, [role]);
        self
    }

    /// Holds for these acts only.
    pub fn for_acts(mut self, acts: impl IntoIterator<Item = Action>) -> Self {
        self.applies.add_acts(acts);
        self
    }

    fn local(&self, now: Timestamp) -> (i64, i64) {
        let local = now.as_micros().saturating_add(i64::from(self.offset).saturating_mul(MINUTE));
        (local.div_euclid(DAY), local.rem_euclid(DAY))
    }

    fn holds(&self, now: Timestamp) -> bool {
        let (today, time) = self.local(now);
        if self.spans.is_empty() {
            return self.is_working_day(today);
        }
        self.spans.iter().any(|(from, until)| {
            let (begun, over) = (time >= from * MINUTE, time >= until * MINUTE);
            if from < until {
                return begun && !over && self.is_working_day(today);
            }
            begun && self.is_working_day(today) || !over && self.is_working_day(today.saturating_sub(1))
        })
    }

    fn is_working_day(&self, day: i64) -> bool {
        let open = self.days.as_ref().is_none_or(|days| days.contains(&weekday(day)));
        open && !self.closed.contains(&day)
    }

    /// Says the local day and time, and what the hours are, for an administrator.
    fn said(&self, now: Timestamp) -> String {
        let (today, time) = self.local(now);
        let minute = time / MINUTE;
        let spans = self.spans.iter().map(|(from, until)| format!("{} to {}", clock(*from), clock(*until)));
        let spans: Vec<String> = spans.collect();
        let spans = if spans.is_empty() { "all day".to_owned() } else { spans.join(" and ") };
        let days = match &self.days {
            None => "every day".to_owned(),
            Some(days) => days.iter().map(|day| format!("{day:?}")).collect::<Vec<_>>().join(", "),
        };
        let closed = if self.closed.contains(&today) { ", a day that it is closed" } else { "" };
        format!("it is {:?} {}{closed}; the hours are {spans}, {days}", weekday(today), clock(minute))
    }
}

impl Faulty for WorkingHours {
    const NAME: &'static str = "working hours";

    fn faults(&self) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        faults.extend(self.applies.faults());
        if self.days.as_ref().is_some_and(BTreeSet::is_empty) {
            let what = "an empty list of days, so it is never time: leave it out for all days";
            faults.push(Fault::new(&fault::DAYS, what));
        }
        if self.days.is_none() && self.spans.is_empty() && self.closed.is_empty() && faults.is_empty() {
            faults.push(Fault::unsaid(
                &[fault::BETWEEN, fault::DAYS, fault::CLOSED],
                "there are no hours, so it limits nothing",
            ));
        }
        faults
    }
}

impl Constraint for WorkingHours {
    fn judge(&self, request: &Request<'_>, facts: &dyn Facts) -> Decision {
        if !self.faults.is_empty() {
            return Denial::new(codes::POLICY_INVALID, fault::told(self)).into();
        }
        if self.applies.why_not(request).is_some() || self.holds(facts.now()) {
            return Decision::no_objection(Self::NAME);
        }
        Denial::new(codes::OUTSIDE_HOURS, format!("{}: {}", request.action, self.said(facts.now())))
            .rule(Self::NAME)
            .for_user("This can be done during working hours only.")
            .into()
    }

    fn version_of_settings(&self) -> PolicyVersion {
        let mut settings = self.applies.settings();
        settings.push(format!("offset {}", self.offset));
        if let Some(days) = &self.days {
            settings.push("by day".to_owned());
            settings.extend(days.iter().map(|day| format!("day {}", *day as u8)));
        }
        settings.extend(self.spans.iter().map(|(from, until)| format!("from {from} until {until}")));
        settings.extend(self.closed.iter().map(|day| format!("closed {day}")));
        version(Self::NAME, &settings)
    }

    fn looked(&self, request: &Request<'_>, facts: &dyn Facts, decision: &Decision) -> Vec<Looked> {
        match self.applies.why_not(request) {
            Some(why) => vec![Looked::new(Self::NAME, false, why.to_string())],
            None => vec![Looked::new(Self::NAME, decision.forbids(), self.said(facts.now()))],
        }
    }
}

constraint!(WorkingHours);

fn weekday(day: i64) -> Weekday {
    // 1970-01-01 was a Thursday.
    match day.rem_euclid(7) {
        0 => Weekday::Thursday,
        1 => Weekday::Friday,
        2 => Weekday::Saturday,
        3 => Weekday::Sunday,
        4 => Weekday::Monday,
        5 => Weekday::Tuesday,
        _ => Weekday::Wednesday,
    }
}

fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Returns the day since 1970 of a date in the form 2026-12-25, if there is such a day.
fn day_of(date: &str) -> Option<i64> {
    let midnight: Timestamp = format!("{date}T00:00:00Z").parse().ok()?;
    (date.len() == "2026-12-25".len()).then(|| midnight.as_micros().div_euclid(DAY))
}
