//! The one door between sealed rows and plaintext.
//!
//! Guarantees: bodies are sealed and opened here and nowhere else. An opened row shows its metadata; its fields come out
//! only against a [`Permit`], which only a policy's decision makes, and a [`Ticket`], which only the journal makes. A
//! permit names the act, the record and its revision, and is consumed by its use. Upkeep gets what it needs, never
//! plaintext. Does not: decide, or write the journal.

use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::{Context, CryptoError, Domain, Key, Label, SALT, WRAPPED, Zeroizing, fill, role};
use crate::crypto::{open, open_body, seal, seal_body, unwrap, wrap_with_salt};
use crate::error::{Error, Result};
use crate::format::row::{LiveRow, RowHead, Tombstone, build_row};
use crate::format::{Body, FieldKey, FormatError, MAX_BODY, MAX_LABEL, MAX_LABELS, Meta, encode_body};
use crate::index::Term;
use crate::keys::TenantKeys;
use crate::model::{
    Action, Actor, Clock, CollectionId, Epoch, Facts, FieldSet, RecordId, Request, Resource, Revision, TenantId,
    Timestamp,
};
use crate::policy::{self, AccessPolicy, Decision, Denial, PolicyVersion, Scope};
use crate::record::{self, Dictionary, Fields, Plan, Record, StoredField};

use super::commit::NewTerm;
use super::found::{Found, Metadata};
use super::journal::Ticket;
use super::tenant_core::{IndexCore, Layout};
use super::terms::term_of;

/// Whose row it is: bound into both of its seals.
#[derive(Clone, Copy)]
pub(super) struct RowPlace {
    pub(super) tenant: TenantId,
    pub(super) collection: CollectionId,
    pub(super) record: RecordId,
}

/// Who wants to do what; the part of a question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) actor: &'a Actor,
    pub(super) action: Action,
    pub(super) tenant: Option<TenantId>,
    pub(super) collection: Option<&'a str>,
    pub(super) fields: &'a [&'a str],
    pub(super) purpose: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
}

/// The policy, and the time it is told.
pub(super) struct Gate {
    current: RwLock<Current>,
    clock: Arc<dyn Clock>,
}

/// The policy in force. Its version is asked for once: hashing a large policy for every act would cost more than it.
#[derive(Clone)]
struct Current {
    policy: Arc<dyn AccessPolicy>,
    version: PolicyVersion,
}

/// A policy's yes: to one act, on one record and revision (or on none), for these fields.
pub(super) struct Permit {
    record: Option<(RecordId, Revision)>,
    read: FieldSet,
    write: FieldSet,
    rule: Arc<str>,
}

struct Now(Timestamp);

impl Facts for Now {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Gate {
    /// A gate with this policy.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy finds itself unsound.
    pub(super) fn new(policy: Arc<dyn AccessPolicy>, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { current: RwLock::new(Current::new(policy)?), clock })
    }

    /// Puts another policy in force.
    ///
    /// # Errors
    /// As [`new`](Self::new); the old policy stays then.
    pub(super) fn replace(&self, policy: Arc<dyn AccessPolicy>) -> Result<()> {
        let current = Current::new(policy)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The version of the policy in force, for the journal.
    pub(super) fn policy_version(&self) -> PolicyVersion {
        self.current.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// May this be done, with no record at hand?
    pub(super) fn permit(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        self.ask(question, None, None)
    }

    /// May this be done to this record?
    pub(super) fn permit_on(&self, question: &Question<'_>, row: &Opened) -> Result<Permit, Denial> {
        let meta = &row.meta;
        let revision = row.head.revision;
        let resource = Resource::new(Some(row.place.record), Some(revision), meta.owner.as_deref(), &meta.labels);
        self.ask(question, Some(&resource), Some((row.place.record, revision)))
    }

    /// May a record with this metadata be created?
    pub(super) fn permit_new(&self, question: &Question<'_>, meta: &Meta) -> Result<Permit, Denial> {
        let resource = Resource::new(None, None, meta.owner.as_deref(), &meta.labels);
        self.ask(question, Some(&resource), None)
    }

    /// Which rows a list or a search need look at.
    pub(super) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        let now = self.now();
        policy::scope_guarded(&*self.policy(), &request(question, now), &Now(now))
    }

    fn ask(
        &self,
        question: &Question<'_>,
        resource: Option<&Resource<'_>>,
        record: Option<(RecordId, Revision)>,
    ) -> Result<Permit, Denial> {
        let now = self.now();
        let mut request = request(question, now);
        request.resource = resource;
        match policy::decide_guarded(&*self.policy(), &request, &Now(now)) {
            Decision::Permit(permission) => {
                Ok(Permit { record, read: permission.read, write: permission.write, rule: permission.rule })
            }
            Decision::Deny(denial) => Err(denial),
        }
    }

    fn policy(&self) -> Arc<dyn AccessPolicy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).policy)
    }
}

