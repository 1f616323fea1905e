//! The progress of a pass, saved in the store, sealed.
//!
//! Guarantees: a pass goes on only from a complete save, else it begins anew. A tenant is gone on with only if its rows
//! are the same as at the save, as its digests show; a tenant with a fault is read again. A save of a round that has
//! ended, put back by somebody who can write to the store, isn't used: the journal tells of that end. Does not: prevent
//! an older save of the present round from being put back: alterations behind it stay unseen until the next round.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Frontier, RowSetDigest, Tip, Verdict, Walked};
use crate::crypto::{Context, Domain, Label, fill, open, seal};
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::format::scrub::{ScrubbedRows, ScrubbedTenant, ScrubbedTip, ScrubbedVault};
use crate::keys::TenantKeys;
use crate::model::TenantId;
use crate::vault::core::Core;
use crate::vault::state::catalog::Put;

use super::journal::{Chain, first, scan};
use super::pass::Pass;
use crate::vault::state::scanned::{Cursor, Delta, SoFar};

/// Saves the progress of a pass, in place of the earlier save.
pub(crate) fn save(core: &Core, pass: &Pass) -> Result<()> {
    let mut save = [0; 16];
    fill(&mut save).map_err(|error| Error::io("drawing a random id", error))?;
    let Walked { tree, good, tips } = &pass.chain.walked;
    let wrong: BTreeSet<TenantId> = pass.found.iter().filter_map(tenant_of).collect();
    let under_way = under_way(core, pass)?;
    let mut puts: Vec<Put> = Vec::new();
    for id in core.keyring.tenants() {
        let Some(keys) = core.keyring.tenant(id) else { continue };
        let rows = match &under_way {
            Some((tenant, rows)) if *tenant == id => rows.clone(),
            _ if pass.done.contains(&id) && !wrong.contains(&id) => ScrubbedRows::Done,
            _ => ScrubbedRows::Ahead,
        };
        let changes = pass.chain.changes.get(&id).copied().unwrap_or_default().to_bytes();
        let tenant = ScrubbedTenant { save, tip: tips.get(&Some(id)).map(to_stored), changes, rows };
        puts.push((place::scrubbed_tenant(id), Some(seal_tenant(&keys, id, &tenant)?)));
    }
    let vault = ScrubbedVault {
        save,
        tenants: u32::try_from(puts.len()).unwrap_or(u32::MAX),
        read: pass.read,
        epoch: core.keyring.vault_keys().epoch,
        begun: pass.begun,
        skipped: pass.chain.first.unwrap_or(0),
        good: *good,
        size: tree.size(),
        frontier: tree.hashes().to_vec(),
        tip: tips.get(&None).map(to_stored),
    };
    let sealed = seal(&core.keyring.vault_keys().state, Label::Scrub, &vault_context(core), &vault.encode());
    puts.push((place::scrub(), Some(sealed.map_err(sealing)?)));
    put(core, puts)
}

/// Returns the saved pass, if there is one that fits the vault. The pass first checks that its round hasn't ended.
pub(crate) fn resume(core: &Core) -> Result<Option<Pass>> {
    let Some(kept) = load(core)? else { return Ok(None) };
    let Kept { vault, tenants } = kept;
    let size = core.journal.latest().map_or(0, |state| state.frontier.size());
    let fits = vault.epoch == core.keyring.vault_keys().epoch
        && vault.size.max(vault.begun) <= size
        && begins(core)? == Some(vault.skipped);
    let Ok(tree) = Frontier::from_parts(vault.size, vault.frontier) else { return Ok(None) };
    if !fits {
        return Ok(None);
    }
    let walked = Walked { tree, good: vault.good, ..Walked::default() };
    let mut chain = Chain::resumed(walked, BTreeMap::new(), vault.skipped);
    chain.walked.tips.extend(vault.tip.map(|tip| (None, from_stored(&tip))));
    let mut pass = Pass { read: vault.read, ..Pass::resumed(core, vault.begun)? };
    let mut left = None;
    for (id, ScrubbedTenant { tip, changes, rows, .. }) in tenants {
        let Ok(changes) = RowSetDigest::from_bytes(&changes) else { return Ok(None) };
        chain.changes.insert(id, changes);
        chain.walked.tips.extend(tip.map(|tip| (Some(id), from_stored(&tip))));
        match rows {
            ScrubbedRows::Ahead => {}
            ScrubbedRows::Done => drop(pass.done.insert(id)),
            ScrubbedRows::UnderWay { cursor, read, whole } => left = Some((id, cursor, read, whole)),
        }
    }
    pass.chain = chain;
    if let Some((id, cursor, read, whole)) = left
        && let Some(tenant) = core.all_tenants().into_iter().find(|tenant| tenant.id == id)
        && let (Some(read), Some(whole)) = (delta(&read), delta(&whole))
    {
        let from = SoFar { cursor: Cursor(cursor), read };
        pass.go_on(core, tenant, from, &whole)?;
    }
    Ok(Some(pass))
}

