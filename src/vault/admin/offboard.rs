//! When somebody leaves: what they own, what was shared with them, and what is to become of it.
//!
//! Guarantees: nothing changes before the plan is carried out; then they are suspended first, and whatever cut it short,
//! carrying it out again does the rest. Reads metadata only; no plaintext leaves the gate. Does not: hold others up while
//! it runs; a record that is given to them meanwhile is found by the next plan.

use std::fmt;
use std::sync::Arc;

use crate::audit::EntryBuilder;
use crate::error::{Error, Impossible, Result};
use crate::format::place;
use crate::model::{Action, Grantee, RecordId};

use crate::vault::admin::emergency;
use crate::vault::admin::suspend::suspend;
use crate::vault::commit::{Outcome, Write};
use crate::vault::gate::{Act, Opened, subject};
use crate::vault::handles::{Session, SessionInner};
use crate::vault::records::{Giving, Stored, open};
use crate::vault::standing::{self, FactId};
use crate::vault::state::rows::{self, RowBytes};
use crate::vault::state::schema::CollectionCore;
use crate::vault::state::seals::RowPlace;

/// Largest number of rows given to their new owner in one commit.
const PAGE: usize = 128;
/// Largest number of shares and requests ended in one commit.
const FACTS: usize = 256;

/// A plan for what somebody leaves behind. Shows what is there; nothing changes before [`execute`](Self::execute).
#[derive(Clone)]
pub struct OffboardPlan {
    session: Arc<SessionInner>,
    actor: String,
    new_owner: Option<String>,
    owned: Vec<(String, Vec<RecordId>)>,
    shared_with: usize,
    shared_by: usize,
    requests: usize,
    emergencies: usize,
}

/// The outcome of a plan for what somebody left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OffboardReport {
    /// True if the actor was suspended by this call; false if they were before.
    pub suspended: bool,
    /// Number of records with their new owner, by collection.
    pub reassigned: Vec<(String, usize)>,
    /// Number of records that are still the actor's, by collection, since nobody was to have them.
    pub kept: Vec<(String, usize)>,
    /// Number of shares with the actor that were ended.
    pub shares_with: usize,
    /// Number of shares made by the actor that were ended.
    pub shares_by: usize,
    /// Number of open requests of the actor for approval that were withdrawn.
    pub requests: usize,
    /// Number of running emergencies of the actor that were ended. They still await their review.
    pub emergencies: usize,
}

impl Session {
    /// Plans what becomes of what somebody who leaves owns and has: they are suspended, their records go to
    /// `new_owner` (or stay theirs, without one), shares with them and by them end, open requests for approval are
    /// withdrawn, running emergencies are ended. Looks at the metadata of every record. Who leaves and who comes are the
    /// host's user ids, and aren't checked: show the plan to somebody before it is carried out.
    ///
    /// ```
    /// # fn example(admin: &strongroom::Session) -> strongroom::Result<()> {
    /// let plan = admin.offboard("sales-7", Some("sales-8"))?;
    /// println!("{plan}");
    /// println!("{}", plan.execute()?); // again, if it was cut short
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] where the policy says no to [`Action::Suspend`], and while the tenant is frozen: one that is closed has
    /// no plans made, and in a frozen one no record gets another owner ([`Session::suspend`] goes on); [`Error::BadName`] for ids that are empty or
    /// over 256 bytes long; [`Error::NotPossible`] where both are the same, where the new owner is suspended, and for the
    /// administrator's own; and reasons why the vault can't act now.
    pub fn offboard(&self, actor: &str, new_owner: Option<&str>) -> Result<OffboardPlan> {
        plan(&self.inner, actor, new_owner)
    }
}

impl OffboardPlan {
    /// Who leaves.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Who gets their records.
    #[must_use]
    pub fn new_owner(&self) -> Option<&str> {
        self.new_owner.as_deref()
    }

    /// The records they own, by collection.
    #[must_use]
    pub fn owned(&self) -> &[(String, Vec<RecordId>)] {
        &self.owned
    }

