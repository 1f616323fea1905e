//! Inserting and deleting: decide, seal, queue, and try again when somebody else was faster.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::Meta;
use crate::format::row::{RowHead, Tombstone, TombstoneKind};
use crate::model::{Action, Pseudonym, RecordId, Revision, Slot};
use crate::record::{self, Record};

use crate::vault::commit::{NewRow, RowChange, Write, foresee};
use crate::vault::gate::{Act, Draw, Edited, FIELD, NewMeta, Target, subject};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::plan::plan;
use crate::vault::records::prepared::{self, Describe, Prepared, writable};
use crate::vault::records::subject::{self, PendingSubjects};
use crate::vault::records::{duplicate, read};
use crate::vault::standing;
use crate::vault::state::rows;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::RowPlace;
use crate::vault::state::terms;

impl<T: Record + 'static> Collection<T> {
    /// Stores a record, owned by the actor. The record is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Duplicate`](crate::Error::Duplicate) for a value that a unique index has already
    /// ([`Error::Denied`](crate::Error::Denied), as for any refused insert, if the actor can't see the record with it,
    /// or has tried 200 values in an hour without the right to search the field everywhere),
    /// [`Error::TooLarge`](crate::Error::TooLarge) and [`Error::Record`](crate::Error::Record) for a value that can't
    /// be stored, and those of every call.
    pub fn insert(&self, value: &T) -> Result<RecordId> {
        self.insert_with(value, NewMeta::new())
    }

    /// Stores a record with an owner, labels, or the record it is about.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [`Error::NotFound`](crate::Error::NotFound) for an unknown subject record.
    pub fn insert_with(&self, value: &T, meta: NewMeta) -> Result<RecordId> {
        insert(self.session(), self.core(), value, &meta)
    }

    /// Deletes a record. A tombstone stays, so its id is never used again; copies in backups stay readable.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted), and those of every call.
    pub fn delete(&self, id: RecordId) -> Result<()> {
        delete(self.session(), self.core(), id, None)
    }

    /// Deletes a record if it is still at this revision.
    ///
    /// # Errors
    /// As [`delete`](Self::delete), and [`Error::Conflict`](crate::Error::Conflict) for a record at another revision.
    pub fn delete_at(&self, id: RecordId, revision: Revision) -> Result<()> {
        delete(self.session(), self.core(), id, Some(revision))
    }
}

pub(crate) fn insert<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    value: &T,
    meta: &NewMeta,
) -> Result<RecordId> {
    prepared::commit(session, Action::Create, || {
        let (id, prepared) = prepare_insert(session, collection, value, meta, None)?;
        Ok((Some(prepared), id))
    })
}

fn delete(session: &SessionInner, collection: &Arc<CollectionCore>, id: RecordId, at: Option<Revision>) -> Result<()> {
    prepared::commit(session, Action::Delete, || Ok((Some(prepare_delete(session, collection, id, at)?), ())))
}

