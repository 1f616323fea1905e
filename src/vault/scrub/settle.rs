//! The end of a tenant's part, and of a pass: what was read against what the journal tells of.
//!
//! Guarantees: compares between two commits, so that all it compares is of one moment.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::audit::{JournalState, RewrittenBecause, RowSet, RowSetDigest, Verdict, commit_mac};
use crate::error::{Error, Result};
use crate::format::place::{self, Space};
use crate::model::TenantId;
use crate::vault::core::Core;
use crate::vault::open;
use crate::vault::tenant_core::TenantCore;

use super::journal::{Chain, scan};
use super::scrubbed::Delta;

/// A tenant whose values have all been read; the committer is stopped, and the chain reaches the journal's end.
pub(super) fn tenant(
    core: &Core,
    tenant: &Arc<TenantCore>,
    chain: &Chain,
    wrong: Option<RowSet>,
) -> Result<Option<Verdict>> {
    let read = tenant.scrubbed.so_far().map(|so_far| so_far.read).unwrap_or_default();
    let (found, expected) = digests(tenant, &read, chain);
    let differ = |rows| {
        let of = |digests: &Delta| match rows {
            RowSet::Records => digests.carried.count(),
            RowSet::Indexes => digests.rebuilt.count(),
        };
        Some(Verdict::RowsDiffer { tenant: tenant.id, rows, expected: of(&expected), found: of(&found) })
    };
    let Some(tip) = chain.walked.tips.get(&Some(tenant.id)) else { return Ok(differ(RowSet::Records)) };
    let sealed = get(core, &place::tenant_state(tenant.id))?;
    let stored = sealed.and_then(|sealed| open::open_state(&tenant.keys, tenant.id, &sealed).ok());
    let vouched = stored.is_some_and(|stored| {
        let digest = |bytes: &[u8]| RowSetDigest::from_bytes(bytes).unwrap_or_default();
        let (carried, rebuilt) = (digest(&stored.carried), digest(&stored.rebuilt));
        let mac = commit_mac(&tenant.commit, tip.position, &carried, &rebuilt, &stored.to_bytes());
        mac == tip.commit_mac && (carried, rebuilt) == (expected.carried, expected.rebuilt)
    });
    Ok(if !vouched || found.carried != expected.carried {
        differ(RowSet::Records)
    } else if found.rebuilt != expected.rebuilt {
        differ(RowSet::Indexes)
    } else {
        wrong.and_then(differ)
    })
}

/// A tenant's digests by what was read, and by its last commit.
fn digests(tenant: &TenantCore, read: &Delta, chain: &Chain) -> (Delta, Delta) {
    let mut found = *read;
    if let Some(changes) = chain.changes.get(&tenant.id) {
        found.rebuilt.join(changes);
    }
    let (_, carried, rebuilt) = tenant.state();
    (found, Delta { carried, rebuilt })
}

/// What is there beside all tenants that were read; the committer is stopped, and the chain reaches the journal's end.
/// `Err`: this one is a tenant by now, and was not read.
pub(super) fn vault(
    core: &Core,
    state: &JournalState,
    chain: &Chain,
    done: &BTreeSet<TenantId>,
) -> Result<Result<Option<Verdict>, TenantId>> {
    let sealed = get(core, &place::journal_state())?;
    let keys = core.keyring.vault_keys();
    let stored = sealed.and_then(|sealed| JournalState::open(&sealed, &keys.state, core.id).ok());
    let size = state.frontier.size();
    let behind = scan(core, &place::all_of(Space::Block), Some(&place::block(size, 0)), 1)?;
    let at_end = get(core, &place::block(size, 0))?;
    if stored.as_ref() != Some(state) || !behind.is_empty() || at_end.is_some() {
        return Ok(Ok(Some(Verdict::Rewritten { first: 0, last: size, because: RewrittenBecause::State })));
    }
    let known: HashSet<TenantId> = core.all_tenants().iter().map(|tenant| tenant.id).collect();
    let nothing = |tenant, rows| Some(Verdict::RowsDiffer { tenant, rows, expected: 0, found: 0 });
    for id in core.keyring.tenants() {
        match (known.contains(&id), chain.walked.tips.contains_key(&Some(id))) {
            (true, _) if !done.contains(&id) => return Ok(Err(id)),
            (true, _) => {}
            // One that couldn't be opened.
            (false, true) => return Ok(Ok(nothing(id, RowSet::Records))),
            // Its creation was cut short before it was acknowledged, or isn't through.
            (false, false) => {}
        }
    }
    let changes =
        scan(core, &place::all_of(Space::Changes), Some(&place::changes(size.saturating_sub(1), u32::MAX)), 1)?;
    if let (false, Some(first)) = (changes.is_empty(), known.iter().min()) {
        return Ok(Ok(nothing(*first, RowSet::Indexes)));
    }
    Ok(Ok(stranger(core, &known)?.and_then(|id| nothing(id, RowSet::Records))))
}

/// A tenant that isn't one, of which there is something all the same.
fn stranger(core: &Core, known: &HashSet<TenantId>) -> Result<Option<TenantId>> {
    for space in [
        Space::Row,
        Space::Chunk,
        Space::Entry,
        Space::SlotMap,
        Space::TenantState,
        Space::TenantName,
        Space::CollectionName,
        Space::Schema,
        Space::Dictionary,
        Space::Fact,
    ] {
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, _)) = scan(core, &place::all_of(space), after.as_deref(), 1)?.into_iter().next() {
            let id = place::tenant_of_key(&key).ok_or(Error::damaged("a key in the store is nobody's"))?;
            if !known.contains(&id) {
                return Ok(Some(id));
            }
            // Behind everything of this tenant.
            let mut last = place::of_tenant(space, id);
            last.extend_from_slice(&[0xff; 64]);
            after = Some(last);
        }
    }
    Ok(None)
}

fn get(core: &Core, key: &[u8]) -> Result<Option<Vec<u8>>> {
    core.store.get(key).map_err(|error| Error::io("reading the vault", error))
}
