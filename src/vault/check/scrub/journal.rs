//! The journal's part of a scrub: its blocks in order, and the change lists beside them.
//!
//! Guarantees: every block is opened, follows from the one before, and is compared with state and head file; the walk
//! goes on as the journal grows. Does not: read a block again that it has passed.

use std::collections::BTreeMap;

use crate::audit::{
    Claims, Frontier, Head, HeadKey, JournalState, RewrittenBecause, RowSetDigest, Verdict, Walk, Walked,
    decode_head_file, header_of,
};
use crate::crypto::MacKey;
use crate::error::{Error, Result};
use crate::format::FormatError;
use crate::format::block::{CHUNK, MAX_BLOCK};
use crate::format::place;
use crate::format::place::Space;
use crate::model::TenantId;
use crate::store::Pair;
use crate::vault::check::verify::check::{Check, Depth};
use crate::vault::check::verify::dropped;
use crate::vault::commit::terms_of;
use crate::vault::commit::unreadable;
use crate::vault::core::Core;

use super::act::is_end;
use super::pace::Cost;

/// Number of parts of a block or a change list read at once; no block has more.
const PARTS: usize = MAX_BLOCK / CHUNK + 2;

/// The blocks walked through so far, and the state after them.
#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) walked: Walked,
    /// Digests of tenants' change lists beside those blocks.
    pub(crate) changes: BTreeMap<TenantId, RowSetDigest>,
    /// Position at which the journal began when the walk did; `None` before.
    pub(crate) first: Option<u64>,
    /// Position of the last block opened here with the end of a round.
    pub(crate) last_end: Option<u64>,
    /// Number of times that change lists had been dropped when the walk began; `None` if that isn't known.
    dropped_lists: Option<u64>,
}

/// The result of a stretch of the walk.
pub(crate) enum Went {
    On(Cost),
    Wrong(Verdict),
}

/// Returns the position at which the journal begins.
pub(crate) fn first(core: &Core) -> Result<u64> {
    core.blocks()?.0.first()
}

/// Returns how often change lists have been dropped since the vault was opened.
fn dropped_lists(core: &Core) -> u64 {
    core.all_tenants().iter().fold(0, |sum, tenant| sum.wrapping_add(tenant.scrubbed.dropped_lists()))
}

impl Chain {
    /// Returns the chain of a walk that was interrupted.
    pub(crate) fn resumed(walked: Walked, changes: BTreeMap<TenantId, RowSetDigest>, first: u64) -> Self {
        Self { walked, changes, first: Some(first), last_end: None, dropped_lists: None }
    }

    /// Tells whether blocks were dropped from the journal since this walk began.
    pub(crate) fn is_stale(&self, core: &Core) -> Result<bool> {
        Ok(match self.first {
            // If the beginning can't be read, a walk from the beginning shows why.
            Some(begun) => match first(core) {
                Err(Error::Damaged { .. }) => true,
                first => begun != first?,
            },
            None => false,
        })
    }

    /// Tells whether no change list has been dropped since the walk began.
    pub(crate) fn has_all_lists(&self, core: &Core) -> bool {
        self.dropped_lists == Some(dropped_lists(core))
    }

    pub(crate) const fn size(&self) -> u64 {
        self.walked.tree.size()
    }

    /// Walks on by at most `limit` blocks.
    pub(crate) fn walk(&mut self, core: &Core, limit: usize) -> Result<Went> {
        let beside = match beside(core)? {
            Ok(beside) => beside,
            Err(verdict) => return Ok(Went::Wrong(verdict)),
        };
        // After the head, so that the state always covers it.
        let state = core.journal.latest().ok_or(Error::Closed)?;
        self.on(core, &state, Some(&beside), limit, false)
    }

    /// Walks to the journal's end, and compares the journal with state and head file. The committer is stopped.
    pub(crate) fn close_in(&mut self, core: &Core, state: &JournalState) -> Result<Went> {
        match beside(core)? {
            Ok(beside) => self.on(core, state, Some(&beside), usize::MAX, true),
            Err(verdict) => Ok(Went::Wrong(verdict)),
        }
    }

    fn on(
        &mut self,
        core: &Core,
        state: &JournalState,
        beside: Option<&Head>,
        limit: usize,
        to_the_end: bool,
    ) -> Result<Went> {
        let keys = core.keyring.vault_keys();
        let head_key = HeadKey::of(&keys.signing, core.id, state.epoch);
        let size = self.size();
        let claims = Claims {
            vault: core.id,
            epoch: state.epoch,
            start: Frontier::default(),
            stored: &state.frontier,
            // A head within the walked part has been compared already.
            beside: beside.filter(|head| head.size() >= size),
            anchor: None,
            head_key: &head_key,
        };
        let wrong = |because| Verdict::Rewritten { first: 0, last: state.frontier.size(), because };
        // A verdict ends the walk, which can't be gone on with then.
        let walked = std::mem::take(&mut self.walked);
        let Ok(mut walk) = Walk::resume(claims, walked) else {
            return Ok(Went::Wrong(wrong(RewrittenBecause::Head)));
        };
        if self.first.is_none() {
            let first = match first(core) {
                Err(Error::Damaged { .. }) => return Ok(Went::Wrong(wrong(RewrittenBecause::State))),
                first => first?,
            };
            (self.first, self.dropped_lists) = (Some(first), Some(dropped_lists(core)));
            if let Err(verdict) = dropped::walk(&Check::new(core, state.clone(), Depth::Full), &mut walk)? {
                return Ok(Went::Wrong(verdict));
            }
        }
        let size = walk.tree().size();
        let mut cost = Cost::default();
        let end = state.frontier.size().min(size.saturating_add(u64::try_from(limit).unwrap_or(u64::MAX)));
        for position in size..end {
            if let Err(verdict) = self.block(core, &mut walk, position, state, &mut cost)? {
                return Ok(Went::Wrong(verdict));
            }
        }
        if to_the_end {
            let verdict = walk.ended();
            if !matches!(verdict, Verdict::Intact) {
                return Ok(Went::Wrong(verdict));
            }
        }
        self.walked = walk.walked();
        Ok(Went::On(cost))
    }