/// Prepares an insert. `pending` holds the records that the same batch creates, for others in it that are about them.
pub(crate) fn prepare_insert<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    value: &T,
    new: &NewMeta,
    pending: Option<&mut PendingSubjects>,
) -> Result<(RecordId, Prepared)> {
    let (core, tenant) = (&session.core, &session.tenant);
    core.ready()?;
    let act = session.act(Action::Create).on(collection);
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let fields = record::encode(value, layout.schema.open)?;
    let edited = Edited::new(&fields, &layout)?;
    edited.check::<T>(&plan)?;

    let draw = Draw::new().map_err(|error| Error::io("drawing random bytes", error))?;
    let now = core.now();
    let id = RecordId::new_v7(now, draw.id());
    let mut meta = Meta {
        owner: new.owner.clone().unwrap_or_else(|| Some(session.actor().to_owned())),
        labels: new.labels.clone(),
        created: now,
        updated: now,
        subject: None,
        pseudonym: Pseudonym::from_bytes(draw.pseudonym()),
        number: 0,
        retention: new.retention,
    };
    let exposed = edited.exposed(&layout)?;
    let names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
    let act = stated(act, &meta, new, &names).writing(&edited, &names);
    let permit = act.decide_new(&meta, &exposed)?;
    writable(&act, None, &permit, &names)?;
    let mut permit = act.given(permit, None)?;
    let mut write = Write::default();
    act.spend(&mut permit, &mut write)?;
    let joined = match &new.about {
        None => None,
        Some(about) => Some(subject::about(session, collection, id, about, &mut meta, pending.as_deref(), &mut write)?),
    };
    let mut added = edited.terms(&layout, &meta, |_| true)?;
    duplicate::count(&act, session, &permit, &added)?;
    let slot = match &joined {
        None => core.own_slot(tenant)?,
        Some(joined) => joined.slot,
    };
    let place = RowPlace { tenant: tenant.id, collection: collection.id, record: id };
    let head = RowHead {
        epoch: tenant.keys.current_epoch(),
        slot: Slot(slot),
        revision: Revision::FIRST,
        dictionary: layout.dictionary.len(),
    };
    let links = foresee(&*core.store, core.committer.tails(), tenant, &place, Revision::FIRST, &[], &mut added)?;
    let entry = act.entry(&permit);
    let target = Target { place: &place, head: &head, meta: &meta };
    let sealed = edited.seal(permit, &tenant.keys, &layout, &target, draw)?;
    let fields: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let describe =
        described(subject(&meta, Revision::FIRST), None, Revision::FIRST, fields.clone(), layout.schema.open);
    let mut described = entry;
    describe(&mut described);
    act.hand_over(described, &mut write)?;
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
    let about = joined.as_ref().and_then(|joined| joined.stored.clone());
    match (pending, &joined) {
        (Some(pending), None) => pending.created((collection.id, id), slot, meta.pseudonym),
        (Some(pending), Some(joined)) => pending.joined((collection.id, id), joined),
        (None, _) => {}
    }
    let prepared = Prepared {
        write,
        action: Action::Create,
        collection: Arc::clone(collection),
        record: id,
        before: None,
        fields,
        new_owner: None,
        after: Some((meta, exposed)),
        about,
        told: act.about.clone(),
        spent: false,
        describe,
    };
    Ok((id, prepared))
}

/// Says what a new record will be like, for whoever approves it.
fn stated<'a>(act: Act<'a>, meta: &Meta, new: &NewMeta, names: &[&str]) -> Act<'a> {
    if !act.binds() {
        return act;
    }
    let act = match &meta.owner {
        Some(owner) => act.told("owner", owner),
        None => act.told("no owner", ""),
    };
    let act = act.told_any("about", new.about.as_ref().map(|(of, record)| format!("{of} {record}")));
    let act = act.told_any("kept until", new.retention);
    let act = names.iter().fold(act, |act, name| act.told(FIELD, name));
    new.labels.iter().fold(act, |act, label| act.told("label", label))
}

/// Prepares a deletion.
pub(crate) fn prepare_delete(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
) -> Result<Prepared> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = session.act(Action::Delete).on(collection);
    let (bytes, opened, mut permit) = read::permitted(session, &act, collection, id)?;
    let revision = opened.head().revision;
    if at.is_some_and(|at| at != revision) {
        return Err(act.fail_on(Some(&opened), "conflict", Error::Conflict));
    }
    let mut write = Write::default();
    act.spend(&mut permit, &mut write)?;
    standing::drop_shares(&*core.store, &tenant.facts, id, &mut write)?;
    let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
    let place = RowPlace { tenant: tenant.id, collection: collection.id, record: id };
    let removed = terms::links(tenant, &place, revision, bytes.links().map_err(rows::unreadable)?)?;
    let describe = described(subject(opened.meta(), next), Some(revision), next, Vec::new(), false);
    let mut entry = act.entry(&permit);
    describe(&mut entry);
    act.hand_over(entry, &mut write)?;
    write.rows.push(RowChange {
        collection: Arc::clone(collection),
        generation: collection.generation(),
        record: id,
        before: Some(bytes.raw),
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
    Ok(Prepared {
        write,
        action: Action::Delete,
        collection: Arc::clone(collection),
        record: id,
        before: Some(revision),
        fields: Vec::new(),
        new_owner: None,
        after: None,
        about: None,
        told: act.about.clone(),
        spent: false,
        describe,
    })
}

/// Describes a change in its entry: data subject, revisions, and fields, which an open collection only counts.
pub(crate) fn described(
    subject: crate::audit::Subject,
    before: Option<Revision>,
    after: Revision,
    fields: Vec<String>,
    open: bool,
) -> Describe {
    Box::new(move |entry| {
        entry.subjects(&[subject]);
        if open {
            entry.fields_changed_counted(u32::try_from(fields.len()).unwrap_or(u32::MAX));
        } else if !fields.is_empty() {
            entry.fields_changed(fields.iter().map(String::as_str));
        }
        if let Some(before) = before {
            entry.revision_before(before);
        }
        entry.revision_after(after);
    })
}
