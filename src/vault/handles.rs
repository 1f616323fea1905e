//! The public handles: a vault, a tenant, sessions of actors, a collection. Rooms above add the verbs.
//!
//! Guarantees: whoever acts is named by a session, which carries purpose, reason and approval too; all handles are cheap
//! clones, `Send + Sync + 'static`. Does not: read or change anything.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::audit::HeadKey;
use crate::error::Result;
use crate::model::{Actor, ApprovalId, CollectionId, TenantId, VaultId};

use crate::vault::core::Core;
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::tenant::TenantCore;

/// One opened vault: a directory, its keys, its policy, its journal.
///
/// A cheap clone, `Send + Sync + 'static`. When the last handle is gone (tenants, sessions and collections hold it too),
/// the vault is closed as [`close`](Self::close) does, without anybody to report to.
#[derive(Clone)]
pub struct Vault {
    core: Arc<Core>,
}

/// A vault that is kept open by others: for what must not keep it open itself, such as a sink that acts on the vault.
#[derive(Clone)]
pub struct WeakVault {
    core: Weak<Core>,
}

/// One company's customer base: its own root key, its own collections; it sees no other tenant.
///
/// A cheap clone, `Send + Sync + 'static`.
#[derive(Clone)]
pub struct Tenant {
    core: Arc<Core>,
    tenant: Arc<TenantCore>,
}

/// A tenant as one actor sees it: every read and write of a record and every act of the tenant's administration goes
/// through one.
///
/// Make one per request of your server; it is a cheap clone, `Send + Sync + 'static`. Purpose, reason and approval are set
/// on the session, for all that is done by it.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<SessionInner>,
}

/// The vault as one actor sees it: acts of the vault itself go through one, such as creating tenants, changing the policy
/// and verifying.
///
/// A cheap clone, `Send + Sync + 'static`. Purpose, reason and approval are set on the session, for all that is done by it.
#[derive(Clone)]
pub struct VaultSession {
    pub(crate) core: Arc<Core>,
    pub(crate) who: Arc<Who>,
}

/// The records of type `T` in one collection, as one actor may use them. A cheap clone, `Send + Sync + 'static`.
///
/// Every call asks the policy first and is written to the journal, refused ones too. The errors that all calls share:
///
/// - [`Error::Denied`](crate::Error::Denied): the policy said no. It also stands for a record that isn't there, where
///   the actor may not know that.
/// - [`Error::Damaged`](crate::Error::Damaged): a row doesn't open, or contradicts its index.
/// - [`Error::AuditUnavailable`](crate::Error::AuditUnavailable), [`Error::Stopped`](crate::Error::Stopped),
///   [`Error::Closed`](crate::Error::Closed): the vault can't act now.
pub struct Collection<T> {
    session: Arc<SessionInner>,
    core: Arc<CollectionCore>,
    kind: PhantomData<fn() -> T>,
}

/// A tenant's session, as everything in the vault shares it.
#[derive(Clone)]
pub(crate) struct SessionInner {
    pub(crate) core: Arc<Core>,
    pub(crate) tenant: Arc<TenantCore>,
    pub(crate) who: Who,
}

/// Who acts, for what purpose, why, and under which approval.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) actor: Actor,
    pub(crate) purpose: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) approval: Option<ApprovalId>,
    /// The request for approval that is being made, where acts are only asked for.
    pub(crate) asking: Option<Arc<Asking>>,
}

/// A request for approval that is being made: the first act of its session is asked for, and none is done.
pub(crate) struct Asking {
    pub(crate) valid_for: Duration,
    state: Mutex<Asked>,
}

/// The state of a request for approval that is being made.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Nothing,
    For(ApprovalId),
    Over,
}

impl Vault {
    pub(crate) fn new(core: Core) -> Self {
        Self { core: Arc::new(core) }
    }

    pub(crate) const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Returns a handle that doesn't keep the vault open.
    #[must_use]
    pub fn downgrade(&self) -> WeakVault {
        WeakVault { core: Arc::downgrade(&self.core) }
    }

    /// Returns the vault's id.
    #[must_use]
    pub fn id(&self) -> VaultId {
        self.core.id
    }

    /// Begins a session of an actor, for acts of the vault itself.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed), or another reason why the vault can't act now.
    pub fn session(&self, actor: Actor) -> Result<VaultSession> {
        self.core.ready()?;
        Ok(VaultSession { core: Arc::clone(&self.core), who: Arc::new(Who::new(actor)) })
    }

    /// Returns the tenant of this name.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`](crate::Error::UnknownTenant).
    pub fn tenant(&self, name: &str) -> Result<Tenant> {
        self.core.ready()?;
        Ok(Tenant::new(Arc::clone(&self.core), self.core.tenant(name)?))
    }

    /// Returns all tenants, by name.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant> {
        let mut all = self.core.all_tenants();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.into_iter().map(|tenant| Tenant::new(Arc::clone(&self.core), tenant)).collect()
    }

    /// Returns the public key that heads are signed with.
    #[must_use]
    pub fn head_key(&self) -> HeadKey {
        let keys = self.core.keyring.vault_keys();
        HeadKey::of(&keys.signing, self.core.id, keys.epoch)
    }

    /// Writes buffered journal entries out, and waits until they are durable and acknowledged by required sinks.
    ///
    /// # Errors
    /// Reasons why the vault can't act now.
    pub fn flush(&self) -> Result<()> {
        self.core.ready()?;
        self.core.flush()
    }

    /// Commits what waits, brings the head file up to date, closes the store and releases the lock. Every later call of
    /// any handle returns [`Error::Closed`](crate::Error::Closed); closing twice is fine.
    ///
    /// # Errors
    /// What couldn't be written: [`Error::Io`](crate::Error::Io), [`Error::Stopped`](crate::Error::Stopped), or
    /// [`Error::AuditUnavailable`](crate::Error::AuditUnavailable) for a required sink that hasn't taken everything; it
    /// gets the rest when the vault is opened again.
    pub fn close(&self) -> Result<()> {
        self.core.close()
    }
}

