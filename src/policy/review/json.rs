//! A review as JSON, and back.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::report::AccessReview;

/// The version of the JSON that is written and read.
const FORMAT: u32 = 2;
/// A review's JSON has at most this many bytes.
const MAX_JSON: usize = 256 << 20;

/// A text that is no access review. What lies beneath is its [`source`](Error::source).
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
    /// Returns the review as JSON, indented. `format` in it is the version of its form: 2.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, numbers, lists and maps by text always serialise.
        serde_json::to_string_pretty(&Written { format: FORMAT, review: self }).unwrap_or_default()
    }

    /// Reads back a review that [`to_json`](Self::to_json) wrote.
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
