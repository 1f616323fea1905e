//! Journal entries of acts: who, what, where, why and the outcome, from a session's question.

use crate::audit::{Entry, EntryBuilder, Outcome, Subject};
use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{CollectionId, Revision};
use crate::policy::{Denial, PolicyVersion};

use crate::vault::gate::{Gate, Permit, Question};

/// An entry in the making, with all that a question says.
pub(crate) fn begin(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    outcome: (Outcome, &str, &str),
) -> EntryBuilder {
    under(gate, question, collection, outcome, gate.policy_version())
}

/// An entry in the making, of an act that this policy decided.
pub(crate) fn under(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    outcome: (Outcome, &str, &str),
    policy: PolicyVersion,
) -> EntryBuilder {
    let mut entry = EntryBuilder::new(gate.now(), question.action);
    let (kind, code, rule) = outcome;
    entry.outcome(kind, code, rule).actor(question.actor);
    if let Some(purpose) = question.purpose {
        entry.purpose(purpose);
    }
    if let Some(reason) = question.reason {
        entry.reason(reason);
    }
    entry.policy(policy.as_bytes());
    if let Some(collection) = collection {
        entry.collection(collection);
    }
    entry
}

/// The entry of an act that was permitted.
pub(crate) fn permitted(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    permit: &Permit,
) -> EntryBuilder {
    under(gate, question, collection, (Outcome::Permitted, permit.notify(), permit.rule()), permit.version())
}

/// The entry of an act that was permitted, with a code that says what it was.
pub(crate) fn coded(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    code: &str,
    permit: &Permit,
) -> EntryBuilder {
    under(gate, question, collection, (Outcome::Permitted, code, permit.rule()), permit.version())
}

/// The entry of an act that needs no permit.
pub(crate) fn unasked(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    code: &str,
) -> EntryBuilder {
    begin(gate, question, collection, (Outcome::Permitted, code, ""))
}

/// The entry of an act that was refused.
pub(crate) fn denied(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    denial: &Denial,
) -> Result<Entry> {
    finish(begin(gate, question, collection, (Outcome::Denied, &denial.code, &denial.rule)))
}

/// The entry of an act that was allowed and came to nothing.
pub(crate) fn failed(
    gate: &Gate,
    question: &Question<'_>,
    collection: Option<CollectionId>,
    code: &str,
) -> Result<Entry> {
    finish(begin(gate, question, collection, (Outcome::Failed, code, "")))
}

pub(crate) fn finish(entry: EntryBuilder) -> Result<Entry> {
    entry
        .finish()
        .map_err(|error| Error::io("writing the act down (its actor, purpose or reason may be too long)", error))
}

/// A record as the journal names it.
pub(crate) fn subject(meta: &Meta, revision: Revision) -> Subject {
    Subject { pseudonym: meta.pseudonym, number: meta.number, revision }
}
