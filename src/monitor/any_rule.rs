//! A rule of any kind.

use super::JournalTrouble;
use super::rule::Detector;

/// A rule with its thresholds, for [`Rules::with`](super::Rules::with): made from [`MassRead`](super::MassRead) and the
/// others.
#[derive(Debug)]
pub struct AnyRule(pub(super) Kept);

/// Rules that look at entries, and the two that need more.
#[derive(Debug)]
pub(super) enum Kept {
    Detector(Box<dyn Detector>),
    Trouble(JournalTrouble),
}

impl From<JournalTrouble> for AnyRule {
    fn from(rule: JournalTrouble) -> Self {
        Self(Kept::Trouble(rule))
    }
}
