//! The records, and how their vault is opened.

use std::path::Path;

use serde::{Deserialize, Serialize};
use strongroom::model::Action;
use strongroom::policy::Roles;
use strongroom::{Actor, KeyFile, Normalizer, Record, Schema, Vault, VaultOptions};

use super::said;
use crate::random::Random;

/// A record's content follows from its key, which is never used again, and from how often it was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub key: u64,
    pub version: u32,
    pub name: String,
    pub email: String,
    pub city: String,
    pub text: String,
}

/// About a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub key: u64,
    pub version: u32,
    pub customer: u64,
    pub text: String,
}

const NAMES: [&str; 7] = ["Ann Lee", "Bo Ray", "Cy Fox", "Di Ash", "Ed Orr", "Flo May", "Gus Kay"];
const CITIES: [&str; 5] = ["Aarhus", "Bergen", "Cork", "Dover", "Essen"];

impl Customer {
    pub fn new(key: u64, version: u32) -> Self {
        Self {
            key,
            version,
            name: Self::name(key).to_owned(),
            email: Self::email(key, version),
            city: Self::city(key, version).to_owned(),
            text: filling(key, version),
        }
    }

    pub fn name(key: u64) -> &'static str {
        NAMES[key as usize % NAMES.len()]
    }

    /// Returns an e-mail address that not every version changes, so not every change changes every index entry.
    pub fn email(key: u64, version: u32) -> String {
        format!("k{key}.{}@example.com", version / 2)
    }

    pub fn city(key: u64, version: u32) -> &'static str {
        CITIES[(key as usize + version as usize / 3) % CITIES.len()]
    }

    /// Returns the schema with an index more, which is built from the rows that are there.
    pub fn schema_with_city() -> Schema {
        Self::schema().index("city", Normalizer::Text)
    }
}

impl Note {
    pub fn new(key: u64, version: u32, customer: u64) -> Self {
        Self { key, version, customer, text: filling(key, version) }
    }
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").unique("email", Normalizer::Email).index("name", Normalizer::Text)
    }

    fn example() -> Self {
        Self::new(1, 0)
    }
}

impl Record for Note {
    fn schema() -> Schema {
        Schema::new("notes").unique("key", Normalizer::Exact)
    }

    fn example() -> Self {
        Self::new(1, 0, 1)
    }
}

/// Makes text that is mostly short; one in 13 is stored in several chunks.
fn filling(key: u64, version: u32) -> String {
    let mut random = Random::new(key, u64::from(version));
    let length = if key % 13 == 4 { 4_000 + random.below(9_000) } else { 20 + random.below(200) };
    let mut text = format!("{:016x}.", random.next()).repeat(length / 17 + 1);
    text.truncate(length);
    text
}

pub fn admin() -> Actor {
    Actor::new("admin-1").with_role("admin")
}

pub fn clerk() -> Actor {
    Actor::new("clerk-1").with_role("clerk")
}

/// Returns options for the vault in `dir`, locked with this key file.
pub fn options(dir: &Path, key: &Path) -> Result<VaultOptions, String> {
    let policy = Roles::new()
        .role("admin", |r| r.administer().may([Action::ReadJournal]))
        .role("clerk", |r| r.on_any().create().read_all().update_all().delete());
    let key = KeyFile::open(key).map_err(|e| said("the key file")(e.into()))?;
    // Without a reserve: these vaults are many, and a limit on files is no full disk.
    Ok(Vault::options(dir).master_key(key).policy(policy).cache_bytes(1 << 20).reserve_bytes(0))
}

/// Makes the key file.
pub fn make_key(key: &Path) -> Result<(), String> {
    KeyFile::create(key).map(drop).map_err(|e| said("the key file")(e.into()))
}
