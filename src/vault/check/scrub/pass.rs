//! One pass over a vault: the journal, then tenant by tenant, a page at a time.
//!
//! Guarantees: ends with what is wrong at the journal at once, with what is wrong at tenants after all of them. One that was
//! interrupted is walked on through the journal first, and begins anew if the journal tells that its round has ended. Does
//! not: keep the vault alive; whoever takes a step brings it.

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

/// The rest of the journal is walked with the committer stopped once it has at most so many blocks.
const NEAR: u64 = 32;
/// Blocks, or values, that are read at once to catch up with writers.
const CATCH_UP: usize = 256;

/// A pass, as far as it has come.
#[derive(Default)]
pub(crate) struct Pass {
    pub(crate) chain: Chain,
    /// Blocks that there were when the round began: the ends of all rounds before are among them, its own is not.
    pub(crate) begun: u64,
    /// Blocks that there were when the pass began, or went on; what comes later is walked through beside the tenants.
    pub(crate) target: u64,
    pub(crate) origin: Origin,
    /// Terms of tenants' digests read so far.
    pub(crate) read: u64,
    /// Tenants that have been read, those with something wrong included.
    pub(crate) done: BTreeSet<TenantId>,
    pub(crate) under_way: Option<UnderWay>,
    /// What is wrong with tenants, in the order that it was found.
    pub(crate) found: Vec<Verdict>,
}

/// Where a pass comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    #[default]
    Begun,
    /// From what was kept. Its round may have ended since, which the journal up to `target` tells.
    Kept,
    /// From what was kept, and its round has not ended.
    Resumed,
}

/// The tenant that is being read.
pub(crate) struct UnderWay {
    pub(crate) tenant: Arc<TenantCore>,
    /// All its values have been read.
    pub(crate) read_out: bool,
    /// Terms of its digests when it was begun, and those read since.
    pub(crate) terms: (u64, u64),
    /// The first thing found wrong in itself.
    pub(crate) wrong: Option<RowSet>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // The committer needs to follow no more.
        self.tenant.scrubbed.end();
    }
}

/// What a step came to.
pub(crate) enum Step {
    On(Cost),
    Done(Verdict),
}

impl Pass {
    /// A pass from the beginning.
    pub(crate) fn new(core: &Core) -> Result<Self> {
        let target = core.journal.latest().ok_or(Error::Closed)?.frontier.size();
        Ok(Self { begun: target, target, ..Self::default() })
    }

    /// One that goes on with a round that began when there were so many blocks.
    pub(crate) fn resumed(core: &Core, begun: u64) -> Result<Self> {
        Ok(Self { begun, origin: Origin::Kept, ..Self::new(core)? })
    }

    /// Takes one step: reads and checks at most `limit` values, or compares.
    pub(crate) fn step(&mut self, core: &Core, limit: usize) -> Result<Step> {
        if self.chain.is_stale(core)? {
            if self.origin == Origin::Kept {
                // What was dropped may have told of its end.
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
        // More than there was when it was begun: what is being written, always ahead of the cursor where ids ascend.
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

    /// Walks on through the journal that there was when the pass went on, looking for the end of its round.
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

    /// Goes on with a tenant that was left, if all of it is as it was then.
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

    /// Whether it has walked through the journal that there was when it began.
    pub(crate) fn is_at_tenants(&self) -> bool {
        self.origin != Origin::Kept && (self.under_way.is_some() || self.chain.size() >= self.target)
    }

    /// About how many terms all tenants' digests have, but for those of change lists, which are read with the journal.
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

    /// Catches up with the journal; then compares, between two commits, the tenant that was read, or what is left.
    ///
    /// What was written since the pass began is read besides its rate: it would never end where that is lower than the
    /// writers'.
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
                // It may be only the change lists that were dropped meanwhile: from the journal's beginning once more.
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
            // Blocks were dropped while they were read: from the beginning that there is now.
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
