//! Fields: sets of their names, how values of an indexed field are normalised, and the values themselves on the way there.

use std::collections::BTreeSet;

/// A set of a record's top-level fields, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldSet {
    /// Every field, those that a type gains later included.
    All,
    /// These and no others.
    Only(BTreeSet<String>),
}

impl FieldSet {
    /// No field at all.
    #[must_use]
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether the field is in the set.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(field),
        }
    }

    /// The fields that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(b).cloned().collect()),
        }
    }

    /// The fields that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Only(a), Self::Only(b)) => Self::Only(a.union(b).cloned().collect()),
        }
    }
}

impl<S: Into<String>> FromIterator<S> for FieldSet {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }
}

/// How an indexed field's values are made comparable. Normalisers are part of the stored format: each has a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Normaliser {
    /// As it is: case and blanks count. For codes and keys; also what numbers, bools and unit enums use.
    Exact,
    /// Text for people: Unicode NFKC, case folded, runs of white space one blank, none at the ends.
    Text,
    /// An e-mail address: as [`Text`](Self::Text), without any white space.
    Email,
    /// A phone number, as E.164. Numbers without a country code are read as the region's.
    Phone {
        /// The region: an ISO 3166-1 code of two letters, such as `AU`.
        region: [u8; 2],
    },
    /// A national id, tax or passport number: letters and digits only, letters in upper case.
    NationalId,
}

/// A value of an indexed field, before normalising.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IndexValue {
    Text(String),
    Integer(i128),
    Bool(bool),
    /// The name of a unit variant.
    Variant(String),
}
