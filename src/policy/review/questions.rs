//! A policy that is asked, with what it is asked, and the single question.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::answer::Answer;
use super::course::Course;
use super::told::Told;
use crate::model::{Action, Actor, Facts, FieldSet, RecordId, Request, Resource, Timestamp};
use crate::policy::{AccessPolicy, DEADLINE, Guard, Permission};

/// The record that is asked about where no real one is.
pub(super) const PROBE: RecordId = RecordId::from_bytes([0; 16]);

/// Questions to a policy, and with what they are asked.
#[derive(Clone)]
pub struct Questions<'a> {
    pub(super) policy: &'a dyn AccessPolicy,
    pub(super) facts: &'a dyn Facts,
    pub(super) guard: Guard,
    like: Option<Request<'a>>,
    time: Option<Timestamp>,
    pub(super) samples: Vec<Sample<'a>>,
    pub(super) suspended: BTreeSet<String>,
}

/// A record that is asked about besides the usual two.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a> {
    pub(super) name: String,
    pub(super) collection: String,
    pub(super) record: Resource<'a>,
}

impl<'a> Questions<'a> {
    /// Begins questions to this policy. It may be one that isn't in force, such as a past or a future one.
    #[must_use]
    pub fn new(policy: &'a dyn AccessPolicy, facts: &'a dyn Facts) -> Self {
        Self::within(Guard { deadline: DEADLINE }, policy, facts)
    }

    pub(crate) const fn within(guard: Guard, policy: &'a dyn AccessPolicy, facts: &'a dyn Facts) -> Self {
        Self { policy, facts, guard, like: None, time: None, samples: Vec::new(), suspended: BTreeSet::new() }
    }

    /// Asks as this request does: with its tenant, time, purpose, reason, rows and approval. Without one, nothing of these
    /// is given, and the time is that of the facts.
    #[must_use]
    pub fn like(mut self, request: Request<'a>) -> Self {
        self.time = Some(request.time);
        self.like = Some(request);
        self
    }

    /// Asks as if it were this time, for rules such as working hours.
    #[must_use]
    pub const fn at_time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Sets the time that the policy may take to answer; five seconds unless set. A later answer is a denial.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.guard = Guard { deadline };
        self
    }

    /// Asks about this record too where its collection is asked about. Answers call it by the name.
    #[must_use]
    pub fn sample(mut self, name: impl Into<String>, collection: impl Into<String>, record: Resource<'a>) -> Self {
        self.samples.push(Sample { name: name.into(), collection: collection.into(), record });
        self
    }

    /// Suspends these actors, by id: whatever the policy says, they may do nothing.
    #[must_use]
    pub fn suspended<S: Into<String>>(mut self, actors: impl IntoIterator<Item = S>) -> Self {
        self.suspended.extend(actors.into_iter().map(Into::into));
        self
    }

    /// Returns the record of the request that these questions are like.
    pub(crate) const fn asked_record(&self) -> Option<&Resource<'a>> {
        match self.like {
            Some(request) => request.resource,
            None => None,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time.unwrap_or_else(|| self.facts.now())
    }

    /// Returns the facts, with every obligation fulfilled if so wanted.
    pub(super) fn told(&self, fulfilled: bool) -> Told<'a> {
        Told { facts: self.facts, now: self.now(), fulfilled }
    }

    pub(super) fn request<'r>(
        &self,
        actor: &'r Actor,
        action: Action,
        collection: Option<&'r str>,
        resource: Option<&'r Resource<'r>>,
        fields: &'r [&'r str],
    ) -> Request<'r>
    where
        'a: 'r,
    {
        let mut request = self.like.unwrap_or(Request::new(actor, action, self.now()));
        // These are acts of the vault, wherever they are asked about.
        if matches!(action, Action::CreateTenant | Action::ChangePolicy | Action::Verify) {
            request.tenant = None;
        }
        request.time = self.now();
        Request { actor, action, collection, resource, fields, ..request }
    }

    pub(super) fn course<'r>(&'r self, request: Request<'r>, facts: &'r dyn Facts) -> Course<'r> {
        let suspended = self.suspended.contains(request.actor.id());
        Course { guard: self.guard, policy: self.policy, facts, request, suspended }
    }

    /// Asks one question: as things are, and as if every obligation were fulfilled.
    pub(super) fn ask(
        &self,
        actor: &Actor,
        action: Action,
        collection: Option<&str>,
        resource: Option<&Resource<'_>>,
        fields: &[&str],
    ) -> Answer {
        let facts = self.told(false);
        let resource = about(actor, action, resource);
        let request = self.request(actor, action, collection, resource.as_ref(), fields);
        let now = self.course(request, &facts).run(&mut |_| {});
        let all = |permission: &Permission| permission.read == FieldSet::All && permission.write == FieldSet::All;
        if now.as_ref().is_ok_and(all) {
            return Answer { now, if_fulfilled: None };
        }
        let facts = self.told(true);
        let proven = actor.clone().with_authentication(u8::MAX, self.now());
        let mut request = Request { actor: &proven, ..request };
        request.reason = request.reason.filter(|reason| !reason.trim().is_empty()).or(Some("asked in a review"));
        request.approval = request.approval.or(Some(PROBE));
        let fulfilled = self.course(request, &facts).run(&mut |_| {}).ok();
        let more = |permission: &Permission| !now.as_ref().is_ok_and(|now| now == permission);
        Answer { if_fulfilled: fulfilled.filter(more), now }
    }
}

impl fmt::Debug for Questions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").field("like", &self.like).field("time", &self.time).finish_non_exhaustive()
    }
}

/// Returns the record that an act is about: a new one has no id yet, and is the actor's own unless said otherwise.
pub(super) fn about<'r>(actor: &'r Actor, action: Action, record: Option<&Resource<'r>>) -> Option<Resource<'r>> {
    if action != Action::Create {
        return record.copied();
    }
    let new = record.copied().unwrap_or(Resource::new().owner(actor.id()));
    Some(Resource { id: None, revision: None, ..new })
}
