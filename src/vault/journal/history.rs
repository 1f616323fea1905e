//! The history of a record: who changed it, when, and which fields.
//!
//! Guarantees: only who may read the record gets its history, which is decided and journalled as a read of it (with the
//! code `history`); a field that the actor may not read is counted, not named; no value is read. Memory and work of a
//! page are [a question's](crate::vault::journal::query). Does not: tell of reads, of refused changes, or of an erased
//! record.

use std::fmt;
use std::sync::Arc;

use crate::audit::{Event, Outcome};
use crate::error::{Error, Result};
use crate::model::{Action, FieldSet, RecordId, Revision, Timestamp};

use crate::vault::commit::Ticket;
use crate::vault::gate::{Opened, Permit, Reserved, subject_of};
use crate::vault::handles::SessionInner;
use crate::vault::records::{check_limit, permitted};
use crate::vault::state::schema::CollectionCore;

use super::handle::Journal;
use super::query::{BUDGET, JournalCursor, Step, Walker};

/// A change of a record. `Debug` shows neither the actor nor the fields.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Revision before the change; `None` for the record's creation.
    pub before: Option<Revision>,
    /// Revision that the change made.
    pub after: Revision,
    /// Time of the change.
    pub at: Timestamp,
    /// Id of the actor who made the change.
    pub actor: Option<String>,
    /// Kind of change: [`Create`](Action::Create), [`Update`](Action::Update) or [`Transfer`](Action::Transfer).
    pub action: Action,
    /// Fields that the change set and the reader may read.
    pub fields: Vec<String>,
    /// Number of further fields set, which the reader may not read or the journal doesn't name (a
    /// [`Document`](crate::Document)'s).
    pub unnamed: u32,
}

/// A page of a record's history, the latest change first.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The changes.
    pub changes: Vec<Change>,
    /// Cursor for the next page; `None` at the end. A page may be short or empty without being the last.
    pub next: Option<JournalCursor>,
    /// True if this is the last page and earlier changes are missing: the journal's oldest entries were dropped.
    pub cut_short: bool,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Change");
        debug.field("after", &self.after).field("at", &self.at).field("action", &self.action).finish_non_exhaustive()
    }
}

impl Journal {
    /// Lists who changed a record and which of its fields, the latest change first: at most `limit` (1 to 1,000)
    /// changes after the page that ended at this cursor. Only who may read the record gets its history, which ends with
    /// the record's creation, or where the journal begins.
    ///
    /// # Errors
    /// As [`Collection::get`](crate::Collection::get), [`Error::UnknownCollection`], also of the vault's own journal, and as [`JournalQuery::page`](crate::vault::JournalQuery::page) for cursors and a journal
    /// that can't be read back.
    pub fn history(
        &self,
        collection: &str,
        id: RecordId,
        after: Option<&JournalCursor>,
        limit: usize,
    ) -> Result<HistoryPage> {
        let none = || Error::UnknownCollection { name: collection.to_owned(), nearest: None };
        let session = self.session().ok_or_else(none)?;
        history(&session, &session.tenant.collection(collection)?, id, after, limit)
    }
}

fn history(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    after: Option<&JournalCursor>,
    limit: usize,
) -> Result<HistoryPage> {
    let act = session.act(Action::Read).on(collection).told("what", "history");
    let act = act.told("changes", limit).told_any("after", after);
    let limit = check_limit(limit)?;
    let (_, opened, permit) = permitted(session, &act, collection, id)?;
    let reserved = Reserved::new(session, &permit, 1).map_err(|denial| act.refuse_on(Some(&opened), denial))?;
    let walker = Walker::new(&session.core, Some(session.tenant.id))?;
    let found = gather(&walker, &opened, after, limit)?;
    let mut entry = act.coded(&permit, "history");
    entry.subjects(&[subject_of(&opened)]);
    let ticket = act.record_under(permit.approval(), entry)?;
    reserved.shown(1);
    Ok(found.release(permit, &ticket))
}

/// Changes found that haven't been given to the caller yet.
struct Gathered {
    changes: Vec<(Event, Revision)>,
    next: Option<JournalCursor>,
    cut_short: bool,
}

fn gather(walker: &Walker, opened: &Opened, after: Option<&JournalCursor>, limit: usize) -> Result<Gathered> {
    let (meta, revision) = (opened.meta(), opened.head().revision);
    let size = after.map_or(walker.size, |after| after.size);
    let from = after.map(|after| after.place(walker.epoch(), true, walker.size)).transpose()?;
    // The metadata say when the record was created and last changed, by a clock that may have been set back in between.
    let (since, until) = (meta.created.min(meta.updated), meta.created.max(meta.updated));
    let range = walker.range(size, Some(since), Some(until))?;
    let from = from.unwrap_or(Walker::edge(&range, true));
    let (mut changes, mut complete) = (Vec::new(), false);
    let stopped = walker.walk(&range, from, true, BUDGET, |event, _| {
        let own = |subject: &&crate::audit::Subject| {
            (subject.pseudonym, subject.number) == (meta.pseudonym, meta.number) && subject.revision <= revision
        };
        let made = event.subjects().iter().find(own).map(|subject| subject.revision);
        let Some(made) = made.filter(|made| changed(&event, *made)) else { return Ok(Step::On) };
        if changes.len() == limit {
            return Ok(Step::Before);
        }
        changes.push((event, made));
        complete = made == Revision::FIRST;
        Ok(if complete { Step::After } else { Step::On })
    })?;
    let next = stopped.filter(|_| !complete);
    let next = next.map(|place| JournalCursor::new(walker.epoch(), true, size, place));
    Ok(Gathered { changes, cut_short: next.is_none() && !complete, next })
}

/// Tells whether the event's act made this revision of the record.
fn changed(event: &Event, made: Revision) -> bool {
    // An entry of many transfers at once names each record's revision only among its data subjects.
    let given = event.action() == Action::Transfer.name() && event.rows().is_some();
    event.outcome() == Outcome::Permitted && (event.revision_after() == Some(made) || given)
}

impl Gathered {
    /// Gives the history to the caller, as far as the permit allows. Consumes the permit.
    fn release(self, permit: Permit, _written_down: &Ticket) -> HistoryPage {
        let change = |(event, after): &(Event, Revision)| Change::new(event, *after, permit.read());
        let changes = self.changes.iter().filter_map(change).collect();
        HistoryPage { changes, next: self.next, cut_short: self.cut_short }
    }
}

impl Change {
    fn new(event: &Event, after: Revision, readable: &FieldSet) -> Option<Self> {
        let named = event.fields_changed().into_iter().filter(|name| readable.contains(name));
        let fields: Vec<String> = named.map(str::to_owned).collect();
        let all = event.fields_changed_count();
        Some(Self {
            before: after.get().checked_sub(1).filter(|before| *before > 0).map(Revision::new),
            after,
            at: event.time(),
            actor: event.actor().map(str::to_owned),
            action: Action::from_name(event.action())?,
            unnamed: all.saturating_sub(u32::try_from(fields.len()).unwrap_or(u32::MAX)),
            fields,
        })
    }
}
