//! Changing fields of a record: shown to the actor within the permit, compared, and only what differs written.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::row::RowHead;
use crate::model::{Action, ApprovalId, RecordId, Revision};
use crate::policy::{Denial, codes};
use crate::record;
use crate::record::{Fields, Record, RecordError};

use crate::vault::commit::{NewRow, RowChange, foresee};
use crate::vault::core::Write;
use crate::vault::standing;
use crate::vault::standing::Reserved;
use crate::vault::gate::{Draw, Opened, Permit, Question, RowPlace, Target};
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::{CollectionCore, IndexCore};
use crate::vault::records::write::{not_writable, plan};
use crate::vault::gate::entries;
use crate::vault::state::terms;

/// What an update does to a record.
pub(crate) enum Edit<'a, T> {
    Change(&'a mut dyn FnMut(&mut T)),
    Replace(&'a Fields),
}

pub(crate) fn prepare_update<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    change: &mut dyn FnMut(&mut T),
    write: &mut Write,
) -> Result<Revision> {
    prepare_edit(session, collection, id, at, Edit::Change(change), write)
}

pub(crate) fn prepare_edit<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    edit: Edit<'_, T>,
    write: &mut Write,
) -> Result<Revision> {
    let mut shown_under = None;
    let edited = edited(session, collection, id, at, edit, &mut shown_under, write);
    if let (Err(_), Some(approval)) = (&edited, shown_under) {
        // The closure has seen the record, though nothing came of it.
        let question = session.question(Action::Update, Some(&collection.name), &[]);
        standing::use_up_now(session, collection, &question, approval)?;
    }
    edited
}

