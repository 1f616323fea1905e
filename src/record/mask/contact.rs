//! E-mail addresses and phone numbers.

use super::parts::{HIDDEN, most, parts};

/// The fewest digits of a number of which something is shown.
const SHORTEST_NUMBER: usize = 7;
/// The most digits of a number (ITU-T E.164).
const LONGEST_NUMBER: usize = 15;
/// The most digits of the code that is dialled to leave a country.
const LONGEST_EXIT_CODE: usize = 4;
/// The number of digits that are never shown, the country code apart.
const KEPT_BACK: usize = 4;

pub(super) fn email(text: &str) -> String {
    let text = text.trim();
    let Some(Address { local, domain, last_label }) = Address::read(text) else { return HIDDEN.to_owned() };
    let mut characters = local.chars();
    let first = characters.next().filter(|_| characters.next().is_some()).map(String::from).unwrap_or_default();
    let fits = |domain: &str, marks: usize| first.chars().count() + marks + domain.chars().count() <= most(text);
    if fits(domain, 1) {
        format!("{first}{HIDDEN}@{domain}")
    } else if fits(last_label, 2) {
        format!("{first}{HIDDEN}@{HIDDEN}.{last_label}")
    } else {
        HIDDEN.to_owned()
    }
}

struct Address<'a> {
    local: &'a str,
    domain: &'a str,
    /// The last label of the domain.
    last_label: &'a str,
}

impl<'a> Address<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let (_, last_label) = domain.rsplit_once('.')?;
        let local_holds = !local.is_empty() && !local.chars().any(|c| c.is_whitespace() || c.is_control());
        let label_holds = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
        let number = last_label.chars().all(char::is_numeric);
        (local_holds && domain.split('.').all(label_holds) && !number).then_some(Self { local, domain, last_label })
    }
}

pub(super) fn phone(text: &str) -> String {
    let text = text.trim();
    let (international, rest) = match text.strip_prefix(['+', '＋']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if !rest.chars().all(|c| c.is_ascii_digit() || between_digits(c)) {
        return HIDDEN.to_owned();
    }
    let digits = rest.chars().filter(char::is_ascii_digit);
    let length = digits.clone().count();
    let from_zero = digits.clone().next() == Some('0');
    let longest = LONGEST_NUMBER + if from_zero && !international { LONGEST_EXIT_CODE } else { 0 };
    let country = if international { country_code(digits.clone()) } else { 0 };
    let national = length.saturating_sub(country);
    if national < SHORTEST_NUMBER || length > longest {
        return HIDDEN.to_owned();
    }
    let shown = national.saturating_sub(KEPT_BACK);
    let last = shown.min(4);
    if international {
        format!("+{}", parts(digits, country, last))
    } else {
        let most = (length * 2 / 3).min(shown);
        parts(digits, most.saturating_sub(last).min(3), last)
    }
}

/// Returns the number of digits of a country code: ITU-T E.164, list of assigned codes.
fn country_code(mut digits: impl Iterator<Item = char>) -> usize {
    match (digits.next(), digits.next()) {
        (Some('1' | '7'), _) => 1,
        (Some('2'), Some('0' | '7'))
        | (Some('3'), Some('0'..='4' | '6' | '9'))
        | (Some('4'), Some('0' | '1' | '3'..='9'))
        | (Some('5'), Some('1'..='8'))
        | (Some('6'), Some('0'..='6'))
        | (Some('8'), Some('1' | '2' | '4' | '6'))
        | (Some('9'), Some('0'..='5' | '8')) => 2,
        _ => 3,
    }
}

/// Tells what people put between digits: blanks, hyphens, dots, slashes, brackets, and marks of direction that come along
/// with a copied number.
fn between_digits(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
