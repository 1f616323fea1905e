//! Approval of single acts by other people.
//!
//! Guarantees: an approval is for one act of one actor on one record, or of one kind in a collection, and is used up by
//! it; nobody answers their own request; the request, its answers and its end survive a restart. Does not: oblige anybody
//! to ask; a policy does, with [`Obligation::Approvals`](crate::policy::Obligation::Approvals).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::audit::Outcome;
use crate::crypto::fill;
use crate::error::{Error, Result};
use crate::format::fact::{Answer, Approval, Fact, MAX_ANSWERS, MAX_ASKED, MAX_ASKED_BYTES};
use crate::model::{Action, ApprovalId, Grantee, RecordId, Timestamp};
use crate::policy::{Denial, codes};

use crate::vault::core::Write;
use crate::vault::gate::entries;
use crate::vault::standing;
use crate::vault::standing::Kind;
use crate::vault::gate::{Opened, Permit, Question};
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::session::{Session, SessionInner};
use crate::vault::state::tenant::CollectionCore;

/// A request is valid for at most this long.
const VALID: Duration = Duration::from_secs(30 * 24 * 3600);
/// One actor has so many requests open at most.
const OPEN: usize = 256;
/// So many requests are listed at once.
const LISTED: usize = 1_000;
/// What the entry of an answer says.
pub(crate) const APPROVED: &str = "approved";
pub(crate) const REFUSED: &str = "refused";

