//! Questions to the journal: who did what, when, to whose records.
//!
//! Guarantees: who asks needs [`Action::ReadJournal`]; entries are given out only for the policy's permit and the
//! ticket of the question's own entry; a tenant's journal shows the tenant's acts, the vault's journal the vault's own.
//! Every entry that fits is on exactly one page, in the journal's order. Memory of a page: its entries, at most 1,000
//! and about [`BYTES`], and one block of at most 4 MiB. Work: at most [`BUDGET`] blocks and entries, and the rest of a
//! block; with a time given, about 40 blocks more. Does not: check the journal (`verify` does), or show dropped
//! entries.

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
use crate::vault::gate::{Act, Permit};
use crate::vault::records::check_limit;

use super::handle::{About, Journal, Meant, check_actor, check_times};

/// Bytes of entries after which a page ends.
pub(crate) const BYTES: usize = 8 << 20;

/// A question to the journal: [`Journal::entries`] begins one. It finds every entry that no set limit excludes.
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

/// The limits that entries have to meet.
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

/// A page of journal entries. `Debug` shows their number.
#[non_exhaustive]
pub struct JournalPage {
    /// The entries, in the journal's order or its reverse. Entries of one commit aren't sorted by time.
    pub entries: Vec<Event>,
    /// Cursor for the next page; `None` at the end. A page may be short or empty without being the last.
    pub next: Option<JournalCursor>,
}

/// The pages of a question, one after the other. They end after the first error.
pub struct JournalPages {
    query: JournalQuery,
    limit: usize,
    after: Option<JournalCursor>,
    done: bool,
}

/// Entries found that haven't been given to the caller yet.
struct Gathered(JournalPage);

impl Gathered {
    /// Gives the page to the caller. Consumes the permit.
    fn release(self, _: Permit, _written_down: &Ticket) -> JournalPage {
        self.0
    }
}

impl JournalQuery {
    /// Limits the question to acts of the actor with this id.
    #[must_use]
    pub fn by_actor(mut self, id: impl Into<String>) -> Self {
        self.wanted.actor = Some(id.into());
        self
    }

    /// Limits the question to acts on records about this person, named by the pseudonym in entries
    /// ([`Metadata::pseudonym`](crate::vault::Metadata::pseudonym)). Replaces [`of_record`](Self::of_record).
    #[must_use]
    pub fn of_subject(mut self, pseudonym: impl Into<String>) -> Self {
        self.wanted.about = Some(About::Pseudonym(pseudonym.into()));
        self
    }

    /// Limits the question to acts on this record, which may be deleted. Only metadata is read. Replaces
    /// [`of_subject`](Self::of_subject).
    #[must_use]
    pub fn of_record(mut self, collection: impl Into<String>, id: RecordId) -> Self {
        self.wanted.about = Some(About::Record(collection.into(), id));
        self
    }

    /// Limits the question to acts of this kind. Replaces [`act`](Self::act).
    #[must_use]
    pub fn action(self, action: Action) -> Self {
        self.act(action.name())
    }

    /// Limits the question to acts of this name: an [`Action`]'s, or an event of the host's such as `host_login`. The
    /// name isn't checked: an unknown one finds nothing. Replaces [`action`](Self::action).
    #[must_use]
    pub fn act(mut self, name: impl Into<String>) -> Self {
        self.wanted.act = Some(name.into());
        self
    }

    /// Limits the question to acts with this outcome.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.wanted.outcome = Some(outcome);
        self
    }

    /// Limits the question to acts whose outcome has this code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.wanted.code = Some(code.into());
        self
    }

    /// Limits the question to acts at `from` or later and before `until`. Blocks whose times are over an hour off are
    /// skipped; acts written while a clock was set back by more than that can be missed.
    #[must_use]
    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.wanted.from, self.wanted.until) = (Some(from), Some(until));
        self
    }

    /// Begins with the latest entry.
    #[must_use]
    pub const fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Returns a page of at most `limit` (1 to 1,000) entries, and about 8 MiB, after the page that ended at this
    /// cursor. A page looks at about 65,000 entries and blocks at most. Each page is an act with its own entry: the
    /// code is `journal`, the party the actor asked about, the data subject the person asked about.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) (the act is [`Action::ReadJournal`]);
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Erased`](crate::Error::Erased) and
    /// [`Error::UnknownCollection`](crate::Error::UnknownCollection) for the record asked about;
    /// [`Error::NotPossible`](crate::Error::NotPossible) for a cursor of another journal or the other direction, a text
    /// that isn't a pseudonym, or times that end before they begin; [`Error::BadName`](crate::Error::BadName) for an
    /// actor of over 1,000 bytes; [`Error::Damaged`](crate::Error::Damaged) for a journal that can't be read back; and
    /// reasons why the vault can't act now.
    pub fn page(&self, limit: usize, after: Option<&JournalCursor>) -> Result<JournalPage> {
        let Self { journal, wanted, newest_first } = self;
        let act = journal
            .act()
            .told("what", "entries")
            .told("order", if *newest_first { "newest first" } else { "oldest first" });
        let act = wanted.told(act.told("entries", limit).told_any("after", after));
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

    /// Returns all pages, of at most `limit` (1 to 1,000) entries each.
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
        // An entry beyond a full page shows that there is another page.
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
    /// Says what is wanted, for whoever approves the question.
    fn told<'a>(&self, act: Act<'a>) -> Act<'a> {
        let Self { actor, about, act: name, outcome, code, from, until } = self;
        let act = act.told_any("of actor", actor.as_ref()).told_any("of subject", about.as_ref());
        let act = act.told_any("of act", name.as_ref()).told_any("outcome", outcome.map(Outcome::name));
        act.told_any("code", code.as_ref()).told_any("from", *from).told_any("until", *until)
    }

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

/// Tells whether an act touched the record, or any record of the person.
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
