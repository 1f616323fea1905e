//! Emergency access: taken with a reason, for a while, and reviewed by somebody else afterwards.
//!
//! Guarantees: nobody takes it again before somebody else has reviewed the last time; each is in the journal, under the
//! code [`BREAK_GLASS`](codes::BREAK_GLASS), durably before it holds. Does not: open anything by itself; a policy that
//! knows of emergencies does.

use std::fmt;
use std::sync::PoisonError;
use std::time::Duration;

use crate::audit::Outcome;
use crate::crypto::fill;
use crate::error::{Error, Impossible, Result};
use crate::format::fact::{Emergency as Stored, Fact, Review};
use crate::model::{Action, Grantee, RecordId, Timestamp};
use crate::policy::{Denial, codes};

use crate::vault::commit::Write;
use crate::vault::handles::{Session, SessionInner};
use crate::vault::standing::{self, Kind, later};

/// Emergency access lasts at most this long.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Somebody's emergency access. `Debug` shows neither name nor reason.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emergency {
    /// Its id, to review it by.
    pub id: RecordId,
    /// Who took it.
    pub actor: String,
    /// Why, in their own words.
    pub reason: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl fmt::Debug for Emergency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Emergency");
        debug.field("id", &self.id).field("from", &self.from).field("until", &self.until).finish_non_exhaustive()
    }
}

impl Session {
    /// Takes emergency access, for at most 24 hours, for the session's reason. What it opens is up to the policy. Somebody else has to review it
    /// afterwards; until then there is no other for this actor.
    ///
    /// # Errors
    /// [`Error::Denied`] for a blank reason, for an actor whose last emergency runs or awaits its review
    /// ([`EMERGENCY_UNREVIEWED`](codes::EMERGENCY_UNREVIEWED)), and where the policy says no to
    /// [`Action::BreakGlass`]; [`Error::NotPossible`] for a time of nothing or over 24 hours; [`Error::TooLarge`] for a
    /// reason of over 1,000 bytes; and those of every call.
    pub fn break_glass(&self, for_how_long: Duration) -> Result<Emergency> {
        break_glass(&self.inner, for_how_long)
    }

    /// Ends the actor's own emergency access ahead of its time. Returns whether there was one.
    ///
    /// # Errors
    /// Those of every call.
    pub fn end_emergency(&self) -> Result<bool> {
        end(&self.inner)
    }