    fn block(
        &mut self,
        core: &Core,
        walk: &mut Walk<'_>,
        position: u64,
        state: &JournalState,
        cost: &mut Cost,
    ) -> Result<Result<(), Verdict>> {
        let bad = Verdict::Rewritten { first: position, last: position, because: RewrittenBecause::Block };
        if self.is_stray_before(core, position)? {
            return Ok(Err(bad));
        }
        let parts = scan(core, &place::parts_of_block(position), None, PARTS)?;
        if parts.is_empty() {
            let after = place::end_of_position(Space::Block, position);
            let later = scan(core, &place::all_of(Space::Block), Some(&after), 1)?;
            return Ok(Err(match later.is_empty() {
                true => Verdict::Truncated { kept: position, known: state.frontier.size() },
                false => Verdict::Gap { at: position },
            }));
        }
        let numbered = (0..).zip(&parts).all(|(number, (key, _))| *key == place::block(position, number));
        if !numbered {
            return Ok(Err(bad));
        }
        let bytes: Vec<u8> = parts.iter().flat_map(|(_, part)| part.iter().copied()).collect();
        cost.add(bytes.len());
        let owner = match header_of(&bytes) {
            Ok(header) => header.tenant,
            Err(newer @ FormatError::Newer { .. }) => return Err(unreadable(newer)),
            Err(FormatError::Invalid { .. }) => return Ok(Err(bad)),
        };
        let keys = owner.map(|id| core.keyring.tenant(id));
        let key = match &keys {
            None => &core.keyring.vault_keys().journal,
            Some(Some(tenant)) => tenant.journal(),
            Some(None) => return Ok(Err(bad)),
        };
        let opened = match walk.block(position, &bytes, Some(key)) {
            Ok(opened) => opened,
            Err(verdict) => return Ok(Err(verdict)),
        };
        if owner.is_none() && opened.is_some_and(|block| block.entries.iter().any(is_end)) {
            self.last_end = Some(position);
        }
        self.change_lists(core, position, owner, state, cost)?;
        Ok(Ok(()))
    }

    /// Tells whether a key that is no block's stands before the block at this position. A key too short for a position
    /// sorts before a position whose last byte is zero, and after the position before that.
    fn is_stray_before(&self, core: &Core, position: u64) -> Result<bool> {
        let after = match position.checked_sub(1) {
            Some(before) if self.first != Some(position) => {
                if position & 0xff != 0 {
                    return Ok(false);
                }
                Some(place::end_of_position(Space::Block, before))
            }
            _ => None,
        };
        let next = scan(core, &place::all_of(Space::Block), after.as_deref(), 1)?;
        Ok(next.first().is_some_and(|(key, _)| {
            !key.starts_with(&place::parts_of_block(position)) && place::position_of_key(key).is_none()
        }))
    }

    /// Adds the change list beside a block to its tenant's digest. A list beside a block of the vault's own is
    /// nobody's; it is added to a tenant's digest too, so that it shows there.
    fn change_lists(
        &mut self,
        core: &Core,
        position: u64,
        owner: Option<TenantId>,
        state: &JournalState,
        cost: &mut Cost,
    ) -> Result<()> {
        let (prefix, mut after) = (place::parts_of_changes(position), None);
        loop {
            let page = scan(core, &prefix, after.as_deref(), PARTS)?;
            for (key, value) in &page {
                cost.add(value.len());
                let of_nobody =
                    || Check::new(core, state.clone(), Depth::Quick).owner_of_list(None, value).map(|t| t.id);
                let Some(id) = owner.or_else(of_nobody) else { continue };
                let Some(keys) = core.keyring.tenant(id) else { continue };
                let (digest, found) = (MacKey::new(keys.digest()), self.changes.entry(id).or_default());
                let counted = terms_of(&digest, key, value, |_, term| found.add(&term));
                counted.map_err(|refusal| core.refused(refusal))?;
            }
            match page.into_iter().last() {
                Some((key, _)) => after = Some(key),
                None => return Ok(()),
            }
        }
    }
}

/// Reads the head to compare the journal with: a kept one that covers more than the journal has, or the present one.
fn beside(core: &Core) -> Result<Result<Head, Verdict>> {
    let text = match core.ahead.read()? {
        Some(text) => Some(text),
        None => core.upkeep.place().read()?,
    };
    let last = core.journal.latest().map_or(0, |state| state.frontier.size());
    let lost = Verdict::Rewritten { first: 0, last, because: RewrittenBecause::Head };
    Ok(match text.map(|text| decode_head_file(&text)) {
        Some(Ok((head, _))) => Ok(head),
        _ => Err(lost),
    })
}

pub(crate) fn scan(core: &Core, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>> {
    core.store.scan(prefix, after, limit).map_err(|error| Error::io("reading the vault", error))
}
