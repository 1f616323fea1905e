//! Facts from and to stored bytes, and the ids that are derived.

use crate::crypto::{Context, Domain, Label, expand_raw};
use crate::error::{Error, Result};
use crate::format::FormatError;
use crate::format::fact::Fact;
use crate::keys::TenantKeys;
use crate::model::{CollectionId, Grantee, RecordId, TenantId};

use crate::vault::state::standing::{FactId, Owner};

pub(crate) fn seal_fact(owner: &Owner, id: FactId, fact: &Fact) -> Result<Vec<u8>> {
    let plain = fact.encode().map_err(|error| Error::io("encoding what is remembered for policies", error))?;
    owner
        .seal(Label::Fact, &context(owner, id), &plain)
        .map_err(|error| Error::io("sealing what is remembered for policies", error))
}

/// Opens the fact that is sealed under this id.
pub(crate) fn open_fact(owner: &Owner, id: FactId, sealed: &[u8]) -> Result<Fact> {
    let plain = owner
        .open(Label::Fact, &context(owner, id), sealed)
        .map_err(|error| Error::damaged_by("what is remembered for policies doesn't open", error))?;
    Fact::decode(&plain).map_err(|error| match error {
        FormatError::Newer { what, found, known } => Error::Newer { what, found, known },
        invalid @ FormatError::Invalid { .. } => Error::damaged_by("what is remembered for policies", invalid),
    })
}

/// The one share of a record with a grantee. Doesn't tell whom.
pub(crate) fn share_id(
    keys: &TenantKeys,
    tenant: TenantId,
    collection: CollectionId,
    record: RecordId,
    with: Grantee<'_>,
) -> Result<FactId> {
    let (kind, name) = match with {
        Grantee::Actor(name) => (1, name),
        Grantee::Role(name) => (2, name),
        Grantee::Group(name) => (3, name),
    };
    let context = Context::new(Domain::Share).bytes(tenant.as_bytes()).bytes(collection.as_bytes());
    derived(keys, &context.bytes(record.as_bytes()).bytes(&[kind]).bytes(name.as_bytes()))
}

/// The one suspension of an actor. Doesn't tell whose.
pub(crate) fn suspension_id(keys: &TenantKeys, tenant: TenantId, actor: &str) -> Result<FactId> {
    derived(keys, &Context::new(Domain::Suspension).bytes(tenant.as_bytes()).bytes(actor.as_bytes()))
}

/// The one freeze of a tenant.
pub(crate) fn freeze_id(keys: &TenantKeys, tenant: TenantId) -> Result<FactId> {
    derived(keys, &Context::new(Domain::Freeze).bytes(tenant.as_bytes()))
}

/// The one demand of an actor. Doesn't tell whose.
pub(crate) fn demand_id(keys: &TenantKeys, tenant: TenantId, actor: &str) -> Result<FactId> {
    derived(keys, &Context::new(Domain::Demand).bytes(tenant.as_bytes()).bytes(actor.as_bytes()))
}

fn derived(keys: &TenantKeys, context: &Context) -> Result<FactId> {
    let mut id = [0; 16];
    expand_raw(keys.state(), Label::FactId, &[context.as_bytes()], &mut id)
        .map_err(|error| Error::io("deriving an id", error))?;
    Ok(RecordId::from_bytes(id))
}

fn context(owner: &Owner, id: FactId) -> Context {
    let tenant = owner.tenant().unwrap_or(TenantId::from_bytes([0; 16]));
    Context::new(Domain::Fact).bytes(tenant.as_bytes()).bytes(id.as_bytes())
}
