//! The act that a scrub is, for the journal.

use crate::audit::Outcome;
use crate::error::Result;
use crate::model::{Action, Actor};
use crate::policy::PolicyVersion;
use crate::vault::core::Core;
use crate::vault::entries;
use crate::vault::gate::{Permit, Question};

/// Who scrubs, and by which rule.
pub(super) struct Act {
    actor: Actor,
    rule: String,
    version: PolicyVersion,
}

impl Act {
    pub(super) fn new(actor: &Actor, permit: &Permit) -> Self {
        Self { actor: actor.clone(), rule: permit.rule().to_owned(), version: permit.version() }
    }

    pub(super) fn begun(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_begun")
    }

    /// Stopped by its handle.
    pub(super) fn stopped(&self, core: &Core) -> Result<()> {
        self.note(core, "scrub_stopped")
    }

    pub(super) fn ended(&self, core: &Core, code: &str) -> Result<()> {
        self.note(core, code)
    }

    fn note(&self, core: &Core, code: &str) -> Result<()> {
        let question = Question::new(&self.actor, Action::Verify, None);
        let outcome = (Outcome::Permitted, code, self.rule.as_str());
        let entry = entries::finish(entries::under(&core.gate, &question, None, outcome, self.version))?;
        core.record(None, entry).map(|_ticket| ())
    }
}
