//! Walking through one owner's part of the journal, entry by entry, forward or back.
//!
//! Guarantees: a walk passes every entry of the owner's in a range once, in the journal's order or its reverse; other
//! owners' blocks are told apart by their headers and stay closed; one block is in memory at a time, and a walk looks
//! at no more than its budget (and the rest of a block). Blocks before the journal's sealed base were dropped; a block
//! missing behind the base is damage. Does not: check that the blocks are those under the journal's head: `verify`
//! does.

use std::ops::Range;
use std::sync::Arc;

use crate::audit;
use crate::audit::Event;
use crate::error::{Error, Result};
use crate::format::place;
use crate::model::{JournalEpochId, TenantId, Timestamp};
use crate::vault::commit::{Blocks, unreadable};
use crate::vault::core::Core;

/// Longest time by which blocks may be out of order, in microseconds: a clock that was set back by more can hide
/// entries from questions that name a time.
const OUT_OF_ORDER: i64 = 3_600_000_000;
/// Number of blocks tried for a time where a block holds none.
const TRIES: u64 = 64;
/// Largest number of blocks and entries, added up, that one page looks at.
pub(crate) const BUDGET: usize = 65_536;

/// A place between two entries. Going forward, `index` is the next entry of the block at `position`; going back, it is
/// the number of the block's entries still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) index: u32,
}

/// The choice to go on or to stop at an entry.
pub(crate) enum Step {
    On,
    /// Ends the walk; the next walk begins with this entry.
    Before,
    /// Ends the walk; the next walk begins behind this entry.
    After,
}

/// One owner's part of the journal, up to the size that it has when the walk begins.
pub(crate) struct Walker {
    blocks: Blocks,
    /// Number of blocks in the journal.
    pub(crate) size: u64,
    owner: Option<TenantId>,
    origin: Arc<str>,
}

impl Walker {
    /// Returns a walker over a tenant's acts, or over the vault's own. Writes out the journal's buffer first.
    pub(crate) fn new(core: &Core, owner: Option<TenantId>) -> Result<Self> {
        core.flush()?;
        let (blocks, size) = core.blocks()?;
        let origin = crate::format::head::origin(blocks.vault, blocks.epoch).into();
        Ok(Self { blocks, size, owner, origin })
    }

    pub(crate) fn epoch(&self) -> JournalEpochId {
        self.blocks.epoch
    }

    /// Returns the position of the first block that is kept: earlier ones were dropped.
    pub(crate) fn first(&self) -> Result<u64> {
        self.blocks.first()
    }

    /// Returns the time at which the journal begins, if earlier blocks were dropped.
    pub(crate) fn begins(&self) -> Result<Option<Timestamp>> {
        let first = self.first()?;
        if first == 0 {
            return Ok(None);
        }
        Ok(Some(self.times_near(first, self.size)?.map_or(Timestamp::from_micros(i64::MAX), |(_, (oldest, _))| oldest)))
    }

