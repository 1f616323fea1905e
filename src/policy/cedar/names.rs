//! The names that questions to Cedar are made of: types, acts and groups of acts.

use std::str::FromStr;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

use crate::model::Action;
use crate::policy::PolicyError;

/// The namespace of everything that comes from Strongroom.
pub(super) const NAMESPACE: &str = "Strongroom";
/// Its types.
pub(super) const TYPES: &[&str] = &["Actor", "Role", "Group", "Record", "Collection", "Vault", "Action"];
/// The group of all administration.
pub(super) const ADMINISTER: &str = "administer";
/// The group of the acts that look at records,
pub(super) const VIEW: &str = "view";
/// and these acts.
pub(super) const VIEWS: &[Action] = &[Action::Read, Action::List, Action::Search, Action::Count];
/// The groups of acts.
pub(super) const GROUPS: &[&str] = &[VIEW, ADMINISTER];

/// The types of a request's entities.
#[derive(Clone)]
pub(super) struct Types {
    pub(super) actor: EntityTypeName,
    pub(super) role: EntityTypeName,
    pub(super) record: EntityTypeName,
    pub(super) collection: EntityTypeName,
    pub(super) vault: EntityTypeName,
    pub(super) action: EntityTypeName,
}

impl Types {
    pub(super) fn new() -> Result<Self, PolicyError> {
        let named = |name: &str| EntityTypeName::from_str(&format!("{NAMESPACE}::{name}")).map_err(PolicyError::new);
        Ok(Self {
            actor: named("Actor")?,
            role: named("Role")?,
            record: named("Record")?,
            collection: named("Collection")?,
            vault: named("Vault")?,
            action: named("Action")?,
        })
    }
}

pub(super) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
