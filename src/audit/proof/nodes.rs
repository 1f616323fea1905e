//! Making proofs: one pass over the leaves, for as many proofs as are wanted, in trees of any of the sizes passed.
//!
//! Guarantees: memory for the nodes that the proofs want, at most 128 for each, and for one of each level; each node is
//! hashed once. Does not: read blocks, or check that the leaves are those of a head.

use std::collections::BTreeMap;

use crate::crypto::{Digest, MAX_LEAVES};

use super::super::tree::node_hash;
use super::{ConsistencyProof, InclusionProof};

/// Leaves from the first to before the second: a subtree of some tree.
type Range = (u64, u64);
/// The root of a full subtree: its first leaf, and the power of two that it has of them.
type Node = (u64, u32);

/// The nodes that proofs want, as a pass over the leaves makes them.
#[derive(Default)]
pub(crate) struct Nodes {
    wanted: BTreeMap<Node, Option<Digest>>,
    needed: u64,
    seen: u64,
    /// The roots of the full subtrees so far, largest first.
    edge: Vec<Digest>,
}

impl Nodes {
    /// Wants the proof that the leaf at `position` is in the tree of this size.
    pub(crate) fn want_inclusion(&mut self, position: u64, size: u64) {
        self.want(&inclusion(position, size), size);
    }

    /// Wants the proof that the tree of the new size began as that of the old size.
    pub(crate) fn want_consistency(&mut self, old: u64, new: u64) {
        self.want(&consistency(old, new), new);
    }

    /// Returns the number of leaves that it takes, from the first.
    pub(crate) fn needed(&self) -> u64 {
        self.needed
    }

    /// Takes the next leaf.
    pub(crate) fn leaf(&mut self, leaf: Digest) {
        let at = self.seen;
        let mut hash = leaf;
        self.keep((at, 0), hash);
        for level in 1..=at.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
            self.keep((at.checked_shr(level).and_then(|n| n.checked_shl(level)).unwrap_or(0), level), hash);
        }
        self.edge.push(hash);
        self.seen = at.saturating_add(1);
    }

    /// Returns the proof; `None` if it wasn't wanted, can't be, or takes more leaves than there were.
    pub(crate) fn inclusion(&self, position: u64, size: u64) -> Option<InclusionProof> {
        let there = position < size && size <= MAX_LEAVES;
        let hashes = there.then(|| self.roots(&inclusion(position, size)))??;
        Some(InclusionProof::new(position, size, hashes))
    }

    /// Returns the proof; `None` as for [`inclusion`](Self::inclusion).
    pub(crate) fn consistency(&self, old: u64, new: u64) -> Option<ConsistencyProof> {
        let there = old <= new && new <= MAX_LEAVES;
        let hashes = there.then(|| self.roots(&consistency(old, new)))??;
        Some(ConsistencyProof::new(old, new, hashes))
    }

    #[cfg(test)]
    pub(super) fn wanted(&self) -> usize {
        self.wanted.len()
    }

    #[cfg(test)]
    pub(super) fn edge(&self) -> usize {
        self.edge.len()
    }

    fn want(&mut self, ranges: &[Range], size: u64) {
        for range in ranges {
            self.wanted.extend(full(*range).map(|node| (node, None)));
        }
        self.needed = self.needed.max(size);
    }

    fn keep(&mut self, node: Node, hash: Digest) {
        if let Some(kept) = self.wanted.get_mut(&node) {
            *kept = Some(hash);
        }
    }

    fn roots(&self, ranges: &[Range]) -> Option<Vec<Digest>> {
        ranges.iter().map(|range| self.root(*range)).collect()
    }

    fn root(&self, range: Range) -> Option<Digest> {
        let nodes: Option<Vec<Digest>> = full(range).map(|node| self.wanted.get(&node).copied().flatten()).collect();
        nodes?.into_iter().rev().reduce(|right, left| node_hash(&left, &right))
    }
}

/// Returns the full subtrees of a subtree, largest first.
fn full((mut from, to): Range) -> impl Iterator<Item = Node> {
    std::iter::from_fn(move || {
        let level = to.checked_sub(from)?.checked_ilog2()?;
        let node = (from, level);
        from = from.checked_add(1 << level)?;
        Some(node)
    })
}

/// Returns where the left subtree ends: at the largest power of two below the number of leaves.
fn middle(from: u64, to: u64) -> Option<u64> {
    let leaves = to.checked_sub(from)?;
    let level = leaves.checked_sub(1)?.checked_ilog2()?;
    from.checked_add(1 << level)
}

/// Returns `PATH(position, D[0:size])` of RFC 9162, section 2.1.3.1.
fn inclusion(position: u64, size: u64) -> Vec<Range> {
    let (mut from, mut to) = (0, size);
    let mut ranges = Vec::new();
    while let Some(middle) = middle(from, to) {
        if position < middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// Returns `PROOF(old, D[0:new])` of RFC 9162, section 2.1.4.1; nothing for a tree of no leaves.
fn consistency(old: u64, new: u64) -> Vec<Range> {
    let (mut from, mut to) = (0, new);
    let mut ranges = Vec::new();
    while let Some(middle) = middle(from, to).filter(|_| old != to && old != 0) {
        if old <= middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    // Where the old tree is a subtree of the new one, whoever checks has its root.
    if from != 0 {
        ranges.push((from, to));
    }
    ranges.reverse();
    ranges
}
