//! Asking the policy in force.
//!
//! Guarantees: the bars of the tenant (suspension, freeze, demanded log-in) come before every policy; a permit comes of a
//! decision alone. Does not: write anything down; [`Act`](super::act::Act) does.

use std::time::Instant;

use crate::format::Meta;
use crate::model::{Facts, Request, Resource, Timestamp};
use crate::policy::{AccessPolicy, Denial, Guard, Permission, Scope};

use crate::vault::state::policy::InForce;

use super::exposed::Exposed;
use super::opened::Opened;
use super::permit::Permit;
use super::question::Question;
use super::view::View;

/// The policy in force, and all that it would be asked with.
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
        let resource = resource(meta, exposed).id(row.record()).revision(row.head().revision);
        self.ask_with(question, Some(&resource), Some(row))
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
        let facts = View::of(question, row, now);
        Ok(ask(Inquired { policy: &*self.current().policy, guard: self.guard(), request, facts: &facts }))
    }

    /// Asks which rows a list or a search need look at.
    pub(crate) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        question.barred()?;
        let now = self.now();
        self.guard().scope(&*self.current().policy, &request(question, now), &View::of(question, None, now))
    }

    fn ask_with(
        &self,
        question: &Question<'_>,
        resource: Option<&Resource<'_>>,
        row: Option<&Opened>,
    ) -> Result<Permit, Denial> {
        // Before anything is read: a change that comes later makes the decision out of date.
        let (facts_seen, at) = (question.tenant.map_or(0, |tenant| tenant.facts.changes()), Instant::now());
        question.barred()?;
        let now = self.now();
        let mut request = request(question, now);
        request.resource = resource;
        let facts = View::of(question, row, now);
        let current = self.current();
        let permission = self.guard().decide(&*current.policy, &request, &facts)?;
        let Permission { read, write, rule, obligations } = permission;
        let approval = question.approval.filter(|_| facts.told_of_approval());
        let (version, record) = (current.version(), row.map(|row| (row.record(), row.head().revision)));
        Ok(Permit { record, read, write, rule, obligations, version, facts: facts_seen, at, approval })
    }
}

fn resource<'a>(meta: &'a Meta, exposed: &'a Exposed) -> Resource<'a> {
    let known = Resource::new().labels(&meta.labels).attributes(exposed.attributes());
    Resource { owner: meta.owner.as_deref(), ..known }
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
