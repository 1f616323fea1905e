//! Reading one record: policy, journal, release.

use std::sync::Arc;

use crate::audit::{EntryBuilder, Outcome, Subject};
use crate::error::{Error, Result};
use crate::keys::KeyError;
use crate::model::{Action, FieldSet, RecordId};
use crate::policy::{Denial, codes};
use crate::record::{Plan, Record};

use crate::vault::gate::entries;
use crate::vault::standing;
use crate::vault::standing::Reserved;
use crate::vault::records::found::Found;
use crate::vault::gate::{OpenError, Opened, Permit, Question, RowPlace, open_tombstone};
use crate::vault::state::rows;
use crate::vault::state::rows::{ParsedRow, RowBytes};
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::{CollectionCore, CompiledSchema};
use crate::vault::records::write::plan;
use crate::format::row::TombstoneKind;

/// What stands under a record's id.
pub(crate) enum Stored {
    Row(Box<(RowBytes, Opened)>),
    Gone(Error),
}

pub(crate) fn get<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
) -> Result<Found<T>> {
    session.core.ready()?;
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let question = session.question(Action::Read, Some(&collection.name), &[]);
    let (opened, permit) = match stored(session, collection, &layout, id)? {
        Stored::Row(row) => match session.core.gate.permit_on(&question, &row.1) {
            Ok(permit) => (row.1, permit),
            Err(denial) => return Err(refuse_on(session, collection, &question, &row.1, denial)),
        },
        Stored::Gone(error) => return Err(absent(session, collection, &question, error)),
    };
    release(session, collection, &layout, &plan, &question, opened, permit)
}

pub(crate) fn unmask<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    fields: &[&str],
) -> Result<Found<T>> {
    session.core.ready()?;
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    plan.all_known(fields)?;
    let question = session.question(Action::Unmask, Some(&collection.name), fields);
    let (opened, permit) = match stored(session, collection, &layout, id)? {
        Stored::Row(row) => {
            let permit = session.core.gate.permit_on(&question, &row.1);
            (row.1, permit)
        }
        Stored::Gone(error) => return Err(absent(session, collection, &question, error)),
    };
    let refuse = |denial| refuse_on(session, collection, &question, &opened, denial);
    let permit = permit.map_err(refuse)?;
    if let Some(field) = fields.iter().find(|field| !permit.read().contains(field)) {
        let why = format!("unmask of `{}`: `{}` doesn't show the field `{field}`", collection.name, permit.rule());
        return Err(refuse(Denial::not_granted(codes::FIELD_NOT_READABLE, why)));
    }
    release(session, collection, &layout, &plan, &question, opened, permit.only(fields))
}

/// Loads and opens what stands under an id.
pub(crate) fn stored(
    session: &SessionInner,
    collection: &CollectionCore,
    layout: &CompiledSchema,
    id: RecordId,
) -> Result<Stored> {
    let place = RowPlace { tenant: session.tenant.id, collection: collection.id, record: id };
    match rows::load(&*session.core.store, &place)? {
        None => Ok(Stored::Gone(Error::NotFound)),
        Some(bytes) => open(session, collection, layout, place, bytes),
    }
}

/// Opens a row that was loaded.
pub(crate) fn open(
    session: &SessionInner,
    collection: &CollectionCore,
    layout: &CompiledSchema,
    place: RowPlace,
    bytes: RowBytes,
) -> Result<Stored> {
    let mut joined = Vec::new();
    let opened = match bytes.parse(&mut joined).map_err(rows::unreadable)? {
        ParsedRow::Live { row, body } => {
            match Opened::open(&session.tenant.keys, place, &row, body, layout, collection) {
                Err(OpenError::Key(KeyError::Erased)) => return Ok(Stored::Gone(Error::Erased)),
                opened => opened?,
            }
        }
        ParsedRow::Tombstone(sealed) => {
            let tombstone = open_tombstone(&session.tenant.keys, &place, sealed)?;
            return Ok(Stored::Gone(match tombstone.kind {
                TombstoneKind::Deleted => Error::Deleted,
                TombstoneKind::Erased => Error::Erased,
            }));
        }
    };
    Ok(Stored::Row(Box::new((bytes, opened))))
}

/// Writes a refusal down and returns it.
pub(crate) fn refuse(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    denial: Denial,
) -> Error {
    refuse_at(session, Some(collection), question, denial)
}

/// [`refuse`], of an act on this record: the entry names its data subject.
pub(crate) fn refuse_on(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    row: &Opened,
    denial: Denial,
) -> Error {
    refused(session, Some(collection), question, Some(row), denial)
}

/// [`refuse`], where there may be no collection.
pub(crate) fn refuse_at(
    session: &SessionInner,
    collection: Option<&CollectionCore>,
    question: &Question<'_>,
    denial: Denial,
) -> Error {
    refused(session, collection, question, None, denial)
}

