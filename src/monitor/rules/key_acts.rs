//! Key acts: what creates, turns or destroys keys, what copies everything, and what drops the journal's past.

use crate::audit::Outcome;
use crate::model::Action;
use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted};

/// The days on which somebody must have done an act before it counts as their work.
const HABIT_DAYS: u32 = 3;

/// The rule that somebody created the vault or a tenant, rotated keys, erased somebody, made a backup or restored one,
/// dropped old journal entries, or was refused it. Creating tenants, erasing and backing up are nothing to tell of from
/// those who have done it on 3 days before, unless changed; restoring, rotating keys and dropping entries always are.
#[derive(Debug, Clone, Copy)]
pub struct KeyActs {
    habit_days: u32,
}

super::rule!(KeyActs);

impl KeyActs {
    /// Makes the rule: a habit after 3 days.
    #[must_use]
    pub const fn new() -> Self {
        Self { habit_days: HABIT_DAYS }
    }

    /// Sets on how many days somebody must have done an act before it counts as their work.
    #[must_use]
    pub fn habit_days(mut self, days: u32) -> Self {
        self.habit_days = days;
        self
    }
}

impl Detector for KeyActs {
    fn name(&self) -> RuleName {
        RuleName::KeyActs
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let action = view.act.action?;
        // A new tenant is on record twice: by the vault, and in the tenant itself.
        if action == Action::CreateTenant && view.act.tenant.is_none() && view.act.done() {
            return None;
        }
        // Who opens a vault isn't known to it.
        if action == Action::ChangePolicy && view.act.actor.is_none() {
            let text = "the vault was opened with another policy than the one that was in force";
            return (!view.silenced()).then(|| Finding::new(Severity::Medium, text.to_owned()));
        }
        let (severity, habitual) = match action {
            Action::CreateVault | Action::CreateTenant | Action::Erase | Action::Backup => (Severity::Info, true),
            Action::RotateKeys => (Severity::Medium, false),
            // A plan changes nothing, nor does what was dropped already.
            Action::Retain if view.act.code == "dropped" || view.denied() => (Severity::Medium, false),
            Action::Restore => (Severity::High, false),
            _ => return None,
        };
        let days = view.person.habits.days(action);
        if view.silenced() || (habitual && days > self.habit_days) || view.act.outcome == Outcome::Failed {
            return None;
        }
        let (severity, what) = match view.act.outcome {
            Outcome::Denied => (severity.raised(), "was refused"),
            _ => (severity, "did"),
        };
        let text = format!(
            "`{}` {what} `{action}`; they have done it on {}",
            view.actor(),
            counted(f64::from(days), "day", "days")
        );
        Some(Finding::new(severity, text))
    }
}
