//! Questions about a policy: who can do this, what can they do, why not, and a review of all access with what changed.
//!
//! ```
//! use strongroom::Actor;
//! use strongroom::model::{Action, NoFacts};
//! use strongroom::policy::Roles;
//! use strongroom::policy::review::{CollectionFields, Questions};
//!
//! let roles = Roles::new()
//!     .role("sales", |r| r.on("customers").read(["name", "email"]).own_only())
//!     .role("protection", |r| r.on("customers").read_all());
//! let staff = [Actor::new("sales-7").with_role("sales"), Actor::new("officer").with_role("protection")];
//! let questions = Questions::new(&roles, &NoFacts);
//!
//! // Who reads any customer?
//! let who = questions.who_can(&staff, Action::Read, "customers", None);
//! assert_eq!(who.can.iter().map(|who| who.actor.as_str()).collect::<Vec<_>>(), ["officer"]);
//! assert_eq!(who.cannot[0].answer.code(), Some("not_owner"));
//!
//! // The same for everybody and every field, as a table.
//! let review = questions.review(&staff, &[CollectionFields::new("customers", ["name", "email", "notes"])]);
//! println!("{review}");
//! assert_eq!(review.changes_since(&review), []);
//! ```
//!
//! Guarantees: an answer is what the vault's guard would say to the questions that the act asks, in their order; an error, a
//! panic and a late answer of the policy are denials with their codes. What needs a reason, a stronger authentication,
//! approvals or rows that are left is told apart from what is denied. Does not: know every record. A collection is probed
//! with a record of the actor's own and one of somebody else's, neither shared nor labelled; rules that look at labels,
//! attributes, shares or an owner's place in the company are asked about the [samples](Questions::sample) that the caller
//! adds. Rules that depend on the time are asked at one time only.

mod answer;
mod build;
mod change;
mod course;
mod data;
mod explain;
mod fields;
mod json;
mod show;
mod table;
mod told;
mod words;

#[cfg(test)]
mod tests;

pub use answer::{ActAnswers, Answer, CollectionAnswers, Reach, Who, WhoCan};
pub use change::{Change, ChangeKind};
pub use data::{AccessReview, ActReview, ActorReview, CollectionReview, Extent, FieldReview, Right, RoleReview};
pub use json::ReviewError;

pub(crate) use data::days_before;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::{AccessPolicy, Guard, Permission};
use crate::model::{Action, Actor, Facts, RecordId, Request, Resource, Revision, Timestamp};
use told::Told;

/// How long a policy may take to answer, unless said otherwise.
const DEADLINE: Duration = Duration::from_secs(5);
/// The record that is asked about where no real one is.
const PROBE: RecordId = RecordId::from_bytes([0; 16]);
/// The owner of what is somebody else's.
const SOMEBODY_ELSE: &str = "somebody else";

/// Questions to a policy, and with what they are asked.
#[derive(Clone)]
pub struct Questions<'a> {
    policy: &'a dyn AccessPolicy,
    facts: &'a dyn Facts,
    guard: Guard,
    like: Option<Request<'a>>,
    time: Option<Timestamp>,
    samples: Vec<Sample<'a>>,
    suspended: BTreeSet<String>,
}

/// A record that is asked about besides the usual two.
#[derive(Debug, Clone)]
struct Sample<'a> {
    name: String,
    collection: String,
    record: Resource<'a>,
}

/// A collection and its fields, as questions name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionFields {
    name: String,
    fields: Vec<String>,
}

impl CollectionFields {
    /// The collection of this name, with these fields.
    pub fn new<S: Into<String>>(name: impl Into<String>, fields: impl IntoIterator<Item = S>) -> Self {
        let fields: BTreeSet<String> = fields.into_iter().map(Into::into).collect();
        Self { name: name.into(), fields: fields.into_iter().collect() }
    }

    /// The collection's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields' names, sorted.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }
}

impl<'a> Questions<'a> {
    /// Questions to this policy. It may be one that isn't in force, such as a past or a future one.
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

