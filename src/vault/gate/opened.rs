//! Opened rows: what comes out of the gate.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;

use crate::crypto::{Label, Zeroizing, open_body, unwrap};
use crate::error::{Error, Result};
use crate::format::row::{LiveRow, RowHead};
use crate::format::{Body, FormatError, Meta};
use crate::index::Term;
use crate::keys::TenantKeys;
use crate::model::{FieldSet, IndexValue, RecordId};
use crate::policy::{Denial, codes};
use crate::record;
use crate::record::{Fields, Plan, Record, RecordError, StoredField};
use crate::vault::commit::{NewTerm, Ticket};
use crate::vault::state::schema::{CollectionCore, CompiledSchema, ExposedField, IndexCore};
use crate::vault::state::seals::{OpenError, RowPlace, body_context, key_context};
use crate::vault::state::terms::term_of;

use super::exposed::Exposed;
use super::found::{Found, Metadata};
use super::permit::Permit;
use super::sealing::{Edited, terms};

/// A row whose body is open in memory. It shows what is sealed about the record, never a field.
pub(crate) struct Opened {
    place: RowPlace,
    head: RowHead,
    meta: Meta,
    body: Zeroizing<Vec<u8>>,
    exposed: Arc<[ExposedField]>,
    /// The layout to read the fields by, where the row was written with a later one than the reader had.
    newer: Option<Arc<CompiledSchema>>,
}

/// A value to sort by: bools, then whole numbers, then text without regard to case; what has none comes last. Wiped when it
/// is dropped.
#[derive(PartialEq, Eq)]
pub(crate) struct SortKey {
    missing: bool,
    bytes: Zeroizing<Vec<u8>>,
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.missing, self.bytes.as_slice()).cmp(&(other.missing, other.bytes.as_slice()))
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl SortKey {
    fn new(value: Option<IndexValue>, descending: bool) -> Self {
        let missing = value.is_none();
        let mut bytes = Zeroizing::new(match value {
            None => Vec::new(),
            Some(IndexValue::Bool(value)) => vec![0, u8::from(value)],
            // With the sign bit flipped, big-endian bytes stand in the order of the numbers.
            Some(IndexValue::Integer(number)) => [&[1], &(number ^ i128::MIN).to_be_bytes()[..]].concat(),
            Some(IndexValue::Text(text)) => [&[2], Zeroizing::new(text.to_lowercase()).as_bytes(), &[0]].concat(),
        });
        if descending {
            // An end beyond every byte, so that the longer of two comes first.
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
        }
        Self { missing, bytes }
    }
}

impl Opened {
    /// Opens a row; `sealed` is its whole body, chunks included.
    pub(crate) fn open(
        keys: &TenantKeys,
        place: RowPlace,
        row: &LiveRow<'_>,
        sealed: &[u8],
        layout: &CompiledSchema,
        latest: &CollectionCore,
    ) -> Result<Self, OpenError> {
        let mut newer = None;
        let known = match layout.dictionary.hash_at(row.head.dictionary) {
            Some(known) => known,
            None => {
                // A schema that changed meanwhile: dictionaries only grow, so the latest one reads every row.
                let latest = newer.insert(latest.layout());
                latest.dictionary.hash_at(row.head.dictionary).ok_or(OpenError::Dictionary)?
            }
        };
        let slot = keys.slot_key(row.head.epoch, row.head.slot).map_err(OpenError::Key)?;
        let context = key_context(&place, &row.head, &known);
        let data = unwrap(&slot, Label::DataKey, &context, row.wrapped).map_err(OpenError::Sealed)?;
        let body = open_body(&data, &body_context(&place, &row.head, &known), sealed).map_err(OpenError::Sealed)?;
        let meta = Body::split(&body).and_then(|body| Meta::decode(body.meta())).map_err(OpenError::Format)?;
        let exposed = Arc::clone(&newer.as_deref().unwrap_or(layout).exposed);
        Ok(Self { place, head: row.head, meta, body, exposed, newer })
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) fn head(&self) -> &RowHead {
        &self.head
    }

    pub(crate) fn record(&self) -> RecordId {
        self.place.record
    }

    /// Returns the fields that a policy may see.
    ///
    /// # Errors
    /// A denial, for a field that holds what can't be an attribute: a policy that saw the record without it could permit
    /// too much.
    pub(crate) fn exposed(&self) -> Result<Exposed, Denial> {
        if self.exposed.is_empty() {
            return Ok(Exposed::default());
        }
        let unreadable = |error: FormatError| Denial::new(codes::POLICY_ERROR, error.to_string());
        let fields = Body::split(&self.body).and_then(|body| body.fields()).map_err(unreadable)?;
        Exposed::of(&self.exposed, &fields).map_err(|error| {
            let why = format!("policies see the attributes of records, and one can't be told: {error}");
            Denial::new(codes::POLICY_ERROR, why)
        })
    }

