//! Lists and searches under way. Every row is decided by itself, and only rows that are shown are named in the journal. A
//! row that the policy fails to decide isn't shown, and the first such failure of an act is in the journal.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::audit::Subject;
use crate::crypto::{Key, role};
use crate::error::{Error, Result};
use crate::format::place;
use crate::index::{self, Entry as IndexEntry};
use crate::model::{ApprovalId, RecordId};
use crate::policy::{Denial, Scope, codes};
use crate::record::{Plan, Record};

use crate::vault::gate::{Act, Found, Opened, Permit, Reserved, subject_of};
use crate::vault::handles::SessionInner;
use crate::vault::records::read::{self, Stored};
use crate::vault::records::scope::Within;
use crate::vault::state::schema::{CollectionCore, CompiledSchema, IndexCore};
use crate::vault::state::terms::Sought;

/// Checks the number of records that a page is to have.
///
/// # Errors
/// [`Error::BadLimit`].
pub(crate) fn check_limit(limit: usize) -> Result<usize> {
    if limit == 0 || limit > PAGE { Err(Error::BadLimit { limit, most: PAGE }) } else { Ok(limit) }
}

/// Largest number of records in a page, and in a journal entry.
pub(crate) const PAGE: usize = 1_000;
/// Bytes of records after which a page ends early.
pub(crate) const BYTES: usize = 32 << 20;
/// Codes of denials that aren't an answer of the policy: it has failed to give one.
const FAILURES: [&str; 4] = [codes::POLICY_ERROR, codes::POLICY_PANIC, codes::POLICY_LATE, codes::UNKNOWN_OBLIGATION];

/// A list or a search under way.
pub(crate) struct Query<'a, T> {
    pub(crate) session: &'a SessionInner,
    pub(crate) collection: &'a CollectionCore,
    pub(crate) layout: &'a CompiledSchema,
    plan: &'a Plan,
    pub(crate) act: Act<'a>,
    /// The permit for the act as a whole.
    asked: Permit,
    /// The approval for the act as a whole.
    approval: Option<ApprovalId>,
    /// Rows that the policy's scope can hold; `None` for all rows.
    pub(crate) within: Option<Within>,
    pub(crate) chosen: Vec<(Opened, Permit)>,
    /// Rows that were counted before they are shown, if the policy limits them.
    reserved: Option<Reserved<'a>>,
    /// True once an entry says that the policy failed to decide on a row. Only one: the next million may fail alike.
    failed: Cell<bool>,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// Approval and alarm among the permits for rows that are only counted.
#[derive(Default)]
pub(crate) struct Special {
    /// The first approval.
    approval: Option<ApprovalId>,
    /// The first permit that alarms.
    alarms: Option<Permit>,
    /// The records that a search has confirmed, as many as an entry names.
    confirmed: Vec<Subject>,
}

impl Special {
    /// Adds a record whose values the count confirms.
    pub(crate) fn confirm(&mut self, row: &Opened) {
        if self.confirmed.len() < PAGE {
            self.confirmed.push(subject_of(row));
        }
    }

    pub(crate) fn add(&mut self, permit: Permit) {
        self.approval = self.approval.or(permit.approval());
        if self.alarms.is_none() && !permit.notify().is_empty() {
            self.alarms = Some(permit);
        }
    }
}

impl<'a, T: Record> Query<'a, T> {
    /// Decides whether there may be a query at all; `None` if its scope holds no row.
    pub(crate) fn begin(
        session: &'a SessionInner,
        collection: &'a CollectionCore,
        layout: &'a CompiledSchema,
        plan: &'a Plan,
        act: Act<'a>,
    ) -> Result<Option<Self>> {
        let asked = act.permit()?;
        let scope = session.core.policy.scope(&act.question()).map_err(|denial| act.refuse(denial))?;
        let nothing = scope == Scope::Nothing;
        let query = Self {
            session,
            collection,
            layout,
            plan,
            act,
            approval: asked.approval(),
            asked,
            within: Within::new(scope),
            chosen: Vec::new(),
            reserved: None,
            failed: Cell::new(false),
            kind: std::marker::PhantomData,
        };
        if nothing {
            query.release()?;
            return Ok(None);
        }
        Ok(Some(query))
    }

