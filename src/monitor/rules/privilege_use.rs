//! Privilege change, then use: somebody opens a door and walks through it.

use crate::model::Action;
use crate::monitor::RuleName;
use crate::monitor::local::MINUTE;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted, number};

/// The minutes after a change in which its use counts.
const WITHIN_MINUTES: u32 = 60;
/// Reads that count as use: a thousandth of the store, at least
const LEAST: f64 = 20.0;
/// and at most.
const MOST: f64 = 200.0;

/// The rule that somebody changed who may do what (the policy, a role as the host reports it, a schema, ten shares with one
/// person), and within an hour the same person, or the one whom it favours, exports, unmasks, or reads a good number of
/// records (a thousandth of the tenant's data subjects, 20 at least, 200 at most). One share and a read is what shares are
/// for, and no alert.
#[derive(Debug, Clone, Copy)]
pub struct PrivilegeUse {
    minutes: u32,
}

super::rule!(PrivilegeUse);

impl PrivilegeUse {
    /// Makes the rule: within an hour.
    #[must_use]
    pub const fn new() -> Self {
        Self { minutes: WITHIN_MINUTES }
    }

    /// Sets within how many minutes after the change, at most a day's.
    #[must_use]
    pub fn within_minutes(mut self, minutes: u32) -> Self {
        self.minutes = minutes.clamp(1, 1_440);
        self
    }
}

impl Detector for PrivilegeUse {
    fn name(&self) -> RuleName {
        RuleName::PrivilegeUse
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let act = view.act;
        if !act.shows() || view.silenced() {
            return None;
        }
        let changes = view.changes.favouring(act, i64::from(self.minutes) * MINUTE);
        let latest = changes.last()?;
        let amount = view.person.reads.hour(act);
        let takes_out = matches!(act.action, Some(Action::Export | Action::Unmask)) && act.extent() > 0;
        let needed = view.substance(LEAST, MOST);
        if !takes_out && amount < needed {
            return None;
        }
        let minutes = act.at.as_micros().saturating_sub(latest.at.as_micros()) / MINUTE;
        let own = latest.by == view.actor();
        let text = format!(
            "`{}` read {} within an hour (`{}`), {} minutes after {} (`{}`)",
            view.actor(),
            counted(amount, "data subject", "data subjects"),
            act.name,
            number(f64::from(u32::try_from(minutes).unwrap_or(0))),
            if own {
                "they changed who may do what".to_owned()
            } else {
                format!("`{}` gave them more rights", latest.by)
            },
            latest.name,
        );
        let mut evidence: Vec<_> = changes.iter().map(|change| change.spot).collect();
        evidence.extend(view.person.reads.evidence(act, true));
        Some(Finding::new(Severity::High, text).degree((amount / needed).max(1.0)).evidence(evidence))
    }
}
