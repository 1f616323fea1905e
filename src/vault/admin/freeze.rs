//! Freezing a tenant, and demanding a new log-in of one actor: what stops the harm while people look into it.
//!
//! Guarantees: both hold from when the call returns on, in sessions that are open too, and are asked before any policy.
//! Does not: reach acts of the vault itself (tenants, policy, verification), or stop what was decided already.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::fact::{Demand, Extent, Fact, Freeze as Stored};
use crate::model::{Action, Actor, Authentication, Grantee, Timestamp};
use crate::policy::{Denial, codes};

use crate::vault::core::Write;
use crate::vault::gate::entries;
use crate::vault::standing;
use crate::vault::gate::{Permit, Question};
use crate::vault::session::SessionInner;
use crate::vault::admin::suspend::permit;
use crate::vault::tenant::Tenant;
use crate::vault::state::tenant::TenantCore;

/// How far a freeze goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Freeze {
    /// Nothing changes: records are read, listed, searched, counted and exported as the policy says.
    ReadOnly,
    /// Nobody sees or changes a record.
    Closed,
}

/// A tenant's freeze. `Debug` shows neither who nor why.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frozen {
    /// How far it goes.
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

impl Tenant {
    /// Freezes the tenant for everybody, in open sessions too, or changes how far its freeze goes. Returns whether
    /// anything changed. What an incident needs goes on in either case: suspending, freezing and its end, reading the
    /// journal, reviews, legal holds, backups, verification, key rotation, retention.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Freeze`]; [`Error::TooLarge`] for a reason over 1,000
    /// bytes; and reasons why the vault can't act now.
    pub fn freeze(&self, extent: Freeze, reason: &str, admin: &Actor) -> Result<bool> {
        let session = self.session_of(admin);
        let question = question(&session, Action::Freeze, Some(reason));
        let permit = permit(&session, &question)?;
        let by = session.actor.id();
        standing::check_party("actor who freezes", by)?;
        standing::check_words("reason (in bytes)", reason)?;
        let (core, tenant) = (&session.core, &session.tenant);
        let id = standing::freeze_id(&tenant.keys, tenant.id)?;
        let code = match extent {
            Freeze::ReadOnly => "read_only",
            Freeze::Closed => "closed",
        };
        standing::change_until_committed(&session, || {
            let mut write = Write::default();
            let before = standing::stored(core, tenant, id)?;
            let new = !matches!(&before, Some((_, Fact::Freeze(freeze))) if Freeze::from(freeze.extent) == extent);
            if new {
                let stored =
                    Stored { extent: extent.into(), by: by.to_owned(), at: core.gate.now(), reason: reason.to_owned() };
                standing::put(tenant, id, before.map(|(bytes, _)| bytes), Some(Fact::Freeze(stored)), &mut write)?;
            }
            let code = if new { code } else { "frozen_already" };
            write.entries.push(entries::finish(entries::coded(&core.gate, &question, None, code, &permit))?);
            Ok((write, new))
        })
    }

    /// Ends the tenant's freeze. Returns whether there was one.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    pub fn unfreeze(&self, reason: &str, admin: &Actor) -> Result<bool> {
        let session = self.session_of(admin);
        let question = question(&session, Action::Freeze, Some(reason));
        let permit = permit(&session, &question)?;
        let id = standing::freeze_id(&session.tenant.keys, session.tenant.id)?;
        let code = |had| if had { "unfrozen" } else { "not_frozen" };
        end(&session, id, |had| entries::coded(&session.core.gate, &question, None, code(had), &permit))
    }

    /// The tenant's freeze, if it is frozen.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Freeze`], and reasons why the vault can't act now.
    pub fn frozen(&self, admin: &Actor) -> Result<Option<Frozen>> {
        let session = self.session_of(admin);
        let question = question(&session, Action::Freeze, None);
        let permit = permit(&session, &question)?;
        let found = session.tenant.facts.read().freeze().map(|freeze| Frozen {
            extent: freeze.extent.into(),
            by: freeze.by.clone(),
            at: freeze.at,
            reason: freeze.reason.clone(),
        });
        let entry = entries::coded(&session.core.gate, &question, None, "shown", &permit);
        session.core.record(Some(&session.tenant), entries::finish(entry)?)?;
        Ok(found)
    }

    /// Refuses whatever an actor asks from now on in this tenant, in open sessions too, until they have been
    /// authenticated anew, at least this strongly ([`Actor::with_authentication`]); every act answers
    /// [`step_up_required`](crate::policy::codes::STEP_UP_REQUIRED) till then. Done again it counts from then, and the
    /// stronger of the two demands: [`waive_step_up`](Self::waive_step_up) takes one back.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend); the act is [`Action::Suspend`].
    pub fn require_step_up(&self, actor: &str, strength: u8, reason: &str, admin: &Actor) -> Result<()> {
        let session = self.session_of(admin);
        let question = question(&session, Action::Suspend, Some(reason));
        let permit = permit(&session, &question)?;
        let by = session.actor.id();
        standing::check_party("actor to be authenticated anew", actor)?;
        standing::check_party("actor who demands it", by)?;
        standing::check_words("reason (in bytes)", reason)?;
        let (core, tenant) = (&session.core, &session.tenant);
        let id = standing::demand_id(&tenant.keys, tenant.id, actor)?;
        standing::change_until_committed(&session, || {
            let mut write = Write::default();
            let before = standing::stored(core, tenant, id)?;
            // Whoever demands less takes nothing back.
            let stands = match &before {
                Some((_, Fact::Demand(demand))) => demand.strength,
                _ => 0,
            };
            let before = before.map(|(bytes, _)| bytes);
            let demand = Demand {
                actor: actor.to_owned(),
                strength: strength.max(stands),
                by: by.to_owned(),
                at: core.gate.now(),
                reason: reason.to_owned(),
            };
            standing::put(tenant, id, before, Some(Fact::Demand(demand)), &mut write)?;
            write.entries.push(entries::finish(about(&session, &question, "step_up", &permit, actor))?);
            Ok((write, ()))
        })
    }

    /// Takes back what [`require_step_up`](Self::require_step_up) demands of an actor. Returns whether anything was.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend); the act is [`Action::Suspend`].
    pub fn waive_step_up(&self, actor: &str, reason: &str, admin: &Actor) -> Result<bool> {
        let session = self.session_of(admin);
        let question = question(&session, Action::Suspend, Some(reason));
        let permit = permit(&session, &question)?;
        standing::check_party("actor who needn't be authenticated anew", actor)?;
        if session.actor.id() == actor {
            let why = "nobody waives it for themselves: ask another administrator";
            return Err(Error::NotPossible { what: "waiving a step-up", why });
        }
        let id = standing::demand_id(&session.tenant.keys, session.tenant.id, actor)?;
        let code = |had| if had { "step_up_waived" } else { "step_up_not_demanded" };
        end(&session, id, |had| about(&session, &question, code(had), &permit, actor))
    }
}

