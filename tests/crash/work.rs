//! Workers: random operations on a vault, each told of before and after.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use strongroom::{Collection, NewMeta, RecordId, Revision, Session, Tenant, Vault};

use super::model::{Change, Kind, Place};
use super::office::{Customer, Note, admin, clerk};
use super::said;
use crate::random::Random;

/// A teller, who numbers operations and says what becomes of them.
pub struct Teller {
    next: AtomicU64,
}

impl Teller {
    pub fn new(first: u64) -> Self {
        Self { next: AtomicU64::new(first) }
    }

    /// Tells of an operation before and after it.
    fn tell(
        &self,
        changes: &[Change],
        act: impl FnOnce(u64) -> Result<Vec<RecordId>, String>,
    ) -> Result<Vec<RecordId>, String> {
        let op = self.next.fetch_add(1, Ordering::Relaxed);
        let mut line = format!("try {op}");
        changes.iter().for_each(|change| line.push_str(&format!(" {change}")));
        say(&line);
        let ids = act(op)?;
        let mut line = format!("ack {op}");
        for n in 0..changes.len() {
            line.push_str(&ids.get(n).map_or_else(|| " -".to_owned(), |id| format!(" {id}")));
        }
        say(&line);
        Ok(ids)
    }

    /// Tells of an act of administration.
    pub fn administer<T>(&self, change: Change, act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let mut made = None;
        self.tell(&[change], |_| {
            made = Some(act()?);
            Ok(Vec::new())
        })?;
        made.ok_or_else(|| "nothing was made".to_owned())
    }

    pub fn create_tenant(&self, vault: &Vault, name: &str) -> Result<Tenant, String> {
        self.administer(Change::Tenant(name.to_owned()), || {
            vault.session(admin()).and_then(|s| s.create_tenant(name)).map_err(said("creating a tenant"))
        })
    }

    /// Defines both collections.
    pub fn define(&self, tenant: &Tenant) -> Result<(), String> {
        let change = |kind: Kind| Change::Define(tenant.name().to_owned(), kind.name().to_owned(), String::new());
        self.administer(change(Kind::Customers), || {
            tenant.session(admin()).and_then(|s| s.define::<Customer>()).map_err(said("defining"))
        })?;
        self.administer(change(Kind::Notes), || {
            tenant.session(admin()).and_then(|s| s.define::<Note>()).map_err(said("defining"))
        })
    }

    /// Defines the customers once more, with an index that they didn't have.
    pub fn define_city(&self, tenant: &Tenant) -> Result<(), String> {
        let change = Change::Define(tenant.name().to_owned(), "customers".to_owned(), "city".to_owned());
        let schema = Customer::schema_with_city();
        let define =
            || tenant.session(admin()).and_then(|s| s.define_as::<Customer>(schema)).map_err(said("adding an index"));
        self.administer(change, define)
    }
}

/// Prints one line, in one call.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).expect("somebody should be listening");
}

/// A worker, who writes the records of some keys: each worker has keys of its own.
pub struct Worker<'a> {
    teller: &'a Teller,
    desks: Vec<Desk>,
    live: Vec<Live>,
    next_key: u64,
    step: u64,
    random: Random,
    /// Beyond so many live records it prefers to delete.
    pub crowd: usize,
}

/// A tenant with both collections defined.
struct Desk {
    tenant: String,
    session: Session,
}

struct Live {
    desk: usize,
    kind: Kind,
    key: u64,
    version: u32,
    id: RecordId,
}

/// A change that was drawn, and how to make it.
struct Drawn {
    change: Change,
    desk: usize,
    to: To,
}

enum To {
    Insert { key: u64, kind: Kind, about: Option<About> },
    Update(usize),
    Delete(usize),
}

/// Whom a note is about: a customer who is there, or who is inserted by this place of the same batch.
enum About {
    Live(usize),
    New(usize, u64),
}

impl<'a> Worker<'a> {
    /// Returns a worker who owns the keys `first`, `first + step`, … and all records of the vault that have such a key.
    pub fn new(teller: &'a Teller, vault: &Vault, first: u64, step: u64, random: Random) -> Result<Self, String> {
        let (desks, live) = (Vec::new(), Vec::new());
        let mut worker = Self { teller, desks, live, next_key: first, step, random, crowd: 60 };
        for tenant in vault.tenants() {
            if tenant.collections().len() == Kind::ALL.len() {
                worker.add_desk(&tenant)?;
            }
        }
        Ok(worker)
    }

