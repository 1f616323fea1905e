//! Carrying a plan out: first the change lists of the blocks, tenant by tenant, then the blocks, segment by segment.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::PoisonError;

use crate::audit::{Entry, JournalBase, Tip, header_of, leaf_of};
use crate::crypto::sha256;
use crate::error::{Error, Impossible, Result};
use crate::format::block;
use crate::format::journal_base::SEGMENT;
use crate::format::place;
use crate::format::place::Space;
use crate::model::{Action, TenantId};
use crate::vault::commit::{Blocks, unreadable};
use crate::vault::commit::{Outcome, Write};
use crate::vault::commit::{Tips, tip_term};
use crate::vault::core::Core;
use crate::vault::state::catalog::Put;

use crate::vault::gate::{Act, Permit, finish};

use super::plan::{RetentionPlan, RetentionReport};

/// Number of change lists read at once, or dropped in one commit.
const LISTS: usize = 1_024;
/// Number of change lists remembered for all tenants together.
const REMEMBERED: usize = 16_384;

/// A plan that is being carried out.
struct Work<'a> {
    core: &'a Core,
    blocks: Blocks,
    act: &'a Act<'a>,
    permit: &'a Permit,
    why: &'a str,
    report: RetentionReport,
}

/// A segment that is ready to be dropped.
struct Segment {
    write: Write,
    bytes: u64,
}

pub(crate) fn carry_out(act: &Act<'_>, plan: &RetentionPlan, permit: &Permit) -> Result<RetentionReport> {
    let core = act.core;
    let _alone = core.retaining.lock().unwrap_or_else(PoisonError::into_inner);
    let (blocks, _) = core.blocks()?;
    if (plan.vault, plan.epoch) != (core.id, blocks.epoch) {
        return Err(Impossible::ForeignPlan.into());
    }
    let (first, planned) = (blocks.first()?, plan.planned());
    if first < planned.start {
        return Err(Impossible::SetBack.into());
    }
    let report = RetentionReport { blocks: 0, bytes: 0, change_lists: 0, first_kept: first };
    let mut work = Work { core, blocks, act, permit, why: &plan.why, report };
    if first < planned.end {
        // The head file must never fall behind the journal's beginning.
        core.upkeep.write_head()?;
        work.change_lists(planned.end)?;
        work.segments(plan)?;
    }
    Ok(work.report)
}

