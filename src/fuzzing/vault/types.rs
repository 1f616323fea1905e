//! The records that are stored, in two versions of their type, and values that are equal for an index.

use serde::{Deserialize, Serialize};

use crate::model::Normalizer;
use crate::record::{Document, Record, Schema};

/// Names, and which of them are one for the index; none for what isn't indexed.
pub(super) const NAMES: [(&str, Option<u8>); 8] = [
    ("Ann Lee", Some(0)),
    (" ann  LEE", Some(0)),
    ("ANN\tlee ", Some(0)),
    ("Straße", Some(1)),
    ("STRASSE", Some(1)),
    ("李", Some(2)),
    ("", None),
    (" \n", None),
];

/// Addresses, likewise.
pub(super) const EMAILS: [(Option<&str>, Option<u8>); 8] = [
    (Some("a@x.y"), Some(0)),
    (Some("A@X.y "), Some(0)),
    (Some("b@x.y"), Some(1)),
    (Some("B @x.Y"), Some(1)),
    (Some("c@x.y"), Some(2)),
    (Some("d@x.y"), Some(3)),
    (Some(" "), None),
    (None, None),
];

/// A customer, as the model keeps it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Customer {
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) level: u8,
    pub(super) notes: String,
    pub(super) since: Option<u32>,
}

/// A type that customers are stored as.
pub(super) trait Stored: Record + 'static {
    const EVOLVED: bool;

    fn of(customer: &Customer) -> Self;

    fn customer(&self) -> Customer;
}

/// The type at first.
#[derive(Serialize, Deserialize)]
pub(super) struct Earlier {
    name: String,
    email: Option<String>,
    tier: u8,
    notes: String,
}

/// The type later: a field renamed, one gained, another order, one more index.
#[derive(Serialize, Deserialize)]
pub(super) struct Later {
    level: u8,
    #[serde(default)]
    since: Option<u32>,
    email: Option<String>,
    name: String,
    notes: String,
}

fn customers() -> Schema {
    Schema::new("customers").unique("email", Normalizer::Email).index("name", Normalizer::Text)
}

impl Record for Earlier {
    fn schema() -> Schema {
        customers()
    }

    fn example() -> Self {
        Self { name: "Ann".into(), email: Some("a@x.y".into()), tier: 1, notes: "n".into() }
    }
}

impl Record for Later {
    fn schema() -> Schema {
        customers().field("level", |f| f.was("tier")).index("level", Normalizer::Exact)
    }

    fn example() -> Self {
        Self { name: "Ann".into(), email: Some("a@x.y".into()), level: 1, notes: "n".into(), since: Some(1) }
    }
}

impl Stored for Earlier {
    const EVOLVED: bool = false;

    fn of(customer: &Customer) -> Self {
        let Customer { name, email, level, notes, .. } = customer.clone();
        Self { name, email, tier: level, notes }
    }

    fn customer(&self) -> Customer {
        let (name, email, notes) = (self.name.clone(), self.email.clone(), self.notes.clone());
        Customer { name, email, level: self.tier, notes, since: None }
    }
}

impl Stored for Later {
    const EVOLVED: bool = true;

    fn of(customer: &Customer) -> Self {
        let Customer { name, email, level, notes, since } = customer.clone();
        Self { level, since, email, name, notes }
    }

    fn customer(&self) -> Customer {
        let (name, email, notes) = (self.name.clone(), self.email.clone(), self.notes.clone());
        Customer { name, email, level: self.level, notes, since: self.since }
    }
}

/// Takes some fields over from `other`; possibly none, or ones that are equal.
pub(super) fn change(customer: &mut Customer, how: u8, other: &Customer) {
    if how & 1 != 0 {
        customer.name.clone_from(&other.name);
    }
    if how & 2 != 0 {
        customer.email.clone_from(&other.email);
    }
    if how & 4 != 0 {
        customer.level = other.level;
        customer.notes.clone_from(&other.notes);
    }
}

/// Returns the schema of documents about customers.
pub(super) fn papers() -> Schema {
    Schema::open("papers").index("tag", Normalizer::Text)
}

/// Returns one of them.
pub(super) fn paper(tag: u8) -> Document {
    Document::new().with("tag", format!("tag {}", tag % 5)).with("number", i64::from(tag))
}
