//! Ends of an act: refused, failed, written down, committed.
//!
//! Guarantees: a refusal or a failure is written down and turned into an error in one call; an act that ends without a
//! durable entry, by an early error or a panic, is written down as failed when it is dropped.

use std::sync::Arc;

use crate::audit::{Entry, EntryBuilder, Outcome as Came, Subject};
use crate::error::{Error, Result, suggest};
use crate::format::Meta;
use crate::model::{Action, Revision, nearest};
use crate::policy::{Denial, PolicyVersion, codes};

use crate::vault::commit::{Holder, Outcome, Ticket, Write};
use crate::vault::core::Core;
use crate::vault::state::tenant::TenantCore;

use super::act::{Act, Written};
use super::opened::Opened;
use super::permit::Permit;
use super::question::Question;

/// Codes of refusals that are about fields.
const OF_FIELDS: [&str; 2] = [codes::FIELD_NOT_READABLE, codes::FIELD_NOT_WRITABLE];
/// Number of times that a change is tried again when others are faster.
const TRIES: u32 = 1_000;
/// Number of times that a change is decided anew because it has waited for long.
const WAITS: u32 = 3;
/// The code of an act that ended without an answer.
const FAILED: &str = "failed";

/// Ends that come to nothing: the entry and the error in one call.
impl Act<'_> {
    /// Writes a refusal down and returns it as the error.
    pub(crate) fn refuse(&self, denial: Denial) -> Error {
        self.refuse_on(None, denial)
    }

    /// Writes a refusal down, with the data subject of the record, and returns it as the error.
    pub(crate) fn refuse_on(&self, row: Option<&Opened>, denial: Denial) -> Error {
        self.refuse_fields(row, self.asked.fields, denial)
    }

    /// Writes down a refusal for these fields, and returns it as the error. One of a write is durable then; one of a read
    /// is buffered, as reads are.
    pub(crate) fn refuse_fields(&self, row: Option<&Opened>, fields: &[&str], mut denial: Denial) -> Error {
        if OF_FIELDS.contains(&&*denial.code) {
            denial.for_admin.extend(self.misspelt(fields));
        }
        let action = self.asked.action;
        let durable = action == Action::Update || !(action.reads() || action.is_bulk());
        let mut entry = self.begin(Came::Denied, &denial.code, &denial.rule, self.core.policy.version());
        if let Some(row) = row {
            entry.subjects(&[subject_of(row)]);
        }
        self.name_fields(&mut entry, fields);
        let written = self.record(entry).and_then(|_ticket| if durable { self.core.flush() } else { Ok(()) });
        written.map_or_else(|unwritten| unwritten, |()| Error::Denied(Box::new(denial)))
    }

    /// Returns what administrators are told of a field that the collection doesn't have; where records name their own
    /// fields, nothing.
    fn misspelt(&self, fields: &[&str]) -> Option<String> {
        let layout = self.collection()?.layout();
        let field = fields.iter().find(|field| !layout.fields().any(|known| known == **field))?;
        let nearest = nearest(field, layout.fields());
        (!layout.schema.open).then(|| format!("; the collection has no field `{field}`{}", suggest(nearest.as_deref())))
    }

    /// Writes down that the act came to nothing, and returns the error.
    pub(crate) fn fail(&self, code: &str, error: Error) -> Error {
        self.fail_on(None, code, error)
    }

    /// Writes down that the act on this record came to nothing, and returns the error.
    pub(crate) fn fail_on(&self, row: Option<&Opened>, code: &str, error: Error) -> Error {
        let mut entry = self.failed(code);
        if let Some(row) = row {
            entry.subjects(&[subject_of(row)]);
        }
        self.name_fields(&mut entry, self.asked.fields);
        self.record(entry).map_or_else(|unwritten| unwritten, |_ticket| error)
    }

    /// Answers for a record that isn't there: the policy's no comes first, so that the answer tells nothing.
    pub(crate) fn absent(&self, error: Error) -> Error {
        if let Err(denial) = self.decide(None) {
            return self.refuse(denial);
        }
        let code = match error {
            Error::Deleted => "deleted",
            Error::Erased => "erased",
            _ => "not_found",
        };
        self.fail(code, error)
    }

    /// Names the fields that an act asked for. The host's own words aren't among them: only names that the schema has.
    pub(crate) fn name_fields(&self, entry: &mut EntryBuilder, fields: &[&str]) {
        let Some(collection) = self.collection.filter(|_| !fields.is_empty()) else { return };
        let layout = collection.layout();
        let writes = matches!(self.asked.action, Action::Create | Action::Update);
        let count = u32::try_from(fields.len()).unwrap_or(u32::MAX);
        let names = fields.iter().copied().filter(|name| layout.fields().any(|known| known == *name));
        match (layout.schema.open, writes) {
            (true, true) => entry.fields_changed_counted(count),
            (true, false) => entry.fields_read_counted(count),
            (false, true) => entry.fields_changed(names),
            (false, false) => entry.fields_read(names),
        };
    }
}

