//! Collections and their compiled schemas: fields, dictionary, indexes with their keys, plans of types.
//!
//! Guarantees: a schema's generation never changes; the next replaces it between two commits. Does not: use the store.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::{IndexState, StoredKey, StoredRule, StoredSchema};
use crate::index::{self, IndexKeys};
use crate::model::{CollectionId, Normalizer};
use crate::record::Dictionary;

use crate::vault::state::tenant::TenantCore;

/// A collection, shared by the whole vault.
pub(crate) struct CollectionCore {
    pub(crate) id: CollectionId,
    pub(crate) name: String,
    generation: AtomicU64,
    layout: RwLock<Arc<CompiledSchema>>,
}

/// One generation of a collection's schema, compiled.
pub(crate) struct CompiledSchema {
    pub(crate) generation: u64,
    pub(crate) schema: StoredSchema,
    pub(crate) dictionary: Dictionary,
    pub(crate) indexes: Vec<IndexCore>,
    /// Fields whose values policies see.
    pub(crate) exposed: Arc<[ExposedField]>,
    fields: Vec<String>,
    plans: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// A field whose value policies see.
pub(crate) struct ExposedField {
    pub(crate) key: StoredKey,
    pub(crate) name: String,
}

/// One index, ready for use.
pub(crate) struct IndexCore {
    pub(crate) on: Indexed,
    pub(crate) unique: bool,
    pub(crate) ready: bool,
    pub(crate) normalizer: Normalizer,
    pub(crate) keys: IndexKeys,
}

/// The subject of an index.
pub(crate) enum Indexed {
    Field(String),
    Owner,
}

impl IndexCore {
    /// Tells whether the index is on this field.
    pub(crate) fn is_on(&self, field: &str) -> bool {
        matches!(&self.on, Indexed::Field(name) if name == field)
    }

    /// Returns the name of the index's subject, for messages.
    pub(crate) fn name(&self) -> &str {
        match &self.on {
            Indexed::Field(name) => name,
            Indexed::Owner => "the owner",
        }
    }
}

impl CollectionCore {
    pub(crate) fn new(id: CollectionId, name: String, layout: CompiledSchema) -> Self {
        Self { id, name, generation: AtomicU64::new(layout.generation), layout: RwLock::new(Arc::new(layout)) }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn layout(&self) -> Arc<CompiledSchema> {
        Arc::clone(&self.layout.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a new generation in force. Run by the committer between two commits.
    pub(crate) fn replace(&self, layout: CompiledSchema) {
        let mut current = self.layout.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.store(layout.generation, Ordering::Release);
        *current = Arc::new(layout);
    }
}

impl CompiledSchema {
    pub(crate) fn new(generation: u64, schema: StoredSchema, dictionary: Dictionary, indexes: Vec<IndexCore>) -> Self {
        let name = |rule: &StoredRule| match &rule.field {
            StoredKey::Name(name) => Some(name.clone()),
            StoredKey::Number(number) => dictionary.name_of(*number).map(str::to_owned),
            StoredKey::Owner => None,
        };
        let fields = schema.fields.iter().filter_map(name).collect();
        let exposed = schema.fields.iter().filter(|rule| rule.attribute);
        let exposed = exposed.filter_map(|rule| Some(ExposedField { key: rule.field.clone(), name: name(rule)? }));
        let exposed = exposed.collect();
        Self { generation, schema, dictionary, indexes, exposed, fields, plans: RwLock::new(HashMap::new()) }
    }

    /// Returns the names of the fields in this generation.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// Returns the plan of a type for this schema, made on first use.
    pub(crate) fn plan<T: 'static, P: Send + Sync + 'static>(
        &self,
        make: impl FnOnce() -> Result<P>,
    ) -> Result<Arc<P>> {
        let known = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
        if let Some(plan) = known.and_then(|plan| plan.downcast::<P>().ok()) {
            return Ok(plan);
        }
        let plan = Arc::new(make()?);
        let shared: Arc<dyn Any + Send + Sync> = Arc::<P>::clone(&plan);
        self.plans.write().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), shared);
        Ok(plan)
    }
}

/// Compiles a stored schema; `generation` counts a collection's schemas since the vault was opened.
pub(crate) fn layout(
    tenant: &TenantCore,
    id: CollectionId,
    generation: u64,
    schema: StoredSchema,
    dictionary: Dictionary,
) -> Result<CompiledSchema> {
    let mut indexes = Vec::new();
    for stored in schema.indexes.iter().filter(|stored| stored.state != IndexState::Retired) {
        let on = match &stored.field {
            StoredKey::Name(name) => Indexed::Field(name.clone()),
            StoredKey::Number(number) => Indexed::Field(
                dictionary
                    .name_of(*number)
                    .ok_or(Error::damaged("an index is on a field that the dictionary doesn't have"))?
                    .to_owned(),
            ),
            StoredKey::Owner => Indexed::Owner,
        };
        let normalizer = stored.normalizer.clone();
        // With another release's normalizer a search would miss the values that were entered.
        let known = stored.normalizer_version == u16::from(index::version(&normalizer));
        let keys = IndexKeys::derive(tenant.keys.index(), id, stored.id, stored.version)
            .map_err(|error| Error::io("deriving an index key", error))?;
        indexes.push(IndexCore {
            on,
            unique: stored.unique,
            ready: known && stored.state == IndexState::Ready,
            normalizer,
            keys,
        });
    }
    Ok(CompiledSchema::new(generation, schema, dictionary, indexes))
}