    /// Works for this tenant too, and takes over its records.
    pub fn add_desk(&mut self, tenant: &Tenant) -> Result<(), String> {
        let session = tenant.session(clerk()).map_err(said("a session"))?;
        let desk = self.desks.len();
        let mine = |key: u64| key % self.step == self.next_key % self.step;
        for found in customers(&session)?.iter(500) {
            let found = found.map_err(said("listing"))?;
            let (key, version) = (found.value.key, found.value.version);
            if mine(key) {
                self.live.push(Live { desk, kind: Kind::Customers, key, version, id: found.id });
            }
        }
        for found in notes(&session)?.iter(500) {
            let found = found.map_err(said("listing"))?;
            let (key, version) = (found.value.key, found.value.version);
            if mine(key) {
                self.live.push(Live { desk, kind: Kind::Notes, key, version, id: found.id });
            }
        }
        self.desks.push(Desk { tenant: tenant.name().to_owned(), session });
        Ok(())
    }

    /// Tells whether there is a tenant to work for.
    pub fn has_desk(&self) -> bool {
        !self.desks.is_empty()
    }

    /// Does one operation: a write, alone or in a batch, or a read.
    pub fn step(&mut self) -> Result<(), String> {
        match self.random.below(10) {
            0 => self.read(),
            1 | 2 => {
                let desk = self.random.below(self.desks.len());
                let mut drawn = Vec::new();
                for _ in 0..2 + self.random.below(5) {
                    self.draw(desk, &mut drawn);
                }
                self.batch(drawn)
            }
            _ => {
                let desk = self.random.below(self.desks.len());
                let mut drawn = Vec::new();
                self.draw(desk, &mut drawn);
                drawn.into_iter().try_for_each(|drawn| self.single(drawn))
            }
        }
    }

    /// Draws a change of a record that the others in `drawn` leave alone.
    fn draw(&mut self, desk: usize, drawn: &mut Vec<Drawn>) {
        let taken = |n: usize| {
            drawn.iter().any(|d| match &d.to {
                To::Update(m) | To::Delete(m) => *m == n,
                To::Insert { about: Some(About::Live(m)), .. } => *m == n,
                To::Insert { .. } => false,
            })
        };
        let free: Vec<usize> = (0..self.live.len()).filter(|n| self.live[*n].desk == desk && !taken(*n)).collect();
        let some = if free.is_empty() { None } else { Some(free[self.random.below(free.len())]) };
        let crowded = self.live.len() > self.crowd;
        let (to, kind, key, version) = match (self.random.below(10), some) {
            (0..4, Some(n)) => (To::Update(n), self.live[n].kind, self.live[n].key, Some(self.live[n].version + 1)),
            (dice @ 4..8, Some(n)) if crowded || dice < 6 => (To::Delete(n), self.live[n].kind, self.live[n].key, None),
            (dice, some) => {
                let key = self.next_key;
                self.next_key += self.step;
                let inserted = drawn.iter().enumerate().find_map(|(at, d)| match d.to {
                    To::Insert { kind: Kind::Customers, key, .. } => Some(About::New(at, key)),
                    _ => None,
                });
                let there = some.filter(|n| self.live[*n].kind == Kind::Customers).map(About::Live);
                match inserted.or(there) {
                    Some(about) if dice % 2 == 0 => {
                        (To::Insert { key, kind: Kind::Notes, about: Some(about) }, Kind::Notes, key, Some(0))
                    }
                    _ => (To::Insert { key, kind: Kind::Customers, about: None }, Kind::Customers, key, Some(0)),
                }
            }
        };
        let tenant = self.desks[desk].tenant.clone();
        drawn.push(Drawn { change: Change::Record(Place { tenant, kind, key }, version), desk, to });
    }

    fn single(&mut self, drawn: Drawn) -> Result<(), String> {
        let (teller, live) = (self.teller, &self.live);
        let session = &self.desks[drawn.desk].session;
        let by_revision = self.random.below(3) == 0;
        let ids = teller.tell(std::slice::from_ref(&drawn.change), |op| {
            let session = session.because(reason(op));
            let id = match &drawn.to {
                To::Insert { key, kind: Kind::Customers, .. } => {
                    customers(&session)?.insert(&Customer::new(*key, 0)).map_err(said("inserting"))?
                }
                To::Insert { key, about, .. } => {
                    let (customer, meta) = self.about(about, &[])?;
                    let note = Note::new(*key, 0, customer);
                    notes(&session)?.insert_with(&note, meta).map_err(said("inserting"))?
                }
                To::Update(n) => {
                    let Live { kind, key, version, id, .. } = live[*n];
                    let at = Revision::new(u64::from(version) + 1);
                    let updated = match (kind, by_revision) {
                        (Kind::Customers, true) => {
                            customers(&session)?.update_at(id, at, |c| *c = Customer::new(key, version + 1))
                        }
                        (Kind::Customers, false) => {
                            customers(&session)?.update(id, |c| *c = Customer::new(key, version + 1))
                        }
                        (Kind::Notes, _) => {
                            notes(&session)?.update(id, |n| *n = Note::new(key, version + 1, n.customer))
                        }
                    };
                    updated.map_err(said("updating"))?;
                    id
                }
                To::Delete(n) => {
                    let Live { kind, id, .. } = live[*n];
                    let deleted = match kind {
                        Kind::Customers => customers(&session)?.delete(id),
                        Kind::Notes => notes(&session)?.delete(id),
                    };
                    deleted.map_err(said("deleting"))?;
                    id
                }
            };
            Ok(vec![id])
        })?;
        self.learn(vec![drawn], &ids);
        Ok(())
    }

