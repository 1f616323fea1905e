//! One act, from the question to its end: permitted or refused, written down, committed.
//!
//! Guarantees: a refusal is decided, written down and turned into an error in one call; an act that ends without an entry,
//! by an early error or a panic, is written down as failed when it is dropped. Does not: say what an act does.

use std::cell::Cell;
use std::sync::Arc;

use crate::audit::{Entry, EntryBuilder, Outcome as Came, Subject};
use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, Revision};
use crate::policy::{Denial, PolicyVersion};

use crate::vault::commit::{Decided, Holder, Outcome, Ticket, Write};
use crate::vault::core::Core;
use crate::vault::handles::{SessionInner, VaultSession, Who};
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::standing::Standing;
use crate::vault::state::tenant::TenantCore;

use super::exposed::Exposed;
use super::opened::Opened;
use super::permit::Permit;
use super::question::{About, Question};

/// Number of times that a change is tried again when others are faster.
const TRIES: u32 = 1_000;
/// Number of times that a change is decided anew because it has waited for long.
const WAITS: u32 = 3;
/// The code of an act that ended without an answer.
const FAILED: &str = "failed";

/// One act of one actor, until it is written down.
pub(crate) struct Act<'a> {
    pub(crate) core: &'a Core,
    pub(crate) tenant: Option<&'a Arc<TenantCore>>,
    collection: Option<&'a Arc<CollectionCore>>,
    asked: Question<'a>,
    /// The rest that it is about, where it is asked for or done under an approval.
    pub(crate) about: About,
    /// The number of approvals that the policy wants, where the act is asked for and wants any.
    pub(super) wanted: Cell<Option<u32>>,
    /// Ground of the act's decisions, from the first since the act was last written down.
    decided: Cell<Option<Decided>>,
    written: Cell<bool>,
}

impl SessionInner {
    /// Begins an act in the tenant.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, Some(&self.tenant), &self.who, action)
    }
}

impl VaultSession {
    /// Begins an act of the vault itself.
    pub(crate) fn act(&self, action: Action) -> Act<'_> {
        Act::new(&self.core, None, &self.who, action)
    }
}

/// Subject of an act.
impl<'a> Act<'a> {
    pub(crate) fn new(core: &'a Core, tenant: Option<&'a Arc<TenantCore>>, who: &'a Who, action: Action) -> Self {
        Self::of(core, tenant, None, Question::new(core, tenant, who, action))
    }

    /// Begins another act of the same actor in the same place.
    pub(crate) fn like(&self, action: Action) -> Self {
        Self::of(self.core, self.tenant, self.collection, Question { action, ..self.asked })
    }

    fn of(
        core: &'a Core,
        tenant: Option<&'a Arc<TenantCore>>,
        collection: Option<&'a Arc<CollectionCore>>,
        asked: Question<'a>,
    ) -> Self {
        let (about, wanted, decided) = (About::default(), Cell::new(None), Cell::new(None));
        Self { core, tenant, collection, asked, about, wanted, decided, written: Cell::new(false) }
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

    /// Returns the whole question, with what the act is about.
    pub(crate) fn question(&self) -> Question<'_> {
        Question { about: Some(&self.about), ..self.asked }
    }

    /// Returns what is remembered where the act is done.
    pub(super) const fn facts(&self) -> &'a Arc<Standing> {
        self.asked.facts
    }

    pub(super) const fn collection(&self) -> Option<&'a Arc<CollectionCore>> {
        self.collection
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
        let permit = self.decide(None).map_err(|denial| self.refuse(denial))?;
        self.given(permit, None)
    }

    /// Asks the policy as if others had approved, for what only looks at what an act will do. It uses no approval up, and is
    /// done where the act itself is only asked for.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_to_plan(&self) -> Result<Permit> {
        self.core.ready()?;
        let question = Question { approval: None, as_if_approved: true, ..self.asked };
        self.core.policy.ask(&question).map_err(|denial| self.refuse(denial))
    }

    /// Asks the policy about this record.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_on(&self, row: &Opened) -> Result<Permit> {
        let permit = self.decide(Some(row)).map_err(|denial| self.refuse_on(Some(row), denial))?;
        self.given(permit, Some(row))
    }

    /// Asks the policy about this record, as far as it will have this metadata and these attributes then.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_after(&self, row: &Opened, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        let permit = self.settled(|question| self.core.policy.ask_after(question, row, meta, exposed));
        self.given(permit.map_err(|denial| self.refuse_on(Some(row), denial))?, Some(row))
    }

    /// Asks the policy about a new record with this metadata and these attributes.
    ///
    /// # Errors
    /// As [`permit`](Self::permit).
    pub(crate) fn permit_new(&self, meta: &Meta, exposed: &Exposed) -> Result<Permit> {
        let permit = self.settled(|question| self.core.policy.ask_new(question, meta, exposed));
        self.given(permit.map_err(|denial| self.refuse(denial))?, None)
    }

    /// Asks the policy about one of many rows, or about none. A refusal is the caller's to write down.
    pub(crate) fn decide(&self, row: Option<&Opened>) -> Result<Permit, Denial> {
        self.settled(|question| match row {
            Some(row) => self.core.policy.ask_on(question, row),
            None => self.core.policy.ask(question),
        })
    }

    /// Refuses an actor who may do nothing now, where the act needs no permit.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn admit(&self) -> Result<()> {
        self.core.ready()?;
        if self.asked.asking.is_some() {
            let why = "it needs nobody's approval: do it outside of the request";
            return Err(self.fail("not_asked", Error::NotPossible { what: "request for approval", why }));
        }
        self.unbarred()
    }

    /// Refuses an actor who may do nothing now.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub(crate) fn unbarred(&self) -> Result<()> {
        self.asked.barred().map_err(|denial| self.refuse(denial))
    }

    /// Asks once; an act that is only asked for, once more as if others had approved it, for a permit that is of no use.
    fn settled(&self, ask: impl Fn(&Question<'_>) -> Result<Permit, Denial>) -> Result<Permit, Denial> {
        let question = self.question();
        let permit = match (ask(&question), question.asking) {
            (permit, None) => permit?,
            (Ok(permit), Some(_)) => permit.useless(),
            (Err(_), Some(_)) => {
                let permit = ask(&Question { as_if_approved: true, ..question })?;
                self.wanted.set(self.wanted.get().max(Some(permit.approvals_wanted())));
                permit.useless()
            }
        };
        if self.decided.get().is_none() {
            self.decided.set(Some(permit.decided()));
        }
        Ok(permit)
    }

    /// Ends an act that is only asked for.
    fn given(&self, permit: Permit, row: Option<&Opened>) -> Result<Permit> {
        match self.asked.asking {
            None => Ok(permit),
            Some(asking) => Err(self.ask_for(asking, row)),
        }
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
