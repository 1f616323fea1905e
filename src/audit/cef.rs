//! Events in the Common Event Format: one line each, for security monitoring.
//!
//! Guarantees: no text of a host's or an actor's adds a header field, a key or a line. Does not: say all that the journal
//! does: long texts and lists are cut (`…` and a count say so); [`Event::to_json`] says everything.

use std::fmt::Write;

use super::grade::Grade;
use super::plain::{cut, hex, is_hostile, shortened};
use super::{Event, Head, Outcome};
use crate::model::Timestamp;

pub use file::Cef;

mod file;

/// The longest values of CEF's dictionary, in characters; counted here in bytes, of which there are never fewer.
const TEXT: usize = 1023;
const CUSTOM: usize = 4000;
/// The longest name of an event.
const NAME: usize = 512;

impl Event {
    /// Returns the event as one line in ArcSight's Common Event Format, `CEF:0|Strongroom|strongroom|…`, without a line end.
    ///
    /// The signature id is the act. Keys: `rt`, `suser` (the actor), `spriv` (roles), `shost` (the device), `act` (the
    /// outcome), `outcome` (`success` or `failure`), `reason` (its code), `msg` (the actor's reason), `externalId`
    /// (`<position>/<index>`), `cs1` to `cs6` (journal, tenant, collection, rule, data subjects, fields), `cn1` to `cn3`
    /// (position, index, rows), `flexString1` and `2` (party, purpose), and some of Strongroom's own, named `strongroom…`.
    #[must_use]
    pub fn to_cef(&self) -> String {
        line(self)
    }
}

pub(super) fn line(event: &Event) -> String {
    let name = format!("{} {}", event.action(), event.outcome().name());
    let mut line = begin(event.action(), &name, Grade::of(event).cef(), event.time());
    put(&mut line, "externalId", &format!("{}/{}", event.position(), event.index()));
    put(&mut line, "act", event.outcome().name());
    put(&mut line, "outcome", if event.outcome() == Outcome::Permitted { "success" } else { "failure" });
    put_some(&mut line, "reason", Some(event.code()).filter(|code| !code.is_empty()));
    put_some(&mut line, "suser", event.actor());
    put_some(&mut line, "spriv", listed(event.roles(), TEXT));
    put_some(&mut line, "shost", event.device());
    put_some(&mut line, "msg", event.reason());
    custom(&mut line, "cs1", "journal", Some(event.journal()));
    custom(&mut line, "cs2", "tenant", event.tenant().map(|id| id.to_string()));
    custom(&mut line, "cs3", "collection", event.collection().map(|id| id.to_string()));
    custom(&mut line, "cs4", "rule", Some(event.rule()).filter(|rule| !rule.is_empty()));
    custom(&mut line, "cs5", "subjects", listed(subjects(event), CUSTOM));
    custom(&mut line, "cs6", "fields", listed(fields(event), CUSTOM));
    custom(&mut line, "cn1", "position", Some(event.position().to_string()));
    custom(&mut line, "cn2", "index", Some(event.index().to_string()));
    custom(&mut line, "cn3", "rows", event.rows().map(|rows| rows.to_string()));
    custom(&mut line, "flexString1", "party", event.party());
    custom(&mut line, "flexString2", "purpose", event.purpose());
    put(&mut line, "strongroomOf", &event.of().to_string());
    put_some(&mut line, "strongroomSession", event.session());
    put_some(&mut line, "strongroomAbout", event.about().map(|id| id.to_string()));
    put_some(&mut line, "strongroomPolicy", event.policy().map(|hash| hex(&hash)));
    put_some(&mut line, "strongroomNewPolicy", event.new_policy().map(|hash| hex(&hash)));
    put_some(&mut line, "strongroomWithheld", event.withheld().map(|count| count.to_string()));
    put_some(&mut line, "strongroomRevisionBefore", event.revision_before().map(|revision| revision.to_string()));
    put_some(&mut line, "strongroomRevisionAfter", event.revision_after().map(|revision| revision.to_string()));
    line
}

pub(super) fn head_line(head: &Head) -> String {
    let mut line = begin("head", "head signed", Grade::Routine.cef(), head.time());
    custom(&mut line, "cs1", "journal", Some(head.origin()));
    custom(&mut line, "cn1", "size", Some(head.size().to_string()));
    // Whole, however long: a head that is cut proves nothing.
    let _ = write!(line, " strongroomHead={}", value(&head.to_string()));
    line
}

/// Returns the header, and the first key, with milliseconds since 1970.
fn begin(id: &str, name: &str, severity: u8, time: Timestamp) -> String {
    let (version, id, name) = (env!("CARGO_PKG_VERSION"), in_header(cut(id, NAME)), in_header(cut(name, NAME)));
    let millis = time.as_micros().div_euclid(1000);
    format!("CEF:0|Strongroom|strongroom|{version}|{id}|{name}|{severity}|rt={millis}")
}

/// Returns pseudonym, number and revision of the records touched.
fn subjects(event: &Event) -> Vec<String> {
    let one = |subject: &super::Subject| format!("{}/{}@{}", subject.pseudonym(), subject.number(), subject.revision());
    event.subjects().iter().map(one).collect()
}

fn fields(event: &Event) -> Vec<String> {
    let read = event.fields_read().into_iter().map(|name| format!("read:{name}"));
    read.chain(event.fields_changed().into_iter().map(|name| format!("changed:{name}"))).collect()
}

/// Lists as many names as fit, with commas, and says how many more there are.
fn listed(names: Vec<impl AsRef<str>>, limit: usize) -> Option<String> {
    /// Room for `,… and 4294967295 more`.
    const MORE: usize = 24;
    let mut out = String::new();
    for (number, name) in names.iter().enumerate() {
        let name = name.as_ref();
        if out.len().saturating_add(name.len()).saturating_add(1) > limit - MORE {
            let _ = write!(out, "{}… and {} more", if out.is_empty() { "" } else { "," }, names.len() - number);
            break;
        }
        let _ = write!(out, "{}{name}", if out.is_empty() { "" } else { "," });
    }
    Some(out).filter(|_| !names.is_empty())
}

fn put(line: &mut String, key: &str, text: &str) {
    let limit = if key.starts_with("cs") { CUSTOM } else { TEXT };
    let _ = write!(line, " {key}={}", value(&shortened(text, limit)));
}

fn put_some(line: &mut String, key: &str, text: Option<impl AsRef<str>>) {
    if let Some(text) = text {
        put(line, key, text.as_ref());
    }
}

fn custom(line: &mut String, key: &str, label: &str, text: Option<impl AsRef<str>>) {
    if let Some(text) = text {
        put(line, key, text.as_ref());
        let _ = write!(line, " {key}Label={label}");
    }
}

/// Escapes `\` and `|`, as the header wants it, and leaves no line ends.
fn in_header(text: &str) -> String {
    escaped(text, '|', false)
}

/// Escapes `\`, `=` and line ends, as a value wants it.
fn value(text: &str) -> String {
    escaped(text, '=', true)
}

fn escaped(text: &str, special: char, lines: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if lines => out.push_str("\\n"),
            '\r' if lines => out.push_str("\\r"),
            _ if c == special || c == '\\' => out.extend(['\\', c]),
            _ if is_hostile(c) => {
                let _ = write!(out, "\\\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests;
