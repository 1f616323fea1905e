//! What a policy is asked: who, what act, on what, asking for which fields, when and why.

use super::{Action, Actor, RecordId, Revision, TenantId, Timestamp};

/// One question to a policy.
///
/// Fields are added as policies need them; read it, don't build it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// What they want to do.
    pub action: Action,
    /// In which tenant; `None` for acts of the vault itself.
    pub tenant: Option<TenantId>,
    /// In which collection, by its name.
    pub collection: Option<&'a str>,
    /// On which record, where there is one and it is known.
    pub resource: Option<&'a Resource<'a>>,
    /// The fields the act reads or writes, where it names them: the fields changed by an update, the field searched.
    pub fields: &'a [&'a str],
    /// The time of the act.
    pub time: Timestamp,
    /// What the data is wanted for, as the session declares it.
    pub purpose: Option<&'a str>,
    /// Why, in the actor's own words.
    pub reason: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(actor: &'a Actor, action: Action, time: Timestamp) -> Self {
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
        }
    }
}

/// What a policy may know of a record: its metadata, never a value.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Resource<'a> {
    /// The record's id; `None` for one that is about to be created.
    pub id: Option<RecordId>,
    /// Its revision; `None` for one that is about to be created.
    pub revision: Option<Revision>,
    /// Its owner.
    pub owner: Option<&'a str>,
    /// Its labels.
    pub labels: &'a [String],
}

impl<'a> Resource<'a> {
    pub(crate) fn new(
        id: Option<RecordId>,
        revision: Option<Revision>,
        owner: Option<&'a str>,
        labels: &'a [String],
    ) -> Self {
        Self { id, revision, owner, labels }
    }
}

/// What a policy may ask the vault while it decides.
///
/// Shares, approvals and counters will be answered here; today it knows the time.
pub trait Facts {
    /// The time of the decision.
    fn now(&self) -> Timestamp;
}
