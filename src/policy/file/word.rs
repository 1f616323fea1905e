//! Names as they stand in a policy file, and those that are close to a mistaken one.

use crate::model::nearest;

/// The names that are suggested for a mistaken one are chosen among so many.
const CHOICE: usize = 200;

/// A text and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// Which collections: the named ones, or all.
#[derive(Debug, Clone)]
pub(super) enum Collections<'a> {
    All,
    These(Vec<Word<'a>>),
}

/// Says what to write instead of a mistaken name.
pub(super) fn suggestion<S: AsRef<str>>(
    name: &str,
    known: impl Iterator<Item = S>,
    otherwise: impl FnOnce() -> String,
) -> String {
    let known: Vec<S> = known.take(CHOICE).collect();
    match nearest(name, known.iter().map(AsRef::as_ref)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise(),
    }
}
