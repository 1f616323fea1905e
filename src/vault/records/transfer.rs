//! Transfers: a record gets another owner; its fields are sealed anew unchanged, and shown to nobody.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::row::RowHead;
use crate::model::{Action, Grantee, RecordId, Revision};
use crate::record::Record;

use crate::vault::commit::{NewRow, RowChange, Write, foresee};
use crate::vault::core::Core;
use crate::vault::gate::{Draw, Opened, Permit, Target, subject};
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::prepared::{self, Prepared};
use crate::vault::records::read;
use crate::vault::state::rows::{self, RowBytes};
use crate::vault::state::schema::{CollectionCore, CompiledSchema, IndexCore, Indexed};
use crate::vault::state::seals::RowPlace;
use crate::vault::state::tenant::TenantCore;
use crate::vault::state::terms;

impl<T: Record + 'static> Collection<T> {
    /// Gives a record to another owner, or to nobody. The policy decides on the record as it is and on the new owner.
    /// Returns the new revision, or the present one if the record has that owner already.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted),
    /// [`Error::TooLarge`](crate::Error::TooLarge) for an owner over 512 bytes, and those of every call.
    pub fn transfer(&self, id: RecordId, new_owner: Option<&str>) -> Result<Revision> {
        let (session, collection) = (self.session(), self.core());
        prepared::commit(session, Action::Transfer, || prepare_transfer(session, collection, id, new_owner))
    }
}

/// A record, as stored, that is given to another owner.
pub(crate) struct Giving<'a> {
    pub(crate) core: &'a Core,
    pub(crate) tenant: &'a TenantCore,
    pub(crate) collection: &'a Arc<CollectionCore>,
    pub(crate) layout: &'a CompiledSchema,
    pub(crate) bytes: &'a RowBytes,
    pub(crate) opened: &'a Opened,
}

/// Prepares a transfer; `None` if the record has that owner already.
pub(crate) fn prepare_transfer(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    owner: Option<&str>,
) -> Result<(Option<Prepared>, Revision)> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = session.act(Action::Transfer).on(collection).new_owner(owner);
    // Decided on the record as it is: who gives a record away need have no right to it afterwards.
    let (bytes, opened, mut permit) = read::permitted(session, &act, collection, id)?;
    let layout = collection.layout();
    let revision = opened.head().revision;
    let mut entry = act.entry(&permit);
    if opened.meta().owner.as_deref() == owner {
        // The actor learns that the record has this owner already, so that is written down.
        entry.subjects(&[subject(opened.meta(), revision)]);
        act.record_under(permit.approval(), entry)?;
        return Ok((None, revision));
    }
    let mut write = Write::default();
    act.spend(&mut permit, &mut write)?;
    let giving = Giving { core, tenant, collection, layout: &layout, bytes: &bytes, opened: &opened };
    let next = giving.give(owner, permit.maintenance(&opened)?, &mut write)?;
    let (whose, to) = (subject(opened.meta(), next), owner.map(str::to_owned));
    let describe: prepared::Describe = Box::new(move |entry| {
        entry.subjects(&[whose]).revision_before(revision).revision_after(next);
        if let Some(owner) = &to {
            entry.party(Grantee::Actor(owner));
        }
    });
    describe(&mut entry);
    act.hand_over(entry, &mut write)?;
    let prepared = Prepared {
        write,
        action: Action::Transfer,
        collection: Arc::clone(collection),
        record: id,
        before: Some(revision),
        fields: Vec::new(),
        new_owner: owner.map(str::to_owned),
        after: None,
        about: None,
        told: act.about.clone(),
        spent: false,
        describe,
    };
    Ok((Some(prepared), next))
}

impl Giving<'_> {
    /// Adds the change of owner to `write`, under a [maintenance](Permit::maintenance) permit, and returns the new
    /// revision. The caller decides whether the record may have this owner, and adds the journal's entry.
    pub(crate) fn give(&self, owner: Option<&str>, permit: Permit, write: &mut Write) -> Result<Revision> {
        let Self { core, tenant, collection, layout, bytes, opened } = *self;
        let revision = opened.head().revision;
        let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
        let mut meta = opened.meta().clone();
        meta.owner = owner.map(str::to_owned);
        meta.updated = core.now();
        let head = RowHead {
            epoch: tenant.keys.current_epoch(),
            slot: opened.head().slot,
            revision: next,
            dictionary: layout.dictionary.len(),
        };
        let place = RowPlace { tenant: tenant.id, collection: collection.id, record: opened.record() };
        let links = terms::links(tenant, &place, revision, bytes.links().map_err(rows::unreadable)?)?;
        let by_owner = |index: &IndexCore| matches!(index.on, Indexed::Owner);
        let (kept, removed) = terms::keep(links, layout, |index| !by_owner(index));
        let fields = opened.unchanged(layout)?;
        let mut added = fields.terms(layout, &meta, by_owner)?;
        let links = foresee(&*core.store, core.committer.tails(), tenant, &place, next, &kept, &mut added)?;
        let draw = Draw::new().map_err(|error| Error::io("drawing random bytes", error))?;
        let target = Target { place: &place, head: &head, meta: &meta };
        let sealed = fields.seal(permit, &tenant.keys, layout, &target, draw)?;
        write.rows.push(RowChange {
            collection: Arc::clone(collection),
            generation: layout.generation,
            record: place.record,
            before: Some(bytes.raw.clone()),
            after: NewRow::Live { primary: sealed.primary, chunks: sealed.chunks, revision: next },
            kept,
            removed,
            added,
            links,
        });
        Ok(next)
    }
}