impl Current {
    fn new(policy: Arc<dyn AccessPolicy>) -> Result<Self> {
        policy.check().map_err(|error| Error::Policy { why: error.to_string() })?;
        Ok(Self { version: policy.version(), policy })
    }
}

impl Permit {
    pub(super) fn read(&self) -> &FieldSet {
        &self.read
    }

    pub(super) fn write(&self) -> &FieldSet {
        &self.write
    }

    pub(super) fn rule(&self) -> &str {
        &self.rule
    }
}

fn request<'a>(question: &Question<'a>, now: Timestamp) -> Request<'a> {
    let mut request = Request::new(question.actor, question.action, now);
    request.tenant = question.tenant;
    request.collection = question.collection;
    request.fields = question.fields;
    request.purpose = question.purpose;
    request.reason = question.reason;
    request
}

/// A row whose body is open in memory. It shows what is sealed about the record, never a field.
pub(super) struct Opened {
    place: RowPlace,
    head: RowHead,
    meta: Meta,
    body: Zeroizing<Vec<u8>>,
}

/// Why a row doesn't open.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unopened {
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
    pub(super) fn open(
        keys: &TenantKeys,
        place: RowPlace,
        row: &LiveRow<'_>,
        sealed: &[u8],
        dictionary: &Dictionary,
    ) -> Result<Self, Unopened> {
        let known = dictionary.hash_at(row.head.dictionary).ok_or(Unopened::Dictionary)?;
        let slot = keys.slot_key(row.head.epoch, row.head.slot).map_err(Unopened::Key)?;
        let context = key_context(&place, &row.head, &known);
        let data = unwrap(&slot, Label::DataKey, &context, row.wrapped).map_err(Unopened::Sealed)?;
        let body = open_body(&data, &body_context(&place, &row.head, &known), sealed).map_err(Unopened::Sealed)?;
        let meta = Body::split(&body).and_then(|body| Meta::decode(body.meta())).map_err(Unopened::Format)?;
        Ok(Self { place, head: row.head, meta, body })
    }

    pub(super) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(super) fn head(&self) -> &RowHead {
        &self.head
    }

    pub(super) fn record(&self) -> RecordId {
        self.place.record
    }

    /// Shows the record, without the fields that the permit doesn't allow. Consumes the permit, which must be for this
    /// record and revision.
    pub(super) fn show<T: Record>(
        &self,
        permit: Permit,
        _written_down: &Ticket,
        layout: &Layout,
        plan: &Plan,
    ) -> Result<Found<T>> {
        if permit.record != Some((self.place.record, self.head.revision)) {
            return Err(Error::damaged("a permit for another record or revision was used"));
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
    pub(super) fn edit<'a>(
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
    pub(super) fn has(&self, layout: &Layout, index: &IndexCore, wanted: &Term) -> Result<bool> {
        let fields = self.fields(layout)?;
        let Some(field) = fields.iter().find(|field| field.name == index.field) else { return Ok(false) };
        Ok(term_of(index, field.bytes)?.is_some_and(|term| term.matches(wanted)))
    }

    /// For upkeep: what the indexes that `wanted` picks are given of this record. Keys, no values.
    pub(super) fn terms(&self, layout: &Layout, wanted: impl Fn(&IndexCore) -> bool) -> Result<Vec<NewTerm>> {
        terms(layout, &self.fields(layout)?, wanted)
    }

    fn fields<'a>(&'a self, layout: &'a Layout) -> Result<Vec<StoredField<'a>>> {
        let fields = Body::split(&self.body).and_then(|body| body.fields());
        let stored = fields.and_then(|fields| record::stored_fields(fields, &layout.dictionary));
        stored.map_err(|error| Error::damaged_by("a record's fields", error))
    }
}

/// Fields on their way into a row: those of a new record, or of one that was edited. They stay in here.
pub(super) struct Edited<'a> {
    fields: Vec<StoredField<'a>>,
    changed: Vec<String>,
}