    /// Returns the range of blocks before `size` that may hold entries at `from` or later and before `until`.
    pub(crate) fn range(&self, size: u64, from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Range<u64>> {
        let (mut start, mut end) = (self.first()?, size);
        if let Some(from) = from {
            let from = from.as_micros().saturating_sub(OUT_OF_ORDER);
            let mut top = end;
            while start < top {
                let middle = start + (top - start) / 2;
                match self.times_near(middle, top)? {
                    Some((at, (_, newest))) if newest.as_micros() < from => start = at.saturating_add(1),
                    _ => top = middle,
                }
            }
        }
        if let Some(until) = until {
            let until = until.as_micros().saturating_add(OUT_OF_ORDER);
            let mut bottom = start;
            while bottom < end {
                let middle = bottom + (end - bottom) / 2;
                match self.times_near(middle, end)? {
                    Some((at, (oldest, _))) if oldest.as_micros() >= until => end = at,
                    Some((at, _)) => bottom = at.saturating_add(1),
                    None => bottom = middle.saturating_add(1),
                }
            }
        }
        Ok(start..end.max(start))
    }

    /// Returns the place where a walk through a range begins.
    pub(crate) const fn edge(range: &Range<u64>, newest_first: bool) -> Place {
        match newest_first {
            false => Place { position: range.start, index: 0 },
            true => Place { position: range.end.saturating_sub(1), index: u32::MAX },
        }
    }

    /// Walks on from `place`, passing each entry and its length in bytes to `each`, until `budget` is used up. Returns
    /// the place to go on from; `None` at the end.
    pub(crate) fn walk(
        &self,
        range: &Range<u64>,
        place: Place,
        newest_first: bool,
        mut budget: usize,
        mut each: impl FnMut(Event, usize) -> Result<Step>,
    ) -> Result<Option<Place>> {
        let mut place = match newest_first {
            false if place.position < range.start => Self::edge(range, false),
            true if place.position >= range.end => Self::edge(range, true),
            _ => place,
        };
        while range.contains(&place.position) {
            if budget == 0 {
                return Ok(Some(place));
            }
            let Some(mut events) = self.own(place.position)? else {
                budget = budget.saturating_sub(1);
                match next(place, newest_first) {
                    Some(next) => place = next,
                    None => break,
                }
                continue;
            };
            budget = budget.saturating_sub(events.len().max(1));
            let (position, index) = (place.position, usize::try_from(place.index).unwrap_or(usize::MAX));
            if newest_first {
                events.truncate(index);
                events.reverse();
            } else {
                events.drain(..index.min(events.len()));
            }
            for (size, event) in events {
                let index = event.index();
                let (before, after) = (Place { position, index }, Place { position, index: index.saturating_add(1) });
                let (before, after) = if newest_first { (after, before) } else { (before, after) };
                match each(event, size)? {
                    Step::On => {}
                    Step::Before => return Ok(Some(before)),
                    Step::After => return Ok(Some(after)),
                }
            }
            match next(place, newest_first) {
                Some(next) => place = next,
                None => break,
            }
        }
        Ok(None)
    }

    /// Returns the entries of a block with their lengths; `None` if the block is another owner's, or was dropped.
    fn own(&self, position: u64) -> Result<Option<Vec<(usize, Event)>>> {
        let first = self.blocks.store.get(&place::block(position, 0));
        let Some(first) = first.map_err(|error| Error::io("reading the journal", error))? else {
            // Retention has dropped the block since the walk began.
            return if position < self.first()? { Ok(None) } else { Err(missing()) };
        };
        if crate::format::block::owner(&first).map_err(unreadable)? != self.owner {
            return Ok(None);
        }
        let bytes = match self.blocks.bytes(position)? {
            Some(bytes) => bytes,
            None if position < self.first()? => return Ok(None),
            None => return Err(missing()),
        };
        let (owner, opened) = self.blocks.open(position, &bytes)?;
        let sizes: Vec<usize> = opened.entries.iter().map(|entry| entry.as_bytes().len()).collect();
        let events = audit::events(&self.origin, owner, position, opened.entries);
        Ok(Some(sizes.into_iter().zip(events).collect()))
    }

    /// Returns the oldest and the newest time of the first block near `at`, from it and before `end`, that holds one.
    fn times_near(&self, at: u64, end: u64) -> Result<Option<(u64, (Timestamp, Timestamp))>> {
        for position in at..end.min(at.saturating_add(TRIES)) {
            let Some(bytes) = self.blocks.bytes(position)? else { continue };
            let opened = match self.blocks.open(position, &bytes) {
                Ok((_, opened)) => opened,
                Err(error @ (Error::Io { .. } | Error::DiskFull { .. })) => return Err(error),
                // Perhaps another owner's block, which must not stop this owner's walk. If it is the owner's, the walk
                // fails there.
                Err(_) => continue,
            };
            let times = || opened.entries.iter().map(audit::Entry::time);
            if let (Some(oldest), Some(newest)) = (times().min(), times().max()) {
                return Ok(Some((position, (oldest, newest))));
            }
        }
        Ok(None)
    }
}

fn next(place: Place, newest_first: bool) -> Option<Place> {
    match newest_first {
        false => Some(Place { position: place.position.checked_add(1)?, index: 0 }),
        true => Some(Place { position: place.position.checked_sub(1)?, index: u32::MAX }),
    }
}

fn missing() -> Error {
    Error::damaged("a block of the journal is missing: `verify` tells which")
}
