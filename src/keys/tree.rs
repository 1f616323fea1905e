//! The punctured key tree: a puncturable PRF (GGM tree of radix 4) over a random root.
//!
//! Guarantees: a punctured slot's key follows from no kept node, every other slot's key is as before, and what is kept
//! depends on the set of punctured slots alone, not on their order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::KeyError;
use super::cache::NodeCache;
use crate::crypto::{CryptoError, Key, Label, Role, expand, role};
use crate::format::{KeptNode, TREE_LEVELS, TREE_NODES, TreeState, slots};
use crate::model::{Epoch, Slot};

#[cfg(test)]
mod tests;

/// One epoch's tree: the kept nodes, by the first slot below each. A tenant's has 16 levels; tests use fewer.
pub(super) struct Tree<const LEVELS: u8 = TREE_LEVELS> {
    epoch: Epoch,
    nodes: BTreeMap<u32, Node>,
}

#[derive(Clone)]
struct Node {
    depth: u8,
    key: Arc<Key<role::Node>>,
}

impl<const LEVELS: u8> Tree<LEVELS> {
    /// Returns the whole tree under a root.
    pub(super) fn new(epoch: Epoch, root: Key<role::Node>) -> Self {
        Self { epoch, nodes: BTreeMap::from([(0, Node { depth: 0, key: Arc::new(root) })]) }
    }

    pub(super) fn from_state(epoch: Epoch, state: &TreeState<'_>) -> Self {
        let node = |n: &KeptNode<'_>| (n.first, Node { depth: n.depth, key: Arc::new(Key::copied(n.key)) });
        Self { epoch, nodes: state.nodes.iter().map(node).collect() }
    }

    pub(super) fn state(&self) -> TreeState<'_> {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(first, n)| KeptNode { depth: n.depth, first: *first, key: n.key.expose() }).collect();
        TreeState { levels: LEVELS, nodes }
    }

    /// Returns the tree without these slots; `None` when none of them was there. Kept nodes are shared with this one.
    ///
    /// # Errors
    /// [`KeyError::Full`] when it would have too many nodes.
    pub(super) fn punctured(&self, slots: &[Slot]) -> Result<Option<Self>, KeyError> {
        let mut next = Self { epoch: self.epoch, nodes: self.nodes.clone() };
        let mut changed = false;
        for slot in slots {
            let Some((first, node)) = next.above(*slot) else { continue };
            let (mut depth, mut key) = (node.depth, node.key.clone());
            next.nodes.remove(&first);
            while depth < LEVELS {
                let onwards = index::<LEVELS>(*slot, depth);
                let mut below = None;
                for i in 0..4u8 {
                    let child = Arc::new(next.child(&key, depth, prefix::<LEVELS>(*slot, depth), i)?);
                    if i == onwards {
                        below = Some(child);
                    } else {
                        next.nodes.insert(first_slot::<LEVELS>(*slot, depth, i), Node { depth: depth + 1, key: child });
                    }
                }
                key = below.ok_or(CryptoError::Length)?;
                depth += 1;
            }
            changed = true;
            if next.nodes.len() > TREE_NODES {
                let limit = u64::try_from(TREE_NODES).unwrap_or(u64::MAX);
                return Err(KeyError::Full { what: "nodes in a tenant's key tree", limit });
            }
        }
        Ok(changed.then_some(next))
    }

    /// Returns the slot's key.
    ///
    /// # Errors
    /// [`KeyError::Erased`] for a punctured slot.
    pub(super) fn slot_key(&self, slot: Slot, cache: &NodeCache) -> Result<Key<role::Slot>, KeyError> {
        let epoch = self.epoch.0;
        let depths = || NodeCache::depths().filter(|depth| *depth < LEVELS);
        let cached = depths().rev().find_map(|d| Some((d, cache.get(epoch, d, prefix::<LEVELS>(slot, d))?)));
        let (mut depth, mut key) = match cached {
            Some(found) => found,
            None => self.above(slot).map(|(_, node)| (node.depth, node.key.clone())).ok_or(KeyError::Erased)?,
        };
        for to in depths() {
            if depth < to {
                key = Arc::new(self.descend(&key, depth, to, slot)?);
                cache.put(epoch, to, prefix::<LEVELS>(slot, to), key.clone());
                depth = to;
            }
        }
        let last = LEVELS.saturating_sub(1);
        if depth == LEVELS {
            return Ok(Key::copied(key.expose()));
        }
        let parent = if depth == last { None } else { Some(self.descend(&key, depth, last, slot)?) };
        let parent = parent.as_ref().unwrap_or(&key);
        Ok(self.child(parent, last, prefix::<LEVELS>(slot, last), index::<LEVELS>(slot, last))?)
    }

    /// Returns the kept node above the slot, and its first slot.
    fn above(&self, slot: Slot) -> Option<(u32, &Node)> {
        let (first, node) = self.nodes.range(..=slot.0).next_back()?;
        let end = u64::from(*first).saturating_add(slots(LEVELS, node.depth));
        (u64::from(slot.0) < end).then_some((*first, node))
    }

    /// Returns the node at depth `to`, at least one below `from`, on the way from `node` to the slot.
    fn descend(&self, node: &Key<role::Node>, from: u8, to: u8, slot: Slot) -> Result<Key<role::Node>, CryptoError> {
        let step = |node: &Key<role::Node>, depth| {
            self.child(node, depth, prefix::<LEVELS>(slot, depth), index::<LEVELS>(slot, depth))
        };
        (from.saturating_add(1)..to).try_fold(step(node, from)?, |node, depth| step(&node, depth))
    }

    /// Returns the key of a child: `HKDF-Expand(node, label ‖ epoch ‖ depth ‖ prefix ‖ index)`.
    fn child<R: Role>(&self, node: &Key<role::Node>, depth: u8, prefix: u32, index: u8) -> Result<Key<R>, CryptoError> {
        let [e0, e1, e2, e3] = self.epoch.0.to_be_bytes();
        let [p0, p1, p2, p3] = prefix.to_be_bytes();
        expand(node, Label::Tree, &[&[e0, e1, e2, e3, depth, p0, p1, p2, p3, index]])
    }
}

/// Returns the slot's path down to a depth, as a number.
fn prefix<const LEVELS: u8>(slot: Slot, depth: u8) -> u32 {
    slot.0.checked_shr(u32::from(LEVELS.saturating_sub(depth)).saturating_mul(2)).unwrap_or(0)
}

/// Returns the number of the node's child, at this depth, that leads to the slot.
fn index<const LEVELS: u8>(slot: Slot, depth: u8) -> u8 {
    u8::try_from(prefix::<LEVELS>(slot, depth.saturating_add(1)) & 3).unwrap_or(0)
}

/// Returns the first slot below child `index` of the node at this depth above the slot.
fn first_slot<const LEVELS: u8>(slot: Slot, depth: u8, index: u8) -> u32 {
    let below = u32::from(LEVELS.saturating_sub(depth).saturating_sub(1)).saturating_mul(2);
    let path = prefix::<LEVELS>(slot, depth).checked_shl(2).unwrap_or(0) | u32::from(index);
    path.checked_shl(below).unwrap_or(0)
}
