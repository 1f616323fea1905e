//! A report of disclosures, for a person and for a program.

use std::fmt;

use serde::Serialize;

use crate::model::{RecordId, Timestamp};

/// A report of whose data was shown to whom. `Display` is for a person, [`to_json_lines`](Self::to_json_lines) for a
/// program; `Debug` shows only counts.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisclosureReport {
    /// Time at which the report was made.
    pub made: Timestamp,
    /// Actor asked about, if the question named one.
    pub by_actor: Option<String>,
    /// First time asked about.
    pub from: Option<Timestamp>,
    /// Time asked about ends before this.
    pub until: Option<Timestamp>,
    /// The people whose data was shown: first those with a known record, then those with only a pseudonym left.
    pub people: Vec<Disclosure>,
    /// Number of acts that showed data.
    pub acts: u64,
    /// Beginning of the journal, if earlier entries within the time asked about were dropped.
    pub dropped_before: Option<Timestamp>,
    /// Number of rows that couldn't be opened: because of them, some people may have only a pseudonym.
    pub unreadable: u64,
}

/// One person whose data was shown, and to whom.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disclosure {
    /// Pseudonym of the person in the journal.
    pub pseudonym: String,
    /// The person's own record; `None` if it was erased or there never was one.
    pub person: Option<Disclosed>,
    /// Records about the person that were shown.
    pub records: Vec<Disclosed>,
    /// Number of further records shown that are erased or can't be found.
    pub unresolved: usize,
    /// Actors to whom data was shown.
    pub readers: Vec<DisclosedTo>,
}

/// A record that was shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Disclosed {
    /// Name of the record's collection.
    pub collection: String,
    /// Id of the record.
    pub id: RecordId,
    /// True if the record has been deleted since.
    pub deleted: bool,
}

/// One actor, and the data of one person that this actor was shown.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisclosedTo {
    /// Id of the actor.
    pub actor: String,
    /// Number of acts that showed data.
    pub times: u64,
    /// Time of the first of these acts.
    pub first: Timestamp,
    /// Time of the last of these acts.
    pub last: Timestamp,
    /// Names of the acts.
    pub acts: Vec<String>,
    /// Fields shown; of a list of several records, the fields shown of any of them.
    pub fields: Vec<String>,
    /// Fields shown that are otherwise masked.
    pub unmasked: Vec<String>,
    /// Purposes, as far as the acts stated one.
    pub purposes: Vec<String>,
    /// True if further fields were shown that the journal only counts, the fields of a [`Document`](crate::Document).
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
    /// Returns the time at which data was first shown.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.readers.iter().map(|reader| reader.first).min()
    }

    /// Returns the time at which data was last shown.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.readers.iter().map(|reader| reader.last).max()
    }

    /// Returns the number of acts that showed data.
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

/// Text of the host's, printed with control characters replaced so that it can't break the line.
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| if c.is_control() { write!(f, "\u{fffd}") } else { write!(f, "{c}") })
    }
}

impl DisclosureReport {
    /// Returns the report as lines of JSON: one about the report, then one for each person, each with a line end.
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
