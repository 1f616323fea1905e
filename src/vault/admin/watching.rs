//! What the monitor needs of a vault beside its public calls: the time, a way to write down alerts, and whose word counts.
//!
//! Guarantees: nothing here reads or changes a record.

use crate::audit::{Entry, EntryBuilder};
use crate::error::{Error, Result};
use crate::model::{Action, Actor, TenantId, Timestamp};

use crate::vault::gate::entries;
use crate::vault::gate::Question;
use crate::vault::handle::Vault;
use crate::vault::admin::suspend;
use crate::vault::state::tenant::TenantCore;
use std::sync::Arc;

impl Vault {
    /// The time by the vault's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.core().gate.now()
    }

    /// Writes down something that is no act of the vault's, in the journal of this tenant or of the vault itself.
    pub(crate) fn write_down(&self, tenant: Option<TenantId>, entry: EntryBuilder) -> Result<()> {
        self.core().ready()?;
        let tenant = self.watched(tenant)?;
        let entry: Entry = entries::finish(entry)?;
        self.core().record(tenant.as_ref(), entry).map(|_ticket| ())
    }

    /// Whether the actor's word on an alert counts: theirs who may suspend actors. A refusal is written down.
    ///
    /// # Errors
    /// [`Error::Denied`], and reasons why the vault can't act now.
    pub(crate) fn may_judge_alerts(&self, tenant: Option<TenantId>, actor: &Actor) -> Result<()> {
        match self.watched(tenant)? {
            Some(tenant) => {
                let session = crate::vault::tenant::Tenant::new(Arc::clone(self.core()), tenant).session_of(actor);
                suspend::permit(&session, &suspend::question(&session, None)).map(|_permit| ())
            }
            None => self.permit(&Question::new(actor, Action::Suspend, None)).map(|_permit| ()),
        }
    }

    fn watched(&self, tenant: Option<TenantId>) -> Result<Option<Arc<TenantCore>>> {
        let Some(id) = tenant else { return Ok(None) };
        let found = self.core().all_tenants().into_iter().find(|tenant| tenant.id == id);
        found.map(Some).ok_or(Error::NotPossible { what: "entry", why: "its tenant can't be opened" })
    }
}