    /// How long the policy may take to answer; five seconds unless set. A later answer is a denial.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.guard = Guard { deadline };
        self
    }

    /// Asks about this record too where its collection is probed. The name is what answers call it.
    #[must_use]
    pub fn sample(mut self, name: impl Into<String>, collection: impl Into<String>, record: Resource<'a>) -> Self {
        self.samples.push(Sample { name: name.into(), collection: collection.into(), record });
        self
    }

    /// These actors, by id, are suspended: whatever the policy says, they may do nothing.
    #[must_use]
    pub fn suspended<S: Into<String>>(mut self, actors: impl IntoIterator<Item = S>) -> Self {
        self.suspended.extend(actors.into_iter().map(Into::into));
        self
    }

    /// Who of these may do this to the record, or without one to any record of the collection. A new record is the actor's
    /// own unless one is given. An act on many without a record is asked about as a whole: somebody who lists only their
    /// own may list.
    #[must_use]
    pub fn who_can(&self, actors: &[Actor], action: Action, collection: &str, record: Option<&Resource<'_>>) -> WhoCan {
        let mut all = WhoCan::default();
        for actor in actors {
            let asker = Asker::new(self, actor);
            let answer = asker.ask(action, Some(collection), record, &[]);
            let list = if answer.permission().is_some() { &mut all.can } else { &mut all.cannot };
            list.push(Who { actor: actor.id().to_owned(), answer });
        }
        all.can.sort_by(|a, b| a.actor.cmp(&b.actor));
        all.cannot.sort_by(|a, b| a.actor.cmp(&b.actor));
        all
    }

    /// What this actor may do in each of these collections, and with which fields.
    #[must_use]
    pub fn what_can(&self, actor: &Actor, collections: &[CollectionFields]) -> Vec<CollectionAnswers> {
        let asker = Asker::new(self, actor);
        let mut all: Vec<_> = collections.iter().map(|collection| fields::what_can(&asker, collection)).collect();
        all.sort_by(|a, b| a.collection.cmp(&b.collection));
        all
    }

    /// What this actor may do to one record, or to one of which nothing is known: every act on records, and the answer.
    #[must_use]
    pub fn actions_on(&self, actor: &Actor, collection: &str, record: Option<&Resource<'_>>) -> Vec<(Action, Answer)> {
        let asker = Asker::new(self, actor);
        let acts = Action::ALL.iter().filter(|action| !action.is_administration());
        acts.map(|action| (*action, asker.ask(*action, Some(collection), record, &[]))).collect()
    }

    /// Why the act may or may not be done: every rule that was looked at, what the guard adds to it, and of a denial
    /// because nothing is granted the nearest missing grant. `None` as the collection is for administration.
    ///
    /// Not for the actor: it names roles, fields and collections.
    #[must_use]
    pub fn explain(
        &self,
        actor: &Actor,
        action: Action,
        collection: Option<&str>,
        record: Option<&Resource<'_>>,
        fields: &[&str],
    ) -> super::Explanation {
        explain::explain(self, actor, action, collection, record, fields)
    }

    /// Everybody's access to every field of these collections. See [`AccessReview`].
    #[must_use]
    pub fn review(&self, actors: &[Actor], collections: &[CollectionFields]) -> AccessReview {
        build::review(self, actors, collections)
    }

    /// The record of the request that these questions are like.
    pub(crate) const fn asked_record(&self) -> Option<&Resource<'a>> {
        match self.like {
            Some(request) => request.resource,
            None => None,
        }
    }

    fn request<'r>(
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

    fn now(&self) -> Timestamp {
        self.time.unwrap_or_else(|| self.facts.now())
    }

    fn course<'r>(&'r self, request: Request<'r>, facts: &'r dyn Facts) -> course::Course<'r> {
        let suspended = self.suspended.contains(request.actor.id());
        course::Course { guard: self.guard, policy: self.policy, facts, request, suspended }
    }
}

impl fmt::Debug for Questions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").field("like", &self.like).field("time", &self.time).finish_non_exhaustive()
    }
}

/// Questions about one actor.
struct Asker<'q, 'a> {
    questions: &'q Questions<'a>,
    actor: &'q Actor,
    /// The same one, freshly and strongly authenticated.
    proven: Actor,
}

impl<'q, 'a> Asker<'q, 'a> {
    fn new(questions: &'q Questions<'a>, actor: &'q Actor) -> Self {
        let proven = actor.clone().with_authentication(u8::MAX, questions.now());
        Self { questions, actor, proven }
    }

    /// The answer as things are, and the one if every obligation were fulfilled.
    fn ask(
        &self,
        action: Action,
        collection: Option<&str>,
        resource: Option<&Resource<'_>>,
        fields: &[&str],
    ) -> Answer {
        let questions = self.questions;
        let facts = Told { facts: questions.facts, now: questions.now(), fulfilled: false };
        let resource = about(self.actor, action, resource);
        let request = questions.request(self.actor, action, collection, resource.as_ref(), fields);
        let now = questions.course(request, &facts).run(&mut |_| {});
        if now.as_ref().is_ok_and(|permission| permission.read == all() && permission.write == all()) {
            return Answer { now, if_fulfilled: None };
        }
        let facts = Told { fulfilled: true, ..facts };
        let mut request = Request { actor: &self.proven, ..request };
        request.reason = request.reason.filter(|reason| !reason.trim().is_empty()).or(Some("asked in a review"));
        request.approval = request.approval.or(Some(PROBE));
        let fulfilled = questions.course(request, &facts).run(&mut |_| {}).ok();
        let more = |permission: &Permission| !now.as_ref().is_ok_and(|now| now == permission);
        Answer { if_fulfilled: fulfilled.filter(more), now }
    }

    /// The answers for no known record, one of their own, one of somebody else's, and the samples.
    fn probe(&self, action: Action, collection: &str, fields: &[&str]) -> ActAnswers {
        let other = if self.actor.id() == SOMEBODY_ELSE { "another" } else { SOMEBODY_ELSE };
        let record = |owner| Resource::new().owner(owner).id(PROBE).revision(Revision::new(1));
        let ask = |record: Option<&Resource<'_>>| self.ask(action, Some(collection), record, fields);
        let samples = self.questions.samples.iter().filter(|sample| sample.collection == collection);
        let samples = samples.map(|sample| (sample.name.clone(), ask(Some(&sample.record))));
        ActAnswers {
            action,
            unknown: ask(None),
            own: ask(Some(&record(self.actor.id()))),
            others: ask(Some(&record(other))),
            samples: samples.collect(),
        }
    }
}

/// The record that an act is about: a new one has no id yet, and is the actor's own unless said otherwise.
fn about<'r>(actor: &'r Actor, action: Action, record: Option<&Resource<'r>>) -> Option<Resource<'r>> {
    if action != Action::Create {
        return record.copied();
    }
    let new = record.copied().unwrap_or(Resource::new().owner(actor.id()));
    Some(Resource { id: None, revision: None, ..new })
}

const fn all() -> crate::model::FieldSet {
    crate::model::FieldSet::All
}
