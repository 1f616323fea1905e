//! The vault against a model of it: calls that bytes choose, on two tenants of a vault in memory, answered as maps would.

mod model;
mod types;

use crate::audit::Verdict;
use crate::error::{Error, Result};
use crate::model::{Actor, RecordId, Revision};
use crate::policy::Roles;
use crate::record::Document;
use crate::vault::{Collection, Memory, NewMeta, Tenant, Vault};

use model::{Model, Rows};
use types::{Customer, EMAILS, Earlier, Later, NAMES};

/// No input makes more calls than this.
const CALLS: usize = 96;
/// Writes in one batch.
const BATCH: u8 = 6;
const TENANTS: [&str; 2] = ["acme", "globex"];

/// The choices that the bytes stand for, one after the other; zeros behind their end.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: u8) -> u8 {
        self.next() % limit
    }

    fn customer(&mut self) -> Customer {
        let (name, email, level) = (self.next(), self.next(), self.below(4));
        // Long enough for several chunks, now and then.
        let notes = usize::from(self.next()) * if level == 3 { 77 } else { 1 };
        Customer {
            name: NAMES[usize::from(name) % NAMES.len()].0.to_owned(),
            email: EMAILS[usize::from(email) % EMAILS.len()].0.map(str::to_owned),
            level,
            notes: "n".repeat(notes),
            since: None,
        }
    }

    /// Returns one of the records that there are or were, or one that nobody has.
    fn record(&mut self, rows: &Rows) -> RecordId {
        rows.nth(usize::from(self.next())).unwrap_or(RecordId::from_bytes([0xee; 16]))
    }
}

fn roles() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| {
            let r = r.on("customers").create().read_all().update_all().delete();
            r.on("papers").create().read_all().update_all().delete()
        })
        .role("clerk", |r| r.on("customers").read(["name"]))
}

fn admin() -> Actor {
    Actor::new("root").with_role("admin")
}

/// A vault, and what it should hold.
struct Pair {
    memory: Memory,
    vault: Vault,
    models: [Model; 2],
}

pub(super) fn run(bytes: &[u8]) {
    let memory = Memory::new();
    let vault = Vault::in_memory(&memory).policy(roles()).create().unwrap();
    for name in TENANTS {
        let tenant = vault.session(admin()).unwrap().create_tenant(name).unwrap();
        tenant.session(admin()).unwrap().define::<Earlier>().unwrap();
        tenant.session(admin()).unwrap().define_as::<Document>(types::papers()).unwrap();
    }
    let mut pair = Pair { memory, vault, models: Default::default() };
    let mut choices = Choices(bytes);
    for _ in 0..CALLS {
        if choices.0.is_empty() {
            break;
        }
        pair.call(&mut choices);
    }
    pair.compare();
    pair.reopen();
    pair.compare();
    assert_eq!(pair.vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
    pair.vault.close().unwrap();
    assert!(matches!(pair.vault.tenant("acme"), Err(Error::Closed)));
}

impl Pair {
    fn call(&mut self, choices: &mut Choices<'_>) {
        let call = choices.next();
        let which = usize::from(call >> 7);
        match call & 0x7f {
            0x70 => self.reopen(),
            0x71 => assert_eq!(self.vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact),
            0x72 => self.compare(),
            0x73 => {
                self.tenant(which).session(admin()).unwrap().define::<Later>().unwrap();
                self.models[which].evolved = true;
            }
            0x74 => {
                let again = self.vault.session(admin()).unwrap().create_tenant(TENANTS[which]);
                assert!(matches!(again, Err(Error::TenantExists { .. })));
            }
            call if self.models[which].evolved => self.on::<Later>(which).call(call, choices),
            call => self.on::<Earlier>(which).call(call, choices),
        }
    }

    fn tenant(&self, which: usize) -> Tenant {
        self.vault.tenant(TENANTS[which]).unwrap()
    }

    fn on<T: types::Stored>(&mut self, which: usize) -> Calls<'_, T> {
        let session = self.tenant(which).session(Actor::new("boss").with_role("boss")).unwrap();
        let clerk = self.tenant(which).session(Actor::new("clerk").with_role("clerk")).unwrap();
        Calls {
            customers: session.collection::<T>().unwrap(),
            papers: session.collection_named::<Document>("papers").unwrap(),
            seen_by_clerk: clerk.collection::<T>().unwrap(),
            batch: session.batch(),
            model: &mut self.models[which],
        }
    }

    fn reopen(&mut self) {
        self.vault.close().unwrap();
        self.vault = Vault::in_memory(&self.memory).policy(roles()).open().unwrap();
        let health = self.vault.health();
        assert!(health.notices.is_empty() && !health.stopped, "{health:?}");
    }

    fn compare(&mut self) {
        for which in 0..TENANTS.len() {
            if self.models[which].evolved {
                self.on::<Later>(which).compare()
            } else {
                self.on::<Earlier>(which).compare()
            }
        }
    }
}

/// Both sides of one tenant.
struct Calls<'a, T> {
    customers: Collection<T>,
    papers: Collection<Document>,
    seen_by_clerk: Collection<T>,
    batch: crate::vault::Batch,
    model: &'a mut Model,
}

