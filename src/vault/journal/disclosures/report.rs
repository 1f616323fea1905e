//! A report of disclosures, for a person and for a program.

use std::fmt;

use serde::Serialize;

use crate::model::{RecordId, Timestamp};

/// What was shown to whom. `Display` is for a person, [`to_json_lines`](Self::to_json_lines) for a program; `Debug` shows
/// counts only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisclosureReport {
    /// When it was made.
    pub made: Timestamp,
    /// The actor whom it was asked about.
    pub by_actor: Option<String>,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until before when.
    pub until: Option<Timestamp>,
    /// The people whose data was shown: those that are told by a record first, then those that only a pseudonym is left of.
    pub people: Vec<Disclosure>,
    /// How many acts have shown something.
    pub acts: u64,
    /// The journal begins then: of what was before, within the time asked about, there is nothing left.
    pub dropped_before: Option<Timestamp>,
    /// Rows that couldn't be opened while the people were looked up: somebody may be told by a pseudonym alone for it.
    pub unreadable: u64,
}

/// What was shown of one person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disclosure {
    /// What the journal calls them.
    pub pseudonym: String,
    /// The record that is the person; `None` if it was erased or never was one.
    pub person: Option<Disclosed>,
    /// The records about them that were shown.
    pub records: Vec<Disclosed>,
    /// How many more were shown that are erased, or can't be told.
    pub unresolved: usize,
    /// Whom they were shown to.
    pub readers: Vec<DisclosedTo>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Disclosed {
    /// Its collection.
    pub collection: String,
    /// Its id.
    pub id: RecordId,
    /// Whether it has been deleted since.
    pub deleted: bool,
}

/// What one actor was shown of one person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisclosedTo {
    /// The actor's id.
    pub actor: String,
    /// By how many acts.
    pub times: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// The names of the acts.
    pub acts: Vec<String>,
    /// The fields shown. Of a list of several records: those shown of any of them.
    pub fields: Vec<String>,
    /// Those of them that are otherwise masked.
    pub unmasked: Vec<String>,
    /// What it was wanted for, as far as that was said.
    pub purposes: Vec<String>,
    /// Whether fields were shown that the journal only counts: those of a [`Document`](crate::Document).
    pub unnamed: bool,
}

impl Default for DisclosureReport {
    fn default() -> Self {
        let (made, people) = (Timestamp::from_micros(0), Vec::new());
        let (by_actor, from, until, dropped_before) = (None, None, None, None);
        Self { made, by_actor, from, until, people, acts: 0, dropped_before, unreadable: 0 }
    }
}

impl Disclosure {
    /// When something was shown first.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.readers.iter().map(|reader| reader.first).min()
    }

    /// When something was shown last.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.readers.iter().map(|reader| reader.last).max()
    }

    /// By how many acts.
    #[must_use]
    pub fn times(&self) -> u64 {
        self.readers.iter().fold(0, |sum, reader| sum.saturating_add(reader.times))
    }
}

impl fmt::Debug for DisclosureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DisclosureReport");
        debug.field("made", &self.made).field("people", &self.people.len()).field("acts", &self.acts);
        debug.field("dropped_before", &self.dropped_before).finish_non_exhaustive()
    }
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Disclosure");
        debug.field("records", &self.records.len()).field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for DisclosedTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DisclosedTo");
        debug.field("times", &self.times).field("first", &self.first).field("last", &self.last);
        debug.finish_non_exhaustive()
    }
}

impl fmt::Display for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.collection, self.id, if self.deleted { " (deleted since)" } else { "" })
    }
}

