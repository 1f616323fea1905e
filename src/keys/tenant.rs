//! One tenant's keys.
//!
//! Guarantees: everyone who holds these sees a later puncture or ceiling at once; when a puncture has been taken over, no
//! cached node above the slot is left, and none can appear: caches are filled under the lock that it takes for writing.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::KeyError;
use super::cache::NodeCache;
use super::tree::Tree;
use crate::crypto::{CryptoError, Key, role};
use crate::model::{Epoch, Slot, TenantId};

/// A ceiling is raised by this many slots at a time, and a new tenant begins with as many.
pub(crate) const CEILING_BLOCK: u32 = 1 << 16;

/// A tenant's keys: long-lived ones, and a key per data subject.
pub(crate) struct TenantKeys {
    id: TenantId,
    pub(super) long: LongKeys,
    changing: RwLock<Changing>,
    cache: NodeCache,
}

/// The keys that stay as they are.
pub(super) struct LongKeys {
    pub(super) index: Key<role::Index>,
    pub(super) links: Key<role::Links>,
    pub(super) state: Key<role::State>,
    pub(super) names: Key<role::Names>,
    pub(super) schema: Key<role::Schema>,
    pub(super) digest: Key<role::Digest>,
    pub(super) sum: Key<role::Sum>,
    pub(super) journal: Key<role::Journal>,
    pub(super) commit: Key<role::Commit>,
}

/// What a change of the keyring replaces, whole.
#[derive(Clone)]
pub(super) struct Changing {
    /// The generation of the key file that holds this.
    pub(super) generation: u64,
    /// What that file is sealed under.
    pub(super) kek: Arc<Key<role::TenantFile>>,
    pub(super) ceiling: u32,
    /// By number; the last is the current one.
    pub(super) epochs: BTreeMap<u32, Arc<Tree>>,
}

impl TenantKeys {
    pub(super) fn new(id: TenantId, long: LongKeys, changing: Changing) -> Self {
        Self { id, long, changing: RwLock::new(changing), cache: NodeCache::new() }
    }

    /// Whose keys these are.
    pub(crate) fn id(&self) -> TenantId {
        self.id
    }

    pub(crate) fn index(&self) -> &Key<role::Index> {
        &self.long.index
    }

    pub(crate) fn links(&self) -> &Key<role::Links> {
        &self.long.links
    }

    pub(crate) fn state(&self) -> &Key<role::State> {
        &self.long.state
    }

    pub(crate) fn names(&self) -> &Key<role::Names> {
        &self.long.names
    }

    pub(crate) fn schema(&self) -> &Key<role::Schema> {
        &self.long.schema
    }

    pub(crate) fn digest(&self) -> &Key<role::Digest> {
        &self.long.digest
    }

    pub(crate) fn sum(&self) -> &Key<role::Sum> {
        &self.long.sum
    }

    pub(crate) fn journal(&self) -> &Key<role::Journal> {
        &self.long.journal
    }

    pub(crate) fn commit(&self) -> &Key<role::Commit> {
        &self.long.commit
    }

    /// The epoch that new rows are written in.
    pub(crate) fn current_epoch(&self) -> Epoch {
        Epoch(self.read().epochs.last_key_value().map_or(0, |(number, _)| *number))
    }

    /// No slot at or above it has been given out.
    pub(crate) fn ceiling(&self) -> u32 {
        self.read().ceiling
    }

    /// Counts the changes of this tenant's key file. Whoever keeps what a slot key opened checks it again before use.
    #[cfg_attr(not(test), expect(dead_code, reason = "erasure is its caller"))]
    pub(crate) fn generation(&self) -> u64 {
        self.read().generation
    }

    /// The key of a data subject.
    ///
    /// # Errors
    /// [`KeyError::Erased`] for a punctured slot, [`KeyError::UnknownEpoch`] for an epoch that isn't held.
    pub(crate) fn slot_key(&self, epoch: Epoch, slot: Slot) -> Result<Key<role::Slot>, KeyError> {
        let changing = self.read();
        let tree = changing.epochs.get(&epoch.0).ok_or(KeyError::UnknownEpoch(epoch.0))?;
        tree.slot_key(slot, &self.cache)
    }

    pub(super) fn changing(&self) -> Changing {
        self.read().clone()
    }

    /// Takes a committed change over. What it replaces is wiped as the last holder lets go, which is here.
    pub(super) fn take_over(&self, next: Changing) {
        let mut changing = self.changing.write().unwrap_or_else(PoisonError::into_inner);
        let same_trees = changing.epochs.len() == next.epochs.len()
            && changing.epochs.iter().zip(&next.epochs).all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(a.1, b.1));
        *changing = next;
        if !same_trees {
            self.cache.clear();
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Changing> {
        self.changing.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LongKeys {
    pub(super) fn random() -> Result<Self, CryptoError> {
        Ok(Self {
            index: Key::random()?,
            links: Key::random()?,
            state: Key::random()?,
            names: Key::random()?,
            schema: Key::random()?,
            digest: Key::random()?,
            sum: Key::random()?,
            journal: Key::random()?,
            commit: Key::random()?,
        })
    }
}

impl Changing {
    /// A new tenant's: one whole tree, and a first block of slots.
    pub(super) fn first(generation: u64) -> Result<Self, CryptoError> {
        let epoch = Epoch(0);
        Ok(Self {
            generation,
            kek: Arc::new(Key::random()?),
            ceiling: CEILING_BLOCK,
            epochs: BTreeMap::from([(epoch.0, Arc::new(Tree::new(epoch, Key::random()?)))]),
        })
    }

    /// The same in another generation, to be changed further, under a key of its own.
    pub(super) fn renewed(self, generation: u64) -> Result<Self, CryptoError> {
        Ok(Self { generation, kek: Arc::new(Key::random()?), ..self })
    }

    /// Without these slots, in every epoch; `None` when none of them was there.
    pub(super) fn punctured(&self, slots: &[Slot]) -> Result<Option<Self>, KeyError> {
        let mut next = self.clone();
        let mut changed = false;
        for tree in next.epochs.values_mut() {
            if let Some(punctured) = tree.punctured(slots)? {
                *tree = Arc::new(punctured);
                changed = true;
            }
        }
        Ok(changed.then_some(next))
    }
}