    /// Returns the number of shares with the actor, and of shares that the actor has made.
    #[must_use]
    pub const fn shares(&self) -> (usize, usize) {
        (self.shared_with, self.shared_by)
    }

    /// Returns the number of the actor's open requests for approval.
    #[must_use]
    pub const fn requests(&self) -> usize {
        self.requests
    }

    /// Returns the number of the actor's running emergencies.
    #[must_use]
    pub const fn emergencies(&self) -> usize {
        self.emergencies
    }

    /// Carries it out, also of what came after the plan was made. Cut short, it leaves them suspended and some of the
    /// rest done; carried out once more, or from a new plan, it does what is left. What it does is journalled page by
    /// page, with the record that it touches. An approval is used up as they are suspended: carrying it out once more takes
    /// another.
    ///
    /// # Errors
    /// As [`offboard`](Session::offboard).
    pub fn execute(&self) -> Result<OffboardReport> {
        execute(self)
    }
}

impl fmt::Display for OffboardPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}` leaves:", self.actor)?;
        writeln!(f, "  is suspended, in open sessions too")?;
        for (collection, ids) in &self.owned {
            match &self.new_owner {
                Some(owner) => writeln!(f, "  {} of `{collection}` go to `{owner}`", ids.len())?,
                None => writeln!(f, "  {} of `{collection}` stay theirs: name a new owner", ids.len())?,
            }
        }
        writeln!(f, "  {} shares with them and {} that they made end", self.shared_with, self.shared_by)?;
        write!(f, "  {} requests for approval are withdrawn, {} emergencies end", self.requests, self.emergencies)
    }
}

impl fmt::Debug for OffboardPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OffboardPlan").field("collections", &self.owned.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for OffboardReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "suspended: {}", if self.suspended { "now" } else { "before" })?;
        for (collection, count) in &self.reassigned {
            writeln!(f, "new owner: {count} of `{collection}`")?;
        }
        for (collection, count) in &self.kept {
            writeln!(f, "still theirs: {count} of `{collection}`")?;
        }
        writeln!(f, "shares ended: {} with them, {} by them", self.shares_with, self.shares_by)?;
        write!(f, "requests withdrawn: {}, emergencies ended: {}", self.requests, self.emergencies)
    }
}

fn plan(session: &Arc<SessionInner>, actor: &str, new_owner: Option<&str>) -> Result<OffboardPlan> {
    let tenant = &session.tenant;
    let act = session.act(Action::Suspend);
    let permit = act.permit_to_plan()?;
    check(session, actor, new_owner)?;
    // It lists records, which a tenant that is closed shows nobody.
    admit(session, Action::List)?;
    let mut owned = Vec::new();
    for collection in collections(session) {
        let mut ids = Vec::new();
        let mut after = None;
        while let Some(page) = page_of(session, &collection, actor, after.as_deref(), PAGE)? {
            ids.extend(page.rows.iter().map(|(_, opened)| opened.record()));
            after = Some(page.last);
        }
        if !ids.is_empty() {
            owned.push((collection.name.clone(), ids));
        }
    }
    let now = session.core.now();
    let (with, by, requests, emergencies) = {
        let table = tenant.facts.read();
        let (with, by) = table.shares_about(actor);
        let requests = table.asked_by(actor).filter(|(_, asked)| asked.used.is_none() && asked.until > now).count();
        let running = table.emergencies_of(actor).filter(|(_, emergency)| emergency.until > now).count();
        (with.len(), by.len(), requests, running)
    };
    let mut entry = act.coded(&permit, "planned");
    entry.party(Grantee::Actor(actor));
    act.record(entry)?;
    Ok(OffboardPlan {
        actor: actor.to_owned(),
        new_owner: new_owner.map(str::to_owned),
        owned,
        shared_with: with,
        shared_by: by,
        requests,
        emergencies,
        session: Arc::clone(session),
    })
}

fn check(session: &SessionInner, actor: &str, new_owner: Option<&str>) -> Result<()> {
    standing::check_party("actor who leaves", actor)?;
    if session.actor() == actor {
        return Err(Impossible::OnOneself.into());
    }
    let Some(owner) = new_owner else { return Ok(()) };
    standing::check_party("new owner", owner)?;
    if owner == actor {
        return Err(Impossible::OwnHeir.into());
    }
    if session.tenant.facts.is_suspended(owner) {
        return Err(Impossible::SuspendedOwner.into());
    }
    Ok(())
}

/// Refuses the administrator where a freeze stops acts of this kind.
fn admit(session: &SessionInner, action: Action) -> Result<()> {
    let act = session.act(action);
    act.unbarred()?;
    act.told_elsewhere();
    Ok(())
}

fn execute(plan: &OffboardPlan) -> Result<OffboardReport> {
    let OffboardPlan { session, actor, new_owner, .. } = plan;
    let act = offboarding(session, plan);
    check(session, actor, new_owner.as_deref())?;
    let reason = act.asked().reason.or(Some("has left"));
    let mut report = OffboardReport { suspended: suspend(session, &act, actor, reason)?, ..OffboardReport::default() };
    for collection in collections(session) {
        let (count, list) = match new_owner {
            Some(owner) => (reassign(plan, &collection, owner)?, &mut report.reassigned),
            None => (count(session, &collection, actor)?, &mut report.kept),
        };
        if count > 0 {
            list.push((collection.name.clone(), count));
        }
    }
    let (with, by) = session.tenant.facts.read().shares_about(actor);
    report.shares_with = end_facts(session, &act, actor, &with, "shares_ended")?;
    report.shares_by = end_facts(session, &act, actor, &by, "shares_ended")?;
    let now = session.core.now();
    let asked: Vec<FactId> = {
        let table = session.tenant.facts.read();
        table.asked_by(actor).filter(|(_, a)| a.used.is_none() && a.until > now).map(|(id, _)| id).collect()
    };
    report.requests = end_facts(session, &act, actor, &asked, "requests_withdrawn")?;
    report.emergencies = act.retry_until_committed(|| {
        let mut write = Write::default();
        let ended = emergency::cut_short(session, actor, &mut write)?;
        if ended > 0 {
            act.add(entry(&act, actor, "emergency_ended", ended), &mut write)?;
            write.decided = None;
        }
        Ok((write, ended))
    })?;
    Ok(report)
}

/// Begins the act of carrying a plan out.
fn offboarding<'a>(session: &'a SessionInner, plan: &OffboardPlan) -> Act<'a> {
    let act = session.act(Action::Suspend).told("what", "offboard").told("actor", &plan.actor);
    act.told_any("new owner", plan.new_owner.as_ref())
}

/// Gives every record of a collection that who leaves owns to `to`, a page of rows in each commit. Returns how many.
fn reassign(plan: &OffboardPlan, collection: &Arc<CollectionCore>, to: &str) -> Result<usize> {
    let OffboardPlan { session, actor: from, .. } = plan;
    let mut reassigned = 0usize;
    let mut after: Option<Vec<u8>> = None;
    let mut size = PAGE;
    loop {
        // Asked for every page: whoever loses the right meanwhile doesn't go on.
        let asking = offboarding(session, plan).spent(true);
        let mut allowed = asking.permit()?;
        asking.spend_now(&mut allowed)?;
        asking.told_elsewhere();
        // A freeze keeps records as they are, whoever would change them.
        admit(session, Action::Transfer)?;
        let Some(page) = page_of(session, collection, from, after.as_deref(), size)? else { return Ok(reassigned) };
        let mut write = Write::default();
        let mut subjects = Vec::with_capacity(page.rows.len());
        for (bytes, opened) in &page.rows {
            let layout = &collection.layout();
            let giving = Giving { core: &session.core, tenant: &session.tenant, collection, layout, bytes, opened };
            let next = giving.give(Some(to), allowed.maintenance(opened)?, &mut write)?;
            subjects.push(subject(opened.meta(), next));
        }
        if !write.rows.is_empty() {
            let act = session.act(Action::Transfer).on(collection);
            let mut entry = act.entry(&allowed);
            let rows = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
            entry.subjects(&subjects).rows(rows).party(Grantee::Actor(to));
            act.add(entry, &mut write)?;
            write.rests_on(allowed.decided());
            if !matches!(act.commit(write)?, Outcome::Committed) {
                // Somebody wrote one of these rows: look again, at fewer, so that busy rows can't hold up the others.
                act.told_elsewhere();
                size = (size / 2).max(1);
                continue;
            }
            reassigned = reassigned.saturating_add(subjects.len());
        }
        size = PAGE;
        after = Some(page.last);
    }
}

/// Counts the records of a collection that an actor owns.
fn count(session: &SessionInner, collection: &Arc<CollectionCore>, owner: &str) -> Result<usize> {
    let (mut count, mut after) = (0usize, None);
    while let Some(page) = page_of(session, collection, owner, after.as_deref(), PAGE)? {
        count = count.saturating_add(page.rows.len());
        after = Some(page.last);
    }
    Ok(count)
}

/// The rows of a page that somebody owns.
struct OwnedPage {
    rows: Vec<(RowBytes, Opened)>,
    /// The key of the page's last row, whosever it is.
    last: Vec<u8>,
}

fn page_of(
    session: &SessionInner,
    collection: &Arc<CollectionCore>,
    owner: &str,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Option<OwnedPage>> {
    let (core, tenant) = (&session.core, &session.tenant);
    core.ready()?;
    let page = core.store.scan(&place::rows_of(tenant.id, collection.id), after, size);
    let page = page.map_err(|error| Error::io("reading a page of records", error))?;
    let Some((last, _)) = page.last() else { return Ok(None) };
    let (last, layout) = (last.clone(), collection.layout());
    let mut rows = Vec::new();
    for (key, raw) in page {
        let (_, _, record) = place::row_of_key(&key).ok_or(Error::damaged("a key in the store is not a row's"))?;
        let at = RowPlace { tenant: tenant.id, collection: collection.id, record };
        let Some(bytes) = rows::complete(&*core.store, &at, raw)? else { continue };
        if let Stored::Row(row) = open(session, collection, &layout, at, bytes)?
            && row.1.meta().owner.as_deref() == Some(owner)
        {
            rows.push(*row);
        }
    }
    Ok(Some(OwnedPage { rows, last }))
}

/// Removes these facts, those that are still there, some in each commit. Returns how many.
fn end_facts(session: &SessionInner, act: &Act<'_>, actor: &str, ids: &[FactId], code: &str) -> Result<usize> {
    let mut ended = 0usize;
    for page in ids.chunks(FACTS) {
        let count = act.retry_until_committed(|| {
            let mut write = Write::default();
            for id in page {
                if let Some((bytes, _)) = standing::stored(&*session.core.store, &session.tenant.facts, *id)? {
                    standing::put(&session.tenant.facts, *id, Some(bytes), None, &mut write)?;
                }
            }
            let count = write.puts.len();
            if count > 0 {
                act.add(entry(act, actor, code, count), &mut write)?;
                write.decided = None;
            }
            Ok((write, count))
        })?;
        ended = ended.saturating_add(count);
    }
    Ok(ended)
}

fn entry(act: &Act<'_>, actor: &str, code: &str, count: usize) -> EntryBuilder {
    let mut entry = act.unasked(code);
    entry.party(Grantee::Actor(actor)).rows(u32::try_from(count).unwrap_or(u32::MAX));
    entry
}

/// By name, so that what is done is done in the order that the plan shows.
fn collections(session: &SessionInner) -> Vec<Arc<CollectionCore>> {
    let mut all = session.tenant.collections();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
