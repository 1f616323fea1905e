//! Parts of a text that a mask shows, and the mark for the rest.

/// The mark for the hidden part. It is always as long, so it doesn't tell the length of that part.
pub(super) const HIDDEN: &str = "****";

/// Returns the number of characters of a text that may be shown.
pub(super) fn most(text: &str) -> usize {
    text.chars().count().saturating_mul(2) / 3
}

pub(super) fn ends(text: &str, first: usize, last: usize) -> String {
    let last = last.min(most(text));
    parts(text.chars(), first.min(most(text).saturating_sub(last)), last)
}

/// Returns the first and the last of `shown`, with the mark between them.
pub(super) fn parts(shown: impl Iterator<Item = char> + Clone, first: usize, last: usize) -> String {
    let skipped = shown.clone().count().saturating_sub(last);
    let start: String = shown.clone().take(first).collect();
    let end: String = shown.skip(skipped).collect();
    format!("{start}{HIDDEN}{end}")
}
