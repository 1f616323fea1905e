//! Reading one record: decide, write the entry, show.

use std::sync::Arc;

use crate::audit::EntryBuilder;
use crate::error::{Error, Result};
use crate::format::row::TombstoneKind;
use crate::keys::KeyError;
use crate::model::{Action, FieldSet, RecordId};
use crate::policy::{Denial, codes};
use crate::record::{Plan, Record};

use crate::vault::gate::{Act, Found, Opened, Permit, Reserved, subject_of};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::plan::plan;
use crate::vault::state::rows::{self, ParsedRow, RowBytes};
use crate::vault::state::schema::{CollectionCore, CompiledSchema};
use crate::vault::state::seals::{OpenError, RowPlace, open_tombstone};

impl<T: Record + 'static> Collection<T> {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted), and those of every call.
    pub fn get(&self, id: RecordId) -> Result<Found<T>> {
        let (session, collection) = (self.session(), self.core());
        let act = session.act(Action::Read).on(collection);
        let (_, opened, permit) = permitted(session, &act, collection, id)?;
        release(session, &act, collection, opened, permit)
    }

    /// Reads these fields of a record, even if they are otherwise masked. Unmasking is an act of its own
    /// ([`Action::Unmask`]): the policy is asked about these fields, and the journal names them. Others are withheld.
    ///
    /// # Errors
    /// [`Error::Record`](crate::Error::Record) for a field that the type doesn't have, and those of [`get`](Self::get).
    pub fn unmask(&self, id: RecordId, fields: &[&str]) -> Result<Found<T>> {
        let (session, collection) = (self.session(), self.core());
        let act = session.act(Action::Unmask).on(collection).fields(fields);
        plan::<T>(&collection.layout())?.all_known(fields)?;
        let (_, opened, permit) = permitted(session, &act, collection, id)?;
        if let Some(field) = fields.iter().find(|field| !permit.read().contains(field)) {
            let why = format!("unmask of `{}`: `{}` doesn't show the field `{field}`", collection.name, permit.rule());
            return Err(act.refuse_on(Some(&opened), Denial::not_granted(codes::FIELD_NOT_READABLE, why)));
        }
        release(session, &act, collection, opened, permit.only(fields))
    }
}

/// A record as stored, or the reason why there is none.
pub(crate) enum Stored {
    Row(Box<(RowBytes, Opened)>),
    Gone(Error),
}

/// Loads and opens the record with an id.
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

/// Loads a record and decides whether the actor may do the act on it.
pub(crate) fn permitted(
    session: &SessionInner,
    act: &Act<'_>,
    collection: &CollectionCore,
    id: RecordId,
) -> Result<(RowBytes, Opened, Permit)> {
    session.core.ready()?;
    match stored(session, collection, &collection.layout(), id)? {
        Stored::Row(row) => {
            let permit = act.permit_on(&row.1)?;
            Ok((row.0, row.1, permit))
        }
        Stored::Gone(error) => Err(act.absent(error)),
    }
}

/// Counts one record, writes it down and shows it.
fn release<T: Record + 'static>(
    session: &SessionInner,
    act: &Act<'_>,
    collection: &Arc<CollectionCore>,
    opened: Opened,
    mut permit: Permit,
) -> Result<Found<T>> {
    let layout = collection.layout();
    let plan: Arc<Plan> = plan::<T>(&layout)?;
    let reserved = Reserved::new(session, &permit, 1).map_err(|denial| act.refuse_on(Some(&opened), denial))?;
    let mut entry = act.entry(&permit);
    entry.subjects(&[subject_of(&opened)]);
    name_fields(&mut entry, &layout, permit.read(), [(&opened, permit.read())])?;
    let ticket = act.record_under(permit.approval(), entry)?;
    permit.approval_is_spent();
    reserved.shown(1);
    opened.show(permit, &ticket, &layout, &plan)
}

/// Names the fields that a read of these rows may show: `read` holds those shown of any row. Fields of an open
/// collection are user data and are only counted, for the row that shows most of them.
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
