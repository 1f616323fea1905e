//! Using up an approval: once, by the act it was given for.
//!
//! Guarantees: an approval is marked as used in the same commit as the write it was given for, or durably before
//! plaintext is released; of two acts that race for it, one is refused. Does not: count approvals; the decision did.

use crate::audit::EntryBuilder;
use crate::error::{Error, Result};
use crate::format::fact::Fact;
use crate::model::ApprovalId;
use crate::policy::{Denial, codes};

use crate::vault::commit::{Outcome, Ticket, Write};
use crate::vault::standing::{put, stored};

use super::act::Act;
use super::permit::Permit;
use super::request::is_open;

/// Number of times that an approval is looked at again when others change it.
const TRIES: usize = 64;

impl Act<'_> {
    /// Makes a write use up the approval that its permit rests on, if it rests on one.
    pub(crate) fn spend(&self, permit: &mut Permit, write: &mut Write) -> Result<()> {
        if let Some(approval) = permit.approval() {
            self.use_up(approval, write)?;
            permit.approval_is_spent();
        }
        Ok(())
    }

    /// Uses an approval up by itself, before what it allows is shown. Returns whether the permit rests on one.
    pub(crate) fn spend_now(&self, permit: &mut Permit) -> Result<bool> {
        let Some(approval) = permit.approval() else { return Ok(false) };
        if !self.asked().spent {
            self.retry_until_committed(|| {
                let mut write = Write::default();
                self.use_up(approval, &mut write)?;
                Ok((write, ()))
            })?;
        }
        permit.approval_is_spent();
        Ok(true)
    }

    /// Writes a read down. With an approval that the read rests on, the entry is durable then, and the approval used up.
    pub(crate) fn record_under(&self, approval: Option<ApprovalId>, entry: EntryBuilder) -> Result<Ticket> {
        let Some(approval) = approval else { return self.record(entry) };
        let mut add = Write::default();
        self.add(entry, &mut add)?;
        for _ in 0..TRIES {
            // A read changes nothing that could have been forbidden meanwhile; the approval itself must be as it was.
            let mut write =
                Write { entries: add.entries.clone(), vault_entries: add.vault_entries.clone(), ..Write::default() };
            self.use_up(approval, &mut write)?;
            if let committed @ Outcome::Committed = self.commit(write)? {
                return Ok(Ticket::committed(&committed));
            }
        }
        Err(Error::Conflict)
    }

    fn use_up(&self, approval: ApprovalId, write: &mut Write) -> Result<()> {
        let (facts, now) = (self.facts(), self.core.now());
        let (bytes, mut fact) = match stored(&*self.core.store, facts, approval)? {
            Some((bytes, Fact::Approval(fact))) if is_open(&fact, now) => (bytes, fact),
            _ => {
                let why = "the approval that the act is done under was used meanwhile, or has expired";
                let denial = Denial::new(codes::APPROVAL_REQUIRED, why)
                    .for_user("This needs other people's approval. Ask for it, and try again.");
                return Err(self.refuse(denial));
            }
        };
        fact.used = Some(now);
        put(facts, approval, Some(bytes), Some(Fact::Approval(fact)), write)
    }
}