    /// Tells whether the record may have one of these values as an attribute: it may if the field isn't exposed.
    pub(crate) fn may_have(&self, name: &str, values: &HashSet<String>) -> bool {
        let Some(field) = self.exposed.iter().find(|field| field.name == name) else { return true };
        let fields = Body::split(&self.body).and_then(|body| body.fields()).unwrap_or_default();
        Exposed::of(from_ref(field), &fields)
            .map_or(true, |exposed| exposed.attributes().iter().any(|(_, value)| values.contains(value)))
    }

    /// Where the record stands among others by the value of a field, against a permit that shows it; `None` if it doesn't.
    ///
    /// # Errors
    /// [`RecordError::Read`] for a value that isn't text, a whole number or a bool.
    pub(crate) fn sort_key(
        &self,
        permit: &Permit,
        layout: &CompiledSchema,
        field: &str,
        descending: bool,
    ) -> Result<Option<SortKey>> {
        if permit.record != Some((self.place.record, self.head.revision)) || !permit.read.contains(field) {
            return Ok(None);
        }
        let fields = self.fields(layout)?;
        let value = fields.iter().find(|known| known.name == field).map(|known| record::index_value(known.bytes));
        let value = value.transpose().map_err(|problem| RecordError::Read { field: field.to_owned(), problem })?;
        Ok(Some(SortKey::new(value.flatten(), descending)))
    }

    /// Counts the record's fields that are in a set, and those that aren't, for the journal.
    pub(crate) fn count(&self, layout: &CompiledSchema, set: &FieldSet) -> Result<(u32, u32)> {
        let fields = self.fields(layout)?;
        let within = fields.iter().filter(|field| set.contains(field.name)).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok((number(within), number(fields.len().saturating_sub(within))))
    }

    /// Bytes of the opened body.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }

    /// Shows the record, without the fields that the permit doesn't allow. Consumes the permit, which must be for this
    /// record and revision.
    pub(crate) fn show<T: Record>(
        &self,
        permit: Permit,
        _written_down: &Ticket,
        layout: &CompiledSchema,
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

    /// Returns the record with the fields changed that differ between two encodings of what was shown.
    ///
    /// # Errors
    /// [`RecordError::Withheld`] for a field that changed though it was withheld.
    pub(crate) fn edit<'a>(
        &'a self,
        before: &Fields,
        after: &'a Fields,
        withheld: &[String],
        layout: &'a CompiledSchema,
    ) -> Result<Edited<'a>> {
        let stored = self.fields(layout)?;
        let update = record::update(&stored, before, after, withheld, layout.schema.open, &layout.dictionary)?;
        Ok(Edited { fields: update.fields, changed: update.changed })
    }

    /// The fields as they are, on their way into the row's next revision.
    pub(crate) fn unchanged<'a>(&'a self, layout: &'a CompiledSchema) -> Result<Edited<'a>> {
        Ok(Edited { fields: self.fields(layout)?, changed: Vec::new() })
    }

    /// Tells whether the record has this value in an indexed field.
    pub(crate) fn has(&self, layout: &CompiledSchema, index: &IndexCore, wanted: &Term) -> Result<bool> {
        let fields = self.fields(layout)?;
        let Some(field) = fields.iter().find(|field| index.is_on(field.name)) else { return Ok(false) };
        Ok(term_of(index, field.bytes)?.is_some_and(|term| term.matches(wanted)))
    }

    /// For upkeep: what the indexes that `wanted` picks are given of this record. Keys, no values.
    pub(crate) fn terms(&self, layout: &CompiledSchema, wanted: impl Fn(&IndexCore) -> bool) -> Result<Vec<NewTerm>> {
        terms(layout, &self.meta, &self.fields(layout)?, wanted)
    }

    pub(crate) fn fields<'a>(&'a self, layout: &'a CompiledSchema) -> Result<Vec<StoredField<'a>>> {
        let fields = Body::split(&self.body).and_then(|body| body.fields());
        let layout = self.newer.as_deref().unwrap_or(layout);
        let stored = fields.and_then(|fields| record::stored_fields(fields, &layout.dictionary));
        stored.map_err(|error| Error::damaged_by("a record's fields", error))
    }
}