    /// Reserves rows to be shown, which count as shown from now on, and returns their number, at most `wanted`.
    ///
    /// # Errors
    /// [`Error::Denied`], journalled, if none may be shown.
    pub(crate) fn clamped(&mut self, wanted: usize) -> Result<usize> {
        if self.asked.row_limit() == (u32::MAX, None) {
            return Ok(wanted);
        }
        let reserved = Reserved::new(self.session, &self.asked, wanted).map_err(|denial| self.act.refuse(denial))?;
        self.act.reserved(reserved.count());
        let most = usize::try_from(reserved.count()).unwrap_or(wanted);
        self.reserved = Some(reserved);
        Ok(most)
    }

    /// Writes down the number of rows counted, and the permits behind it.
    pub(crate) fn counted(self, rows: u64, special: Special) -> Result<()> {
        let permit = special.alarms.as_ref().unwrap_or(&self.asked);
        let approval = self.approval.or(special.approval);
        let mut entry = self.act.entry(permit);
        entry.rows(u32::try_from(rows).unwrap_or(u32::MAX));
        entry.subjects(&special.confirmed);
        self.act.name_fields(&mut entry, self.act.asked().fields);
        self.act.record_under(approval, entry).map(|_ticket| ())
    }

    /// Returns a permit for one row, if the actor may see it here.
    ///
    /// # Errors
    /// Only if the journal can't take an entry that has to be written.
    pub(crate) fn may_see(&self, row: &Opened) -> Result<Option<Permit>> {
        // Saves asking the policy about each of many rows that aren't the actor's.
        if self.within.as_ref().is_some_and(|within| !within.may_hold(row)) {
            return Ok(None);
        }
        let permit = match self.act.decide(Some(row)) {
            Ok(permit) => permit,
            Err(denial) => return self.unseen(row, denial).map(|()| None),
        };
        // A row whose sought field is withheld would confirm a guess.
        Ok(self.act.asked().fields.iter().all(|field| permit.read().contains(field)).then_some(permit))
    }

    /// Writes down the first time that the policy failed to decide on a row.
    fn unseen(&self, row: &Opened, denial: Denial) -> Result<()> {
        if !FAILURES.contains(&&*denial.code) || self.failed.replace(true) {
            return Ok(());
        }
        match self.act.refuse_on(Some(row), denial) {
            Error::Denied(_) => Ok(()),
            unwritten => Err(unwritten),
        }
    }

