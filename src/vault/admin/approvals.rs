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

use crate::vault::commit::Write;
use crate::vault::gate::{Act, Opened, Permit, Question, subject_of};
use crate::vault::handles::{Session, SessionInner};
use crate::vault::records::{Stored, stored};
use crate::vault::standing::{self, APPROVED, Kind, REFUSED, later};
use crate::vault::state::schema::CollectionCore;

/// A request is valid for at most this long.
const VALID: Duration = Duration::from_secs(30 * 24 * 3600);
/// One actor has so many requests open at most.
const OPEN: usize = 20;
/// An answer can be used for so long.
const ANSWERED_FOR: Duration = Duration::from_secs(24 * 3600);
/// So many requests are listed at once.
const LISTED: usize = 1_000;

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
    /// [`approvals`](Self::approvals). An approval for one act does nothing for another.
    ///
    /// At most 30 days; the session's reason, of 1 to 1,000 bytes; 32 fields, 512 bytes all together; 20 open requests an actor.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use strongroom::vault::Session;
    /// # use strongroom::model::Action;
    /// # fn example(sales: &Session, manager: &Session, id: strongroom::RecordId) -> strongroom::Result<()> {
    /// let hour = Duration::from_secs(3600);
    /// let asking = sales.because("asked for by the customer");
    /// let approval = asking.ask_approval(Action::Delete, "customers", Some(id), &[], hour)?;
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
        valid_for: Duration,
    ) -> Result<ApprovalId> {
        ask(&self.inner, action, collection, record, fields, valid_for)
    }

    /// Returns the open requests that the actor has made or may answer, the newest first, at most 1,000.
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
}

