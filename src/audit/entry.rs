//! One act, as the journal keeps it: who, what, where, when, why and the outcome.
//!
//! Guarantees: an [`Entry`] is well-formed and canonical. Nothing here takes a field's value, a record id or a slot.
//! Does not: seal anything, or check that the texts a host gives hold no personal data.

use std::ops::Range;

use crate::format::FormatError;
use crate::format::journal_entry::{self as layout, MAX_EVIDENCE, MAX_REASON, MAX_SUBJECTS, MAX_TEXT, tag};
use crate::model::{Action, Actor, CollectionId, Grantee, Pseudonym, Revision, TenantId, Timestamp};

use super::{AuditError, Outcome, Subject};

/// A finished entry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({} bytes)", self.bytes.len())
    }
}

impl Entry {
    /// Reads an entry from its bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        layout::check(bytes).map(|()| Self { bytes: bytes.to_vec() })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns every item, those with tags that this release doesn't know included.
    pub(crate) fn items(&self) -> impl Iterator<Item = (u8, &[u8])> {
        layout::items(&self.bytes).map_while(Result::ok)
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_micros(self.array(tag::TIME).map_or(0, i64::from_be_bytes))
    }

    pub(crate) fn text(&self, tag: u8) -> Option<&str> {
        std::str::from_utf8(layout::find(&self.bytes, tag)?).ok()
    }

    pub(crate) fn action(&self) -> &str {
        self.text(tag::ACTION).unwrap_or_default()
    }

    /// Returns the outcome, its code and its rule.
    pub(crate) fn outcome(&self) -> (Outcome, &str, &str) {
        match layout::find(&self.bytes, tag::OUTCOME).map(layout::outcome) {
            Some(Ok((1, code, rule))) => (Outcome::Permitted, code, rule),
            Some(Ok((2, code, rule))) => (Outcome::Denied, code, rule),
            Some(Ok((_, code, rule))) => (Outcome::Failed, code, rule),
            // `decode` and `finish` let no entry pass without one.
            Some(Err(_)) | None => (Outcome::Failed, "", ""),
        }
    }

    pub(crate) fn array<const N: usize>(&self, tag: u8) -> Option<[u8; N]> {
        layout::find(&self.bytes, tag)?.try_into().ok()
    }

    pub(crate) fn count(&self, tag: u8) -> Option<u32> {
        self.array(tag).map(u32::from_be_bytes)
    }

    pub(crate) fn revision(&self, tag: u8) -> Option<Revision> {
        self.array(tag).map(|bytes| Revision::new(u64::from_be_bytes(bytes)))
    }

    /// Returns a list of names: how many there are, and those that had room.
    pub(crate) fn names(&self, tag: u8) -> Option<(u32, Vec<&str>)> {
        layout::names(layout::find(&self.bytes, tag)?).ok()
    }

    /// Returns the blocks of the journal that the act is about.
    pub(crate) fn blocks(&self) -> Option<Range<u64>> {
        let bytes: [u8; 16] = self.array(tag::BLOCKS)?;
        let (start, end) = bytes.split_first_chunk()?;
        Some(u64::from_be_bytes(*start)..u64::from_be_bytes(end.try_into().ok()?))
    }

    pub(crate) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let (all, _) = layout::find(&self.bytes, tag::SUBJECTS).unwrap_or_default().as_chunks::<{ layout::SUBJECT }>();
        all.iter().filter_map(|bytes| {
            let (pseudonym, rest) = bytes.split_first_chunk()?;
            let (number, revision) = rest.split_first_chunk()?;
            Some(Subject {
                pseudonym: Pseudonym::from_bytes(*pseudonym),
                number: u32::from_be_bytes(*number),
                revision: Revision::new(u64::from_be_bytes(revision.try_into().ok()?)),
            })
        })
    }
}

impl Entry {
    /// Returns the entries that it names as evidence: positions of blocks, and numbers in them.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = (u64, u32)> {
        let (all, _) = layout::find(&self.bytes, tag::EVIDENCE).unwrap_or_default().as_chunks::<{ layout::SPOT }>();
        all.iter().filter_map(|bytes| {
            let (position, index) = bytes.split_first_chunk()?;
            Some((u64::from_be_bytes(*position), u32::from_be_bytes(index.try_into().ok()?)))
        })
    }
}

/// An entry in the making: one buffer that is appended to, cheapest when the parts come in the order of their tags.
pub(crate) struct EntryBuilder {
    bytes: Vec<u8>,
    last: u8,
    sorted: bool,
    wrong: Option<&'static str>,
}

