//! Updates: the record is shown within the permit, compared with the closure's result, and only changed fields written.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::row::RowHead;
use crate::model::{Action, RecordId, Revision};
use crate::policy::{Denial, codes};
use crate::record::{self, Fields, Record, RecordError};

use crate::vault::commit::{NewRow, RowChange, Write, foresee};
use crate::vault::gate::{Act, Draw, Opened, Reserved, Target, subject, subject_of};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::plan::plan;
use crate::vault::records::prepared::{self, Prepared, not_writable, writable};
use crate::vault::records::write::described;
use crate::vault::records::{duplicate, read};
use crate::vault::state::rows;
use crate::vault::state::schema::{CollectionCore, IndexCore};
use crate::vault::state::seals::RowPlace;
use crate::vault::state::terms;

impl<T: Record + 'static> Collection<T> {
    /// Changes a record. `change` may run more than once: if somebody else wrote meanwhile, the record is read and
    /// decided anew. Only the fields that `change` changed are written; all others, and fields that the type has lost,
    /// keep their bytes. Returns the new revision, or the present one if nothing changed.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted),
    /// [`Error::Duplicate`](crate::Error::Duplicate); [`Error::Denied`](crate::Error::Denied), naming the field, if a
    /// changed field is withheld or may not be written; and those of every call.
    pub fn update(&self, id: RecordId, mut change: impl FnMut(&mut T)) -> Result<Revision> {
        self.try_update(id, |value| {
            change(value);
            Ok(())
        })
    }

    /// Changes a record by a closure that can fail: then its error is returned, and nothing is changed.
    ///
    /// # Errors
    /// Those of the closure, and as [`update`](Self::update), converted into the closure's type.
    pub fn try_update<E: From<Error>>(
        &self,
        id: RecordId,
        change: impl FnMut(&mut T) -> Result<(), E>,
    ) -> Result<Revision, E> {
        self.edit(id, None, change)
    }

    /// Changes a record if it is still at this revision.
    ///
    /// # Errors
    /// As [`update`](Self::update), and [`Error::Conflict`](crate::Error::Conflict) for a record at another revision.
    pub fn update_at(&self, id: RecordId, revision: Revision, mut change: impl FnMut(&mut T)) -> Result<Revision> {
        self.edit(id, Some(revision), |value| {
            change(value);
            Ok::<(), Error>(())
        })
    }

    /// Replaces the whole value of a record that is still at this revision. Every field must be readable and writable.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at).
    pub fn replace(&self, id: RecordId, revision: Revision, value: &T) -> Result<Revision> {
        let (session, collection) = (self.session(), self.core());
        let fields = record::encode(value, collection.layout().schema.open)?;
        let mut spent = false;
        prepared::commit(session, Action::Update, || {
            prepare_edit::<T>(session, collection, id, Some(revision), Edit::Replace(&fields), &mut spent)
        })
    }

    fn edit<E: From<Error>>(
        &self,
        id: RecordId,
        at: Option<Revision>,
        mut change: impl FnMut(&mut T) -> Result<(), E>,
    ) -> Result<Revision, E> {
        let (session, collection) = (self.session(), self.core());
        let (mut failed, mut spent) = (None, false);
        let result = prepared::commit(session, Action::Update, || {
            let mut change = |value: &mut T| {
                failed = change(value).err();
                failed.is_none()
            };
            prepare_edit(session, collection, id, at, Edit::Change(&mut change), &mut spent)
        });
        match failed {
            Some(error) => Err(error),
            None => result.map_err(E::from),
        }
    }
}

