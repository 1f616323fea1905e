//! The end of an act that is only asked for: a request for approval, with all that the act is about.
//!
//! Guarantees: such an act gets no permit, so nothing of it is done; what is asked for is what the policy would permit once
//! others approve, and no one else's to ask. Does not: oblige anybody to ask; a policy does, with
//! [`Obligation::Approvals`](crate::policy::Obligation::Approvals).

use std::sync::PoisonError;
use std::time::Duration;

use crate::audit::Outcome as Came;
use crate::crypto::fill;
use crate::error::{Error, Impossible, Result};
use crate::format::fact::{Approval, Fact};
use crate::model::{Action, ApprovalId, Timestamp};
use crate::policy::{Denial, codes};

use crate::vault::commit::Write;
use crate::vault::handles::{Asked, Asking};
use crate::vault::standing::{self, Kind, later};

use super::act::Act;
use super::end::subject_of;
use super::opened::Opened;

/// A request is valid for at most this long.
const VALID: Duration = Duration::from_secs(30 * 24 * 3600);
/// One actor has so many requests open at most.
const OPEN: usize = 20;

impl Asking {
    /// Ends the request, when its closure has returned. Returns what was asked for.
    pub(crate) fn end(&self, done: Result<()>) -> Result<ApprovalId> {
        let asked = std::mem::replace(&mut *self.state(), Asked::Over);
        match (asked, done) {
            (Asked::For(id), Ok(()) | Err(Error::NotPossible(Impossible::OnlyAsked))) => Ok(id),
            (_, Err(error)) => Err(error),
            (_, Ok(())) => Err(Impossible::NothingAsked.into()),
        }
    }
}

impl Act<'_> {
    /// Stores the request for an act that the policy would permit once others approve it. Returns what ends the act.
    pub(super) fn ask_for(&self, asking: &Asking, row: Option<&Opened>) -> Error {
        match self.request(asking, row) {
            Ok(_) => Impossible::OnlyAsked.into(),
            Err(error) => error,
        }
    }

    fn request(&self, asking: &Asking, row: Option<&Opened>) -> Result<ApprovalId> {
        let action = self.asked().action;
        let mut state = asking.state();
        let refused = match &*state {
            Asked::Nothing if !action.can_be_approved() => Some(Impossible::NeverApproved),
            Asked::Nothing if self.wanted.get().is_none() && !action.is_bulk() => Some(Impossible::NeedsNoApproval),
            Asked::Nothing if asking.valid_for.is_zero() || asking.valid_for > VALID => {
                Some(Impossible::RequestValidity)
            }
            Asked::Nothing => None,
            Asked::For(_) => Some(Impossible::SecondRequest),
            Asked::Over => Some(Impossible::RequestMade),
        };
        if let Some(why) = refused {
            return Err(self.fail_on(row, "not_asked", why.into()));
        }
        let id = self.store_request(asking.valid_for, row)?;
        *state = Asked::For(id);
        Ok(id)
    }

    fn store_request(&self, valid_for: Duration, row: Option<&Opened>) -> Result<ApprovalId> {
        let act = self.like(Action::Approve);
        let (core, facts, actor) = (self.core, self.facts(), self.asked().actor.id());
        self.told_elsewhere();
        let reason = standing::check_remembered("actor who asks for approval", actor, self.asked().reason)?;
        if reason.trim().is_empty() {
            let why = "a request for approval needs a reason: see `session.because`";
            let denial = Denial::new(codes::REASON_REQUIRED, why);
            return Err(act.refuse(denial.for_user("Say why you need this, and try again.")));
        }
        let now = core.now();
        // Lock order: the asking session's state, which the caller holds, then this.
        let _one = facts.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let open = facts.read().asked_by(actor).filter(|(_, asked)| is_open(asked, now)).count();
        if open >= OPEN {
            let what = "list of an actor's open requests for approval (wait for answers)";
            return Err(Error::TooLarge { what, size: open.saturating_add(1), limit: OPEN });
        }
        let mut random = [0; 10];
        fill(&mut random).map_err(|error| Error::io("drawing a random id", error))?;
        let id = ApprovalId::new_v7(now, random);
        let question = self.question();
        let approval = Approval {
            actor: actor.to_owned(),
            action: question.action,
            collection: self.collection().map(|collection| collection.id),
            record: row.filter(|_| !question.action.is_bulk()).map(Opened::record),
            about: question.shown(row, self.collection().map(|collection| &**collection)),
            bound: question.bound(id, row).ok_or(Error::Erased)?,
            reason: reason.to_owned(),
            asked: now,
            until: later(now, valid_for),
            wanted: self.wanted.get().unwrap_or(0),
            answers: Vec::new(),
            used: None,
        };
        act.retry_until_committed(|| {
            let mut write = Write::default();
            standing::put(facts, id, None, Some(Fact::Approval(approval.clone())), &mut write)?;
            standing::sweep(&*core.store, facts, Kind::Approval, now, &mut write)?;
            // No rule decided; the act that is asked for stands in its place.
            let mut entry = act.begin(Came::Permitted, "asked", question.action.name(), core.policy.version());
            if let Some(row) = row {
                entry.subjects(&[subject_of(row)]);
            }
            act.name_fields(&mut entry, question.fields);
            act.add(entry, &mut write)?;
            Ok((write, id))
        })
    }
}

/// Returns whether a request can still be answered or used.
pub(crate) fn is_open(approval: &Approval, now: Timestamp) -> bool {
    approval.used.is_none() && approval.until > now && approval.answers.iter().all(|answer| answer.yes)
}
