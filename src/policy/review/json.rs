//! A review as JSON, and back.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::AccessReview;

/// The version of the JSON that is written and read.
const FORMAT: u32 = 1;
/// A review's JSON has at most this many bytes.
const MAX_JSON: usize = 256 << 20;

/// Why a text is no access review. What lies beneath is its [`source`](Error::source).
#[derive(Debug)]
pub struct ReviewError {
    why: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is no access review that this release reads: {}", self.why)
    }
}

impl Error for ReviewError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    #[serde(flatten)]
    review: &'a AccessReview,
}

#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl AccessReview {
    /// The review as JSON, indented. `format` in it is the version of its form: 1.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, numbers, lists and maps by text always serialise.
        serde_json::to_string_pretty(&Written { format: FORMAT, review: self }).unwrap_or_default()
    }

    /// The review that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// If it isn't one, is of a newer release, or is over 256 MiB.
    pub fn from_json(text: &str) -> Result<Self, ReviewError> {
        let because = |why: &str| ReviewError { why: why.to_owned(), source: None };
        let broken = |error: serde_json::Error| ReviewError {
            why: "it isn't the JSON of one".to_owned(),
            source: Some(error.into()),
        };
        if text.len() > MAX_JSON {
            return Err(because("it is over 256 MiB"));
        }
        let Head { format } = serde_json::from_str(text).map_err(broken)?;
        if format != FORMAT {
            return Err(because(&format!("it has format {format}, and this release reads {FORMAT}")));
        }
        serde_json::from_str(text).map_err(broken)
    }
}

/// Times as microseconds.
pub(super) mod time {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Timestamp;

    pub(in crate::policy::review) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.as_micros())
    }

    pub(in crate::policy::review) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_micros)
    }
}

/// Times that may be missing.
pub(super) mod maybe_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::model::Timestamp;

    pub(in crate::policy::review) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Timestamp::as_micros).serialize(to)
    }

    pub(in crate::policy::review) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Option::<i64>::deserialize(from).map(|time| time.map(Timestamp::from_micros))
    }
}

/// Versions as hexadecimal digits.
pub(super) mod version {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::policy::PolicyVersion;

    pub(in crate::policy::review) fn serialize<S: Serializer>(
        version: &PolicyVersion,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(version)
    }

    pub(in crate::policy::review) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<PolicyVersion, D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| D::Error::custom("a policy's version is 64 hexadecimal digits"))
    }

    fn parse(text: &str) -> Option<PolicyVersion> {
        let mut bytes = [0u8; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
        }
        Some(PolicyVersion::from_bytes(bytes))
    }
}

/// Acts by their names.
pub(super) mod action {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Action;

    pub(in crate::policy::review) fn serialize<S: Serializer>(action: &Action, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(action.name())
    }

    pub(in crate::policy::review) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Action, D::Error> {
        let name = String::deserialize(from)?;
        Action::from_name(&name).ok_or_else(|| D::Error::custom("an act that this release doesn't know"))
    }
}
