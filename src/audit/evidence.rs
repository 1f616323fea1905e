//! Evidence bundles: entries of the journal, heads and proofs in one file, and a page that says how to check them.
//!
//! Guarantees: [`check`] derives every claim anew from bytes: signatures, proofs, hashes, and the readable form of each
//! entry; it needs no vault, takes any text, and gives out nothing of a bundle that doesn't hold. Does not: show that there
//! are no further entries than those in the bundle, or whose key it is that signed; bring the key from elsewhere.

use std::sync::Arc;

use super::proof::{Shown, ShownBlock};
use super::{ConsistencyProof, Event, Head, HeadError, HeadKey, InclusionProof, ProofError};

mod layout;

use layout::{BlockText, Bundle, Bytes, EntryText, Hash, Step};

/// A bundle is at most this long, in bytes.
pub const MAX_BUNDLE: usize = 64 << 20;
/// A bundle has at most so many entries.
pub const MAX_EVENTS: usize = 10_000;
/// A bundle has at most so many heads.
pub const MAX_HEADS: usize = 100;

/// The page that every bundle of this form begins with.
const PAGE: &str = include_str!("evidence/page.txt");
/// The form.
const FORM: &str = "strongroom evidence 1";

/// A bundle that holds.
#[derive(Debug, Clone)]
pub struct CheckedEvidence {
    key: HeadKey,
    key_was_given: bool,
    heads: Vec<Head>,
    events: Vec<Event>,
}

/// The reason why a bundle proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Something is over its limit.
    #[error("the evidence has {what} over the limit of {limit}")]
    TooLarge {
        /// The part that is over its limit.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The text is not a bundle.
    #[error("this is not an evidence bundle, or it was altered or cut: use the file as it was written")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The bundle has another form.
    #[error("the bundle's form is {found:?}, and this release checks {known:?}: use another release")]
    Form {
        /// The bundle's form.
        found: String,
        /// The form that this release checks.
        known: &'static str,
    },
    /// The page that says how to check isn't the one that belongs to the form.
    #[error("the bundle's page isn't the one that belongs there: don't follow it, get the file anew")]
    Page,
    /// The bundle's key can't be read.
    #[error("the bundle's key can't be used")]
    Key(#[source] HeadError),
    /// The bundle names another key than the one that was given.
    #[error("the bundle is signed with {found}, not with {expected}: it is another vault's, or forged")]
    OtherKey {
        /// The bundle's key.
        found: String,
        /// The key that was given.
        expected: String,
    },
    /// A head doesn't hold.
    #[error("head {number} of the bundle can't be used")]
    Head {
        /// The head's number in the bundle, from 1.
        number: usize,
        /// The fault of the head.
        #[source]
        source: HeadError,
    },
    /// Heads, blocks or entries are missing, twice or out of order.
    #[error("the bundle's {what} are missing, twice or out of order: it was altered")]
    Order {
        /// The parts that are missing, twice or out of order.
        what: &'static str,
    },
    /// Two heads aren't shown to be of one history.
    #[error("head {number} isn't shown to go on from the one before it: the journal, or the bundle, was altered")]
    Consistency {
        /// The later of the two, from 1.
        number: usize,
        /// The fault of the proof.
        #[source]
        source: ProofError,
    },
    /// A block isn't shown to be in the journal.
    #[error("block {position} isn't shown to be in the journal: it, or the bundle, was altered")]
    Block {
        /// The block's number in the journal.
        position: u64,
        /// The fault of the proof.
        #[source]
        source: ProofError,
    },
    /// An entry isn't shown to be in its block.
    #[error("entry {index} isn't shown to be in block {position}: it was altered, or is another block's")]
    Entry {
        /// The block's number in the journal.
        position: u64,
        /// The entry's number in the block.
        index: u32,
    },
    /// The readable form of an entry isn't what its bytes say.
    #[error(
        "entry {index} of block {position} reads otherwise than its bytes: it was altered, the file was reformatted, or a newer release wrote it"
    )]
    Reading {
        /// The block's number in the journal.
        position: u64,
        /// The entry's number in the block.
        index: u32,
    },
}

impl CheckedEvidence {
    /// Returns the key that signed every head.
    #[must_use]
    pub fn key(&self) -> &HeadKey {
        &self.key
    }

