//! One act, from the question to its end: permitted or refused, written down, committed.
//!
//! Guarantees: a refusal is decided, written down and turned into an error in one call; an act that ends without an entry,
//! by an early error or a panic, is written down as failed when it is dropped. Does not: say what an act does.

use std::cell::Cell;
use std::sync::Arc;

use crate::audit::{Entry, EntryBuilder, Outcome as Came, Subject};
use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, Actor, ApprovalId, Revision};
use crate::policy::{Denial, PolicyVersion};

use crate::vault::commit::{Decided, Holder, Outcome, Ticket, Write};
use crate::vault::core::Core;
use crate::vault::handles::{SessionInner, VaultSession, Who};
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::tenant::TenantCore;

use super::exposed::Exposed;
use super::opened::Opened;
use super::permit::Permit;

/// How often a change is tried again when others are faster.
const TRIES: u32 = 1_000;
/// How often a change is decided anew because it has waited for long.
const WAITS: u32 = 3;
/// The code of an act that ended without an answer.
const FAILED: &str = "failed";

/// One act of one actor, until it is written down.
pub(crate) struct Act<'a> {
    pub(crate) core: &'a Core,
    pub(crate) tenant: Option<&'a Arc<TenantCore>>,
    collection: Option<&'a Arc<CollectionCore>>,
    asked: Question<'a>,
    /// What the act's decisions rest on, from the first since it was last written down.
    decided: Cell<Option<Decided>>,
    written: Cell<bool>,
}

/// Who wants to do what; the part of the policy's question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) action: Action,
    pub(crate) tenant: Option<&'a TenantCore>,
    pub(crate) collection: Option<&'a str>,
    pub(crate) fields: &'a [&'a str],
    pub(crate) purpose: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) rows: Option<u32>,
    pub(crate) approval: Option<ApprovalId>,
    pub(crate) new_owner: Option<&'a str>,
    /// Rows that the act has counted as shown already.
    pub(crate) reserved: u32,
    /// Whether the act itself has used its approval up, which counts for it until it ends.
    pub(crate) spent: bool,
}

impl SessionInner {
    /// Begins an act in the tenant.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, Some(&self.tenant), &self.who, action)
    }

    /// Returns the question about an act in the tenant.
    pub(crate) fn question(&self, action: Action) -> Question<'_> {
        Question::new(&self.who, action, Some(&self.tenant))
    }
}

impl VaultSession {
    /// Begins an act of the vault itself.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, None, &self.who, action)
    }
}

impl<'a> Question<'a> {
    /// Asks about an act of the vault itself or, with a tenant, in that tenant.
    pub(crate) fn new(who: &'a Who, action: Action, tenant: Option<&'a TenantCore>) -> Self {
        Self {
            actor: &who.actor,
            action,
            tenant,
            collection: None,
            fields: &[],
            purpose: who.purpose.as_deref(),
            reason: who.reason.as_deref(),
            rows: None,
            approval: who.approval,
            new_owner: None,
            reserved: 0,
            spent: false,
        }
    }
}

/// What an act is about.
impl<'a> Act<'a> {
    pub(crate) fn new(core: &'a Core, tenant: Option<&'a Arc<TenantCore>>, who: &'a Who, action: Action) -> Self {
        let asked = Question::new(who, action, tenant.map(|tenant| &**tenant));
        Self { core, tenant, collection: None, asked, decided: Cell::new(None), written: Cell::new(false) }
    }

    /// Begins another act of the same actor in the same place.
    pub(crate) fn like(&self, action: Action) -> Self {
        let asked = Question { action, ..self.asked };
        Self { asked, decided: Cell::new(None), written: Cell::new(false), ..*self }
    }

    /// Says in which collection.
    pub(crate) fn on(mut self, collection: &'a Arc<CollectionCore>) -> Self {
        self.collection = Some(collection);
        self.asked.collection = Some(&collection.name);
        self
    }

    /// Names a collection that may not be there.
    pub(crate) fn named(mut self, collection: Option<&'a str>) -> Self {
        self.asked.collection = collection;
        self
    }

