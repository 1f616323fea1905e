//! Break-glass used: emergency access, taken or tried.

use crate::model::Action;
use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Severity, View};
use crate::policy::codes;

/// The rule that somebody took emergency access, or was refused it, or acted under it. It can't be tuned away: that somebody
/// looks is what emergency access rests on.
#[derive(Debug, Clone, Copy)]
pub struct BreakGlassUse(());

super::rule!(BreakGlassUse);

impl BreakGlassUse {
    /// Makes the rule. It has no thresholds.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Detector for BreakGlassUse {
    fn name(&self) -> RuleName {
        RuleName::BreakGlassUse
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let act = view.act;
        let taking = act.action == Some(Action::BreakGlass);
        let (severity, what) = match act.code.as_str() {
            codes::BREAK_GLASS if taking && act.done() => (Severity::High, "took emergency access"),
            codes::BREAK_GLASS if act.done() => (Severity::High, "acted under emergency access"),
            _ if taking && view.denied() => (Severity::Medium, "was refused emergency access"),
            _ => return None,
        };
        let text = format!("`{}` {what} (`{}`)", view.actor(), act.name);
        Some(Finding::new(severity, text))
    }
}
