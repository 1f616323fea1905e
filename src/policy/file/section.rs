//! Reading one table of a policy file, key by key.
//!
//! Guarantees: a key that nobody asks for is a mistake, so none is ignored; a value of another kind than its key takes is a
//! mistake, never a default. The keys that are told as the right ones are those that were asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::mention::Mentions;
use super::mistake::Mistakes;
use super::node::{Entry, Node, Value};
use super::word::{Collections, Word, suggestion};
use crate::model::{Action, FieldSet};
use crate::policy::fault::{Fault, Setting};

/// The reading of a file: everything that its sections share.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) mistakes: Mistakes,
    pub(super) mentions: Mentions,
    /// The roles that the file defines.
    pub(super) roles: BTreeSet<String>,
}

/// A table that is being read.
pub(super) struct Section<'a> {
    pub(super) reading: &'a Reading,
    entries: &'a [Entry],
    /// Where it begins.
    pub(super) at: usize,
    asked: RefCell<Vec<&'static str>>,
}

impl Reading {
    /// Reads a table, and then tells which of its keys there aren't.
    pub(super) fn table<'a, T>(&'a self, entries: &'a [Entry], at: usize, read: impl FnOnce(&Section<'a>) -> T) -> T {
        let section = Section { reading: self, entries, at, asked: RefCell::default() };
        let result = read(&section);
        section.tell_unknown();
        result
    }

    /// Reads what should be a table.
    pub(super) fn section<'a, T>(&'a self, node: &'a Node, read: impl FnOnce(&Section<'a>) -> T) -> Option<T> {
        match &node.value {
            Value::Table(entries) => Some(self.table(entries, node.at.start, read)),
            other => {
                self.wrong(node, other, "a table");
                None
            }
        }
    }

    pub(super) fn mistake(&self, at: usize, what: impl FnOnce() -> String) {
        self.mistakes.add(at, what);
    }

    /// Tells whether this is a role of the file; if not, that is a mistake.
    pub(super) fn is_role(&self, role: Word<'_>) -> bool {
        let known = self.roles.contains(role.text);
        if !known {
            self.mistake(role.at, || {
                let instead =
                    || "define it with `[roles.<name>]`, with nothing below it if it is only a mark".to_owned();
                format!("there is no role `{}`: {}", role.text, suggestion(role.text, self.roles.iter(), instead))
            });
        }
        known
    }

    fn wrong(&self, node: &Node, value: &Value, wanted: &str) {
        self.mistake(node.at.start, || format!("this is {}: write {wanted}", value.kind()));
    }
}

