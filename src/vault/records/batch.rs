//! Batches: many writes, committed together or not at all. Each is decided when it is added, and again at the commit.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Impossible, Result};
use crate::model::{Action, CollectionId, RecordId, Timestamp};
use crate::policy::{Denial, codes};
use crate::record::Record;

use crate::vault::commit::{Outcome, RowChange, Write};
use crate::vault::gate::NewMeta;
use crate::vault::handles::{Collection, Session, SessionInner};
use crate::vault::records::prepared::Prepared;
use crate::vault::records::subject::PendingSubjects;
use crate::vault::records::update::{self, Edit};
use crate::vault::records::{duplicate, transfer, write};

/// Largest number of writes in a batch.
const WRITES: usize = 16_384;
/// Bytes of rows after which a batch takes no further write.
const BYTES: usize = 64 << 20;
/// Longest age of a batch that is committed, in microseconds: 10 minutes.
const OLDEST: i64 = 600_000_000;
/// Number of times that a batch is decided again because something was decided meanwhile.
const TRIES: u32 = 64;
/// Try after which a decision counts however old it is.
const PATIENT: u32 = 3;

/// A batch of writes to any collections of one tenant, committed together or not at all.
///
/// A write's closure runs when the write is added. Nothing is stored before [`commit`](Self::commit), which decides
/// each write again: a write that has been forbidden since isn't done. A batch that is dropped does nothing. At most
/// 16,384 writes and 64 MiB; one write for each record; committed within 10 minutes.
pub struct Batch {
    session: Arc<SessionInner>,
    /// The change, without entries.
    pub(crate) write: Write,
    pub(crate) writes: Vec<Prepared>,
    subjects: PendingSubjects,
    touched: HashSet<(CollectionId, RecordId)>,
    pub(crate) bytes: usize,
    begun: Timestamp,
    ended: bool,
}

impl Session {
    /// Begins a batch of writes to any of the tenant's collections, committed together or not at all.
    #[must_use]
    pub fn batch(&self) -> Batch {
        Batch {
            session: Arc::clone(&self.inner),
            write: Write::default(),
            writes: Vec::new(),
            subjects: PendingSubjects::default(),
            touched: HashSet::new(),
            bytes: 0,
            begun: self.inner.core.now(),
            ended: false,
        }
    }
}