/// A request for approval that is still open. `Debug` shows no names and no reason.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// Its id, to answer it by.
    pub id: ApprovalId,
    /// Who asked.
    pub actor: String,
    /// What they want to do.
    pub action: Action,
    /// In which collection.
    pub collection: String,
    /// To which record, where it is one.
    pub record: Option<RecordId>,
    /// The fields that it is limited to; none: it isn't.
    pub fields: Vec<String>,
    /// Why, in their own words.
    pub reason: String,
    /// When they asked.
    pub asked: Timestamp,
    /// Until when it can be answered and used.
    pub until: Timestamp,
    /// How many approvals the policy wanted when they asked; `None` if it wanted none for this act (perhaps another was
    /// meant), or can't tell without a record.
    pub wanted: Option<u32>,
    /// Who has approved so far.
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
    /// Asks other people to approve one act of the actor's own: on this record, or, without one, of this kind in the
    /// collection; with fields, limited to these. Whoever may [`Approve`](Action::Approve) it then sees it in
    /// [`approvals`](Self::approvals). Everybody may ask, also for an act that needs no approval or isn't allowed; an approval
    /// for one act does nothing for another.
    ///
    /// At most 30 days; a reason of 1 to 1,000 bytes; 32 fields, 512 bytes all together; 256 open requests an actor.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use strongroom::vault::Session;
    /// # use strongroom::model::Action;
    /// # fn example(sales: &Session, manager: &Session, id: strongroom::RecordId) -> strongroom::Result<()> {
    /// let hour = Duration::from_secs(3600);
    /// let approval = sales.ask_approval(Action::Delete, "customers", Some(id), &[], "asked for by the customer", hour)?;
    /// manager.answer(approval, true)?;
    /// let sales = sales.under_approval(approval); // its sessions may do it once
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownCollection`]; [`Error::NotPossible`] for an act that isn't approved one by one, a record that is
    /// missing or one too many, or a time of nothing or over 30 days; [`Error::TooLarge`];
    /// [`Error::Denied`] for a blank reason; and those of every call.
    pub fn ask_approval(
        &self,
        action: Action,
        collection: &str,
        record: Option<RecordId>,
        fields: &[&str],
        reason: &str,
        valid_for: Duration,
    ) -> Result<ApprovalId> {
        ask(&self.inner, action, collection, record, fields, reason, valid_for)
    }

    /// The open requests that the actor has made or may answer, the oldest first, at most 1,000.
    ///
    /// # Errors
    /// Those of every call.
    pub fn approvals(&self) -> Result<Vec<ApprovalRequest>> {
        list(&self.inner)
    }

    /// Approves somebody else's request, or refuses it, which ends it. One answer a person, 7 a request.
    ///
    /// # Errors
    /// [`Error::Denied`] for the actor's own request, a second answer, and where the policy says no to
    /// [`Action::Approve`] on the record; [`Error::NotFound`]; [`Error::NotPossible`] if it is over; and those of every
    /// call.
    pub fn answer(&self, request: ApprovalId, yes: bool) -> Result<()> {
        answer(&self.inner, request, yes)
    }

    /// The same session, doing the one act that was approved. The act uses the approval up.
    #[must_use]
    pub fn under_approval(&self, approval: ApprovalId) -> Self {
        self.with(|inner| inner.approval = Some(approval))
    }
}

fn ask(
    session: &SessionInner,
    action: Action,
    collection: &str,
    record: Option<RecordId>,
    fields: &[&str],
    reason: &str,
    valid_for: Duration,
) -> Result<ApprovalId> {
    let (core, tenant) = (&session.core, &session.tenant);
    core.ready()?;
    let collection = tenant.collection(collection)?;
    let question = session.question(Action::Approve, Some(&collection.name), fields);
    let question = Question { reason: Some(reason), ..question };
    let refuse = |denial| read::refuse(session, &collection, &question, denial);
    core.gate.standing(&question).map_err(refuse)?;
    check_question(action, record, fields, valid_for)?;
    standing::check_party("actor who asks for approval", session.actor.id())?;
    standing::check_words("reason (in bytes)", reason)?;
    if reason.trim().is_empty() {
        let denial = Denial::new(codes::REASON_REQUIRED, "a request for approval needs a reason");
        return Err(refuse(denial.for_user("Say why you need this, and try again.")));
    }
    let now = core.gate.now();
    let open = tenant.facts.read().asked_by(session.actor.id()).filter(|(_, asked)| is_open(asked, now)).count();
    if open >= OPEN {
        let what = "list of an actor's open requests for approval (wait for answers)";
        return Err(Error::TooLarge { what, size: open.saturating_add(1), limit: OPEN });
    }
    let act = Question { reason: Some(reason), ..session.question(action, Some(&collection.name), fields) };
    let mut id = [0; 16];
    fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
    let id = ApprovalId::from_bytes(id);
    let approval = Approval {
        actor: session.actor.id().to_owned(),
        action,
        collection: collection.id,
        record,
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        reason: reason.to_owned(),
        asked: now,
        until: after(now, valid_for),
        wanted: core.gate.approvals_wanted(&act),
        answers: Vec::new(),
        used: None,
    };
    standing::change_until_committed(session, || {
        let mut write = Write::default();
        standing::put(tenant, id, None, Some(Fact::Approval(approval.clone())), &mut write)?;
        standing::sweep(core, tenant, Kind::Approval, now, &mut write)?;
        // No rule decided; what is asked for stands in its place.
        let outcome = (Outcome::Permitted, "asked", action.name());
        let mut entry = entries::begin(&core.gate, &question, Some(collection.id), outcome);
        if let Some(record) = record
            && let Stored::Row(row) = read::stored(session, &collection, &collection.layout(), record)?
        {
            entry.subjects(&[entries::subject(row.1.meta(), row.1.head().revision)]);
        }
        read::name_asked(&mut entry, &collection.layout(), &question);
        write.entries.push(entries::finish(entry)?);
        Ok((write, id))
    })
}

fn check_question(action: Action, record: Option<RecordId>, fields: &[&str], valid_for: Duration) -> Result<()> {
    let not = |why| Err(Error::NotPossible { what: "request for approval", why });
    if action.is_administration() || matches!(action, Action::Approve | Action::BreakGlass) {
        return not("only acts on records are approved one by one");
    }
    match record {
        Some(_) if action.is_bulk() || action == Action::Create => {
            return not("the act isn't one on a record that is there: name none");
        }
        None if !action.is_bulk() && action != Action::Create => {
            return not("the act is one on a record: name it");
        }
        _ => {}
    }
    if valid_for.is_zero() || valid_for > VALID {
        return not("it has to be valid for some time, and for 30 days at most");
    }
    let bytes = fields.iter().fold(0usize, |sum, field| sum.saturating_add(field.len()));
    if fields.len() > MAX_ASKED || bytes > MAX_ASKED_BYTES {
        let what = "list of fields to be approved (32 of them, names in bytes)";
        return Err(Error::TooLarge { what, size: bytes, limit: MAX_ASKED_BYTES });
    }
    Ok(())
}

fn list(session: &SessionInner) -> Result<Vec<ApprovalRequest>> {
    let (core, tenant) = (&session.core, &session.tenant);
    core.ready()?;
    let question = session.question(Action::Approve, None, &[]);
    core.gate.standing(&question).map_err(|denial| read::refuse_at(session, None, &question, denial))?;
    let now = core.gate.now();
    let open: Vec<(ApprovalId, Approval)> = {
        let table = tenant.facts.read();
        let mut open: Vec<_> = table.approvals().filter(|(_, a)| is_open(a, now)).collect();
        open.sort_by_key(|(id, approval)| (approval.asked, *id));
        open.into_iter().map(|(id, approval)| (id, approval.clone())).collect()
    };
    let collections = tenant.collections();
    let mut found = Vec::new();
    for (id, approval) in open {
        let Some(collection) = collections.iter().find(|known| known.id == approval.collection) else { continue };
        let own = approval.actor == session.actor.id();
        // One whose record can't be read is nobody's to answer, and hides no other.
        if own || may_answer(session, collection, &approval).is_ok_and(|(answer, _)| answer.is_ok()) {
            found.push(shown(id, approval, collection));
        }
        if found.len() == LISTED {
            break;
        }
    }
    let mut entry = entries::unasked(&core.gate, &question, None, "listed");
    entry.rows(u32::try_from(found.len()).unwrap_or(u32::MAX));
    core.record(Some(tenant), entries::finish(entry)?)?;
    Ok(found)
}

fn answer(session: &SessionInner, id: ApprovalId, yes: bool) -> Result<()> {
    let (core, tenant) = (&session.core, &session.tenant);
    standing::check_party("actor who answers", session.actor.id())?;
    standing::change_until_committed(session, || {
        core.ready()?;
        let (bytes, mut approval) = match standing::stored(core, tenant, id)? {
            Some((bytes, Fact::Approval(approval))) => (bytes, approval),
            _ => return Err(unknown(session)),
        };
        let collection = tenant.collections().into_iter().find(|known| known.id == approval.collection);
        let collection = collection.ok_or(Error::damaged("a request for approval names no collection"))?;
        let question = session.question(Action::Approve, Some(&collection.name), &[]);
        let refuse = |denial| read::refuse(session, &collection, &question, denial);
        if approval.actor == session.actor.id() {
            let denial = Denial::new(codes::OWN_REQUEST, "nobody answers their own request for approval");
            return Err(refuse(denial.for_user("Somebody else has to answer this.")));
        }
        let (permit, row) = may_answer(session, &collection, &approval)?;
        let permit = permit.map_err(refuse)?;
        if approval.answers.iter().any(|answer| answer.actor == session.actor.id()) {
            let denial = Denial::new(codes::ANSWERED, "everybody answers a request for approval once");
            return Err(refuse(denial.for_user("You have answered this already.")));
        }
        let now = core.gate.now();
        if !is_open(&approval, now) || approval.answers.len() >= MAX_ANSWERS {
            let entry = entries::failed(&core.gate, &question, Some(collection.id), "over")?;
            core.record(Some(tenant), entry)?;
            return Err(Error::NotPossible { what: "answer", why: "the request was answered, used or has expired" });
        }
        let mut write = Write::default();
        approval.answers.push(Answer { actor: session.actor.id().to_owned(), yes, at: now });
        let code = if yes { APPROVED } else { REFUSED };
        let mut entry = entries::coded(&core.gate, &question, Some(collection.id), code, &permit);
        if let Some(row) = row {
            entry.subjects(&[entries::subject(row.meta(), row.head().revision)]);
        }
        entry.party(Grantee::Actor(&approval.actor));
        write.entries.push(entries::finish(entry)?);
        standing::put(tenant, id, Some(bytes), Some(Fact::Approval(approval)), &mut write)?;
        standing::sweep(core, tenant, Kind::Approval, now, &mut write)?;
        Ok((write, ()))
    })
}

/// The policy's answer about answering, with the record at hand if it is there.
fn may_answer(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    approval: &Approval,
) -> Result<(Result<Permit, Denial>, Option<Opened>)> {
    let question = session.question(Action::Approve, Some(&collection.name), &[]);
    if let Some(id) = approval.record
        && let Stored::Row(row) = read::stored(session, collection, &collection.layout(), id)?
    {
        return Ok((session.core.gate.permit_on(&question, &row.1), Some(row.1)));
    }
    Ok((session.core.gate.permit(&question), None))
}

/// The answer about a request that isn't there: the policy's no comes first.
fn unknown(session: &SessionInner) -> Error {
    let question = session.question(Action::Approve, None, &[]);
    if let Err(denial) = session.core.gate.permit(&question) {
        return read::refuse_at(session, None, &question, denial);
    }
    let entry = entries::failed(&session.core.gate, &question, None, "not_found");
    match entry.and_then(|entry| session.core.record(Some(&session.tenant), entry)) {
        Ok(_ticket) => Error::NotFound,
        Err(unwritten) => unwritten,
    }
}

fn shown(id: ApprovalId, approval: Approval, collection: &CollectionCore) -> ApprovalRequest {
    ApprovalRequest {
        id,
        actor: approval.actor,
        action: approval.action,
        collection: collection.name.clone(),
        record: approval.record,
        fields: approval.fields,
        reason: approval.reason,
        asked: approval.asked,
        until: approval.until,
        wanted: Some(approval.wanted).filter(|wanted| *wanted > 0),
        approved_by: approval.answers.into_iter().filter(|answer| answer.yes).map(|answer| answer.actor).collect(),
    }
}

fn is_open(approval: &Approval, now: Timestamp) -> bool {
    approval.used.is_none() && approval.until > now && approval.answers.iter().all(|answer| answer.yes)
}

/// A time from now.
pub(crate) fn after(now: Timestamp, period: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros().saturating_add(i64::try_from(period.as_micros()).unwrap_or(i64::MAX)))
}