impl<T: types::Stored> Calls<'_, T> {
    fn call(mut self, call: u8, choices: &mut Choices<'_>) {
        match call % 14 {
            0 | 1 => self.insert(choices),
            2 | 3 => self.update(choices),
            4 => self.delete(choices),
            5 => self.replace(choices),
            6 => self.get(choices),
            7 => self.find(choices),
            8 => self.list(choices),
            9 => self.import(choices),
            10 => self.about(choices),
            11 => self.as_clerk(choices),
            _ => self.batch(choices),
        }
    }

    fn insert(&mut self, choices: &mut Choices<'_>) {
        let value = choices.customer();
        let outcome = self.customers.insert(&T::of(&value));
        self.model.customers.insert(outcome, value);
    }

    fn update(&mut self, choices: &mut Choices<'_>) {
        let (id, how, value) = (choices.record(&self.model.customers), choices.next(), choices.customer());
        let due = self.model.customers.update(id, |customer| types::change(customer, how, &value));
        let change = |stored: &mut T| {
            let mut customer = stored.customer();
            types::change(&mut customer, how, &value);
            *stored = T::of(&customer);
        };
        // Every other time, at a revision that may be the right one.
        let at = Revision::new(u64::from(how >> 4));
        let outcome =
            if how & 0x08 == 0 { self.customers.update(id, change) } else { self.customers.update_at(id, at, change) };
        self.model.customers.settle(id, (how & 0x08 != 0).then_some(at), due, outcome);
    }

    fn replace(&mut self, choices: &mut Choices<'_>) {
        let (id, value) = (choices.record(&self.model.customers), choices.customer());
        let at = self.model.customers.revision(id).unwrap_or(Revision::new(1));
        let due = self.model.customers.update(id, |customer| *customer = value.clone());
        let outcome = self.customers.replace(id, at, &T::of(&value));
        self.model.customers.settle(id, Some(at), due, outcome);
    }

    fn delete(&mut self, choices: &mut Choices<'_>) {
        let id = choices.record(&self.model.customers);
        let outcome = self.customers.delete(id);
        self.model.customers.delete(id, outcome);
    }

    fn get(&mut self, choices: &mut Choices<'_>) {
        let id = choices.record(&self.model.customers);
        let found = self.customers.get(id).map(|found| (found.value.customer(), found.revision));
        self.model.customers.got(id, found);
    }

    fn find(&mut self, choices: &mut Choices<'_>) {
        let (email, email_kind) = EMAILS[usize::from(choices.next()) % EMAILS.len()];
        if let Some(email) = email {
            let found = self.customers.find_unique("email", email).unwrap();
            assert_eq!(found.map(|found| found.id), self.model.customers.with_email(email_kind));
        }
        let (name, name_kind) = NAMES[usize::from(choices.next()) % NAMES.len()];
        let limit = usize::from(choices.below(3)) + 1;
        let found = model::pages(limit, |after| self.customers.find("name", name, after, limit));
        assert_eq!(found, self.model.customers.with_name(name_kind));
        assert!(matches!(self.customers.find_unique("name", name), Err(Error::NotUnique { .. })));
        assert!(matches!(self.customers.find("notes", "n", None, 1), Err(Error::NotIndexed { .. })));
        let unindexed = self.customers.find_all(&[("name", name.into()), ("notes", "n".into())], None, 1);
        assert!(matches!(unindexed, Err(Error::NotIndexed { .. })));
        if T::EVOLVED {
            let level = choices.below(4);
            let wanted = [("name", name.into()), ("level", level.into())];
            let found = model::pages(limit, |after| self.customers.find_all(&wanted, after, limit));
            assert_eq!(found, self.model.customers.with_name_and_level(name_kind, level));
        }
    }

    fn list(&mut self, choices: &mut Choices<'_>) {
        let limit = usize::from(choices.below(9)) + 1;
        let found = model::pages(limit, |after| self.customers.list(after, limit));
        assert_eq!(found, self.model.customers.ids());
    }

    fn import(&mut self, choices: &mut Choices<'_>) {
        let values: Vec<Customer> = (0..choices.below(BATCH)).map(|_| choices.customer()).collect();
        let mut outcomes = Vec::new();
        let stored = self.customers.import(values.iter().map(T::of), |at, outcome| {
            assert_eq!(at, outcomes.len());
            outcomes.push(outcome);
        });
        assert_eq!(stored.unwrap(), outcomes.iter().filter(|outcome| outcome.is_ok()).count());
        assert_eq!(outcomes.len(), values.len());
        for (value, outcome) in values.into_iter().zip(outcomes) {
            self.model.customers.insert(outcome, value);
        }
    }

    /// A paper about a customer, or the removal of one.
    fn about(&mut self, choices: &mut Choices<'_>) {
        let (id, tag) = (choices.record(&self.model.customers), choices.next());
        if tag & 1 == 0 {
            let outcome = self.papers.insert_with(&types::paper(tag), NewMeta::new().about("customers", id));
            let known = self.model.customers.known(id);
            self.model.papers.insert(known, id, tag, outcome);
        } else if let Some(paper) = self.model.papers.nth(usize::from(tag)) {
            self.papers.delete(paper).unwrap();
            self.model.papers.remove(paper);
            assert!(matches!(self.papers.get(paper), Err(Error::Deleted)));
        }
    }

    /// Somebody who may see names alone.
    fn as_clerk(&mut self, choices: &mut Choices<'_>) {
        let id = choices.record(&self.model.customers);
        if let Some(customer) = self.model.customers.value(id) {
            let found = self.seen_by_clerk.get(id).unwrap();
            let seen = found.value.customer();
            assert_eq!(seen, Customer { name: customer.name.clone(), ..Customer::default() });
            assert!(!found.is_withheld("name") && found.is_withheld("email") && found.is_withheld("notes"));
        }
        let denied = |outcome: Result<()>| assert!(matches!(outcome, Err(Error::Denied(_))), "{outcome:?}");
        denied(self.seen_by_clerk.find_unique("email", "a@x.y").map(|_| ()));
        denied(self.seen_by_clerk.insert(&T::of(&choices.customer())).map(|_| ()));
        denied(self.seen_by_clerk.delete(id));
        denied(self.seen_by_clerk.update(id, |stored| *stored = T::of(&Customer::default())).map(|_| ()));
    }

    fn batch(mut self, choices: &mut Choices<'_>) {
        let mut rows = self.model.customers.clone();
        let mut papers: Vec<(RecordId, RecordId, u8)> = Vec::new();
        let mut touched = std::collections::BTreeSet::new();
        let mut broken = None;
        for _ in 0..=choices.below(BATCH) {
            let how = choices.next();
            let id = choices.record(&rows);
            match how % 4 {
                0 => {
                    let value = choices.customer();
                    let id = self.batch.insert(&self.customers, &T::of(&value)).unwrap();
                    touched.insert(id);
                    broken = broken.or(rows.try_insert(id, value).err());
                }
                1 if how & 0x80 != 0 => {
                    let outcome =
                        self.batch.insert_with(&self.papers, &types::paper(how), NewMeta::new().about("customers", id));
                    // A record that this batch removes is still there for those that are about it.
                    match (outcome, self.model.customers.known(id).or(rows.known(id))) {
                        (Ok(paper), Some(true)) => papers.push((paper, id, how)),
                        (Err(Error::Deleted), Some(false)) | (Err(Error::NotFound), None) => {}
                        (outcome, known) => panic!("{outcome:?} {known:?}"),
                    }
                }
                1 | 2 => {
                    let value = choices.customer();
                    let outcome = self.batch.update(&self.customers, id, |stored| {
                        let mut customer = stored.customer();
                        types::change(&mut customer, how, &value);
                        *stored = T::of(&customer);
                    });
                    if touched.contains(&id) {
                        assert!(matches!(outcome, Err(Error::NotPossible(_))));
                    } else if self.model.customers.expects(id, &outcome) {
                        touched.insert(id);
                        broken = broken.or(rows.try_update(id, |customer| types::change(customer, how, &value)).err());
                    }
                }
                _ => {
                    let outcome = self.batch.delete(&self.customers, id);
                    if touched.contains(&id) {
                        assert!(matches!(outcome, Err(Error::NotPossible(_))));
                    } else if self.model.customers.expects(id, &outcome) {
                        touched.insert(id);
                        rows.remove(id);
                    }
                }
            }
        }
        if choices.next() & 7 == 0 {
            return;
        }
        let about_removed =
            papers.iter().any(|(_, id, _)| self.model.customers.value(*id).is_some() && touched.contains(id));
        let outcome = self.batch.commit();
        match (outcome, broken) {
            (Ok(()), None) => {
                self.model.customers = rows;
                papers.into_iter().for_each(|(paper, id, tag)| self.model.papers.add(paper, id, tag));
            }
            (Err(Error::Duplicate { field, .. }), Some(due)) => assert_eq!(field, due),
            (Err(Error::Conflict), _) if about_removed => {}
            (outcome, due) => panic!("{outcome:?}, but {due:?} was due"),
        }
    }

    /// Everything there is, whichever way it is asked for.
    fn compare(self) {
        let all: Vec<_> = self.customers.iter(3).map(|found| found.unwrap()).collect();
        self.model.customers.compare(all.into_iter().map(|found| (found.id, found.value.customer(), found.revision)));
        for (kind, email) in EMAILS.iter().filter_map(|(email, kind)| email.map(|email| (*kind, email))) {
            let found = self.customers.find_unique("email", email).unwrap();
            assert_eq!(found.map(|found| found.id), self.model.customers.with_email(kind));
        }
        for (name, kind) in NAMES {
            let found = model::pages(50, |after| self.customers.find("name", name, after, 50));
            assert_eq!(found, self.model.customers.with_name(kind));
        }
        let papers: Vec<_> = self.papers.iter(5).map(|found| found.unwrap()).collect();
        self.model.papers.compare(papers.into_iter().map(|found| (found.id, found.meta.about(), found.value)));
    }
}