    /// Tells whether the caller brought the key. Else it is the bundle's own, and whoever wrote the bundle may have made it
    /// up.
    #[must_use]
    pub fn key_was_given(&self) -> bool {
        self.key_was_given
    }

    /// Returns the heads, oldest first; there is at least one.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Returns the entries, in the journal's order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// Checks a bundle, without a vault: that its key signed every head, each head's journal began as the one before it, every
/// entry is in the newest head's journal at its place, and reads as its bytes say.
///
/// Give the key that you kept ([`Vault::head_key`](crate::Vault::head_key)). With `None` the bundle's own key is taken: that
/// shows that the bundle is whole, and not who wrote it.
///
/// ```
/// # use strongroom::audit::{HeadKey, evidence};
/// fn read(bundle: &str, key: &HeadKey) -> Result<(), evidence::EvidenceError> {
///     for event in evidence::check(bundle, Some(key))?.events() {
///         println!("{} {} {}", event.time(), event.actor().unwrap_or("the vault"), event.action());
///     }
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`EvidenceError`]: the first thing that is wrong.
pub fn check(text: &str, key: Option<&HeadKey>) -> Result<CheckedEvidence, EvidenceError> {
    at_most("a length, in bytes,", text.len(), MAX_BUNDLE)?;
    let bundle: Bundle = serde_json::from_str(text).map_err(|error| EvidenceError::Malformed(error.into()))?;
    if bundle.form != FORM {
        return Err(EvidenceError::Form { found: bundle.form.chars().take(FORM.len()).collect(), known: FORM });
    }
    if !bundle.page.iter().map(String::as_str).eq(PAGE.lines()) {
        return Err(EvidenceError::Page);
    }
    let own: HeadKey = bundle.key.parse().map_err(EvidenceError::Key)?;
    if own.to_string() != bundle.key {
        return Err(EvidenceError::Key(HeadError::Malformed { why: "it has another spelling than its own" }));
    }
    if let Some(key) = key.filter(|key| **key != own) {
        return Err(EvidenceError::OtherKey { found: own.to_string(), expected: key.to_string() });
    }
    let heads = checked_heads(&bundle, &own)?;
    let newest = heads.last().ok_or(EvidenceError::Order { what: "heads" })?;
    let events = checked_events(&bundle, newest)?;
    Ok(CheckedEvidence { key: own, key_was_given: key.is_some(), heads, events })
}

fn checked_heads(bundle: &Bundle, key: &HeadKey) -> Result<Vec<Head>, EvidenceError> {
    at_most("a number of heads", bundle.heads.len(), MAX_HEADS)?;
    let mut heads: Vec<Head> = Vec::with_capacity(bundle.heads.len());
    for (number, text) in (1..).zip(&bundle.heads) {
        let wrong = |source| EvidenceError::Head { number, source };
        let head = Head::parse(text).map_err(wrong)?;
        if head.to_string() != *text {
            return Err(wrong(HeadError::Malformed { why: "something follows it" }));
        }
        head.verify(key).map_err(wrong)?;
        heads.push(head);
    }
    if bundle.consistency.len() != heads.len().saturating_sub(1) {
        return Err(EvidenceError::Order { what: "consistency proofs" });
    }
    for (number, (step, pair)) in (2..).zip(bundle.consistency.iter().zip(heads.windows(2))) {
        let [old, new] = pair else { continue };
        let proof = ConsistencyProof::new(step.old_size, step.new_size, Hash::all(&step.hashes));
        proof.verify(old, new).map_err(|source| EvidenceError::Consistency { number, source })?;
    }
    Ok(heads)
}

