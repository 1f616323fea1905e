//! The gravity of events, on the scales of log formats.

use super::{Event, Outcome};
use crate::model::Action;

/// The gravity of an event, from everyday to alarming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Work on records, permitted.
    Routine,
    /// Administration, and acts that take data out or destroy it, permitted.
    Notable,
    /// Acts that were refused.
    Refused,
    /// Acts that were allowed, and failed.
    Failed,
    /// An alert, or a check that found damage.
    Alert(Severity),
}

/// The gravity that an alert gives itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Grade {
    pub(super) fn of(event: &Event) -> Self {
        match (event.action(), event.outcome()) {
            ("alert", _) => Self::Alert(Severity::of(event.code())),
            ("verify", Outcome::Permitted) if is_damage(event.code()) => Self::Alert(Severity::Critical),
            (_, Outcome::Denied) | ("host_login_failed", _) => Self::Refused,
            (_, Outcome::Failed) => Self::Failed,
            (action, Outcome::Permitted) => Action::from_name(action).map_or(Self::Routine, Self::of_permitted),
        }
    }

    fn of_permitted(action: Action) -> Self {
        let notable =
            matches!(action, Action::Export | Action::Unmask | Action::Erase | Action::Hold | Action::BreakGlass);
        if notable || action.is_administration() { Self::Notable } else { Self::Routine }
    }

    /// Returns the severity of RFC 5424, 0 to 7, the gravest first.
    pub(super) fn syslog(self) -> u8 {
        match self {
            Self::Alert(Severity::Critical) => 1,
            Self::Alert(Severity::High) => 2,
            Self::Alert(Severity::Medium) | Self::Failed => 3,
            Self::Alert(Severity::Low) | Self::Refused => 4,
            Self::Notable => 5,
            Self::Routine => 6,
        }
    }

    /// Returns the severity of CEF, 0 to 10.
    pub(super) fn cef(self) -> u8 {
        match self {
            Self::Routine => 1,
            Self::Notable => 3,
            Self::Refused | Self::Alert(Severity::Low) => 4,
            Self::Failed => 5,
            Self::Alert(Severity::Medium) => 6,
            Self::Alert(Severity::High) => 8,
            Self::Alert(Severity::Critical) => 10,
        }
    }

    /// Returns OCSF's `severity_id`, and its caption.
    pub(super) fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Routine | Self::Notable => (1, "Informational"),
            Self::Refused | Self::Alert(Severity::Low) => (2, "Low"),
            Self::Failed | Self::Alert(Severity::Medium) => (3, "Medium"),
            Self::Alert(Severity::High) => (4, "High"),
            Self::Alert(Severity::Critical) => (5, "Critical"),
        }
    }
}

impl Severity {
    fn of(code: &str) -> Self {
        match code {
            "low" | "info" => Self::Low,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Medium,
        }
    }
}

/// Tells whether a verdict's code, of a check or of a round of a scrub, is one of damage, or of somebody's hand.
fn is_damage(code: &str) -> bool {
    matches!(code.strip_prefix("scrub_").unwrap_or(code), "rows_differ" | "rewritten" | "gap" | "truncated")
}

#[cfg(test)]
mod tests;