impl<'a> Edited<'a> {
    /// The fields of a new record, all of them changed.
    pub(super) fn new(fields: &'a Fields, layout: &Layout) -> Result<Self> {
        let changed = fields.iter().map(|(name, _)| name.to_owned()).collect();
        Ok(Self { fields: record::new_fields(fields, layout.schema.open, &layout.dictionary)?, changed })
    }

    /// The names of the fields that the actor changed.
    pub(super) fn changed(&self) -> &[String] {
        &self.changed
    }

    /// Whether what is about to be stored reads back, whatever was withheld from whom.
    pub(super) fn check<T: Record>(&self, plan: &Plan) -> Result<()> {
        let fields = self.fields.iter().map(|field| (field.name, field.bytes));
        record::decode::<T>(plan, fields, &FieldSet::All)?;
        Ok(())
    }

    /// What the indexes that `wanted` picks are given.
    pub(super) fn terms(&self, layout: &Layout, wanted: impl Fn(&IndexCore) -> bool) -> Result<Vec<NewTerm>> {
        terms(layout, &self.fields, wanted)
    }

    /// Seals the fields under a fresh data key. Consumes the permit, which must be for this act.
    pub(super) fn seal(
        self,
        permit: Permit,
        keys: &TenantKeys,
        layout: &Layout,
        target: &Target<'_>,
        draw: Draw,
    ) -> Result<Sealed> {
        let Target { place, head, meta } = target;
        let due = permit.record.map_or(Some(Revision::FIRST), |(_, before)| before.next());
        if permit.record.is_some_and(|(record, _)| record != place.record) || due != Some(head.revision) {
            return Err(Error::damaged("a permit for another record or revision was used"));
        }
        check_meta(meta)?;
        let meta = meta.encode().map_err(|error| Error::io("encoding metadata", error))?;
        let size = self.fields.iter().fold(meta.len(), |sum, field| {
            sum.saturating_add(field.name.len()).saturating_add(field.bytes.len()).saturating_add(8)
        });
        if size > MAX_BODY {
            return Err(Error::TooLarge { what: "record", size, limit: MAX_BODY });
        }
        // Room for the tag as well, so that the plaintext never moves.
        let mut body = Zeroizing::new(Vec::with_capacity(size.saturating_add(64)));
        let fields: Vec<(FieldKey<'_>, &[u8])> = self.fields.iter().map(|field| (field.key, field.bytes)).collect();
        encode_body(&mut body, &meta, layout.schema.open, &fields).map_err(|_| Error::TooLarge {
            what: "record",
            size,
            limit: MAX_BODY,
        })?;
        Ok(seal_row(keys, place, head, &layout.dictionary, body, draw)?)
    }
}

/// What a host says about a record has limits.
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
pub(super) struct Target<'a> {
    pub(super) place: &'a RowPlace,
    pub(super) head: &'a RowHead,
    pub(super) meta: &'a Meta,
}

/// The random bytes of one row, drawn in one call.
pub(super) struct Draw {
    bytes: Zeroizing<[u8; Self::ALL]>,
}

impl Draw {
    const ID: usize = 10;
    const PSEUDONYM: usize = 16;
    const ALL: usize = Self::ID + Self::PSEUDONYM + SALT + 32;

