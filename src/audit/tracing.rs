//! A sink that hands events to `tracing`, for hosts that collect their logs through it.
//!
//! Guarantees: one `tracing` event for each. Does not: know whether a subscriber listens, or keeps anything.

use tracing::{Level, event};

use super::grade::Grade;
use super::{AuditSink, Event, Head, Held, SinkError, plain};

/// Emits each event through the crate `tracing`, with the target `strongroom::audit`.
///
/// The level is `INFO`, of a denial `WARN`, of a failure or an alert `ERROR`; heads are `INFO`. The message is the act and its
/// outcome; the fields are named as in [`Event::to_json`], with `subjects` and `withheld` as numbers, lists of names with
/// commas, and control characters as `\u000a`. Fields that don't apply are left out.
///
/// An acknowledgement means that the subscriber was called, on the sink's own thread, where no span of the host's is entered.
/// Nothing says that it kept the event, or that there is one: as a required sink, attach a file or a log server. For the same
/// reason [retention](crate::VaultSession::plan_retention) doesn't count the heads that it was told of as kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tracing;

/// The level has to be known when compiling.
macro_rules! emit {
    ($level:expr, $event:ident) => {{
        let text = |text: Option<&str>| text.map(|text| plain::visible(text).into_owned());
        let names = |names: Vec<&str>| text(Some(names.join(",")).as_deref()).filter(|_| !names.is_empty());
        event!(
            target: "strongroom::audit",
            $level,
            journal = $event.journal(),
            position = $event.position(),
            index = $event.index(),
            of = $event.of(),
            time = %$event.time(),
            tenant = $event.tenant().map(|id| id.to_string()),
            action = text(Some($event.action())),
            outcome = $event.outcome().name(),
            code = text(Some($event.code()).filter(|code| !code.is_empty())),
            rule = text(Some($event.rule()).filter(|rule| !rule.is_empty())),
            actor = text($event.actor()),
            roles = names($event.roles()),
            session = text($event.session()),
            device = text($event.device()),
            purpose = text($event.purpose()),
            reason = text($event.reason()),
            policy = $event.policy().map(|hash| plain::hex(&hash)),
            new_policy = $event.new_policy().map(|hash| plain::hex(&hash)),
            about = $event.about().map(|id| id.to_string()),
            collection = $event.collection().map(|id| id.to_string()),
            subjects = Some($event.subjects().len()).filter(|count| *count > 0),
            fields_read = names($event.fields_read()),
            fields_changed = names($event.fields_changed()),
            withheld = $event.withheld(),
            rows = $event.rows(),
            revision_before = $event.revision_before().map(|revision| revision.get()),
            revision_after = $event.revision_after().map(|revision| revision.get()),
            party = text($event.party()),
            "{} {}", plain::visible($event.action()), $event.outcome().name()
        );
    }};
}

impl AuditSink for Tracing {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        for one in events {
            match Grade::of(one) {
                Grade::Routine | Grade::Notable => emit!(Level::INFO, one),
                Grade::Refused => emit!(Level::WARN, one),
                Grade::Failed | Grade::Alert(_) => emit!(Level::ERROR, one),
            }
        }
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(Held::Unknown)
    }

    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        let text = head.to_string();
        event!(
            target: "strongroom::audit",
            Level::INFO,
            journal = head.origin(),
            size = head.size(),
            root = plain::hex(&head.root()),
            head = text.as_str(),
            "head signed"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
