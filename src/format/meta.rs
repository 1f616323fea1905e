//! The layout of a record's sealed metadata, the first part of its body.

use serde::{Deserialize, Serialize};

use super::{FormatError, decode, encode};
use crate::model::{CollectionId, Pseudonym, RecordId, Timestamp};

/// The most labels of a record.
pub(crate) const MAX_LABELS: usize = 64;
/// The longest owner or label, in bytes of UTF-8.
pub(crate) const MAX_LABEL: usize = 512;

const WHAT: &str = "record's metadata";

/// A record's metadata, sealed with it. No `Debug`: owner and labels are the host's own words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The record's owner, as policies see it.
    pub(crate) owner: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// The record that this one is about; `None` if the record is its own data subject.
    pub(crate) subject: Option<(CollectionId, RecordId)>,
    /// The data subject's name in the journal.
    pub(crate) pseudonym: Pseudonym,
    /// The record's number within its data subject.
    pub(crate) number: u32,
    /// The time until which the record has to be kept.
    pub(crate) retention: Option<Timestamp>,
}

impl Meta {
    /// Returns the metadata as bincode, at most 65,535 bytes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        self.check()?;
        encode(WHAT, self)
    }

    /// Decodes the metadata that `bytes` are the whole encoding of.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let meta: Self = decode(WHAT, bytes)?;
        meta.check()?;
        Ok(meta)
    }

    fn check(&self) -> Result<(), FormatError> {
        let invalid = |why| Err(FormatError::Invalid { what: WHAT, why });
        if self.labels.len() > MAX_LABELS {
            return invalid("it has more than 64 labels");
        }
        if self.labels.iter().chain(&self.owner).any(|text| text.len() > MAX_LABEL) {
            return invalid("its owner or a label is over 512 bytes");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