/// Returns the position at which the journal begins, if that can be read.
fn begins(core: &Core) -> Result<Option<u64>> {
    match first(core) {
        Err(Error::Damaged { .. }) => Ok(None),
        first => first.map(Some),
    }
}

/// Removes the save.
pub(crate) fn forget(core: &Core) -> Result<()> {
    let kept = scan(core, &place::all_of(Space::Scrub), None, usize::MAX)?;
    if kept.is_empty() { Ok(()) } else { put(core, kept.into_iter().map(|(key, _)| (key, None)).collect()) }
}

/// Commits the values. On a full disk the earlier save stays: the room left is for others, and that save is as good.
fn put(core: &Core, puts: Vec<Put>) -> Result<()> {
    match core.keep(puts) {
        Err(Error::Full) => Ok(()),
        kept => kept,
    }
}

struct Kept {
    vault: ScrubbedVault,
    tenants: Vec<(TenantId, ScrubbedTenant)>,
}

/// Reads the save, if it can be read and is complete.
fn load(core: &Core) -> Result<Option<Kept>> {
    let get = |key: &[u8]| core.store.get(key).map_err(|error| Error::io("reading how far a scrub has come", error));
    let Some(sealed) = get(&place::scrub())? else { return Ok(None) };
    let keys = core.keyring.vault_keys();
    let plain = open(&keys.state, Label::Scrub, &vault_context(core), &sealed).ok();
    let Some(vault) = plain.and_then(|plain| ScrubbedVault::decode(&plain).ok()) else { return Ok(None) };
    let mut tenants = Vec::new();
    for id in core.keyring.tenants() {
        let (Some(keys), Some(sealed)) = (core.keyring.tenant(id), get(&place::scrubbed_tenant(id))?) else {
            continue;
        };
        let plain = open(keys.sum(), Label::Scrub, &tenant_context(id), &sealed).ok();
        let tenant = plain.and_then(|plain| ScrubbedTenant::decode(&plain).ok());
        tenants.extend(tenant.filter(|tenant| tenant.save == vault.save).map(|tenant| (id, tenant)));
    }
    let whole = u32::try_from(tenants.len()) == Ok(vault.tenants);
    Ok(whole.then_some(Kept { vault, tenants }))
}

/// Returns the tenant under way, as it is saved; its digests are all of one moment.
fn under_way(core: &Core, pass: &Pass) -> Result<Option<(TenantId, ScrubbedRows)>> {
    let Some(under_way) = pass.under_way.as_ref().filter(|under_way| under_way.wrong.is_none()) else {
        return Ok(None);
    };
    let tenant = &under_way.tenant;
    let (_paused, _resume) = core.pause()?;
    let (_, primary, derived) = tenant.state();
    let Some(SoFar { cursor: Cursor(cursor), read }) = tenant.scrubbed.so_far() else { return Ok(None) };
    let bytes = |digests: Delta| [digests.primary.to_bytes(), digests.derived.to_bytes()];
    let rows = ScrubbedRows::UnderWay { cursor, read: bytes(read), whole: bytes(Delta { primary, derived }) };
    Ok(Some((tenant.id, rows)))
}

fn tenant_of(verdict: &Verdict) -> Option<TenantId> {
    match verdict {
        Verdict::RowsDiffer { tenant, .. } => Some(*tenant),
        _ => None,
    }
}

fn delta(bytes: &[[u8; 40]; 2]) -> Option<Delta> {
    let [primary, derived] = bytes.each_ref().map(|bytes| RowSetDigest::from_bytes(bytes).ok());
    Some(Delta { primary: primary?, derived: derived? })
}

fn seal_tenant(keys: &TenantKeys, id: TenantId, tenant: &ScrubbedTenant) -> Result<Vec<u8>> {
    let plain = tenant.encode().map_err(sealing)?;
    seal(keys.sum(), Label::Scrub, &tenant_context(id), &plain).map_err(sealing)
}

fn sealing(error: impl Into<crate::error::Source>) -> Error {
    Error::io("sealing how far a scrub has come", error)
}

fn vault_context(core: &Core) -> Context {
    Context::new(Domain::Scrub).bytes(core.id.as_bytes())
}

fn tenant_context(tenant: TenantId) -> Context {
    Context::new(Domain::ScrubbedTenant).bytes(tenant.as_bytes())
}

const fn to_stored(tip: &Tip) -> ScrubbedTip {
    ScrubbedTip { position: tip.position, sequence: tip.sequence, commit_mac: tip.commit_mac }
}

const fn from_stored(tip: &ScrubbedTip) -> Tip {
    Tip { position: tip.position, sequence: tip.sequence, commit_mac: tip.commit_mac }
}
