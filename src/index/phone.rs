//! Phone numbers as E.164 (ITU-T), by the numbering plans that the crate `phonenumber` carries.
//!
//! Guarantees: only digits, one leading `+` and an extension reach the parser, whatever the text; a number is accepted
//! only if its own country's plan has it, so a broken one is never mistaken for another's. Does not: read letters as
//! digits (`1-800-FLOWERS` is no number here), nor find a number within other words.

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;

use super::NormalizerError;
use super::text::compatible;
use crate::crypto::Zeroizing;

/// The most digits of a number, with an international prefix and a trunk prefix.
const MAX_DIGITS: usize = 24;
/// The most digits of an extension.
const MAX_EXTENSION: usize = 7;
/// The longest text that is taken for a number, in bytes, however it is written.
const MAX_TEXT: usize = 256;

/// A region whose numbers may be written without a country code.
#[derive(Clone, Copy)]
pub(super) struct Region(Id);

/// Returns the region with this code.
///
/// # Errors
/// [`NormalizerError::UnknownRegion`] for a region without a numbering plan.
pub(super) fn region(code: [u8; 2]) -> Result<Region, NormalizerError> {
    std::str::from_utf8(&code)
        .ok()
        .and_then(|text| text.parse::<Id>().ok())
        .filter(|id| DATABASE.by_id(id.as_ref()).is_some())
        .map(Region)
        .ok_or(NormalizerError::UnknownRegion { region: code })
}

/// Returns `+`, country code, national number, and `;ext=` with the extension where there is one (RFC 3966); `None` for
/// a text that is no number.
pub(super) fn normalize(region: Region, text: &str) -> Option<Zeroizing<String>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let text = compatible(text);
    let text = strip_ascii(text.trim(), "tel:").unwrap_or(text.trim());
    let (number, extension) = split_extension(text);
    let dialled = Dialled::read(number)?;
    let mut found = if dialled.international {
        international(&dialled.digits)?
    } else {
        match without_exit_code(region, &dialled.digits).and_then(international) {
            Some(found) => found,
            None => valid(Some(region.0), &dialled.digits)?,
        }
    };
    if let Some(extension) = extension {
        found.push_str(";ext=");
        found.push_str(extension);
    }
    Some(found)
}

struct Dialled {
    international: bool,
    digits: Zeroizing<String>,
}

impl Dialled {
    fn read(text: &str) -> Option<Self> {
        let mut international = false;
        let mut digits = Zeroizing::new(String::with_capacity(MAX_DIGITS));
        for c in text.chars() {
            match c {
                '0'..='9' if digits.len() < MAX_DIGITS => digits.push(c),
                '+' if digits.is_empty() && !international => international = true,
                _ if is_punctuation(c) => {}
                _ => return None,
            }
        }
        (!digits.is_empty()).then_some(Self { international, digits })
    }
}

/// Tells what people put between digits: blanks, hyphens, dots, slashes, brackets, and marks of direction or joining that
/// come along with a copied number.
fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the text before an extension, and the extension: digits after `ext`, `x`, `#`, `;ext=` and the like.
fn split_extension(text: &str) -> (&str, Option<&str>) {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(extension) = text.get(head.len()..).filter(|e| (1..=MAX_EXTENSION).contains(&e.len())) else {
        return (text, None);
    };
    let head = head.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ':' | '='));
    // The longer ones first: each ends with what a shorter one is.
    for mark in ["extension", "extn", "ext", "x", "#"] {
        if let Some(number) = strip_end_ascii(head, mark) {
            return (number.trim_end_matches([' ', ',', ';']), Some(extension));
        }
    }
    (text, None)
}

fn strip_ascii<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn strip_end_ascii<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// Returns the digits behind the code that the region dials to leave the country (`00`, `011`, `0011`).
fn without_exit_code(region: Region, digits: &str) -> Option<&str> {
    let exit = DATABASE.by_id(region.0.as_ref())?.international_prefix()?.find(digits)?;
    if exit.start() == 0 { digits.get(exit.end()..) } else { None }
}

/// Returns a number that begins with its country code. The parser isn't told the region: it would strip that region's
/// trunk prefix off another country's number.
fn international(digits: &str) -> Option<Zeroizing<String>> {
    let mut dialled = Zeroizing::new(String::with_capacity(MAX_DIGITS.saturating_add(1)));
    dialled.push('+');
    dialled.push_str(digits);
    valid(None, &dialled)
}

fn valid(region: Option<Id>, dialled: &str) -> Option<Zeroizing<String>> {
    let number = phonenumber::parse(region, dialled).ok().filter(phonenumber::is_valid)?;
    let (code, national) = (number.country().code(), number.national());
    let national = Zeroizing::new(national.to_string());
    let code = code.to_string();
    let mut out = Zeroizing::new(String::with_capacity(64));
    out.push('+');
    out.push_str(&code);
    out.push_str(&national);
    Some(out)
}
