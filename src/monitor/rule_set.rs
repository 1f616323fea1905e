//! The rules that a monitor goes by.

use std::collections::BTreeMap;

use super::any_rule::{AnyRule, Kept};
use super::local::Offset;
use super::response::Respond;
use super::rule::{Detector, RuleName};
use super::rules::{
    BreakGlassUse, DormantActor, JournalTrouble, KeyActs, MassChange, MassExport, MassRead, NewDevice, OffHours,
    PrivilegeUse, RepeatedDenials,
};

/// The rows of a list that is as good as an export.
const LONG_LIST: u32 = 200;

/// The rules that a [`Monitor`](super::Monitor) goes by: with what thresholds, in which local time, and what it does by
/// itself.
///
/// ```
/// use strongroom::monitor::{Honeypot, MassRead, Respond, RuleName, Rules};
///
/// let rules = Rules::standard()
///     .utc_offset_minutes(480)
///     .with(MassRead::new().hour_per_cent(3.0))
///     .with(Honeypot::new(["3f0c1b7e-5a55-4d0f-9a31-2f4f5f0f8a10"]))
///     .without(RuleName::KeyActs)
///     .respond(RuleName::MassExport, Respond::SuspendActor);
/// # let _ = rules;
/// ```
#[derive(Debug)]
#[must_use = "rules do nothing before a monitor is made with them"]
pub struct Rules {
    pub(super) detectors: BTreeMap<RuleName, Box<dyn Detector>>,
    pub(super) trouble: Option<JournalTrouble>,
    pub(super) responses: BTreeMap<RuleName, Vec<Respond>>,
    pub(super) offset: Offset,
    pub(super) long_list: u32,
}

impl Rules {
    /// Makes a set without rules.
    pub fn none() -> Self {
        Self {
            detectors: BTreeMap::new(),
            trouble: None,
            responses: BTreeMap::new(),
            offset: Offset::default(),
            long_list: LONG_LIST,
        }
    }

    /// Makes a set of all rules with their usual thresholds, but for [`Honeypot`](super::Honeypot), which has to be told
    /// whom to watch. None responds.
    pub fn standard() -> Self {
        Self::none()
            .with(RepeatedDenials::new())
            .with(MassRead::new())
            .with(MassExport::new())
            .with(MassChange::new())
            .with(OffHours::new())
            .with(NewDevice::new())
            .with(PrivilegeUse::new())
            .with(DormantActor::new())
            .with(BreakGlassUse::new())
            .with(JournalTrouble::new())
            .with(KeyActs::new())
    }

    /// Adds a rule, or puts it in the place of the one of its name.
    pub fn with(mut self, rule: impl Into<AnyRule>) -> Self {
        match rule.into().0 {
            Kept::Detector(detector) => {
                self.detectors.insert(detector.name(), detector);
            }
            Kept::Trouble(trouble) => self.trouble = Some(trouble),
        }
        self
    }

    /// Leaves a rule out.
    pub fn without(mut self, rule: RuleName) -> Self {
        self.detectors.remove(&rule);
        if rule == RuleName::JournalTrouble {
            self.trouble = None;
        }
        self
    }

    /// Has an alert of this rule answered by itself, by the [responder](super::Monitor::responder). Said again, both are
    /// done, in this order.
    pub fn respond(mut self, rule: RuleName, respond: Respond) -> Self {
        let responses = self.responses.entry(rule).or_default();
        if !responses.contains(&respond) {
            responses.push(respond);
        }
        self
    }

    /// Sets how far the local time is ahead of UTC: 480 in Shanghai, -180 in Brasília; from -720 to 840. Working hours and
    /// days are counted in it. Daylight saving time isn't known; an hour beside a usual one is usual, so it does little
    /// harm.
    pub fn utc_offset_minutes(mut self, minutes: i32) -> Self {
        self.offset = Offset::minutes(minutes);
        self
    }

    /// Sets how many rows of a list count as an export; 200 unless set. Pages of lists hold at most 1,000 rows.
    pub fn long_list(mut self, rows: u32) -> Self {
        self.long_list = rows.max(2);
        self
    }
}
