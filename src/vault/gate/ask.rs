//! Asking the policy in force.
//!
//! Guarantees: the bars of the tenant (suspension, freeze, demanded log-in) come before every policy; a permit comes of a
//! decision alone. Does not: write anything down; [`Act`](super::act::Act) does.

use std::time::Instant;

use crate::format::Meta;
use crate::model::{ApprovalId, Facts, FieldSet, RecordId, Request, Resource, Revision, Timestamp};
use crate::policy::{AccessPolicy, Denial, Guard, Obligation, Permission, Scope};

use crate::vault::state::policy::InForce;

use super::act::Question;
use super::exposed::Exposed;
use super::opened::Opened;
use super::permit::Permit;
use super::view::View;

/// What the policy in force would be asked with.
pub(crate) struct Inquired<'a> {
    pub(crate) policy: &'a dyn AccessPolicy,
    pub(crate) guard: Guard,
    pub(crate) request: Request<'a>,
    pub(crate) facts: &'a dyn Facts,
}

impl InForce {
    /// Asks with no record at hand.
    pub(super) fn ask(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        self.ask_with(question, None, None)
    }

    /// Asks about this record.
    pub(super) fn ask_on(&self, question: &Question<'_>, row: &Opened) -> Result<Permit, Denial> {
        self.ask_after(question, row, row.meta(), &row.exposed()?)
    }

    /// Asks about this record, as far as it will have this metadata and these attributes then.
    pub(super) fn ask_after(
        &self,
        question: &Question<'_>,
        row: &Opened,
        meta: &Meta,
        exposed: &Exposed,
    ) -> Result<Permit, Denial> {
        let revision = row.head().revision;
        let resource = resource(meta, exposed).id(row.record()).revision(revision);
        self.ask_with(question, Some(&resource), Some((row.record(), revision)))
    }

    /// Asks about a new record with this metadata and these attributes.
    pub(super) fn ask_new(&self, question: &Question<'_>, meta: &Meta, exposed: &Exposed) -> Result<Permit, Denial> {
        self.ask_with(question, Some(&resource(meta, exposed)), None)
    }

    /// Hands out what the policy would be asked with if this were an act, for questions about it. Makes no permit.
    pub(crate) fn inquire<R>(
        &self,
        question: &Question<'_>,
        row: Option<&Opened>,
        ask: impl FnOnce(Inquired<'_>) -> R,
    ) -> Result<R, Denial> {
        let now = self.now();
        let mut request = request(question, now);
        let exposed = row.map(Opened::exposed).transpose()?.unwrap_or_default();
        let known = row.map(|row| resource(row.meta(), &exposed).id(row.record()).revision(row.head().revision));
        request.resource = known.as_ref();
        let facts = View::of(question, now);
        Ok(ask(Inquired { policy: &*self.current().policy, guard: self.guard(), request, facts: &facts }))
    }

    /// Asks which rows a list or a search need look at.
    pub(crate) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        question.barred()?;
        let now = self.now();
        self.guard().scope(&*self.current().policy, &request(question, now), &View::of(question, now))
    }

    /// Asks how many approvals an act would want; 0 if none, or if that can't be told.
    ///
    /// # Errors
    /// The policy's denial, which no approval could meet.
    pub(crate) fn approvals_wanted(&self, question: &Question<'_>, row: Option<&Opened>) -> Result<u32, Denial> {
        self.inquire(question, row, |Inquired { policy, guard, request, facts }| {
            let wanted = |obligation: &Obligation| match obligation {
                Obligation::Approvals(wanted) => *wanted,
                _ => 0,
            };
            match guard.permission(policy, &request, facts) {
                Some(permission) => Ok(permission.obligations.iter().map(wanted).max().unwrap_or(0)),
                None => guard.decide(policy, &request, facts).map(|_permission| 0),
            }
        })?
    }

    fn ask_with(
        &self,
        question: &Question<'_>,
        resource: Option<&Resource<'_>>,
        record: Option<(RecordId, Revision)>,
    ) -> Result<Permit, Denial> {
        // Before anything is read: a change that comes later makes the decision out of date.
        let (facts_seen, at) = (question.tenant.map_or(0, |tenant| tenant.facts.changes()), Instant::now());
        question.barred()?;
        let now = self.now();
        let mut request = request(question, now);
        request.resource = resource;
        let facts = View::of(question, now);
        let current = self.current();
        let permission = self.guard().decide(&*current.policy, &request, &facts)?;
        let Permission { mut read, mut write, rule, obligations } = permission;
        let approval = question.approval.filter(|_| facts.told_of_approval());
        if let Some(fields) = approval.and_then(|id| approved_fields(question, id)) {
            (read, write) = (read.intersection(&fields), write.intersection(&fields));
        }
        let version = current.version();
        Ok(Permit { record, read, write, rule, obligations, version, facts: facts_seen, at, approval })
    }
}

fn resource<'a>(meta: &'a Meta, exposed: &'a Exposed) -> Resource<'a> {
    let known = Resource::new().labels(&meta.labels).attributes(exposed.attributes());
    Resource { owner: meta.owner.as_deref(), ..known }
}

/// The fields that an approval was given for, if it was limited to some.
fn approved_fields(question: &Question<'_>, approval: ApprovalId) -> Option<FieldSet> {
    let table = question.tenant?.facts.read();
    let fields = &table.approval(approval)?.fields;
    (!fields.is_empty()).then(|| fields.iter().map(String::as_str).collect())
}

fn request<'a>(question: &Question<'a>, now: Timestamp) -> Request<'a> {
    let mut request = Request::new(question.actor, question.action, now);
    request.tenant = question.tenant.map(|tenant| tenant.id);
    request.collection = question.collection;
    request.fields = question.fields;
    request.purpose = question.purpose;
    request.reason = question.reason;
    request.rows = question.rows;
    request.approval = question.approval;
    request.new_owner = question.new_owner;
    request
}
