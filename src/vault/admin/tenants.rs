//! Creating a tenant.

use std::sync::{Arc, PoisonError};

use crate::crypto::fill;
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::state::TenantState;
use crate::model::{Action, TenantId};

use crate::vault::commit::{Outcome, Write};
use crate::vault::gate::finish;
use crate::vault::handles::{Tenant, VaultSession};
use crate::vault::lifecycle::key_error;
use crate::vault::state::catalog::{check_name, seal_tenant_name};
use crate::vault::state::tenant::TenantCore;

impl VaultSession {
    /// Creates a tenant: its root key and the rest of its keys are made here, once. No copy of them is kept apart: whoever
    /// loses the vault's `keys` directory or the master key loses the tenant's records, for good. Keep copies of both
    /// yourself.
    ///
    /// # Errors
    /// [`Error::TenantExists`], [`Error::BadName`], [`Error::Denied`], and reasons why the vault can't act now.
    pub fn create_tenant(&self, name: &str) -> Result<Tenant> {
        let core = &self.core;
        let act = self.act(Action::CreateTenant).told("tenant", name);
        check_name("tenant", name)?;
        let mut permit = act.permit()?;
        // One after the other: of two that create the same name, the second sees the first.
        let _creating = core.creating.lock().unwrap_or_else(PoisonError::into_inner);
        match core.tenant(name) {
            Ok(_) => return Err(act.fail("exists", Error::TenantExists { name: name.to_owned() })),
            Err(Error::UnknownTenant { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut id = [0; 16];
        fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
        let id = TenantId::from_bytes(id);
        // Ready before the keys are made: what fails from there on leaves keys of a tenant that never was.
        let mut write = Write { entries: vec![finish(act.entry(&permit))?], ..Write::default() };
        let mut of_vault = act.entry(&permit);
        of_vault.tenant(id);
        act.add(of_vault, &mut write)?;
        let approved = permit.approval().is_some();
        act.spend(&mut permit, &mut write)?;
        let keys = core.keyring.add_tenant(id).map_err(key_error)?;
        let sealed = seal_tenant_name(&keys, id, name)?;
        let tenant = Arc::new(TenantCore::new(id, name.to_owned(), keys, TenantState::default())?);
        write.expect.push((place::tenant_name(id), None));
        write.puts.push((place::tenant_name(id), Some(sealed)));
        // Making the keys takes as long as the disk does; only another policy makes the decision out of date.
        write.decided.iter_mut().for_each(|decided| decided.at = None);
        let (tenants, new) = (Arc::clone(&core.tenants), Arc::clone(&tenant));
        write.then(move || {
            tenants.write().unwrap_or_else(PoisonError::into_inner).insert(id, new);
        });
        match act.commit_in(Some(&tenant), write)? {
            Outcome::Committed => Ok(Tenant::new(Arc::clone(core), tenant)),
            Outcome::Stale(_) => Err(Error::Conflict),
            // Another act has used the approval up.
            Outcome::Conflict if approved => Err(Error::Conflict),
            Outcome::Conflict | Outcome::Duplicate(_) => Err(Error::damaged("a new tenant's id is in use")),
        }
    }
}
