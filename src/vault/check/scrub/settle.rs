//! The end of a tenant's part, and of a pass: comparing what was read with the journal.
//!
//! Guarantees: compares between two commits, so that everything is of one moment; names the records that differ as
//! `verify` does, which keeps writers waiting while the tenant is read once more.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::{JournalState, RewrittenBecause, RowSet, RowSetDigest, Verdict, commit_mac};
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::model::TenantId;
use crate::vault::check::verify::check::{Check, Depth, differ};
use crate::vault::check::verify::naming;
use crate::vault::core::Core;
use crate::vault::lifecycle::open_state;
use crate::vault::state::tenant::TenantCore;

use super::journal::{Chain, scan};

/// Compares a tenant whose values have all been read. The committer is stopped; the chain reaches the journal's end.
pub(crate) fn tenant(
    core: &Core,
    tenant: &Arc<TenantCore>,
    state: &JournalState,
    chain: &Chain,
    wrong: Option<RowSet>,
) -> Result<Option<Verdict>> {
    let mut read = tenant.scrubbed.so_far().map(|so_far| so_far.read).unwrap_or_default();
    if let Some(changes) = chain.changes.get(&tenant.id) {
        read.derived.join(changes);
    }
    let (_, primary, derived) = tenant.state();
    let rows = match wrong {
        _ if read.primary != primary || !vouched(core, tenant, chain)? => RowSet::Records,
        _ if read.derived != derived => RowSet::Indexes,
        Some(rows) => rows,
        None => return Ok(None),
    };
    let counts = match rows {
        RowSet::Indexes => (derived.count(), read.derived.count()),
        RowSet::Records => (primary.count(), read.primary.count()),
    };
    let check = Check::new(core, state.clone(), Depth::Full);
    let named = naming::named(&check, tenant, rows, primary.count().max(read.primary.count()))?;
    Ok(Some(differ(tenant.id, rows, counts, named)))
}

/// Tells whether the tenant's last block confirms its state, as stored and as in memory.
fn vouched(core: &Core, tenant: &TenantCore, chain: &Chain) -> Result<bool> {
    let Some(tip) = chain.walked.tips.get(&Some(tenant.id)) else { return Ok(false) };
    let sealed = get(core, &place::tenant_state(tenant.id))?;
    let stored = sealed.and_then(|sealed| open_state(&tenant.keys, tenant.id, &sealed).ok());
    let (state, ..) = tenant.state();
    Ok(stored.is_some_and(|stored| {
        let digest = |bytes: &[u8]| RowSetDigest::from_bytes(bytes).unwrap_or_default();
        let (primary, derived) = (digest(&stored.primary), digest(&stored.derived));
        let mac = commit_mac(&tenant.commit, tip.position, &primary, &derived, &stored.to_bytes());
        mac == tip.commit_mac && (stored.primary, stored.derived) == (state.primary, state.derived)
    }))
}

/// Checks the vault beside the tenants that were read. The committer is stopped, and the chain reaches the journal's
/// end. An inner error names a new tenant that hasn't been read.
pub(crate) fn vault(
    core: &Core,
    state: &JournalState,
    chain: &Chain,
    done: &BTreeSet<TenantId>,
) -> Result<Result<Option<Verdict>, TenantId>> {
    let check = Check::new(core, state.clone(), Depth::Full);
    let sealed = get(core, &place::journal_state())?;
    let keys = core.keyring.vault_keys();
    let stored = sealed.and_then(|sealed| JournalState::open(&sealed, &keys.state, core.id).ok());
    let size = state.frontier.size();
    let behind =
        |space| scan(core, &place::all_of(space), Some(&place::end_of_position(space, size.wrapping_sub(1))), 1);
    let rewritten = |first, last, because| Ok(Ok(Some(Verdict::Rewritten { first, last, because })));
    if let Some((key, _)) = behind(Space::Block)?.first() {
        return match place::position_of_key(key) {
            Some((position, _)) if position > size => Ok(Ok(Some(Verdict::Gap { at: size }))),
            _ => rewritten(size, size, RewrittenBecause::State),
        };
    }
    if stored.as_ref() != Some(state) {
        return rewritten(0, size, RewrittenBecause::State);
    }
    if let Some(tip) = chain.walked.tips.get(&None).filter(|tip| tip.commit_mac != check.own_mac(tip)) {
        return rewritten(tip.position, tip.position, RewrittenBecause::Block);
    }
    for id in core.keyring.tenants() {
        match (core.has_tenant(id), chain.walked.tips.contains_key(&Some(id))) {
            (true, _) if !done.contains(&id) => return Ok(Err(id)),
            (true, _) => {}
            // The tenant couldn't be opened.
            (false, true) => return Ok(Ok(Some(differ(id, RowSet::Records, (0, 0), Vec::new())))),
            // The tenant's creation was cut short before it was acknowledged, or is under way.
            (false, false) => {}
        }
    }
    // Change lists of no block: after the last one, or before the first.
    let first = scan(core, &place::all_of(Space::Changes), None, 1)?;
    let before = first.into_iter().find(|(key, _)| {
        place::position_of_key(key).is_none_or(|(position, _)| chain.first.is_some_and(|first| position < first))
    });
    if let Some((_, list)) = behind(Space::Changes)?.first().or(before.as_ref())
        && let Some(tenant) = check.owner_of_list(None, list)
    {
        let (_, _, derived) = tenant.state();
        let counts = (derived.count(), derived.count().saturating_add(1));
        return Ok(Ok(Some(differ(tenant.id, RowSet::Indexes, counts, Vec::new()))));
    }
    naming::stranger(&check).map(Ok)
}

fn get(core: &Core, key: &[u8]) -> Result<Option<Vec<u8>>> {
    core.store.get(key).map_err(|error| Error::io("reading the vault", error))
}