fn checked_events(bundle: &Bundle, newest: &Head) -> Result<Vec<Event>, EvidenceError> {
    let total = bundle.blocks.iter().map(|block| block.entries.len()).sum();
    at_most("a number of entries", total, MAX_EVENTS)?;
    if !bundle.blocks.is_sorted_by(|a, b| a.position < b.position) {
        return Err(EvidenceError::Order { what: "blocks" });
    }
    let journal: Arc<str> = newest.origin().into();
    let mut events = Vec::with_capacity(total);
    for text in &bundle.blocks {
        let position = text.position;
        if text.entries.is_empty() || !text.entries.is_sorted_by(|a, b| a.index < b.index) {
            return Err(EvidenceError::Order { what: "entries" });
        }
        let wrong = |source| EvidenceError::Block { position, source };
        let block = ShownBlock {
            header: text.header.0.as_slice().try_into().map_err(|_| wrong(ProofError::Refused))?,
            sealed: text.sealed_sha256.0,
            hashes: Hash::all(&text.entry_hashes),
            proof: InclusionProof::new(position, newest.size(), Hash::all(&text.inclusion)),
        };
        let header = block.verify(newest).map_err(wrong)?;
        for EntryText { index, salt, bytes, event: reading } in &text.entries {
            let (index, shown) = (*index, Shown { index: *index, salt: salt.0, bytes: bytes.0.clone() });
            let event = block.event(&header, &journal, &shown);
            let event = event.map_err(|_| EvidenceError::Entry { position, index })?;
            if event.to_json() != reading.get() {
                return Err(EvidenceError::Reading { position, index });
            }
            events.push(event);
        }
    }
    Ok(events)
}

/// A bundle in the making.
pub(crate) struct Writer {
    bundle: Bundle,
    newest: Head,
    journal: Arc<str>,
    length: usize,
}

impl Writer {
    /// Makes a bundle with these heads, oldest first, and the proofs from each to the next; `newest` is the last of them.
    pub(crate) fn new(
        key: &HeadKey,
        older: &[Head],
        newest: Head,
        proofs: &[ConsistencyProof],
    ) -> Result<Self, EvidenceError> {
        at_most("a number of heads", older.len().saturating_add(1), MAX_HEADS)?;
        let bundle = Bundle {
            page: PAGE.lines().map(str::to_owned).collect(),
            form: FORM.to_owned(),
            key: key.to_string(),
            heads: older.iter().chain([&newest]).map(Head::to_string).collect(),
            consistency: proofs
                .iter()
                .map(|proof| Step {
                    old_size: proof.old_size(),
                    new_size: proof.new_size(),
                    hashes: Hash::of(proof.hashes()),
                })
                .collect(),
            blocks: Vec::new(),
        };
        Ok(Self { bundle, journal: newest.origin().into(), newest, length: 0 })
    }

    /// Adds a block with the entries that are shown of it. Blocks come in the journal's order.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`]; [`EvidenceError::Block`] and [`EvidenceError::Entry`] for what isn't in the journal.
    pub(crate) fn block(&mut self, block: &ShownBlock, entries: &[Shown]) -> Result<(), EvidenceError> {
        let position = block.proof.position();
        let header = block.verify(&self.newest).map_err(|source| EvidenceError::Block { position, source })?;
        let mut texts = Vec::with_capacity(entries.len());
        for shown in entries {
            let index = shown.index;
            let event = block.event(&header, &self.journal, shown);
            let event = event.map_err(|_| EvidenceError::Entry { position, index })?.to_json();
            self.length = self.length.saturating_add(event.len()).saturating_add(shown.bytes.len().saturating_mul(2));
            // A text of JSON always is one.
            let event = serde_json::value::RawValue::from_string(event);
            let event = event.map_err(|error| EvidenceError::Malformed(error.into()))?;
            texts.push(EntryText { index, salt: Hash(shown.salt), bytes: Bytes(shown.bytes.clone()), event });
        }
        self.length = self.length.saturating_add(block.hashes.len().saturating_mul(64));
        at_most("a length, in bytes,", self.length, MAX_BUNDLE)?;
        self.bundle.blocks.push(BlockText {
            position,
            header: Bytes(block.header.to_vec()),
            sealed_sha256: Hash(block.sealed),
            entry_hashes: Hash::of(&block.hashes),
            inclusion: Hash::of(block.proof.hashes()),
            entries: texts,
        });
        Ok(())
    }

    /// Returns the bundle's text.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`], and whatever [`check`] finds: nothing is given out that doesn't hold.
    pub(crate) fn finish(self, key: &HeadKey) -> Result<String, EvidenceError> {
        let text = serde_json::to_string_pretty(&self.bundle);
        let text = text.map_err(|error| EvidenceError::Malformed(error.into()))? + "\n";
        check(&text, Some(key)).map(|_| text)
    }
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), EvidenceError> {
    if found <= limit { Ok(()) } else { Err(EvidenceError::TooLarge { what, limit }) }
}

#[cfg(test)]
mod tests;