    /// Names the fields that the act reads or changes.
    pub(crate) fn fields(mut self, fields: &'a [&'a str]) -> Self {
        self.asked.fields = fields;
        self
    }

    /// Says how many rows the act shows at most.
    pub(crate) fn rows(mut self, most: usize) -> Self {
        self.asked.rows = u32::try_from(most).ok();
        self
    }

    /// Names the owner that a record is to get.
    pub(crate) fn new_owner(mut self, owner: Option<&'a str>) -> Self {
        self.asked.new_owner = owner;
        self
    }

    /// Gives a reason of the act's own, in place of the session's.
    pub(crate) fn reason(mut self, reason: &'a str) -> Self {
        self.asked.reason = Some(reason);
        self
    }

    /// Says whether the act itself has used its approval up, which counts for it until it ends.
    pub(crate) fn spent(mut self, spent: bool) -> Self {
        self.asked.spent = spent;
        self
    }

    /// Says how many rows the act has counted as shown already.
    pub(crate) fn reserved(&mut self, rows: u32) {
        self.asked.reserved = rows;
    }

    pub(crate) const fn asked(&self) -> &Question<'a> {
        &self.asked
    }
}

/// Decisions. A refusal is written down.
impl Act<'_> {
    /// Asks the policy, with no record at hand.
    ///
    /// # Errors
    /// [`Error::Denied`], and reasons why the vault can't act now.
    pub(crate) fn permit(&self) -> Result<Permit> {
        self.core.ready()?;
        self.decide(None).map_err(|denial| self.refuse(denial))
    }

    /// Asks the policy about this record.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_on(&self, row: &Opened) -> Result<Permit> {
        self.decide(Some(row)).map_err(|denial| self.refuse_on(Some(row), denial))
    }

    /// Asks the policy about this record, as far as it will have this metadata and these attributes then.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_after(&self, row: &Opened, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        let permit = self.core.policy.ask_after(&self.asked, row, meta, exposed);
        self.rest_on(permit).map_err(|denial| self.refuse_on(Some(row), denial))
    }

    /// Asks the policy about a new record with this metadata and these attributes.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_new(&self, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        self.rest_on(self.core.policy.ask_new(&self.asked, meta, exposed)).map_err(|denial| self.refuse(denial))
    }

    /// Asks the policy about one of many rows, or about none. A refusal is the caller's to write down.
    pub(crate) fn decide(&self, row: Option<&Opened>) -> Result<Permit, Denial> {
        self.rest_on(match row {
            Some(row) => self.core.policy.ask_on(&self.asked, row),
            None => self.core.policy.ask(&self.asked),
        })
    }

    /// Refuses an actor who may do nothing now, where the act needs no permit.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn admit(&self) -> Result<()> {
        self.core.ready()?;
        self.asked.barred().map_err(|denial| self.refuse(denial))
    }

    fn rest_on(&self, permit: Result<Permit, Denial>) -> Result<Permit, Denial> {
        if let (Ok(permit), None) = (&permit, self.decided.get()) {
            self.decided.set(Some(permit.decided()));
        }
        permit
    }
}

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
    pub(crate) fn refuse_fields(&self, row: Option<&Opened>, fields: &[&str], denial: Denial) -> Error {
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
        self.written.set(true);
        self.core.record(self.tenant, finish(entry)?)
    }

    /// Begins the entry of an act that came to nothing.
    pub(crate) fn failed(&self, code: &str) -> EntryBuilder {
        self.begin(Came::Failed, code, "", self.core.policy.version())
    }

    /// Says that another act's entry tells of this one.
    pub(crate) fn told_elsewhere(&self) {
        self.written.set(true);
    }

    /// Writes the act down in the change that it makes.
    pub(crate) fn add(&self, entry: EntryBuilder, write: &mut Write) -> Result<()> {
        let entries = if self.tenant.is_some() { &mut write.entries } else { &mut write.vault_entries };
        entries.push(finish(entry)?);
        self.written.set(true);
        // Taken: another try of the same act rests on decisions of its own.
        if let Some(decided) = self.decided.take() {
            write.rests_on(decided);
        }
        Ok(())
    }

    /// Commits a change that holds the act's entry.
    pub(crate) fn commit(&self, write: Write) -> Result<Outcome> {
        self.core.write(self.tenant, write)
    }

    /// Makes a change ready until it commits; an empty one is done at once.
    pub(crate) fn retry_until_committed<R>(&self, prepare: impl FnMut() -> Result<(Write, R)>) -> Result<R> {
        retry_until_committed(self.core, self.tenant, prepare, |holder| {
            Ok(Some(Error::Duplicate { field: holder.field, write: None }))
        })
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
        if !self.written.get() {
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
