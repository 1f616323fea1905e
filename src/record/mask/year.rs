//! The year of a date.

/// Returns the year of a text that is a date, or a date and a time.
pub(super) fn of(text: &str) -> Option<&str> {
    let text = text.trim();
    match text.split_once(['T', 't', ' ']) {
        Some((date, time)) if is_time(time) => of_day(date),
        Some(_) => None,
        None => of_day(text).or_else(|| of_month(text)),
    }
}

fn of_day(date: &str) -> Option<&str> {
    if let Some((year, rest)) = date.split_at_checked(4)
        && let Some((month, day)) = rest.split_at_checked(2)
        && let (Some(_), Some(month), Some(day)) = (number(year, 4..=4), number(month, 2..=2), number(day, 2..=2))
    {
        return is_day(month, day).then_some(year);
    }
    let separator = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '.' | '/'))?;
    let mut parts = date.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let short = |part| number(part, 1..=2);
    let middle = short(second)?;
    match (number(first, 4..=4), number(third, 4..=4)) {
        _ if parts.next().is_some() => None,
        (Some(_), _) => is_day(middle, short(third)?).then_some(first),
        (_, Some(_)) => (is_day(middle, short(first)?) || is_day(short(first)?, middle)).then_some(third),
        _ => None,
    }
}

/// Returns the year of `YYYY-MM`.
fn of_month(date: &str) -> Option<&str> {
    let (year, month) = date.split_once('-')?;
    number(year, 4..=4)?;
    is_day(number(month, 2..=2)?, 1).then_some(year)
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let holds = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    holds.then(|| text.parse().ok()).flatten()
}

fn is_day(month: u16, day: u16) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Tells whether the text can only be a time, with an offset or without one.
fn is_time(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | '+' | '-' | 'Z' | 'z'))
}
