//! Approval of single acts by other people.
//!
//! Guarantees: an approval is for one act of one actor with all that it is about, and is used up by it; nobody answers their
//! own request; the request, its answers and its end survive a restart. Lists open no record. Does not: oblige anybody to
//! ask; a policy does, with [`Obligation::Approvals`](crate::policy::Obligation::Approvals).

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Impossible, Result};
use crate::format::fact::{Answer, Approval, Fact, MAX_ANSWERS};
use crate::model::{Action, ApprovalId, Grantee, RecordId, Timestamp};
use crate::policy::{Denial, Scope, codes};

use crate::vault::commit::Write;
use crate::vault::core::Core;
use crate::vault::gate::{Act, COLLECTION, Opened, is_open, subject_of};
use crate::vault::handles::{Asking, Session, SessionInner, VaultSession, Who};
use crate::vault::records::{Stored, check_limit, stored};
use crate::vault::standing::{self, APPROVED, Kind, REFUSED, Standing, later};
use crate::vault::state::schema::CollectionCore;

/// An answer can be used for so long.
const ANSWERED_FOR: Duration = Duration::from_secs(24 * 3600);

/// A request for approval that is still open. `Debug` shows no names and no reason.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// Its id, to answer it by.
    pub id: ApprovalId,
    /// The actor who asked.
    pub actor: String,
    /// The act.
    pub action: Action,
    /// The collection, where it is in one.
    pub collection: Option<String>,
    /// The record, where it is on one.
    pub record: Option<RecordId>,
    /// All else that the act is about, but for values of records: names and texts, such as `revision` and `3`, `new owner` and
    /// `sales-8`, `policy` and its version, `field` and one that changes. `more` says how many there was no room for.
    pub about: Vec<(String, String)>,
    /// The reason, in the actor's own words.
    pub reason: String,
    /// The time of the request.
    pub asked: Timestamp,
    /// The time until which it can be answered and used.
    pub until: Timestamp,
    /// The number of approvals that the policy wanted at the request; `None` for a list or a search that it permits as a whole: some
    /// rows may want approvals of their own.
    pub wanted: Option<u32>,
    /// Those who have approved so far.
    pub approved_by: Vec<String>,
}

impl fmt::Debug for ApprovalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ApprovalRequest");
        debug.field("id", &self.id).field("action", &self.action).field("record", &self.record);
        debug.field("until", &self.until).field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl Session {
    /// Asks other people to approve one act of the actor's own: the one that the closure would do. It is asked of the policy as
    /// if it were done; where it wants others' approval, the request is stored with all that the act is about, and nothing is
    /// done. Whoever may [`Approve`](Action::Approve) it sees it in [`approvals`](Self::approvals). Once enough of them have
    /// answered, the same act can be done once [under the approval](Self::under_approval), within a day; with another record,
    /// revision, value, owner, grantee or whatever else it is about, it is another act.
    ///
    /// At most 30 days; the session's reason, of 1 to 1,000 bytes; 20 open requests an actor. An update's closure runs, on the
    /// record as the actor reads it, which is on record as a read; plans are made.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use strongroom::vault::Session;
    /// # fn example<T: strongroom::Record + 'static>(sales: &Session, manager: &Session, id: strongroom::RecordId)
    /// #     -> strongroom::Result<()> {
    /// let hour = Duration::from_secs(3600);
    /// let asking = sales.because("asked for by the customer");
    /// let approval = asking.ask_approval(hour, |session| session.collection::<T>()?.delete(id))?;
    /// manager.answer(approval, true)?;
    /// sales.under_approval(approval).collection::<T>()?.delete(id)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] for what the policy wouldn't permit with others' approval either, and for a blank reason;
    /// [`Error::NotPossible`] for an act that nobody has to approve or nobody can, for a second act, for a closure that does
    /// nothing, and for a time of nothing or over 30 days; [`Error::TooLarge`]; those of the act, and those of every call.
    pub fn ask_approval<T>(&self, valid_for: Duration, act: impl FnOnce(&Self) -> Result<T>) -> Result<ApprovalId> {
        let asking = Arc::new(Asking::new(valid_for));
        let session = self.with(|who| (who.asking, who.approval) = (Some(Arc::clone(&asking)), None));
        asking.end(act(&session).map(drop))
    }

    /// Returns the open requests that the actor has made or may answer, the newest first, behind `after`; at most `limit`
    /// of them (1 to 1,000). No record is looked at: of those on records that the actor may approve only some of, all are
    /// listed.
    ///
    /// # Errors
    /// [`Error::BadLimit`], and those of every call.
    pub fn approvals(&self, after: Option<ApprovalId>, limit: usize) -> Result<Vec<ApprovalRequest>> {
        Desk::of(&self.inner).list(after, limit)
    }

    /// Approves somebody else's request, or refuses it, which ends it. One answer a person, 7 a request. It can be used for a
    /// day from then on.
    ///
    /// # Errors
    /// [`Error::Denied`] for the actor's own request, a second answer, and where the policy says no to
    /// [`Action::Approve`] on the record; [`Error::NotFound`]; [`Error::NotPossible`] if it is over; and those of every
    /// call.
    pub fn answer(&self, request: ApprovalId, yes: bool) -> Result<()> {
        Desk::of(&self.inner).answer(request, yes)
    }
}

