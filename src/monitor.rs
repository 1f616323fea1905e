//! Alerts on what is unusual, and what is done about them.
//!
//! A [`Monitor`] reads the journal as it is written and holds each act against the size of the store and the actor's own
//! past. What stands out is an [`Alert`]: it names its numbers and the entries it rests on, goes to your [`AlertSink`]s and
//! into the journal, and can be answered at once: by a new log-in, a suspension, a freeze.
//!
//! ```
//! use strongroom::model::Action;
//! use strongroom::monitor::{Monitor, Respond, RuleName, Rules, alert_lines};
//! use strongroom::policy::Roles;
//! use strongroom::vault::Memory;
//! use strongroom::{Actor, Vault};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rules = Rules::standard()
//!     .utc_offset_minutes(480)
//!     .respond(RuleName::MassExport, Respond::SuspendActor);
//! let monitor = Monitor::new(rules)
//!     .alerts(alert_lines(std::io::stderr()))
//!     .responder(Actor::new("guard").with_role("guard"))
//!     .never_suspend(["root"]);
//!
//! let policy = Roles::new()
//!     .role("admin", |r| r.administer())
//!     .role("guard", |r| r.may([Action::Suspend, Action::Freeze]));
//! let vault = Vault::in_memory(&Memory::new())
//!     .policy(policy)
//!     .sink(monitor.sink()) // first the sink,
//!     .create()?;
//! monitor.watch(&vault)?; // then the watch: alerts wait for it
//! assert!(monitor.health().watching);
//! # Ok(())
//! # }
//! ```
//!
//! # The rules
//!
//! Each has its page, with its thresholds and how to change them.
//!
//! | rule | finds |
//! |---|---|
//! | [`RepeatedDenials`] | somebody who tries doors |
//! | [`MassRead`], [`MassExport`], [`MassChange`] | somebody who sees, takes out, changes or removes far more than usual |
//! | [`OffHours`] | somebody who works when they never do |
//! | [`NewDevice`] | somebody who works from a device that was never seen with them |
//! | [`PrivilegeUse`] | somebody who opens a door and walks through it |
//! | [`DormantActor`] | an account that nobody used, in use |
//! | [`Honeypot`] | a record that nobody has any business with, touched |
//! | [`BreakGlassUse`] | emergency access, taken or tried |
//! | [`JournalTrouble`] | a journal or sink in trouble, a verification that found the vault not intact or came to no answer |
//! | [`KeyActs`] | tenants created, keys rotated, people erased, backups made and restored, old journal entries dropped, the vault opened with another policy |
//!
//! Amounts are *data subjects*: each customer once, however often they were shown and however many records are about them.
//! They are counted to within 6.5 % (standard error), hence the word *about*. A threshold is the largest of three: a share of
//! the tenant's data subjects, with a floor for small firms and a ceiling for large ones; some multiple of the actor's own
//! usual day (of somebody new, of the others'); and the highest day of theirs that is remembered. So the same rules fit 300
//! customers and 3 million. A day that was out of the ordinary teaches only a little, so that nobody makes a theft usual by
//! committing it; [`Monitor::feedback`] says that it was nothing.
//!
//! Measured on made-up firms (`monitor/tests`): five times twelve people with 3,000 customers raise two alerts in 150 days, both
//! on the first, while nothing is known of anybody; three people with 300 none. There, who pages through all customers is found
//! within 2 minutes, who opens one every six seconds within 26, one a minute within 7 hours, who exports 500 or deletes one a
//! second within a minute.
//!
//! # What it guarantees
//!
//! - No act waits for the monitor, nor the monitor for an alert sink: each sink has a thread and a queue (of 1,024) of its
//!   own. Responses are made by a thread that no act waits for.
//! - Time is that of the entries, so the same journal gives the same alerts. It only goes forward: an entry from the past
//!   counts at the time that the journal has reached, and a leap of more than 3 days ahead once another block agrees with it,
//!   so no wrong time hides what somebody does. A clock that was ahead and is right again is followed after an hour of entries
//!   (60 blocks at least); until then time stands still, which may cause an alert, and prevents none.
//! - What it knows it learns from the journal, from its beginning, each time that the vault is opened: nothing is stored.
//!   What is on record as an alert isn't raised again; what a crash kept from it, or happened in the last three days
//!   without a monitor, is. An alert may so be told twice, but isn't lost before it is in the journal.
//! - Repeats are joined for 8 hours, and for a day at most, and told again when it gets four times worse. What the monitor
//!   writes itself raises nothing.
//! - Memory is bounded: 10,000 actors (1 to 15 KiB each; who was seen longest ago is forgotten first), 4,096 tenants,
//!   1,024 alerts that wait.
//! - The responder acts by the public calls: the policy must permit it
//!   [`Action::Suspend`](crate::model::Action::Suspend) and [`Action::Freeze`](crate::model::Action::Freeze), and the
//!   journal shows what it did. What was refused or failed is part of the alert, and of [`Monitor::health`]. The responder
//!   and those of [`Monitor::never_suspend`] are never suspended, and no more than five actors an hour, unless changed.
//!
//! # What it doesn't do
//!
//! It stops nothing that was decided before the response, which comes some milliseconds after the entry is durable; a policy
//! with [`RowLimit`](crate::policy::RowLimit) does. It doesn't add up what several actors take together, or notice who raises
//! their usual day slowly over weeks. It believes who the host says acts. Somebody who acts in another's name can have them
//! suspended, and with [`Respond::FreezeTenant`] stop a tenant: hence the lists and limits above; freeze only on what is
//! worth it. An alert's text names actors and counts, never a field's value.

mod act;
mod alert;
mod any_rule;
mod engine;
mod hours;
mod joining;
mod local;
mod outlet;
mod people;
mod person;
mod privilege;
mod responder;
mod response;
mod rule;
mod rule_set;
mod rules;
mod sketch;
mod stream;
mod tally;
mod timeline;
mod tuning;
mod usual;
mod watch;
mod worker;

#[cfg(test)]
mod tests;

pub use alert::{Alert, AlertSink, alert_channel, alert_lines};
pub use any_rule::AnyRule;
pub use outlet::AlertSinkHealth;
pub use response::{Respond, Response, ResponseOutcome};
pub use rule::{RuleName, Severity};
pub use rule_set::Rules;
pub use rules::{
    BreakGlassUse, DormantActor, Honeypot, JournalTrouble, KeyActs, MassChange, MassExport, MassRead, NewDevice,
    OffHours, PrivilegeUse, RepeatedDenials,
};
pub use tuning::Feedback;
pub use watch::{Monitor, MonitorHealth};
