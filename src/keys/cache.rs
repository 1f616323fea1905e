//! Nodes of a key tree kept ready, so that a leaf costs four derivations and not sixteen.
//!
//! Guarantees: bounded, and every node dropped is wiped. Does not: know what was punctured. Its owner fills it only under
//! the lock that a puncture takes for writing, and clears it under that lock.

use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::{Key, role};

/// The depths that are cached, shallow first, and how many nodes of each: a hit at 12 leaves four derivations, and one
/// at 8 makes a node of depth 12 in four. 4,096 nodes of depth 12 cover a million slots that were drawn in order.
const TIERS: [Tier; 2] = [Tier { depth: 8, nodes: 256 }, Tier { depth: 12, nodes: 4096 }];
/// Locks per tier.
const SHARDS: u32 = 16;

struct Tier {
    depth: u8,
    nodes: u32,
}

/// A bounded cache: each node has one place, where the next that belongs there replaces it.
pub(super) struct NodeCache {
    tiers: [Vec<RwLock<Vec<Option<Node>>>>; TIERS.len()],
}

struct Node {
    epoch: u32,
    prefix: u32,
    key: Arc<Key<role::Node>>,
}

impl NodeCache {
    pub(super) fn new() -> Self {
        Self { tiers: std::array::from_fn(|_| (0..SHARDS).map(|_| RwLock::default()).collect()) }
    }

    /// The cached depths, shallow first.
    pub(super) fn depths() -> impl DoubleEndedIterator<Item = u8> {
        TIERS.iter().map(|t| t.depth)
    }

    pub(super) fn get(&self, epoch: u32, depth: u8, prefix: u32) -> Option<Arc<Key<role::Node>>> {
        let (shard, place, _) = self.place(epoch, depth, prefix)?;
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        let node = shard.get(place)?.as_ref()?;
        (node.epoch == epoch && node.prefix == prefix).then(|| node.key.clone())
    }

    pub(super) fn put(&self, epoch: u32, depth: u8, prefix: u32, key: Arc<Key<role::Node>>) {
        let Some((shard, place, size)) = self.place(epoch, depth, prefix) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.is_empty() {
            shard.resize_with(size, || None);
        }
        if let Some(slot) = shard.get_mut(place) {
            *slot = Some(Node { epoch, prefix, key });
        }
    }

    pub(super) fn clear(&self) {
        for shard in self.tiers.iter().flatten() {
            *shard.write().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        }
    }

    /// A node's shard, its place there, and how many places the shard has.
    fn place(&self, epoch: u32, depth: u8, prefix: u32) -> Option<(&RwLock<Vec<Option<Node>>>, usize, usize)> {
        let (tier, shards) = TIERS.iter().zip(&self.tiers).find(|(tier, _)| tier.depth == depth)?;
        // Slots are drawn in order, so prefixes fill the places evenly as they are; epochs start far from one another.
        let at = (prefix ^ epoch.reverse_bits().checked_shr(32 - tier.nodes.trailing_zeros())?) & (tier.nodes - 1);
        let shard = shards.get(usize::try_from(at % SHARDS).ok()?)?;
        Some((shard, usize::try_from(at / SHARDS).ok()?, usize::try_from(tier.nodes / SHARDS).ok()?))
    }
}