/// The change that an update makes.
pub(crate) enum Edit<'a, T> {
    /// A closure that changes the value and returns true to go on.
    Change(&'a mut dyn FnMut(&mut T) -> bool),
    Replace(&'a Fields),
}

/// Prepares a change of fields; `None` if nothing changes. `spent` is set once a try has used up the approval.
pub(crate) fn prepare_edit<T: Record + 'static>(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    at: Option<Revision>,
    edit: Edit<'_, T>,
    spent: &mut bool,
) -> Result<(Option<Prepared>, Revision)> {
    let (core, tenant) = (&session.core, &session.tenant);
    // Who only asks sees the record as any reader does.
    let reader = session.who.asking.is_some().then(|| session.doing());
    let act = match &reader {
        Some(reader) => reader.act(Action::Read).on(collection),
        None => session.act(Action::Update).on(collection).unfinished().spent(*spent),
    };
    let layout = collection.layout();
    let plan = plan::<T>(&layout)?;
    let (bytes, opened, mut permit) = read::permitted(session, &act, collection, id)?;
    let revision = opened.head().revision;
    if at.is_some_and(|at| at != revision) {
        return Err(act.fail_on(Some(&opened), "conflict", Error::Conflict));
    }
    // The closure sees the record, so this is a read as well: counted, and written down before it happens. The read
    // uses up an approval, whatever becomes of the change.
    *spent |= act.spend_now(&mut permit)?;
    let reserved = Reserved::new(session, &permit, 1).map_err(|denial| act.refuse_on(Some(&opened), denial))?;
    let mut seen = act.entry(&permit);
    seen.subjects(&[subject_of(&opened)]);
    read::name_fields(&mut seen, &layout, permit.read(), [(&opened, permit.read())])?;
    let ticket = act.record(seen)?;
    reserved.shown(1);

    let updating = || session.act(Action::Update).on(collection);
    let writable_before = permit.write().clone();
    let shown = opened.show::<T>(permit, &ticket, &layout, &plan)?;
    let mut value = shown.value;
    let before = record::encode(&value, layout.schema.open)?;
    let changed;
    let after = match edit {
        Edit::Change(change) => {
            if !change(&mut value) {
                return Ok((None, revision));
            }
            changed = record::encode(&value, layout.schema.open)?;
            &changed
        }
        Edit::Replace(fields) => {
            let is_locked = |name: &&str| reader.is_none() && !writable_before.contains(name);
            let locked = || before.iter().map(|(name, _)| name).find(is_locked);
            if let Some(field) = shown.withheld.first().map(String::as_str).or_else(locked) {
                return Err(not_writable(&updating(), Some(&opened), field));
            }
            fields
        }
    };
    let edited = match opened.edit(&before, after, &shown.withheld, &layout) {
        Err(Error::Record(RecordError::Withheld { field })) => return Err(withheld(&updating(), &opened, &field)),
        other => other?,
    };
    if edited.changed().is_empty() {
        return Ok((None, revision));
    }
    let names = edited.changed().to_vec();
    let changed: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(field) = changed.iter().find(|field| reader.is_none() && !writable_before.contains(field)) {
        return Err(not_writable(&updating(), Some(&opened), field));
    }
    edited.check::<T>(&plan)?;

    let act = session.act(Action::Update).on(collection).fields(&changed).spent(*spent);
    let mut act = act.writing(&edited, &changed);
    act.reserved(1);
    let mut meta = opened.meta().clone();
    meta.updated = core.now();
    let exposed = edited.exposed(&layout)?;
    let moved = opened.exposed().map_err(|denial| act.refuse_on(Some(&opened), denial))? != exposed;
    // The record before and after: an update must not take a record to where the actor may not change it.
    let mut permit = act.decide(Some(&opened)).map_err(|denial| act.refuse_on(Some(&opened), denial))?;
    writable(&act, Some(&opened), &permit, &changed)?;
    if moved || reader.is_some() {
        permit = act.permit_after(&opened, &meta, &exposed)?;
        writable(&act, Some(&opened), &permit, &changed)?;
    }
    *spent |= act.spend_now(&mut permit)?;
    let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
    let head = RowHead {
        epoch: tenant.keys.current_epoch(),
        slot: opened.head().slot,
        revision: next,
        dictionary: layout.dictionary.len(),
    };
    let place = RowPlace { tenant: tenant.id, collection: collection.id, record: id };
    let draw = Draw::new().map_err(|error| Error::io("drawing random bytes", error))?;
    let links = terms::links(tenant, &place, revision, bytes.links().map_err(rows::unreadable)?)?;
    let changes = |index: &IndexCore| changed.iter().any(|field| index.is_on(field));
    let (kept, removed) = terms::keep(links, &layout, |index| !changes(index));
    let mut added = edited.terms(&layout, &meta, changes)?;
    duplicate::count(&act, session, &permit, &added)?;
    let links = foresee(&*core.store, core.committer.tails(), tenant, &place, next, &kept, &mut added)?;
    let mut entry = act.entry(&permit);
    let target = Target { place: &place, head: &head, meta: &meta };
    let sealed = edited.seal(permit, &tenant.keys, &layout, &target, draw)?;
    let describe = described(subject(&meta, next), Some(revision), next, names.clone(), layout.schema.open);
    describe(&mut entry);
    let mut write = Write::default();
    act.hand_over(entry, &mut write)?;
    write.rows.push(RowChange {
        collection: Arc::clone(collection),
        generation: layout.generation,
        record: id,
        before: Some(bytes.raw),
        after: NewRow::Live { primary: sealed.primary, chunks: sealed.chunks, revision: next },
        kept,
        removed,
        added,
        links,
    });
    let prepared = Prepared {
        write,
        action: Action::Update,
        collection: Arc::clone(collection),
        record: id,
        before: Some(revision),
        fields: names.clone(),
        new_owner: None,
        after: moved.then_some((meta, exposed)),
        about: None,
        told: act.about.clone(),
        spent: *spent,
        describe,
    };
    Ok((Some(prepared), next))
}

fn withheld(act: &Act<'_>, row: &Opened, field: &str) -> Error {
    let denial = Denial::new(codes::FIELD_NOT_WRITABLE, format!("field `{field}` was withheld and was changed"))
        .for_user(format!("The field `{field}` is withheld from you, so you can't change it."));
    act.refuse_fields(Some(row), &[field], denial)
}
