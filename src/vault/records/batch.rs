//! Many writes, committed together or not at all.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Action, CollectionId, RecordId};
use crate::policy::{Denial, codes};
use crate::record::Record;

use crate::vault::collection::Collection;
use crate::vault::core::{Outcome, Write};
use crate::vault::records::found::NewMeta;
use crate::vault::session::SessionInner;
use crate::vault::records::subject::PendingSubjects;
use crate::vault::records::{duplicate, read, transfer, update, write};

/// A batch has at most this many writes,
const WRITES: usize = 16_384;
/// and takes no further one once its rows have this many bytes.
const BYTES: usize = 64 << 20;

/// Writes to any collections of one tenant that are committed together or not at all.
///
/// Each write is decided when it is added; nothing is stored before [`commit`](Self::commit). A batch that is dropped
/// does nothing. At most 16,384 writes and 64 MiB; one write a record.
pub struct Batch {
    session: Arc<SessionInner>,
    pub(crate) write: Write,
    subjects: PendingSubjects,
    touched: HashSet<(CollectionId, RecordId)>,
    pub(crate) bytes: usize,
}

impl Batch {
    pub(crate) fn new(session: Arc<SessionInner>) -> Self {
        Self {
            session,
            write: Write::default(),
            subjects: PendingSubjects::default(),
            touched: HashSet::new(),
            bytes: 0,
        }
    }

    /// Adds a new record.
    ///
    /// # Errors
    /// As [`Collection::insert`], except that a duplicate value is found by [`commit`](Self::commit);
    /// [`Error::OtherTenant`] for another tenant's collection; [`Error::TooLarge`] for a batch over its limits.
    pub fn insert<T: Record + 'static>(&mut self, collection: &Collection<T>, value: &T) -> Result<RecordId> {
        self.insert_with(collection, value, NewMeta::new())
    }

    /// Adds a new record with an owner, labels, or the record it is about, which may be one of this batch.
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
        let mut write = Write::default();
        let subjects = Some(&mut self.subjects);
        let id = write::prepare_insert(&self.session, collection.core(), value, &meta, subjects, &mut write)?;
        self.add(collection, Action::Create, id, write)?;
        Ok(id)
    }

    /// Adds a change of a record.
    ///
    /// # Errors
    /// As [`Collection::update`]; [`Error::Conflict`] for a record that the batch writes already.
    pub fn update<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        id: RecordId,
        mut change: impl FnMut(&mut T),
    ) -> Result<()> {
        self.admit(collection, Some(id))?;
        let mut write = Write::default();
        update::prepare_update(&self.session, collection.core(), id, None, &mut change, &mut write)?;
        self.add(collection, Action::Update, id, write)
    }

    /// Adds the removal of a record.
    ///
    /// # Errors
    /// As [`Collection::delete`]; [`Error::Conflict`] for a record that the batch writes already.
    pub fn delete<T: Record + 'static>(&mut self, collection: &Collection<T>, id: RecordId) -> Result<()> {
        self.admit(collection, Some(id))?;
        let mut write = Write::default();
        write::prepare_delete(&self.session, collection.core(), id, None, &mut write)?;
        self.add(collection, Action::Delete, id, write)
    }

    /// Adds that a record gets another owner, or none.
    ///
    /// # Errors
    /// As [`Collection::transfer`]; [`Error::Conflict`] for a record that the batch writes already.
    pub fn transfer<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        id: RecordId,
        new_owner: Option<&str>,
    ) -> Result<()> {
        self.admit(collection, Some(id))?;
        let mut write = Write::default();
        transfer::prepare_transfer(&self.session, collection.core(), id, new_owner, &mut write)?;
        self.add(collection, Action::Transfer, id, write)
    }

    /// How many writes the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.write.rows.len()
    }

    /// Whether the batch has no writes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write.rows.is_empty()
    }

    /// Commits the batch; all of it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a record it changes or is about was written by somebody else meanwhile, and
    /// [`Error::Duplicate`] for a value that a unique index has ([`Error::Denied`] if the actor can't see whose it is):
    /// nothing is stored then; make the batch anew.
    pub fn commit(self) -> Result<()> {
        if self.write.is_empty() {
            return Ok(());
        }
        // Each write was decided when it was added, which may be a while ago.
        let question = self.session.question(Action::Create, None, &[]);
        if let Err(denial) = self.session.core.gate.standing(&question) {
            return Err(read::refuse_at(&self.session, None, &question, denial));
        }
        duplicate::check(&self.session, Action::Create, &self.write)?;
        match self.session.core.write(Some(&self.session.tenant), self.write)? {
            Outcome::Committed => Ok(()),
            Outcome::Conflict => Err(Error::Conflict),
            // Twice in this batch: who made it knows both.
            Outcome::Duplicate(holder) if self.touched.contains(&(holder.collection.id, holder.record)) => {
                Err(Error::Duplicate { field: holder.field })
            }
            Outcome::Duplicate(holder) => {
                Err(duplicate::told(&self.session, Action::Create, *holder)?.unwrap_or(Error::Conflict))
            }
        }
    }

    fn admit<T: Record + 'static>(&self, collection: &Collection<T>, id: Option<RecordId>) -> Result<()> {
        let of = collection.session();
        if !Arc::ptr_eq(&of.tenant, &self.session.tenant) {
            return Err(Error::OtherTenant);
        }
        if self.write.rows.len() >= WRITES {
            return Err(Error::TooLarge { what: "batch (in writes)", size: WRITES.saturating_add(1), limit: WRITES });
        }
        if self.bytes > BYTES {
            return Err(Error::TooLarge { what: "batch", size: self.bytes, limit: BYTES });
        }
        match id {
            Some(id) if self.touched.contains(&(collection.core().id, id)) => Err(Error::Conflict),
            _ => Ok(()),
        }
    }

    fn add<T: Record + 'static>(
        &mut self,
        collection: &Collection<T>,
        action: Action,
        id: RecordId,
        write: Write,
    ) -> Result<()> {
        let core = collection.core();
        // Within one commit both would see it unused.
        if write.facts().any(|key| self.write.facts().any(|used| used == key)) {
            let question = self.session.question(action, Some(&core.name), &[]);
            let denial = Denial::new(codes::APPROVAL_REQUIRED, "the batch has used up the approval by another write");
            return Err(read::refuse(&self.session, core, &question, denial));
        }
        self.bytes = write.rows.iter().fold(self.bytes, |sum, row| sum.saturating_add(row.bytes()));
        self.touched.insert((core.id, id));
        self.write.join(write);
        Ok(())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("writes", &self.len()).finish_non_exhaustive()
    }
}
