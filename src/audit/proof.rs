//! Proofs about the journal's tree: that a block is in it, and that one head's journal is how another's began.
//!
//! Guarantees: what is proved follows from the proof, the roots and SHA-256 alone; checking needs no vault and no key, and
//! takes any bytes. Does not: say who states a root; that is the head's signature, [`Head::verify`].

use crate::crypto::{self, Digest};

use super::Head;

mod nodes;
mod shown;

pub(crate) use nodes::Nodes;
pub use shown::ShownEntry;
pub(crate) use shown::{Shown, ShownBlock};

/// Proves that a block is in the journal of a head, at its position (RFC 9162, section 2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    position: u64,
    size: u64,
    hashes: Vec<Digest>,
}

/// Proves that the journal of an older head is how the journal of a newer one began: nothing that the older one covers was
/// changed, removed or slipped in since (RFC 9162, section 2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    old_size: u64,
    new_size: u64,
    hashes: Vec<Digest>,
}

/// The reason why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The proof was made for another head.
    #[error(
        "the proof is for a journal of {proof} blocks, and the head states {head}: bring the head that it was made for"
    )]
    OtherSize {
        /// The size that the proof is for.
        proof: u64,
        /// The size that the head states.
        head: u64,
    },
    /// The head, or one of the two, is of another journal.
    #[error("the head is of {found}, not of {expected}: bring heads of the journal that the proof is about")]
    OtherJournal {
        /// The head's origin.
        found: String,
        /// The value that it was held against.
        expected: String,
    },
    /// The proof doesn't hold: something in it, or in what it is held against, was altered, or belongs to something else.
    #[error("the proof doesn't hold: something was altered, or belongs to another entry, block or head")]
    Refused,
}

impl InclusionProof {
    /// Makes a proof from its parts: the block's position, the number of blocks in the journal, and the hashes beside the
    /// way from the block's leaf up to the root, the leaf's neighbour first.
    #[must_use]
    pub fn new(position: u64, size: u64, hashes: Vec<[u8; 32]>) -> Self {
        Self { position, size, hashes }
    }

    /// Returns the block's number in the journal, from 0.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns the number of blocks in the journal that the proof is for.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the hashes, the leaf's neighbour first.
    #[must_use]
    pub fn hashes(&self) -> &[[u8; 32]] {
        &self.hashes
    }

    /// Checks that a leaf with this input stands at the proof's position under this root.
    ///
    /// # Errors
    /// [`ProofError::Refused`].
    pub fn verify(&self, leaf_input: &[u8], root: &[u8; 32]) -> Result<(), ProofError> {
        self.verify_parts(&[leaf_input], root)
    }

    fn verify_parts(&self, leaf_input: &[&[u8]], root: &Digest) -> Result<(), ProofError> {
        holds(crypto::verify_inclusion(leaf_input, self.position, self.size, root, &self.hashes))
    }
}

impl ConsistencyProof {
    /// Makes a proof from its parts: how many blocks the older and the newer journal have, and the hashes in the order of
    /// RFC 9162, section 2.1.4.1. From a journal of no blocks there are none.
    #[must_use]
    pub fn new(old_size: u64, new_size: u64, hashes: Vec<[u8; 32]>) -> Self {
        Self { old_size, new_size, hashes }
    }

    /// Returns the number of blocks in the older journal.
    #[must_use]
    pub fn old_size(&self) -> u64 {
        self.old_size
    }

    /// Returns the number of blocks in the newer journal.
    #[must_use]
    pub fn new_size(&self) -> u64 {
        self.new_size
    }

    /// Returns the hashes.
    #[must_use]
    pub fn hashes(&self) -> &[[u8; 32]] {
        &self.hashes
    }

    /// Checks that the journal of the older head is how that of the newer one began. Check the heads' signatures besides:
    /// [`Head::verify`].
    ///
    /// # Errors
    /// [`ProofError::OtherJournal`] for heads of two journals, [`ProofError::OtherSize`] for a head that the proof wasn't
    /// made for, [`ProofError::Refused`] if it doesn't hold.
    pub fn verify(&self, old: &Head, new: &Head) -> Result<(), ProofError> {
        if old.origin() != new.origin() {
            return Err(ProofError::OtherJournal { found: old.origin(), expected: new.origin() });
        }
        made_for(self.old_size, old)?;
        made_for(self.new_size, new)?;
        self.verify_roots(&old.root(), &new.root())
    }

    /// Checks that the tree with the old root is how the tree with the new root began.
    ///
    /// # Errors
    /// [`ProofError::Refused`].
    pub fn verify_roots(&self, old_root: &[u8; 32], new_root: &[u8; 32]) -> Result<(), ProofError> {
        holds(crypto::verify_consistency((self.old_size, old_root), (self.new_size, new_root), &self.hashes))
    }
}

fn made_for(size: u64, head: &Head) -> Result<(), ProofError> {
    if size == head.size() { Ok(()) } else { Err(ProofError::OtherSize { proof: size, head: head.size() }) }
}

fn holds(whether: bool) -> Result<(), ProofError> {
    if whether { Ok(()) } else { Err(ProofError::Refused) }
}

#[cfg(test)]
mod tests;