impl Batch {
    /// Adds a new record.
    ///
    /// # Errors
    /// As [`Collection::insert`], except that a duplicate value is found by [`commit`](Self::commit);
    /// [`Error::OtherTenant`] for another tenant's collection; [`Error::TooLarge`] for a batch over its limits.
    pub fn insert<T: Record + 'static>(&mut self, collection: &Collection<T>, value: &T) -> Result<RecordId> {
        self.insert_with(collection, value, NewMeta::new())
    }

    /// Adds a new record with an owner, labels, or the record it is about, which may be in this batch.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_with<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        value: &T,
        meta: NewMeta,
    ) -> Result<RecordId> {
        self.admit(collection, None)?;
        let subjects = Some(&mut self.subjects);
        let (id, prepared) = write::prepare_insert(&self.session, collection.core(), value, &meta, subjects)?;
        self.add(prepared)?;
        Ok(id)
    }

    /// Adds a change of a record. The closure runs now, once.
    ///
    /// # Errors
    /// As [`Collection::update`]; [`Error::NotPossible`] for a record that the batch writes already.
    pub fn update<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        id: RecordId,
        mut change: impl FnMut(&mut T),
    ) -> Result<()> {
        self.admit(collection, Some(id))?;
        let mut change = |value: &mut T| {
            change(value);
            true
        };
        let edit = Edit::Change(&mut change);
        let (prepared, _) = update::prepare_edit(&self.session, collection.core(), id, None, edit, &mut false)?;
        self.touched.insert((collection.core().id, id));
        prepared.map_or(Ok(()), |prepared| self.add(prepared))
    }

    /// Adds the deletion of a record.
    ///
    /// # Errors
    /// As [`Collection::delete`]; [`Error::NotPossible`] for a record that the batch writes already.
    pub fn delete<T: Record + 'static>(&mut self, collection: &Collection<T>, id: RecordId) -> Result<()> {
        self.admit(collection, Some(id))?;
        let prepared = write::prepare_delete(&self.session, collection.core(), id, None)?;
        self.add(prepared)
    }

    /// Adds a transfer of a record to another owner, or to none.
    ///
    /// # Errors
    /// As [`Collection::transfer`]; [`Error::NotPossible`] for a record that the batch writes already.
    pub fn transfer<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        id: RecordId,
        new_owner: Option<&str>,
    ) -> Result<()> {
        self.admit(collection, Some(id))?;
        let (prepared, _) = transfer::prepare_transfer(&self.session, collection.core(), id, new_owner)?;
        self.touched.insert((collection.core().id, id));
        prepared.map_or(Ok(()), |prepared| self.add(prepared))
    }

    /// Returns the number of writes in the batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.write.rows.len()
    }

    /// Tells whether the batch has no writes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write.rows.is_empty()
    }

    /// Decides each write again and commits the batch; all of it is durable when this returns. Its journal entries
    /// carry the time of the commit. A batch that fails leaves an entry for each of its writes.
    ///
    /// # Errors
    /// [`Error::Denied`] for a write that has been forbidden meanwhile; [`Error::Conflict`] if a record that it changes
    /// or is about was written by somebody else meanwhile; [`Error::Duplicate`] for a value that a unique index has
    /// ([`Error::Denied`] if the actor can't see the record with it); [`Error::NotPossible`] for a batch begun more
    /// than 10 minutes ago. Nothing is stored then; make the batch anew.
    pub fn commit(mut self) -> Result<()> {
        let mut code = "conflict";
        let result = self.try_commit(&mut code);
        self.ended = true;
        if !matches!(result, Ok(()) | Err(Error::AuditUnavailable { committed: true })) {
            // The batch's error says more than one of the journal's; health reports a journal that takes no entries.
            let _unwritten = self.failed(code);
        }
        result
    }

    fn try_commit(&mut self, code: &mut &'static str) -> Result<()> {
        let session = Arc::clone(&self.session);
        if self.writes.is_empty() {
            return Ok(());
        }
        if session.core.now().as_micros().saturating_sub(self.begun.as_micros()) > OLDEST {
            *code = "too_old";
            return Err(Impossible::OldBatch.into());
        }
        for tries in 0..TRIES {
            for prepared in &mut self.writes {
                if let Err(error) = prepared.decide_again(&session) {
                    *code = "batch_failed";
                    return Err(error);
                }
            }
            let mut write = std::mem::take(&mut self.write);
            write.entries.clear();
            write.decided = None;
            for prepared in &self.writes {
                write.entries.extend(prepared.write.entries.iter().cloned());
                prepared.write.decided.into_iter().for_each(|decided| write.rests_on(decided));
            }
            if let (true, Some(decided)) = (tries > PATIENT, &mut write.decided) {
                decided.at = None;
            }
            match session.core.write(Some(&session.tenant), write)? {
                Outcome::Committed => return Ok(()),
                Outcome::Stale(back) => self.write = *back,
                Outcome::Conflict => return Err(Error::Conflict),
                Outcome::Duplicate(holder) => {
                    *code = "batch_failed";
                    let by = self.writes.iter().position(|write| {
                        (write.collection.id, write.record) == (holder.collection.id, holder.tried_by)
                    });
                    let action = by.and_then(|by| self.writes.get(by)).map_or(Action::Create, |write| write.action);
                    return Err(duplicate::told(&session, action, by, &holder)?.unwrap_or(Error::Conflict));
                }
            }
        }
        Err(Error::Conflict)
    }

    /// Writes down that the batch's writes have failed.
    fn failed(&self, code: &str) -> Result<()> {
        self.writes.iter().try_for_each(|prepared| prepared.fail(&self.session, code))
    }

    fn admit<T: Record + 'static>(&self, collection: &Collection<T>, id: Option<RecordId>) -> Result<()> {
        if !Arc::ptr_eq(&collection.session().tenant, &self.session.tenant) {
            return Err(Error::OtherTenant);
        }
        if self.len() >= WRITES {
            return Err(Error::TooLarge { what: "batch (in writes)", size: WRITES.saturating_add(1), limit: WRITES });
        }
        if self.bytes > BYTES {
            return Err(Error::TooLarge { what: "batch", size: self.bytes, limit: BYTES });
        }
        match id {
            Some(id) if self.touched.contains(&(collection.core().id, id)) => Err(Impossible::TwiceInBatch.into()),
            _ => Ok(()),
        }
    }

    fn add(&mut self, mut prepared: Prepared) -> Result<()> {
        // Within one commit both writes would find the approval unused.
        if prepared.write.facts().any(|key| self.write.facts().any(|used| used == key)) {
            let act = self.session.act(prepared.action).on(&prepared.collection);
            let denial = Denial::new(codes::APPROVAL_REQUIRED, "the batch has used up the approval by another write");
            return Err(act.refuse(denial));
        }
        let mut write = std::mem::take(&mut prepared.write);
        write.entries.clear();
        self.bytes = write.rows.iter().map(RowChange::bytes).fold(self.bytes, usize::saturating_add);
        self.touched.insert((prepared.collection.id, prepared.record));
        self.write.join(write);
        self.writes.push(prepared);
        Ok(())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.ended {
            // A batch that is dropped has nobody to tell; health reports a journal that takes no entries.
            let _unwritten = self.failed("dropped");
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("writes", &self.len()).finish_non_exhaustive()
    }
}
