//! One pass over a vault: the journal, then tenant by tenant, a page at a time.
//!
//! Guarantees: a fault in the journal ends the pass at once, faults in tenants after all tenants were read. A pass that
//! was interrupted first walks on through the journal, and begins anew if the journal says that its round has ended.
//! Does not: keep the vault alive; each step's caller brings it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::{RowSet, Verdict};
use crate::error::{Error, Result};
use crate::model::TenantId;
use crate::vault::core::Core;
use crate::vault::state::tenant::TenantCore;

use super::journal::{Chain, Went};
use super::pace::Cost;
use crate::vault::check::scrub::{kept, rows, settle};
use crate::vault::state::scanned::{Delta, SoFar};

/// Largest number of remaining blocks that are walked with the committer stopped.
const NEAR: u64 = 32;
/// Number of blocks, or values, that are read at once to catch up with writers.
const CATCH_UP: usize = 256;

/// A pass, with its progress.
#[derive(Default)]
pub(crate) struct Pass {
    pub(crate) chain: Chain,
    /// Number of blocks when the round began: earlier rounds' ends are among them, this round's isn't.
    pub(crate) begun: u64,
    /// Number of blocks when the pass began or went on; later blocks are walked through beside the tenants.
    pub(crate) target: u64,
    pub(crate) origin: Origin,
    /// Number of terms of tenants' digests read so far.
    pub(crate) read: u64,
    /// Tenants that have been read, those with a fault included.
    pub(crate) done: BTreeSet<TenantId>,
    pub(crate) under_way: Option<UnderWay>,
    /// Faults of tenants, in the order in which they were found.
    pub(crate) found: Vec<Verdict>,
}

/// The origin of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    #[default]
    Begun,
    /// A save whose round may have ended since, as the journal up to `target` shows.
    Kept,
    /// A save whose round hasn't ended.
    Resumed,
}

/// The tenant that is being read.
pub(crate) struct UnderWay {
    pub(crate) tenant: Arc<TenantCore>,
    /// True once all its values have been read.
    pub(crate) read_out: bool,
    /// Number of terms of its digests when it was begun, and of those read since.
    pub(crate) terms: (u64, u64),
    /// The first fault found in a value.
    pub(crate) wrong: Option<RowSet>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // The committer needs to follow the scrub no more.
        self.tenant.scrubbed.end();
    }
}

/// The result of a step.
pub(crate) enum Step {
    On(Cost),
    Done(Verdict),
}

impl Pass {
    /// Returns a pass from the beginning.
    pub(crate) fn new(core: &Core) -> Result<Self> {
        let target = core.journal.latest().ok_or(Error::Closed)?.frontier.size();
        Ok(Self { begun: target, target, ..Self::default() })
    }

    /// Returns a pass that goes on with a round that began when there were this many blocks.
    pub(crate) fn resumed(core: &Core, begun: u64) -> Result<Self> {
        Ok(Self { begun, origin: Origin::Kept, ..Self::new(core)? })
    }

    /// Takes one step: reads and checks at most `limit` values, or compares.
    pub(crate) fn step(&mut self, core: &Core, limit: usize) -> Result<Step> {
        if self.chain.is_stale(core)? {
            if self.origin == Origin::Kept {
                // The dropped blocks may have held the round's end.
                return self.begin_anew(core);
            }
            self.chain = Chain::default();
        }
        if self.origin == Origin::Kept {
            return self.make_sure(core, limit);
        }
        let Some(under_way) = &mut self.under_way else {
            return match (self.chain.size() < self.target, self.next_tenant(core)) {
                (true, _) => {
                    let went = self.chain.walk(core, limit)?;
                    self.went(core, went)
                }
                (false, Some(tenant)) => self.begin(core, tenant),
                (false, None) => self.settle(core),
            };
        };
        if under_way.read_out {
            return self.settle(core);
        }
        // More than when the tenant was begun: values being written, always ahead of the cursor where ids ascend.
        let (begun_with, read) = under_way.terms;
        let fresh = read > begun_with;
        let page = rows::page(core, &under_way.tenant, if fresh { CATCH_UP } else { limit })?;
        under_way.terms.1 = read.saturating_add(page.terms);
        under_way.read_out = page.last;
        if let Some((_, rows)) = page.wrong.first() {
            under_way.wrong.get_or_insert(*rows);
        }
        self.read = self.read.saturating_add(page.terms);
        Ok(Step::On(if fresh { Cost::default() } else { page.cost }))
    }

    /// Walks on through the journal as it was when the pass went on, looking for the end of its round.
    fn make_sure(&mut self, core: &Core, limit: usize) -> Result<Step> {
        if self.chain.size() >= self.target {
            self.origin = Origin::Resumed;
            return Ok(Step::On(Cost::default()));
        }
        let went = self.chain.walk(core, limit)?;
        if self.chain.last_end.is_some_and(|end| end >= self.begun) {
            return self.begin_anew(core);
        }
        self.went(core, went)
    }

