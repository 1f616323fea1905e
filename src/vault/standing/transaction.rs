//! Changes of facts, as parts of a commit.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::fact::Fact;
use crate::format::place;
use crate::model::{RecordId, Timestamp};
use crate::store::Store;
use crate::vault::commit::Write;
use crate::vault::state::tenant::TenantCore;

use super::seal::{open_fact, seal_fact};
use crate::vault::state::standing::{FactId, Kind, end_of};

/// A tenant has at most this many shares,
const SHARES: usize = 262_144;
/// requests for approval,
const APPROVALS: usize = 65_536;
/// emergencies that weren't reviewed or ran until lately,
const EMERGENCIES: usize = 65_536;
/// suspended actors,
const SUSPENSIONS: usize = 262_144;
/// and actors who have to be authenticated anew.
const DEMANDS: usize = 262_144;
/// So many facts that are over are removed along with a change of their kind.
const SWEEP: usize = 32;

/// A fact as it is stored: its bytes, to be expected by a change, and what they are.
pub(crate) type StoredFact = (Vec<u8>, Fact);

/// What is stored under an id.
pub(crate) fn stored(store: &dyn Store, tenant: &TenantCore, id: FactId) -> Result<Option<StoredFact>> {
    let sealed = store.get(&place::fact(tenant.id, id));
    let sealed = sealed.map_err(|error| Error::io("reading what is remembered for policies", error))?;
    let Some(sealed) = sealed else { return Ok(None) };
    let fact = open_fact(&tenant.keys, tenant.id, id, &sealed)?;
    Ok(Some((sealed, fact)))
}

/// Puts, replaces or removes a fact that must still be as it was seen; policies know of it once it is durable.
pub(crate) fn put(
    tenant: &Arc<TenantCore>,
    id: FactId,
    before: Option<Vec<u8>>,
    fact: Option<Fact>,
    write: &mut Write,
) -> Result<()> {
    if let (Some(fact), None) = (&fact, &before) {
        room_for(tenant, Kind::of(fact))?;
    }
    let sealed = match &fact {
        Some(fact) => Some(seal_fact(&tenant.keys, tenant.id, id, fact)?),
        None => None,
    };
    let key = place::fact(tenant.id, id);
    write.expect.push((key.clone(), before));
    write.puts.push((key, sealed));
    let (tenant, fact) = (Arc::clone(tenant), fact.map(Arc::new));
    write.then(move || tenant.facts.apply(id, fact));
    Ok(())
}

/// Removes some facts of a kind that are over, along with another change of that kind.
pub(crate) fn sweep(
    store: &dyn Store,
    tenant: &Arc<TenantCore>,
    kind: Kind,
    now: Timestamp,
    write: &mut Write,
) -> Result<()> {
    let over: Vec<FactId> = tenant.facts.read().over(kind, now).take(SWEEP).collect();
    for id in over {
        let key = place::fact(tenant.id, id);
        if write.expect.iter().any(|(expected, _)| *expected == key) {
            continue;
        }
        // It may have been renewed meanwhile.
        if let Some((bytes, fact)) = stored(store, tenant, id)?
            && end_of(&fact).is_some_and(|end| end <= now)
        {
            put(tenant, id, Some(bytes), None, write)?;
        }
    }
    Ok(())
}

/// Ends all shares of a record that goes.
pub(crate) fn drop_shares(
    store: &dyn Store,
    tenant: &Arc<TenantCore>,
    record: RecordId,
    write: &mut Write,
) -> Result<()> {
    let shares: Vec<FactId> = tenant.facts.read().shares_of(record).map(|(id, _)| id).collect();
    for id in shares {
        if let Some((bytes, _)) = stored(store, tenant, id)? {
            put(tenant, id, Some(bytes), None, write)?;
        }
    }
    Ok(())
}

fn room_for(tenant: &TenantCore, kind: Kind) -> Result<()> {
    let (limit, what) = match kind {
        Kind::Share => (SHARES, "list of shares (end some with `unshare`, or share with roles or groups)"),
        Kind::Approval => (APPROVALS, "list of requests for approval (some have to be answered or to expire first)"),
        Kind::Emergency => (EMERGENCIES, "list of emergencies (review some with `review_emergency`)"),
        Kind::Suspension => (SUSPENSIONS, "list of suspended actors (reinstate some with `reinstate`)"),
        Kind::Freeze => (1, "list of freezes"),
        Kind::Demand => (DEMANDS, "list of actors who have to be authenticated anew (waive some with `waive_step_up`)"),
    };
    let size = tenant.facts.read().count(kind).saturating_add(1);
    if size > limit { Err(Error::TooLarge { what, size, limit }) } else { Ok(()) }
}
