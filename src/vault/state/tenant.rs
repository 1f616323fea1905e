//! A tenant and its collections in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::audit::RowSetDigest;
use crate::crypto::{Context, CryptoError, Domain, Label, MacKey, seal};
use crate::error::{Error, Result};
use crate::format::state::TenantState;
use crate::keys::TenantKeys;
use crate::model::TenantId;

use crate::vault::state::probes::Probes;
use crate::vault::state::scanned::Scrubbed;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::standing::{Owner, Standing};

/// A tenant, shared by the whole vault.
pub(crate) struct TenantCore {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    pub(crate) keys: Arc<TenantKeys>,
    pub(crate) digest: MacKey,
    pub(crate) commit: MacKey,
    state: Mutex<(TenantState, RowSetDigest, RowSetDigest)>,
    slots: AtomicU32,
    collections: RwLock<HashMap<String, Arc<CollectionCore>>>,
    pub(crate) probes: Probes,
    /// Held while a collection is created or its schema changed.
    pub(crate) defining: Mutex<()>,
    /// Facts that policies see.
    pub(crate) facts: Arc<Standing>,
    /// The progress of a scrub in the tenant's values.
    pub(crate) scrubbed: Scrubbed,
}

impl TenantCore {
    pub(crate) fn new(id: TenantId, name: String, keys: Arc<TenantKeys>, state: TenantState) -> Result<Self> {
        let digest = |bytes: &[u8]| {
            RowSetDigest::from_bytes(bytes).map_err(|error| Error::damaged_by("a tenant's state", error))
        };
        let facts = Arc::new(Standing::new(Owner::Tenant(Arc::clone(&keys))));
        Ok(Self {
            id,
            name,
            digest: MacKey::new(keys.digest()),
            commit: MacKey::new(keys.commit()),
            keys,
            state: Mutex::new((state, digest(&state.primary)?, digest(&state.derived)?)),
            slots: AtomicU32::new(state.next_slot),
            collections: RwLock::new(HashMap::new()),
            probes: Probes::default(),
            defining: Mutex::new(()),
            facts,
            scrubbed: Scrubbed::default(),
        })
    }

    /// Returns the state after the latest durable commit, and its two digests.
    pub(crate) fn state(&self) -> (TenantState, RowSetDigest, RowSetDigest) {
        *self.lock()
    }

    /// Takes over the state of a durable commit. Called by the committer.
    pub(crate) fn advance(&self, state: TenantState, primary: RowSetDigest, derived: RowSetDigest) {
        *self.lock() = (state, primary, derived);
    }

    /// Returns the first slot that hasn't been drawn.
    pub(crate) fn next_slot(&self) -> u32 {
        self.slots.load(Ordering::Acquire)
    }

    /// Draws a slot below the ceiling; `None` if none is left.
    pub(crate) fn draw_slot(&self) -> Option<u32> {
        let ceiling = self.keys.ceiling();
        self.slots
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |next| (next < ceiling).then(|| next.saturating_add(1)))
            .ok()
    }

    pub(crate) fn seal_state(&self, state: &TenantState) -> Result<Vec<u8>, CryptoError> {
        seal(self.keys.sum(), Label::TenantState, &state_context(self.id), &state.to_bytes())
    }

    pub(crate) fn collection(&self, name: &str) -> Result<Arc<CollectionCore>> {
        let collections = self.collections.read().unwrap_or_else(PoisonError::into_inner);
        collections.get(name).cloned().ok_or_else(|| Error::UnknownCollection {
            name: name.to_owned(),
            nearest: crate::model::nearest(name, collections.keys().map(String::as_str)),
        })
    }

    pub(crate) fn add_collection(&self, name: String, collection: Arc<CollectionCore>) {
        self.collections.write().unwrap_or_else(PoisonError::into_inner).insert(name, collection);
    }

    pub(crate) fn collections(&self) -> Vec<Arc<CollectionCore>> {
        let collections = self.collections.read().unwrap_or_else(PoisonError::into_inner);
        collections.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, (TenantState, RowSetDigest, RowSetDigest)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the context that a tenant's state is bound to.
pub(crate) fn state_context(tenant: TenantId) -> Context {
    Context::new(Domain::TenantState).bytes(tenant.as_bytes())
}
