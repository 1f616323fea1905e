//! An encrypted, embedded record store for customer data.
//!
//! Strongroom is linked into a CRM. It keeps every record sealed under a key of its own (envelope encryption) in an
//! embedded store, asks a policy before each act, writes each act into a tamper-evident journal, and finds records by
//! fields that are never stored readable.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use strongroom::policy::Roles;
//! use strongroom::{Actor, KeyFile, Normalizer, Record, Schema, Vault};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Customer {
//!     name: String,
//!     email: String,
//!     notes: Option<String>,
//! }
//!
//! impl Record for Customer {
//!     fn schema() -> Schema {
//!         Schema::new("customers").unique("email", Normalizer::Email)
//!     }
//!
//!     fn example() -> Self {
//!         Self { name: "Ann".into(), email: "ann@example.com".into(), notes: Some("VIP".into()) }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let home = tempfile::tempdir()?;
//! # let home = home.path();
//! let vault = Vault::options(home.join("crm-data"))
//!     .master_key(KeyFile::create(home.join("master.key"))?)
//!     .policy(
//!         Roles::new()
//!             .role("admin", |r| r.administer())
//!             .role("sales", |r| r.on("customers").create().read(["name", "email"]).own_only()),
//!     )
//!     .create()?;
//!
//! let admin = Actor::new("root").with_role("admin");
//! let acme = vault.session(admin.clone())?.create_tenant("acme")?;
//! acme.session(admin.clone())?.define::<Customer>()?;
//!
//! let sales = acme.session(Actor::new("sales-7").with_role("sales"))?;
//! let customers = sales.collection::<Customer>()?;
//! let ann = Customer { name: "Ann Lee".into(), email: "Ann@Example.com".into(), notes: None };
//! let id = customers.insert(&ann)?;
//!
//! let found = customers.find_unique("email", "ann@example.COM")?.ok_or("not found")?;
//! assert_eq!((found.id, found.withheld), (id, vec!["notes".to_owned()]));
//! # Ok(())
//! # }
//! ```
//!
//! # Where to read on
//!
//! - [`vault`]: opening and closing, tenants, sessions, collections, batches, verification.
//! - [`record`]: what a type needs to be a record, schemas, masks, documents.
//! - [`policy`]: who may do what; the built-in policies and how to write one.
//! - [`audit`]: the journal, heads, verdicts, sinks.
//! - [`monitor`]: alerts on what is unusual, and what is done about them.
//! - [`keys`]: master keys, and how to bring your own.
//! - [`model`]: ids, actors, acts, time.
//! - [`format_spec`]: every stored byte, enough to read a record without this program.
//!
//! # Limits
//!
//! A record's encoding has at most 4 MiB in at most 1,024 fields; a collection has at most 24 indexes; a page at most
//! 1,000 records; a batch at most 16,384 writes and 64 MiB; a vault at most 65,536 tenants; a tenant at most 2³² data
//! subjects, ever. One process has a vault open at a time.
//!
//! # Features
//!
//! - `sled` (default): vaults in directories. Without it there are only vaults in memory.
//! - `passphrase` (default): [`Passphrase`] as a master key, by Argon2id.
//! - `phone` (default): [`Normalizer::Phone`].
//! - `cedar`: policies in the Cedar language, `policy::Cedar`. Its build needs a C compiler.
//! - `policy-file` (default): `policy::PolicyFile`, a policy as a file of TOML.
//! - `tracing`: [`audit`]'s sink `Tracing`, which hands events to the crate of that name.

#![deny(missing_docs, unreachable_pub)]
// Without an engine for directories, or without passphrases, their parts lie idle.
#![cfg_attr(
    not(all(feature = "sled", feature = "passphrase")),
    allow(dead_code, unused_imports, reason = "parts of features that are off")
)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod audit;
mod crypto;
#[cfg(doctest)]
mod doctests;
mod error;
mod format;
#[doc = include_str!("format/FORMAT.md")]
pub mod format_spec {}
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod index;
pub mod keys;
pub mod model;
pub mod monitor;
pub mod policy;
pub mod record;
mod store;
#[cfg(test)]
mod tests;
pub mod vault;

pub use error::{Error, Impossible, NoVault, Result};
pub use keys::KeyFile;
#[cfg(feature = "passphrase")]
pub use keys::Passphrase;
pub use model::{Actor, Normalizer, RecordId, Revision, Timestamp};
pub use record::{Document, Mask, Record, Schema, Value};
pub use vault::{Batch, Collection, Found, Memory, NewMeta, Page, Session, Tenant, Vault, VaultOptions, VaultSession};
