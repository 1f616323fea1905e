//! Questions to the journal: who did what, when, to whose records.
//!
//! Guarantees: whoever asks needs [`Action::ReadJournal`]; entries come out only against the policy's permit and a ticket for
//! the entry of the question itself; a tenant's journal shows that tenant's acts, the vault's shows the vault's own. Every
//! entry that fits is in exactly one page, in the journal's order. Memory of a page: its entries, at most 1,000 and about
//! [`BYTES`], and one block of at most 4 MiB. Work of a page: [`BUDGET`] blocks and entries looked at, and the rest of a block;
//! for a time about 40 blocks more. Does not: check the journal (`verify` does), or show what was dropped.

pub(crate) mod cursor;
pub(crate) mod subject;
pub(crate) mod walk;

pub use cursor::JournalCursor;
pub(crate) use subject::{Known, known, look, records_of};
pub(crate) use walk::{BUDGET, Step, Walker};

use std::fmt;

use crate::audit::{Event, Outcome};
use crate::error::Result;
use crate::model::{Action, RecordId, Timestamp};

use crate::vault::commit::Ticket;
use crate::vault::gate::Permit;
use crate::vault::records::check_limit;

use super::handle::{About, Journal, Meant, check_actor, check_times};

/// A page ends once its entries have so many bytes.
pub(crate) const BYTES: usize = 8 << 20;

/// A question to the journal: [`Journal::entries`] begins one. What isn't said limits nothing.
///
/// ```
/// use strongroom::model::Action;
/// # fn example(admin: &strongroom::vault::Session) -> strongroom::Result<()> {
/// let question = admin.journal().entries().by_actor("sales-7").action(Action::Export).newest_first();
/// for page in question.pages(100) {
///     for event in page?.entries {
///         println!("{} {} {}", event.time(), event.action(), event.outcome().name());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JournalQuery {
    journal: Journal,
    wanted: Wanted,
    newest_first: bool,
}

/// What the entries have to be like.
#[derive(Clone, Default)]
struct Wanted {
    actor: Option<String>,
    about: Option<About>,
    act: Option<String>,
    outcome: Option<Outcome>,
    code: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// One page of journal entries. `Debug` shows how many.
#[non_exhaustive]
pub struct JournalPage {
    /// The entries, in the journal's order or its reverse. What one commit carries comes in any order of time.
    pub entries: Vec<Event>,
    /// Pass this on for the next page. A page may be short, or empty, and not the last: looking further is the next one's work.
    /// `None` at the end.
    pub next: Option<JournalCursor>,
}

/// The pages of a question, one after the other. Ends after the first error.
pub struct JournalPages {
    query: JournalQuery,
    limit: usize,
    after: Option<JournalCursor>,
    done: bool,
}

/// Entries that were found, on their way out.
struct Gathered(JournalPage);

impl Gathered {
    /// Gives the page out. Consumes the permit.
    fn release(self, _: Permit, _written_down: &Ticket) -> JournalPage {
        self.0
    }
}

impl JournalQuery {
    /// Acts of this actor, by their id.
    #[must_use]
    pub fn by_actor(mut self, id: impl Into<String>) -> Self {
        self.wanted.actor = Some(id.into());
        self
    }

    /// Acts that touched records about this person, by the pseudonym that entries use
    /// ([`Metadata::pseudonym`](crate::vault::Metadata::pseudonym)). Replaces [`of_record`](Self::of_record).
    #[must_use]
    pub fn of_subject(mut self, pseudonym: impl Into<String>) -> Self {
        self.wanted.about = Some(About::Pseudonym(pseudonym.into()));
        self
    }

    /// Acts that touched this record, which may be deleted. Its metadata is looked at, no field. Replaces
    /// [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn of_record(mut self, collection: impl Into<String>, id: RecordId) -> Self {
        self.wanted.about = Some(About::Record(collection.into(), id));
        self
    }

    /// Acts of this kind. Replaces [`act`](Self::act).
    #[must_use]
    pub fn action(self, action: Action) -> Self {
        self.act(action.name())
    }

    /// Acts of this name: an [`Action`]'s, or of what the host has recorded, such as `host_login`. It isn't checked: of a name
    /// that no act has there are no entries. Replaces [`action`](Self::action).
    #[must_use]
    pub fn act(mut self, name: impl Into<String>) -> Self {
        self.wanted.act = Some(name.into());
        self
    }

