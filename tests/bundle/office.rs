//! A vault in which hundreds of acts happen.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use strongroom::audit::{AuditSink, Event, Head, Held, Required, SinkError};
use strongroom::keys::{MasterKey, MasterKeyError, WrapContext};
use strongroom::model::Action;
use strongroom::policy::Roles;
use strongroom::{Actor, Memory, NewMeta, Normalizer, Record, Schema, Tenant, Vault};

#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
    email: String,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers").unique("email", Normalizer::Email)
    }

    fn example() -> Self {
        Self { name: "Ann".into(), email: "ann@example.com".into() }
    }
}

/// A master key that locks nothing: the vault is in memory and gone with the test.
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

/// A sink that keeps every event.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Event>>>);

impl AuditSink for Kept {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        self.0.lock().unwrap().extend_from_slice(events);
        Ok(())
    }

    fn last(&mut self, _: &str) -> Result<Held, SinkError> {
        Ok(self.0.lock().unwrap().last().map_or(Held::Nothing, |event| Held::UpTo(event.position())))
    }
}

pub struct Office {
    vault: Vault,
    acme: Tenant,
    kept: Kept,
    heads: Vec<Head>,
}

fn admin() -> Actor {
    Actor::new("root").with_role("admin")
}

fn auditor() -> Actor {
    Actor::new("aud-1").with_role("auditor")
}

impl Office {
    pub fn after_hundreds_of_acts() -> Self {
        let kept = Kept::default();
        let vault = Vault::in_memory(&Memory::new())
            .master_key(Unlocked)
            .policy(
                Roles::new()
                    .role("admin", |r| r.administer().may([Action::Suspend]))
                    .role("auditor", |r| r.may([Action::ReadJournal]))
                    .role("sales", |r| r.on("customers").create().read_all().update(["name"]).own_only())
                    .role("trainee", |r| r.on("customers").read(["name"])),
            )
            .sink(Required(kept.clone()))
            .create()
            .unwrap();
        let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
        acme.session(admin()).unwrap().define::<Customer>().unwrap();
        let mut office = Self { vault, acme, kept, heads: Vec::new() };
        for round in 0..3 {
            office.heads.push(office.vault.session(admin()).unwrap().head().unwrap());
            office.work(round);
        }
        office.vault.flush().unwrap();
        office
    }

    fn work(&self, round: u32) {
        let seller = Actor::new(format!("sales-{round}\n\"ü\""))
            .with_role("sales")
            .with_session("log-in 9")
            .with_device("laptop-12");
        let session = self.acme.session(seller).unwrap().for_purpose("support").because("ticket 7 \u{2014} back");
        let customers = session.collection::<Customer>().unwrap();
        let trainee = self.acme.session(Actor::new("new-1").with_role("trainee")).unwrap();
        let looked_at = trainee.collection::<Customer>().unwrap();
        for number in 0..20 {
            let customer = Customer { name: "Ann".into(), email: format!("ann{round}.{number}@example.com") };
            let id = customers.insert_with(&customer, NewMeta::default()).unwrap();
            customers.update(id, |customer| customer.name = "Bo".into()).unwrap();
            for _ in 0..3 {
                customers.get(id).unwrap();
            }
            looked_at.get(id).unwrap();
            assert!(looked_at.delete(id).is_err());
        }
        self.acme.session(admin()).unwrap().because("left").suspend(&format!("gone-{round}")).unwrap();
    }

    /// Returns the text of the key, as whoever checks has it.
    pub fn key(&self) -> String {
        self.vault.head_key().to_string()
    }

    /// Returns a bundle of every entry of the tenant's, and four heads.
    pub fn bundle(&self) -> String {
        self.evidence(|_| true, &self.heads)
    }

    /// Returns a bundle of three entries and two heads.
    pub fn small_bundle(&self) -> String {
        let events = self.kept.0.lock().unwrap().clone();
        let count = events.iter().filter(|event| event.action() == "read").count();
        let mut reads = 0;
        self.evidence(
            |event| {
                reads += usize::from(event.action() == "read");
                event.action() == "read" && [1, count / 2, count].contains(&reads)
            },
            &self.heads[1..2],
        )
    }

    fn evidence(&self, mut wanted: impl FnMut(&Event) -> bool, heads: &[Head]) -> String {
        let events = self.kept.0.lock().unwrap().clone();
        let ours = events.iter().filter(|event| event.tenant() == Some(self.acme.id()));
        let places: Vec<_> =
            ours.filter(|event| wanted(event)).map(|event| (event.position(), event.index())).collect();
        self.acme.session(auditor()).unwrap().journal().evidence(places, heads).unwrap()
    }
}