fn refused(
    session: &SessionInner,
    collection: Option<&CollectionCore>,
    question: &Question<'_>,
    row: Option<&Opened>,
    denial: Denial,
) -> Error {
    let shows = question.action.reads() || question.action.is_bulk();
    let durable = !shows || question.action == Action::Update;
    let outcome = (Outcome::Denied, &*denial.code, &*denial.rule);
    let mut entry = entries::begin(&session.core.gate, question, collection.map(|collection| collection.id), outcome);
    if let Some(row) = row {
        entry.subjects(&[subject_of(row)]);
    }
    if let Some(collection) = collection {
        name_asked(&mut entry, &collection.layout(), question);
    }
    match entries::finish(entry) {
        Ok(entry) => session.core.denied(Some(&session.tenant), entry, durable, denial),
        Err(error) => error,
    }
}

/// A record that the actor may do this to.
pub(crate) fn permitted(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    id: RecordId,
) -> Result<(RowBytes, Opened, Permit)> {
    match stored(session, collection, &collection.layout(), id)? {
        Stored::Row(row) => match session.core.gate.permit_on(question, &row.1) {
            Ok(permit) => Ok((row.0, row.1, permit)),
            Err(denial) => Err(refuse_on(session, collection, question, &row.1, denial)),
        },
        Stored::Gone(error) => Err(absent(session, collection, question, error)),
    }
}

/// Writes down that a record isn't at the revision that was named, which the actor learns by it.
pub(crate) fn conflict(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    row: &Opened,
) -> Error {
    let outcome = (Outcome::Failed, "conflict", "");
    let mut entry = entries::begin(&session.core.gate, question, Some(collection.id), outcome);
    entry.subjects(&[subject_of(row)]);
    match entries::finish(entry).and_then(|entry| session.core.record(Some(&session.tenant), entry)) {
        Ok(_ticket) => Error::Conflict,
        Err(unwritten) => unwritten,
    }
}

/// The answer for a record that isn't there: the policy's no comes first, so that it tells nothing.
pub(crate) fn absent(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    error: Error,
) -> Error {
    if let Err(denial) = session.core.gate.permit(question) {
        return refuse(session, collection, question, denial);
    }
    let code = match error {
        Error::Deleted => "deleted",
        Error::Erased => "erased",
        _ => "not_found",
    };
    let entry = entries::failed(&session.core.gate, question, Some(collection.id), code);
    match entry.and_then(|entry| session.core.record(Some(&session.tenant), entry)) {
        Ok(_ticket) => error,
        Err(unwritten) => unwritten,
    }
}

fn release<T: Record>(
    session: &SessionInner,
    collection: &CollectionCore,
    layout: &CompiledSchema,
    plan: &Plan,
    question: &Question<'_>,
    opened: Opened,
    mut permit: Permit,
) -> Result<Found<T>> {
    let reserved =
        Reserved::new(session, &permit, 1).map_err(|d| refuse_on(session, collection, question, &opened, d))?;
    let mut entry = entries::permitted(&session.core.gate, question, Some(collection.id), &permit);
    entry.subjects(&[entries::subject(opened.meta(), opened.head().revision)]);
    name_fields(&mut entry, layout, permit.read(), [(&opened, permit.read())])?;
    let ticket = standing::hand_over(session, collection, question, permit.approval(), entries::finish(entry)?)?;
    permit.approval_is_spent();
    reserved.shown(1);
    opened.show(permit, &ticket, layout, plan)
}

/// Names the fields that a read of these rows may show: those in `read`, which is what may be shown of any of them. In an
/// open collection they are user data, and only counted: as many as the row has of which most may be shown.
pub(crate) fn name_fields<'r>(
    entry: &mut EntryBuilder,
    layout: &CompiledSchema,
    read: &FieldSet,
    rows: impl IntoIterator<Item = (&'r Opened, &'r FieldSet)>,
) -> Result<()> {
    if layout.schema.open {
        let mut most = (0, 0);
        for (row, read) in rows {
            most = most.max(row.count(layout, read)?);
        }
        let (shown, withheld) = most;
        entry.fields_read_counted(shown).withheld(withheld);
        return Ok(());
    }
    let (mut shown, mut all) = (0usize, 0usize);
    let names = layout.fields().inspect(|_| all = all.saturating_add(1)).filter(|name| read.contains(name));
    entry.fields_read(names.inspect(|_| shown = shown.saturating_add(1)));
    entry.withheld(u32::try_from(all.saturating_sub(shown)).unwrap_or(u32::MAX));
    Ok(())
}

/// Names the fields that an act asked for, which came to nothing. The host's own words aren't among them: only names that the
/// schema has.
pub(crate) fn name_asked(entry: &mut EntryBuilder, layout: &CompiledSchema, question: &Question<'_>) {
    if question.fields.is_empty() {
        return;
    }
    let writes = matches!(question.action, Action::Create | Action::Update);
    let count = u32::try_from(question.fields.len()).unwrap_or(u32::MAX);
    let names = question.fields.iter().copied().filter(|name| layout.fields().any(|known| known == *name));
    match (layout.schema.open, writes) {
        (true, true) => entry.fields_changed_counted(count),
        (true, false) => entry.fields_read_counted(count),
        (false, true) => entry.fields_changed(names),
        (false, false) => entry.fields_read(names),
    };
}

fn subject_of(row: &Opened) -> Subject {
    entries::subject(row.meta(), row.head().revision)
}
