//! Suspending actors.
//!
//! Guarantees: whoever is suspended is refused from then on, in sessions that are open too, before any policy is asked.
//! Does not: reach acts of the vault itself (tenants, policy, verification), which are no tenant's to forbid.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::fact::{Fact, Suspension as Stored};
use crate::model::{Action, Actor, Grantee, Timestamp};

use crate::vault::core::Write;
use crate::vault::gate::entries;
use crate::vault::standing;
use crate::vault::gate::{Permit, Question};
use crate::vault::records::read;
use crate::vault::session::SessionInner;
use crate::vault::tenant::Tenant;

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

impl Tenant {
    /// Suspends an actor: whatever they ask from now on in this tenant is refused, in open sessions too. Returns whether
    /// they weren't suspended before. Their answers to requests for approval don't count meanwhile.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`]; [`Error::BadName`] for an id that is empty or
    /// over 256 bytes long; [`Error::NotPossible`] for the administrator's own; [`Error::TooLarge`]; and reasons why the
    /// vault can't act now.
    pub fn suspend(&self, actor: &str, reason: &str, admin: &Actor) -> Result<bool> {
        let session = self.session_of(admin);
        let question = question(&session, Some(reason));
        let permit = permit(&session, &question)?;
        suspend(&session, &question, &permit, actor, reason)
    }

    /// Ends a suspension. Returns whether there was one.
    ///
    /// # Errors
    /// As [`suspend`](Self::suspend).
    pub fn reinstate(&self, actor: &str, reason: &str, admin: &Actor) -> Result<bool> {
        let session = self.session_of(admin);
        let question = question(&session, Some(reason));
        let permit = permit(&session, &question)?;
        reinstate(&session, &question, &permit, actor)
    }

    /// Who is suspended, by their ids.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`], and reasons why the vault can't act now.
    pub fn suspended(&self, admin: &Actor) -> Result<Vec<Suspension>> {
        let session = self.session_of(admin);
        let question = question(&session, None);
        let permit = permit(&session, &question)?;
        let mut all: Vec<Suspension> = {
            let table = session.tenant.facts.read();
            let shown = |stored: &Stored| {
                let Stored { actor, by, at, reason } = stored.clone();
                Suspension { actor, by, at, reason }
            };
            table.suspensions().map(shown).collect()
        };
        all.sort_by(|a, b| a.actor.cmp(&b.actor));
        let entry = entries::coded(&session.core.gate, &question, None, "listed", &permit);
        session.core.record(Some(&session.tenant), entries::finish(entry)?)?;
        Ok(all)
    }
}

/// The question whether the administrator may do this.
pub(crate) fn question<'a>(session: &'a SessionInner, reason: Option<&'a str>) -> Question<'a> {
    Question { reason, ..session.question(Action::Suspend, None, &[]) }
}

pub(crate) fn permit(session: &SessionInner, question: &Question<'_>) -> Result<Permit> {
    session.core.ready()?;
    session.core.gate.permit(question).map_err(|denial| read::refuse_at(session, None, question, denial))
}

pub(crate) fn suspend(
    session: &Arc<SessionInner>,
    question: &Question<'_>,
    permit: &Permit,
    actor: &str,
    reason: &str,
) -> Result<bool> {
    let (core, tenant) = (&session.core, &session.tenant);
    let by = session.actor.id();
    standing::check_party("actor to be suspended", actor)?;
    standing::check_party("actor who suspends", by)?;
    standing::check_words("reason (in bytes)", reason)?;
    if by == actor {
        let why = "nobody suspends themselves: ask another administrator";
        return Err(Error::NotPossible { what: "suspension", why });
    }
    let id = standing::suspension_id(&tenant.keys, tenant.id, actor)?;
    standing::change_until_committed(session, || {
        let mut write = Write::default();
        let new = standing::stored(core, tenant, id)?.is_none();
        if new {
            let (at, reason) = (core.gate.now(), reason.to_owned());
            let stored = Stored { actor: actor.to_owned(), by: by.to_owned(), at, reason };
            standing::put(tenant, id, None, Some(Fact::Suspension(stored)), &mut write)?;
        }
        let code = if new { "suspended" } else { "suspended_already" };
        let mut entry = entries::coded(&core.gate, question, None, code, permit);
        entry.party(Grantee::Actor(actor));
        write.entries.push(entries::finish(entry)?);
        Ok((write, new))
    })
}

fn reinstate(session: &Arc<SessionInner>, question: &Question<'_>, permit: &Permit, actor: &str) -> Result<bool> {
    let (core, tenant) = (&session.core, &session.tenant);
    standing::check_party("actor to be reinstated", actor)?;
    let id = standing::suspension_id(&tenant.keys, tenant.id, actor)?;
    standing::change_until_committed(session, || {
        let mut write = Write::default();
        let before = standing::stored(core, tenant, id)?.map(|(bytes, _)| bytes);
        let had = before.is_some();
        if had {
            standing::put(tenant, id, before, None, &mut write)?;
        }
        let code = if had { "reinstated" } else { "not_suspended" };
        let mut entry = entries::coded(&core.gate, question, None, code, permit);
        entry.party(Grantee::Actor(actor));
        write.entries.push(entries::finish(entry)?);
        Ok((write, had))
    })
}
