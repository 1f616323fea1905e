//! Finding the blocks that can be dropped: old enough, known to all sinks, and under a head kept elsewhere.

use std::time::{Duration, Instant};

use crate::audit::{Anchored, Frontier, Head, HeadKey, leaf_of};
use crate::crypto::sha256;
use crate::error::{Error, Impossible, Result};
use crate::format::journal_base::SEGMENT;
use crate::model::Timestamp;
use crate::vault::commit::{Blocks, unreadable};
use crate::vault::core::Core;

use super::Retention;
use super::plan::{HeldBack, RetentionPlan};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Largest number of segments in a plan: two MiB of hashes.
const SEGMENTS: usize = 65_536;
/// Longest time that a sink gets to take a fresh head.
const PATIENCE: Duration = Duration::from_secs(5);

/// The part of the journal that may be dropped whatever its age.
struct Reach {
    /// Head that covers the blocks to be dropped.
    head: Head,
    /// The sink furthest behind, with the first block that it hasn't acknowledged, if the head covers that block.
    behind: Option<(String, u64)>,
}

/// A segment that was read.
#[derive(Default)]
struct Segment {
    leaves: Vec<[u8; 32]>,
    bytes: u64,
    times: Option<(Timestamp, Timestamp)>,
}

/// Finds the blocks that can be dropped.
pub(crate) fn find(core: &Core, keep: &Retention) -> Result<RetentionPlan> {
    if let Some(head) = &keep.head {
        head.verify(&HeadKey::of(&core.keyring.vault_keys().signing, core.id, core.keyring.vault_keys().epoch))
            .map_err(Error::Head)?;
    }
    let reach = reach(core, keep.head.as_ref())?;
    let (blocks, size) = core.blocks()?;
    if reach.head.size() > size {
        return Err(Error::damaged(
            "the journal is shorter than the head that was brought; `verify_against` says more",
        ));
    }
    let oldest_kept = core.now().as_micros().saturating_sub(i64::from(keep.days).saturating_mul(DAY));
    let (base, _) = blocks.base()?;
    let (from, mut tree) = (base.first(), base.frontier);
    let mut plan = RetentionPlan {
        days: keep.days,
        positions: from..from,
        segments: 0,
        bytes: 0,
        times: None,
        covered: reach.head.size(),
        held_back: HeldBack::Size,
        vault: core.id,
        epoch: blocks.epoch,
        from,
        why: format!("older than {} days, covered to {}", keep.days, reach.head.size()),
        hashes: Vec::new(),
    };
    while plan.hashes.len() < SEGMENTS {
        let segment = match segment(&blocks, plan.positions.end, &reach, size, oldest_kept)? {
            Ok(segment) => segment,
            Err(held_back) => {
                plan.held_back = held_back;
                break;
            }
        };
        segment.leaves.iter().for_each(|leaf| tree.append(*leaf));
        plan.hashes.push(sha256(&[segment.leaves.as_flattened()]));
        plan.positions.end = plan.positions.end.saturating_add(SEGMENT);
        plan.segments = plan.segments.saturating_add(1);
        plan.bytes = plan.bytes.saturating_add(segment.bytes);
        plan.times = joined(plan.times, segment.times);
    }
    if plan.segments > 0 {
        vouch(core, tree, &reach.head)?;
    }
    Ok(plan)
}

/// Finds the head that allows dropping, brought or kept by sinks, and how far all sinks are.
fn reach(core: &Core, brought: Option<&Head>) -> Result<Reach> {
    let sinks = core.journal.sinks();
    if sinks.is_empty() && brought.is_none() {
        return Err(Impossible::NoWitness.into());
    }
    let mut taken: Option<Head> = None;
    if brought.is_none() {
        let size = core.journal.latest().map_or(0, |state| state.frontier.size());
        core.upkeep.write_head()?;
        let deadline = Instant::now() + PATIENCE;
        for sink in sinks {
            let Some(Anchored { head, kept }) = sink.anchored(size, deadline) else {
                return Err(Impossible::NoHeadTaken.into());
            };
            taken = match taken {
                Some(taken) if !kept || taken.size() <= head.size() => Some(taken),
                _ => Some(head).filter(|_| kept),
            };
        }
    }
    let head = brought.cloned().or(taken).ok_or(Impossible::NoHeadKept)?;
    let behind = sinks.iter().map(|sink| sink.health());
    let behind = behind.map(|sink| (sink.name, sink.acknowledged.map_or(0, |last| last.saturating_add(1))));
    let behind = behind.min_by_key(|(_, next)| *next).filter(|(_, next)| *next < head.size());
    Ok(Reach { head, behind })
}

/// Reads the segment that begins at `from`; an inner error says why it has to stay.
fn segment(
    blocks: &Blocks,
    from: u64,
    reach: &Reach,
    size: u64,
    oldest_kept: i64,
) -> Result<Result<Segment, HeldBack>> {
    let end = from.saturating_add(SEGMENT);
    if end > size {
        return Ok(Err(HeldBack::Segment));
    }
    if end > reach.head.size() {
        return Ok(Err(HeldBack::Uncovered));
    }
    if let Some((name, next)) = &reach.behind
        && end > *next
    {
        return Ok(Err(HeldBack::Sink { name: name.clone() }));
    }
    let mut segment = Segment::default();
    for position in from..end {
        let missing = Error::damaged("a block of the journal is missing; `verify` says more");
        let bytes = blocks.bytes(position)?.ok_or(missing)?;
        let (_, opened) = blocks.open(position, &bytes)?;
        for time in opened.entries.iter().map(crate::audit::Entry::time) {
            if time.as_micros() >= oldest_kept {
                return Ok(Err(HeldBack::Young { written: time }));
            }
            segment.times = joined(segment.times, Some((time, time)));
        }
        segment.bytes = segment.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        segment.leaves.push(leaf_of(&bytes).map_err(unreadable)?);
    }
    Ok(Ok(segment))
}

/// Checks the tree of the blocks to be dropped against the head that covers them.
fn vouch(core: &Core, mut tree: Frontier, head: &Head) -> Result<()> {
    let mut leaves = core.leaves(tree.size())?;
    while tree.size() < head.size() {
        let short = Error::damaged("the journal is shorter than a head of it; `verify_against` says more");
        tree.append(leaves.next().ok_or(short)??);
    }
    if tree.root() == head.root() {
        Ok(())
    } else {
        Err(Error::damaged("the journal isn't the one that the head tells of; `verify_against` says more"))
    }
}

/// Returns the first and the last time of two spans.
fn joined(
    one: Option<(Timestamp, Timestamp)>,
    other: Option<(Timestamp, Timestamp)>,
) -> Option<(Timestamp, Timestamp)> {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}
