//! The monitor's needs of a vault beside its public calls: the time, a way to write down alerts, and whose word counts.
//!
//! Guarantees: nothing here reads or changes a record.

use std::sync::Arc;

use crate::audit::EntryBuilder;
use crate::error::{Impossible, Result};
use crate::model::{Action, TenantId, Timestamp};

use crate::vault::gate::{Act, finish};
use crate::vault::handles::{Vault, VaultSession};
use crate::vault::state::tenant::TenantCore;

impl Vault {
    /// Returns the time by the vault's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.core().now()
    }

    /// Writes down something that is no act of the vault's, in the journal of this tenant or of the vault itself.
    pub(crate) fn write_down(&self, tenant: Option<TenantId>, entry: EntryBuilder) -> Result<()> {
        self.core().ready()?;
        let tenant = self.watched(tenant)?;
        self.core().record(tenant.as_ref(), finish(entry)?).map(|_ticket| ())
    }

    /// Checks that the actor's word on an alert counts: theirs who may suspend actors. A refusal is written down.
    ///
    /// # Errors
    /// [`Error::Denied`], and reasons why the vault can't act now.
    pub(crate) fn may_judge_alerts(&self, tenant: Option<TenantId>, judge: &VaultSession) -> Result<()> {
        let tenant = self.watched(tenant)?;
        let act = Act::new(self.core(), tenant.as_ref(), &judge.who, Action::Suspend);
        let permit = act.permit_to_plan().map(|_permit| ());
        // The entry of the feedback tells of it.
        act.told_elsewhere();
        permit
    }

    fn watched(&self, tenant: Option<TenantId>) -> Result<Option<Arc<TenantCore>>> {
        let Some(id) = tenant else { return Ok(None) };
        let found = self.core().all_tenants().into_iter().find(|tenant| tenant.id == id);
        found.map(Some).ok_or(Impossible::UnreadTenant.into())
    }
}
