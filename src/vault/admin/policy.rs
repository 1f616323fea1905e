//! Changing the policy, and reading past ones back.

use std::sync::{Arc, PoisonError};

use crate::error::Result;
use crate::model::Action;
use crate::policy::AccessPolicy;

use crate::vault::handles::VaultSession;
use crate::vault::lifecycle::{PastPolicy, policies};
use crate::vault::state::policy::Current;

impl VaultSession {
    /// Puts another policy in force, for every open session too. The present one is asked, and the journal names both. (So it
    /// does when the vault is opened with another one than was in force; its code is `opened`.)
    ///
    /// That anybody may change the new one isn't checked. If nobody may, open the vault with another policy
    /// ([`VaultOptions::policy`](crate::VaultOptions::policy)).
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied); [`Error::Policy`](crate::Error::Policy) if the new one is unsound: the present one stays then;
    /// [`Error::AuditUnavailable`](crate::Error::AuditUnavailable), which says that the new one is in force; and reasons why the vault can't act now.
    pub fn set_policy(&self, policy: impl AccessPolicy + 'static) -> Result<()> {
        let core = &self.core;
        let _governing = core.governing.lock().unwrap_or_else(PoisonError::into_inner);
        let act = self.act(Action::ChangePolicy);
        let next = Current::new(Arc::new(policy))?;
        let act = act.told("policy", next.version());
        act.retry_until_committed(|| {
            let mut permit = act.permit()?;
            let (mut write, _) = policies::change(core, &next)?;
            act.spend(&mut permit, &mut write)?;
            let mut entry = act.entry(&permit);
            entry.new_policy(next.version().as_bytes());
            act.add(entry, &mut write)?;
            // By the committer, before the next request is merged: none is decided by the old one after it is on record.
            let (in_force, next) = (Arc::clone(&core.policy), next.clone());
            write.then(move || in_force.replace(next));
            Ok((write, ()))
        })
    }

    /// Returns the policies that the vault was ever given, oldest first, with the texts that they can be read back from.
    /// Those that have no text ([`AccessPolicy::text`]) aren't among them.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) (the act is [`Action::ReviewAccess`]), and reasons why the vault can't act now.
    pub fn past_policies(&self) -> Result<Vec<PastPolicy>> {
        let act = self.act(Action::ReviewAccess).told("what", "past policies");
        let permit = act.permit()?;
        let all = policies::all(&self.core)?;
        act.record_under(permit.approval(), act.entry(&permit))?;
        Ok(all)
    }
}
