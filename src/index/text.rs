//! Text made comparable, by Unicode's own rules.
//!
//! Guarantees: each function is idempotent, and canonically or compatibly equal texts come out the same. Does not:
//! transliterate, drop accents, or know a locale (a Turkish `İ` is not an `i`). What std knows of a character added to
//! Unicode later (a letter? its upper case?) may change with the compiler; tables of folding and NFKC are pinned.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

use crate::crypto::Zeroizing;

/// Folding can uncover something to compose, and composing something to fold. No text is known to need a third round;
/// the bound makes it the same answer everywhere if one does.
const ROUNDS: usize = 4;

/// NFKC, case folded, runs of white space one blank, none at the ends.
pub(super) fn fold(text: &str) -> Zeroizing<String> {
    settle(text, |folded| blanks_folded(folded))
}

/// [`fold`], without any white space.
pub(super) fn without_blanks(text: &str) -> Zeroizing<String> {
    settle(text, |folded| collect(folded.filter(|c| !c.is_whitespace())))
}

/// Letters and digits only, decimal digits of any script as ASCII, letters in upper case.
pub(super) fn digits_and_letters(text: &str) -> Zeroizing<String> {
    settle(text, |folded| {
        let kept = folded.map(ascii_digit).filter(|c| c.is_alphanumeric());
        collect(kept.flat_map(char::to_uppercase).nfkc().filter(|c| c.is_alphanumeric()))
    })
}

/// NFKC alone, decimal digits of any script as ASCII.
#[cfg(feature = "phone")]
pub(super) fn compatible(text: &str) -> Zeroizing<String> {
    collect(text.nfkc().map(ascii_digit))
}

/// The folding of Unicode 16, definition D146 (compatibility caseless matching), composed in the end.
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

/// A decimal digit (general category Nd) as ASCII, anything else as it is.
fn ascii_digit(c: char) -> char {
    let before = ZEROS.partition_point(|zero| *zero <= c);
    let Some(zero) = before.checked_sub(1).and_then(|at| ZEROS.get(at)) else { return c };
    char::from_digit(u32::from(c).saturating_sub(u32::from(*zero)), 10).unwrap_or(c)
}

/// The zero of each run of decimal digits in Unicode 14; the other nine follow it.
const ZEROS: [char; 66] = [
    '0',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_folded_as_any_other_text() {
        for byte in 0..128u8 {
            let text = format!("A{}z", char::from(byte));
            let short = settle(&text, |folded| collect(folded));
            assert_eq!(*short, caseless(&text).collect::<String>(), "{byte}");
        }
    }

    #[test]
    fn digits_of_every_script_become_ascii_and_nothing_else_does() {
        for (c, digit) in [('0', '0'), ('9', '9'), ('٣', '3'), ('۹', '9'), ('९', '9'), ('９', '9'), ('\u{1fbf9}', '9')]
        {
            assert_eq!(ascii_digit(c), digit, "{c}");
        }
        for c in ['\0', '/', ':', 'a', '一', '²', 'Ⅳ', '\u{1fbfa}', char::MAX] {
            assert_eq!(ascii_digit(c), c, "{c}");
        }
    }
}