impl Work<'_> {
    /// Drops the change lists of all positions before `end`, and takes them out of their tenants' digests.
    fn change_lists(&mut self, end: u64) -> Result<()> {
        let mut lists: BTreeMap<TenantId, Vec<Vec<u8>>> = BTreeMap::new();
        let mut remembered = 0usize;
        let mut owner: Option<(u64, TenantId)> = None;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.core.store.scan(&place::all_of(Space::Changes), after.as_deref(), LISTS);
            let page = page.map_err(|error| Error::io("reading lists of changes", error))?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let mut through = false;
            for (key, _) in page {
                let position = place::position_of_key(&key).map(|(position, _)| position);
                let position = position.ok_or(Error::damaged("a key in the store is not a change list's"))?;
                if position >= end {
                    through = true;
                    break;
                }
                let tenant = match owner {
                    Some((known, tenant)) if known == position => tenant,
                    _ => self.owner(position)?,
                };
                owner = Some((position, tenant));
                let of_tenant = lists.entry(tenant).or_default();
                of_tenant.push(key);
                remembered = remembered.saturating_add(1);
                if of_tenant.len() >= LISTS {
                    let keys = std::mem::take(of_tenant);
                    remembered = remembered.saturating_sub(keys.len());
                    self.drop_lists(tenant, keys)?;
                }
            }
            if through || remembered >= REMEMBERED {
                for (tenant, keys) in std::mem::take(&mut lists) {
                    self.drop_lists(tenant, keys)?;
                }
                remembered = 0;
            }
            if through {
                return Ok(());
            }
        }
        for (tenant, keys) in lists {
            self.drop_lists(tenant, keys)?;
        }
        Ok(())
    }

    /// Returns the tenant whose block stands at this position.
    fn owner(&self, position: u64) -> Result<TenantId> {
        let foreign = || Error::damaged("a change list belongs to no tenant's block; `verify` says more");
        let first = self.core.store.get(&place::block(position, 0));
        let first = first.map_err(|error| Error::io("reading the journal", error))?.ok_or_else(foreign)?;
        block::owner(&first).map_err(unreadable)?.ok_or_else(foreign)
    }

    fn drop_lists(&mut self, id: TenantId, keys: Vec<Vec<u8>>) -> Result<()> {
        let positions = |key: &Vec<u8>| place::position_of_key(key).map_or(0, |(position, _)| position);
        let (Some(first), Some(last)) = (keys.first().map(positions), keys.last().map(positions)) else {
            return Ok(());
        };
        let tenant = self.core.all_tenants().into_iter().find(|tenant| tenant.id == id);
        let tenant =
            tenant.ok_or(Error::damaged("a tenant can't be opened, whose journal is to be cut; see `health`"))?;
        let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let write = Write {
            puts: keys.into_iter().map(|key| (key, None)).collect(),
            entries: vec![self.entry("changes", &(first..last.saturating_add(1)))?],
            ..Write::default()
        };
        match self.core.write(Some(&tenant), write)? {
            Outcome::Committed => {
                self.report.change_lists = self.report.change_lists.saturating_add(count);
                Ok(())
            }
            // The write expects no rows, so it can't conflict.
            Outcome::Conflict | Outcome::Stale(_) | Outcome::Duplicate(_) => Err(Error::Conflict),
        }
    }

    /// Drops one segment after the other, until the plan's end.
    fn segments(&mut self, plan: &RetentionPlan) -> Result<()> {
        loop {
            let (base, stored) = self.blocks.base()?;
            let from = base.first();
            self.report.first_kept = from;
            let number = from.checked_sub(plan.from).map(|blocks| blocks / SEGMENT);
            let number = number.and_then(|number| usize::try_from(number).ok());
            let Some(planned) = number.and_then(|number| plan.hashes.get(number)) else { return Ok(()) };
            let Segment { mut write, bytes } = self.segment(base, planned)?;
            write.expect.push((place::journal_base(), stored));
            match self.core.write(None, write)? {
                Outcome::Committed => {
                    self.report.blocks = self.report.blocks.saturating_add(SEGMENT);
                    self.report.bytes = self.report.bytes.saturating_add(bytes);
                }
                Outcome::Conflict | Outcome::Stale(_) | Outcome::Duplicate(_) => {
                    return Err(Error::damaged("somebody else wrote to the store"));
                }
            }
        }
    }

    /// Prepares the write that drops the journal's first segment.
    fn segment(&self, base: JournalBase, planned: &[u8; 32]) -> Result<Segment> {
        let from = base.first();
        let positions = from..from.saturating_add(SEGMENT);
        let (mut puts, mut leaves, mut tips, mut length) = (Vec::<Put>::new(), Vec::new(), Tips::new(), 0u64);
        let mut new = base;
        for position in positions.clone() {
            let missing = Error::damaged("a block of the journal is missing; `verify` says more");
            let bytes = self.blocks.bytes(position)?.ok_or(missing)?;
            let header = header_of(&bytes).map_err(unreadable)?;
            let leaf = leaf_of(&bytes).map_err(unreadable)?;
            tips.insert(header.tenant, Tip { position, sequence: header.sequence, commit_mac: header.commit_mac });
            new.frontier.append(leaf);
            leaves.extend_from_slice(&leaf);
            length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            puts.extend((0..).zip(block::chunks(&bytes)).map(|(number, _)| (place::block(position, number), None)));
        }
        if sha256(&[&leaves]) != *planned {
            return Err(Error::damaged("the journal's blocks aren't those that the plan was made for"));
        }
        puts.push((place::leaves(from), Some(leaves)));
        self.tips(&mut new, tips, &mut puts)?;
        let sealed = self.blocks.base_of().seal(&new);
        let sealed = sealed.map_err(|error| Error::io("sealing where the journal begins", error))?;
        puts.push((place::journal_base(), Some(sealed)));
        let write = Write { puts, vault_entries: vec![self.entry("dropped", &positions)?], ..Write::default() };
        Ok(Segment { write, bytes: length })
    }

    /// Replaces the tips of the owners that have blocks in the segment.
    fn tips(&self, base: &mut JournalBase, tips: Tips, puts: &mut Vec<Put>) -> Result<()> {
        let mac = self.blocks.tip_mac();
        for (tenant, tip) in tips {
            let key = place::journal_tip(tenant);
            if let Some((_, old)) = self.blocks.tip(tenant)? {
                base.tips.remove(&tip_term(&mac, &key, &old));
            }
            let sealed = self.blocks.base_of().seal_tip(tenant, &tip);
            let sealed = sealed.map_err(|error| Error::io("sealing where the journal begins", error))?;
            base.tips.add(&tip_term(&mac, &key, &sealed));
            puts.push((key, Some(sealed)));
        }
        Ok(())
    }

    fn entry(&self, code: &str, positions: &Range<u64>) -> Result<Entry> {
        // The session's own reason is kept beside the plan's.
        let why = self.act.asked().reason.map_or_else(|| self.why.to_owned(), |own| format!("{}; {own}", self.why));
        let act = self.act.like(Action::Retain).reason(&why);
        let mut entry = act.coded(self.permit, code);
        entry.blocks(positions);
        act.told_elsewhere();
        self.act.told_elsewhere();
        finish(entry)
    }
}
