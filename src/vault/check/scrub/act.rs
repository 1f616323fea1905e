//! Journal entries of a scrub, which is an act.

use std::sync::Arc;

use crate::audit::{Entry, Outcome, Verdict};
use crate::error::Result;
use crate::model::Action;
use crate::policy::PolicyVersion;

use crate::vault::core::Core;
use crate::vault::gate::Act;
use crate::vault::gate::Permit;
use crate::vault::handles::Who;

/// Actor of a scrub, and the rule that permitted it.
pub(crate) struct Scrubbing {
    who: Arc<Who>,
    rule: String,
    version: PolicyVersion,
}

impl Scrubbing {
    pub(crate) fn new(who: &Arc<Who>, permit: &Permit) -> Self {
        Self { who: Arc::clone(who), rule: permit.rule().to_owned(), version: permit.version() }
    }

    pub(crate) fn begun(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_begun")
    }

    /// Writes down that the scrub's handle has stopped it.
    pub(crate) fn stopped(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_stopped")
    }

    pub(crate) fn paused(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_paused")
    }

    pub(crate) fn resumed(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_resumed")
    }

    /// Writes down, durably, that a round has ended: its save is worthless now, and the next round begins here.
    pub(crate) fn ended(&self, core: &Core, verdict: &Verdict) -> Result<()> {
        self.note(core, end(verdict))?;
        // Any commit, even an empty one, carries the buffered entries; late sinks don't hold it up.
        core.keep(Vec::new())
    }

    /// Writes down that the scrub has failed.
    pub(crate) fn failed(&self, core: &Core) -> Result<()> {
        self.write(core, Outcome::Failed, "scrub_failed")
    }

    fn note(&self, core: &Core, code: &str) -> Result<()> {
        self.write(core, Outcome::Permitted, code)
    }

    fn write(&self, core: &Core, outcome: Outcome, code: &str) -> Result<()> {
        let act = Act::new(core, None, &self.who, Action::Verify);
        act.record(act.begin(outcome, code, &self.rule, self.version)).map(|_ticket| ())
    }
}

/// Tells whether an entry of the vault's own ends a round.
pub(crate) fn is_end(entry: &Entry) -> bool {
    entry.action() == Action::Verify.name() && ENDS.contains(&entry.outcome().1)
}

/// Returns the code for the end of a round. It differs from the codes of `verify`, which ends no round.
const fn end(verdict: &Verdict) -> &'static str {
    let [intact, unanchored_tail, rows_differ, rewritten, gap, truncated] = ENDS;
    match verdict {
        Verdict::Intact => intact,
        Verdict::UnanchoredTail(_) => unanchored_tail,
        Verdict::RowsDiffer { .. } => rows_differ,
        Verdict::Rewritten { .. } => rewritten,
        Verdict::Gap { .. } => gap,
        Verdict::Truncated { .. } => truncated,
    }
}

const ENDS: [&str; 6] =
    ["scrub_intact", "scrub_unanchored_tail", "scrub_rows_differ", "scrub_rewritten", "scrub_gap", "scrub_truncated"];
