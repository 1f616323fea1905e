//! Dropping the journal's oldest entries once a duty to keep them has passed: plan, look, carry out.
//!
//! Guarantees: only whole segments go, from the journal's beginning, in which every entry is older than was asked for, which
//! every sink has acknowledged and which a head kept elsewhere covers. Their leaf hashes stay, so heads taken before and
//! entries that come after still verify. Killed at any point, the vault is intact, and the same plan goes on where it
//! stopped. Does not: wipe. Dropped blocks linger, sealed, in the engine's files until it uses their space again, and
//! the journal's key isn't destroyed with them: whoever has the master key and an old copy of the files can read them.

pub(crate) mod carry_out;
pub(crate) mod find;
pub(crate) mod plan;

pub use plan::{HeldBack, RetentionPlan, RetentionReport};

use crate::audit::Head;
use crate::error::{Error, Result};
use crate::model::Action;

use crate::vault::handles::VaultSession;

/// Fewer days than these need a word of their own: six months are a common duty.
const SIX_MONTHS: u32 = 180;

/// How long journal entries are kept. A number of days is one, too.
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
    /// Entries are kept for so many days of 24 hours, at least 1.
    pub fn days(days: u32) -> Self {
        Self { days, short: false, head: None }
    }

    /// Says that fewer than 180 days are meant, and that no law asks for more.
    pub fn below_six_months(mut self) -> Self {
        self.short = true;
        self
    }

    /// What this head covers may be dropped: it is kept outside of the vault's directory, and all that it covers was seen to
    /// be whole. Without one, what counts are the heads that those attached sinks have taken which keep them
    /// ([`AuditSink::keeps_heads`](crate::audit::AuditSink::keeps_heads)): files, and syslog except over UDP or as text.
    pub fn anchored_by(mut self, head: &Head) -> Self {
        self.head = Some(head.clone());
        self
    }

    fn check(&self) -> Result<()> {
        let not = |why| Err(Error::NotPossible { what: "dropping of journal entries", why });
        match self.days {
            0 => not("entries are kept for a day at least: give a number of days of at least 1"),
            1..SIX_MONTHS if !self.short => not(
                "fewer than 180 days were asked for, and six months are a common duty: say `Retention::days(n).below_six_months()` \
                 if no law asks for more",
            ),
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
    /// What of the journal can be dropped when entries are kept for so many days, and what holds back the rest. Changes
    /// nothing; [`retain`](Self::retain) carries the plan out.
    ///
    /// Only what a head covers that is kept outside of the vault's directory can be dropped: one that every attached sink
    /// has taken, at least one of which keeps it (they get a fresh one now, and each is waited for, up to five seconds), or one that you bring
    /// ([`Retention::anchored_by`]). Every block that is to go, and each up to that head, is read; memory is bounded, and a
    /// plan holds at most eight million blocks.
    ///
    /// ```
    /// # use strongroom::{Actor, Memory, Vault, policy::danger::AllowAll};
    /// # let dir = tempfile::tempdir()?;
    /// # let key = strongroom::KeyFile::create(dir.path().join("key"))?;
    /// # let vault = Vault::in_memory(&Memory::new()).master_key(key).policy(AllowAll).create()?;
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
    /// [`Error::Denied`] where the policy says no to [`Action::Retain`]; [`Error::NotPossible`] without a head that is kept
    /// elsewhere, for 0 days, and for fewer than 180 without [`Retention::below_six_months`]; [`Error::Head`] for a head
    /// that isn't this vault's; [`Error::Damaged`] if the journal isn't what the head tells of; and reasons why the vault
    /// can't act now.
    pub fn plan_retention(&self, keep: impl Into<Retention>) -> Result<RetentionPlan> {
        let act = self.act(Action::Retain);
        let permit = act.permit()?;
        let keep = keep.into();
        keep.check()?;
        act.record_under(permit.approval(), act.coded(&permit, "planned"))?;
        self.core.flush()?;
        find::find(&self.core, &keep)
    }

    /// Drops what the plan shows, for good. May be called again with the same plan after it was cut short; a plan whose
    /// blocks are gone already does nothing.
    ///
    /// Each commit of it is journalled, with the positions that it concerns, and for its reason how old what goes is at least
    /// and how many blocks the head covers that vouches for it: for tenants, the lists of what their dropped commits changed;
    /// for the vault, each segment of 128 blocks; or that nothing was left to drop. Entries that remain keep their positions, and
    /// [`verify`](Self::verify) and [`verify_against`](Self::verify_against) hold the journal against heads from before as ever.
    /// A sink that is attached later gets the journal from the first block that is kept;
    /// [`SinkHealth::missed`](crate::audit::SinkHealth::missed) says how much it missed.
    ///
    /// What was dropped lingers, sealed, in the engine's files until it uses their space again; the key of the journal isn't
    /// destroyed with it.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Retain`]; [`Error::NotPossible`] for a plan of another vault,
    /// or of a state that is no more; [`Error::Damaged`] if the blocks aren't those that were planned for; and reasons why
    /// the vault can't act now.
    pub fn retain(&self, plan: &RetentionPlan) -> Result<RetentionReport> {
        let act = self.act(Action::Retain);
        let permit = act.permit()?;
        let report = carry_out::carry_out(&act, plan, &permit)?;
        if (report.blocks, report.change_lists) == (0, 0) {
            act.record_under(permit.approval(), act.coded(&permit, "nothing_dropped"))?;
        }
        Ok(report)
    }
}
