//! Events as JSON, one line each.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Event;
use crate::audit::Subject;
use crate::format::journal_entry::tag;
use crate::model::Revision;

impl Event {
    /// Returns the event as one line of JSON, without a line end. What doesn't apply is left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        line(self)
    }
}

fn line(event: &Event) -> String {
    let total = |tag| event.entry.names(tag).filter(|(count, listed)| u32::try_from(listed.len()) != Ok(*count));
    let line = EventLine {
        position: event.position,
        index: event.index,
        of: event.of,
        journal: &event.journal,
        time: event.time().to_string(),
        tenant: event.tenant.map(|id| id.to_string()),
        action: event.action(),
        outcome: event.outcome().name(),
        code: Some(event.code()).filter(|code| !code.is_empty()),
        rule: Some(event.rule()).filter(|rule| !rule.is_empty()),
        actor: event.actor(),
        roles: event.roles(),
        session: event.session(),
        device: event.device(),
        purpose: event.purpose(),
        reason: event.reason(),
        policy: event.policy().map(|hash| hex(&hash)),
        new_policy: event.new_policy().map(|hash| hex(&hash)),
        about: event.about().map(|id| id.to_string()),
        collection: event.collection().map(|id| id.to_string()),
        subjects: event.entry.subjects().map(Person::from).collect(),
        fields_read: event.fields_read(),
        fields_read_count: total(tag::FIELDS_READ).map(|(count, _)| count),
        fields_changed: event.fields_changed(),
        fields_changed_count: total(tag::FIELDS_CHANGED).map(|(count, _)| count),
        withheld: event.withheld(),
        rows: event.rows(),
        revision_before: event.revision_before().map(Revision::get),
        revision_after: event.revision_after().map(Revision::get),
        party: event.party(),
        evidence: event.evidence(),
        blocks: event.blocks().map(|blocks| [blocks.start, blocks.end]),
        unknown: event.entry.items().filter(|(tag, _)| !tag::known(*tag)).map(|(tag, b)| (tag, hex(b))).collect(),
    };
    // Numbers, texts and lists of them always serialise: only maps with odd keys, or a failing writer, don't.
    serde_json::to_string(&line).unwrap_or_default()
}

#[derive(Serialize)]
struct EventLine<'a> {
    position: u64,
    index: u32,
    of: u32,
    journal: &'a str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    action: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<Person>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields_read: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_read_count: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields_changed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_changed_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<(u64, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<[u64; 2]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown: BTreeMap<u8, String>,
}

#[derive(Serialize)]
struct Person {
    pseudonym: String,
    number: u32,
    revision: u64,
}

impl From<Subject> for Person {
    fn from(subject: Subject) -> Self {
        Self { pseudonym: subject.pseudonym(), number: subject.number, revision: subject.revision.get() }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
