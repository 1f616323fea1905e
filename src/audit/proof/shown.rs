//! An entry of the journal shown alone: itself, and what ties it to a head.
//!
//! Guarantees: an entry that verifies stands in the journal of the head at its place, byte for byte. Shown with it are its
//! block's header and the salted hashes of the block's other entries, which tell nothing of them. Does not: show that the
//! head is signed, or that there are no further entries.

use std::fmt;
use std::sync::Arc;

use crate::crypto::{Digest, sha256};
use crate::format::FormatError;
use crate::format::block::{self as layout, HEADER, Header};

use super::super::block::{OpenedBlock, entry_hash};
use super::super::{Entry, Event, Head};
use super::{InclusionProof, ProofError, made_for};

/// One entry of the journal, with all that proves it against a head: no vault and no key is needed to check it.
#[derive(Clone)]
pub struct ShownEntry {
    block: ShownBlock,
    entry: Shown,
}

/// The part of a block that is shown.
#[derive(Clone)]
pub(crate) struct ShownBlock {
    pub(crate) header: [u8; HEADER],
    /// SHA-256 of the sealed part.
    pub(crate) sealed: Digest,
    /// The salted hashes of its entries.
    pub(crate) hashes: Vec<Digest>,
    pub(crate) proof: InclusionProof,
}

/// An entry of a block that is shown.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) index: u32,
    pub(crate) salt: [u8; 32],
    pub(crate) bytes: Vec<u8>,
}

impl ShownEntry {
    pub(crate) fn new(block: ShownBlock, entry: Shown) -> Self {
        Self { block, entry }
    }

    /// Checks the entry against the head that it was shown for, and gives it. Check the head's signature besides:
    /// [`Head::verify`].
    ///
    /// # Errors
    /// [`ProofError::OtherJournal`] and [`ProofError::OtherSize`] for another head, [`ProofError::Refused`] if it doesn't
    /// hold.
    pub fn verify(&self, head: &Head) -> Result<Event, ProofError> {
        let header = self.block.verify(head)?;
        self.block.event(&header, &head.origin().into(), &self.entry)
    }

    /// Its block's number in the journal, from 0.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.block.proof.position()
    }

    /// Its number in the block, from 0.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.entry.index
    }

    /// Returns the proof that its block is in the journal.
    #[must_use]
    pub fn proof(&self) -> &InclusionProof {
        &self.block.proof
    }

    /// Returns the leaf's input, which [`proof`](Self::proof) is about: the block's header, the hash of its sealed part, and
    /// the salted hashes of its entries.
    #[must_use]
    pub fn leaf_input(&self) -> Vec<u8> {
        self.block.leaf_input().concat()
    }

    /// Returns the salt: SHA-256 of it and the [bytes](Self::bytes) is the entry's salted hash.
    #[must_use]
    pub fn salt(&self) -> [u8; 32] {
        self.entry.salt
    }

    /// Returns the entry's bytes, as [`format_spec`](crate::format_spec) says.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.entry.bytes
    }
}

impl fmt::Debug for ShownEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ShownEntry");
        debug.field("position", &self.position()).field("index", &self.index()).finish_non_exhaustive()
    }
}

impl ShownBlock {
    /// Takes what is shown out of the block's bytes.
    ///
    /// # Errors
    /// If they are no block.
    pub(crate) fn of(block: &[u8], proof: InclusionProof) -> Result<Self, FormatError> {
        let parts = layout::split(block)?;
        let header = parts.header_bytes.try_into();
        let header = header.map_err(|_| FormatError::Invalid { what: "journal block", why: "its header is torn" })?;
        Ok(Self { header, sealed: sha256(&[parts.sealed]), hashes: parts.hashes.to_vec(), proof })
    }

    /// Checks that the block is in the journal of this head.
    pub(crate) fn verify(&self, head: &Head) -> Result<Header, ProofError> {
        made_for(self.proof.size(), head)?;
        let header = layout::header(&self.header).map_err(|_| ProofError::Refused)?;
        if header.epoch != head.body().epoch {
            let found = crate::format::head::origin(head.vault(), header.epoch);
            return Err(ProofError::OtherJournal { found: head.origin(), expected: found });
        }
        if usize::try_from(header.entries) != Ok(self.hashes.len()) {
            return Err(ProofError::Refused);
        }
        self.proof.verify_parts(&self.leaf_input(), &head.root()).map(|()| header)
    }

    /// Checks that the entry is one of the block, and gives it. The block was checked.
    pub(crate) fn event(&self, header: &Header, journal: &Arc<str>, shown: &Shown) -> Result<Event, ProofError> {
        let at = usize::try_from(shown.index).map_err(|_| ProofError::Refused)?;
        if self.hashes.get(at) != Some(&entry_hash(&shown.salt, &shown.bytes)) {
            return Err(ProofError::Refused);
        }
        let entry = Entry::decode(&shown.bytes).map_err(|_| ProofError::Refused)?;
        let (position, of) = (self.proof.position(), header.entries);
        Ok(Event::shown(journal, header.tenant, (position, shown.index, of), entry))
    }

    fn leaf_input(&self) -> [&[u8]; 3] {
        [&self.header, &self.sealed, self.hashes.as_flattened()]
    }
}

impl Shown {
    /// Takes an entry out of an opened block; `None` if it has none of this number.
    pub(crate) fn of(block: &OpenedBlock, index: u32) -> Option<Self> {
        let entry = block.entries.get(usize::try_from(index).ok()?)?;
        Some(Self { index, salt: block.salt(index), bytes: entry.as_bytes().to_vec() })
    }
}
