//! Data subjects: the slot of a new record, and its number in the slot.

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::{Context, Domain, Label, open, seal};
use crate::error::{Error, Result};
use crate::format::Meta;
use crate::format::place;
use crate::format::state::SlotEntry;
use crate::keys::TenantKeys;
use crate::model::{Action, CollectionId, Pseudonym, RecordId, Slot, TenantId};

use crate::vault::commit::Write;
use crate::vault::handles::SessionInner;
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::state::schema::CollectionCore;

/// A subject as an uncommitted batch leaves it.
#[derive(Clone, Copy)]
struct PendingSubject {
    pseudonym: Pseudonym,
    next: u32,
    root: (CollectionId, RecordId),
}

/// The subjects that an uncommitted batch creates or adds records to.
#[derive(Default)]
pub(crate) struct PendingSubjects {
    /// Slots of the records that the batch creates, and of those that its records are about.
    slots: HashMap<(CollectionId, RecordId), u32>,
    subjects: HashMap<u32, PendingSubject>,
}

/// The subject that a new record joins. [`PendingSubjects`] gets it once the record is prepared, with its expectations.
pub(crate) struct Joined {
    pub(crate) slot: u32,
    subject: PendingSubject,
    of: (CollectionId, RecordId),
    /// The record that the new one is about, if it is in the store.
    pub(crate) stored: Option<(Arc<CollectionCore>, RecordId)>,
}

impl PendingSubjects {
    /// Adds a record of the batch with a slot of its own.
    pub(crate) fn created(&mut self, record: (CollectionId, RecordId), slot: u32, pseudonym: Pseudonym) {
        self.slots.insert(record, slot);
        self.subjects.insert(slot, PendingSubject { pseudonym, next: 1, root: record });
    }

    /// Adds a record of the batch that has joined a subject.
    pub(crate) fn joined(&mut self, record: (CollectionId, RecordId), joined: &Joined) {
        self.slots.insert(record, joined.slot);
        self.slots.insert(joined.of, joined.slot);
        self.subjects.insert(joined.slot, joined.subject);
    }

    fn find(&self, record: (CollectionId, RecordId)) -> Option<(u32, PendingSubject)> {
        let slot = *self.slots.get(&record)?;
        Some((slot, *self.subjects.get(&slot)?))
    }
}

/// Makes a new record one about another: the same slot and pseudonym, the next number.
pub(crate) fn about(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    id: RecordId,
    about: &(String, RecordId),
    meta: &mut Meta,
    pending: Option<&PendingSubjects>,
    write: &mut Write,
) -> Result<Joined> {
    let tenant = &session.tenant;
    let of = tenant.collection(&about.0)?;
    let mut in_store = None;
    let (slot, mut subject) = match pending.and_then(|pending| pending.find((of.id, about.1))) {
        Some(known) => known,
        None => {
            let (slot, subject) = stored(session, &of, about.1, write)?;
            in_store = Some((Arc::clone(&of), about.1));
            // The batch may have records of this subject already, through another of its records.
            (slot, pending.and_then(|pending| pending.subjects.get(&slot)).copied().unwrap_or(subject))
        }
    };
    meta.pseudonym = subject.pseudonym;
    meta.number = subject.next;
    meta.subject = Some(subject.root);
    subject.next = subject.next.checked_add(1).ok_or(Error::damaged("a data subject's records are at their end"))?;
    let head = SlotEntry::Head { next: subject.next, hold: false };
    let entry = SlotEntry::Record { collection: collection.id, record: id };
    for (number, value) in [(0, head), (meta.number, entry)] {
        let key = place::slot_map(tenant.id, Slot(slot), number);
        write.puts.push((key, Some(seal_slot_entry(&tenant.keys, tenant.id, Slot(slot), number, value)?)));
    }
    Ok(Joined { slot, subject, of: (of.id, about.1), stored: in_store })
}

/// Loads a subject from the store. Its row and its slot's head must not change before the commit.
fn stored(
    session: &SessionInner,
    of: &Arc<CollectionCore>,
    id: RecordId,
    write: &mut Write,
) -> Result<(u32, PendingSubject)> {
    let tenant = &session.tenant;
    let act = session.act(Action::Read).on(of);
    let row = match read::stored(session, of, &of.layout(), id)? {
        Stored::Row(row) => row,
        Stored::Gone(error) => return Err(act.absent(error)),
    };
    let mut permit = act.permit_on(&row.1)?;
    act.spend(&mut permit, write)?;
    write.rests_on(permit.decided());
    // The entry of the new record names the data subject.
    act.told_elsewhere();
    let meta = row.1.meta();
    let slot = row.1.head().slot;
    let key = place::slot_map(tenant.id, slot, 0);
    let head = session.core.store.get(&key).map_err(|error| Error::io("reading the slot map", error))?;
    let next = match &head {
        None => 1,
        Some(sealed) => match open_slot_entry(&tenant.keys, tenant.id, slot, 0, sealed)? {
            SlotEntry::Head { next, .. } => next,
            SlotEntry::Record { .. } => return Err(Error::damaged("the head of a slot is not one")),
        },
    };
    write.expect.push((key, head));
    write.expect.push((place::row(tenant.id, of.id, id), Some(row.0.raw.clone())));
    let root = meta.subject.unwrap_or((of.id, id));
    Ok((slot.0, PendingSubject { pseudonym: meta.pseudonym, next, root }))
}

fn seal_slot_entry(keys: &TenantKeys, tenant: TenantId, slot: Slot, number: u32, entry: SlotEntry) -> Result<Vec<u8>> {
    seal(keys.state(), Label::SlotMap, &context(tenant, slot, number), &entry.to_bytes())
        .map_err(|error| Error::io("sealing the slot map", error))
}

/// Opens the entry of the slot map under this number.
pub(crate) fn open_slot_entry(
    keys: &TenantKeys,
    tenant: TenantId,
    slot: Slot,
    number: u32,
    sealed: &[u8],
) -> Result<SlotEntry> {
    let plain = open(keys.state(), Label::SlotMap, &context(tenant, slot, number), sealed)
        .map_err(|error| Error::damaged_by("an entry of the slot map doesn't open", error))?;
    SlotEntry::from_bytes(&plain).map_err(|error| Error::damaged_by("an entry of the slot map", error))
}

fn context(tenant: TenantId, slot: Slot, number: u32) -> Context {
    Context::new(Domain::SlotMap).bytes(tenant.as_bytes()).u32(slot.0).u32(number)
}