    fn begin_anew(&mut self, core: &Core) -> Result<Step> {
        *self = Self::new(core)?;
        Ok(Step::On(Cost::default()))
    }

    /// Goes on with a tenant that was left half-way, if it hasn't changed since.
    pub(crate) fn go_on(&mut self, core: &Core, tenant: Arc<TenantCore>, from: SoFar, whole: &Delta) -> Result<()> {
        let (_paused, _resume) = core.pause()?;
        let (_, primary, derived) = tenant.state();
        if *whole == (Delta { primary, derived }) {
            self.put_under_way(tenant, from);
        }
        Ok(())
    }

    fn begin(&mut self, core: &Core, tenant: Arc<TenantCore>) -> Result<Step> {
        let (_paused, _resume) = core.pause()?;
        self.put_under_way(tenant, SoFar::default());
        Ok(Step::On(Cost::default()))
    }

    fn put_under_way(&mut self, tenant: Arc<TenantCore>, from: SoFar) {
        let (_, primary, derived) = tenant.state();
        let terms = (primary.count().saturating_add(derived.count()), 0);
        tenant.scrubbed.begin(from);
        self.under_way = Some(UnderWay { tenant, read_out: false, terms, wrong: None });
    }

    /// Tells whether the pass has walked through the journal that there was when it began.
    pub(crate) fn is_at_tenants(&self) -> bool {
        self.origin != Origin::Kept && (self.under_way.is_some() || self.chain.size() >= self.target)
    }

    /// Returns about how many terms all tenants' digests have, except for change lists, which the journal's part reads.
    pub(crate) fn terms_about(&self, core: &Core) -> u64 {
        let all = core.all_tenants().iter().fold(0u64, |sum, tenant| {
            let (_, primary, derived) = tenant.state();
            sum.saturating_add(primary.count()).saturating_add(derived.count())
        });
        self.chain.changes.values().fold(all, |sum, changes| sum.saturating_sub(changes.count()))
    }

    fn next_tenant(&self, core: &Core) -> Option<Arc<TenantCore>> {
        let ahead = core.all_tenants().into_iter().filter(|tenant| !self.done.contains(&tenant.id));
        ahead.min_by_key(|tenant| tenant.id)
    }

    /// Catches up with the journal; then compares, between two commits, the tenant that was read, or the vault's rest.
    ///
    /// Values written since the pass began are read outside its rate: a pass slower than the writers would never end.
    fn settle(&mut self, core: &Core) -> Result<Step> {
        let size = core.journal.latest().ok_or(Error::Closed)?.frontier.size();
        if size.saturating_sub(self.chain.size()) > NEAR {
            return match self.chain.walk(core, CATCH_UP)? {
                Went::On(_) => Ok(Step::On(Cost::default())),
                wrong @ Went::Wrong(_) => self.went(core, wrong),
            };
        }
        let (paused, resume) = core.pause()?;
        let cost = match self.chain.close_in(core, &paused.journal)? {
            Went::On(cost) => cost,
            wrong @ Went::Wrong(_) => {
                drop(resume);
                return self.went(core, wrong);
            }
        };
        if let Some(UnderWay { tenant, wrong, .. }) = &self.under_way {
            let found = settle::tenant(core, tenant, &paused.journal, &self.chain, *wrong)?;
            if found.is_some() && !self.chain.has_all_lists(core) {
                // Perhaps only change lists were dropped meanwhile: walk from the journal's beginning once more.
                self.chain = Chain::default();
                return Ok(Step::On(cost));
            }
            self.found.extend(found);
            self.done.insert(tenant.id);
            self.under_way = None;
            return Ok(Step::On(cost));
        }
        let found = settle::vault(core, &paused.journal, &self.chain, &self.done)?;
        drop(resume);
        match found {
            Err(_new_tenant) => Ok(Step::On(cost)),
            Ok(found) => {
                self.found.extend(found);
                self.end(core, None)
            }
        }
    }

    fn went(&mut self, core: &Core, went: Went) -> Result<Step> {
        match went {
            Went::On(cost) => Ok(Step::On(cost)),
            // Blocks were dropped while they were read: walk from the journal's new beginning.
            Went::Wrong(_) if self.chain.is_stale(core)? => Ok(Step::On(Cost::default())),
            Went::Wrong(verdict) => self.end(core, Some(verdict)),
        }
    }

    fn end(&mut self, core: &Core, journal: Option<Verdict>) -> Result<Step> {
        self.under_way = None;
        kept::forget(core)?;
        Ok(Step::Done(journal.or_else(|| self.found.first().cloned()).unwrap_or(Verdict::Intact)))
    }
}

#[cfg(test)]
impl Pass {
    pub(crate) const fn terms(&self) -> u64 {
        self.read
    }

    pub(crate) fn found(&self) -> &[Verdict] {
        &self.found
    }

    pub(crate) fn cursor(&self) -> Option<Vec<u8>> {
        self.under_way
            .as_ref()
            .and_then(|under_way| under_way.tenant.scrubbed.cursor())
            .map(crate::vault::state::scanned::Cursor::into_key)
    }
}