impl<'a> Section<'a> {
    /// Returns a key and its value, if it is there.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns a key that is asked for elsewhere, or isn't a key here at all.
    pub(super) fn get_quietly(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Tells that a key is missing.
    pub(super) fn missing(&self, key: &str, such_as: &str) {
        self.reading.mistake(self.at, || format!("`{key}` is missing: say it, such as `{such_as}`"));
    }

    /// Tells which of these settings aren't said.
    pub(super) fn require(&self, settings: &[Setting]) {
        for Setting { key, in_file, .. } in settings.iter().filter(|setting| self.get_quietly(setting.key).is_none()) {
            self.missing(key, in_file);
        }
    }

    /// Tells what a policy that this section says finds wrong with itself, but for settings that are mistaken already: at the
    /// value that is quoted, or else at the setting.
    pub(super) fn faults(&self, faults: Vec<Fault>) {
        let said = |fault: &Fault| -> Vec<&Entry> {
            fault.settings.iter().filter_map(|setting| self.get_quietly(setting.key)).collect()
        };
        let mistaken = |entry: &&Entry| self.reading.mistakes.any_in(entry.at..=entry.node.at.end);
        let faults: Vec<Fault> = faults.into_iter().filter(|fault| !said(fault).iter().any(mistaken)).collect();
        for fault in faults {
            let what = fault.in_file();
            let at = said(&fault).first().map_or(self.at, |entry| quoted(&entry.node, &what));
            self.mistake(at, || what);
        }
    }

    pub(super) fn mistake(&self, at: usize, what: impl FnOnce() -> String) {
        self.reading.mistake(at, what);
    }

    /// Reads true or false; false if it isn't said.
    pub(super) fn flag(&self, key: &'static str) -> bool {
        let Some(entry) = self.get(key) else { return false };
        match &entry.node.value {
            Value::Flag(flag) => *flag,
            other => {
                self.reading.wrong(&entry.node, other, "`true` or `false`");
                false
            }
        }
    }

    pub(super) fn word(&self, key: &'static str) -> Option<Word<'a>> {
        let entry = self.get(key)?;
        self.as_word(&entry.node)
    }

    /// Reads a text, or a list of texts, of which there must be one at least.
    pub(super) fn words(&self, key: &'static str) -> Vec<Word<'a>> {
        self.get(key).map(|entry| self.as_words(&entry.node)).unwrap_or_default()
    }

    pub(super) fn as_word(&self, node: &'a Node) -> Option<Word<'a>> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.mistake(node.at.start, || "this text is empty: write a name, or leave it out".to_owned());
                None
            }
            Value::Text(text) => Some(Word { text, at: node.at.start }),
            other => {
                self.reading.wrong(node, other, "a text in quotes");
                None
            }
        }
    }

    pub(super) fn as_words(&self, node: &'a Node) -> Vec<Word<'a>> {
        match &node.value {
            Value::Text(_) => self.as_word(node).into_iter().collect(),
            Value::List(items) if items.is_empty() => {
                self.mistake(node.at.start, || {
                    "this list is empty: name something in it, or leave the key out".to_owned()
                });
                Vec::new()
            }
            Value::List(items) => {
                let mut seen = BTreeSet::new();
                let words = items.iter().filter_map(|item| self.as_word(item));
                words
                    .inspect(|word| {
                        if !seen.insert(word.text) {
                            self.mistake(word.at, || format!("`{}` is in this list twice: say it once", word.text));
                        }
                    })
                    .collect()
            }
            other => {
                self.reading.wrong(node, other, "a text in quotes, or a list of such texts");
                Vec::new()
            }
        }
    }

    /// Reads roles of the file.
    pub(super) fn roles(&self, key: &'static str) -> Vec<Word<'a>> {
        self.words(key).into_iter().filter(|role| self.reading.is_role(*role)).collect()
    }

    /// Reads acts, or `"all"`; `None` if they aren't said.
    pub(super) fn acts(&self, key: &'static str) -> Option<Vec<(Action, usize)>> {
        let entry = self.get(key)?;
        if matches!(&entry.node.value, Value::Text(text) if text == "all") {
            return Some(Action::ALL.iter().map(|action| (*action, entry.node.at.start)).collect());
        }
        let words = self.as_words(&entry.node);
        Some(words.into_iter().filter_map(|word| self.act(word).map(|action| (action, word.at))).collect())
    }

    fn act(&self, word: Word<'_>) -> Option<Action> {
        let act = Action::from_name(word.text);
        if act.is_none() {
            let names = Action::ALL.iter().map(|action| action.name());
            let all =
                || format!("the acts are `{}`", Action::ALL.iter().map(|a| a.name()).collect::<Vec<_>>().join("`, `"));
            self.mistake(word.at, || format!("there is no act `{}`: {}", word.text, suggestion(word.text, names, all)));
        }
        act
    }

    /// Reads a whole number in a range.
    pub(super) fn number(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let entry = self.get(key)?;
        let wanted = || format!("a whole number from {least} to {most}");
        match &entry.node.value {
            Value::Number(number) => {
                let fits = number.and_then(|n| u32::try_from(n).ok()).filter(|n| (least..=most).contains(n));
                if fits.is_none() {
                    self.mistake(entry.node.at.start, || format!("this number doesn't fit: write {}", wanted()));
                }
                fits
            }
            other => {
                self.reading.wrong(&entry.node, other, &wanted());
                None
            }
        }
    }

    /// Reads a length of time: `"5 min"`.
    pub(super) fn time(&self, key: &'static str) -> Option<Duration> {
        let word = self.word(key)?;
        let time = duration(word.text);
        if time.is_none() {
            self.mistake(word.at, || {
                let wanted = "a number from 1 to 1000000 and `s`, `min`, `h` or `days`, such as `5 min`";
                format!("`{}` isn't a length of time: write {wanted}", word.text)
            });
        }
        time
    }

    /// Reads the key `collection`: a name, a list of names, or `"*"` for all. `None` if it isn't said or is mistaken.
    pub(super) fn collections(&self) -> Option<Collections<'a>> {
        let words = self.words("collection");
        if words.is_empty() {
            return None;
        }
        match words.iter().find(|word| word.text == "*") {
            Some(star) if words.len() > 1 => {
                self.mistake(star.at, || "`*` is every collection: say it alone, or name some".to_owned());
                None
            }
            Some(_) => Some(Collections::All),
            None => {
                words.iter().for_each(|word| self.reading.mentions.collection(*word));
                Some(Collections::These(words))
            }
        }
    }

    /// Reads fields: `"all"`, or names. `None` if they aren't said or are mistaken.
    pub(super) fn fields(&self, key: &'static str, of: Option<&Collections<'_>>) -> Option<FieldSet> {
        let entry = self.get(key)?;
        match &entry.node.value {
            Value::Text(text) if text == "all" => Some(FieldSet::All),
            Value::List(_) => {
                let words = self.as_words(&entry.node);
                words.iter().for_each(|word| self.reading.mentions.field(*word, of));
                (!words.is_empty()).then(|| words.iter().map(|word| word.text).collect())
            }
            other => {
                self.reading.wrong(&entry.node, other, "`\"all\"`, or a list of fields");
                None
            }
        }
    }

    /// Reads a table of fields and their values.
    pub(super) fn attributes(&self, key: &'static str, of: Option<&Collections<'_>>) -> Vec<(Word<'a>, Word<'a>)> {
        let named = self.named(key);
        if let Some(entry) =
            self.get_quietly(key).filter(|entry| matches!(&entry.node.value, Value::Table(all) if all.is_empty()))
        {
            self.mistake(entry.node.at.start, || {
                "no field is named: write `{ field = \"value\" }`, or leave it out".to_owned()
            });
        }
        let pairs = named.into_iter().filter_map(|(field, node)| Some((field, self.as_word(node)?)));
        pairs.inspect(|(field, _)| self.reading.mentions.field(*field, of)).collect()
    }

    /// Reads the entries of a table whose keys are names of the file's own.
    pub(super) fn named(&self, key: &'static str) -> Vec<(Word<'a>, &'a Node)> {
        let Some(entry) = self.get(key) else { return Vec::new() };
        let Value::Table(entries) = &entry.node.value else {
            self.reading.wrong(&entry.node, &entry.node.value, "a table");
            return Vec::new();
        };
        let entries = entries.iter().filter(|entry| {
            let blank = entry.key.trim().is_empty();
            if blank {
                self.mistake(entry.at, || "this name is empty: name it".to_owned());
            }
            !blank
        });
        entries.map(|entry| (Word { text: &entry.key, at: entry.at }, &entry.node)).collect()
    }

    /// Reads each table of a list of tables (`[[key]]`); one table alone will do.
    pub(super) fn each(&self, key: &'static str, mut read: impl FnMut(&Section<'a>)) {
        let Some(entry) = self.get(key) else { return };
        match &entry.node.value {
            Value::List(items) => items.iter().for_each(|item| {
                self.reading.section(item, &mut read);
            }),
            Value::Table(_) => {
                self.reading.section(&entry.node, read);
            }
            other => self.reading.wrong(&entry.node, other, &format!("a list of tables, `[[{key}]]`")),
        }
    }

    /// Reads one table.
    pub(super) fn one<T>(&self, key: &'static str, read: impl FnOnce(&Section<'a>) -> T) -> Option<T> {
        self.reading.section(&self.get(key)?.node, read)
    }

    fn tell_unknown(&self) {
        let asked = self.asked.borrow();
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())) {
            self.mistake(entry.at, || {
                let mut known: Vec<&str> = asked.clone();
                known.sort_unstable();
                known.dedup();
                let all = || format!("the keys here are `{}`", known.join("`, `"));
                format!("`{}` isn't a key here: {}", entry.key, suggestion(&entry.key, known.iter(), all))
            });
        }
    }
}

/// Returns where a list has the text that is quoted first, or else where the value begins.
fn quoted(node: &Node, what: &str) -> usize {
    let items = if let Value::List(items) = &node.value { items.as_slice() } else { &[] };
    let quotes = |item: &&Node| matches!(&item.value, Value::Text(text) if what.contains(&format!("`{text}`")));
    items.iter().find(quotes).unwrap_or(node).at.start
}

fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok().filter(|n| (1..=1_000_000).contains(n))?;
    let seconds = match unit.trim_start() {
        "s" | "second" | "seconds" => 1,
        "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}
