//! Sealing a record: its fields on their way into a row, and the randomness that goes with them.

use crate::crypto::{CryptoError, Key, Label, SALT, WRAPPED, Zeroizing, fill, role, seal_body, wrap_with_salt};
use crate::error::{Error, Result};
use crate::format::row::{RowHead, build_row};
use crate::format::{FieldKey, MAX_BODY, MAX_LABEL, MAX_LABELS, Meta, encode_body};
use crate::index;
use crate::keys::TenantKeys;
use crate::model::{FieldSet, Revision};
use crate::record::{self, Dictionary, Fields, Plan, Record, RecordError, StoredField};
use crate::vault::commit::NewTerm;
use crate::vault::state::schema::{CompiledSchema, IndexCore, Indexed};
use crate::vault::state::terms::{owner_term, term_of};

use crate::vault::state::seals::{OpenError, RowPlace, body_context, key_context};

use super::exposed::Exposed;
use super::permit::Permit;

/// Fields on their way into a row: those of a new record, or of one that was edited. They stay in here.
pub(crate) struct Edited<'a> {
    pub(crate) fields: Vec<StoredField<'a>>,
    pub(crate) changed: Vec<String>,
}

impl<'a> Edited<'a> {
    /// The fields of a new record, all of them changed.
    pub(crate) fn new(fields: &'a Fields, layout: &CompiledSchema) -> Result<Self> {
        let changed = fields.iter().map(|(name, _)| name.to_owned()).collect();
        Ok(Self { fields: record::new_fields(fields, layout.schema.open, &layout.dictionary)?, changed })
    }

    /// The names of the fields that the actor changed.
    pub(crate) fn changed(&self) -> &[String] {
        &self.changed
    }

    /// Returns the fields that a policy may see.
    ///
    /// # Errors
    /// [`RecordError::Write`](crate::record::RecordError::Write) for what can't be an attribute.
    pub(crate) fn exposed(&self, layout: &CompiledSchema) -> Result<Exposed> {
        if layout.exposed.is_empty() {
            return Ok(Exposed::default());
        }
        let fields: Vec<_> = self.fields.iter().map(|field| (field.key, field.bytes)).collect();
        Ok(Exposed::of(&layout.exposed, &fields)?)
    }

    /// Checks that the record which is about to be stored reads back, whatever was withheld from whom.
    pub(crate) fn check<T: Record>(&self, plan: &Plan) -> Result<()> {
        let fields = self.fields.iter().map(|field| (field.name, field.bytes));
        record::decode::<T>(plan, fields, &FieldSet::All)?;
        Ok(())
    }

    /// Returns the terms for the indexes that `wanted` picks.
    pub(crate) fn terms(
        &self,
        layout: &CompiledSchema,
        meta: &Meta,
        wanted: impl Fn(&IndexCore) -> bool,
    ) -> Result<Vec<NewTerm>> {
        terms(layout, meta, &self.fields, wanted)
    }

    /// Seals the fields under a fresh data key. Consumes the permit, which must be for this act.
    pub(crate) fn seal(
        self,
        permit: Permit,
        keys: &TenantKeys,
        layout: &CompiledSchema,
        target: &Target<'_>,
        draw: Draw,
    ) -> Result<Sealed> {
        let Target { place, head, meta } = target;
        let due = permit.record.map_or(Some(Revision::FIRST), |(_, before)| before.next());
        if permit.record.is_some_and(|(record, _)| record != place.record) || due != Some(head.revision) {
            return Err(Error::damaged("a permit for another record or revision was used"));
        }
        if permit.approval.is_some() {
            return Err(Error::damaged("an approval was about to be used without being used up"));
        }
        check_meta(meta)?;
        let meta = meta.encode().map_err(|error| Error::io("encoding metadata", error))?;
        let size = self.fields.iter().fold(meta.len(), |sum, field| {
            sum.saturating_add(field.name.len()).saturating_add(field.bytes.len()).saturating_add(8)
        });
        if size > MAX_BODY {
            return Err(self.too_large());
        }
        // Room for the tag as well, so that the plaintext never moves.
        let mut body = Zeroizing::new(Vec::with_capacity(size.saturating_add(64)));
        let fields: Vec<(FieldKey<'_>, &[u8])> = self.fields.iter().map(|field| (field.key, field.bytes)).collect();
        encode_body(&mut body, &meta, layout.schema.open, &fields).map_err(|_| self.too_large())?;
        Ok(seal_row(keys, place, head, &layout.dictionary, body, draw)?)
    }

    /// The error for a record that is over the limit, with the name of its largest field.
    fn too_large(&self) -> Error {
        let largest = self.fields.iter().max_by_key(|field| field.bytes.len());
        let (field, bytes) = largest.map_or_else(Default::default, |field| (field.name.to_owned(), field.bytes.len()));
        RecordError::TooLarge { field, bytes }.into()
    }
}

/// Checks the limits of a record's metadata.
fn check_meta(meta: &Meta) -> Result<()> {
    if meta.labels.len() > MAX_LABELS {
        return Err(Error::TooLarge { what: "list of labels (in labels)", size: meta.labels.len(), limit: MAX_LABELS });
    }
    match meta.labels.iter().chain(&meta.owner).find(|text| text.len() > MAX_LABEL) {
        Some(text) => Err(Error::TooLarge { what: "owner or label", size: text.len(), limit: MAX_LABEL }),
        None => Ok(()),
    }
}

/// The row that fields are sealed into.
pub(crate) struct Target<'a> {
    pub(crate) place: &'a RowPlace,
    pub(crate) head: &'a RowHead,
    pub(crate) meta: &'a Meta,
}

