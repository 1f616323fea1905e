//! Limits on texts. The parser and the validator recurse, and a stack that overflows can't be caught.

use super::text::{code, place};
use crate::policy::PolicyError;

/// A text has at most this many bytes,
const TEXT: usize = 1 << 20;
/// brackets in one another at most this deep,
const DEPTH: usize = 32;
/// and one policy at most this many bytes
const POLICY: usize = 8 << 10;
/// and this many `if`.
const IFS: usize = 64;

/// Checks policies.
///
/// # Errors
/// The limit that is passed, and where.
pub(super) fn policies(text: &str) -> Result<(), PolicyError> {
    check("the Cedar policies", text, ["([{", ")]}"], true)
}

/// Checks a schema.
///
/// # Errors
/// As [`policies`].
pub(super) fn schema(text: &str) -> Result<(), PolicyError> {
    check("the Cedar schema", text, ["([{<", ")]}>"], false)
}

/// Checks entities.
///
/// # Errors
/// As [`policies`].
pub(super) fn entities(text: &str) -> Result<(), PolicyError> {
    check("the Cedar entities", text, ["[{", "]}"], false)
}

fn check(what: &str, text: &str, [open, close]: [&str; 2], in_policies: bool) -> Result<(), PolicyError> {
    if text.len() > TEXT {
        return Err(PolicyError::new(format!("{what}: {} bytes, and at most {TEXT} are read", text.len())));
    }
    let (mut depth, mut begin, mut ifs) = (0usize, 0, 0usize);
    let mut before = ' ';
    let code = code(text);
    for (at, c) in code.char_indices() {
        match c {
            c if open.contains(c) => depth = depth.saturating_add(1),
            c if close.contains(c) => depth = depth.saturating_sub(1),
            ';' if depth == 0 => (begin, ifs) = (at, 0),
            'i' if code.get(at..).is_some_and(|rest| rest.starts_with("if")) && !before.is_alphanumeric() => {
                ifs = ifs.saturating_add(1)
            }
            _ => {}
        }
        before = c;
        let passed = if depth > DEPTH {
            format!("brackets in one another more than {DEPTH} deep")
        } else if in_policies && at.saturating_sub(begin) > POLICY {
            format!("a policy of more than {POLICY} bytes: make several of it")
        } else if in_policies && ifs > IFS {
            format!("more than {IFS} `if` in one policy: make several of it")
        } else {
            continue;
        };
        return Err(PolicyError::new(format!("{what}, {}: {passed}", place(text, at))));
    }
    Ok(())
}