impl EntryBuilder {
    pub(crate) fn new(time: Timestamp, action: Action) -> Self {
        Self::named(time, action.name())
    }

    /// Makes an entry of something that is no act of the vault's: the host's own events, alerts.
    pub(crate) fn named(time: Timestamp, what: &str) -> Self {
        let mut builder = Self { bytes: Vec::with_capacity(256), last: 0, sorted: true, wrong: None };
        builder.put(tag::TIME, "time", &time.as_micros().to_be_bytes());
        builder.text(tag::ACTION, "act", what);
        builder
    }

    /// Notes the outcome with a short code, and the rule that decided. Every entry needs one.
    pub(crate) fn outcome(&mut self, outcome: Outcome, code: &str, rule: &str) -> &mut Self {
        let kind = match outcome {
            Outcome::Permitted => 1,
            Outcome::Denied => 2,
            Outcome::Failed => 3,
        };
        self.note(tag::OUTCOME);
        let fits = code.len() <= MAX_TEXT && rule.len() <= MAX_TEXT;
        if !fits || layout::put_outcome(&mut self.bytes, kind, code, rule).is_err() {
            self.wrong = Some("outcome");
        }
        self
    }

    /// Notes the actor: id, roles, session and device. Attributes stay out.
    pub(crate) fn actor(&mut self, actor: &Actor) -> &mut Self {
        self.text(tag::ACTOR, "id of an actor", actor.id());
        if !actor.roles().is_empty() {
            self.names(tag::ROLES, "list of roles", actor.roles().iter().map(String::as_str));
        }
        if let Some(session) = actor.session() {
            self.text(tag::SESSION, "name of a session", session);
        }
        if let Some(device) = actor.device() {
            self.text(tag::DEVICE, "name of a device", device);
        }
        self
    }

    pub(crate) fn purpose(&mut self, purpose: &str) -> &mut Self {
        self.text(tag::PURPOSE, "purpose", purpose)
    }

    pub(crate) fn reason(&mut self, reason: &str) -> &mut Self {
        if reason.len() > MAX_REASON {
            self.wrong = Some("reason");
            return self;
        }
        self.put(tag::REASON, "reason", reason.as_bytes())
    }

    /// Notes the hash of the policy's version.
    pub(crate) fn policy(&mut self, hash: &[u8; 32]) -> &mut Self {
        self.put(tag::POLICY, "policy version", hash)
    }

    /// Notes the version of the policy that the act puts in force.
    pub(crate) fn new_policy(&mut self, hash: &[u8; 32]) -> &mut Self {
        self.put(tag::NEW_POLICY, "version of a new policy", hash)
    }

    /// Notes the tenant that an act of the vault itself is about.
    pub(crate) fn tenant(&mut self, tenant: TenantId) -> &mut Self {
        self.put(tag::TENANT, "tenant", tenant.as_bytes())
    }

    pub(crate) fn collection(&mut self, collection: CollectionId) -> &mut Self {
        self.put(tag::COLLECTION, "collection", collection.as_bytes())
    }

    /// Notes the records touched, by their data subjects' pseudonyms; at most [`MAX_SUBJECTS`].
    pub(crate) fn subjects(&mut self, subjects: &[Subject]) -> &mut Self {
        let Some(length) =
            u16::try_from(subjects.len() * layout::SUBJECT).ok().filter(|_| subjects.len() <= MAX_SUBJECTS)
        else {
            self.wrong = Some("list of data subjects");
            return self;
        };
        self.note(tag::SUBJECTS);
        self.bytes.push(tag::SUBJECTS);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        for subject in subjects {
            self.bytes.extend_from_slice(subject.pseudonym.as_bytes());
            self.bytes.extend_from_slice(&subject.number.to_be_bytes());
            self.bytes.extend_from_slice(&subject.revision.get().to_be_bytes());
        }
        self
    }

    pub(crate) fn fields_read<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> &mut Self {
        self.names(tag::FIELDS_READ, "list of fields", names)
    }

    /// Notes how many fields were read, where their names are user data.
    pub(crate) fn fields_read_counted(&mut self, count: u32) -> &mut Self {
        self.put(tag::FIELDS_READ, "list of fields", &count.to_be_bytes())
    }

    /// Notes how many fields were changed, where their names are user data.
    pub(crate) fn fields_changed_counted(&mut self, count: u32) -> &mut Self {
        self.put(tag::FIELDS_CHANGED, "list of fields", &count.to_be_bytes())
    }

