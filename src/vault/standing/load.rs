//! The facts of a tenant, or of the vault itself, when they are opened.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::store::Store;
use crate::vault::state::standing::Standing;

use super::seal::open_fact;

/// Largest number of facts read from the store at once.
const PAGE: usize = 512;

/// Takes every stored fact into memory. One that doesn't open closes the tenant: it may be the suspension of somebody.
pub(crate) fn load(store: &dyn Store, facts: &Standing) -> Result<()> {
    let prefix = match facts.owner.tenant() {
        Some(tenant) => place::of_tenant(Space::Fact, tenant),
        None => place::all_of(Space::VaultFact),
    };
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(&prefix, after.as_deref(), PAGE);
        let page = page.map_err(|error| Error::io("reading what is remembered for policies", error))?;
        for (key, sealed) in &page {
            let id = place::fact_of_key(key).ok_or(Error::damaged("a key in the store is not a fact's"))?;
            facts.apply(id, Some(Arc::new(open_fact(&facts.owner, id, sealed)?)));
        }
        match page.into_iter().last() {
            Some((key, _)) => after = Some(key),
            None => return Ok(()),
        }
    }
}
