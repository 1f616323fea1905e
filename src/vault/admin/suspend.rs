//! Suspending actors, and demanding a new log-in of one.
//!
//! Guarantees: whoever is suspended, or due for a new log-in, is refused from then on, in sessions that are open too, before
//! any policy is asked. Does not: reach acts of the vault itself (tenants, policy, verification), which are no tenant's to
//! forbid.

use std::fmt;

use crate::audit::EntryBuilder;
use crate::error::{Error, Impossible, Result};
use crate::format::fact::{Demand, Fact, Suspension as Stored};
use crate::model::{Action, Grantee, Timestamp};

use crate::vault::commit::Write;
use crate::vault::gate::{Act, Permit};
use crate::vault::handles::{Session, SessionInner};
use crate::vault::standing::{self, FactId};

/// An actor who may do nothing in a tenant. `Debug` shows neither names nor the reason.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suspension {
    /// The actor's id.
    pub actor: String,
    /// Who suspended them.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl fmt::Debug for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspension").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Session {
    /// Suspends an actor: whatever they ask from now on in this tenant is refused, in open sessions too. Returns whether
    /// they weren't suspended before. Their answers to requests for approval don't count meanwhile. The session's reason is
    /// kept with it.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`]; [`Error::BadName`] for an id that is empty or
    /// over 256 bytes long; [`Error::NotPossible`] for the administrator's own; [`Error::TooLarge`]; and reasons why the
    /// vault can't act now.
    pub fn suspend(&self, actor: &str) -> Result<bool> {
        let act = self.inner.act(Action::Suspend).told("what", "suspend").told("actor", actor);
        suspend(&self.inner, &act, actor, act.asked().reason)
    }

    /// Ends a suspension. Returns whether there was one.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend).
    pub fn reinstate(&self, actor: &str) -> Result<bool> {
        let session = &*self.inner;
        let act = session.act(Action::Suspend).told("what", "reinstate").told("actor", actor);
        standing::check_party("actor to be reinstated", actor)?;
        let id = standing::suspension_id(&session.tenant.keys, session.tenant.id, actor)?;
        end(session, act, id, Some(actor), |had| if had { "reinstated" } else { "not_suspended" })
    }

    /// Returns who is suspended, by their ids.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`], and reasons why the vault can't act now.
    pub fn suspended(&self) -> Result<Vec<Suspension>> {
        let session = &*self.inner;
        let act = session.act(Action::Suspend).told("what", "list");
        let mut permit = act.permit()?;
        let mut all: Vec<Suspension> = {
            let table = session.tenant.facts.read();
            let shown = |stored: &Stored| {
                let Stored { actor, by, at, reason } = stored.clone();
                Suspension { actor, by, at, reason }
            };
            table.suspensions().map(shown).collect()
        };
        all.sort_by(|a, b| a.actor.cmp(&b.actor));
        let mut entry = act.coded(&permit, "listed");
        entry.rows(u32::try_from(all.len()).unwrap_or(u32::MAX));
        act.record_under(permit.approval(), entry)?;
        permit.approval_is_spent();
        Ok(all)
    }

    /// Refuses whatever an actor asks from now on in this tenant, in open sessions too, until they have been
    /// authenticated anew, at least this strongly ([`Actor::with_authentication`](crate::Actor::with_authentication)); every act answers
    /// [`step_up_required`](crate::policy::codes::STEP_UP_REQUIRED) till then. Done again it counts from then, and the
    /// stronger of the two demands: [`waive_step_up`](Self::waive_step_up) takes one back.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend); the act is [`Action::Suspend`].
    pub fn require_step_up(&self, actor: &str, strength: u8) -> Result<()> {
        let session = &*self.inner;
        let (core, tenant) = (&session.core, &session.tenant);
        let act = session.act(Action::Suspend).told("what", "require_step_up").told("actor", actor);
        let act = act.told("strength", strength);
        standing::check_party("actor to be authenticated anew", actor)?;
        let reason = standing::check_remembered("actor who demands it", session.actor(), act.asked().reason)?;
        let id = standing::demand_id(&tenant.keys, tenant.id, actor)?;
        act.retry_until_committed(|| {
            let (mut permit, mut write) = (act.permit()?, Write::default());
            act.spend(&mut permit, &mut write)?;
            let before = standing::stored(&*core.store, &tenant.facts, id)?;
            // Whoever demands less takes nothing back.
            let stands = match &before {
                Some((_, Fact::Demand(demand))) => demand.strength,
                _ => 0,
            };
            let demand = Demand {
                actor: actor.to_owned(),
                strength: strength.max(stands),
                by: session.actor().to_owned(),
                at: core.now(),
                reason: reason.to_owned(),
            };
            standing::put(&tenant.facts, id, before.map(|(bytes, _)| bytes), Some(Fact::Demand(demand)), &mut write)?;
            act.add(about(&act, &permit, "step_up", Some(actor)), &mut write)?;
            Ok((write, ()))
        })
    }

    /// Takes back what [`require_step_up`](Self::require_step_up) demands of an actor. Returns whether anything was.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend); the act is [`Action::Suspend`].
    pub fn waive_step_up(&self, actor: &str) -> Result<bool> {
        let session = &*self.inner;
        let act = session.act(Action::Suspend).told("what", "waive_step_up").told("actor", actor);
        let what = "actor who needn't be authenticated anew";
        let id = check_other(session, what, actor)
            .and_then(|()| standing::demand_id(&session.tenant.keys, session.tenant.id, actor))?;
        end(session, act, id, Some(actor), |had| if had { "step_up_waived" } else { "step_up_not_demanded" })
    }
}

