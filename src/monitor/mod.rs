//! Alerts on what is unusual, and what is done about them.

mod act;
mod alert;
mod engine;
mod hours;
mod joining;
mod local;
mod outlet;
mod people;
mod person;
mod privilege;
mod respond;
mod rule;
mod rule_set;
mod rules;
mod sketch;
mod stream;
mod tally;
mod tuning;
mod usual;
mod watch;

#[cfg(test)]
mod tests;

pub use alert::{Alert, AlertChannel, AlertError, AlertLines, AlertSink};
pub use outlet::AlertSinkHealth;
pub use respond::{Respond, Response, ResponseOutcome};
pub use rule::{AnyRule, RuleName, Severity};
pub use rule_set::Rules;
pub use rules::{
    BreakGlassUse, DormantActor, Honeypot, JournalTrouble, KeyActs, MassChange, MassExport, MassRead, NewDevice,
    OffHours, PrivilegeUse, RepeatedDenials,
};
pub use tuning::Feedback;
pub use watch::{Monitor, MonitorHealth};
