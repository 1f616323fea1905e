//! The index of owners.

use crate::audit::RowSet;
use crate::format::{IndexState, StoredKey, place};
use crate::index;
use crate::index::Entry;
use crate::record::Document;
use crate::vault::state::schema::Indexed;
use crate::vault::state::terms::owner_term;
use crate::vault::tests::scope::*;

/// Returns the records in the live entries of an owner.
fn entered<T: Record + 'static>(world: &World, collection: &Collection<T>, owner: &str) -> Vec<RecordId> {
    let mut ids = Vec::new();
    for position in 0.. {
        let (key, value, at) = entry_of(world, collection, owner, position);
        match store(&world.memory).get(&key).unwrap() {
            None => break,
            Some(sealed) => match index::open_entry(&value, &at, &sealed).unwrap() {
                Entry::Live(id) => ids.push(id),
                Entry::Dead => {}
            },
        }
    }
    ids.sort();
    ids
}

type Place = (Vec<u8>, crate::crypto::Key<crate::crypto::role::Value>, index::EntryPlace);

fn entry_of<T: Record + 'static>(world: &World, collection: &Collection<T>, owner: &str, position: u64) -> Place {
    let layout = collection.core().layout();
    let index = layout.indexes.iter().find(|index| matches!(index.on, Indexed::Owner)).unwrap();
    let value = index.keys.value_key(&owner_term(index, owner).unwrap().unwrap());
    let key = place::entry(world.acme.id(), &index::entry_key(&value, position));
    (key, value, index.keys.place(position))
}

fn owned(owner: &str) -> NewMeta {
    NewMeta::new().owner(owner)
}

fn north() -> Account {
    Account::new("Ann", "north")
}

