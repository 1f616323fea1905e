//! The vault's promises, tried from above, and from below through its store and its files.

mod bad_input;
mod channels;
mod counting;
mod deciding;
mod dropped;
mod equal;
mod evidence;
mod facts;
mod failing;
mod format;
mod gatekeeping;
mod histories;
mod hostile;
mod living;
mod log_servers;
mod masking;
mod outputs;
mod policies;
#[cfg(all(feature = "sled", target_os = "linux"))]
mod powercut;
mod questions;
mod quick;
mod retention;
mod review;
mod scope;
mod scrub;
mod secrets;
mod swap;
mod tampering;
mod verdicts;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::audit::{AuditSink, Event, Held, SinkError, Verdict};
use crate::error::Error;
use crate::format::place::Space;
use crate::keys::{Home, MasterKey, MasterKeyError, WrapContext};
use crate::model::{Action, Actor, Normalizer, RecordId};
use crate::policy::Roles;
use crate::record::{Record, Schema};
use crate::store::{Batch as Writes, MemoryStore, Pair, Store};

use crate::vault::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Customer {
    name: String,
    email: String,
    tier: Option<u8>,
}

impl Customer {
    fn new(name: &str, email: &str) -> Self {
        Self { name: name.to_owned(), email: email.to_owned(), tier: Some(1) }
    }
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").unique("email", Normalizer::Email).index("name", Normalizer::Text)
    }

    fn example() -> Self {
        Self { name: "Ann".into(), email: "ann@example.com".into(), tier: Some(1) }
    }
}

/// A record without an index, and with room for long texts.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Note {
    text: String,
}

impl Note {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

impl Record for Note {
    fn schema() -> Schema {
        Schema::new("notes")
    }

    fn example() -> Self {
        Self { text: "text".into() }
    }
}

/// A master key that locks nothing, so that tests are fast.
struct Unlocked;

impl MasterKey for Unlocked {
    fn id(&self) -> String {
        "unlocked".to_owned()
    }

    fn wrap(&self, key: &[u8; 32], _: &WrapContext) -> Result<Vec<u8>, MasterKeyError> {
        Ok(key.to_vec())
    }

    fn unwrap(&self, wrapped: &[u8], _: &WrapContext, key: &mut [u8; 32]) -> Result<(), MasterKeyError> {
        key.copy_from_slice(wrapped);
        Ok(())
    }
}

fn admin() -> Actor {
    Actor::new("root").with_role("admin")
}

fn boss() -> Actor {
    Actor::new("b").with_role("boss")
}

fn sales(id: &str) -> Actor {
    Actor::new(id).with_role("sales")
}

fn roles() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer().may([Action::ReviewAccess]))
        .role("sales", |r| r.on("customers").create().read(["name", "email"]).update(["name"]).delete().own_only())
        .role("boss", |r| r.on_any().create().read_all().update_all().delete())
}

/// A vault in memory with the tenant `acme`, which has customers and notes.
struct World {
    memory: Memory,
    vault: Vault,
    acme: Tenant,
}

impl World {
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(options: impl Fn(VaultOptions) -> VaultOptions) -> Self {
        let memory = Memory::new();
        let vault = options(open_options(&memory)).create().unwrap();
        let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
        acme.session(admin()).unwrap().define::<Customer>().unwrap();
        acme.session(admin()).unwrap().define::<Note>().unwrap();
        Self { memory, vault, acme }
    }

    fn open(memory: &Memory) -> Result<Self, Error> {
        let vault = open_options(memory).open()?;
        let acme = vault.tenant("acme")?;
        Ok(Self { memory: memory.clone(), vault, acme })
    }

    fn reopen(self) -> Self {
        self.vault.close().unwrap();
        Self::open(&self.memory).unwrap()
    }

    fn session(&self, actor: Actor) -> Session {
        self.acme.session(actor).unwrap()
    }

    fn customers(&self) -> Collection<Customer> {
        self.session(boss()).collection().unwrap()
    }

    fn notes(&self) -> Collection<Note> {
        self.session(boss()).collection().unwrap()
    }

    fn verify(&self) -> Verdict {
        self.vault.session(admin()).unwrap().verify().unwrap()
    }

    fn add(&self, name: &str, email: &str) -> RecordId {
        self.customers().insert(&Customer::new(name, email)).unwrap()
    }
}

fn open_options(memory: &Memory) -> VaultOptions {
    Vault::in_memory(memory).master_key(Unlocked).policy(roles())
}

/// Returns the store below a vault in memory.
fn store(memory: &Memory) -> MemoryStore {
    memory.inner.store.reopen()
}

fn stored(memory: &Memory, space: Space) -> Vec<Pair> {
    store(memory).scan(&[space as u8], None, usize::MAX).unwrap()
}

fn everything(memory: &Memory) -> Vec<Pair> {
    store(memory).scan(&[], None, usize::MAX).unwrap()
}

/// Puts and removes values behind the vault's back.
fn put(memory: &Memory, changes: &[(Vec<u8>, Option<Vec<u8>>)]) {
    let mut batch = Writes::default();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(key.clone(), value.clone()),
            None => batch.remove(key.clone()),
        }
    }
    store(memory).commit(&batch, &[]).unwrap();
}

/// Sets the whole store back to these values.
fn set_back(memory: &Memory, to: &[Pair]) {
    let gone: Vec<_> = everything(memory).into_iter().map(|(key, _)| (key, None)).collect();
    put(memory, &gone);
    put(memory, &to.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
}

/// Copies everything that a vault is kept in: store, keys and head. The vault may be open.
fn copy(memory: &Memory) -> Memory {
    let copy = Memory::new();
    *copy.inner.id.lock().unwrap() = *memory.inner.id.lock().unwrap();
    set_back(&copy, &everything(memory));
    for name in memory.inner.home.list().unwrap() {
        let bytes = memory.inner.home.read(&name, usize::MAX).unwrap().unwrap();
        copy.inner.home.write_new(&name, &bytes).unwrap();
    }
    let anchor = memory.inner.home.read_anchor().unwrap();
    copy.inner.home.swap_anchor(None, &anchor.unwrap()).unwrap();
    for (from, to) in [(&memory.inner.head, &copy.inner.head), (&memory.inner.ahead, &copy.inner.ahead)] {
        let text = from.lock().unwrap().clone();
        *to.lock().unwrap() = text;
    }
    copy
}

/// A sink that keeps its events.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Event>>>);

impl Kept {
    fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the events of one act, in order.
    fn of(&self, action: &str) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.action() == action).collect()
    }
}

impl AuditSink for Kept {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(self.events().last().map_or(Held::Nothing, |event| Held::UpTo(event.position())))
    }

    fn keeps_heads(&self) -> bool {
        true
    }
}

/// A generator of test data that gives the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // xorshift64*, Vigna 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a word that occurs nowhere else.
    fn word(&mut self) -> String {
        format!("w{:016x}{:016x}", self.next(), self.next())
    }
}

/// Returns the key of a record's row in the store.
fn key_of<T: Record + 'static>(collection: &Collection<T>, id: RecordId) -> Vec<u8> {
    crate::format::place::row(collection.session().tenant.id, collection.core().id, id)
}