    /// Acts with this outcome.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.wanted.outcome = Some(outcome);
        self
    }

    /// Acts whose outcome has this code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.wanted.code = Some(code.into());
        self
    }

    /// Acts from a time until before another. They are looked for where the journal's times, give or take an hour, say that
    /// they are; while a clock was set back by more, acts can be missed.
    #[must_use]
    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.wanted.from, self.wanted.until) = (Some(from), Some(until));
        self
    }

    /// Begins with the latest.
    #[must_use]
    pub const fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// A page of at most `limit` (1 to 1,000) entries, and about 8 MiB, after the one that ended at this cursor. Each page
    /// looks at some 65,000 entries and blocks at most. It is an act of its own, and in the journal: its code is `journal`, its
    /// party the actor, its data subject the person it asks about.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) (the act is [`Action::ReadJournal`]);
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Erased`](crate::Error::Erased) and
    /// [`Error::UnknownCollection`](crate::Error::UnknownCollection) for the record that it asks about;
    /// [`Error::NotPossible`](crate::Error::NotPossible) for a cursor of another journal or the other direction, what isn't
    /// a pseudonym, or times that end before they begin; [`Error::BadName`](crate::Error::BadName) for an actor of over 1,000 bytes;
    /// [`Error::Damaged`](crate::Error::Damaged) for a journal that can't be read back; and reasons why the vault can't act
    /// now.
    pub fn page(&self, limit: usize, after: Option<&JournalCursor>) -> Result<JournalPage> {
        let Self { journal, wanted, newest_first } = self;
        let act = journal.act();
        let permit = act.permit()?;
        let limit = check_limit(limit)?;
        check_actor(wanted.actor.as_deref())?;
        check_times(wanted.from, wanted.until)?;
        let meant = wanted.about.as_ref().map(|about| journal.meant(&act, about)).transpose()?;
        let page = gather(&journal.walker()?, wanted, meant, *newest_first, limit, after)?;
        let actor = wanted.actor.as_deref();
        let ticket = Journal::note(&act, &permit, "journal", actor, meant, page.0.entries.len())?;
        Ok(page.release(permit, &ticket))
    }

    /// All pages, of at most `limit` (1 to 1,000) entries each.
    #[must_use]
    pub fn pages(&self, limit: usize) -> JournalPages {
        JournalPages { query: self.clone(), limit, after: None, done: false }
    }
}

fn gather(
    walker: &Walker,
    wanted: &Wanted,
    meant: Option<Meant>,
    newest_first: bool,
    limit: usize,
    after: Option<&JournalCursor>,
) -> Result<Gathered> {
    let size = after.map_or(walker.size, |after| after.size);
    let from = after.map(|after| after.place(walker.epoch(), newest_first, walker.size)).transpose()?;
    let range = walker.range(size, wanted.from, wanted.until)?;
    let from = from.unwrap_or(Walker::edge(&range, newest_first));
    let (mut entries, mut held) = (Vec::new(), 0usize);
    let stopped = walker.walk(&range, from, newest_first, BUDGET, |event, bytes| {
        if !wanted.holds(&event, meant) {
            return Ok(Step::On);
        }
        // An entry beyond a full page says that there is another page.
        if entries.len() == limit || held > BYTES {
            return Ok(Step::Before);
        }
        held = held.saturating_add(bytes);
        entries.push(event);
        Ok(Step::On)
    })?;
    let next = stopped.map(|place| JournalCursor::new(walker.epoch(), newest_first, size, place));
    Ok(Gathered(JournalPage { entries, next }))
}

impl Wanted {
    fn holds(&self, event: &Event, meant: Option<Meant>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        is(&self.actor, event.actor())
            && is(&self.act, Some(event.action()))
            && is(&self.code, Some(event.code()))
            && self.outcome.is_none_or(|outcome| event.outcome() == outcome)
            && self.from.is_none_or(|from| event.time() >= from)
            && self.until.is_none_or(|until| event.time() < until)
            && meant.is_none_or(|meant| touches(event, meant))
    }
}

/// Whether an act touched the record, or any of the person's.
fn touches(event: &Event, meant: Meant) -> bool {
    let number = meant.record.map(|(.., known)| known.number);
    let is = |subject: &crate::audit::Subject| {
        subject.pseudonym == meant.pseudonym && number.is_none_or(|number| subject.number == number)
    };
    event.subjects().iter().any(is)
}

impl Journal {
    /// Begins a question about entries: who did what, when, to whose records.
    #[must_use]
    pub fn entries(&self) -> JournalQuery {
        JournalQuery { journal: self.clone(), wanted: Wanted::default(), newest_first: false }
    }
}

impl Iterator for JournalPages {
    type Item = Result<JournalPage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let page = self.query.page(self.limit, self.after.as_ref());
        self.after = page.as_ref().ok().and_then(|page| page.next);
        self.done = self.after.is_none();
        Some(page)
    }
}

impl fmt::Debug for JournalQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalQuery").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl fmt::Debug for JournalPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalPage").field("entries", &self.entries.len()).field("next", &self.next).finish()
    }
}

impl fmt::Debug for JournalPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalPages").field("after", &self.after).finish_non_exhaustive()
    }
}