/// Tells by `shown_under` when the closure has seen the record by an approval.
fn edited<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    edit: Edit<'_, T>,
    shown_under: &mut Option<ApprovalId>,
    write: &mut Write,
) -> Result<Revision> {
    let core = &session.core;
    core.ready()?;
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let question = session.question(Action::Update, Some(&collection.name), &[]);
    let (bytes, opened) = match read::stored(session, collection, &layout, id)? {
        Stored::Row(row) => *row,
        Stored::Gone(error) => return Err(read::absent(session, collection, &question, error)),
    };
    let refuse = |question: &Question<'_>, denial| read::refuse_on(session, collection, question, &opened, denial);
    let mut permit = core.gate.permit_on(&question, &opened).map_err(|denial| refuse(&question, denial))?;
    // Used up by the change that the closure makes; or, if it changes nothing, all the same: it has seen the record.
    let approval = permit.approval();
    permit.approval_is_spent();
    if at.is_some_and(|at| at != opened.head().revision) {
        return Err(read::conflict(session, collection, &question, &opened));
    }
    // The closure sees the record, so this is a read as well, counted, and on record before it happens.
    let reserved = Reserved::new(session, &permit, 1).map_err(|denial| refuse(&question, denial))?;
    let mut seen = entries::permitted(&core.gate, &question, Some(collection.id), &permit);
    seen.subjects(&[entries::subject(opened.meta(), opened.head().revision)]);
    read::name_fields(&mut seen, &layout, permit.read(), [(&opened, permit.read())])?;
    let ticket = core.record(Some(&session.tenant), entries::finish(seen)?)?;
    reserved.shown(1);
    *shown_under = approval;

    let writable = permit.write().clone();
    let revision = opened.head().revision;
    let shown = opened.show::<T>(permit, &ticket, &layout, &plan)?;
    let mut value = shown.value;
    let before = record::encode(&value, layout.schema.open)?;
    let changed;
    let after = match edit {
        Edit::Change(change) => {
            change(&mut value);
            changed = record::encode(&value, layout.schema.open)?;
            &changed
        }
        Edit::Replace(fields) => {
            let locked = || before.iter().map(|(name, _)| name).find(|name| !writable.contains(name));
            if let Some(field) = shown.withheld.first().map(String::as_str).or_else(locked) {
                return Err(not_writable(session, collection, &question, Some(&opened), field));
            }
            fields
        }
    };
    let edited = match opened.edit(&before, after, &shown.withheld, &layout) {
        Err(Error::Record(RecordError::Withheld { field })) => {
            return Err(withheld(session, collection, &question, &opened, &field));
        }
        other => other?,
    };
    if edited.changed().is_empty() {
        if let Some(approval) = approval {
            standing::use_up(session, collection, &question, approval, write)?;
        }
        return Ok(revision);
    }
    if let Some(field) = edited.changed().iter().find(|field| !writable.contains(field)) {
        return Err(not_writable(session, collection, &question, Some(&opened), field));
    }
    edited.check::<T>(&plan)?;

    let names = edited.changed().to_vec();
    let changed: Vec<&str> = names.iter().map(String::as_str).collect();
    let question = Question { reserved: 1, ..session.question(Action::Update, Some(&collection.name), &changed) };
    let mut meta = opened.meta().clone();
    meta.updated = core.gate.now();
    // As it was, and as it will be: an update must take no record to where the actor may not change it.
    let mut permit = core.gate.permit_on(&question, &opened).map_err(|denial| refuse(&question, denial))?;
    let locked = |permit: &Permit| changed.iter().find(|field| !permit.write().contains(field)).copied();
    if let Some(field) = locked(&permit) {
        return Err(not_writable(session, collection, &question, Some(&opened), field));
    }
    let exposed = edited.exposed(&layout)?;
    if opened.exposed().map_err(|denial| refuse(&question, denial))? != exposed {
        let after = core.gate.permit_after(&question, &opened, &meta, &exposed);
        permit = after.map_err(|denial| refuse(&question, denial))?;
        if let Some(field) = locked(&permit) {
            return Err(not_writable(session, collection, &question, Some(&opened), field));
        }
    }
    match approval {
        // The first answer may have rested on it where the second doesn't.
        Some(approval) => {
            standing::use_up(session, collection, &question, approval, write)?;
            permit.approval_is_spent();
        }
        None => standing::spend(session, collection, &question, &mut permit, write)?,
    }
    let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
    let head = RowHead {
        epoch: session.tenant.keys.current_epoch(),
        slot: opened.head().slot,
        revision: next,
        dictionary: layout.dictionary.len(),
    };
    let place = RowPlace { tenant: session.tenant.id, collection: collection.id, record: id };
    let draw = Draw::new().map_err(|error| Error::io("drawing random bytes", error))?;
    let mut entry = entries::permitted(&core.gate, &question, Some(collection.id), &permit);
    entry.subjects(&[entries::subject(&meta, next)]);
    match layout.schema.open {
        true => entry.fields_changed_counted(u32::try_from(changed.len()).unwrap_or(u32::MAX)),
        false => entry.fields_changed(changed.iter().copied()),
    };
    entry.revision_before(revision).revision_after(next);
    let links = terms::links(&session.tenant, &place, revision, bytes.links().map_err(crate::vault::state::rows::unreadable)?)?;
    let changes = |index: &IndexCore| changed.iter().any(|field| index.is_on(field));
    let stays = |index: u16, version: u16| {
        layout.indexes.iter().any(|core| (core.keys.index(), core.keys.version()) == (index, version) && !changes(core))
    };
    let (kept, removed): (Vec<_>, Vec<_>) = links.into_iter().partition(|link| stays(link.index, link.version));
    let mut added = edited.terms(&layout, &meta, changes)?;
    let links = foresee(core, &session.tenant, &place, next, &kept, &mut added)?;
    let sealed = edited.seal(
        permit,
        &session.tenant.keys,
        &layout,
        &Target { place: &place, head: &head, meta: &meta },
        draw,
    )?;
    write.entries.push(entries::finish(entry)?);
    write.rows.push(RowChange {
        collection: Arc::clone(collection),
        generation: layout.generation,
        record: id,
        before: Some(bytes.raw.clone()),
        after: NewRow::Live { primary: sealed.primary, chunks: sealed.chunks, revision: next },
        kept,
        removed,
        added,
        links,
    });
    Ok(next)
}

fn withheld(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    row: &Opened,
    field: &str,
) -> Error {
    let denial = Denial::new(codes::FIELD_NOT_WRITABLE, format!("field `{field}` was withheld and was changed"))
        .for_user(format!("The field `{field}` is withheld from you, so you can't change it."));
    let fields = [field];
    read::refuse_on(session, collection, &Question { fields: &fields, ..*question }, row, denial)
}
