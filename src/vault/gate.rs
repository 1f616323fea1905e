//! The one door between sealed rows and plaintext.
//!
//! Guarantees: bodies are sealed and opened here and nowhere else. An opened row shows its metadata; its fields come out
//! only against a [`Permit`], which only a policy's decision makes, and a [`Ticket`](crate::vault::commit::intake::Ticket), which only the journal makes. A
//! permit names the act, the record and its revision, and is consumed by its use. Upkeep gets what it needs, never
//! plaintext. Does not: decide, or write the journal.


pub(crate) mod entries;
pub(crate) mod exposed;
pub(crate) mod opened;
pub(crate) mod sealing;
pub(crate) mod seals;
pub(crate) mod spend;
pub(crate) mod view;

pub(crate) use crate::vault::gate::exposed::Exposed;
pub(crate) use crate::vault::gate::opened::{OpenError, Opened, SortKey};
pub(crate) use crate::vault::gate::sealing::{Draw, Edited, Target};
pub(crate) use crate::vault::gate::seals::{RowPlace, open_tombstone, seal_tombstone};

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, Actor, ApprovalId, Clock, Facts, FieldSet, RecordId, Request, Resource, Revision, Timestamp};
use crate::policy::{AccessPolicy, Denial, Guard, Obligation, Permission, PolicyVersion, Scope, codes};

use crate::vault::standing::View;
use crate::vault::admin::freeze;
use crate::vault::state::tenant::TenantCore;

/// Who wants to do what; the part of a question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) action: Action,
    pub(crate) tenant: Option<&'a TenantCore>,
    pub(crate) collection: Option<&'a str>,
    pub(crate) fields: &'a [&'a str],
    pub(crate) purpose: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) rows: Option<u32>,
    pub(crate) approval: Option<ApprovalId>,
    pub(crate) new_owner: Option<&'a str>,
    /// Rows that the act has counted as shown already.
    pub(crate) reserved: u32,
}

impl<'a> Question<'a> {
    /// A question about an act of the vault itself, or, with a tenant, of one of its tenants.
    pub(crate) const fn new(actor: &'a Actor, action: Action, tenant: Option<&'a TenantCore>) -> Self {
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
            new_owner: None,
            reserved: 0,
        }
    }

    /// The question, for so many rows at most.
    pub(crate) fn rows(mut self, most: usize) -> Self {
        self.rows = u32::try_from(most).ok();
        self
    }
}

/// The policy, and the time it is told.
pub(crate) struct Gate {
    current: RwLock<Current>,
    clock: Arc<dyn Clock>,
    guard: Guard,
}

/// The policy in force. Its version is asked for once: hashing a large policy for every act would cost more than it.
#[derive(Clone)]
pub(crate) struct Current {
    policy: Arc<dyn AccessPolicy>,
    version: PolicyVersion,
}

/// A policy's yes: to one act, on one record and revision (or on none), for these fields.
pub(crate) struct Permit {
    record: Option<(RecordId, Revision)>,
    read: FieldSet,
    write: FieldSet,
    rule: Arc<str>,
    obligations: Vec<Obligation>,
    /// The policy that decided; another may be in force by the time the act is written down.
    version: PolicyVersion,
    /// The approval that the yes rests on, until it is used up.
    approval: Option<ApprovalId>,
}

/// What the policy in force would be asked with.
pub(crate) struct Inquired<'a> {
    pub(crate) policy: &'a dyn AccessPolicy,
    pub(crate) guard: Guard,
    pub(crate) request: Request<'a>,
    pub(crate) facts: &'a dyn Facts,
}

impl Gate {
    /// A gate with this policy.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy finds itself unsound.
    pub(crate) fn new(policy: Arc<dyn AccessPolicy>, clock: Arc<dyn Clock>, guard: Guard) -> Result<Self> {
        Ok(Self { current: RwLock::new(Current::new(policy)?), clock, guard })
    }

