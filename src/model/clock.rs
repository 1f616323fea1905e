//! Time, as everything here counts it: microseconds of UTC since 1970, read from a clock that the host may replace.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::portable;

/// A moment in UTC, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the moment this many microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339, in UTC: `2026-11-22T11:48:54.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{micros:06}Z")
    }
}

/// The error for a text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time: expected RFC 3339 in UTC, such as 2026-11-22T11:48:54Z, with at most six digits of a second's fraction"
)]
#[non_exhaustive]
pub struct ParseTimestampError;

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Reads RFC 3339, in UTC, to the microsecond.
    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        let read = |text: &str| -> Option<Self> {
            let text = text.strip_suffix('Z')?;
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let (date, clock) = whole.split_once('T')?;
            let mut date = date.rsplitn(3, '-').map(|part| part.parse::<i64>().ok());
            let (day, month, year) = (date.next()??, date.next()??, date.next()??);
            let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
            let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
            if fraction.is_empty()
                || year.abs() > 300_000
                || ![day, month, h, m, s].iter().all(|part| (0..100).contains(part))
            {
                return None;
            }
            let seconds = days(year, month, day) * 86_400 + h * 3600 + m * 60 + s;
            let micros = i128::from(seconds) * 1_000_000 + i128::from(format!("{fraction:0<6}").parse::<u32>().ok()?);
            let time = Self(i64::try_from(micros).ok()?);
            // Parts that aren't in the calendar or on the clock come out as others.
            (time.to_string() == format!("{whole}.{fraction:0<6}Z")).then_some(time)
        };
        read(text).ok_or(ParseTimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        portable::serialize(self, &self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        portable::deserialize(Self, deserializer)
    }
}

/// A source of the time. Give a vault your own to make tests repeatable.
pub trait Clock: Send + Sync {
    /// Returns the time now.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_micros());
        Timestamp(i64::try_from(since.unwrap_or(0)).unwrap_or(i64::MAX))
    }
}

/// Returns the date, in the proleptic Gregorian calendar, of a number of days since 1970.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Returns the number of days since 1970 of a date of the proleptic Gregorian calendar; the inverse of [`civil`].
/// Source: the same, `days_from_civil`.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests;