/// What a freeze or a demand has against an act.
pub(crate) fn standing(tenant: &TenantCore, actor: &Actor, action: Action) -> Result<(), Denial> {
    let table = tenant.facts.read();
    if let Some(freeze) = table.freeze()
        && !goes_on(freeze.extent.into(), action)
    {
        let extent = match freeze.extent {
            Extent::ReadOnly => "frozen, read-only",
            Extent::Closed => "frozen and closed",
        };
        let why = format!("`{action}`: the tenant is {extent}: see `tenant.frozen` and `tenant.unfreeze`");
        return Err(
            Denial::new(codes::FROZEN, why).for_user("This is stopped for the time being. Ask your administrator.")
        );
    }
    if let Some(demand) = table.demand(actor.id())
        && !actor.authentication().is_some_and(|authentication| meets(authentication, demand))
    {
        let why = format!(
            "`{}` has to be authenticated anew, with strength {} or more (see `tenant.require_step_up` and \
             `actor.authenticated`)",
            actor.id(),
            demand.strength
        );
        let user = "Prove once more who you are, in the stronger way, and try again.";
        return Err(Denial::new(codes::STEP_UP_REQUIRED, why).for_user(user));
    }
    Ok(())
}

fn meets(authentication: Authentication, demand: &Demand) -> bool {
    authentication.strength >= demand.strength && authentication.at > demand.at
}

/// Whether an act goes on while the tenant is frozen.
const fn goes_on(extent: Freeze, action: Action) -> bool {
    match action {
        Action::Verify
        | Action::ReadJournal
        | Action::Suspend
        | Action::Freeze
        | Action::ReviewAccess
        | Action::ReviewEmergency
        | Action::Hold
        | Action::Backup
        | Action::Retain
        | Action::RotateKeys => true,
        action => matches!(extent, Freeze::ReadOnly) && shows(action),
    }
}

/// Whether an act shows records and changes none.
const fn shows(action: Action) -> bool {
    matches!(action, Action::Read | Action::List | Action::Search | Action::Count | Action::Export | Action::Unmask)
}

fn question<'a>(session: &'a SessionInner, action: Action, reason: Option<&'a str>) -> Question<'a> {
    Question { reason, ..session.question(action, None, &[]) }
}

/// The entry of an act that concerns an actor.
fn about(
    session: &SessionInner,
    question: &Question<'_>,
    code: &str,
    permit: &Permit,
    actor: &str,
) -> crate::audit::EntryBuilder {
    let mut entry = entries::coded(&session.core.gate, question, None, code, permit);
    entry.party(Grantee::Actor(actor));
    entry
}

/// Removes a fact, if it is there; the entry says whether it was.
fn end(
    session: &Arc<SessionInner>,
    id: crate::model::RecordId,
    entry: impl Fn(bool) -> crate::audit::EntryBuilder,
) -> Result<bool> {
    let (core, tenant) = (&session.core, &session.tenant);
    standing::change_until_committed(session, || {
        let mut write = Write::default();
        let before = standing::stored(core, tenant, id)?.map(|(bytes, _)| bytes);
        let had = before.is_some();
        if had {
            standing::put(tenant, id, before, None, &mut write)?;
        }
        write.entries.push(entries::finish(entry(had))?);
        Ok((write, had))
    })
}

impl From<Freeze> for Extent {
    fn from(extent: Freeze) -> Self {
        match extent {
            Freeze::ReadOnly => Self::ReadOnly,
            Freeze::Closed => Self::Closed,
        }
    }
}

impl From<Extent> for Freeze {
    fn from(extent: Extent) -> Self {
        match extent {
            Extent::ReadOnly => Self::ReadOnly,
            Extent::Closed => Self::Closed,
        }
    }
}
