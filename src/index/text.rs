//! Text made comparable, by Unicode's own rules.
//!
//! Guarantees: each function is idempotent, and canonically or compatibly equal texts come out the same. Does not:
//! transliterate, drop accents, or know a locale (a Turkish `İ` is not an `i`). What std knows of a character added to
//! Unicode later (a letter? its upper case?) may change with the compiler; tables of folding and NFKC are pinned.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

use crate::crypto::Zeroizing;

/// The most rounds of folding and composing: folding can uncover something to compose, and composing something to fold.
/// No text is known to need a third round; the bound makes it the same answer everywhere if one does.
const ROUNDS: usize = 4;

/// Returns a text in NFKC, case folded, with runs of white space as one blank and none at the ends.
pub(super) fn fold(text: &str) -> Zeroizing<String> {
    settle(text, |folded| blanks_folded(folded))
}

/// Folds as [`fold`] does, and leaves out all white space.
pub(super) fn without_blanks(text: &str) -> Zeroizing<String> {
    settle(text, |folded| collect(folded.filter(|c| !c.is_whitespace())))
}

/// Returns letters and digits only, decimal digits of any script as ASCII, letters in upper case.
pub(super) fn digits_and_letters(text: &str) -> Zeroizing<String> {
    settle(text, |folded| {
        let kept = folded.map(ascii_digit).filter(|c| c.is_alphanumeric());
        collect(kept.flat_map(char::to_uppercase).nfkc().filter(|c| c.is_alphanumeric()))
    })
}

/// Returns a text in NFKC, with decimal digits of any script as ASCII.
#[cfg(feature = "phone")]
pub(super) fn compatible(text: &str) -> Zeroizing<String> {
    collect(text.nfkc().map(ascii_digit))
}

/// Returns the folding of Unicode 16, definition D146 (compatibility caseless matching), composed in the end.
fn caseless(text: &str) -> impl Iterator<Item = char> {
    text.nfd().default_case_fold().nfkd().default_case_fold().nfkc()
}

/// Folds and finishes until nothing changes.
fn settle(text: &str, finish: impl Fn(&mut dyn Iterator<Item = char>) -> Zeroizing<String>) -> Zeroizing<String> {
    if text.is_ascii() {
        // What `caseless` does to ASCII, at a tenth of the time.
        return finish(&mut text.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
    }
    let mut settled = finish(&mut caseless(text));
    for _ in 1..ROUNDS {
        let again = finish(&mut caseless(&settled));
        if *again == *settled {
            break;
        }
        settled = again;
    }
    settled
}

fn blanks_folded(chars: impl Iterator<Item = char>) -> Zeroizing<String> {
    let mut out = Wiped::default();
    let mut blank = false;
    for c in chars {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank && !out.0.is_empty() {
            out.push(' ');
        }
        blank = false;
        out.push(c);
    }
    out.0
}

fn collect(chars: impl Iterator<Item = char>) -> Zeroizing<String> {
    let mut out = Wiped::default();
    for c in chars {
        out.push(c);
    }
    out.0
}

/// A text that leaves no copy behind as it grows.
struct Wiped(Zeroizing<String>);

impl Default for Wiped {
    fn default() -> Self {
        Self(Zeroizing::new(String::with_capacity(64)))
    }
}

impl Wiped {
    fn push(&mut self, c: char) {
        if self.0.capacity().saturating_sub(self.0.len()) < c.len_utf8() {
            let mut larger = Zeroizing::new(String::with_capacity(self.0.capacity().saturating_mul(2)));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        self.0.push(c);
    }
}

/// Returns a decimal digit (general category Nd) as ASCII, anything else as it is.
fn ascii_digit(c: char) -> char {
    let before = ZEROS.partition_point(|zero| *zero <= u32::from(c));
    let Some(zero) = before.checked_sub(1).and_then(|at| ZEROS.get(at)) else { return c };
    char::from_digit(u32::from(c).saturating_sub(*zero), 10).unwrap_or(c)
}

/// The zero of each run of decimal digits in Unicode 14; the other nine follow it.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests;
