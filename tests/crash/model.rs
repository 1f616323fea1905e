//! The promises of a worker, read from the lines that it printed.
//!
//! `try N CHANGE..` stands before an operation, `ack N ANSWER..` after it, with an answer for each change: the record's
//! id, or `-`. Operations that were tried and not acknowledged may have happened, whole, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use strongroom::RecordId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Customers,
    Notes,
}

/// The place of a record: `tenant/collection/key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub tenant: String,
    pub kind: Kind,
    pub key: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Vault,
    Tenant(String),
    /// Tenant, collection, and the field of an index that it is defined with; empty for the ones it always has.
    Define(String, String, String),
    /// A record and its version; `None`: deleted.
    Record(Place, Option<u32>),
}

/// A record that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: RecordId,
    /// `None`: deleted.
    pub version: Option<u32>,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub vault: bool,
    pub tenants: BTreeSet<String>,
    pub defined: BTreeSet<(String, String, String)>,
    pub records: BTreeMap<Place, Held>,
    pub pending: BTreeMap<u64, Vec<Change>>,
    /// The records that the latest operations were about.
    pub latest: Vec<Place>,
    /// The number of operations that were acknowledged.
    pub acks: usize,
    /// The first key that was never tried.
    pub next_key: u64,
}

impl Model {
    /// Takes in a line. Those that are neither a trial nor an acknowledgement say something else.
    pub fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split(' ');
        let (what, op) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let bad = |_| format!("not a line of ours: {line}");
        match what {
            "try" => {
                let changes = words.map(Change::from_str).collect::<Result<Vec<_>, _>>()?;
                for change in &changes {
                    if let Change::Record(place, _) = change {
                        self.next_key = self.next_key.max(place.key + 1);
                    }
                }
                self.pending.insert(op.parse().map_err(bad)?, changes);
            }
            "ack" => {
                let changes = self.pending.remove(&op.parse().map_err(bad)?);
                let changes = changes.ok_or_else(|| format!("acknowledged, never tried: {line}"))?;
                let answers: Vec<&str> = words.collect();
                if answers.len() != changes.len() {
                    return Err(format!("acknowledged in part: {line}"));
                }
                self.acks += 1;
                self.latest.clear();
                for (change, answer) in changes.into_iter().zip(answers) {
                    let id = answer.parse().ok();
                    self.happened(change, id)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells whether some tenant has all its collections.
    pub fn defined(&self) -> bool {
        self.tenants.iter().any(|tenant| self.has_collections(tenant))
    }

    /// Tells whether every tenant has all its collections.
    pub fn complete(&self) -> bool {
        self.tenants.iter().all(|tenant| self.has_collections(tenant))
    }

    fn has_collections(&self, tenant: &str) -> bool {
        let defined = |kind: &Kind| (tenant.to_owned(), kind.name().to_owned(), String::new());
        Kind::ALL.iter().all(|kind| self.defined.contains(&defined(kind)))
    }

    /// Notes a change that is known to be kept.
    pub fn happened(&mut self, change: Change, id: Option<RecordId>) -> Result<(), String> {
        match change {
            Change::Vault => self.vault = true,
            Change::Tenant(name) => drop(self.tenants.insert(name)),
            Change::Define(tenant, collection, field) => {
                self.defined.insert((tenant, collection, field));
            }
            Change::Record(place, version) => {
                self.latest.push(place.clone());
                let id = id.ok_or_else(|| format!("{place} was acknowledged without an id"))?;
                match self.records.insert(place.clone(), Held { id, version }) {
                    Some(before) if before.id != id => return Err(format!("{place} has changed its id")),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Customers, Self::Notes];

    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Notes => "notes",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.kind.name(), self.key)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault => f.write_str("vault"),
            Self::Tenant(name) => write!(f, "tenant:{name}"),
            Self::Define(tenant, collection, field) => write!(f, "define:{tenant}/{collection}/{field}"),
            Self::Record(place, Some(version)) => write!(f, "{place}={version}"),
            Self::Record(place, None) => write!(f, "{place}=deleted"),
        }
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("not a change: {text}");
        if text == "vault" {
            return Ok(Self::Vault);
        }
        if let Some(name) = text.strip_prefix("tenant:") {
            return Ok(Self::Tenant(name.to_owned()));
        }
        let (place, version) = match text.strip_prefix("define:") {
            Some(place) => (place, None),
            None => text.split_once('=').map(|(place, version)| (place, Some(version))).ok_or_else(bad)?,
        };
        let mut parts = place.split('/');
        let (Some(tenant), Some(collection), Some(last)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        let Some(version) = version else {
            return Ok(Self::Define(tenant.to_owned(), collection.to_owned(), last.to_owned()));
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == collection).ok_or_else(bad)?;
        let place = Place { tenant: tenant.to_owned(), kind, key: last.parse().map_err(|_| bad())? };
        let version = if version == "deleted" { None } else { Some(version.parse().map_err(|_| bad())?) };
        Ok(Self::Record(place, version))
    }
}
