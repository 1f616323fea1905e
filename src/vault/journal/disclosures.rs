//! Reports of whose data an actor was shown, and who was shown a person's data, for breach notices and access requests.
//!
//! Guarantees: only who may [`ReadJournal`](Action::ReadJournal) gets a report; every act that showed fields counts,
//! also an update's closure that saw a record, and a record's history; a report says from when on the journal is kept.
//! Only metadata of rows is opened, no field, to find the people's records. Memory: at most [`PEOPLE`] people and
//! [`NAMES`] names, about 200 MB at most, else [`Error::TooLarge`]; and one block. Work: the blocks of the time asked
//! about, and every row's metadata once, except for a question about one record. Does not: say which fields of one
//! person a list of several showed, where they differ: the journal names them for all together.

mod gather;
mod report;
mod resolve;

pub use report::{Disclosed, DisclosedTo, Disclosure, DisclosureReport};

use std::fmt;

use crate::error::{Error, Result};
use crate::model::{RecordId, Timestamp};

use crate::vault::commit::Ticket;
use crate::vault::gate::Permit;

use super::handle::{About, Journal, check_actor, check_times};

/// Largest number of people in a report.
const PEOPLE: usize = 100_000;
/// Largest number of names in a report, of actors, fields, purposes, acts and records, each counted wherever it stands.
const NAMES: usize = 2_000_000;

/// A question about disclosures: [`Journal::disclosures`] begins one.
///
/// ```
/// # use strongroom::{RecordId, Timestamp};
/// # fn example(officer: &strongroom::vault::Session, id: RecordId, monday: Timestamp, friday: Timestamp)
/// #     -> strongroom::Result<()> {
/// // Whose data did sales-7 see in that week?
/// let breach = officer.journal().disclosures().by_actor("sales-7").between(monday, friday).report()?;
/// println!("{breach}");
/// // Who has seen this customer's data?
/// let request = officer.journal().disclosures().of_record("customers", id).report()?;
/// println!("{}", request.to_json_lines());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DisclosureQuery {
    journal: Journal,
    actor: Option<String>,
    about: Option<About>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A finished report that hasn't been given to the caller yet.
struct Made(DisclosureReport);

impl Made {
    /// Gives the report to the caller. Consumes the permit.
    fn release(self, _: Permit, _written_down: &Ticket) -> DisclosureReport {
        self.0
    }
}

impl DisclosureQuery {
    /// Limits the report to what the actor with this id was shown.
    #[must_use]
    pub fn by_actor(mut self, id: impl Into<String>) -> Self {
        self.actor = Some(id.into());
        self
    }

    /// Limits the report to data of the person with this pseudonym. Replaces [`of_record`](Self::of_record).
    #[must_use]
    pub fn of_subject(mut self, pseudonym: impl Into<String>) -> Self {
        self.about = Some(About::Pseudonym(pseudonym.into()));
        self
    }

    /// Limits the report to data of the person whom this record is about, in all records about that person. The record
    /// may be deleted. Replaces [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn of_record(mut self, collection: impl Into<String>, id: RecordId) -> Self {
        self.about = Some(About::Record(collection.into(), id));
        self
    }

    /// Limits the report to what was shown at `from` or later and before `until`.
    /// [`JournalQuery::between`](crate::vault::JournalQuery::between) says what a clock that was set back does.
    #[must_use]
    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.from, self.until) = (Some(from), Some(until));
        self
    }

    /// Makes the report. Its entry has the code `disclosures`, the actor and the person asked about, and the number of
    /// people in the report. It doesn't name these people: none of their fields is shown, and it would look like a mass
    /// read.
    ///
    /// # Errors
    /// As [`JournalQuery::page`](crate::vault::JournalQuery::page), and [`Error::TooLarge`] for over
    /// 100,000 people or 2,000,000 names: ask about a shorter time.
    pub fn report(&self) -> Result<DisclosureReport> {
        let Self { journal, actor, about, from, until } = self;
        let by = actor.as_deref();
        let act =
            journal.act().told("what", "disclosures").told_any("of actor", by).told_any("of subject", about.as_ref());
        let act = act.told_any("from", *from).told_any("until", *until);
        let permit = act.permit()?;
        check_actor(by)?;
        check_times(*from, *until)?;
        let meant = about.as_ref().map(|about| journal.meant(&act, about)).transpose()?;
        let walker = journal.walker()?;
        let shown = gather::Shown { actor: by, meant, from: *from, until: *until };
        let found = shown.gather(&walker).and_then(|found| resolve::resolve(journal, meant, found));
        let report = match found {
            Err(error @ Error::TooLarge { .. }) => {
                Journal::note(&act, &permit, "disclosures_too_large", by, meant, 0)?;
                return Err(error);
            }
            found => found?,
        };
        let begins = walker.begins()?.filter(|begins| from.is_none_or(|from| from < *begins));
        let made = Made(DisclosureReport {
            made: journal.core.now(),
            by_actor: actor.clone(),
            from: *from,
            until: *until,
            dropped_before: begins,
            ..report
        });
        let ticket = Journal::note(&act, &permit, "disclosures", by, meant, made.0.people.len())?;
        Ok(made.release(permit, &ticket))
    }
}

impl Journal {
    /// Begins a question about disclosures: whose data somebody was shown, or who was shown somebody's data. A tenant's
    /// journal answers it; the vault's own journal names no records.
    #[must_use]
    pub fn disclosures(&self) -> DisclosureQuery {
        DisclosureQuery { journal: self.clone(), actor: None, about: None, from: None, until: None }
    }
}

impl fmt::Debug for DisclosureQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisclosureQuery").field("journal", &self.journal).finish_non_exhaustive()
    }
}
