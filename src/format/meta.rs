//! The layout of a record's sealed metadata, the first part of its body.

use serde::{Deserialize, Serialize};

use super::{FormatError, decode, encode};
use crate::model::{CollectionId, Pseudonym, RecordId, Timestamp};

/// A record has at most this many labels.
pub(crate) const MAX_LABELS: usize = 64;
/// An owner or a label is at most this many bytes of UTF-8.
pub(crate) const MAX_LABEL: usize = 512;

const WHAT: &str = "record's metadata";

/// What is kept about a record, sealed with it. No `Debug`: owner and labels are the host's own words.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Who owns the record, as policies see it.
    pub(crate) owner: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// The record it is about; `None` if it is its own data subject.
    pub(crate) subject: Option<(CollectionId, RecordId)>,
    /// What the journal calls the data subject.
    pub(crate) pseudonym: Pseudonym,
    /// The record's number within its data subject.
    pub(crate) number: u32,
    /// Until when it has to be kept.
    pub(crate) retention: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Wire<S, L> {
    owner: Option<S>,
    labels: L,
    created: i64,
    updated: i64,
    subject: Option<([u8; 16], [u8; 16])>,
    pseudonym: [u8; 16],
    number: u32,
    retention: Option<i64>,
}

impl Meta {
    /// The metadata as bincode, at most 65,535 bytes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, FormatError> {
        self.check()?;
        let wire = Wire {
            owner: self.owner.as_deref(),
            labels: self.labels.as_slice(),
            created: self.created.as_micros(),
            updated: self.updated.as_micros(),
            subject: self.subject.map(|(collection, record)| (*collection.as_bytes(), *record.as_bytes())),
            pseudonym: *self.pseudonym.as_bytes(),
            number: self.number,
            retention: self.retention.map(Timestamp::as_micros),
        };
        encode(WHAT, &wire)
    }

    /// The metadata that `bytes` are the whole encoding of.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let wire: Wire<String, Vec<String>> = decode(WHAT, bytes)?;
        let meta = Self {
            owner: wire.owner,
            labels: wire.labels,
            created: Timestamp::from_micros(wire.created),
            updated: Timestamp::from_micros(wire.updated),
            subject: wire.subject.map(|(c, r)| (CollectionId::from_bytes(c), RecordId::from_bytes(r))),
            pseudonym: Pseudonym::from_bytes(wire.pseudonym),
            number: wire.number,
            retention: wire.retention.map(Timestamp::from_micros),
        };
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
mod tests {
    use super::*;

    fn sample() -> Meta {
        Meta {
            owner: Some("sales-7".to_owned()),
            labels: vec!["vip".to_owned(), String::new()],
            created: Timestamp::from_micros(1),
            updated: Timestamp::from_micros(-2),
            subject: Some((CollectionId::from_bytes([3; 16]), RecordId::from_bytes([4; 16]))),
            pseudonym: Pseudonym::from_bytes([5; 16]),
            number: 6,
            retention: Some(Timestamp::from_micros(i64::MAX)),
        }
    }

    #[test]
    fn metadata_reads_back_and_every_cut_is_refused() {
        let bytes = sample().encode().unwrap();
        assert!(Meta::decode(&bytes).ok().unwrap() == sample());
        for cut in 0..bytes.len() {
            assert!(Meta::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Meta::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn labels_over_their_limits_are_refused_and_at_them_fit_a_body() {
        let mut meta = sample();
        meta.labels = vec!["x".repeat(MAX_LABEL); MAX_LABELS];
        assert!(meta.encode().unwrap().len() < usize::from(u16::MAX));
        meta.labels.push(String::new());
        assert!(meta.encode().is_err());
        meta.labels = vec!["x".repeat(MAX_LABEL + 1)];
        assert!(meta.encode().is_err());
    }
}
