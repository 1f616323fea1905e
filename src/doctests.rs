//! Tests of what the crate's users can't do: each pair is a program that doesn't compile, and its twin that does.
//!
//! A record is read through a session of an actor, and not otherwise:
//!
//! ```compile_fail,E0599
//! # use strongroom::{Document, Memory, RecordId, Result, Tenant};
//! fn read(acme: &Tenant, id: RecordId) -> Result<()> {
//!     let customers = acme.collection_named::<Document>("customers")?;
//!     customers.get(id)?;
//!     Ok(())
//! }
//! ```
//!
//! ```
//! # use strongroom::{Actor, Document, Memory, RecordId, Result, Tenant};
//! fn read(acme: &Tenant, id: RecordId) -> Result<()> {
//!     let customers = acme.session(Actor::new("ann"))?.collection_named::<Document>("customers")?;
//!     customers.get(id)?;
//!     Ok(())
//! }
//! ```
//!
//! A session can't be made without a tenant's leave:
//!
//! ```compile_fail,E0451
//! # use strongroom::Session;
//! fn again(session: Session) -> Session {
//!     Session { ..session }
//! }
//! ```
//!
//! ```
//! # use strongroom::Session;
//! fn again(session: Session) -> Session {
//!     session.clone()
//! }
//! ```
//!
//! The values that open a row aren't public:
//!
//! ```compile_fail,E0603
//! use strongroom::vault::gate::Permit;
//! ```
//!
//! ```
//! use strongroom::vault::Session;
//! ```
//!
//! Neither is what the store holds, nor the keys:
//!
//! ```compile_fail,E0603
//! use strongroom::crypto::Key;
//! ```
//!
//! ```
//! use strongroom::keys::KeyFile;
//! ```
//!
//! A key file isn't copied:
//!
//! ```compile_fail,E0599
//! # use strongroom::KeyFile;
//! fn twice(key: &KeyFile) -> (KeyFile, KeyFile) {
//!     (key.clone(), key.clone())
//! }
//! ```
//!
//! ```
//! # use strongroom::{KeyFile, keys::MasterKeyError};
//! fn twice(path: &str) -> Result<(KeyFile, KeyFile), MasterKeyError> {
//!     Ok((KeyFile::open(path)?, KeyFile::open(path)?))
//! }
//! ```
//!
//! Nor compared:
//!
//! ```compile_fail,E0369
//! # use strongroom::KeyFile;
//! fn same(a: &KeyFile, b: &KeyFile) -> bool {
//!     a == b
//! }
//! ```
//!
//! ```
//! # use strongroom::{KeyFile, keys::MasterKey};
//! fn same(a: &KeyFile, b: &KeyFile) -> bool {
//!     a.id() == b.id()
//! }
//! ```
//!
//! A journal entry can't be made up for the journal; a policy's own decision can:
//!
//! ```compile_fail,E0603
//! use strongroom::audit::Entry;
//! ```
//!
//! ```
//! use strongroom::audit::Event;
//! ```
//!
//! A found record isn't printed with its value:
//!
//! ```compile_fail,E0277
//! # use strongroom::{Document, Found};
//! fn show(found: &Found<Document>) -> String {
//!     format!("{found}")
//! }
//! ```
//!
//! ```
//! # use strongroom::{Document, Found};
//! fn show(found: &Found<Document>) -> String {
//!     format!("{found:?}")
//! }
//! ```
