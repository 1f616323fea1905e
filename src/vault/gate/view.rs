//! The facts that a policy can ask for while it decides.

use std::cell::Cell;

use crate::model::{Access, Facts, Grantee, RecordId, Request, Timestamp};
use crate::vault::state::tenant::TenantCore;

use super::opened::Opened;
use super::question::Question;

/// The facts at one moment, as one question is told of them.
pub(crate) struct View<'a> {
    question: &'a Question<'a>,
    /// The record as it is, where the question is about one.
    row: Option<&'a Opened>,
    now: Timestamp,
    approved: Cell<bool>,
}

impl<'a> View<'a> {
    pub(crate) const fn of(question: &'a Question<'a>, row: Option<&'a Opened>, now: Timestamp) -> Self {
        Self { question, row, now, approved: Cell::new(false) }
    }

    /// Returns whether anybody was told of an approval: then the decision may rest on it.
    pub(crate) const fn told_of_approval(&self) -> bool {
        self.approved.get()
    }

    fn tenant(&self) -> Option<&'a TenantCore> {
        self.question.tenant
    }

    fn holds(&self, until: Option<Timestamp>) -> bool {
        until.is_none_or(|until| until > self.now)
    }
}

impl Facts for View<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        let table = self.tenant()?.facts.read();
        let share = table.share(record, with)?;
        self.holds(share.until).then_some(share.access)
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let Some(tenant) = self.tenant() else { return Vec::new() };
        let Ok(collection) = tenant.collection(collection) else { return Vec::new() };
        let table = tenant.facts.read();
        let shares = table.shared_with(collection.id, with);
        shares.filter(|(_, share)| self.holds(share.until)).map(|(record, _)| record).collect()
    }

    fn approvals(&self, request: &Request<'_>) -> u32 {
        let Question { facts, spent, as_if_approved, .. } = *self.question;
        if as_if_approved {
            return u32::MAX;
        }
        let Some(id) = request.approval else { return 0 };
        let table = facts.read();
        let Some(approval) = table.approval(id) else { return 0 };
        let holds = (approval.used.is_none() || spent)
            && approval.until > self.now
            && approval.answers.iter().all(|answer| answer.yes)
            && self.question.is_approved_by(id, approval, self.row);
        if !holds {
            return 0;
        }
        let by_others = approval.answers.iter().enumerate().filter(|(number, answer)| {
            let first = !approval.answers.iter().take(*number).any(|before| before.actor == answer.actor);
            first && answer.actor != approval.actor && !table.is_suspended(&answer.actor)
        });
        let count = u32::try_from(by_others.count()).unwrap_or(u32::MAX);
        if count > 0 {
            self.approved.set(true);
        }
        count
    }

    fn emergency(&self, actor: &str) -> Option<Timestamp> {
        let table = self.tenant()?.facts.read();
        let running = table.emergencies_of(actor).filter(|(_, e)| e.from <= self.now && e.until > self.now);
        running.map(|(_, emergency)| emergency.until).max()
    }

    fn rows_in_last_hour(&self, actor: &str) -> u32 {
        let shown = |tenant: &TenantCore| tenant.facts.rows.shown(actor, self.now);
        self.tenant().map_or(0, |tenant| shown(tenant).saturating_sub(self.question.reserved))
    }
}