/// The random bytes of one row, drawn in one call.
pub(crate) struct Draw {
    bytes: Zeroizing<[u8; Self::ALL]>,
}

impl Draw {
    const ID: usize = 10;
    const PSEUDONYM: usize = 16;
    const ALL: usize = Self::ID + Self::PSEUDONYM + SALT + 32;

    pub(crate) fn new() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; Self::ALL]);
        fill(&mut *bytes)?;
        Ok(Self { bytes })
    }

    /// For a record id.
    pub(crate) fn id(&self) -> [u8; Self::ID] {
        self.part::<0, { Self::ID }>()
    }

    /// For a data subject's pseudonym.
    pub(crate) fn pseudonym(&self) -> [u8; Self::PSEUDONYM] {
        self.part::<{ Self::ID }, { Self::PSEUDONYM }>()
    }

    fn salt(&self) -> [u8; SALT] {
        self.part::<{ Self::ID + Self::PSEUDONYM }, SALT>()
    }

    /// The only constructor of the key of a body that is to be sealed.
    fn data_key(&self) -> Key<role::Data> {
        let bytes = Zeroizing::new(self.part::<{ Self::ID + Self::PSEUDONYM + SALT }, 32>());
        Key::copied(&bytes)
    }

    fn part<const AT: usize, const N: usize>(&self) -> [u8; N] {
        const { assert!(AT + N <= Self::ALL) };
        let mut part = [0; N];
        for (to, from) in part.iter_mut().zip(self.bytes.iter().skip(AT)) {
            *to = *from;
        }
        part
    }
}

/// A row that is sealed and ready to be committed.
pub(crate) struct Sealed {
    pub(crate) primary: Vec<u8>,
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// Seals a body, plaintext on the way in, in place.
fn seal_row(
    keys: &TenantKeys,
    place: &RowPlace,
    head: &RowHead,
    dictionary: &Dictionary,
    mut body: Zeroizing<Vec<u8>>,
    draw: Draw,
) -> Result<Sealed, OpenError> {
    let known = dictionary.hash_at(head.dictionary).ok_or(OpenError::Dictionary)?;
    let slot = keys.slot_key(head.epoch, head.slot).map_err(OpenError::Key)?;
    let data = draw.data_key();
    let context = key_context(place, head, &known);
    let wrapped: [u8; WRAPPED] =
        wrap_with_salt(&slot, Label::DataKey, &context, data.expose(), &draw.salt()).map_err(OpenError::Sealed)?;
    seal_body(&data, &body_context(place, head, &known), &mut body, 0).map_err(OpenError::Sealed)?;
    let (primary, chunks) = build_row(head, &wrapped, &body).map_err(OpenError::Format)?;
    Ok(Sealed { primary, chunks })
}

pub(crate) fn terms(
    layout: &CompiledSchema,
    meta: &Meta,
    fields: &[StoredField<'_>],
    wanted: impl Fn(&IndexCore) -> bool,
) -> Result<Vec<NewTerm>> {
    let mut terms = Vec::new();
    for index in layout.indexes.iter().filter(|index| wanted(index)) {
        let term = match &index.on {
            Indexed::Owner => meta.owner.as_deref().map(|owner| owner_term(index, owner)),
            Indexed::Field(name) => {
                fields.iter().find(|field| field.name == name).map(|field| term_of(index, field.bytes))
            }
        };
        if let Some(term) = term.transpose()?.flatten() {
            let key = index.keys.value_key(&term);
            terms.push(NewTerm {
                index: index.keys.index(),
                version: index.keys.version(),
                unique: index.unique,
                field: index.name().to_owned(),
                first: index::entry_key(&key, 0),
                key,
                seen: None,
                foreseen: None,
            });
        }
    }
    Ok(terms)
}
