//! The members of a bundle, as JSON.
//!
//! Guarantees: unknown members, members given twice, and a second spelling of bytes are refused; what is read takes no more
//! memory than a few times its text. Does not: check what the members say.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::crypto::Digest;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    /// The steps of checking the rest, a line each.
    pub(super) page: Vec<String>,
    pub(super) form: String,
    pub(super) key: String,
    /// The texts of the heads, oldest first.
    pub(super) heads: Vec<String>,
    /// The proofs from each head to the next.
    pub(super) consistency: Vec<Step>,
    pub(super) blocks: Vec<BlockText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) old_size: u64,
    pub(super) new_size: u64,
    pub(super) hashes: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockText {
    pub(super) position: u64,
    pub(super) header: Bytes,
    pub(super) sealed_sha256: Hash,
    pub(super) entry_hashes: Vec<Hash>,
    /// The hashes from the leaf to the newest head's root.
    pub(super) inclusion: Vec<Hash>,
    pub(super) entries: Vec<EntryText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryText {
    pub(super) index: u32,
    pub(super) salt: Hash,
    pub(super) bytes: Bytes,
    /// The entry as sinks get it.
    pub(super) event: Box<RawValue>,
}

/// 32 bytes, in lower-case hexadecimal.
pub(super) struct Hash(pub(super) Digest);

/// Bytes, in lower-case hexadecimal.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Hash {
    pub(super) fn of(hashes: &[Digest]) -> Vec<Self> {
        hashes.iter().copied().map(Self).collect()
    }

    pub(super) fn all(hashes: &[Self]) -> Vec<Digest> {
        hashes.iter().map(|hash| hash.0).collect()
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(FromHex)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("expected 64 hexadecimal digits"))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromHex).map(Self)
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct FromHex;

impl Visitor<'_> for FromHex {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lower-case hexadecimal")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<_>>();
        bytes.filter(|_| rest.is_empty()).ok_or_else(|| E::custom("expected lower-case hexadecimal"))
    }
}
