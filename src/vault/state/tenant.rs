//! What the vault keeps in memory of a tenant and of its collections.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::audit::RowSetDigest;
use crate::crypto::{Context, CryptoError, Domain, Label, MacKey, seal};
use crate::error::{Error, Result};
use crate::format::state::TenantState;
use crate::format::{StoredKey, StoredRule, StoredSchema};
use crate::index::IndexKeys;
use crate::keys::TenantKeys;
use crate::model::{CollectionId, Normalizer, TenantId};
use crate::record::Dictionary;

use crate::vault::records::duplicate::Guesses;
use crate::vault::standing::TenantFacts;
use crate::vault::check::scrub::Scrubbed;

/// A tenant as everything in the vault shares it.
pub(crate) struct TenantCore {
    pub(crate) id: TenantId,
    pub(crate) name: String,
    pub(crate) keys: Arc<TenantKeys>,
    pub(crate) digest: MacKey,
    pub(crate) commit: MacKey,
    state: Mutex<(TenantState, RowSetDigest, RowSetDigest)>,
    slots: AtomicU32,
    collections: RwLock<HashMap<String, Arc<CollectionCore>>>,
    pub(crate) guesses: Guesses,
    /// Held while a collection is created or its schema changed.
    pub(crate) defining: Mutex<()>,
    /// What is remembered for policies.
    pub(crate) facts: TenantFacts,
    /// How far a scrub has read the tenant's values.
    pub(crate) scrubbed: Scrubbed,
}

impl TenantCore {
    pub(crate) fn new(id: TenantId, name: String, keys: Arc<TenantKeys>, state: TenantState) -> Result<Self> {
        let digest = |bytes: &[u8]| {
            RowSetDigest::from_bytes(bytes).map_err(|error| Error::damaged_by("a tenant's state", error))
        };
        Ok(Self {
            id,
            name,
            digest: MacKey::new(keys.digest()),
            commit: MacKey::new(keys.commit()),
            keys,
            state: Mutex::new((state, digest(&state.primary)?, digest(&state.derived)?)),
            slots: AtomicU32::new(state.next_slot),
            collections: RwLock::new(HashMap::new()),
            guesses: Guesses::default(),
            defining: Mutex::new(()),
            facts: TenantFacts::default(),
            scrubbed: Scrubbed::default(),
        })
    }

    /// The state after the latest durable commit, and its two digests.
    pub(crate) fn state(&self) -> (TenantState, RowSetDigest, RowSetDigest) {
        *self.lock()
    }

    /// For the committer: a commit is durable.
    pub(crate) fn advance(&self, state: TenantState, primary: RowSetDigest, derived: RowSetDigest) {
        *self.lock() = (state, primary, derived);
    }

    /// The first slot that nobody has drawn.
    pub(crate) fn next_slot(&self) -> u32 {
        self.slots.load(Ordering::Acquire)
    }

    /// Draws a slot below the ceiling; `None` when none is left there.
    pub(crate) fn draw_slot(&self) -> Option<u32> {
        let ceiling = self.keys.ceiling();
        self.slots
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |next| (next < ceiling).then(|| next.saturating_add(1)))
            .ok()
    }

    pub(crate) fn seal_state(&self, state: &TenantState) -> Result<Vec<u8>, CryptoError> {
        seal(self.keys.sum(), Label::TenantState, &state_context(self.id), &state.to_bytes())
    }

    pub(crate) fn collection(&self, name: &str) -> Result<Arc<CollectionCore>> {
        let collections = self.collections.read().unwrap_or_else(PoisonError::into_inner);
        collections.get(name).cloned().ok_or_else(|| Error::UnknownCollection {
            name: name.to_owned(),
            nearest: crate::model::nearest(name, collections.keys().map(String::as_str)),
        })
    }

    pub(crate) fn add_collection(&self, name: String, collection: Arc<CollectionCore>) {
        self.collections.write().unwrap_or_else(PoisonError::into_inner).insert(name, collection);
    }

    pub(crate) fn collections(&self) -> Vec<Arc<CollectionCore>> {
        let collections = self.collections.read().unwrap_or_else(PoisonError::into_inner);
        collections.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, (TenantState, RowSetDigest, RowSetDigest)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a tenant's state is bound to.
pub(crate) fn state_context(tenant: TenantId) -> Context {
    Context::new(Domain::TenantState).bytes(tenant.as_bytes())
}

/// A collection as everything in the vault shares it.
pub(crate) struct CollectionCore {
    pub(crate) id: CollectionId,
    pub(crate) name: String,
    generation: AtomicU64,
    layout: RwLock<Arc<CompiledSchema>>,
}

/// One generation of a collection's schema, with all that follows from it.
pub(crate) struct CompiledSchema {
    pub(crate) generation: u64,
    pub(crate) schema: StoredSchema,
    pub(crate) dictionary: Dictionary,
    pub(crate) indexes: Vec<IndexCore>,
    /// The fields whose values policies see.
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

/// What an index is on.
pub(crate) enum Indexed {
    Field(String),
    Owner,
}

impl IndexCore {
    /// Whether it is on this field.
    pub(crate) fn is_on(&self, field: &str) -> bool {
        matches!(&self.on, Indexed::Field(name) if name == field)
    }

    /// What it is on, for messages.
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

    /// Puts a new generation in force; run by the committer between two commits.
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

    /// The names of the fields that the schema has now.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// The plan of a type for this layout, made on first use.
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
