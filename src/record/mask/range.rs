//! The range that a number is in.

use serde::Deserialize;

use super::super::FieldProblem;
use super::parts::HIDDEN;

/// The most digits before the point of a number in text.
const MAX_DIGITS: usize = 30;
/// The least number that has more digits before the point.
const TOO_LARGE: f64 = 1e30;

/// A number as fields hold it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Number<'a> {
    Small(i64),
    Large(u64),
    Float(f64),
    Text(&'a str),
}

/// Returns the range of `step` numbers that a number is in.
///
/// # Errors
/// [`FieldProblem::Refused`] for a step of 0.
pub(super) fn of(number: Number<'_>, step: u64) -> Result<String, FieldProblem> {
    if step == 0 {
        return Err(FieldProblem::Refused);
    }
    let whole = match number {
        Number::Small(number) => Some(number.into()),
        Number::Large(number) => Some(number.into()),
        // Of what is larger, the cast would make a number that it isn't.
        Number::Float(number) => (number.abs() < TOO_LARGE).then(|| number.floor() as i128),
        Number::Text(text) => rounded_down(text.trim()),
    };
    Ok(whole.and_then(|whole| range(whole, step)).unwrap_or_else(|| HIDDEN.to_owned()))
}

fn range(whole: i128, step: u64) -> Option<String> {
    let digits = whole.unsigned_abs().checked_ilog10().map_or(1, |log| log.saturating_add(1));
    let step = i128::from(step).max(10i128.checked_pow(digits.div_ceil(3))?);
    let low = whole.checked_sub(whole.rem_euclid(step))?;
    let high = low.checked_add(step)?.checked_sub(1)?;
    Some(if low < 0 { format!("{low} to {high}") } else { format!("{low}-{high}") })
}

fn rounded_down(text: &str) -> Option<i128> {
    let (negative, number) = match text.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > MAX_DIGITS {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    match (negative, fraction.bytes().all(|byte| byte == b'0')) {
        (false, _) => Some(whole),
        (true, true) => Some(-whole),
        (true, false) => (-whole).checked_sub(1),
    }
}
