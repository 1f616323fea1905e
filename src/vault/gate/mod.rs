//! The one door between sealed rows and plaintext.
//!
//! Guarantees: bodies are sealed and opened here and nowhere else. An opened row shows its metadata; its fields come out
//! only against a [`Permit`], which only a policy's decision makes, and a [`Ticket`](super::journal::Ticket), which only the journal makes. A
//! permit names the act, the record and its revision, and is consumed by its use. Upkeep gets what it needs, never
//! plaintext. Does not: decide, or write the journal.

mod opened;
mod sealing;
mod seals;

pub(super) use opened::{Opened, Unopened};
pub(super) use sealing::{Draw, Edited, Target};
pub(super) use seals::{RowPlace, open_tombstone, seal_tombstone};

use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::Meta;
use crate::model::{Action, Actor, Clock, Facts, FieldSet, RecordId, Request, Resource, Revision, TenantId, Timestamp};
use crate::policy::{AccessPolicy, Denial, Guard, Obligation, Permission, PolicyVersion, Scope};

/// Who wants to do what; the part of a question that doesn't depend on the record.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) actor: &'a Actor,
    pub(super) action: Action,
    pub(super) tenant: Option<TenantId>,
    pub(super) collection: Option<&'a str>,
    pub(super) fields: &'a [&'a str],
    pub(super) purpose: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
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
    obligations: Vec<Obligation>,
    /// The policy that decided; another may be in force by the time the act is written down.
    version: PolicyVersion,
}

/// What the policy in force would be asked with.
pub(super) struct Inquired<'a> {
    pub(super) policy: &'a dyn AccessPolicy,
    pub(super) guard: Guard,
    pub(super) request: Request<'a>,
    pub(super) facts: &'a dyn Facts,
}

struct Now(Timestamp);

impl Facts for Now {
    fn now(&self) -> Timestamp {
        self.0
    }
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

    /// The text of the policy in force and its version, if it has one.
    pub(super) fn text(&self) -> Option<(PolicyVersion, String)> {
        let Current { policy, version } = self.current();
        Some((version, policy.text()?))
    }

    /// May this be done, with no record at hand?
    pub(super) fn permit(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        self.ask(question, None, None)
    }

    /// May this be done to this record?
    pub(super) fn permit_on(&self, question: &Question<'_>, row: &Opened) -> Result<Permit, Denial> {
        self.ask(question, Some(&known(row)), Some((row.record(), row.head().revision)))
    }

    /// May a record with this metadata be created?
    pub(super) fn permit_new(&self, question: &Question<'_>, meta: &Meta) -> Result<Permit, Denial> {
        let resource = Resource { owner: meta.owner.as_deref(), ..Resource::new().labels(&meta.labels) };
        self.ask(question, Some(&resource), None)
    }

    /// Hands out what the policy would be asked with if this were an act, for questions about it. Makes no permit.
    pub(super) fn inquire<R>(
        &self,
        question: &Question<'_>,
        row: Option<&Opened>,
        ask: impl FnOnce(Inquired<'_>) -> R,
    ) -> R {
        let now = self.now();
        let mut request = request(question, now);
        let resource = row.map(known);
        request.resource = resource.as_ref();
        ask(Inquired { policy: &*self.current().policy, guard: self.guard, request, facts: &Now(now) })
    }

    /// Which rows a list or a search need look at.
    pub(super) fn scope(&self, question: &Question<'_>) -> Result<Scope, Denial> {
        let now = self.now();
        self.guard.scope(&*self.current().policy, &request(question, now), &Now(now))
    }

    fn ask(
        &self,
        question: &Question<'_>,
        resource: Option<&Resource<'_>>,
        record: Option<(RecordId, Revision)>,
    ) -> Result<Permit, Denial> {
        let now = self.now();
        let mut request = request(question, now);
        request.resource = resource;
        let Current { policy, version } = self.current();
        let Permission { read, write, rule, obligations } = self.guard.decide(&*policy, &request, &Now(now))?;
        Ok(Permit { record, read, write, rule, obligations, version })
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
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

    pub(super) const fn version(&self) -> PolicyVersion {
        self.version
    }

    /// The code that the journal entry is to carry.
    pub(super) fn notify(&self) -> &str {
        self.obligations
            .iter()
            .find_map(|obligation| match obligation {
                Obligation::Notify(code) => Some(code.as_ref()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The same permit for no other fields than these.
    pub(super) fn only(mut self, fields: &[&str]) -> Self {
        self.read = fields.iter().copied().filter(|field| self.read.contains(field)).collect();
        self
    }
}

/// What a policy may know of a row.
fn known(row: &Opened) -> Resource<'_> {
    let meta = row.meta();
    let known = Resource::new().id(row.record()).revision(row.head().revision).labels(&meta.labels);
    Resource { owner: meta.owner.as_deref(), ..known }
}

fn request<'a>(question: &Question<'a>, now: Timestamp) -> Request<'a> {
    let mut request = Request::new(question.actor, question.action, now);
    request.tenant = question.tenant;
    request.collection = question.collection;
    request.fields = question.fields;
    request.purpose = question.purpose;
    request.reason = question.reason;
    request
}