fn ask(
    session: &SessionInner,
    action: Action,
    collection: &str,
    record: Option<RecordId>,
    fields: &[&str],
    valid_for: Duration,
) -> Result<ApprovalId> {
    let (core, tenant) = (&session.core, &session.tenant);
    let collection = tenant.collection(collection)?;
    let act = session.act(Action::Approve).on(&collection).fields(fields);
    act.admit()?;
    check_question(action, record, fields, valid_for)?;
    let reason = standing::check_remembered("actor who asks for approval", session.actor(), act.asked().reason)?;
    if reason.trim().is_empty() {
        let denial =
            Denial::new(codes::REASON_REQUIRED, "a request for approval needs a reason: see `session.because`");
        return Err(act.refuse(denial.for_user("Say why you need this, and try again.")));
    }
    let now = core.now();
    let open = tenant.facts.read().asked_by(session.actor()).filter(|(_, asked)| is_open(asked, now)).count();
    if open >= OPEN {
        let what = "list of an actor's open requests for approval (wait for answers)";
        return Err(Error::TooLarge { what, size: open.saturating_add(1), limit: OPEN });
    }
    let row = row_of(session, &collection, record)?;
    let asked = Question { collection: Some(&collection.name), fields, approval: None, ..session.question(action) };
    let wanted = match core.policy.approvals_wanted(&asked, row.as_ref()) {
        Ok(wanted) => wanted,
        // Of a record that isn't there, or not yet, the policy can't tell.
        Err(_) if row.is_none() && !action.is_bulk() => 0,
        Err(denial) => return Err(act.refuse_on(row.as_ref(), denial)),
    };
    let mut id = [0; 16];
    fill(&mut id).map_err(|error| Error::io("drawing a random id", error))?;
    let id = ApprovalId::from_bytes(id);
    let approval = Approval {
        actor: session.actor().to_owned(),
        action,
        collection: collection.id,
        record,
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        reason: reason.to_owned(),
        asked: now,
        until: later(now, valid_for),
        wanted,
        answers: Vec::new(),
        used: None,
    };
    act.retry_until_committed(|| {
        let mut write = Write::default();
        standing::put(tenant, id, None, Some(Fact::Approval(approval.clone())), &mut write)?;
        standing::sweep(&*core.store, tenant, Kind::Approval, now, &mut write)?;
        // No rule decided; the act that is asked for stands in its place.
        let mut entry = act.begin(Outcome::Permitted, "asked", action.name(), core.policy.version());
        if let Some(row) = &row {
            entry.subjects(&[subject_of(row)]);
        }
        act.name_fields(&mut entry, fields);
        act.add(entry, &mut write)?;
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
    let act = session.act(Action::Approve);
    act.admit()?;
    let now = core.now();
    let open: Vec<(ApprovalId, Approval)> = {
        let table = tenant.facts.read();
        let mut open: Vec<_> = table.approvals().filter(|(_, a)| is_open(a, now)).collect();
        open.sort_by_key(|(id, approval)| std::cmp::Reverse((approval.asked, *id)));
        open.into_iter().map(|(id, approval)| (id, approval.clone())).collect()
    };
    let collections = tenant.collections();
    let mut found = Vec::new();
    for (id, approval) in open {
        let Some(collection) = collections.iter().find(|known| known.id == approval.collection) else { continue };
        let own = approval.actor == session.actor();
        let answering = session.act(Action::Approve).on(collection);
        answering.told_elsewhere();
        // One whose record can't be read is nobody's to answer, and hides no other.
        if own || row_of(session, collection, approval.record).is_ok_and(|row| answering.decide(row.as_ref()).is_ok()) {
            found.push(shown(id, approval, collection));
        }
        if found.len() == LISTED {
            break;
        }
    }
    let mut entry = act.unasked("listed");
    entry.rows(u32::try_from(found.len()).unwrap_or(u32::MAX));
    act.record(entry)?;
    Ok(found)
}

fn answer(session: &SessionInner, id: ApprovalId, yes: bool) -> Result<()> {
    let (core, tenant) = (&session.core, &session.tenant);
    let known = tenant.facts.read().approval(id).map(|approval| approval.collection);
    let collection = tenant.collections().into_iter().find(|collection| Some(collection.id) == known);
    let act = session.act(Action::Approve);
    let act = match &collection {
        Some(collection) => act.on(collection),
        None => return Err(act.absent(Error::NotFound)),
    };
    standing::check_party("actor who answers", session.actor())?;
    act.retry_until_committed(|| {
        core.ready()?;
        let (bytes, mut approval) = match (standing::stored(&*core.store, tenant, id)?, &collection) {
            (Some((bytes, Fact::Approval(approval))), Some(_)) => (bytes, approval),
            _ => return Err(act.absent(Error::NotFound)),
        };
        if approval.actor == session.actor() {
            let denial = Denial::new(codes::OWN_REQUEST, "nobody answers their own request for approval");
            return Err(act.refuse(denial.for_user("Somebody else has to answer this.")));
        }
        let row = match &collection {
            Some(collection) => row_of(session, collection, approval.record)?,
            None => None,
        };
        let permit = answer_permit(&act, row.as_ref())?;
        if approval.answers.iter().any(|answer| answer.actor == session.actor()) {
            let denial = Denial::new(codes::ANSWERED, "everybody answers a request for approval once");
            return Err(act.refuse(denial.for_user("You have answered this already.")));
        }
        let now = core.now();
        if !is_open(&approval, now) || approval.answers.len() >= MAX_ANSWERS {
            let why = "the request was answered, used or has expired";
            return Err(act.fail("over", Error::NotPossible { what: "answer", why }));
        }
        approval.answers.push(Answer { actor: session.actor().to_owned(), yes, at: now });
        // Whoever has an answer uses it within a day.
        approval.until = approval.until.min(later(now, ANSWERED_FOR));
        let mut write = Write::default();
        let mut entry = act.coded(&permit, if yes { APPROVED } else { REFUSED });
        if let Some(row) = &row {
            entry.subjects(&[subject_of(row)]);
        }
        entry.party(Grantee::Actor(&approval.actor));
        act.add(entry, &mut write)?;
        standing::put(tenant, id, Some(bytes), Some(Fact::Approval(approval)), &mut write)?;
        standing::sweep(&*core.store, tenant, Kind::Approval, now, &mut write)?;
        Ok((write, ()))
    })
}

fn answer_permit(act: &Act<'_>, row: Option<&Opened>) -> Result<Permit> {
    match row {
        Some(row) => act.permit_on(row),
        None => act.permit(),
    }
}

/// Opens the record that a request is about, if it is there.
fn row_of(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    record: Option<RecordId>,
) -> Result<Option<Opened>> {
    let Some(id) = record else { return Ok(None) };
    Ok(match stored(session, collection, &collection.layout(), id)? {
        Stored::Row(row) => Some(row.1),
        Stored::Gone(_) => None,
    })
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
