//! Texts of hosts and actors, made fit for formats that end at a line.
//!
//! Guarantees: what comes out has no character that ends a line, controls a terminal or turns the direction of writing.
//! Does not: keep [`visible`] texts apart from those that spell such an escape out; JSON bodies do.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters that a line can't hold: controls, line and paragraph separators, and those that reorder what is shown.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the text with hostile characters as `\u000a`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) { escape(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Returns JSON that means the same, with hostile characters escaped. They stand in its texts only: serde_json writes no
/// others.
pub(super) fn json(json: String) -> String {
    match visible(&json) {
        Cow::Borrowed(_) => json,
        Cow::Owned(escaped) => escaped,
    }
}

/// Returns the text's beginning, at most so many bytes, whole characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Cuts the text as [`cut`] does, with `…` at its end if something is missing; the limit includes it.
pub(super) fn shortened(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", cut(text, bytes.saturating_sub('…'.len_utf8()))))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a character in JSON's form, which is enough: all hostile ones are in the basic plane.
fn escape(out: &mut String, c: char) {
    // Writing into a string can't fail.
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests;