    /// The emergencies that nobody has reviewed, the oldest first, those that still run included. For whoever may review
    /// them.
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::ReviewEmergency`], and those of every call.
    pub fn emergencies(&self) -> Result<Vec<Emergency>> {
        list(&self.inner)
    }

    /// Closes somebody else's emergency that is over, with what was found.
    ///
    /// # Errors
    /// [`Error::Denied`] for the actor's own, for a blank verdict, and where the policy says no to
    /// [`Action::ReviewEmergency`]; [`Error::NotFound`]; [`Error::NotPossible`] for one that still runs or was reviewed;
    /// [`Error::TooLarge`] for a verdict of over 1,000 bytes; and those of every call.
    pub fn review_emergency(&self, emergency: RecordId, verdict: &str) -> Result<()> {
        review(&self.inner, emergency, verdict)
    }
}

fn break_glass(session: &SessionInner, for_how_long: Duration) -> Result<Emergency> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = session.act(Action::BreakGlass);
    let permit = act.permit()?;
    let actor = session.actor();
    let reason = standing::check_remembered("actor in an emergency", actor, act.asked().reason)?;
    if reason.trim().is_empty() {
        let denial = Denial::new(codes::REASON_REQUIRED, "emergency access needs a reason: see `session.because`");
        return Err(act.refuse(denial.for_user("Say what the emergency is, and try again.")));
    }
    if for_how_long.is_zero() || for_how_long > LONGEST {
        return Err(Impossible::EmergencyTime.into());
    }
    let _one = tenant.facts.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
    let unreviewed = tenant.facts.read().emergencies_of(actor).any(|(_, emergency)| emergency.reviewed.is_none());
    if unreviewed {
        let why = format!("`{actor}` took emergency access before, and nobody has reviewed that: see `emergencies`");
        let denial = Denial::new(codes::EMERGENCY_UNREVIEWED, why);
        return Err(act.refuse(denial.for_user("Your last emergency access has to be reviewed first.")));
    }
    let mut id = [0; 16];
    fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
    let id = RecordId::from_bytes(id);
    let from = core.now();
    let until = later(from, for_how_long);
    let stored = Stored { actor: actor.to_owned(), reason: reason.to_owned(), from, until, reviewed: None };
    act.retry_until_committed(|| {
        let mut write = Write::default();
        standing::put(&tenant.facts, id, None, Some(Fact::Emergency(stored.clone())), &mut write)?;
        standing::sweep(&*core.store, &tenant.facts, Kind::Emergency, from, &mut write)?;
        let entry = act.begin(Outcome::Permitted, codes::BREAK_GLASS, permit.rule(), permit.version());
        act.add(entry, &mut write)?;
        // Decided just now; the facts that change beside it are no reason to leave an emergency waiting.
        write.decided = None;
        Ok((write, shown(id, &stored)))
    })
}

fn end(session: &SessionInner) -> Result<bool> {
    let act = session.act(Action::BreakGlass);
    act.admit()?;
    let ended = act.retry_until_committed(|| {
        let mut write = Write::default();
        let ended = cut_short(session, session.actor(), &mut write)? > 0;
        if ended {
            act.add(act.unasked("ended"), &mut write)?;
        }
        Ok((write, ended))
    })?;
    if !ended {
        act.told_elsewhere();
    }
    Ok(ended)
}

/// Ends the emergencies of an actor that still run. Returns how many.
pub(crate) fn cut_short(session: &SessionInner, actor: &str, write: &mut Write) -> Result<usize> {
    let (core, tenant) = (&session.core, &session.tenant);
    let now = core.now();
    let running: Vec<RecordId> = {
        let table = tenant.facts.read();
        table.emergencies_of(actor).filter(|(_, emergency)| emergency.until > now).map(|(id, _)| id).collect()
    };
    let mut ended = 0usize;
    for id in running {
        if let Some((bytes, Fact::Emergency(mut stored))) = standing::stored(&*core.store, &tenant.facts, id)?
            && stored.until > now
        {
            stored.until = now;
            standing::put(&tenant.facts, id, Some(bytes), Some(Fact::Emergency(stored)), write)?;
            ended = ended.saturating_add(1);
        }
    }
    Ok(ended)
}

fn list(session: &SessionInner) -> Result<Vec<Emergency>> {
    let act = session.act(Action::ReviewEmergency).told("what", "list");
    let permit = act.permit()?;
    let mut found: Vec<Emergency> = {
        let table = session.tenant.facts.read();
        let open = table.emergencies().filter(|(_, emergency)| emergency.reviewed.is_none());
        open.map(|(id, emergency)| shown(id, emergency)).collect()
    };
    found.sort_by_key(|emergency| (emergency.from, emergency.id));
    let mut entry = act.coded(&permit, "listed");
    entry.rows(u32::try_from(found.len()).unwrap_or(u32::MAX));
    act.record_under(permit.approval(), entry)?;
    Ok(found)
}

fn review(session: &SessionInner, id: RecordId, verdict: &str) -> Result<()> {
    let (core, tenant) = (&session.core, &session.tenant);
    let act = session.act(Action::ReviewEmergency).reason(verdict);
    let act = act.told("what", "review").told("emergency", id).told("verdict", verdict);
    let actor = session.actor();
    standing::check_party("actor who reviews", actor)?;
    standing::check_words("verdict (in bytes)", verdict)?;
    act.retry_until_committed(|| {
        let (mut permit, mut write) = (act.permit()?, Write::default());
        let (bytes, mut stored) = match standing::stored(&*core.store, &tenant.facts, id)? {
            Some((bytes, Fact::Emergency(stored))) => (bytes, stored),
            _ => return Err(act.fail("not_found", Error::NotFound)),
        };
        if stored.actor == actor {
            let denial = Denial::new(codes::OWN_REQUEST, "nobody reviews their own emergency access");
            return Err(act.refuse(denial.for_user("Somebody else has to review this.")));
        }
        if verdict.trim().is_empty() {
            let denial = Denial::new(codes::REASON_REQUIRED, "a review needs a verdict");
            return Err(act.refuse(denial.for_user("Say what you have found, and try again.")));
        }
        let now = core.now();
        let why = match (&stored.reviewed, stored.until > now) {
            (Some(_), _) => Some(Impossible::Reviewed),
            (None, true) => Some(Impossible::EmergencyRuns),
            (None, false) => None,
        };
        if let Some(why) = why {
            return Err(act.fail("over", why.into()));
        }
        act.spend(&mut permit, &mut write)?;
        stored.reviewed = Some(Review { by: actor.to_owned(), at: now, verdict: verdict.to_owned() });
        let mut entry = act.coded(&permit, "reviewed");
        entry.party(Grantee::Actor(&stored.actor));
        act.add(entry, &mut write)?;
        standing::put(&tenant.facts, id, Some(bytes), Some(Fact::Emergency(stored)), &mut write)?;
        standing::sweep(&*core.store, &tenant.facts, Kind::Emergency, now, &mut write)?;
        Ok((write, ()))
    })
}

fn shown(id: RecordId, stored: &Stored) -> Emergency {
    let Stored { actor, reason, from, until, .. } = stored.clone();
    Emergency { id, actor, reason, from, until }
}