/// Suspends an actor.
pub(crate) fn suspend(session: &SessionInner, act: &Act<'_>, actor: &str, reason: Option<&str>) -> Result<bool> {
    let (core, tenant) = (&session.core, &session.tenant);
    check_other(session, "actor to be suspended", actor)?;
    let reason = standing::check_remembered("actor who suspends", session.actor(), reason)?;
    let id = standing::suspension_id(&tenant.keys, tenant.id, actor)?;
    act.retry_until_committed(|| {
        let (mut permit, mut write) = (act.permit()?, Write::default());
        act.spend(&mut permit, &mut write)?;
        let new = standing::stored(&*core.store, &tenant.facts, id)?.is_none();
        if new {
            let (by, at) = (session.actor().to_owned(), core.now());
            let fact = Stored { actor: actor.to_owned(), by, at, reason: reason.to_owned() };
            standing::put(&tenant.facts, id, None, Some(Fact::Suspension(fact)), &mut write)?;
        }
        act.add(about(act, &permit, if new { "suspended" } else { "suspended_already" }, Some(actor)), &mut write)?;
        Ok((write, new))
    })
}

/// Removes a fact, if it is there; the entry's code says whether it was. An approval is for the fact that stood when it was
/// asked for, not for the next of its kind.
pub(crate) fn end(
    session: &SessionInner,
    act: Act<'_>,
    id: FactId,
    actor: Option<&str>,
    code: impl Fn(bool) -> &'static str,
) -> Result<bool> {
    let (store, facts) = (&*session.core.store, &session.tenant.facts);
    let since = standing::stored(store, facts, id)?.and_then(|(_, fact)| began(&fact));
    let act = act.told_any("since", since);
    act.retry_until_committed(|| {
        let (mut permit, mut write) = (act.permit()?, Write::default());
        let approved = permit.approval().is_some();
        act.spend(&mut permit, &mut write)?;
        let (before, now) = standing::stored(store, facts, id)?.unzip();
        if approved && now.as_ref().and_then(began) != since {
            return Err(act.fail("conflict", Error::Conflict));
        }
        let had = before.is_some();
        if had {
            standing::put(facts, id, before, None, &mut write)?;
        }
        act.add(about(&act, &permit, code(had), actor), &mut write)?;
        Ok((write, had))
    })
}

fn began(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Suspension(suspension) => Some(suspension.at),
        Fact::Freeze(freeze) => Some(freeze.at),
        Fact::Demand(demand) => Some(demand.at),
        Fact::Share(_) | Fact::Approval(_) | Fact::Emergency(_) => None,
    }
}

fn check_other(session: &SessionInner, what: &'static str, actor: &str) -> Result<()> {
    standing::check_party(what, actor)?;
    if session.actor() == actor {
        return Err(Impossible::OnOneself.into());
    }
    Ok(())
}

/// Begins the entry of an act that concerns an actor.
fn about(act: &Act<'_>, permit: &Permit, code: &str, actor: Option<&str>) -> EntryBuilder {
    let mut entry = act.coded(permit, code);
    if let Some(actor) = actor {
        entry.party(Grantee::Actor(actor));
    }
    entry
}
