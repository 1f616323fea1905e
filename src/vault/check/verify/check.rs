//! Ground of every part of a check: the vault, its journal's state, its tenants and their collections.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::{JournalState, RowFault, RowSet, RowSetDigest, Tip, Verdict, commit_mac};
use crate::crypto::MacKey;
use crate::error::{Error, Result};
use crate::model::{CollectionId, TenantId};
use crate::vault::core::Core;
use crate::vault::state::tenant::TenantCore;

/// Depth of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The journal's structure, the tenants' states and digests.
    Quick,
    /// Every block, entry, row and index entry, too.
    Full,
}

/// A vault that is being checked; the committer is stopped.
pub(crate) struct Check<'a> {
    pub(crate) core: &'a Core,
    pub(crate) state: JournalState,
    pub(crate) depth: Depth,
    pub(crate) tenants: HashMap<TenantId, Arc<TenantCore>>,
    /// The tenants that collections belong to.
    collections: HashMap<CollectionId, TenantId>,
}

impl<'a> Check<'a> {
    /// Begins a check of what is in memory now.
    pub(crate) fn new(core: &'a Core, state: JournalState, depth: Depth) -> Self {
        let tenants: HashMap<_, _> = core.all_tenants().into_iter().map(|tenant| (tenant.id, tenant)).collect();
        let of = |tenant: &Arc<TenantCore>| {
            let id = tenant.id;
            tenant.collections().into_iter().map(move |collection| (collection.id, id))
        };
        let collections = tenants.values().flat_map(of).collect();
        Self { core, state, depth, tenants, collections }
    }

    /// Makes the MAC of the vault's own block: it has no rows.
    pub(crate) fn own_mac(&self, tip: &Tip) -> [u8; 32] {
        let (key, none) = (MacKey::new(&self.core.keyring.vault_keys().commit), RowSetDigest::default());
        commit_mac(&key, tip.position, &none, &none, &[])
    }

    /// Finds the tenant of a change list: the owner of the block at its position, or else of the collection that the list
    /// begins with. A list that belongs to nobody counts as slipped in with a tenant that is always the same.
    pub(crate) fn owner_of_list(&self, owner: Option<TenantId>, list: &[u8]) -> Option<&TenantCore> {
        let by_rows = || self.collections.get(&CollectionId::from_bytes(*list.first_chunk()?)).copied();
        let id = owner.or_else(by_rows).or_else(|| self.tenants.keys().min().copied())?;
        self.tenants.get(&id).map(Arc::as_ref)
    }

    /// Reads a value from the store.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.core.store.get(key).map_err(|error| Error::io("reading the vault", error))
    }
}

/// Makes the verdict on a tenant's rows that aren't as its journal tells.
pub(crate) fn differ(tenant: TenantId, rows: RowSet, (expected, found): (u64, u64), named: Vec<RowFault>) -> Verdict {
    Verdict::RowsDiffer { tenant, rows, expected, found, named }
}
