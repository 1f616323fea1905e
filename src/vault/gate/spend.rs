//! Using up an approval: once, by the act it was given for.
//!
//! Guarantees: an approval is marked as used in the same commit as the write it was given for, or durably before
//! plaintext is released; of two acts that race for it, one is refused. Does not: count approvals; the decision did.

use crate::audit::Entry;
use crate::error::{Error, Result};
use crate::format::fact::Fact;
use crate::model::ApprovalId;
use crate::policy::{Denial, codes};
use crate::vault::core::Write;
use crate::vault::gate::{Permit, Question};
use crate::vault::commit::intake::Ticket;
use crate::vault::records::read;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::CollectionCore;

use crate::vault::standing::transaction::{change_until_committed, put, stored};

/// How often an approval is looked at again when others change it.
const TRIES: usize = 64;

/// Makes a write use up the approval that its permit rests on, if it rests on one.
pub(crate) fn spend(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    permit: &mut Permit,
    write: &mut Write,
) -> Result<()> {
    let Some(approval) = permit.approval() else { return Ok(()) };
    use_up(session, collection, question, approval, write)?;
    permit.approval_is_spent();
    Ok(())
}

/// Makes a write use up an approval.
pub(crate) fn use_up(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    approval: ApprovalId,
    write: &mut Write,
) -> Result<()> {
    let now = session.core.gate.now();
    let (bytes, mut fact) = match stored(&session.core, &session.tenant, approval)? {
        Some((bytes, Fact::Approval(fact)))
            if fact.used.is_none() && fact.until > now && fact.answers.iter().all(|answer| answer.yes) =>
        {
            (bytes, fact)
        }
        _ => {
            let why = "the approval that the act is done under was used meanwhile, or has expired";
            let denial = Denial::new(codes::APPROVAL_REQUIRED, why)
                .for_user("This needs other people's approval. Ask for it, and try again.");
            return Err(read::refuse(session, collection, question, denial));
        }
    };
    fact.used = Some(now);
    put(&session.tenant, approval, Some(bytes), Some(Fact::Approval(fact)), write)
}

/// Uses an approval up by itself, where the act that rested on it has come to nothing after it showed something.
pub(crate) fn use_up_now(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    approval: ApprovalId,
) -> Result<()> {
    change_until_committed(session, || {
        let mut write = Write::default();
        use_up(session, collection, question, approval, &mut write)?;
        Ok((write, ()))
    })
}

/// Hands the entry of a read to the journal. With an approval that the read rests on, both are durable then, and it is
/// used up.
pub(crate) fn hand_over(
    session: &SessionInner,
    collection: &CollectionCore,
    question: &Question<'_>,
    approval: Option<ApprovalId>,
    entry: Entry,
) -> Result<Ticket> {
    let Some(approval) = approval else { return session.core.record(Some(&session.tenant), entry) };
    for _ in 0..TRIES {
        let mut write = Write::default();
        use_up(session, collection, question, approval, &mut write)?;
        write.entries.push(entry.clone());
        if let Some(ticket) = session.core.write_down(&session.tenant, write)? {
            return Ok(ticket);
        }
    }
    Err(Error::Conflict)
}