impl fmt::Display for DisclosureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Disclosures, as of {}", self.made)?;
        if let Some(actor) = &self.by_actor {
            writeln!(f, "to {}", Words(actor))?;
        }
        match (self.from, self.until) {
            (None, None) => writeln!(f, "at any time")?,
            (from, until) => {
                let text = |time: Option<Timestamp>| time.map_or("any time".to_owned(), |time| time.to_string());
                writeln!(f, "from {} until before {}", text(from), text(until))?;
            }
        }
        writeln!(f, "{} people, {} acts", self.people.len(), self.acts)?;
        if let Some(begins) = self.dropped_before {
            writeln!(f, "INCOMPLETE: the journal begins {begins}; what was shown before isn't known any more")?;
        }
        if self.unreadable > 0 {
            writeln!(f, "{} rows could not be opened: verify the vault", self.unreadable)?;
        }
        for line in &self.people {
            writeln!(f)?;
            match &line.person {
                Some(person) => writeln!(f, "{person}")?,
                None => writeln!(f, "somebody who can't be told any more")?,
            }
            writeln!(f, "  pseudonym {}", line.pseudonym)?;
            for record in line.records.iter().filter(|record| Some(*record) != line.person.as_ref()) {
                writeln!(f, "  shown: {record}")?;
            }
            if line.unresolved > 0 {
                writeln!(f, "  shown: {} records that can't be told any more", line.unresolved)?;
            }
            for reader in &line.readers {
                reader.write(f)?;
            }
        }
        Ok(())
    }
}

impl DisclosedTo {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, times, first, last, .. } = self;
        writeln!(f, "  to {}, {times} times, {first} to {last}", Words(actor))?;
        let more = if self.unnamed { &["others, which the journal only counts"][..] } else { &[] };
        for (what, names) in
            [("acts", &self.acts), ("fields", &self.fields), ("unmasked", &self.unmasked), ("purposes", &self.purposes)]
        {
            let more = if what == "fields" { more } else { &[] };
            let names: Vec<String> = names.iter().map(|name| Words(name).to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).chain(more.iter().copied()).collect();
            if !names.is_empty() {
                writeln!(f, "    {what}: {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}

/// The host's own words, kept to their line.
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| if c.is_control() { write!(f, "\u{fffd}") } else { write!(f, "{c}") })
    }
}

impl DisclosureReport {
    /// The report as lines of JSON: one about the report, then one for each person, each with a line end.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let head = Head {
            made: self.made.to_string(),
            by_actor: self.by_actor.as_deref(),
            from: time(self.from),
            until: time(self.until),
            people: self.people.len(),
            acts: self.acts,
            dropped_before: time(self.dropped_before),
            unreadable: self.unreadable,
        };
        // Numbers, texts and lists of them always serialise.
        let mut lines = serde_json::to_string(&head).unwrap_or_default();
        lines.push('\n');
        for person in &self.people {
            lines.push_str(&serde_json::to_string(&Line::from(person)).unwrap_or_default());
            lines.push('\n');
        }
        lines
    }
}

#[derive(Serialize)]
struct Head<'a> {
    made: String,
    by_actor: Option<&'a str>,
    from: Option<String>,
    until: Option<String>,
    people: usize,
    acts: u64,
    dropped_before: Option<String>,
    unreadable: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    pseudonym: &'a str,
    person: Option<Place<'a>>,
    records: Vec<Place<'a>>,
    unresolved: usize,
    readers: Vec<To<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    collection: &'a str,
    id: String,
    deleted: bool,
}

#[derive(Serialize)]
struct To<'a> {
    actor: &'a str,
    times: u64,
    first: String,
    last: String,
    acts: &'a [String],
    fields: &'a [String],
    unmasked: &'a [String],
    purposes: &'a [String],
    unnamed_fields: bool,
}

impl<'a> From<&'a Disclosure> for Line<'a> {
    fn from(line: &'a Disclosure) -> Self {
        let readers = line.readers.iter().map(|reader| To {
            actor: &reader.actor,
            times: reader.times,
            first: reader.first.to_string(),
            last: reader.last.to_string(),
            acts: &reader.acts,
            fields: &reader.fields,
            unmasked: &reader.unmasked,
            purposes: &reader.purposes,
            unnamed_fields: reader.unnamed,
        });
        Self {
            pseudonym: &line.pseudonym,
            person: line.person.as_ref().map(Place::from),
            records: line.records.iter().map(Place::from).collect(),
            unresolved: line.unresolved,
            readers: readers.collect(),
        }
    }
}

impl<'a> From<&'a Disclosed> for Place<'a> {
    fn from(record: &'a Disclosed) -> Self {
        Self { collection: &record.collection, id: record.id.to_string(), deleted: record.deleted }
    }
}
