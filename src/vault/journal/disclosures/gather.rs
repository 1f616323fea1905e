//! Collecting who was shown which data, by the pseudonyms of the people.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::audit::{Event, Outcome};
use crate::error::{Error, Result};
use crate::model::{Action, Pseudonym, Timestamp};
use crate::vault::journal::handle::Meant;
use crate::vault::journal::query::{Step, Walker};

use super::{NAMES, PEOPLE};

/// The limits of a report: the actor, the person or record, and the times.
pub(crate) struct Shown<'a> {
    pub(crate) actor: Option<&'a str>,
    pub(crate) meant: Option<Meant>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// Everything that the journal says for a report.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) people: BTreeMap<Pseudonym, Person>,
    /// Number of acts that showed data.
    pub(crate) acts: u64,
    names: HashSet<Arc<str>>,
    /// Number of names held, each counted wherever it stands.
    standing: usize,
}

/// A person whose data was shown.
#[derive(Default)]
pub(crate) struct Person {
    /// Numbers of the records shown.
    pub(crate) numbers: BTreeSet<u32>,
    pub(crate) readers: BTreeMap<Arc<str>, Reader>,
}

/// An actor who was shown data of one person.
pub(crate) struct Reader {
    pub(crate) times: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) acts: BTreeSet<Arc<str>>,
    pub(crate) fields: BTreeSet<Arc<str>>,
    pub(crate) unmasked: BTreeSet<Arc<str>>,
    pub(crate) purposes: BTreeSet<Arc<str>>,
    pub(crate) unnamed: bool,
}

impl Shown<'_> {
    /// Collects from all blocks that may hold a matching entry.
    pub(crate) fn gather(&self, walker: &Walker) -> Result<Found> {
        let range = walker.range(walker.size, self.from, self.until)?;
        let mut found = Found::default();
        walker.walk(&range, Walker::edge(&range, false), false, usize::MAX, |event, _| {
            if self.holds(&event) {
                found.add(&event, self.meant.map(|meant| meant.pseudonym))?;
            }
            Ok(Step::On)
        })?;
        Ok(found)
    }

    fn holds(&self, event: &Event) -> bool {
        // The entry of a change shows nothing; the entry before it, of the record that the closure saw, does.
        let shows = Action::from_name(event.action()).is_some_and(Action::reads) && event.revision_after().is_none();
        shows
            && event.outcome() == Outcome::Permitted
            && self.actor.is_none_or(|actor| event.actor() == Some(actor))
            && self.from.is_none_or(|from| event.time() >= from)
            && self.until.is_none_or(|until| event.time() < until)
    }
}

impl Found {
    fn add(&mut self, event: &Event, only: Option<Pseudonym>) -> Result<()> {
        let subjects = event.subjects();
        let mut of: BTreeMap<Pseudonym, BTreeSet<u32>> = BTreeMap::new();
        for subject in subjects.iter().filter(|subject| only.is_none_or(|only| subject.pseudonym == only)) {
            of.entry(subject.pseudonym).or_default().insert(subject.number);
        }
        if of.is_empty() {
            return Ok(());
        }
        self.acts = self.acts.saturating_add(1);
        let actor = self.name(event.actor().unwrap_or_default());
        let act = self.name(event.action());
        let fields: Vec<Arc<str>> = event.fields_read().into_iter().map(|field| self.name(field)).collect();
        let unnamed = usize::try_from(event.fields_read_count()) != Ok(fields.len());
        let purpose = event.purpose().map(|purpose| self.name(purpose));
        let unmasks = event.action() == Action::Unmask.name();
        for (pseudonym, numbers) in of {
            let room = self.people.len() < PEOPLE || self.people.contains_key(&pseudonym);
            let person = self.people.entry(pseudonym).or_default();
            let before = person.standing(&actor);
            person.numbers.extend(numbers);
            let new = || Reader::new(event.time());
            let reader = person.readers.entry(Arc::clone(&actor)).or_insert_with(new);
            reader.times = reader.times.saturating_add(1);
            (reader.first, reader.last) = (reader.first.min(event.time()), reader.last.max(event.time()));
            reader.acts.insert(Arc::clone(&act));
            reader.fields.extend(fields.iter().cloned());
            if unmasks {
                reader.unmasked.extend(fields.iter().cloned());
            }
            reader.purposes.extend(purpose.clone());
            reader.unnamed |= unnamed;
            self.standing = self.standing.saturating_add(person.standing(&actor).saturating_sub(before));
            if !room || self.standing > NAMES {
                let (size, limit) = if room { (self.standing, NAMES) } else { (self.people.len(), PEOPLE) };
                let what = "report of disclosures (in people, or names in it; ask about a shorter time)";
                return Err(Error::TooLarge { what, size, limit });
            }
        }
        Ok(())
    }

    /// Returns the one shared copy of a name.
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}

impl Person {
    /// Returns the number of names that this person holds: those of one reader, and the records' numbers.
    fn standing(&self, actor: &str) -> usize {
        let reader = self.readers.get(actor).map_or(0, |reader| {
            let sets = [&reader.acts, &reader.fields, &reader.unmasked, &reader.purposes];
            sets.iter().fold(1, |sum: usize, set| sum.saturating_add(set.len()))
        });
        reader.saturating_add(self.numbers.len())
    }
}

impl Reader {
    fn new(at: Timestamp) -> Self {
        let (acts, fields, unmasked, purposes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { times: 0, first: at, last: at, acts, fields, unmasked, purposes, unnamed: false }
    }
}