impl WeakVault {
    /// Returns the vault; `None` once its last handle is gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Vault> {
        self.core.upgrade().map(|core| Vault { core })
    }
}

impl Tenant {
    pub(crate) const fn new(core: Arc<Core>, tenant: Arc<TenantCore>) -> Self {
        Self { core, tenant }
    }

    #[cfg(any(test, feature = "policy-file"))]
    pub(crate) const fn tenant(&self) -> &Arc<TenantCore> {
        &self.tenant
    }

    /// Returns the tenant's id.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.tenant.id
    }

    /// Returns the tenant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.tenant.name
    }

    /// Returns the names of the tenant's collections, sorted.
    #[must_use]
    pub fn collections(&self) -> Vec<String> {
        let mut names: Vec<String> = self.tenant.collections().iter().map(|c| c.name.clone()).collect();
        names.sort();
        names
    }

    /// Returns the name of the collection with this id, as journal entries and events give it; `None` if there is none.
    #[must_use]
    pub fn collection_name(&self, id: CollectionId) -> Option<String> {
        self.tenant.collections().iter().find(|collection| collection.id == id).map(|c| c.name.clone())
    }

    /// Begins a session of an actor.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed), or another reason why the vault can't act now.
    pub fn session(&self, actor: Actor) -> Result<Session> {
        self.core.ready()?;
        Ok(Session::new(Arc::clone(&self.core), Arc::clone(&self.tenant), actor))
    }
}

impl Session {
    pub(crate) fn new(core: Arc<Core>, tenant: Arc<TenantCore>, actor: Actor) -> Self {
        Self { inner: Arc::new(SessionInner { core, tenant, who: Who::new(actor) }) }
    }

    /// Returns the same session, for a declared purpose. Policies may ask for it, and the journal keeps it as it is.
    #[must_use]
    pub fn for_purpose(&self, purpose: impl Into<String>) -> Self {
        self.with(|who| who.purpose = Some(purpose.into()))
    }

    /// Returns the same session, with a reason in the actor's own words. The journal keeps it as it is: put no personal data
    /// in.
    #[must_use]
    pub fn because(&self, reason: impl Into<String>) -> Self {
        self.with(|who| who.reason = Some(reason.into()))
    }

    /// Returns the same session, doing the one act that was approved. The act uses the approval up.
    #[must_use]
    pub fn under_approval(&self, approval: ApprovalId) -> Self {
        self.with(|who| who.approval = Some(approval))
    }

    /// Returns the actor.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.inner.who.actor
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Who)) -> Self {
        let mut inner = SessionInner::clone(&self.inner);
        change(&mut inner.who);
        Self { inner: Arc::new(inner) }
    }
}

impl VaultSession {
    /// Returns the same session, for a declared purpose. Policies may ask for it, and the journal keeps it as it is.
    #[must_use]
    pub fn for_purpose(&self, purpose: impl Into<String>) -> Self {
        self.with(|who| who.purpose = Some(purpose.into()))
    }

    /// Returns the same session, with a reason in the actor's own words. The journal keeps it as it is: put no personal data
    /// in.
    #[must_use]
    pub fn because(&self, reason: impl Into<String>) -> Self {
        self.with(|who| who.reason = Some(reason.into()))
    }

    /// Returns the same session, doing the one act that was approved. The act uses the approval up.
    #[must_use]
    pub fn under_approval(&self, approval: ApprovalId) -> Self {
        self.with(|who| who.approval = Some(approval))
    }

    /// Returns the actor.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.who.actor
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Who)) -> Self {
        let mut who = Who::clone(&self.who);
        change(&mut who);
        Self { core: Arc::clone(&self.core), who: Arc::new(who) }
    }
}

impl<T> Collection<T> {
    pub(crate) const fn new(session: Arc<SessionInner>, core: Arc<CollectionCore>) -> Self {
        Self { session, core, kind: PhantomData }
    }

    pub(crate) const fn core(&self) -> &Arc<CollectionCore> {
        &self.core
    }

    pub(crate) const fn session(&self) -> &Arc<SessionInner> {
        &self.session
    }
}

impl SessionInner {
    /// Returns the id of who acts.
    pub(crate) fn actor(&self) -> &str {
        self.who.actor.id()
    }

    /// Returns the same session, whose acts are done where they were only asked for.
    pub(crate) fn doing(&self) -> Self {
        let who = Who { asking: None, ..self.who.clone() };
        Self { core: Arc::clone(&self.core), tenant: Arc::clone(&self.tenant), who }
    }
}

impl Who {
    pub(crate) const fn new(actor: Actor) -> Self {
        Self { actor, purpose: None, reason: None, approval: None, asking: None }
    }
}

impl Asking {
    pub(crate) const fn new(valid_for: Duration) -> Self {
        Self { valid_for, state: Mutex::new(Asked::Nothing) }
    }

    /// Returns what was asked for so far, and keeps others from asking.
    pub(crate) fn state(&self) -> MutexGuard<'_, Asked> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.session), Arc::clone(&self.core))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.core.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for WeakVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakVault")
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("id", &self.tenant.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("actor", &self.actor().id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for VaultSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultSession").field("actor", &self.actor().id()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection").field("name", &self.core.name).finish_non_exhaustive()
    }
}
