//! Opened rows: what comes out of the gate.

use std::sync::Arc;

use crate::crypto::{CryptoError, Label, Zeroizing, open_body, unwrap};
use crate::error::{Error, Result};
use crate::format::row::{LiveRow, RowHead};
use crate::format::{Body, FormatError, Meta};
use crate::index::Term;
use crate::keys::TenantKeys;
use crate::model::RecordId;
use crate::record::{self, Fields, Plan, Record, StoredField};
use crate::vault::commit::NewTerm;
use crate::vault::found::{Found, Metadata};
use crate::vault::journal::Ticket;
use crate::vault::tenant_core::{CollectionCore, IndexCore, Layout};
use crate::vault::terms::term_of;

use super::sealing::terms;
use super::seals::{body_context, key_context};
use super::{Edited, Permit, RowPlace};

/// A row whose body is open in memory. It shows what is sealed about the record, never a field.
pub(in crate::vault) struct Opened {
    place: RowPlace,
    head: RowHead,
    meta: Meta,
    body: Zeroizing<Vec<u8>>,
    /// The layout to read the fields by, where the row was written with a later one than the reader had.
    newer: Option<Arc<Layout>>,
}

/// Why a row doesn't open.
#[derive(Debug, thiserror::Error)]
pub(in crate::vault) enum Unopened {
    #[error("the record's key can't be had")]
    Key(#[source] crate::keys::KeyError),
    #[error("the record doesn't open")]
    Sealed(#[source] CryptoError),
    #[error("the record's bytes are not a record")]
    Format(#[source] FormatError),
    #[error("the record names fields that its collection's dictionary doesn't have")]
    Dictionary,
}

impl Opened {
    /// Opens a row; `sealed` is its whole body, chunks included.
    pub(in crate::vault) fn open(
        keys: &TenantKeys,
        place: RowPlace,
        row: &LiveRow<'_>,
        sealed: &[u8],
        layout: &Layout,
        latest: &CollectionCore,
    ) -> Result<Self, Unopened> {
        let mut newer = None;
        let known = match layout.dictionary.hash_at(row.head.dictionary) {
            Some(known) => known,
            None => {
                // A schema that changed meanwhile: dictionaries only grow, so the latest one reads every row.
                let latest = newer.insert(latest.layout());
                latest.dictionary.hash_at(row.head.dictionary).ok_or(Unopened::Dictionary)?
            }
        };
        let slot = keys.slot_key(row.head.epoch, row.head.slot).map_err(Unopened::Key)?;
        let context = key_context(&place, &row.head, &known);
        let data = unwrap(&slot, Label::DataKey, &context, row.wrapped).map_err(Unopened::Sealed)?;
        let body = open_body(&data, &body_context(&place, &row.head, &known), sealed).map_err(Unopened::Sealed)?;
        let meta = Body::split(&body).and_then(|body| Meta::decode(body.meta())).map_err(Unopened::Format)?;
        Ok(Self { place, head: row.head, meta, body, newer })
    }

    pub(in crate::vault) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(in crate::vault) fn head(&self) -> &RowHead {
        &self.head
    }

    pub(in crate::vault) fn record(&self) -> RecordId {
        self.place.record
    }

    pub(super) fn place(&self) -> &RowPlace {
        &self.place
    }

    /// Bytes of the opened body.
    pub(in crate::vault) fn size(&self) -> usize {
        self.body.len()
    }

    /// Shows the record, without the fields that the permit doesn't allow. Consumes the permit, which must be for this
    /// record and revision.
    pub(in crate::vault) fn show<T: Record>(
        &self,
        permit: Permit,
        _written_down: &Ticket,
        layout: &Layout,
        plan: &Plan,
    ) -> Result<Found<T>> {
        if permit.record != Some((self.place.record, self.head.revision)) {
            return Err(Error::damaged("a permit for another record or revision was used"));
        }
        if permit.approval.is_some() {
            return Err(Error::damaged("an approval was about to be used without being used up"));
        }
        let fields = self.fields(layout)?;
        let decoded = record::decode::<T>(plan, fields.iter().map(|field| (field.name, field.bytes)), &permit.read)?;
        Ok(Found {
            id: self.place.record,
            revision: self.head.revision,
            meta: Metadata::new(self.meta.clone()),
            value: decoded.value,
            withheld: decoded.withheld,
        })
    }

    /// What the record becomes when the fields that differ between two encodings of what was shown are changed.
    ///
    /// # Errors
    /// [`RecordError::Withheld`] for a field that changed though it was withheld.
    pub(in crate::vault) fn edit<'a>(
        &'a self,
        before: &Fields,
        after: &'a Fields,
        withheld: &[String],
        layout: &'a Layout,
    ) -> Result<Edited<'a>> {
        let stored = self.fields(layout)?;
        let update = record::update(&stored, before, after, withheld, layout.schema.open, &layout.dictionary)?;
        Ok(Edited { fields: update.fields, changed: update.changed })
    }

    /// Whether the record has this value in an indexed field.
    pub(in crate::vault) fn has(&self, layout: &Layout, index: &IndexCore, wanted: &Term) -> Result<bool> {
        let fields = self.fields(layout)?;
        let Some(field) = fields.iter().find(|field| field.name == index.field) else { return Ok(false) };
        Ok(term_of(index, field.bytes)?.is_some_and(|term| term.matches(wanted)))
    }

    /// For upkeep: what the indexes that `wanted` picks are given of this record. Keys, no values.
    pub(in crate::vault) fn terms(&self, layout: &Layout, wanted: impl Fn(&IndexCore) -> bool) -> Result<Vec<NewTerm>> {
        terms(layout, &self.fields(layout)?, wanted)
    }

    pub(super) fn fields<'a>(&'a self, layout: &'a Layout) -> Result<Vec<StoredField<'a>>> {
        let fields = Body::split(&self.body).and_then(|body| body.fields());
        let layout = self.newer.as_deref().unwrap_or(layout);
        let stored = fields.and_then(|fields| record::stored_fields(fields, &layout.dictionary));
        stored.map_err(|error| Error::damaged_by("a record's fields", error))
    }
}