    fn batch(&mut self, drawn: Vec<Drawn>) -> Result<(), String> {
        let (teller, live) = (self.teller, &self.live);
        let session = &self.desks[drawn[0].desk].session;
        let changes: Vec<Change> = drawn.iter().map(|d| d.change.clone()).collect();
        let ids = teller.tell(&changes, |op| {
            let session = session.because(reason(op));
            let (customers, notes) = (customers(&session)?, notes(&session)?);
            let (mut batch, mut ids) = (session.batch(), Vec::new());
            for drawn in &drawn {
                let id = match &drawn.to {
                    To::Insert { key, kind: Kind::Customers, .. } => {
                        batch.insert(&customers, &Customer::new(*key, 0)).map_err(said("inserting into a batch"))?
                    }
                    To::Insert { key, about, .. } => {
                        let (customer, meta) = self.about(about, &ids)?;
                        let note = Note::new(*key, 0, customer);
                        batch.insert_with(&notes, &note, meta).map_err(said("inserting into a batch"))?
                    }
                    To::Update(n) => {
                        let Live { kind, key, version, id, .. } = live[*n];
                        let updated = match kind {
                            Kind::Customers => batch.update(&customers, id, |c| *c = Customer::new(key, version + 1)),
                            Kind::Notes => batch.update(&notes, id, |n| *n = Note::new(key, version + 1, n.customer)),
                        };
                        updated.map_err(said("updating in a batch"))?;
                        id
                    }
                    To::Delete(n) => {
                        let Live { kind, id, .. } = live[*n];
                        let deleted = match kind {
                            Kind::Customers => batch.delete(&customers, id),
                            Kind::Notes => batch.delete(&notes, id),
                        };
                        deleted.map_err(said("deleting in a batch"))?;
                        id
                    }
                };
                ids.push(id);
            }
            batch.commit().map_err(said("committing a batch"))?;
            Ok(ids)
        })?;
        self.learn(drawn, &ids);
        Ok(())
    }

    /// Returns the key of the customer whom a note is about, and the note's metadata.
    fn about(&self, about: &Option<About>, ids: &[RecordId]) -> Result<(u64, NewMeta), String> {
        let (key, id) = match about {
            Some(About::Live(n)) => (self.live[*n].key, self.live[*n].id),
            Some(About::New(at, key)) => (*key, ids[*at]),
            None => return Err("a note about nobody".to_owned()),
        };
        Ok((key, NewMeta::new().about("customers", id)))
    }

    fn learn(&mut self, drawn: Vec<Drawn>, ids: &[RecordId]) {
        let mut gone = Vec::new();
        for (drawn, id) in drawn.into_iter().zip(ids) {
            match drawn.to {
                To::Insert { key, kind, .. } => {
                    self.live.push(Live { desk: drawn.desk, kind, key, version: 0, id: *id });
                }
                To::Update(n) => self.live[n].version += 1,
                To::Delete(n) => gone.push(n),
            }
        }
        gone.sort_unstable();
        for n in gone.into_iter().rev() {
            self.live.swap_remove(n);
        }
    }

    /// Reads are journalled, in a buffer.
    fn read(&mut self) -> Result<(), String> {
        let desk = self.random.below(self.desks.len());
        let session = &self.desks[desk].session;
        customers(session)?.find("name", "ann lee", None, 3).map_err(said("searching"))?;
        let mine: Vec<&Live> = self.live.iter().filter(|l| l.desk == desk && l.kind == Kind::Customers).collect();
        if !mine.is_empty() {
            let one = mine[self.random.below(mine.len())];
            let found = customers(session)?.get(one.id).map_err(said("reading"))?;
            if found.value != Customer::new(one.key, one.version) {
                return Err(format!("customer {} reads wrongly", one.key));
            }
        }
        Ok(())
    }
}

/// Returns what the journal says of an operation.
pub fn reason(op: u64) -> String {
    format!("op {op}.")
}

pub fn customers(session: &Session) -> Result<Collection<Customer>, String> {
    session.collection().map_err(said("the customers"))
}

pub fn notes(session: &Session) -> Result<Collection<Note>, String> {
    session.collection().map_err(said("the notes"))
}
