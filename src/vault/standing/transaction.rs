//! Changes of facts, as parts of a commit.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::fact::Fact;
use crate::format::place;
use crate::model::{RecordId, Timestamp};
use crate::store::Store;
use crate::vault::commit::Write;

use super::seal::{open_fact, seal_fact};
use crate::vault::state::standing::{FactId, Kind, Standing, end_of};

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

/// Reads the fact that is stored under an id.
pub(crate) fn stored(store: &dyn Store, facts: &Standing, id: FactId) -> Result<Option<StoredFact>> {
    let sealed = store.get(&place::fact(facts.owner.tenant(), id));
    let sealed = sealed.map_err(|error| Error::io("reading what is remembered for policies", error))?;
    let Some(sealed) = sealed else { return Ok(None) };
    let fact = open_fact(&facts.owner, id, &sealed)?;
    Ok(Some((sealed, fact)))
}

/// Puts, replaces or removes a fact that must still be as it was seen; policies know of it once it is durable.
pub(crate) fn put(
    facts: &Arc<Standing>,
    id: FactId,
    before: Option<Vec<u8>>,
    fact: Option<Fact>,
    write: &mut Write,
) -> Result<()> {
    if let (Some(fact), None) = (&fact, &before) {
        room_for(facts, Kind::of(fact))?;
    }
    let sealed = match &fact {
        Some(fact) => Some(seal_fact(&facts.owner, id, fact)?),
        None => None,
    };
    let key = place::fact(facts.owner.tenant(), id);
    write.expect.push((key.clone(), before));
    write.puts.push((key, sealed));
    let (facts, fact) = (Arc::clone(facts), fact.map(Arc::new));
    write.then(move || facts.apply(id, fact));
    Ok(())
}

/// Removes some facts of a kind that are over, along with another change of that kind.
pub(crate) fn sweep(
    store: &dyn Store,
    facts: &Arc<Standing>,
    kind: Kind,
    now: Timestamp,
    write: &mut Write,
) -> Result<()> {
    let over: Vec<FactId> = facts.read().over(kind, now).take(SWEEP).collect();
    for id in over {
        let key = place::fact(facts.owner.tenant(), id);
        if write.expect.iter().any(|(expected, _)| *expected == key) {
            continue;
        }
        // It may have been renewed meanwhile.
        if let Some((bytes, fact)) = stored(store, facts, id)?
            && end_of(&fact).is_some_and(|end| end <= now)
        {
            put(facts, id, Some(bytes), None, write)?;
        }
    }
    Ok(())
}

/// Ends all shares of a record that goes.
pub(crate) fn drop_shares(store: &dyn Store, facts: &Arc<Standing>, record: RecordId, write: &mut Write) -> Result<()> {
    let shares: Vec<FactId> = facts.read().shares_of(record).map(|(id, _)| id).collect();
    for id in shares {
        if let Some((bytes, _)) = stored(store, facts, id)? {
            put(facts, id, Some(bytes), None, write)?;
        }
    }
    Ok(())
}

fn room_for(facts: &Standing, kind: Kind) -> Result<()> {
    let (limit, what) = match kind {
        Kind::Share => (SHARES, "list of shares (end some with `unshare`, or share with roles or groups)"),
        Kind::Approval => (APPROVALS, "list of requests for approval (some have to be answered or to expire first)"),
        Kind::Emergency => (EMERGENCIES, "list of emergencies (review some with `review_emergency`)"),
        Kind::Suspension => (SUSPENSIONS, "list of suspended actors (reinstate some with `reinstate`)"),
        Kind::Freeze => (1, "list of freezes"),
        Kind::Demand => (DEMANDS, "list of actors who have to be authenticated anew (waive some with `waive_step_up`)"),
    };
    let size = facts.read().count(kind).saturating_add(1);
    if size > limit { Err(Error::TooLarge { what, size, limit }) } else { Ok(()) }
}
