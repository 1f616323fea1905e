//! Nodes of a key tree kept ready, so that a leaf costs three derivations and not sixteen.
//!
//! Guarantees: bounded, and every node dropped is wiped. Does not: know what was punctured. Its owner fills it only under
//! the lock that a puncture takes for writing, and clears it under that lock.

use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::{Key, role};

/// The depths that are cached, shallow first, and the number of nodes of each. A hit at 13 leaves three derivations;
/// the nodes of depth 13 cover half a million slots that were drawn in order, those of 11 a million, those of 9 four
/// million. All of them together take about 1.2 MB.
const TIERS: [Tier; 3] =
    [Tier { depth: 9, nodes: 256 }, Tier { depth: 11, nodes: 1024 }, Tier { depth: 13, nodes: 8192 }];
/// Nodes behind one lock. Neighbours share one, so that a small tenant fills few.
const PLACES: u32 = 256;

struct Tier {
    depth: u8,
    nodes: u32,
}

/// A bounded cache: each node has one place, where the next that belongs there replaces it.
pub(super) struct NodeCache {
    tiers: [Vec<Shard>; TIERS.len()],
}

/// The nodes behind one lock: none until the first is put there, then a place for each.
type Shard = RwLock<Vec<Option<CachedNode>>>;

struct CachedNode {
    epoch: u32,
    prefix: u32,
    key: Arc<Key<role::Node>>,
}

impl NodeCache {
    pub(super) fn new() -> Self {
        Self { tiers: TIERS.map(|t| (0..t.nodes / PLACES).map(|_| Shard::default()).collect()) }
    }

    /// Returns the cached depths, shallow first.
    pub(super) fn depths() -> impl DoubleEndedIterator<Item = u8> {
        TIERS.iter().map(|t| t.depth)
    }

    pub(super) fn get(&self, epoch: u32, depth: u8, prefix: u32) -> Option<Arc<Key<role::Node>>> {
        let (shard, place) = self.place(epoch, depth, prefix)?;
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        let node = shard.get(place)?.as_ref()?;
        (node.epoch == epoch && node.prefix == prefix).then(|| node.key.clone())
    }

    pub(super) fn put(&self, epoch: u32, depth: u8, prefix: u32, key: Arc<Key<role::Node>>) {
        let Some((shard, place)) = self.place(epoch, depth, prefix) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.is_empty() {
            shard.resize_with(usize::try_from(PLACES).unwrap_or(0), || None);
        }
        if let Some(slot) = shard.get_mut(place) {
            *slot = Some(CachedNode { epoch, prefix, key });
        }
    }

    pub(super) fn clear(&self) {
        for shard in self.tiers.iter().flatten() {
            *shard.write().unwrap_or_else(PoisonError::into_inner) = Vec::new();
        }
    }

    /// Returns a node's shard and its place there.
    fn place(&self, epoch: u32, depth: u8, prefix: u32) -> Option<(&Shard, usize)> {
        let (tier, shards) = TIERS.iter().zip(&self.tiers).find(|(tier, _)| tier.depth == depth)?;
        // Slots are drawn in order, so prefixes fill the places evenly as they are; epochs start far from one another.
        let at = (prefix ^ epoch.reverse_bits().checked_shr(32 - tier.nodes.trailing_zeros())?) & (tier.nodes - 1);
        let shard = shards.get(usize::try_from(at / PLACES).ok()?)?;
        Some((shard, usize::try_from(at % PLACES).ok()?))
    }
}
