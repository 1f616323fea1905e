//! Freezing a tenant: what stops the harm while people look into it.
//!
//! Guarantees: a freeze holds from when the call returns on, in sessions that are open too, and is asked before any policy.
//! Does not: reach acts of the vault itself (tenants, policy, verification), or stop what was committed already.

use std::fmt;

use crate::error::Result;
use crate::format::fact::{Fact, Freeze as Stored};
use crate::model::{Action, Timestamp};

use crate::vault::admin::suspend::end;
use crate::vault::commit::Write;
use crate::vault::handles::Session;
use crate::vault::standing::{self, Freeze};

/// A tenant's freeze. `Debug` shows neither who nor why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frozen {
    /// Extent of the freeze.
    pub extent: Freeze,
    /// Who froze the tenant.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frozen").field("extent", &self.extent).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Session {
    /// Freezes the tenant for everybody, in open sessions too, or changes how far its freeze goes. Returns whether
    /// anything changed. What an incident needs goes on in either case: suspending, freezing and its end, reading the
    /// journal, reviews, legal holds, backups, verification, key rotation, retention, and approval of these. The session's reason is kept with it.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) where the policy says no to [`Action::Freeze`];
    /// [`Error::TooLarge`](crate::Error::TooLarge) for a reason over 1,000 bytes; and reasons why the vault can't act now.
    pub fn freeze(&self, extent: Freeze) -> Result<bool> {
        let session = &*self.inner;
        let (core, tenant) = (&session.core, &session.tenant);
        let code = match extent {
            Freeze::ReadOnly => "read_only",
            Freeze::Closed => "closed",
        };
        let act = session.act(Action::Freeze).told("what", "freeze").told("extent", code);
        let reason = standing::check_remembered("actor who freezes", session.actor(), act.asked().reason)?;
        let id = standing::freeze_id(&tenant.keys, tenant.id)?;
        act.retry_until_committed(|| {
            let (mut permit, mut write) = (act.permit()?, Write::default());
            act.spend(&mut permit, &mut write)?;
            let before = standing::stored(&*core.store, &tenant.facts, id)?;
            let new = !matches!(&before, Some((_, Fact::Freeze(freeze))) if Freeze::from(freeze.extent) == extent);
            if new {
                let (by, at) = (session.actor().to_owned(), core.now());
                let stored = Stored { extent: extent.into(), by, at, reason: reason.to_owned() };
                standing::put(
                    &tenant.facts,
                    id,
                    before.map(|(bytes, _)| bytes),
                    Some(Fact::Freeze(stored)),
                    &mut write,
                )?;
            }
            act.add(act.coded(&permit, if new { code } else { "frozen_already" }), &mut write)?;
            Ok((write, new))
        })
    }

    /// Ends the tenant's freeze. Returns whether there was one.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    pub fn unfreeze(&self) -> Result<bool> {
        let act = self.inner.act(Action::Freeze).told("what", "unfreeze");
        let id = standing::freeze_id(&self.inner.tenant.keys, self.inner.tenant.id)?;
        end(&self.inner, act, id, None, |had| if had { "unfrozen" } else { "not_frozen" })
    }

    /// Returns the tenant's freeze, if it is frozen.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) where the policy says no to [`Action::Freeze`], and reasons why the vault
    /// can't act now.
    pub fn frozen(&self) -> Result<Option<Frozen>> {
        let act = self.inner.act(Action::Freeze).told("what", "show");
        let permit = act.permit()?;
        let found = self.inner.tenant.facts.read().freeze().map(|freeze| Frozen {
            extent: freeze.extent.into(),
            by: freeze.by.clone(),
            at: freeze.at,
            reason: freeze.reason.clone(),
        });
        act.record_under(permit.approval(), act.coded(&permit, "shown"))?;
        Ok(found)
    }
}
