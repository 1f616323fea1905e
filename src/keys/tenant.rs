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
use crate::format::TenantFile;
use crate::model::{Epoch, Slot, TenantId};

/// The number of slots by which a ceiling is raised at a time, and with which a new tenant begins.
pub(crate) const CEILING_BLOCK: u32 = 1 << 16;

/// A tenant's keys: long-lived ones, and a key per data subject.
pub(crate) struct TenantKeys {
    id: TenantId,
    pub(super) long: LongKeys,
    changing: RwLock<Changing>,
    cache: NodeCache,
}

macro_rules! long_keys {
    ($($name:ident: $role:ident),+ $(,)?) => {
        /// The keys that stay as they are.
        pub(super) struct LongKeys {
            $(pub(super) $name: Key<role::$role>),+
        }

        impl LongKeys {
            pub(super) fn random() -> Result<Self, CryptoError> {
                Ok(Self { $($name: Key::random()?),+ })
            }

            pub(super) fn from_file(file: &TenantFile<'_>) -> Self {
                Self { $($name: Key::copied(file.$name)),+ }
            }
        }

        impl TenantKeys {
            $(pub(crate) fn $name(&self) -> &Key<role::$role> {
                &self.long.$name
            })+
        }
    };
}

long_keys! {
    index: Index, links: Links, state: State, names: Names, schema: Schema, digest: Digest, sum: Sum, journal: Journal,
    commit: Commit,
}

/// The keys that are replaced by a change of the keyring, all together.
#[derive(Clone)]
pub(super) struct Changing {
    /// The generation of the key file that holds this.
    pub(super) generation: u64,
    /// The key that the file is sealed under.
    pub(super) kek: Arc<Key<role::TenantFile>>,
    pub(super) ceiling: u32,
    /// The epochs by number; the last is the current one.
    pub(super) epochs: BTreeMap<u32, Arc<Tree>>,
}

impl TenantKeys {
    pub(super) fn new(id: TenantId, long: LongKeys, changing: Changing) -> Self {
        Self { id, long, changing: RwLock::new(changing), cache: NodeCache::new() }
    }

    /// Returns the tenant whose keys these are.
    pub(crate) fn id(&self) -> TenantId {
        self.id
    }

    /// Returns the epoch that new rows are written in.
    pub(crate) fn current_epoch(&self) -> Epoch {
        Epoch(self.read().epochs.last_key_value().map_or(0, |(number, _)| *number))
    }

    /// Returns the ceiling: no slot at or above it has been given out.
    pub(crate) fn ceiling(&self) -> u32 {
        self.read().ceiling
    }

    /// Returns the generation of this tenant's key file, which each change of it raises. Whoever keeps what a slot key
    /// opened compares it again before use.
    #[cfg_attr(not(test), expect(dead_code, reason = "erasure is its caller"))]
    pub(crate) fn generation(&self) -> u64 {
        self.read().generation
    }

    /// Returns the key of a data subject.
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

impl Changing {
    /// Returns a new tenant's keys: one whole tree, and a first block of slots.
    pub(super) fn first(generation: u64) -> Result<Self, CryptoError> {
        let epoch = Epoch(0);
        Ok(Self {
            generation,
            kek: Arc::new(Key::random()?),
            ceiling: CEILING_BLOCK,
            epochs: BTreeMap::from([(epoch.0, Arc::new(Tree::new(epoch, Key::random()?)))]),
        })
    }

    /// Returns the same keys in another generation, to be changed further, under a key of its own.
    pub(super) fn renewed(self, generation: u64) -> Result<Self, CryptoError> {
        Ok(Self { generation, kek: Arc::new(Key::random()?), ..self })
    }

    /// Returns the same keys without those of these slots, in every epoch; `None` when none of them was there.
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