/// Entries and commits.
impl Act<'_> {
    /// Begins the entry of an act that was permitted; its code is the alarm that the policy obliges to, if it does.
    pub(crate) fn entry(&self, permit: &Permit) -> EntryBuilder {
        self.coded(permit, "")
    }

    /// Begins the entry of an act that was permitted, with a code that says which it was. An alarm that the policy obliges
    /// to goes before the code.
    pub(crate) fn coded(&self, permit: &Permit, code: &str) -> EntryBuilder {
        let code = if permit.notify().is_empty() { code } else { permit.notify() };
        self.begin(Came::Permitted, code, permit.rule(), permit.version())
    }

    /// Begins the entry of an act that needs no permit.
    pub(crate) fn unasked(&self, code: &str) -> EntryBuilder {
        self.begin(Came::Permitted, code, "", self.core.policy.version())
    }

    /// Writes the act down.
    pub(crate) fn record(&self, entry: EntryBuilder) -> Result<Ticket> {
        self.written.set(Written::Yes);
        self.core.record(self.tenant, finish(entry)?)
    }

    /// Begins the entry of an act that came to nothing.
    pub(crate) fn failed(&self, code: &str) -> EntryBuilder {
        self.begin(Came::Failed, code, "", self.core.policy.version())
    }

    /// Says that another act's entry tells of this one.
    pub(crate) fn told_elsewhere(&self) {
        self.written.set(Written::Yes);
    }

    /// Writes the act down in the change that it makes: unless [`commit`](Self::commit) or
    /// [`retry_until_committed`](Self::retry_until_committed) commits it, the act counts as failed.
    pub(crate) fn add(&self, entry: EntryBuilder, write: &mut Write) -> Result<()> {
        let entries = if self.tenant.is_some() { &mut write.entries } else { &mut write.vault_entries };
        entries.push(finish(entry)?);
        if self.written.get() == Written::No {
            self.written.set(Written::WithCommit);
        }
        // Taken: another try of the same act rests on decisions of its own.
        if let Some(decided) = self.decided.take() {
            write.rests_on(decided);
        }
        Ok(())
    }

    /// Writes the act down in a change that somebody else commits, and who writes down if that fails.
    pub(crate) fn hand_over(&self, entry: EntryBuilder, write: &mut Write) -> Result<()> {
        self.add(entry, write)?;
        self.told_elsewhere();
        Ok(())
    }

    /// Commits a change that holds the act's entry.
    pub(crate) fn commit(&self, write: Write) -> Result<Outcome> {
        self.commit_in(self.tenant, write)
    }

    /// Commits a change of this tenant that holds the act's entry.
    pub(crate) fn commit_in(&self, tenant: Option<&Arc<TenantCore>>, write: Write) -> Result<Outcome> {
        let outcome = self.core.write(tenant, write);
        if matches!(outcome, Ok(Outcome::Committed) | Err(_)) {
            self.committed(&outcome);
        }
        outcome
    }

    /// Notes that the change with the act's entry is durable, if the commit came to that.
    pub(crate) fn committed<T>(&self, done: &Result<T>) {
        let durable = matches!(done, Ok(_) | Err(Error::AuditUnavailable { committed: true }));
        if durable && self.written.get() == Written::WithCommit {
            self.written.set(Written::Yes);
        }
    }

    /// Makes a change ready until it commits; an empty one is done at once.
    pub(crate) fn retry_until_committed<R>(&self, prepare: impl FnMut() -> Result<(Write, R)>) -> Result<R> {
        let done = retry_until_committed(self.core, self.tenant, prepare, |holder| {
            Ok(Some(Error::Duplicate { field: holder.field, write: None }))
        });
        self.committed(&done);
        done
    }

    /// Begins the entry of the act.
    pub(crate) fn begin(&self, came: Came, code: &str, rule: &str, version: PolicyVersion) -> EntryBuilder {
        let Question { actor, action, purpose, reason, .. } = self.asked;
        let mut entry = EntryBuilder::new(self.core.now(), action);
        entry.outcome(came, code, rule).actor(actor);
        if let Some(purpose) = purpose {
            entry.purpose(purpose);
        }
        if let Some(reason) = reason {
            entry.reason(reason);
        }
        entry.policy(version.as_bytes());
        if let Some(collection) = self.collection {
            entry.collection(collection.id);
        }
        entry
    }
}

impl Drop for Act<'_> {
    fn drop(&mut self) {
        if self.written.get() != Written::Yes {
            let entry = self.failed(FAILED);
            // The act has failed already; health tells of a journal that takes no entries.
            let _unwritten = self.record(entry);
        }
    }
}

/// Makes a change ready until it commits; an empty one is done at once. `taken` answers for a value that another record
/// has; its `None` says that the other record is gone meanwhile.
pub(crate) fn retry_until_committed<R>(
    core: &Core,
    tenant: Option<&Arc<TenantCore>>,
    mut prepare: impl FnMut() -> Result<(Write, R)>,
    mut taken: impl FnMut(Holder) -> Result<Option<Error>>,
) -> Result<R> {
    let mut stale = 0u32;
    for _ in 0..TRIES {
        let (mut write, answer) = prepare()?;
        if write.is_nothing() {
            return Ok(answer);
        }
        if let (true, Some(decided)) = (stale > WAITS, &mut write.decided) {
            // On a machine that is slower than that, a decision that has waited counts.
            decided.at = None;
        }
        match core.write(tenant, write)? {
            Outcome::Committed => return Ok(answer),
            Outcome::Conflict => {}
            Outcome::Stale(_) => stale = stale.saturating_add(1),
            Outcome::Duplicate(holder) => {
                if let Some(error) = taken(*holder)? {
                    return Err(error);
                }
            }
        }
    }
    Err(Error::Conflict)
}

/// Finishes an entry.
///
/// # Errors
/// [`Error::Io`] if its actor, purpose or reason is too long.
pub(crate) fn finish(entry: EntryBuilder) -> Result<Entry> {
    entry
        .finish()
        .map_err(|error| Error::io("writing the act down (its actor, purpose or reason may be too long)", error))
}

/// Names a record as the journal does.
pub(crate) fn subject(meta: &Meta, revision: Revision) -> Subject {
    Subject { pseudonym: meta.pseudonym, number: meta.number, revision }
}

/// Names an opened record as the journal does.
pub(crate) fn subject_of(row: &Opened) -> Subject {
    subject(row.meta(), row.head().revision)
}