impl VaultSession {
    /// Asks other people to approve one act of the vault itself, as [`Session::ask_approval`] does.
    ///
    /// # Errors
    /// As [`Session::ask_approval`].
    pub fn ask_approval<T>(&self, valid_for: Duration, act: impl FnOnce(&Self) -> Result<T>) -> Result<ApprovalId> {
        let asking = Arc::new(Asking::new(valid_for));
        let session = self.with(|who| (who.asking, who.approval) = (Some(Arc::clone(&asking)), None));
        asking.end(act(&session).map(drop))
    }

    /// Returns the open requests about acts of the vault itself, as [`Session::approvals`] does.
    ///
    /// # Errors
    /// As [`Session::approvals`].
    pub fn approvals(&self, after: Option<ApprovalId>, limit: usize) -> Result<Vec<ApprovalRequest>> {
        Desk::of_vault(self).list(after, limit)
    }

    /// Answers a request about an act of the vault itself, as [`Session::answer`] does.
    ///
    /// # Errors
    /// As [`Session::answer`].
    pub fn answer(&self, request: ApprovalId, yes: bool) -> Result<()> {
        Desk::of_vault(self).answer(request, yes)
    }
}

/// Where requests are made and answered: in a tenant, or in the vault itself.
struct Desk<'a> {
    core: &'a Core,
    session: Option<&'a SessionInner>,
    who: &'a Who,
    facts: &'a Arc<Standing>,
}

impl<'a> Desk<'a> {
    fn of(session: &'a SessionInner) -> Self {
        Self { core: &session.core, session: Some(session), who: &session.who, facts: &session.tenant.facts }
    }

    fn of_vault(session: &'a VaultSession) -> Self {
        Self { core: &session.core, session: None, who: &session.who, facts: &session.core.facts }
    }

