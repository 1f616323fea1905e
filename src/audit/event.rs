//! Entries as sinks get them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::format::journal_entry::tag;
use crate::model::{CollectionId, Revision, TenantId, Timestamp};

use super::{Entry, Outcome, Subject};

mod json;

/// One journal entry, on its way to a sink: who did what, where, when, why and with what outcome. Never a value.
///
/// [`position`](Self::position) and [`index`](Self::index) name it within its journal; a sink may get it more than once.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    journal: Arc<str>,
    tenant: Option<TenantId>,
    position: u64,
    index: u32,
    of: u32,
    entry: Entry,
}

/// Returns the events of one block.
pub(crate) fn events(journal: &Arc<str>, tenant: Option<TenantId>, position: u64, entries: Vec<Entry>) -> Vec<Event> {
    let of = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let event = |(index, entry)| Event { journal: Arc::clone(journal), tenant, position, index, of, entry };
    (0u32..).zip(entries).map(event).collect()
}

impl Event {
    /// Makes an event that stands for itself: the entry at this position and index, of so many in its block.
    pub(crate) fn shown(
        journal: &Arc<str>,
        tenant: Option<TenantId>,
        (position, index, of): (u64, u32, u32),
        entry: Entry,
    ) -> Self {
        Self { journal: Arc::clone(journal), tenant, position, index, of, entry }
    }

    /// Returns the journal's name: `strongroom/<vault id>/<journal id>`.
    #[must_use]
    pub fn journal(&self) -> &str {
        &self.journal
    }

    /// Its block's number in the journal, from 0.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its number in the block, from 0.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Returns how many entries the block has.
    #[must_use]
    pub fn of(&self) -> u32 {
        self.of
    }

    /// Returns the tenant's id; `None` for an act of the vault itself.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    /// Returns the time of the act.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.entry.time()
    }

    /// Returns the name of the act: that of an [`Action`](crate::model::Action), or of what the host has recorded, such as
    /// `host_login`.
    #[must_use]
    pub fn action(&self) -> &str {
        self.entry.action()
    }

    /// Returns the outcome of the act.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.entry.outcome().0
    }

    /// Returns a short code of the outcome; may be empty.
    #[must_use]
    pub fn code(&self) -> &str {
        self.entry.outcome().1
    }

    /// Returns the policy's rule that decided; may be empty.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.entry.outcome().2
    }

    /// Returns the id of the actor; `None` for an act of the vault's own.
    #[must_use]
    pub fn actor(&self) -> Option<&str> {
        self.entry.text(tag::ACTOR)
    }

    /// Returns the actor's roles.
    #[must_use]
    pub fn roles(&self) -> Vec<&str> {
        self.names(tag::ROLES)
    }

    /// Returns the host's session.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.entry.text(tag::SESSION)
    }

    /// Returns the device's name.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.entry.text(tag::DEVICE)
    }

    /// Returns the purpose that the data was wanted for.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        self.entry.text(tag::PURPOSE)
    }

    /// Returns the reason, in the actor's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.entry.text(tag::REASON)
    }

    /// Returns the hash of the policy's version.
    #[must_use]
    pub fn policy(&self) -> Option<[u8; 32]> {
        self.entry.array(tag::POLICY)
    }

    /// Returns the hash of the version of the policy that the act puts in force.
    #[must_use]
    pub fn new_policy(&self) -> Option<[u8; 32]> {
        self.entry.array(tag::NEW_POLICY)
    }

    /// Returns the tenant that an act of the vault itself is about.
    #[must_use]
    pub fn about(&self) -> Option<TenantId> {
        self.entry.array(tag::TENANT).map(TenantId::from_bytes)
    }

    /// Returns the collection's id.
    #[must_use]
    pub fn collection(&self) -> Option<CollectionId> {
        self.entry.array(tag::COLLECTION).map(CollectionId::from_bytes)
    }

    /// Returns the records touched, at most 1,000 in one entry.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        self.entry.subjects().collect()
    }

    /// Returns the names of the fields that were read, as far as they fit (32 KiB).
    #[must_use]
    pub fn fields_read(&self) -> Vec<&str> {
        self.names(tag::FIELDS_READ)
    }

    /// Returns the names of the fields that were changed, as far as they fit (32 KiB).
    #[must_use]
    pub fn fields_changed(&self) -> Vec<&str> {
        self.names(tag::FIELDS_CHANGED)
    }

    /// Returns how many fields were read, those included whose names have no room or aren't told (a document's).
    #[must_use]
    pub fn fields_read_count(&self) -> u32 {
        self.count(tag::FIELDS_READ)
    }

    /// Returns how many fields were changed, those included whose names have no room or aren't told (a document's).
    #[must_use]
    pub fn fields_changed_count(&self) -> u32 {
        self.count(tag::FIELDS_CHANGED)
    }

    /// Returns how many fields were withheld.
    #[must_use]
    pub fn withheld(&self) -> Option<u32> {
        self.entry.count(tag::WITHHELD)
    }

    /// Returns how many rows were given out.
    #[must_use]
    pub fn rows(&self) -> Option<u32> {
        self.entry.count(tag::ROWS)
    }

    /// Returns the record's revision before a change.
    #[must_use]
    pub fn revision_before(&self) -> Option<Revision> {
        self.entry.revision(tag::REVISION_BEFORE)
    }

    /// Returns the record's revision after a change.
    #[must_use]
    pub fn revision_after(&self) -> Option<Revision> {
        self.entry.revision(tag::REVISION_AFTER)
    }

    /// Returns the party whom the act concerns besides the actor, such as `actor:sales-7`, `role:support` or `group:north`:
    /// with whom a record was shared, who was suspended, whose request was answered, who owns records now.
    #[must_use]
    pub fn party(&self) -> Option<&str> {
        self.entry.text(tag::PARTY)
    }

    /// Returns the entries that an alert rests on, at most 100: positions of blocks, and numbers in them.
    #[must_use]
    pub fn evidence(&self) -> Vec<(u64, u32)> {
        self.entry.evidence().collect()
    }

    /// Returns the blocks of the journal that the act is about, by their positions: those that retention dropped, or is
    /// about to.
    #[must_use]
    pub fn blocks(&self) -> Option<Range<u64>> {
        self.entry.blocks()
    }

    fn count(&self, tag: u8) -> u32 {
        self.entry.names(tag).map_or(0, |(count, _)| count)
    }

    fn names(&self, tag: u8) -> Vec<&str> {
        self.entry.names(tag).map(|(_, listed)| listed).unwrap_or_default()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Event");
        debug.field("position", &self.position).field("index", &self.index);
        debug.field("action", &self.action()).field("outcome", &self.outcome()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
