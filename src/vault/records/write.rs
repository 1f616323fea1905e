//! Inserting, updating and deleting: decide, seal, queue, and look again when somebody else was faster.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::row::{RowHead, Tombstone, TombstoneKind};
use crate::format::{Meta, StoredKey};
use crate::model::{Action, Pseudonym, RecordId, Revision, Slot};
use crate::policy::{Denial, codes};
use crate::record;
use crate::record::{Mask, Plan, Record, RecordError};

use crate::vault::commit::{NewRow, RowChange, foresee};
use crate::vault::core::{Outcome, Write};
use crate::vault::records::update;
use crate::vault::records::update::Edit;
use crate::vault::gate::entries;
use crate::vault::records::found::NewMeta;
use crate::vault::gate::{Draw, Edited, Opened, Question, RowPlace, Target};
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::{CollectionCore, CompiledSchema};
use crate::vault::records::{duplicate, subject, transfer};
use crate::vault::standing;
use crate::vault::state::terms;

/// How often a change is tried again when others are faster.
const TRIES: usize = 1_000;

/// The plan of a type for a collection.
///
/// # Errors
/// [`Error::Record`] if type and collection don't fit.
pub(crate) fn plan<T: Record + 'static>(layout: &CompiledSchema) -> Result<Arc<Plan>> {
    layout.plan::<T, Plan>(|| {
        let plan = record::plan::<T>(&T::schema())?;
        if plan.is_open() != layout.schema.open {
            return Err(RecordError::Schema {
                collection: T::schema().collection().to_owned(),
                problem: "the collection was defined with a type of the other kind (a struct, or a `Document`)"
                    .to_owned(),
            }
            .into());
        }
        let schema = T::schema();
        for rule in &layout.schema.fields {
            let StoredKey::Number(number) = rule.field else { continue };
            let name = layout.dictionary.name_of(number).unwrap_or_default();
            let masked = schema.rule(name).and_then(|field| field.mask.as_ref()).map(Mask::description);
            if plan.has(name) && masked != rule.mask {
                return Err(RecordError::Schema {
                    collection: schema.collection().to_owned(),
                    problem: format!("the mask of `{name}` isn't the one that was defined: call `define` with this version of the type"),
                }
                .into());
            }
        }
        if let Some(field) = plan.names().find(|name| layout.dictionary.number_of(name).is_none()) {
            let problem = record::FieldProblem::NotDefined;
            return Err(RecordError::Write { field: field.to_owned(), problem }.into());
        }
        Ok(plan)
    })
}

pub(crate) fn insert<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    value: &T,
    meta: &NewMeta,
) -> Result<RecordId> {
    again(session, Action::Create, || {
        let mut write = Write::default();
        let id = prepare_insert(session, collection, value, meta, None, &mut write)?;
        Ok((write, id))
    })
}

pub(crate) fn update<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    mut change: impl FnMut(&mut T),
) -> Result<Revision> {
    again(session, Action::Update, || {
        let mut write = Write::default();
        let revision = update::prepare_update(session, collection, id, at, &mut change, &mut write)?;
        Ok((write, revision))
    })
}

pub(crate) fn replace<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Revision,
    value: &T,
) -> Result<Revision> {
    let layout = collection.layout();
    let fields = record::encode(value, layout.schema.open)?;
    again(session, Action::Update, || {
        let mut write = Write::default();
        let edit = Edit::Replace(&fields);
        let revision = update::prepare_edit::<T>(session, collection, id, Some(at), edit, &mut write)?;
        Ok((write, revision))
    })
}

pub(crate) fn delete(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
) -> Result<()> {
    again(session, Action::Delete, || {
        let mut write = Write::default();
        prepare_delete(session, collection, id, at, &mut write)?;
        Ok((write, ()))
    })
}

pub(crate) fn transfer(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    owner: Option<&str>,
) -> Result<Revision> {
    again(session, Action::Transfer, || {
        let mut write = Write::default();
        let revision = transfer::prepare_transfer(session, collection, id, owner, &mut write)?;
        Ok((write, revision))
    })
}

/// Makes a change ready until it commits. An empty one is done at once.
pub(crate) fn again<R>(
    session: &SessionInner,
    action: Action,
    mut prepare: impl FnMut() -> Result<(Write, R)>,
) -> Result<R> {
    for _ in 0..TRIES {
        let (write, answer) = prepare()?;
        if write.is_empty() {
            return Ok(answer);
        }
        duplicate::check(session, action, &write)?;
        match session.core.write(Some(&session.tenant), write)? {
            Outcome::Committed => return Ok(answer),
            Outcome::Conflict => {}
            Outcome::Duplicate(holder) => {
                if let Some(error) = duplicate::told(session, action, *holder)? {
                    return Err(error);
                }
            }
        }
    }
    Err(Error::Conflict)
}

/// Records that an uncommitted batch is about to create, for others in it that are about them.
pub(crate) type Pending<'a> = Option<&'a mut subject::PendingSubjects>;

