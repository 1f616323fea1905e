//! Answers of reads, and metadata of records.

use std::fmt;

use crate::format::Meta;
use crate::model::{CollectionId, RecordId, Revision, Timestamp};

/// A record that was found: its value, and what is known about it.
///
/// `Debug` shows no field's value, and no name of a withheld field: in a [`Document`](crate::Document) names are data too.
#[non_exhaustive]
pub struct Found<T> {
    /// The record's id.
    pub id: RecordId,
    /// The revision that was read.
    pub revision: Revision,
    /// Owner, labels, times.
    pub meta: Metadata,
    /// The value. Fields named in `withheld` hold a mask, nothing or a zero, never the real value.
    pub value: T,
    /// The fields that the actor may not see.
    pub withheld: Vec<String>,
}

impl<T> Found<T> {
    /// Tells whether this field is withheld.
    #[must_use]
    pub fn is_withheld(&self, field: &str) -> bool {
        self.withheld.iter().any(|name| name == field)
    }
}

impl<T> fmt::Debug for Found<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("withheld", &self.withheld.len())
            .finish_non_exhaustive()
    }
}

/// Metadata of a record, sealed with it.
///
/// `Debug` shows the times only: owner and labels are the host's own words.
#[derive(Clone, PartialEq, Eq)]
pub struct Metadata {
    inner: Meta,
}

impl Metadata {
    pub(crate) const fn new(inner: Meta) -> Self {
        Self { inner }
    }

    /// Who owns the record.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.inner.owner.as_deref()
    }

    /// The record's labels.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.inner.labels
    }

    /// When the record was stored first.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.inner.created
    }

    /// When this revision was stored.
    #[must_use]
    pub const fn updated(&self) -> Timestamp {
        self.inner.updated
    }

    /// The record that this one is about; `None` if it is its own data subject.
    #[must_use]
    pub const fn about(&self) -> Option<(CollectionId, RecordId)> {
        self.inner.subject
    }

    /// Returns the journal's name for the person whom the record is about: random, shared by all records about them, and told by
    /// these alone. [`Subject::pseudonym`](crate::audit::Subject::pseudonym) is the same text.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        self.inner.pseudonym.to_string()
    }

    /// Until when the record has to be kept.
    #[must_use]
    pub const fn retain_until(&self) -> Option<Timestamp> {
        self.inner.retention
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("created", &self.created())
            .field("updated", &self.updated())
            .finish_non_exhaustive()
    }
}

/// Metadata to store with a new record.
///
/// Without an owner, the record belongs to the actor who stores it.
///
/// ```
/// use strongroom::NewMeta;
/// let meta = NewMeta::new().owner("sales-7").label("vip");
/// ```
#[derive(Clone, Default)]
pub struct NewMeta {
    pub(crate) owner: Option<Option<String>>,
    pub(crate) labels: Vec<String>,
    pub(crate) about: Option<(String, RecordId)>,
    pub(crate) retention: Option<Timestamp>,
}

impl NewMeta {
    /// Nothing but the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The record belongs to this actor.
    #[must_use]
    pub fn owner(mut self, actor: impl Into<String>) -> Self {
        self.owner = Some(Some(actor.into()));
        self
    }

    /// The record belongs to nobody.
    #[must_use]
    pub fn no_owner(mut self) -> Self {
        self.owner = Some(None);
        self
    }

    /// Adds a label, at most 64 of at most 512 bytes each.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// The record is about another one of the same tenant: they share a data subject, and are erased together.
    #[must_use]
    pub fn about(mut self, collection: impl Into<String>, record: RecordId) -> Self {
        self.about = Some((collection.into(), record));
        self
    }

    /// The record has to be kept until then.
    #[must_use]
    pub fn retain_until(mut self, time: Timestamp) -> Self {
        self.retention = Some(time);
        self
    }
}

impl fmt::Debug for NewMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMeta").finish_non_exhaustive()
    }
}

/// One page of a list or a search, in the order of record ids.
#[non_exhaustive]
pub struct Page<T> {
    /// The records of this page that the actor may see.
    pub items: Vec<Found<T>>,
    /// Pass this as `after` for the next page; `None` at the end.
    pub next: Option<RecordId>,
}

impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("items", &self.items.len()).field("next", &self.next).finish()
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = Found<T>;
    type IntoIter = std::vec::IntoIter<Found<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

#[cfg(test)]
mod tests;
