//! The name of a policy in the journal.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::crypto::sha256;

/// Names one state of a policy: 32 bytes, the same exactly for policies that say the same.
///
/// ```
/// use strongroom::policy::{AccessPolicy, PolicyVersion, Roles};
///
/// let roles = |field| Roles::new().role("support", |r| r.on("customers").read(["name", field]));
/// assert_eq!(roles("phone").version(), roles("phone").version());
/// assert_ne!(roles("phone").version(), roles("email").version());
/// assert_ne!(PolicyVersion::of("office hours, 1"), PolicyVersion::of("office hours, 2"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyVersion([u8; 32]);

impl PolicyVersion {
    /// Makes a version from a text, such as a name and a number: SHA-256 of `strongroom/v1/policy`, a zero byte, and the text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(sha256(&[b"strongroom/v1/policy\0", text.as_bytes()]))
    }

    /// Returns the version of a policy that adds something to another's: SHA-256 of `strongroom/v1/policy-with`, a zero byte,
    /// this version and the text.
    #[must_use]
    pub fn with(self, text: &str) -> Self {
        Self(sha256(&[b"strongroom/v1/policy-with\0", &self.0, text.as_bytes()]))
    }

    /// Returns the version with these bytes, as the journal has them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the version's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn of_roles(canonical: &[u8]) -> Self {
        Self(sha256(&[b"strongroom/v1/roles\0", canonical]))
    }
}

impl fmt::Display for PolicyVersion {
    /// Shows 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyVersion({self})")
    }
}

impl Serialize for PolicyVersion {
    /// Writes its 64 hexadecimal digits.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PolicyVersion {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = |text: &str| {
            let (pairs, rest) = text.as_bytes().as_chunks::<2>();
            let digit = |digit: u8| char::from(digit).to_digit(16);
            let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
            let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
            bytes.try_into().ok().filter(|_| rest.is_empty()).map(Self)
        };
        let text = String::deserialize(from)?;
        read(&text).ok_or_else(|| de::Error::custom("a policy's version is 64 hexadecimal digits"))
    }
}
