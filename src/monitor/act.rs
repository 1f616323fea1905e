//! The acts that the rules see: plain values, taken from an event once.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::audit::{Event, Outcome};
use crate::format::journal_entry::MAX_SUBJECTS;
use crate::model::{Action, Pseudonym, TenantId, Timestamp};

/// The place of an entry in its journal: the block's position, and the number in the block.
pub(super) type Spot = (u64, u32);

/// The act of an entry that tells of an alert.
pub(super) const ALERT: &str = "alert";
/// The act of an entry that tells that a monitor has begun to watch.
pub(super) const BEGAN: &str = "monitor_began";
/// The act of an entry that tells that a monitor has ended its watch.
pub(super) const ENDED: &str = "monitor_ended";
/// The act of an entry that tells what somebody thought of an alert.
pub(super) const FEEDBACK: &str = "alert_feedback";

/// One act.
#[cfg_attr(test, derive(Debug))]
#[derive(Clone)]
pub(super) struct Act {
    pub(super) at: Timestamp,
    pub(super) spot: Spot,
    pub(super) tenant: Option<TenantId>,
    pub(super) actor: Option<String>,
    /// A hash of the device's name.
    pub(super) device: Option<u64>,
    /// `None` for what is no act of the library's.
    pub(super) action: Option<Action>,
    /// The act's name.
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) code: String,
    pub(super) rule: String,
    pub(super) party: Option<String>,
    /// The records touched: whose they are, and which of theirs.
    pub(super) subjects: Vec<(Pseudonym, u32)>,
    pub(super) rows: u32,
    /// The act made a new revision of a record.
    pub(super) revised: bool,
    pub(super) evidence: Vec<Spot>,
}

impl Act {
    pub(super) fn of(event: &Event) -> Self {
        let changes = event.revision_after().is_some() || !event.fields_changed().is_empty();
        Self {
            at: event.time(),
            spot: (event.position(), event.index()),
            tenant: event.tenant(),
            actor: event.actor().map(str::to_owned),
            device: event.device().map(hash_of),
            action: Action::from_name(event.action()),
            name: event.action().to_owned(),
            outcome: event.outcome(),
            code: event.code().to_owned(),
            rule: event.rule().to_owned(),
            party: event.party().map(str::to_owned),
            subjects: event.subjects().iter().map(|subject| (subject.pseudonym, subject.number)).collect(),
            rows: event.rows().unwrap_or(0),
            revised: changes,
            evidence: event.evidence(),
        }
    }

    pub(super) fn done(&self) -> bool {
        self.outcome == Outcome::Permitted
    }

    /// Tells whether the act showed records.
    pub(super) fn shows(&self) -> bool {
        self.done() && self.action.is_some_and(Action::reads) && !self.changes()
    }

    /// Tells whether the act changed or removed records, or gave them away.
    pub(super) fn changes(&self) -> bool {
        self.done()
            && match self.action {
                Some(Action::Update) => self.revised,
                Some(Action::Delete | Action::Transfer | Action::Erase) => true,
                _ => false,
            }
    }

    /// Tells whether the act removed records.
    pub(super) fn removes(&self) -> bool {
        self.done() && matches!(self.action, Some(Action::Delete | Action::Erase))
    }

    /// Tells whether the act is work on records, allowed or not: working hours and devices are learned from that.
    pub(super) fn is_work(&self) -> bool {
        self.actor.is_some() && self.action.is_some_and(|action| !action.is_administration())
    }

    /// Tells whether the act is work on records that were there before.
    pub(super) fn is_use(&self) -> bool {
        self.is_work() && self.action != Some(Action::Create)
    }

    /// Hashes of the data subjects touched. Rows that the entry gives no names to count as one each.
    pub(super) fn people(&self) -> impl Iterator<Item = u64> {
        let nameless = if self.subjects.is_empty() { self.rows.min(NAMELESS) } else { 0 };
        let spot = self.spot;
        self.subjects
            .iter()
            .map(|(pseudonym, _)| hash_of(pseudonym))
            .chain((0..nameless).map(move |n| hash_of(&(spot, n))))
    }

    /// Returns the number of records that the act touched or showed.
    pub(super) fn extent(&self) -> u32 {
        u32::try_from(self.subjects.len()).unwrap_or(u32::MAX).max(self.rows)
    }
}

/// The most rows without names that are counted of one entry; the library names them all.
#[allow(clippy::cast_possible_truncation, reason = "a small constant")]
const NAMELESS: u32 = MAX_SUBJECTS as u32;

/// Returns a hash that is good enough to tell things apart within one run of the program. It is never stored.
pub(super) fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
