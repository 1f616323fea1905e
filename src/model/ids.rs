//! Identifiers. All are random or counted; none says anything of a record's content.
//!
//! A [`RecordId`] is a UUIDv7 (RFC 9562), so it tells when it was made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Timestamp, portable};

/// The error for a text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 hexadecimal digits, with or without hyphens")]
#[non_exhaustive]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $vis:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name([u8; 16]);

        impl $name {
            /// Returns the id with these bytes.
            #[must_use]
            $vis const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Returns the id's 16 bytes, as they are stored.
            #[must_use]
            $vis const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hyphenated(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                portable::serialize(self, &self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                portable::deserialize(Self, deserializer)
            }
        }
    };
}

id! {
    /// The id of a vault. Random, made when the vault is created.
    pub VaultId
}
id! {
    /// The id of a tenant. Random; the tenant's name is only a label.
    pub TenantId
}
id! {
    /// The id of a collection. Random; the collection's name is only a sealed label.
    pub CollectionId
}
id! {
    /// The id of a record: a UUIDv7 (RFC 9562), so ids sort by the time they were made.
    pub RecordId
}
id! {
    /// The id of one life of the journal; a restore starts another.
    pub(crate) JournalEpochId
}
id! {
    /// The name of a data subject in the journal. Random; only the subject's own sealed rows tell whose it is.
    pub(crate) Pseudonym
}

impl RecordId {
    /// Returns a UUIDv7 from a time and ten random bytes.
    pub(crate) fn new_v7(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0).to_be_bytes();
        let [_, _, m0, m1, m2, m3, m4, m5] = millis;
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        Self([m0, m1, m2, m3, m4, m5, 0x70 | (r0 & 0x0f), r1, 0x80 | (r2 & 0x3f), r3, r4, r5, r6, r7, r8, r9])
    }
}

/// The count of a record's changes, from 1. Never restarts, not even after a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Revision(u64);

impl Revision {
    /// Returns the revision with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the revision's number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const FIRST: Self = Self(1);

    /// Returns the one after this; `None` at the end of the range.
    pub(crate) fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The address of a data subject in its tenant's key tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

/// One generation of a tenant's root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Epoch(pub(crate) u32);

fn hyphenated(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            f.write_str("-")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

fn parse(text: &str) -> Result<[u8; 16], ParseIdError> {
    let mut id = [0u8; 16];
    let mut digits = text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16));
    for byte in &mut id {
        let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
            return Err(ParseIdError);
        };
        *byte = u8::try_from(high << 4 | low).map_err(|_| ParseIdError)?;
    }
    if digits.next().is_some() { Err(ParseIdError) } else { Ok(id) }
}

#[cfg(test)]
mod tests;
