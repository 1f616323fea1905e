//! What a policy is told while it decides.

use std::cell::Cell;

use crate::model::{Access, Facts, Grantee, RecordId, Request, Timestamp};
use crate::vault::state::tenant::TenantCore;

use super::act::Question;

/// A tenant's facts at one moment.
pub(crate) struct View<'a> {
    tenant: Option<&'a TenantCore>,
    now: Timestamp,
    /// Rows that the act itself has counted already.
    reserved: u32,
    /// Whether the act itself has used its approval up.
    spent: bool,
    approved: Cell<bool>,
}

impl<'a> View<'a> {
    pub(crate) fn new(tenant: Option<&'a TenantCore>, now: Timestamp) -> Self {
        Self { tenant, now, reserved: 0, spent: false, approved: Cell::new(false) }
    }

    /// What the question is told, whose act has reserved rows.
    pub(crate) fn of(question: &Question<'a>, now: Timestamp) -> Self {
        Self { reserved: question.reserved, spent: question.spent, ..Self::new(question.tenant, now) }
    }

    /// Whether anybody was told of an approval: then the decision may rest on it.
    pub(crate) fn told_of_approval(&self) -> bool {
        self.approved.get()
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
        let table = self.tenant?.facts.read();
        let share = table.share(record, with)?;
        self.holds(share.until).then_some(share.access)
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let Some(tenant) = self.tenant else { return Vec::new() };
        let Ok(collection) = tenant.collection(collection) else { return Vec::new() };
        let table = tenant.facts.read();
        let shares = table.shared_with(collection.id, with);
        shares.filter(|(_, share)| self.holds(share.until)).map(|(record, _)| record).collect()
    }

    fn approvals(&self, request: &Request<'_>) -> u32 {
        let (Some(tenant), Some(id)) = (self.tenant, request.approval) else { return 0 };
        let Some(collection) = request.collection.and_then(|name| tenant.collection(name).ok()) else { return 0 };
        let table = tenant.facts.read();
        let Some(approval) = table.approval(id) else { return 0 };
        let record = request.resource.and_then(|resource| resource.id);
        // A list is asked about once without a record, and once for each of its rows.
        let same_record = record == approval.record || (approval.record.is_none() && request.action.is_bulk());
        let fields = &approval.fields;
        let holds = (approval.used.is_none() || self.spent)
            && approval.until > self.now
            && approval.answers.iter().all(|answer| answer.yes)
            && approval.actor == request.actor.id()
            && approval.action == request.action
            && approval.collection == collection.id
            && same_record
            && (fields.is_empty() || request.fields.iter().all(|field| fields.iter().any(|known| known == field)));
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
        let table = self.tenant?.facts.read();
        let running = table.emergencies_of(actor).filter(|(_, e)| e.from <= self.now && e.until > self.now);
        running.map(|(_, emergency)| emergency.until).max()
    }

    fn rows_in_last_hour(&self, actor: &str) -> u32 {
        self.tenant.map_or(0, |tenant| tenant.facts.rows.shown(actor, self.now).saturating_sub(self.reserved))
    }
}
