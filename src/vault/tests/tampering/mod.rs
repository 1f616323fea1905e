//! Changes of what is stored are noticed, by the read or by `verify`; and no read shows what never was.

mod entries;
mod rows;
mod state;

use std::collections::BTreeMap;

use crate::format::place;
use crate::format::row::{LiveRow, RawRow};
use crate::record::Document;
use crate::vault::tests::*;

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// A vault with customers, and all values that each of them has ever had.
struct Victim {
    world: World,
    history: BTreeMap<RecordId, Vec<Customer>>,
    /// Memory before any attack.
    base: Option<Memory>,
    attacks: usize,
}

impl Victim {
    /// Makes three customers, one never changed, one changed, one deleted; two of one name. And another tenant.
    fn new() -> (Self, [RecordId; 3]) {
        let world = World::new();
        let first = [("Ann Lee", "ann@x.org"), ("Bo Sun", "bo@x.org"), ("Ann Lee", "cy@x.org")];
        let first = first.map(|(name, email)| Customer::new(name, email));
        let ids = first.each_ref().map(|customer| world.customers().insert(customer).unwrap());
        let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
        globex.session(admin()).unwrap().define::<Customer>().unwrap();
        let theirs = globex.session(boss()).unwrap().collection::<Customer>().unwrap();
        theirs.insert(&Customer::new("Ann Lee", "ann@x.org")).unwrap();
        let history = ids.into_iter().zip(first.map(|customer| vec![customer])).collect();
        (Self { world, history, base: None, attacks: 0 }, ids)
    }

    fn change(&mut self, id: RecordId, name: &str, email: &str) {
        let set = |customer: &mut Customer| (customer.name, customer.email) = (name.to_owned(), email.to_owned());
        self.world.customers().update(id, set).unwrap();
        self.history.get_mut(&id).unwrap().push(Customer::new(name, email));
        self.base = None;
    }

    fn delete(&mut self, id: RecordId) {
        self.world.customers().delete(id).unwrap();
        self.base = None;
    }

    fn key(&self, id: RecordId) -> Vec<u8> {
        key_of(&self.world.customers(), id)
    }

    fn row(&self, id: RecordId) -> Vec<u8> {
        store(&self.world.memory).get(&self.key(id)).unwrap().unwrap()
    }

    /// Changes the store below the open vault, asks it, and undoes that; now and then below a closed copy, too.
    fn noticed(&mut self, what: &str, changes: &Changes) {
        let base = self.base.get_or_insert_with(|| copy(&self.world.memory)).clone();
        if self.attacks.is_multiple_of(16) {
            // The questions' entries would make the journal longer, and the test slower.
            self.world = World::open(&copy(&base)).unwrap();
        }
        let memory = &self.world.memory;
        let undo: Changes = changes.iter().map(|(key, _)| (key.clone(), store(memory).get(key).unwrap())).collect();
        assert!(undo != *changes, "{what}: changes nothing");
        put(memory, changes);
        self.ask(what, &self.world);
        put(memory, &undo);
        if self.attacks.is_multiple_of(5) {
            let twin = copy(&base);
            put(&twin, changes);
            self.noticed_when_opened(what, &twin);
        }
        self.attacks += 1;
    }

    /// Opens a copy that was changed while closed, and asks it.
    fn noticed_when_opened(&self, what: &str, memory: &Memory) {
        match World::open(memory) {
            Ok(world) => self.ask(&format!("{what}, reopened"), &world),
            Err(Error::Damaged { .. } | Error::Newer { .. }) => {}
            Err(other) => panic!("{what}: {other}"),
        }
    }

    fn ask(&self, what: &str, world: &World) {
        // First, before a read's entry makes the committer write a state anew.
        let verdict = world.vault.session(admin()).unwrap().verify();
        assert!(!matches!(verdict, Ok(Verdict::Intact)), "{what}: verify says intact");
        self.reads(what, world);
    }

    /// Checks that every way of reading gives an error, or a value that the record has had.
    fn reads(&self, what: &str, world: &World) {
        let Ok(customers) = world.session(boss()).collection::<Customer>() else { return };
        let check = |found: &Found<Customer>| {
            let known = self.history.get(&found.id).is_some_and(|all| all.contains(&found.value));
            assert!(known, "{what}: {:?} of {}", found.value, found.id);
        };
        for (id, all) in &self.history {
            match customers.get(*id) {
                Ok(found) => check(&found),
                Err(error) => expected(what, &error),
            }
            for customer in all {
                match customers.find("name", &customer.name, None, 10) {
                    Ok(page) => page.into_iter().for_each(|found| {
                        check(&found);
                        assert_eq!(found.value.name, customer.name, "{what}");
                    }),
                    Err(error) => expected(what, &error),
                }
                match customers.find_unique("email", &customer.email) {
                    Ok(found) => found.iter().for_each(|found| {
                        check(found);
                        assert_eq!(found.value.email, customer.email, "{what}");
                    }),
                    Err(error) => expected(what, &error),
                }
            }
        }
        match customers.list(None, 100) {
            Ok(page) => page.into_iter().for_each(|found| check(&found)),
            Err(error) => expected(what, &error),
        }
    }
}

fn expected(what: &str, error: &Error) {
    let known = matches!(
        error,
        Error::Damaged { .. } | Error::Newer { .. } | Error::NotFound | Error::Deleted | Error::Denied(_)
    );
    assert!(known, "{what}: {error:?}");
}

fn live(row: &[u8]) -> LiveRow<'_> {
    match RawRow::parse(row).unwrap() {
        RawRow::Live(row) => row,
        RawRow::Tombstone(_) => panic!("a tombstone"),
    }
}

fn flipped(bytes: &[u8], at: usize, with: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= with;
    bytes
}

#[test]
fn untouched_vault_is_intact_open_and_reopened() {
    let (mut victim, [_, b, c]) = Victim::new();
    victim.change(b, "Bo Moon", "moon@x.org");
    victim.world.customers().delete(c).unwrap();
    victim.reads("open", &victim.world);
    assert_eq!(victim.world.verify(), Verdict::Intact);
    let twin = World::open(&copy(&victim.world.memory)).unwrap();
    victim.reads("reopened", &twin);
    assert_eq!(twin.verify(), Verdict::Intact);
    assert_eq!(victim.world.customers().list(None, 10).unwrap().items.len(), 2);
}