    pub(crate) fn fields_changed<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> &mut Self {
        self.names(tag::FIELDS_CHANGED, "list of fields", names)
    }

    /// Notes how many fields were withheld.
    pub(crate) fn withheld(&mut self, count: u32) -> &mut Self {
        self.put(tag::WITHHELD, "count of withheld fields", &count.to_be_bytes())
    }

    /// Notes how many rows were given out.
    pub(crate) fn rows(&mut self, count: u32) -> &mut Self {
        self.put(tag::ROWS, "count of rows", &count.to_be_bytes())
    }

    pub(crate) fn revision_before(&mut self, revision: Revision) -> &mut Self {
        self.put(tag::REVISION_BEFORE, "revision", &revision.get().to_be_bytes())
    }

    pub(crate) fn revision_after(&mut self, revision: Revision) -> &mut Self {
        self.put(tag::REVISION_AFTER, "revision", &revision.get().to_be_bytes())
    }

    /// Notes whom the act concerns besides the actor.
    pub(crate) fn party(&mut self, party: Grantee<'_>) -> &mut Self {
        let text = match party {
            Grantee::Actor(name) => format!("actor:{name}"),
            Grantee::Role(name) => format!("role:{name}"),
            Grantee::Group(name) => format!("group:{name}"),
        };
        self.text(tag::PARTY, "name of another party", &text)
    }

    /// Notes the entries that it rests on: positions of blocks, and numbers in them; at most [`MAX_EVIDENCE`].
    pub(crate) fn evidence(&mut self, spots: &[(u64, u32)]) -> &mut Self {
        if spots.len() > MAX_EVIDENCE {
            self.wrong = Some("list of evidence");
            return self;
        }
        let mut bytes = Vec::with_capacity(spots.len().saturating_mul(layout::SPOT));
        for (position, index) in spots {
            bytes.extend_from_slice(&position.to_be_bytes());
            bytes.extend_from_slice(&index.to_be_bytes());
        }
        self.put(tag::EVIDENCE, "list of evidence", &bytes)
    }

    /// Notes the blocks of the journal that the act is about.
    pub(crate) fn blocks(&mut self, blocks: &Range<u64>) -> &mut Self {
        let [start, end] = [blocks.start, blocks.end].map(u64::to_be_bytes);
        self.put(tag::BLOCKS, "range of blocks", &[start, end].concat())
    }

    /// Returns the entry.
    ///
    /// # Errors
    /// [`AuditError::Entry`] names the part that was over its limit, given twice or missing.
    pub(crate) fn finish(self) -> Result<Entry, AuditError> {
        if let Some(part) = self.wrong {
            return Err(AuditError::Entry { part });
        }
        let bytes = if self.sorted { self.bytes } else { layout::sort(&self.bytes)? };
        let mut last = 0;
        for item in layout::items(&bytes) {
            let (tag, _) = item?;
            // The first three are the ones that every entry has.
            if tag <= last || (last < tag::OUTCOME && tag != last + 1) {
                return Err(AuditError::Entry { part: if last < tag::OUTCOME { "outcome" } else { "part" } });
            }
            last = tag;
        }
        if last < tag::OUTCOME || bytes.len() > layout::MAX_ENTRY {
            return Err(AuditError::Entry { part: if last < tag::OUTCOME { "outcome" } else { "sum of parts" } });
        }
        Ok(Entry { bytes })
    }

    fn text(&mut self, tag: u8, part: &'static str, text: &str) -> &mut Self {
        if text.len() > MAX_TEXT {
            self.wrong = Some(part);
            return self;
        }
        self.put(tag, part, text.as_bytes())
    }

    fn names<'n>(&mut self, tag: u8, part: &'static str, names: impl Iterator<Item = &'n str>) -> &mut Self {
        self.note(tag);
        if layout::put_names(&mut self.bytes, tag, names).is_err() {
            self.wrong = Some(part);
        }
        self
    }

    fn put(&mut self, tag: u8, part: &'static str, bytes: &[u8]) -> &mut Self {
        self.note(tag);
        if layout::put(&mut self.bytes, tag, bytes).is_err() {
            self.wrong = Some(part);
        }
        self
    }

    fn note(&mut self, tag: u8) {
        self.sorted &= tag > self.last;
        self.last = tag;
    }
}

#[cfg(test)]
mod tests;
