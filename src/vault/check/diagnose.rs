//! The health of an opened vault, and the checks that an actor may ask for.

use crate::audit::{Delivery, Head, SinkHealth, Verdict};
use crate::error::{Error, Result};
use crate::model::Action;

use crate::vault::handles::{Vault, VaultSession};

use super::scrub::{self, Scrub, ScrubOptions, ScrubProgress};
use super::verify::{self, check::Depth};

/// The state of an opened vault.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// True once writing has failed; then every act fails until the vault is opened again.
    pub stopped: bool,
    /// True while the disk has no room, since the vault was opened: only acts that help out of that are done. See
    /// [`VaultOptions::reserve_bytes`](crate::VaultOptions::reserve_bytes).
    pub low_space: bool,
    /// Number of blocks in the journal, dropped ones included.
    pub journal_blocks: u64,
    /// True if the journal, at this opening or an earlier one, had fewer blocks than the head kept beside it, or didn't
    /// follow from it: the store was set back, has lost its last commits or was rewritten. A verification says more.
    pub journal_short: bool,
    /// State of each audit sink.
    pub sinks: Vec<SinkHealth>,
    /// Number of emergency accesses that run now, in all tenants.
    pub emergencies_running: usize,
    /// Number of emergency accesses that nobody has reviewed, those that run now included.
    pub emergencies_unreviewed: usize,
    /// Progress of the scrub that runs, or of the last one since the vault was opened.
    pub scrub: Option<ScrubProgress>,
    /// Repairs, adopted blocks and damage found while opening.
    pub notices: Vec<String>,
    /// Last failure of the work beside the calls (the head file, slot ceilings); the work is tried again.
    pub trouble: Option<String>,
}

impl Vault {
    /// Returns the state of the vault.
    #[must_use]
    pub fn health(&self) -> Health {
        let core = self.core();
        let now = core.now();
        let counts = core.all_tenants().into_iter().map(|tenant| tenant.facts.emergencies(now));
        let (running, unreviewed) =
            counts.fold((0usize, 0usize), |sum, (a, b)| (sum.0.saturating_add(a), sum.1.saturating_add(b)));
        Health {
            stopped: core.journal.failed(),
            low_space: core.reserve.low(),
            journal_blocks: core.journal.latest().map_or(0, |state| state.frontier.size()),
            // Kept when the vault was opened then. A head that can't be read now is read again for the next report.
            journal_short: matches!(core.ahead.read(), Ok(Some(_))),
            sinks: core.journal.sinks().iter().map(Delivery::health).collect(),
            emergencies_running: running,
            emergencies_unreviewed: unreviewed,
            scrub: scrub::progress(core),
            notices: core.notices.clone(),
            trouble: core.upkeep.trouble(),
        }
    }
}

impl VaultSession {
    /// Checks everything: that each journal block opens and follows from the one before, that rows, index entries and
    /// schemas are as the last commits left them, that every record opens, and that index and records agree.
    ///
    /// Reads the whole vault. Meanwhile writers and strict reads wait, and entries of other reads stay in their buffer;
    /// when the buffer is full, those reads wait too. Against somebody who can write the whole directory, check with a
    /// head kept elsewhere: [`verify_against`](Self::verify_against). Where rows differ, the [`Verdict`] names the
    /// records, as far as rows and journal tell.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`], and reasons why the vault can't act now. Findings are in the [`Verdict`]. A
    /// check that ends in an error has its own entry, as a failed one.
    pub fn verify(&self) -> Result<Verdict> {
        self.check(Depth::Full, None)
    }

    /// Verifies as [`verify`](Self::verify) does, and compares the journal with a head that was kept elsewhere. Two
    /// verdicts are good: [`Verdict::Intact`], and [`Verdict::UnanchoredTail`] if there were writes after the head.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`Error::Head`] for a head that isn't this vault's.
    pub fn verify_against(&self, head: &Head) -> Result<Verdict> {
        self.check(Depth::Full, Some(head))
    }

    /// Checks the structure: that the journal's blocks give the tree that heads and state state, that each tenant's
    /// blocks are counted without a break, and that rows, index entries and schemas are as the last commits left them.
    ///
    /// Finds all changes behind the vault's back that [`verify`](Self::verify) finds, but opens no entry and no record,
    /// so it takes a fraction of the time. Reads the whole vault; writers wait meanwhile. Against somebody who can
    /// write the whole directory, use [`verify_quick_against`](Self::verify_quick_against).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_quick(&self) -> Result<Verdict> {
        self.check(Depth::Quick, None)
    }

    /// Verifies as [`verify_quick`](Self::verify_quick) does, and compares the journal with a head kept elsewhere.
    ///
    /// # Errors
    /// As [`verify_against`](Self::verify_against).
    pub fn verify_quick_against(&self, head: &Head) -> Result<Verdict> {
        self.check(Depth::Quick, Some(head))
    }

    /// Checks everything that [`verify`](Self::verify) does, in the background and at a given rate, while readers and
    /// writers go on. Goes on where a scrub of this vault was interrupted, as [`Scrub`] explains.
    ///
    /// A scrub is an act of verification, and is journalled when it begins and when it ends, with its verdict.
    ///
    /// # Errors
    /// [`Error::NotPossible`] while another scrub of the vault is under way, [`Error::Denied`], [`Error::Io`], and
    /// reasons why the vault can't act now. Findings are in the [`Verdict`] that [`Scrub::wait`] returns.
    pub fn scrub(&self, options: ScrubOptions) -> Result<Scrub> {
        let act = self.act(Action::Verify).told("what", "scrub");
        let mut permit = act.permit()?;
        act.spend_now(&mut permit)?;
        let scrub = scrub::start(&self.core, options, &self.who, &permit)?;
        act.told_elsewhere();
        Ok(scrub)
    }

    /// Returns a signed head of the journal as it is now. Keep its text (`to_string`) outside of the vault's directory.
    ///
    /// # Errors
    /// [`Error::Denied`] (taking a head is an act of verification), and reasons why the vault can't act now.
    pub fn head(&self) -> Result<Head> {
        let act = self.act(Action::Verify).told("what", "head");
        let permit = act.permit()?;
        act.record_under(permit.approval(), act.entry(&permit))?;
        self.core.flush()?;
        self.core.upkeep.head().ok_or(Error::Closed)
    }

    fn check(&self, depth: Depth, anchor: Option<&Head>) -> Result<Verdict> {
        let act = self.act(Action::Verify).told("what", if depth == Depth::Quick { "verify_quick" } else { "verify" });
        let act = act.told_any("against", anchor);
        let mut permit = act.permit()?;
        act.spend_now(&mut permit)?;
        match verify::verify(&self.core, depth, anchor) {
            Ok(verdict) => {
                act.record(act.coded(&permit, verify::code(&verdict)))?;
                Ok(verdict)
            }
            // A missing verdict is written down too; health reports a journal that takes no entries.
            Err(error) => {
                let _unwritten = act.record(act.failed("error"));
                Err(error)
            }
        }
    }
}