pub(crate) fn prepare_insert<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    value: &T,
    new: &NewMeta,
    pending: Pending<'_>,
    write: &mut Write,
) -> Result<RecordId> {
    let core = &session.core;
    core.ready()?;
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = record::encode(value, layout.schema.open)?;
    let edited = Edited::new(&fields, &layout)?;
    edited.check::<T>(&plan)?;

    let draw = Draw::new().map_err(|error| Error::io("drawing random bytes", error))?;
    let now = core.gate.now();
    let id = RecordId::new_v7(now, draw.id());
    let question = session.question(Action::Create, Some(&collection.name), &[]);
    let mut meta = Meta {
        owner: new.owner.clone().unwrap_or_else(|| Some(session.actor.id().to_owned())),
        labels: new.labels.clone(),
        created: now,
        updated: now,
        subject: None,
        pseudonym: Pseudonym::from_bytes(draw.pseudonym()),
        number: 0,
        retention: new.retention,
    };
    let permit = core.gate.permit_new(&question, &meta, &edited.exposed(&layout)?);
    let mut permit = permit.map_err(|denial| read::refuse(session, collection, &question, denial))?;
    for (name, _) in fields.iter() {
        if !permit.write().contains(name) {
            return Err(not_writable(session, collection, &question, None, name));
        }
    }
    standing::spend(session, collection, &question, &mut permit, write)?;
    let joined = match &new.about {
        None => None,
        Some(about) => Some(subject::about(session, collection, id, about, &mut meta, pending.as_deref(), write)?),
    };
    let slot = match &joined {
        None => subject::own_slot(core, &session.tenant)?,
        Some(joined) => joined.slot,
    };
    let place = RowPlace { tenant: session.tenant.id, collection: collection.id, record: id };
    let head = RowHead {
        epoch: session.tenant.keys.current_epoch(),
        slot: Slot(slot),
        revision: Revision::FIRST,
        dictionary: layout.dictionary.len(),
    };
    let mut entry = entries::permitted(&core.gate, &question, Some(collection.id), &permit);
    entry.subjects(&[entries::subject(&meta, Revision::FIRST)]);
    match layout.schema.open {
        true => entry.fields_changed_counted(u32::try_from(fields.iter().count()).unwrap_or(u32::MAX)),
        false => entry.fields_changed(fields.iter().map(|(name, _)| name)),
    };
    entry.revision_after(Revision::FIRST);
    let mut added = edited.terms(&layout, &meta, |_| true)?;
    let links = foresee(core, &session.tenant, &place, Revision::FIRST, &[], &mut added)?;
    let target = Target { place: &place, head: &head, meta: &meta };
    let sealed = edited.seal(permit, &session.tenant.keys, &layout, &target, draw)?;
    write.entries.push(entries::finish(entry)?);
    match (pending, &joined) {
        (Some(pending), None) => pending.created((collection.id, id), slot, meta.pseudonym),
        (Some(pending), Some(joined)) => pending.joined((collection.id, id), joined),
        (None, _) => {}
    }
    write.rows.push(RowChange {
        collection: Arc::clone(collection),
        generation: layout.generation,
        record: id,
        before: None,
        after: NewRow::Live { primary: sealed.primary, chunks: sealed.chunks, revision: Revision::FIRST },
        kept: Vec::new(),
        removed: Vec::new(),
        added,
        links,
    });
    Ok(id)
}

pub(crate) fn prepare_delete(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    write: &mut Write,
) -> Result<()> {
    let core = &session.core;
    core.ready()?;
    let layout = collection.layout();
    let question = session.question(Action::Delete, Some(&collection.name), &[]);
    let (bytes, opened) = match read::stored(session, collection, &layout, id)? {
        Stored::Row(row) => *row,
        Stored::Gone(error) => return Err(read::absent(session, collection, &question, error)),
    };
    let permit = core.gate.permit_on(&question, &opened);
    let mut permit = permit.map_err(|denial| read::refuse_on(session, collection, &question, &opened, denial))?;
    let revision = opened.head().revision;
    if at.is_some_and(|at| at != revision) {
        return Err(read::conflict(session, collection, &question, &opened));
    }
    standing::spend(session, collection, &question, &mut permit, write)?;
    standing::drop_shares(core, &session.tenant, id, write)?;
    let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
    let mut entry = entries::permitted(&core.gate, &question, Some(collection.id), &permit);
    entry.subjects(&[entries::subject(opened.meta(), next)]);
    entry.revision_before(revision).revision_after(next);
    let place = RowPlace { tenant: session.tenant.id, collection: collection.id, record: id };
    let removed = terms::links(&session.tenant, &place, revision, bytes.links().map_err(crate::vault::state::rows::unreadable)?)?;
    write.entries.push(entries::finish(entry)?);
    write.rows.push(RowChange {
        collection: Arc::clone(collection),
        generation: layout.generation,
        record: id,
        before: Some(bytes.raw.clone()),
        after: NewRow::Gone(Tombstone {
            kind: TombstoneKind::Deleted,
            slot: opened.head().slot,
            pseudonym: opened.meta().pseudonym,
            revision: next,
        }),
        kept: Vec::new(),
        removed,
        added: Vec::new(),
        links: None,
    });
    Ok(())
}

pub(crate) fn not_writable(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    row: Option<&Opened>,
    field: &str,
) -> Error {
    let denial = Denial::new(codes::FIELD_NOT_WRITABLE, format!("field `{field}` may not be written"))
        .for_user(format!("You may not write the field `{field}`."));
    let fields = [field];
    let question = Question { fields: &fields, ..*question };
    match row {
        Some(row) => read::refuse_on(session, collection, &question, row, denial),
        None => read::refuse(session, collection, &question, denial),
    }
}
