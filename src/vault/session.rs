//! A tenant as one actor sees it.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Action, Actor, ApprovalId};
use crate::record::Record;

use crate::vault::records::batch::Batch;
use crate::vault::collection::Collection;
use crate::vault::core::Core;
use crate::vault::gate::Question;
use crate::vault::state::tenant::TenantCore;

/// A tenant as one actor sees it: what every read and write of a record goes through.
///
/// Make one per request of your server; it is a cheap clone, `Send + Sync + 'static`.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<SessionInner>,
}

pub(crate) struct SessionInner {
    pub(crate) core: Arc<Core>,
    pub(crate) tenant: Arc<TenantCore>,
    pub(crate) actor: Actor,
    pub(crate) purpose: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) approval: Option<ApprovalId>,
}

impl Session {
    pub(crate) fn new(core: Arc<Core>, tenant: Arc<TenantCore>, actor: Actor) -> Self {
        Self { inner: Arc::new(SessionInner { core, tenant, actor, purpose: None, reason: None, approval: None }) }
    }

    /// The same session, for a declared purpose. Policies may ask for it, and the journal keeps it as it is.
    #[must_use]
    pub fn for_purpose(&self, purpose: impl Into<String>) -> Self {
        self.with(|inner| inner.purpose = Some(purpose.into()))
    }

    /// The same session, with a reason in the actor's own words. The journal keeps it as it is: put no personal data in.
    #[must_use]
    pub fn because(&self, reason: impl Into<String>) -> Self {
        self.with(|inner| inner.reason = Some(reason.into()))
    }

    /// The actor.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.inner.actor
    }

    /// The records of type `T`, in the collection that its schema names. Reads nothing; only checks.
    ///
    /// # Errors
    /// [`Error::UnknownCollection`](crate::Error::UnknownCollection) if it was never defined in this tenant;
    /// [`Error::Record`](crate::Error::Record) if the type and the defined schema don't fit.
    pub fn collection<T: Record + 'static>(&self) -> Result<Collection<T>> {
        self.collection_named(T::schema().collection())
    }

    /// The records of type `T` in the collection of this name, for types that several collections share, such as
    /// [`Document`](crate::Document).
    ///
    /// # Errors
    /// As [`collection`](Self::collection).
    pub fn collection_named<T: Record + 'static>(&self, name: &str) -> Result<Collection<T>> {
        self.inner.core.ready()?;
        let collection = self.inner.tenant.collection(name)?;
        Collection::new(Arc::clone(&self.inner), collection)
    }

    /// Writes to any of the tenant's collections that are committed together or not at all.
    #[must_use]
    pub fn batch(&self) -> Batch {
        Batch::new(Arc::clone(&self.inner))
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut SessionInner)) -> Self {
        let old = &self.inner;
        let mut inner = SessionInner {
            core: Arc::clone(&old.core),
            tenant: Arc::clone(&old.tenant),
            actor: old.actor.clone(),
            purpose: old.purpose.clone(),
            reason: old.reason.clone(),
            approval: old.approval,
        };
        change(&mut inner);
        Self { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("actor", &self.inner.actor.id()).finish_non_exhaustive()
    }
}

impl SessionInner {
    pub(crate) fn question<'a>(
        &'a self,
        action: Action,
        collection: Option<&'a str>,
        fields: &'a [&'a str],
    ) -> Question<'a> {
        Question {
            collection,
            fields,
            purpose: self.purpose.as_deref(),
            reason: self.reason.as_deref(),
            approval: self.approval,
            ..Question::new(&self.actor, action, Some(&self.tenant))
        }
    }
}