    /// Puts another policy in force.
    pub(crate) fn replace(&self, next: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The version of the policy in force, for the journal.
    pub(crate) fn policy_version(&self) -> PolicyVersion {
        self.current.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// May this be done, with no record at hand?
    pub(crate) fn permit(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        self.ask(question, None, None)
    }

    /// May this be done to this record?
    pub(crate) fn permit_on(&self, question: &Question<'_>, row: &Opened) -> Result<Permit, Denial> {
        self.permit_after(question, row, row.meta(), &row.exposed()?)
    }

    /// May this be done to this record, as far as it will have this metadata and these attributes then?
    pub(crate) fn permit_after(
        &self,
        question: &Question<'_>,
        row: &Opened,
        meta: &Meta,
        exposed: &Exposed,
    ) -> Result<Permit, Denial> {
        let revision = row.head().revision;
        let resource = resource(meta, exposed).id(row.record()).revision(revision);
        self.ask(question, Some(&resource), Some((row.record(), revision)))
    }

    /// May a record with this metadata and these attributes be created?
    pub(crate) fn permit_new(&self, question: &Question<'_>, meta: &Meta, exposed: &Exposed) -> Result<Permit, Denial> {
        self.ask(question, Some(&resource(meta, exposed)), None)
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
        Ok(ask(Inquired { policy: &*self.current().policy, guard: self.guard, request, facts: &facts }))
    }

    /// Which rows a list or a search need look at.
    pub(crate) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        self.standing(question)?;
        let now = self.now();
        self.guard.scope(&*self.current().policy, &request(question, now), &View::of(question, now))
    }

    /// Whether the actor may do anything at all; asked before every policy, and alone where an act needs none.
    pub(crate) fn standing(&self, question: &Question<'_>) -> Result<(), Denial> {
        let actor = question.actor.id();
        if question.tenant.is_some_and(|tenant| tenant.facts.is_suspended(actor)) {
            return Err(Denial::new(codes::SUSPENDED, format!("`{actor}` is suspended: see `tenant.reinstate`")));
        }
        match question.tenant {
            Some(tenant) => freeze::standing(tenant, question.actor, question.action),
            None => Ok(()),
        }
    }

    /// How many approvals an act would want, with no record at hand; 0 if none, or if that can't be told without one.
    pub(crate) fn approvals_wanted(&self, question: &Question<'_>) -> u32 {
        let now = self.now();
        let facts = View::of(question, now);
        let permission = self.guard.permission(&*self.current().policy, &request(question, now), &facts);
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
        let facts = View::of(question, now);
        let Current { policy, version } = self.current();
        let Permission { mut read, mut write, rule, obligations } = self.guard.decide(&*policy, &request, &facts)?;
        let approval = question.approval.filter(|_| facts.told_of_approval());
        if let Some(fields) = approval.and_then(|id| approved_fields(question, id)) {
            (read, write) = (read.intersection(&fields), write.intersection(&fields));
        }
        Ok(Permit { record, read, write, rule, obligations, version, approval })
    }

    pub(crate) fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Current {
    /// # Errors
    /// [`Error::Policy`] if the policy finds itself unsound, or its version is no hash.
    pub(crate) fn new(policy: Arc<dyn AccessPolicy>) -> Result<Self> {
        policy.check().map_err(|error| Error::Policy { why: error.to_string() })?;
        let version = policy.version();
        if version.as_bytes() == &[0; 32] {
            return Err(Error::Policy { why: "its version is all zeros: use `PolicyVersion::of`".to_owned() });
        }
        Ok(Self { version, policy })
    }

    pub(crate) const fn version(&self) -> PolicyVersion {
        self.version
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.policy.text()
    }
}

impl Permit {
    pub(crate) fn read(&self) -> &FieldSet {
        &self.read
    }

    pub(crate) fn write(&self) -> &FieldSet {
        &self.write
    }

    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) const fn version(&self) -> PolicyVersion {
        self.version
    }

    /// The code that the journal entry is to carry.
    pub(crate) fn notify(&self) -> &str {
        self.obligations
            .iter()
            .find_map(|obligation| match obligation {
                Obligation::Notify(code) => Some(code.as_ref()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// How many rows the act may show, and how many the actor may be shown in an hour.
    pub(crate) fn row_limit(&self) -> (u32, Option<u32>) {
        self.obligations.iter().fold((u32::MAX, None), |(act, hour), obligation| match obligation {
            Obligation::RowLimit { per_act, per_hour } => {
                (act.min(*per_act), [hour, *per_hour].into_iter().flatten().min())
            }
            _ => (act, hour),
        })
    }

    /// The same permit for no other fields than these.
    pub(crate) fn only(mut self, fields: &[&str]) -> Self {
        self.read = fields.iter().copied().filter(|field| self.read.contains(field)).collect();
        self
    }

    /// The same yes for the upkeep of one row: to seal it anew, with other metadata, and to show none of its fields. This
    /// permit must be for the row as it is, or for an act that isn't about one record.
    pub(crate) fn maintenance(&self, row: &Opened) -> Result<Self> {
        let record = Some((row.record(), row.head().revision));
        if self.record.is_some() && self.record != record {
            return Err(Error::damaged("a permit for another record or revision was used"));
        }
        Ok(Self {
            record,
            read: FieldSet::none(),
            write: FieldSet::none(),
            rule: Arc::clone(&self.rule),
            obligations: self.obligations.clone(),
            version: self.version,
            approval: self.approval,
        })
    }

    /// The approval that has to be used up before the permit can be used.
    pub(crate) fn approval(&self) -> Option<ApprovalId> {
        self.approval
    }

    /// Says that the approval is used up: durably, or in the commit that the permit's use goes into.
    pub(crate) fn approval_is_spent(&mut self) {
        self.approval = None;
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
