//! Mistakes in a policy file, each with its place.
//!
//! Guarantees: all mistakes are told, up to a limit, in the order in which they stand. Does not: quote more of a file than
//! the lines that are wrong.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// After so many mistakes no more are looked for.
const MOST: usize = 100;
/// Lines longer than this, in characters, aren't shown.
const LONGEST: usize = 120;

/// A policy file that can't be used.
///
/// Its `Display` is one line for each mistake, `crm.toml:12:5: ...`, with the line of the file below it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// The file can't be read.
    #[error("the policy file {path} can't be read: check the path, and who may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is too large.
    #[error(
        "{name} has more than {limit} bytes, which is the most that a policy file may have: split groups and managers off into the host's own data"
    )]
    TooLarge {
        /// The file's name, or `policy` for a text.
        name: String,
        /// The most bytes.
        limit: usize,
    },
    /// The file says something wrong.
    #[error("{}", lines(.name, .mistakes))]
    #[non_exhaustive]
    Mistakes {
        /// The file's name, or `policy` for a text.
        name: String,
        /// The mistakes, in the order of their places: at most 100.
        mistakes: Vec<Mistake>,
    },
}

/// One mistake in a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The mistake, and what to do about it.
    pub what: String,
    /// The line itself, if it is short.
    shown: Option<String>,
}

impl PolicyFileError {
    /// Returns the mistakes; none if the file couldn't be read at all.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Mistakes { mistakes, .. } => mistakes,
            Self::Unreadable { .. } | Self::TooLarge { .. } => &[],
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)?;
        match &self.shown {
            Some(line) => write!(f, "\n    {line}\n    {}^", " ".repeat(self.column.saturating_sub(1))),
            None => Ok(()),
        }
    }
}

fn lines(name: &str, mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{name}:{mistake}")).collect::<Vec<_>>().join("\n")
}

/// The mistakes found so far, by where they stand.
#[derive(Debug, Default)]
pub(super) struct Mistakes(RefCell<Vec<(usize, String)>>);

impl Mistakes {
    /// Adds one, unless there are too many already; only then is it put into words.
    pub(super) fn add(&self, at: usize, what: impl FnOnce() -> String) {
        if self.0.borrow().len() < MOST {
            let what = what();
            self.0.borrow_mut().push((at, what));
        }
    }

    /// Tells whether a mistake stands in these bytes.
    pub(super) fn any_in(&self, bytes: RangeInclusive<usize>) -> bool {
        self.0.borrow().iter().any(|(at, _)| bytes.contains(at))
    }

    pub(super) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// Returns all of them, with their lines and columns in this text.
    pub(super) fn placed(self, text: &str) -> Vec<Mistake> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort();
        mistakes.dedup();
        let starts = line_starts(text);
        mistakes.into_iter().map(|(at, what)| placed(text, &starts, at, what)).collect()
    }
}

/// Gives mistakes, each `(byte, text)`, their lines and columns.
pub(super) fn place(text: &str, mistakes: impl IntoIterator<Item = (usize, String)>) -> Vec<Mistake> {
    Mistakes(RefCell::new(mistakes.into_iter().take(MOST).collect())).placed(text)
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at.saturating_add(1))).collect()
}

fn placed(text: &str, starts: &[usize], at: usize, what: String) -> Mistake {
    let line = starts.partition_point(|start| *start <= at).max(1);
    let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
    let before = text.get(start..at).unwrap_or_default();
    let whole = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let shown = (!whole.trim().is_empty() && whole.chars().take(LONGEST + 1).count() <= LONGEST)
        // A caret below a tab stands where it should only if the tab is as wide as a blank.
        .then(|| whole.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
    Mistake { line, column: before.chars().count().saturating_add(1), what, shown }
}
