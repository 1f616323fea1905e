//! The question to a policy: who does what, on which record and fields, when and why.

use std::fmt;

use super::{Action, Actor, RecordId, Revision, TenantId, Timestamp};

/// One question to a policy.
///
/// The vault builds one for each act. Build your own to test a policy:
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, Decision, Roles};
///
/// let roles = Roles::new().role("sales", |r| r.on("customers").read(["name"]).own_only());
/// let sales = Actor::new("sales-7").with_role("sales");
/// let own = Resource::new().owner("sales-7");
/// let request = Request::new(&sales, Action::Read, Timestamp::from_micros(0)).on("customers").resource(&own);
/// assert!(matches!(roles.decide(&request, &NoFacts)?, Decision::Permit(_)));
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The actor who asks: id, roles, attributes, authentication, device, session, channel.
    pub actor: &'a Actor,
    /// The act.
    pub action: Action,
    /// The tenant; `None` for acts of the vault itself.
    pub tenant: Option<TenantId>,
    /// The collection's name: the type of the resource.
    pub collection: Option<&'a str>,
    /// The record, where there is one and it is known.
    pub resource: Option<&'a Resource<'a>>,
    /// The fields the act reads or writes, where it names them: those changed by an update, searched or sorted by, unmasked.
    pub fields: &'a [&'a str],
    /// The time of the act, by the vault's clock.
    pub time: Timestamp,
    /// The purpose of the data's use, as the session declares it.
    pub purpose: Option<&'a str>,
    /// The reason, in the actor's own words.
    pub reason: Option<&'a str>,
    /// The most rows that are asked for, where the act is about many.
    pub rows: Option<u32>,
    /// The approval that the act is done under, as the session names it.
    pub approval: Option<ApprovalId>,
    /// The new owner, for a transfer; `None` for nobody, and for any other act.
    pub new_owner: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Returns a question with nothing but an actor, an act and a time.
    #[must_use]
    pub const fn new(actor: &'a Actor, action: Action, time: Timestamp) -> Self {
        Self {
            actor,
            action,
            tenant: None,
            collection: None,
            resource: None,
            fields: &[],
            time,
            purpose: None,
            reason: None,
            rows: None,
            approval: None,
            new_owner: None,
        }
    }

    /// Returns the question, in this collection.
    #[must_use]
    pub const fn on(mut self, collection: &'a str) -> Self {
        self.collection = Some(collection);
        self
    }

    /// Returns the question, about this record.
    #[must_use]
    pub const fn resource(mut self, resource: &'a Resource<'a>) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Returns the question, naming these fields.
    #[must_use]
    pub const fn fields(mut self, fields: &'a [&'a str]) -> Self {
        self.fields = fields;
        self
    }

    /// Returns the question, for this declared purpose.
    #[must_use]
    pub const fn purpose(mut self, purpose: &'a str) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Returns the question, with this reason.
    #[must_use]
    pub const fn reason(mut self, reason: &'a str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Returns the question, for so many rows.
    #[must_use]
    pub const fn rows(mut self, rows: u32) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Returns the question, under this approval.
    #[must_use]
    pub const fn approval(mut self, approval: ApprovalId) -> Self {
        self.approval = Some(approval);
        self
    }

    /// Tells whether the record is the actor's own. An actor with an empty id owns nothing.
    #[must_use]
    pub fn is_own(&self) -> bool {
        let actor = self.actor.id();
        !actor.is_empty() && self.resource.is_some_and(|resource| resource.owner == Some(actor))
    }
}

/// A record, as far as a policy may know it: its metadata and the attributes that its schema exposes, never another value.
///
/// `Debug` shows the names of the attributes: the values, owner and labels are the host's own and its customers'.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Resource<'a> {
    /// The record's id; `None` for one that is about to be created.
    pub id: Option<RecordId>,
    /// The record's revision; `None` for one that is about to be created.
    pub revision: Option<Revision>,
    /// The record's owner.
    pub owner: Option<&'a str>,
    /// The record's labels.
    pub labels: &'a [String],
    /// The fields that the schema exposes to policies, by name, as text. A field without a value isn't there.
    pub attributes: &'a [(String, String)],
}

impl<'a> Resource<'a> {
    /// Returns a record of which nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { id: None, revision: None, owner: None, labels: &[], attributes: &[] }
    }

    /// Returns the record, with this id.
    #[must_use]
    pub const fn id(mut self, id: RecordId) -> Self {
        self.id = Some(id);
        self
    }

    /// Returns the record, at this revision.
    #[must_use]
    pub const fn revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Returns the record, owned by this actor.
    #[must_use]
    pub const fn owner(mut self, owner: &'a str) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Returns the record, with these labels.
    #[must_use]
    pub const fn labels(mut self, labels: &'a [String]) -> Self {
        self.labels = labels;
        self
    }

    /// Returns the record, with these exposed attributes.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'a [(String, String)]) -> Self {
        self.attributes = attributes;
        self
    }

    /// Returns the value of an exposed attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Tells whether the record has this label.
    #[must_use]
    pub fn has_label(&self, label: &str) -> bool {
        self.labels.iter().any(|known| known == label)
    }
}

impl fmt::Debug for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.attributes.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Resource")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("attributes", &names)
            .finish_non_exhaustive()
    }
}

/// The id of a request for approval.
pub type ApprovalId = RecordId;

/// Somebody with whom records can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Grantee<'a> {
    /// One actor, by id.
    Actor(&'a str),
    /// Everybody with this role.
    Role(&'a str),
    /// The members of this group.
    Group(&'a str),
}

/// The access that a share gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and changing.
    Write,
}

/// Facts that a policy may ask the vault for while it decides. All are about the tenant of the request, and about now.
pub trait Facts {
    /// Returns the time of the decision.
    fn now(&self) -> Timestamp;

    /// Returns the access that a share of this record gives this grantee, if there is one that holds now.
    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        let _ = (record, with);
        None
    }

    /// Returns the records of a collection that are shared with this grantee now.
    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        let _ = (collection, with);
        Vec::new()
    }

    /// Returns the number of people, other than the requester, who have approved the act under the
    /// [`approval`](Request::approval) that the request names. 0 if that is another actor's, or for an act that differs in
    /// anything that it is about (record, revision, values, owner ...), or refused, used or expired.
    fn approvals(&self, request: &Request<'_>) -> u32 {
        let _ = request;
        0
    }

    /// Returns the end of the actor's emergency access, if they took it and it holds now.
    fn emergency(&self, actor: &str) -> Option<Timestamp> {
        let _ = actor;
        None
    }

    /// Returns the number of rows that the actor was shown in the last hour.
    fn rows_in_last_hour(&self, actor: &str) -> u32 {
        let _ = actor;
        0
    }
}

/// Facts of an empty vault at the beginning of 1970, for tests of policies.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}
