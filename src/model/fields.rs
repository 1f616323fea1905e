//! Fields: sets of their names, the normalizers of indexed fields, and values before they are normalized.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of a record's top-level fields, by name. Cheap to clone.
///
/// ```
/// use strongroom::model::FieldSet;
/// let card: FieldSet = ["name", "email"].into_iter().collect();
/// assert!(card.contains("email") && !card.contains("salary"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldSet {
    /// Every field, those that a type gains later included.
    All,
    /// These fields and no others.
    Only(FieldNames),
}

/// A list of field names: in order, each once, shared between clones.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FieldNames {
    /// `None` is the empty list, so that it costs no allocation.
    sorted: Option<Arc<[Arc<str>]>>,
}

impl FieldNames {
    /// Returns the names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.as_slice().iter().map(AsRef::as_ref)
    }

    /// Tells whether the name is in the list.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.as_slice().binary_search_by(|probe| (**probe).cmp(name)).is_ok()
    }

    /// Tells whether there is no name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_none()
    }

    fn as_slice(&self) -> &[Arc<str>] {
        self.sorted.as_deref().unwrap_or_default()
    }

    fn is_subset(&self, other: &Self) -> bool {
        let mut rest = other.as_slice().iter();
        self.as_slice().iter().all(|name| rest.any(|probe| probe == name))
    }

    /// Returns the names in either list. They are shared with both, not copied.
    fn union(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.as_slice(), other.as_slice());
        let mut sorted = Vec::with_capacity(a.len().saturating_add(b.len()));
        while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
            let order = first.cmp(second);
            sorted.push(Arc::clone(if order.is_le() { first } else { second }));
            a = if order.is_le() { a_rest } else { a };
            b = if order.is_ge() { b_rest } else { b };
        }
        sorted.extend(a.iter().chain(b).cloned());
        Self::of_sorted(sorted)
    }

    fn of_sorted(sorted: Vec<Arc<str>>) -> Self {
        Self { sorted: (!sorted.is_empty()).then(|| sorted.into()) }
    }
}

impl<S: Into<String>> FromIterator<S> for FieldNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut sorted: Vec<Arc<str>> = names.into_iter().map(|name| name.into().into()).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self::of_sorted(sorted)
    }
}

impl fmt::Debug for FieldNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FieldSet {
    /// Returns the set without a field.
    #[must_use]
    pub const fn none() -> Self {
        Self::Only(FieldNames { sorted: None })
    }

    /// Tells whether the field is in the set.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(field),
        }
    }

    /// Tells whether there is no field in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }

    /// Tells whether every field of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (Self::All, Self::Only(_)) => false,
            (Self::Only(a), Self::Only(b)) => a.is_subset(b),
        }
    }

    /// Returns the fields that are in both. Allocates only if neither holds the other.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Only(a), Self::Only(b)) if a.is_subset(b) => Self::Only(a.clone()),
            (Self::Only(a), Self::Only(b)) if b.is_subset(a) => Self::Only(b.clone()),
            (Self::Only(a), Self::Only(b)) => a.iter().filter(|name| b.contains(name)).collect(),
        }
    }

    /// Returns the fields that are in either. Allocates only if neither holds the other.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Only(a), Self::Only(b)) if a.is_subset(b) => Self::Only(b.clone()),
            (Self::Only(a), Self::Only(b)) if b.is_subset(a) => Self::Only(a.clone()),
            (Self::Only(a), Self::Only(b)) => Self::Only(a.union(b)),
        }
    }
}

impl<S: Into<String>> FromIterator<S> for FieldSet {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self::Only(names.into_iter().collect())
    }
}

/// A way to make the values of an indexed field comparable. Part of the stored format: each has a version.
// Stored as it stands: new variants go to the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Normalizer {
    /// The value as it is: case and blanks count. For codes and keys, and for numbers, bools and unit enums.
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

/// A value of an indexed field, before normalizing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum IndexValue {
    /// Text, or the name of a unit variant.
    Text(String),
    Integer(i128),
    Bool(bool),
}

#[cfg(test)]
mod tests;