    /// Opens the record of an index entry, if it still has the values and the actor may see it.
    pub(crate) fn hit(&self, id: RecordId, sought: &[Sought<'_>]) -> Result<Option<(Opened, Permit)>> {
        let Stored::Row(row) = read::stored(self.session, self.collection, self.layout, id)? else {
            return Ok(None);
        };
        for Sought { index, term, .. } in sought {
            if !row.1.has(self.layout, index, term)? {
                return Ok(None);
            }
        }
        Ok(self.may_see(&row.1)?.map(|permit| (row.1, permit)))
    }

    /// Returns the records in live entries of every one of the values.
    pub(crate) fn in_all(&self, sought: &[Sought<'_>]) -> Result<BTreeSet<RecordId>> {
        let sets = sought.iter().map(|Sought { index, key, .. }| self.ids(index, key));
        let both = |a: BTreeSet<RecordId>, b: BTreeSet<RecordId>| a.intersection(&b).copied().collect();
        Ok(sets.collect::<Result<Vec<_>>>()?.into_iter().reduce(both).unwrap_or_default())
    }

    /// Returns the records in the live entries of a value.
    fn ids(&self, index: &IndexCore, key: &Key<role::Value>) -> Result<BTreeSet<RecordId>> {
        let mut ids = BTreeSet::new();
        for position in 0.. {
            match self.entry(index, key, position)? {
                None => break,
                Some(IndexEntry::Live(id)) => {
                    ids.insert(id);
                }
                Some(IndexEntry::Dead) => {}
            }
        }
        Ok(ids)
    }

    /// Returns the end of a value's entries, and the record in the last entry if that is live.
    pub(crate) fn last(&self, index: &IndexCore, key: &Key<role::Value>) -> Result<(u64, Option<RecordId>)> {
        let end = index::end(|position| self.raw_entry(key, position).map(|entry| entry.is_some()), 0)?;
        let Some(last) = end.checked_sub(1) else { return Ok((end, None)) };
        Ok(match self.entry(index, key, last)? {
            Some(IndexEntry::Live(id)) => (end, Some(id)),
            _ => (end, None),
        })
    }

    pub(crate) fn entry(&self, index: &IndexCore, key: &Key<role::Value>, position: u64) -> Result<Option<IndexEntry>> {
        let Some(sealed) = self.raw_entry(key, position)? else { return Ok(None) };
        index::open_entry(key, &index.keys.place(position), &sealed)
            .map(Some)
            .map_err(|error| Error::damaged_by("an index entry doesn't open", error))
    }

    pub(crate) fn raw_entry(&self, key: &Key<role::Value>, position: u64) -> Result<Option<Vec<u8>>> {
        let key = place::entry(self.session.tenant.id, &index::entry_key(key, position));
        self.session.core.store.get(&key).map_err(|error| Error::io("reading an index entry", error))
    }

    /// Drops rows over a limit that their own permit has beside the act's. Returns the count of those within it.
    fn limited(&mut self) -> Reserved<'a> {
        let (asked, now) = (self.asked.row_limit(), self.session.core.now());
        let (mut own, reserved) = (Reserved::nothing(self.session), &mut self.reserved);
        self.chosen.retain(|(_, permit)| {
            let limit = permit.row_limit();
            if limit == asked || limit == (u32::MAX, None) {
                return true;
            }
            // The row was counted for the act; from here on it counts for its own limit.
            reserved.iter_mut().for_each(Reserved::one_less);
            own.one_more(limit, now)
        });
        own
    }

    /// Writes down the rows that are shown, and shows them.
    pub(crate) fn release(mut self) -> Result<Vec<Found<T>>> {
        let own = self.limited();
        let subjects: Vec<Subject> = self.chosen.iter().map(|(opened, _)| subject_of(opened)).collect();
        // An alarm must not get lost among rows that need none.
        let permits = || self.chosen.iter().map(|(_, permit)| permit);
        let alarms = permits().find(|permit| !permit.notify().is_empty());
        let permit = alarms.or_else(|| permits().next()).unwrap_or(&self.asked);
        let mut entry = self.act.entry(permit);
        entry.subjects(&subjects).rows(u32::try_from(subjects.len()).unwrap_or(u32::MAX));
        let rows = || self.chosen.iter().map(|(row, permit)| (row, permit.read()));
        match rows().map(|(_, read)| read.clone()).reduce(|a, b| a.union(&b)) {
            Some(read) => read::name_fields(&mut entry, self.layout, &read, rows())?,
            // That no record has the values is an answer as well.
            None => self.act.name_fields(&mut entry, self.act.asked().fields),
        }
        let approval = self.approval.or_else(|| self.chosen.iter().find_map(|(_, permit)| permit.approval()));
        let ticket = self.act.record_under(approval, entry)?;
        let shown = u32::try_from(subjects.len()).unwrap_or(u32::MAX).saturating_sub(own.count());
        let counted = own.count();
        own.shown(counted);
        match self.reserved {
            Some(reserved) => reserved.shown(shown),
            None => {
                self.session.tenant.facts.rows.reserve(self.session.actor(), shown, None, self.session.core.now());
            }
        }
        let show = |(opened, mut permit): (Opened, Permit)| {
            permit.approval_is_spent();
            opened.show(permit, &ticket, self.layout, self.plan)
        };
        self.chosen.into_iter().map(show).collect()
    }
}
