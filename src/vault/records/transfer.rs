//! Giving a record another owner: its fields are sealed anew as they are, shown to nobody.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::row::RowHead;
use crate::model::{Action, Grantee, RecordId, Revision};

use crate::vault::commit::{NewRow, RowChange, foresee};
use crate::vault::core::{Core, Write};
use crate::vault::gate::{Draw, Opened, Permit, Question, RowPlace, Target};
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::state::rows;
use crate::vault::state::rows::RowBytes;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::{CollectionCore, CompiledSchema, IndexCore, Indexed, TenantCore};
use crate::vault::gate::entries;
use crate::vault::standing;
use crate::vault::state::terms;

/// A record that is given to another owner: as it is, and where.
pub(crate) struct Giving<'a> {
    pub(crate) core: &'a Core,
    pub(crate) tenant: &'a TenantCore,
    pub(crate) collection: &'a Arc<CollectionCore>,
    pub(crate) layout: &'a CompiledSchema,
    pub(crate) bytes: &'a RowBytes,
    pub(crate) opened: &'a Opened,
}

pub(crate) fn prepare_transfer(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    owner: Option<&str>,
    write: &mut Write,
) -> Result<Revision> {
    let core = &session.core;
    core.ready()?;
    let layout = collection.layout();
    let question = Question { new_owner: owner, ..session.question(Action::Transfer, Some(&collection.name), &[]) };
    let (bytes, opened) = match read::stored(session, collection, &layout, id)? {
        Stored::Row(row) => *row,
        Stored::Gone(error) => return Err(read::absent(session, collection, &question, error)),
    };
    let refuse = |denial| read::refuse_on(session, collection, &question, &opened, denial);
    // About the record as it is: whoever gives one away need have no right to what is another's then.
    let mut permit = core.gate.permit_on(&question, &opened).map_err(refuse)?;
    let mut meta = opened.meta().clone();
    meta.owner = owner.map(str::to_owned);
    let revision = opened.head().revision;
    let mut entry = entries::permitted(&core.gate, &question, Some(collection.id), &permit);
    if opened.meta().owner.as_deref() == owner {
        // It is theirs already. Whoever asks learns that much, so it is on record.
        entry.subjects(&[entries::subject(&meta, revision)]);
        standing::hand_over(session, collection, &question, permit.approval(), entries::finish(entry)?)?;
        return Ok(revision);
    }
    standing::spend(session, collection, &question, &mut permit, write)?;
    let tenant = &session.tenant;
    let giving = Giving { core, tenant, collection, layout: &layout, bytes: &bytes, opened: &opened };
    let next = giving.give(owner, permit.maintenance(&opened)?, write)?;
    entry.subjects(&[entries::subject(&meta, next)]);
    entry.revision_before(revision).revision_after(next);
    if let Some(owner) = owner {
        entry.party(Grantee::Actor(owner));
    }
    write.entries.push(entries::finish(entry)?);
    Ok(next)
}

impl Giving<'_> {
    /// Adds to `write` what gives the record this owner, under a [maintenance](Permit::maintenance) permit; returns its
    /// revision then. That the record may have this owner is the caller's to decide, and the journal's entry the caller's to
    /// add.
    pub(crate) fn give(&self, owner: Option<&str>, permit: Permit, write: &mut Write) -> Result<Revision> {
        let Self { core, tenant, collection, layout, bytes, opened } = *self;
        let revision = opened.head().revision;
        let next = revision.next().ok_or(Error::damaged("a record's revision is at its end"))?;
        let mut meta = opened.meta().clone();
        meta.owner = owner.map(str::to_owned);
        meta.updated = core.gate.now();
        let head = RowHead {
            epoch: tenant.keys.current_epoch(),
            slot: opened.head().slot,
            revision: next,
            dictionary: layout.dictionary.len(),
        };
        let place = RowPlace { tenant: tenant.id, collection: collection.id, record: opened.record() };
        let links = terms::links(tenant, &place, revision, bytes.links().map_err(rows::unreadable)?)?;
        let by_owner = |index: &IndexCore| matches!(index.on, Indexed::Owner);
        let stays = |index: u16, version: u16| {
            layout
                .indexes
                .iter()
                .any(|core| (core.keys.index(), core.keys.version()) == (index, version) && !by_owner(core))
        };
        let (kept, removed): (Vec<_>, Vec<_>) = links.into_iter().partition(|link| stays(link.index, link.version));
        let fields = opened.unchanged(layout)?;
        let mut added = fields.terms(layout, &meta, by_owner)?;
        let links = foresee(core, tenant, &place, next, &kept, &mut added)?;
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