#[test]
fn owner_is_entered_by_an_insert_moved_by_a_transfer_and_ended_by_a_delete_also_reopened() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let sorted = |mut ids: Vec<RecordId>| {
        ids.sort();
        ids
    };
    let [a, b, c] = ["x", "x", "y"].map(|owner| accounts.insert_with(&north(), owned(owner)).unwrap());
    let own = accounts.insert(&north()).unwrap();
    accounts.insert_with(&north(), NewMeta::new().no_owner()).unwrap();
    accounts.insert_with(&north(), owned("")).unwrap();
    assert_eq!(entered(&world, &accounts, "x"), sorted(vec![a, b]));
    assert_eq!((entered(&world, &accounts, "y"), entered(&world, &accounts, "b")), (vec![c], vec![own]));
    assert!(entered(&world, &accounts, "X").is_empty(), "owners are told apart exactly");
    // Updates leave the entry where it is.
    accounts.update(a, |account| account.name = "Bo".into()).unwrap();
    assert_eq!(entered(&world, &accounts, "x"), sorted(vec![a, b]));
    accounts.delete(b).unwrap();
    assert_eq!(entered(&world, &accounts, "x"), [a]);
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    assert_eq!(entered(&world, &accounts, "x"), [a]);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn field_that_is_called_owner_is_another_thing() {
    let world = World::new();
    let schema = Schema::open("papers").index("owner", Normalizer::Exact).index_owner();
    world.acme.session(admin()).unwrap().define_as::<Document>(schema).unwrap();
    let papers = world.session(boss()).collection_named::<Document>("papers").unwrap();
    let id = papers.insert_with(&Document::new().with("owner", "field"), owned("meta")).unwrap();
    assert_eq!(papers.find("owner", "field", None, 9).unwrap().items.len(), 1);
    assert!(papers.find("owner", "meta", None, 9).unwrap().items.is_empty());
    assert_eq!(entered(&world, &papers, "meta"), [id]);
    assert!(entered(&world, &papers, "field").is_empty());
    assert!(matches!(papers.find("the owner", "meta", None, 9), Err(Error::NotIndexed { .. })));
    papers.update(id, |paper| drop(paper.set("owner", "other"))).unwrap();
    assert_eq!(entered(&world, &papers, "meta"), [id]);
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn index_of_owners_is_built_for_the_records_that_are_there_and_dropped_again() {
    let world = World::new();
    let plain = || Schema::new("accounts").index("name", Normalizer::Text);
    world.acme.session(admin()).unwrap().define_as::<Account>(plain()).unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let owners = ["x", "y", "z"];
    let ids: Vec<RecordId> = (0..200).map(|n| accounts.insert_with(&north(), owned(owners[n % 3])).unwrap()).collect();
    accounts.delete(ids[0]).unwrap();
    world.acme.session(admin()).unwrap().define_as::<Account>(plain().index_owner()).unwrap();
    let mut found: Vec<RecordId> = owners.iter().flat_map(|owner| entered(&world, &accounts, owner)).collect();
    found.sort();
    let mut rest = ids[1..].to_vec();
    rest.sort();
    assert_eq!(found, rest);
    let states = || -> Vec<(u16, u16, IndexState)> {
        let of_owner = |index: &&crate::format::StoredIndex| index.field == StoredKey::Owner;
        let layout = accounts.core().layout();
        layout.schema.indexes.iter().filter(of_owner).map(|i| (i.id, i.version, i.state)).collect()
    };
    assert_eq!(states(), [(1, 1, IndexState::Ready)]);
    world.acme.session(admin()).unwrap().define_as::<Account>(plain()).unwrap();
    assert_eq!(states(), [(1, 1, IndexState::Retired)]);
    accounts.update(ids[1], |account| account.name = "Bo".into()).unwrap();
    world.acme.session(admin()).unwrap().define_as::<Account>(plain().index_owner()).unwrap();
    assert_eq!(states(), [(1, 1, IndexState::Retired), (1, 2, IndexState::Ready)]);
    assert_eq!(entered(&world, &accounts, "y").len(), 67);
    assert_eq!(world.reopen().verify(), Verdict::Intact);
}

#[test]
fn index_of_owners_counts_towards_the_limit() {
    let world = World::new();
    let schema = |count: usize| {
        (0..count)
            .fold(Schema::open("papers").index_owner(), |schema, n| schema.index(format!("f{n}"), Normalizer::Text))
    };
    assert!(world.acme.session(admin()).unwrap().define_as::<Document>(schema(24)).is_err());
    world.acme.session(admin()).unwrap().define_as::<Document>(schema(23)).unwrap();
}

#[test]
fn missing_foreign_and_revived_entries_of_owners_are_noticed() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    let accounts = world.session(boss()).collection::<Account>().unwrap();
    let a = accounts.insert_with(&north(), owned("x")).unwrap();
    accounts.insert_with(&north(), owned("y")).unwrap();
    let (x, x_key, x_at) = entry_of(&world, &accounts, "x", 0);
    let (y, _, _) = entry_of(&world, &accounts, "y", 0);
    let live = store(&world.memory).get(&x).unwrap().unwrap();
    let theirs = store(&world.memory).get(&y).unwrap().unwrap();
    let planted = index::seal_entry(&x_key, &accounts_place(&accounts, 1), Entry::Live(a)).unwrap();
    let (after, _, _) = entry_of(&world, &accounts, "x", 1);
    let dead = index::seal_entry(&x_key, &x_at, Entry::Dead).unwrap();
    for (what, key, value) in [
        ("gone", &x, None),
        ("another owner's", &x, Some(theirs)),
        ("dead", &x, Some(dead.to_vec())),
        ("one more", &after, Some(planted.to_vec())),
    ] {
        let before = store(&world.memory).get(key).unwrap();
        put(&world.memory, &[(key.clone(), value)]);
        assert!(matches!(world.verify(), Verdict::RowsDiffer { rows: RowSet::Indexes, .. }), "{what}");
        put(&world.memory, &[(key.clone(), before)]);
        assert_eq!(world.verify(), Verdict::Intact, "{what}");
    }
    accounts.delete(a).unwrap();
    put(&world.memory, &[(x, Some(live))]);
    assert!(matches!(world.verify(), Verdict::RowsDiffer { rows: RowSet::Indexes, .. }));
}

fn accounts_place(accounts: &Collection<Account>, position: u64) -> index::EntryPlace {
    let layout = accounts.core().layout();
    layout.indexes.iter().find(|index| matches!(index.on, Indexed::Owner)).unwrap().keys.place(position)
}
