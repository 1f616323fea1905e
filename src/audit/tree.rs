//! The journal's Merkle tree (RFC 6962, section 2.1), kept as its right edge.
//!
//! Guarantees: appends in O(log n) with at most 64 hashes. Does not: keep leaves; proofs need the blocks.

use crate::crypto::{Digest, sha256};
use crate::format::{FormatError, frontier};

/// The roots of a tree's full subtrees, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frontier {
    size: u64,
    hashes: Vec<Digest>,
}

impl Frontier {
    /// Makes a frontier from its parts.
    ///
    /// # Errors
    /// If the number of hashes isn't what the size demands.
    pub(crate) fn from_parts(size: u64, hashes: Vec<Digest>) -> Result<Self, FormatError> {
        frontier::check(size, &hashes).map(|()| Self { size, hashes })
    }

    /// Appends a leaf.
    pub(crate) fn append(&mut self, leaf: Digest) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.hashes.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Leaves so far.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// Returns the root hash; of no leaves, the hash of nothing.
    pub(crate) fn root(&self) -> Digest {
        let from_right = self.hashes.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        from_right.unwrap_or_else(|| sha256(&[]))
    }
}

/// Returns the hash of a leaf whose input is these parts, joined.
pub(crate) fn leaf_hash(parts: &[&[u8]]) -> Digest {
    let mut hasher = crate::crypto::Hasher::new();
    hasher.update(&[0]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// Returns the hash of the node over these two.
pub(super) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], left, right])
}

#[cfg(test)]
mod tests;
