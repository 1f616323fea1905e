//! Names and national ids.

use super::parts::{HIDDEN, parts};

/// The fewest letters and digits of a national id.
const SHORTEST_ID: usize = 7;
/// The most letters and digits of a national id.
const LONGEST_ID: usize = 24;

pub(super) fn name(text: &str) -> String {
    let parted = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | '·' | '・');
    let mut words = text.split(parted).filter(|word| !word.is_empty());
    let first = initial(words.next().unwrap_or_default());
    match words.next_back() {
        Some(last) => format!("{first} {}", initial(last)),
        None => first,
    }
}

fn initial(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    match word.chars().next() {
        Some(first) if first.is_alphabetic() && letters > 1 => format!("{first}{HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

pub(super) fn national_id(text: &str) -> String {
    let between = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')' | '+');
    if !text.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || between(c)) {
        return HIDDEN.to_owned();
    }
    let characters = text.chars().filter(|c| !between(*c));
    let length = characters.clone().count();
    let digits = characters.clone().filter(char::is_ascii_digit).count();
    let letters = length - digits;
    let ends_in_x = matches!(characters.clone().next_back(), Some('X' | 'x'));
    let (first, last) = match length {
        SHORTEST_ID..=LONGEST_ID if digits == 0 => (0, 0),
        18 if letters == 0 || (letters == 1 && ends_in_x) => (2, 1),
        8 if letters == 0 => (0, 0),
        SHORTEST_ID | 15 | 18 => (0, 2),
        SHORTEST_ID..=LONGEST_ID if letters > 0 || text.contains('/') => (0, 2),
        9..=17 => (0, 4),
        _ => (0, 0),
    };
    parts(characters, first, last)
}
