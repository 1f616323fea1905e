//! Whose data somebody was shown, and who was shown somebody's data: what a breach notice and an access request need.
//!
//! Guarantees: for whoever may [`ReadJournal`](Action::ReadJournal); every act that showed fields counts, also the record that an
//! update's closure saw, and the history of a record; what was dropped from the journal is said. Of rows only the metadata is
//! opened, to say which records the people are; no field. Memory: at most [`PEOPLE`] people and [`NAMES`] names of all kinds, some
//! 200 MB at the very most, else [`Error::TooLarge`]; and one block. Work: the blocks of the time asked about, and every row's
//! metadata once, but for a question about one record. Does not: say which fields of one person a list of several showed,
//! where they differ: the journal names those of all of them together.

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

/// A report has at most so many people.
const PEOPLE: usize = 100_000;
/// and at most so many names of actors, fields, purposes, acts and records, each counted where it stands.
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

/// A report that was made, on its way out.
struct Made(DisclosureReport);

impl Made {
    /// Gives the report out. Consumes the permit.
    fn release(self, _: Permit, _written_down: &Ticket) -> DisclosureReport {
        self.0
    }
}

impl DisclosureQuery {
    /// What this actor was shown, by their id.
    #[must_use]
    pub fn by_actor(mut self, id: impl Into<String>) -> Self {
        self.actor = Some(id.into());
        self
    }

    /// What was shown of this person, by the pseudonym that journal entries use. Replaces [`of_record`](Self::of_record).
    #[must_use]
    pub fn of_subject(mut self, pseudonym: impl Into<String>) -> Self {
        self.about = Some(About::Pseudonym(pseudonym.into()));
        self
    }

    /// What was shown of the person whom this record is about: of all records about them. The record may be deleted.
    /// Replaces [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn of_record(mut self, collection: impl Into<String>, id: RecordId) -> Self {
        self.about = Some(About::Record(collection.into(), id));
        self
    }

    /// What was shown from a time until before another. See [`JournalQuery::between`](crate::vault::JournalQuery::between) for
    /// clocks that are set back.
    #[must_use]
    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.from, self.until) = (Some(from), Some(until));
        self
    }

    /// Makes the report. It is in the journal with the code `disclosures`, the actor and the person that it asks about, and how
    /// many people it lists. It doesn't name these: it shows none of their fields, and would look like a mass read.
    ///
    /// # Errors
    /// As [`JournalQuery::page`](crate::vault::JournalQuery::page), and [`Error::TooLarge`] for over
    /// 100,000 people or 2,000,000 names: ask about a shorter time.
    pub fn report(&self) -> Result<DisclosureReport> {
        let Self { journal, actor, about, from, until } = self;
        let act = journal.act();
        let permit = act.permit()?;
        let by = actor.as_deref();
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
    /// Begins a question about disclosures: whose data somebody was shown, or who was shown somebody's. A tenant's journal
    /// answers it; the vault's own names no records.
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
