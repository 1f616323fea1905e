//! Dropping the journal's oldest entries once the duty to keep them has ended: plan, look, carry out.
//!
//! Guarantees: only whole segments go, from the journal's beginning, whose entries are all older than was asked for,
//! which every sink has acknowledged and a head kept elsewhere covers. Their leaf hashes stay, so earlier heads and
//! later entries still verify. Killed at any point, the vault is intact, and the same plan goes on where it stopped.
//! Does not: wipe. Dropped blocks linger, sealed, in the engine's files until it uses their space again, and the
//! journal's key isn't destroyed: whoever has the master key and an old copy of the files can read them.

pub(crate) mod carry_out;
pub(crate) mod find;
pub(crate) mod plan;

pub use plan::{HeldBack, RetentionPlan, RetentionReport};

use crate::audit::Head;
use crate::error::{Error, Impossible, Result};
use crate::model::Action;

use crate::vault::handles::VaultSession;

/// Number of days below which [`Retention::below_six_months`] is needed: six months are a common duty.
const SIX_MONTHS: u32 = 180;

/// The time for which journal entries are kept. A number of days can stand for it.
///
/// Six months (180 days) are a common least duty for access logs, and some laws want years: find out what binds you.
#[derive(Debug, Clone)]
#[must_use = "it does nothing before `plan_retention`"]
pub struct Retention {
    days: u32,
    short: bool,
    head: Option<Head>,
}

impl Retention {
    /// Keeps entries for this many days of 24 hours, at least 1.
    pub fn days(days: u32) -> Self {
        Self { days, short: false, head: None }
    }

    /// Confirms that fewer than 180 days are meant, and that no law asks for more.
    pub fn below_six_months(mut self) -> Self {
        self.short = true;
        self
    }

    /// Allows dropping the blocks that this head covers. Keep the head outside of the vault's directory, and check
    /// first that all it covers is whole. Without one, the heads count that attached sinks keep
    /// ([`AuditSink::keeps_heads`](crate::audit::AuditSink::keeps_heads)): files, and syslog except over UDP or as
    /// text.
    pub fn anchored_by(mut self, head: &Head) -> Self {
        self.head = Some(head.clone());
        self
    }

    fn check(&self) -> Result<()> {
        match self.days {
            0 => Err(Error::NotPossible(Impossible::NoDays)),
            1..SIX_MONTHS if !self.short => Err(Error::NotPossible(Impossible::FewDays)),
            _ => Ok(()),
        }
    }
}

impl From<u32> for Retention {
    fn from(days: u32) -> Self {
        Self::days(days)
    }
}

impl VaultSession {
    /// Plans which blocks of the journal can be dropped when entries are kept for so many days, and says what holds
    /// back the rest. Changes nothing; [`retain`](Self::retain) carries the plan out.
    ///
    /// Only blocks under a head that is kept outside of the vault's directory can be dropped: a head that you bring
    /// ([`Retention::anchored_by`]), or one that every attached sink has taken and at least one of them keeps (each
    /// sink gets a fresh head now, and up to five seconds to take it). Reads every block that is to go and each one up
    /// to that head; memory is bounded, and a plan holds at most eight million blocks.
    ///
    /// ```
    /// # use strongroom::{Actor, Memory, Vault, policy::danger::AllowAll};
    /// # let vault = Vault::in_memory(&Memory::new()).policy(AllowAll).create()?;
    /// # let auditor = vault.session(Actor::new("otto"))?;
    /// use strongroom::vault::Retention;
    ///
    /// let head = auditor.head()?; // to be kept elsewhere
    /// let plan = auditor.plan_retention(Retention::days(365).anchored_by(&head))?;
    /// println!("{plan}");
    /// let report = auditor.retain(&plan)?;
    /// assert_eq!(report.blocks, 0); // everything is younger
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Retain`]; [`Error::NotPossible`] without a head that is
    /// kept elsewhere, for 0 days, and for fewer than 180 without [`Retention::below_six_months`]; [`Error::Head`] for
    /// a head that isn't this vault's; [`Error::Damaged`] if the journal isn't the one that the head states; and
    /// reasons why the vault can't act now.
    pub fn plan_retention(&self, keep: impl Into<Retention>) -> Result<RetentionPlan> {
        let act = self.act(Action::Retain);
        let permit = act.permit_to_plan()?;
        let keep = keep.into();
        keep.check()?;
        act.record(act.coded(&permit, "planned"))?;
        self.core.flush()?;
        find::find(&self.core, &keep)
    }

    /// Drops the blocks in the plan, for good. May be called again with the same plan after an interruption; a plan
    /// whose blocks are gone already does nothing.
    ///
    /// Each commit is journalled with the positions that it drops; its reason says how old these entries are at least,
    /// and how many blocks the head covers that allows it. Tenants get entries for the lists of what their dropped
    /// commits changed, the vault one for each segment of 128 blocks, or one that nothing was left to drop. Entries
    /// that remain keep their positions, and [`verify`](Self::verify) and [`verify_against`](Self::verify_against)
    /// still check the journal against earlier heads. A sink that is attached later gets the journal from the first
    /// block that is kept; [`SinkHealth::missed`](crate::audit::SinkHealth::missed) says how much it missed.
    ///
    /// Dropped blocks linger, sealed, in the engine's files until it uses their space again; the key of the journal
    /// isn't destroyed with them.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Retain`]; [`Error::NotPossible`] for a plan of another
    /// vault, or of a state from before a restore; [`Error::Damaged`] if the blocks aren't those in the plan; and
    /// reasons why the vault can't act now.
    pub fn retain(&self, plan: &RetentionPlan) -> Result<RetentionReport> {
        let planned = plan.planned();
        let act = self.act(Action::Retain).told("days", plan.days).told("blocks", format_args!("{planned:?}"));
        let act = plan.hashes.iter().fold(act, |act, hash| act.untold(hash));
        let mut permit = act.permit()?;
        act.spend_now(&mut permit)?;
        let report = carry_out::carry_out(&act, plan, &permit)?;
        if (report.blocks, report.change_lists) == (0, 0) {
            act.record(act.coded(&permit, "nothing_dropped"))?;
        }
        Ok(report)
    }
}