    pub(super) fn new() -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0; Self::ALL]);
        fill(&mut *bytes)?;
        Ok(Self { bytes })
    }

    /// For a record id.
    pub(super) fn id(&self) -> [u8; Self::ID] {
        self.part::<0, { Self::ID }>()
    }

    /// For a data subject's pseudonym.
    pub(super) fn pseudonym(&self) -> [u8; Self::PSEUDONYM] {
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
pub(super) struct Sealed {
    pub(super) carried: Vec<u8>,
    pub(super) chunks: Vec<Vec<u8>>,
}

/// Seals a body, plaintext on the way in, in place.
fn seal_row(
    keys: &TenantKeys,
    place: &RowPlace,
    head: &RowHead,
    dictionary: &Dictionary,
    mut body: Zeroizing<Vec<u8>>,
    draw: Draw,
) -> Result<Sealed, Unopened> {
    let known = dictionary.hash_at(head.dictionary).ok_or(Unopened::Dictionary)?;
    let slot = keys.slot_key(head.epoch, head.slot).map_err(Unopened::Key)?;
    let data = draw.data_key();
    let context = key_context(place, head, &known);
    let wrapped: [u8; WRAPPED] =
        wrap_with_salt(&slot, Label::DataKey, &context, data.expose(), &draw.salt()).map_err(Unopened::Sealed)?;
    seal_body(&data, &body_context(place, head, &known), &mut body, 0).map_err(Unopened::Sealed)?;
    let (carried, chunks) = build_row(head, &wrapped, &body).map_err(Unopened::Format)?;
    Ok(Sealed { carried, chunks })
}

fn terms(layout: &Layout, fields: &[StoredField<'_>], wanted: impl Fn(&IndexCore) -> bool) -> Result<Vec<NewTerm>> {
    let mut terms = Vec::new();
    for index in layout.indexes.iter().filter(|index| wanted(index)) {
        let Some(field) = fields.iter().find(|field| field.name == index.field) else { continue };
        if let Some(term) = term_of(index, field.bytes)? {
            terms.push(NewTerm {
                index: index.keys.index(),
                version: index.keys.version(),
                unique: index.unique,
                field: index.field.clone(),
                key: index.keys.value_key(&term),
            });
        }
    }
    Ok(terms)
}

/// The sealed part of a tombstone.
pub(super) fn seal_tombstone(
    keys: &TenantKeys,
    place: &RowPlace,
    tombstone: Tombstone,
) -> Result<Vec<u8>, CryptoError> {
    seal(keys.state(), Label::Tombstone, &tombstone_context(place), &tombstone.to_bytes())
}

/// What [`seal_tombstone`] sealed.
pub(super) fn open_tombstone(keys: &TenantKeys, place: &RowPlace, sealed: &[u8]) -> Result<Tombstone, Unopened> {
    let plain = open(keys.state(), Label::Tombstone, &tombstone_context(place), sealed).map_err(Unopened::Sealed)?;
    Tombstone::from_bytes(&plain).map_err(Unopened::Format)
}

fn tombstone_context(place: &RowPlace) -> Context {
    in_place(Domain::Tombstone, place)
}

fn in_place(domain: Domain, place: &RowPlace) -> Context {
    Context::new(domain)
        .bytes(place.tenant.as_bytes())
        .bytes(place.collection.as_bytes())
        .bytes(place.record.as_bytes())
}

/// What a body is bound to. The epoch isn't in it: rewrapping must not touch the body.
fn body_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    bound(Domain::Body, place, head, dictionary)
}

/// What a data key's wrap is bound to.
fn key_context(place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    let Epoch(epoch) = head.epoch;
    bound(Domain::DataKey, place, head, dictionary).u32(epoch)
}

fn bound(domain: Domain, place: &RowPlace, head: &RowHead, dictionary: &[u8; 32]) -> Context {
    in_place(domain, place).u32(head.slot.0).u64(head.revision.get()).u16(head.dictionary).bytes(dictionary)
}
