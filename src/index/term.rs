//! The term of a value, by which values are compared and keyed.

use crate::crypto::Zeroizing;

/// The class of a term. Part of the format: terms of two classes are never equal.
#[derive(Clone, Copy)]
pub(super) enum Class {
    /// Text as its normalizer leaves it; the names of unit variants too.
    Text = 1,
    /// An integer under `Exact`: 16 bytes, big-endian, the sign flipped so that bytes sort as numbers do.
    Integer = 2,
    /// A bool under `Exact`: one byte, 0 or 1.
    Bool = 3,
    /// Text that its normalizer couldn't parse, normalized as `Text`.
    Unparsed = 4,
}

/// A normalized value: `class u8 ‖ bytes`. It is plaintext: wiped on drop, no `Debug`.
pub(crate) struct Term(Zeroizing<Vec<u8>>);

impl Term {
    pub(super) fn new(class: Class, value: &[u8]) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(value.len().saturating_add(1)));
        bytes.push(class as u8);
        bytes.extend_from_slice(value);
        Self(bytes)
    }

    /// Returns the bytes that the value key is made of.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether both are terms of equal values. Not in constant time: the caller holds both plaintexts.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
