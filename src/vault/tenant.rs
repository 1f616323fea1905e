//! A tenant: its collections, and sessions of its actors.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Action, Actor, RecordId, TenantId};
use crate::policy::Explanation;
use crate::policy::review::{AccessReview, CollectionAnswers, WhoCan};
use crate::record::{Record, Schema};

use crate::vault::core::Core;
use crate::vault::admin::define;
use crate::vault::admin::review::Inquiry;
use crate::vault::session::{Session, SessionInner};
use crate::vault::state::tenant::TenantCore;

/// One company's customer base: its own root key, its own collections; it sees no other tenant.
///
/// A cheap clone, `Send + Sync + 'static`.
#[derive(Clone)]
pub struct Tenant {
    core: Arc<Core>,
    tenant: Arc<TenantCore>,
}

/// Whether a copy of a tenant's keys is kept apart, so that losing the keyring doesn't lose its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Escrow {
    /// No copy is kept: whoever loses the vault's `keys` directory or the master key loses this tenant's records, for
    /// good. Keep copies of both yourself.
    Unescrowed,
}

impl Tenant {
    pub(crate) fn new(core: Arc<Core>, tenant: Arc<TenantCore>) -> Self {
        Self { core, tenant }
    }

    /// The tenant's id.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.tenant.id
    }

    /// The tenant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.tenant.name
    }

    /// The names of the tenant's collections, sorted.
    #[must_use]
    pub fn collections(&self) -> Vec<String> {
        let mut names: Vec<String> = self.tenant.collections().iter().map(|c| c.name.clone()).collect();
        names.sort();
        names
    }

    /// What a policy file names that this tenant doesn't have: misspelt collections and fields, which allow and limit
    /// nothing. Of collections with an open schema only the names are known. Tell it to whoever changed the file; a name may
    /// also be meant for another tenant, or for later.
    ///
    /// ```
    /// # use strongroom::{Tenant, policy::PolicyFile};
    /// fn warn(tenant: &Tenant, policy: &PolicyFile) {
    ///     for mistake in tenant.check_policy(policy) {
    ///         eprintln!("crm.toml:{mistake}");
    ///     }
    /// }
    /// ```
    #[cfg(feature = "policy-file")]
    #[must_use]
    pub fn check_policy(&self, policy: &crate::policy::PolicyFile) -> Vec<crate::policy::Mistake> {
        let layouts: Vec<_> = self.tenant.collections().iter().map(|c| (c.name.clone(), c.layout())).collect();
        let fields = layouts.iter().map(|(_, layout)| match layout.schema.open {
            true => Vec::new(),
            false => layout.fields().collect(),
        });
        let fields: Vec<Vec<&str>> = fields.collect();
        let there: Vec<(&str, &[&str])> =
            layouts.iter().zip(&fields).map(|((name, _), fields)| (name.as_str(), fields.as_slice())).collect();
        policy.check_against(&there)
    }

    /// What this actor sees of the tenant.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed), or another reason why the vault can't act now.
    pub fn session(&self, actor: Actor) -> Result<Session> {
        self.core.ready()?;
        Ok(Session::new(Arc::clone(&self.core), Arc::clone(&self.tenant), actor))
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn tenant(&self) -> &Arc<TenantCore> {
        &self.tenant
    }

    /// What an administrator sees of it.
    pub(crate) fn session_of(&self, admin: &Actor) -> Arc<SessionInner> {
        Session::new(Arc::clone(&self.core), Arc::clone(&self.tenant), admin.clone()).inner
    }

    /// Creates the collection that `T`'s schema names, or changes its schema to the present one, and builds the indexes
    /// that are new. Defining what is defined already does nothing.
    ///
    /// New indexes are built from the rows that are there, a page at a time, while others read and write; if that is cut
    /// short, call `define` again.
    ///
    /// # Errors
    /// [`Error::Record`](crate::Error::Record) if type and schema don't fit, saying what to change;
    /// [`Error::Denied`](crate::Error::Denied) for an actor who may not define; [`Error::Duplicate`](crate::Error::Duplicate)
    /// if a new unique index finds a value twice.
    pub fn define<T: Record + 'static>(&self, actor: &Actor) -> Result<()> {
        self.define_as::<T>(T::schema(), actor)
    }

    /// [`define`](Self::define) with a schema made at run time, for [`Document`](crate::Document) and for types that
    /// several collections share.
    ///
    /// # Errors
    /// As [`define`](Self::define).
    pub fn define_as<T: Record + 'static>(&self, schema: Schema, actor: &Actor) -> Result<()> {
        define::define::<T>(&self.core, &self.tenant, &schema, actor)
    }

    /// Begins questions about access, for an administrator. The calls below ask them in the usual way; an [`Inquiry`] can
    /// ask another policy, for another purpose or time.
    #[must_use]
    pub fn inquire<'a>(&'a self, admin: &'a Actor) -> Inquiry<'a> {
        Inquiry::new(&self.core, &self.tenant, admin)
    }

    /// Who of these actors may do what, with which field; which roles nobody used in so many days; who unites duties that
    /// should be kept apart. See [`Inquiry::review`].
    ///
    /// # Errors
    /// As [`Inquiry::review`].
    pub fn review_access(&self, actors: &[Actor], unused_for_days: u32, admin: &Actor) -> Result<AccessReview> {
        self.inquire(admin).review(actors, unused_for_days)
    }

    /// Why somebody may or may not do something. See [`Inquiry::explain`].
    ///
    /// # Errors
    /// As [`Inquiry::explain`].
    pub fn explain<'c>(
        &self,
        who: &Actor,
        action: Action,
        collection: impl Into<Option<&'c str>>,
        record: Option<RecordId>,
        fields: &[&str],
        admin: &Actor,
    ) -> Result<Explanation> {
        self.inquire(admin).explain(who, action, collection, record, fields)
    }

    /// Who of these actors may do this to the record, or without one to any record of the collection. See
    /// [`Inquiry::who_can`].
    ///
    /// # Errors
    /// As [`Inquiry::who_can`].
    pub fn who_can(
        &self,
        actors: &[Actor],
        action: Action,
        collection: &str,
        record: Option<RecordId>,
        admin: &Actor,
    ) -> Result<WhoCan> {
        self.inquire(admin).who_can(actors, action, collection, record)
    }

    /// What somebody may do in each collection, and with which fields. See [`Inquiry::what_can`].
    ///
    /// # Errors
    /// As [`Inquiry::what_can`].
    pub fn what_can(&self, who: &Actor, admin: &Actor) -> Result<Vec<CollectionAnswers>> {
        self.inquire(admin).what_can(who)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("id", &self.tenant.id).finish_non_exhaustive()
    }
}