    fn act(&self) -> Act<'a> {
        Act::new(self.core, self.session.map(|session| &session.tenant), self.who, Action::Approve)
    }

    fn list(&self, after: Option<ApprovalId>, limit: usize) -> Result<Vec<ApprovalRequest>> {
        let act = self.act();
        act.admit()?;
        let (limit, now) = (check_limit(limit)?, self.core.now());
        let mut open: Vec<ApprovalId> = {
            let table = self.facts.read();
            let open = table.approvals().filter(|(_, approval)| is_open(approval, now));
            open.map(|(id, _)| id).filter(|id| after.is_none_or(|after| *id < after)).collect()
        };
        // Their ids begin with their time.
        open.sort_unstable_by_key(|id| Reverse(*id));
        let mut answers: HashMap<Option<String>, bool> = HashMap::new();
        let mut found = Vec::new();
        for id in open {
            let Some(approval) = self.facts.read().approval(id).cloned() else { continue };
            let (collection, own) = (self.collection(&approval), approval.actor == self.who.actor.id());
            let shown = shown(id, approval, collection.as_deref());
            let mut may_answer = |of: &Option<String>| {
                *answers.entry(of.clone()).or_insert_with_key(|name| self.may_answer(name.as_deref()))
            };
            if own || may_answer(&shown.collection) {
                found.push(shown);
            }
            if found.len() == limit {
                break;
            }
        }
        let mut entry = act.unasked("listed");
        entry.rows(u32::try_from(found.len()).unwrap_or(u32::MAX));
        act.record(entry)?;
        Ok(found)
    }

    /// Returns whether the actor may answer requests about this collection, or at least about some records of it.
    fn may_answer(&self, collection: Option<&str>) -> bool {
        let act = self.act().named(collection);
        act.told_elsewhere();
        act.decide(None).is_ok()
            || matches!(self.core.policy.scope(&act.question()), Ok(Scope::Any(filters)) if !filters.is_empty())
    }

    fn answer(&self, id: ApprovalId, yes: bool) -> Result<()> {
        let (core, facts, actor) = (self.core, self.facts, self.who.actor.id());
        let known = facts.read().approval(id).cloned();
        let collection = known.as_ref().and_then(|approval| self.collection(approval));
        let act = match (&collection, &known) {
            (Some(collection), _) => self.act().on(collection),
            (None, Some(approval)) => self.act().named(named(approval)),
            (None, None) => return Err(self.act().absent(Error::NotFound)),
        };
        standing::check_party("actor who answers", actor)?;
        act.retry_until_committed(|| {
            core.ready()?;
            let (bytes, mut approval) = match standing::stored(&*core.store, facts, id)? {
                Some((bytes, Fact::Approval(approval))) => (bytes, approval),
                _ => return Err(act.absent(Error::NotFound)),
            };
            if approval.actor == actor {
                let denial = Denial::new(codes::OWN_REQUEST, "nobody answers their own request for approval");
                return Err(act.refuse(denial.for_user("Somebody else has to answer this.")));
            }
            let row = self.row(collection.as_ref(), approval.record)?;
            let permit = match &row {
                Some(row) => act.permit_on(row)?,
                None => act.permit()?,
            };
            if approval.answers.iter().any(|answer| answer.actor == actor) {
                let denial = Denial::new(codes::ANSWERED, "everybody answers a request for approval once");
                return Err(act.refuse(denial.for_user("You have answered this already.")));
            }
            let now = core.now();
            if !is_open(&approval, now) || approval.answers.len() >= MAX_ANSWERS {
                return Err(act.fail("over", Impossible::RequestOver.into()));
            }
            approval.answers.push(Answer { actor: actor.to_owned(), yes, at: now });
            approval.until = approval.until.min(later(now, ANSWERED_FOR));
            let mut write = Write::default();
            let mut entry = act.coded(&permit, if yes { APPROVED } else { REFUSED });
            if let Some(row) = &row {
                entry.subjects(&[subject_of(row)]);
            }
            entry.party(Grantee::Actor(&approval.actor));
            act.add(entry, &mut write)?;
            standing::put(facts, id, Some(bytes), Some(Fact::Approval(approval)), &mut write)?;
            standing::sweep(&*core.store, facts, Kind::Approval, now, &mut write)?;
            Ok((write, ()))
        })
    }

    fn collection(&self, approval: &Approval) -> Option<Arc<CollectionCore>> {
        let (id, session) = (approval.collection?, self.session?);
        session.tenant.collections().into_iter().find(|collection| collection.id == id)
    }

    /// Opens the record that a request is about, if it is there.
    fn row(&self, collection: Option<&Arc<CollectionCore>>, record: Option<RecordId>) -> Result<Option<Opened>> {
        let (Some(session), Some(collection), Some(id)) = (self.session, collection, record) else { return Ok(None) };
        Ok(match stored(session, collection, &collection.layout(), id)? {
            Stored::Row(row) => Some(row.1),
            Stored::Gone(_) => None,
        })
    }
}

/// The collection that an act only names, since it isn't there yet.
fn named(approval: &Approval) -> Option<&str> {
    approval.about.iter().find(|(name, _)| name == COLLECTION).map(|(_, name)| name.as_str())
}

fn shown(id: ApprovalId, approval: Approval, collection: Option<&CollectionCore>) -> ApprovalRequest {
    let collection = collection.map(|known| known.name.as_str()).or(named(&approval)).map(str::to_owned);
    ApprovalRequest {
        id,
        actor: approval.actor,
        action: approval.action,
        collection,
        record: approval.record,
        about: approval.about,
        reason: approval.reason,
        asked: approval.asked,
        until: approval.until,
        wanted: Some(approval.wanted).filter(|wanted| *wanted > 0),
        approved_by: approval.answers.into_iter().filter(|answer| answer.yes).map(|answer| answer.actor).collect(),
    }
}
