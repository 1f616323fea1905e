//! Index entries.

use crate::audit::RowSet;
use crate::index;
use crate::model::IndexValue;
use crate::vault::tests::tampering::*;

fn all(victim: &Victim) -> Vec<Pair> {
    let acme = victim.world.acme.id();
    let entries = stored(&victim.world.memory, Space::Entry);
    entries.into_iter().filter(|(key, _)| key[1..17] == *acme.as_bytes()).collect()
}

#[test]
fn removed_altered_and_exchanged_entries_are_noticed() {
    let (mut victim, _) = Victim::new();
    let entries = all(&victim);
    assert_eq!(entries.len(), 6);
    for (number, (key, value)) in entries.iter().enumerate() {
        victim.noticed(&format!("entry {number} removed"), &vec![(key.clone(), None)]);
        for (other, (other_key, other_value)) in entries.iter().enumerate().skip(number + 1) {
            let exchanged = vec![(key.clone(), Some(other_value.clone())), (other_key.clone(), Some(value.clone()))];
            victim.noticed(&format!("entries {number} and {other} exchanged"), &exchanged);
        }
    }
    let (key, value) = &entries[0];
    for at in (0..value.len()).step_by(crate::tests::amount(3, 1)) {
        victim.noticed(&format!("byte {at}"), &vec![(key.clone(), Some(flipped(value, at, 4)))]);
    }
    for cut in [0, 1, value.len() - 1] {
        victim.noticed(&format!("cut to {cut}"), &vec![(key.clone(), Some(value[..cut].to_vec()))]);
    }
}

#[test]
fn planted_entries_are_noticed() {
    let (mut victim, _) = Victim::new();
    let entries = all(&victim);
    let theirs: Vec<Pair> =
        stored(&victim.world.memory, Space::Entry).into_iter().filter(|pair| !entries.contains(pair)).collect();
    assert_eq!(theirs.len(), 2);
    let (key, value) = entries[0].clone();
    victim.noticed("a copy under another key", &vec![(flipped(&key, 20, 1), Some(value.clone()))]);
    victim.noticed("rubbish", &vec![(flipped(&key, 48, 1), Some(vec![7; value.len()]))]);
    victim.noticed("nothing at all", &vec![(flipped(&key, 48, 2), Some(Vec::new()))]);
    let moved = [&key[..17], &theirs[0].0[17..]].concat();
    victim.noticed("another tenant's entry", &vec![(moved, Some(theirs[0].1.clone()))]);
    victim.noticed("another tenant's in place", &vec![(key, Some(theirs[0].1.clone()))]);
}

#[test]
fn entry_of_a_value_that_a_record_no_longer_has_is_noticed_when_revived() {
    let (mut victim, [_, b, c]) = Victim::new();
    let before = all(&victim);
    victim.change(b, "Bo Moon", "moon@x.org");
    victim.world.customers().delete(c).unwrap();
    let dead: Vec<Pair> = before.into_iter().filter(|pair| !all(&victim).contains(pair)).collect();
    assert_eq!(dead.len(), 4);
    for (number, (key, value)) in dead.iter().enumerate() {
        victim.noticed(&format!("entry {number} revived"), &vec![(key.clone(), Some(value.clone()))]);
    }
    let revived: Changes = dead.into_iter().map(|(key, value)| (key, Some(value))).collect();
    victim.noticed("all revived", &revived);
    put(&victim.world.memory, &revived);
    // A hit counts only if the record still has the value.
    let customers = victim.world.customers();
    assert!(customers.find_unique("email", "bo@x.org").unwrap().is_none());
    assert!(customers.find_unique("email", "cy@x.org").unwrap().is_none());
    assert_eq!(customers.find("name", "ann lee", None, 10).unwrap().items.len(), 1);
    assert!(customers.find("name", "bo sun", None, 10).unwrap().items.is_empty());
}

/// Returns the key of the entry of a customer's value.
fn place_of(victim: &Victim, field: &str, value: &str, position: u64) -> Vec<u8> {
    let customers = victim.world.customers();
    let layout = customers.core().layout();
    let index = layout.indexes.iter().find(|index| index.is_on(field)).unwrap();
    let term = index::normalize(&index.normalizer, &IndexValue::Text(value.to_owned())).unwrap().unwrap();
    place::entry(victim.world.acme.id(), &index::entry_key(&index.keys.value_key(&term), position))
}

#[test]
fn write_that_meets_a_missing_or_foreign_entry_changes_nothing() {
    let (victim, [a, b, _]) = Victim::new();
    let memory = &victim.world.memory;
    let customers = victim.world.customers();
    let kept = || [stored(memory, Space::Row), stored(memory, Space::Entry)];
    let foreign = store(memory).get(&place_of(&victim, "email", "cy@x.org", 0)).unwrap();
    for (id, field, value) in [(a, "name", "ann lee"), (a, "email", "ann@x.org"), (b, "name", "bo sun")] {
        let key = place_of(&victim, field, value, 0);
        let entry = store(memory).get(&key).unwrap();
        assert!(entry.is_some(), "{field}");
        for instead in [None, foreign.clone()] {
            put(memory, &[(key.clone(), instead)]);
            let before = kept();
            assert!(matches!(customers.delete(id), Err(Error::Damaged { .. })), "{field}");
            let change = |customer: &mut Customer| {
                (customer.name, customer.email) = ("New".to_owned(), "new@x.org".to_owned());
            };
            assert!(matches!(customers.update(id, change), Err(Error::Damaged { .. })), "{field}");
            let mut batch = victim.world.session(boss()).batch();
            batch.insert(&customers, &Customer::new("Di", "di@x.org")).unwrap();
            batch.delete(&customers, id).unwrap();
            assert!(matches!(batch.commit(), Err(Error::Damaged { .. })), "{field}");
            assert!(kept() == before, "{field}");
        }
        put(memory, &[(key, entry)]);
    }
    assert_eq!(victim.world.verify(), Verdict::Intact);
    customers.delete(a).unwrap();
}

#[test]
fn insert_never_passes_unseen_where_an_entry_of_its_value_is_gone() {
    let (victim, _) = Victim::new();
    for n in 0..6 {
        victim.world.add("Di", &format!("di{n}@x.org"));
    }
    for position in 0..6 {
        let key = place_of(&victim, "name", "di", position);
        let twin = copy(&victim.world.memory);
        assert!(store(&twin).get(&key).unwrap().is_some());
        put(&twin, &[(key, None)]);
        let world = World::open(&twin).unwrap();
        let inserted = world.customers().insert(&Customer::new("Di", "new@x.org"));
        assert!(matches!(inserted, Ok(_) | Err(Error::Damaged { .. })), "{inserted:?}");
        // Without the first entry, a value would be entered all over again.
        assert!(inserted.is_err() || position > 0);
        assert!(matches!(world.verify(), Verdict::RowsDiffer { rows: RowSet::Indexes, .. }), "{position}");
    }
}
