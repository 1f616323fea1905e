//! The records of one type, as one actor may use them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Action, RecordId, Revision};
use crate::record::{Record, SearchValue};

use crate::vault::records::found::{Found, NewMeta, Page};
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::CollectionCore;
use crate::vault::records::{find, import, list, read, write};

/// The records of type `T` in one collection, as one actor may use them. A cheap clone, `Send + Sync + 'static`.
///
/// Every call asks the policy first and is written to the journal, refused ones too. What they share of errors:
///
/// - [`Error::Denied`](crate::Error::Denied): the policy said no. It also stands for a record that isn't there, where
///   the actor may not know that.
/// - [`Error::Damaged`](crate::Error::Damaged): a row doesn't open, or contradicts its index.
/// - [`Error::AuditUnavailable`](crate::Error::AuditUnavailable), [`Error::Stopped`](crate::Error::Stopped),
///   [`Error::Closed`](crate::Error::Closed): the vault can't act now.
pub struct Collection<T> {
    session: Arc<SessionInner>,
    core: Arc<CollectionCore>,
    kind: PhantomData<fn() -> T>,
}

impl<T: Record + 'static> Collection<T> {
    pub(crate) fn new(session: Arc<SessionInner>, core: Arc<CollectionCore>) -> Result<Self> {
        let collection = Self { session, core, kind: PhantomData };
        write::plan::<T>(&collection.core.layout())?;
        Ok(collection)
    }

    /// Stores a record, owned by the actor. It is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Duplicate`](crate::Error::Duplicate) for a value that a unique index has already
    /// ([`Error::Denied`](crate::Error::Denied), as for any refused insert, if the actor can't see whose it is),
    /// [`Error::TooLarge`](crate::Error::TooLarge) and [`Error::Record`](crate::Error::Record) for a value that can't be
    /// stored, and those of every call.
    pub fn insert(&self, value: &T) -> Result<RecordId> {
        self.insert_with(value, NewMeta::new())
    }

    /// Stores a record with an owner, labels, or the record it is about.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [`Error::NotFound`](crate::Error::NotFound) for an unknown record to be about.
    pub fn insert_with(&self, value: &T, meta: NewMeta) -> Result<RecordId> {
        write::insert(&self.session, &self.core, value, &meta)
    }

    /// Stores many records as fast as the disk takes them. Each is committed by itself, many of them in one sync;
    /// `outcome` is told of each, in order, once it is durable or refused. Returns how many were stored.
    ///
    /// # Errors
    /// Only those after which no further record could be stored; those of single records go to `outcome`.
    pub fn import<I, F>(&self, values: I, outcome: F) -> Result<usize>
    where
        I: IntoIterator<Item = T>,
        F: FnMut(usize, Result<RecordId>),
    {
        import::import(&self.session, &self.core, values, outcome)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted), and those of every call.
    pub fn get(&self, id: RecordId) -> Result<Found<T>> {
        read::get(&self.session, &self.core, id)
    }

    /// The record that has this value in a unique index; `None` if there is none, or none that the actor may see.
    ///
    /// The value is normalized as the index is: with [`Normalizer::Email`](crate::Normalizer::Email),
    /// `Info@Example.com` finds `info@example.com`.
    ///
    /// # Errors
    /// [`Error::NotIndexed`](crate::Error::NotIndexed), [`Error::NotUnique`](crate::Error::NotUnique),
    /// [`Error::UnknownField`](crate::Error::UnknownField), and those of every call.
    pub fn find_unique(&self, field: &str, value: impl Into<SearchValue>) -> Result<Option<Found<T>>> {
        find::find_unique(&self.session, &self.core, field, &value.into())
    }

    /// The records that have this value in an indexed field, after the record `after`, in the order of their ids; at
    /// most `limit` of them (1 to 1,000).
    ///
    /// A page costs a look at each entry of the value, so values that most records share are better listed.
    ///
    /// # Errors
    /// [`Error::NotIndexed`](crate::Error::NotIndexed), [`Error::UnknownField`](crate::Error::UnknownField), and those
    /// of every call.
    pub fn find(
        &self,
        field: &str,
        value: impl Into<SearchValue>,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page<T>> {
        find::find(&self.session, &self.core, &[(field, value.into())], after, limit)
    }

    /// The records that have all of these values, each in an indexed field of its own.
    ///
    /// # Errors
    /// As [`find`](Self::find); no field at all is [`Error::Record`](crate::Error::Record).
    pub fn find_all(&self, wanted: &[(&str, SearchValue)], after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        find::find(&self.session, &self.core, wanted, after, limit)
    }

    /// The records after `after` that the actor may see, in the order of their ids; at most `limit` of them (1 to
    /// 1,000).
    ///
    /// Where the policy's [scope](crate::policy::Scope) names the rows by owners, attributes or ids, and the schema indexes
    /// these, a page costs a look at each of their index entries, at most 65,536, and not at every row of the collection.
    ///
    /// # Errors
    /// Those of every call.
    pub fn list(&self, after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        list::list(&self.session, &self.core, Action::List, after, limit, list::BOUNDS)
    }

    /// The records after `after` that the actor may take out of the vault, as [`list`](Self::list) gives them: at most
    /// `limit` of them (1 to 1,000), in the order of their ids, with what is withheld masked. An act of its own
    /// ([`Action::Export`]), so that a policy can oblige it to more than a list and a monitor can tell them apart.
    ///
    /// # Errors
    /// Those of every call.
    pub fn export(&self, after: Option<RecordId>, limit: usize) -> Result<Page<T>> {
        list::list(&self.session, &self.core, Action::Export, after, limit, list::BOUNDS)
    }

    /// Reads these fields of a record, though they are otherwise masked. An act of its own ([`Action::Unmask`]): the
    /// policy is asked for these fields, and the journal names them. All other fields are withheld.
    ///
    /// # Errors
    /// [`Error::UnknownField`](crate::Error::UnknownField), and those of [`get`](Self::get).
    pub fn unmask(&self, id: RecordId, fields: &[&str]) -> Result<Found<T>> {
        read::unmask(&self.session, &self.core, id, fields)
    }

    /// The first `limit` (1 to 1,000) of the records that the actor may see, by the value of a field that they may read;
    /// `descending`: the last. Text, whole numbers, bools and enums without data; text without regard to case, records
    /// without a value last. Records of which the actor may not read the field aren't among them. Looks at every record.
    ///
    /// # Errors
    /// [`Error::UnknownField`](crate::Error::UnknownField); [`Error::Record`](crate::Error::Record) for a field of another
    /// type; [`Error::TooLarge`](crate::Error::TooLarge) for more than 32 MiB of records; and those of every call.
    pub fn sorted(&self, field: &str, descending: bool, limit: usize) -> Result<Vec<Found<T>>> {
        list::sorted(&self.session, &self.core, field, descending, limit)
    }

    /// How many records the actor may see. Looks at every record that the policy's scope can hold.
    ///
    /// # Errors
    /// Those of every call.
    pub fn count(&self) -> Result<u64> {
        list::count::<T>(&self.session, &self.core)
    }

    /// All records that the actor may see, read in pages of `page` (1 to 1,000). Ends after the first error.
    pub fn iter(&self, page: usize) -> impl Iterator<Item = Result<Found<T>>> + use<T> {
        Pages { collection: self.clone(), page, after: None, items: Vec::new().into_iter(), done: false }
    }

    /// Changes a record. `change` may run more than once: when somebody else wrote meanwhile, the record is read and
    /// decided anew. Only the fields that `change` changed are written; all others, and those that the type has lost,
    /// keep their bytes. Returns the new revision, or the present one if nothing changed.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted),
    /// [`Error::Duplicate`](crate::Error::Duplicate); [`Error::Denied`](crate::Error::Denied), naming the field, if a
    /// field was changed that is withheld or may not be written; and those of every call.
    pub fn update(&self, id: RecordId, change: impl FnMut(&mut T)) -> Result<Revision> {
        write::update(&self.session, &self.core, id, None, change)
    }

    /// Changes a record if it still is at this revision.
    ///
    /// # Errors
    /// As [`update`](Self::update), and [`Error::Conflict`](crate::Error::Conflict) if the record is at another revision.
    pub fn update_at(&self, id: RecordId, revision: Revision, change: impl FnMut(&mut T)) -> Result<Revision> {
        write::update(&self.session, &self.core, id, Some(revision), change)
    }

    /// Replaces the whole value of a record that still is at this revision. Every field must be readable and writable.
    ///
    /// # Errors
    /// As [`update_at`](Self::update_at).
    pub fn replace(&self, id: RecordId, revision: Revision, value: &T) -> Result<Revision> {
        write::replace(&self.session, &self.core, id, revision, value)
    }

    /// Removes a record. A tombstone stays, so its id never comes back; copies in backups stay readable.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted), and those of every call.
    pub fn delete(&self, id: RecordId) -> Result<()> {
        write::delete(&self.session, &self.core, id, None)
    }

    /// Removes a record if it still is at this revision.
    ///
    /// # Errors
    /// As [`delete`](Self::delete), and [`Error::Conflict`](crate::Error::Conflict) if the record is at another revision.
    pub fn delete_at(&self, id: RecordId, revision: Revision) -> Result<()> {
        write::delete(&self.session, &self.core, id, Some(revision))
    }

    /// Gives a record to another owner, or to nobody. The policy must permit that of the record as it is and as it will be.
    /// Returns the new revision, or the present one if the record has that owner.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Deleted`](crate::Error::Deleted),
    /// [`Error::TooLarge`](crate::Error::TooLarge) for an owner over 512 bytes, and those of every call.
    pub fn transfer(&self, id: RecordId, new_owner: Option<&str>) -> Result<Revision> {
        write::transfer(&self.session, &self.core, id, new_owner)
    }

    pub(crate) fn core(&self) -> &Arc<CollectionCore> {
        &self.core
    }

    pub(crate) fn session(&self) -> &Arc<SessionInner> {
        &self.session
    }
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Self { session: Arc::clone(&self.session), core: Arc::clone(&self.core), kind: PhantomData }
    }
}

impl<T> fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection").field("name", &self.core.name).finish_non_exhaustive()
    }
}

struct Pages<T> {
    collection: Collection<T>,
    page: usize,
    after: Option<RecordId>,
    items: std::vec::IntoIter<Found<T>>,
    done: bool,
}

impl<T: Record + 'static> Iterator for Pages<T> {
    type Item = Result<Found<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.items.next() {
                return Some(Ok(found));
            }
            if self.done {
                return None;
            }
            match self.collection.list(self.after, self.page) {
                Ok(page) => {
                    self.done = page.next.is_none();
                    self.after = page.next;
                    self.items = page.items.into_iter();
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
