//! The one door between sealed rows and plaintext.
//!
//! Guarantees: bodies are sealed and opened here and nowhere else. An opened row shows its metadata; its fields come out
//! only against a [`Permit`], which only a policy's decision makes, and a [`Ticket`](super::journal::Ticket), which only the journal makes. A
//! permit names the act, the record and its revision, and is consumed by its use. Upkeep gets what it needs, never
//! plaintext. Does not: decide, or write the journal.

mod opened;
mod owner;
mod sealing;
mod seals;

pub(super) use opened::{Opened, Unopened};
pub(super) use owner::reown;
pub(super) use sealing::{Draw, Edited, Target};
pub(super) use seals::{RowPlace, open_tombstone, seal_tombstone};

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, Actor, ApprovalId, Clock, FieldSet, RecordId, Request, Resource, Revision, Timestamp};
use crate::policy::{AccessPolicy, Denial, Guard, Obligation, PolicyVersion, Scope, codes};

use super::facts::View;
use super::tenant_core::TenantCore;

/// Who wants to do what; the part of a question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) actor: &'a Actor,
    pub(super) action: Action,
    pub(super) tenant: Option<&'a TenantCore>,
    pub(super) collection: Option<&'a str>,
    pub(super) fields: &'a [&'a str],
    pub(super) purpose: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) rows: Option<u32>,
    pub(super) approval: Option<ApprovalId>,
}

impl<'a> Question<'a> {
    /// A question about an act of the vault itself, or, with a tenant, of one of its tenants.
    pub(super) const fn new(actor: &'a Actor, action: Action, tenant: Option<&'a TenantCore>) -> Self {
        Self {
            actor,
            action,
            tenant,
            collection: None,
            fields: &[],
            purpose: None,
            reason: None,
            rows: None,
            approval: None,
        }
    }

    /// The question, for so many rows at most.
    pub(super) fn rows(mut self, most: usize) -> Self {
        self.rows = u32::try_from(most).ok();
        self
    }
}

/// The policy, and the time it is told.
pub(super) struct Gate {
    current: RwLock<Current>,
    clock: Arc<dyn Clock>,
    guard: Guard,
}

/// The policy in force. Its version is asked for once: hashing a large policy for every act would cost more than it.
#[derive(Clone)]
struct Current {
    policy: Arc<dyn AccessPolicy>,
    version: PolicyVersion,
}

/// A policy's yes: to one act, on one record and revision (or on none), for these fields.
pub(super) struct Permit {
    record: Option<(RecordId, Revision)>,
    read: FieldSet,
    write: FieldSet,
    rule: Arc<str>,
    /// The approval that the yes rests on, until it is used up.
    approval: Option<ApprovalId>,
}

impl Gate {
    /// A gate with this policy.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy finds itself unsound.
    pub(super) fn new(policy: Arc<dyn AccessPolicy>, clock: Arc<dyn Clock>, guard: Guard) -> Result<Self> {
        Ok(Self { current: RwLock::new(Current::new(policy)?), clock, guard })
    }

    /// Puts another policy in force.
    ///
    /// # Errors
    /// As [`new`](Self::new); the old policy stays then.
    pub(super) fn replace(&self, policy: Arc<dyn AccessPolicy>) -> Result<()> {
        let current = Current::new(policy)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The version of the policy in force, for the journal.
    pub(super) fn policy_version(&self) -> PolicyVersion {
        self.current.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// May this be done, with no record at hand?
    pub(super) fn permit(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        self.ask(question, None, None)
    }

    /// May this be done to this record?
    pub(super) fn permit_on(&self, question: &Question<'_>, row: &Opened) -> Result<Permit, Denial> {
        let meta = row.meta();
        let revision = row.head().revision;
        let known = Resource::new().id(row.record()).revision(revision).labels(&meta.labels);
        let resource = Resource { owner: meta.owner.as_deref(), ..known };
        self.ask(question, Some(&resource), Some((row.record(), revision)))
    }

    /// May a record with this metadata be created?
    pub(super) fn permit_new(&self, question: &Question<'_>, meta: &Meta) -> Result<Permit, Denial> {
        let resource = Resource { owner: meta.owner.as_deref(), ..Resource::new().labels(&meta.labels) };
        self.ask(question, Some(&resource), None)
    }

    /// Which rows a list or a search need look at.
    pub(super) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        self.standing(question)?;
        let now = self.now();
        self.guard.scope(&*self.policy(), &request(question, now), &View::new(question.tenant, now))
    }

    /// Whether the actor may do anything at all; asked before every policy, and alone where an act needs none.
    pub(super) fn standing(&self, question: &Question<'_>) -> Result<(), Denial> {
        let actor = question.actor.id();
        if question.tenant.is_some_and(|tenant| tenant.facts.is_suspended(actor)) {
            return Err(Denial::new(codes::SUSPENDED, format!("`{actor}` is suspended: see `tenant.reinstate`")));
        }
        Ok(())
    }

    /// How many approvals an act would want, with no record at hand; 0 if none, or if that can't be told without one.
    pub(super) fn approvals_wanted(&self, question: &Question<'_>) -> u32 {
        let now = self.now();
        let facts = View::new(question.tenant, now);
        let permission = self.guard.permission(&*self.policy(), &request(question, now), &facts);
        let wanted = |obligation: &Obligation| match obligation {
            Obligation::Approvals(wanted) => *wanted,
            _ => 0,
        };
        permission.map_or(0, |permission| permission.obligations.iter().map(wanted).max().unwrap_or(0))
    }

    fn ask(
        &self,
        question: &Question<'_>,
        resource: Option<&Resource<'_>>,
        record: Option<(RecordId, Revision)>,
    ) -> Result<Permit, Denial> {
        self.standing(question)?;
        let now = self.now();
        let mut request = request(question, now);
        request.resource = resource;
        let facts = View::new(question.tenant, now);
        let permission = self.guard.decide(&*self.policy(), &request, &facts)?;
        let approval = question.approval.filter(|_| facts.told_of_approval());
        let (mut read, mut write) = (permission.read, permission.write);
        if let Some(fields) = approval.and_then(|id| approved_fields(question, id)) {
            (read, write) = (read.intersection(&fields), write.intersection(&fields));
        }
        Ok(Permit { record, read, write, rule: permission.rule, approval })
    }

    fn policy(&self) -> Arc<dyn AccessPolicy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).policy)
    }
}

impl Current {
    fn new(policy: Arc<dyn AccessPolicy>) -> Result<Self> {
        policy.check().map_err(|error| Error::Policy { why: error.to_string() })?;
        Ok(Self { version: policy.version(), policy })
    }
}

impl Permit {
    pub(super) fn read(&self) -> &FieldSet {
        &self.read
    }

    pub(super) fn write(&self) -> &FieldSet {
        &self.write
    }

    pub(super) fn rule(&self) -> &str {
        &self.rule
    }

    /// The approval that has to be used up before the permit can be used.
    pub(super) fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// Says that the approval is used up: durably, or in the commit that the permit's use goes into.
    pub(super) fn approval_is_spent(&mut self) {
        self.approval = None;
    }
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
    request
}
