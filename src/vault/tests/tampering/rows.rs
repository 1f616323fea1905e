//! Rows and their chunks.

use crate::format::row::{CHUNK, INLINE};
use crate::model::CollectionId;
use crate::vault::tests::tampering::*;

#[test]
fn every_flipped_byte_of_every_part_of_a_small_row_is_noticed() {
    let (mut victim, [a, ..]) = Victim::new();
    let row = victim.row(a);
    let parts = live(&row);
    assert!(parts.chunks.is_none() && parts.links.len() > 100 && parts.inline.len() > 60);
    for at in (0..row.len()).step_by(crate::tests::amount(3, 1)) {
        let with = 1 << (at % 8);
        victim.noticed(&format!("byte {at}"), &vec![(victim.key(a), Some(flipped(&row, at, with)))]);
    }
    for at in 0..row.len() - parts.links.len() {
        // The read itself notices changes under the body's seals.
        put(&victim.world.memory, &[(victim.key(a), Some(flipped(&row, at, 0x80)))]);
        assert!(victim.world.customers().get(a).is_err(), "byte {at}");
    }
    put(&victim.world.memory, &[(victim.key(a), Some(row))]);
    assert_eq!(victim.world.verify(), Verdict::Intact);
}

#[test]
fn row_cut_or_grown_anywhere_is_noticed() {
    let (mut victim, [a, ..]) = Victim::new();
    let row = victim.row(a);
    for length in (0..row.len()).step_by(7).chain([row.len() - 1]) {
        victim.noticed(&format!("cut to {length}"), &vec![(victim.key(a), Some(row[..length].to_vec()))]);
    }
    for grown in [vec![0], vec![0; 100], row.clone()] {
        victim.noticed("grown", &vec![(victim.key(a), Some([&row[..], &grown].concat()))]);
    }
    victim.noticed("removed", &vec![(victim.key(a), None)]);
}

#[test]
fn row_moved_swapped_or_copied_is_noticed() {
    let (mut victim, [a, b, _]) = Victim::new();
    let (row, key) = (victim.row(a), victim.key(a));
    let notes = victim.world.notes();
    let note = notes.insert(&Note::new("x")).unwrap();
    let globex = victim.world.vault.tenant("globex").unwrap();
    let theirs = globex.session(boss()).unwrap().collection::<Customer>().unwrap();
    let other = theirs.list(None, 1).unwrap().items[0].id;
    let new = RecordId::from_bytes([7; 16]);
    let (acme, tenant, customers) = (victim.world.acme.id(), globex.id(), victim.world.customers());
    for (what, target) in [
        ("another record", victim.key(b)),
        ("a new record", key_of(&customers, new)),
        ("another collection's record", key_of(&notes, note)),
        ("another collection", key_of(&notes, a)),
        ("another tenant's record", key_of(&theirs, other)),
        ("another tenant", key_of(&theirs, a)),
        ("another tenant's collection of the same id", place::row(tenant, customers.core().id, a)),
        ("a collection that isn't there", place::row(acme, CollectionId::from_bytes([9; 16]), a)),
    ] {
        victim.noticed(&format!("moved to {what}"), &vec![(key.clone(), None), (target.clone(), Some(row.clone()))]);
        victim.noticed(&format!("copied to {what}"), &vec![(target, Some(row.clone()))]);
    }
    let swapped = vec![(key, Some(victim.row(b))), (victim.key(b), Some(row.clone()))];
    victim.noticed("swapped", &swapped);
    // The read itself notices it, too.
    let world = &victim.world;
    let theirs = world.vault.tenant("globex").unwrap().session(boss()).unwrap().collection::<Customer>().unwrap();
    put(&world.memory, &[(victim.key(b), Some(row.clone())), (key_of(&theirs, other), Some(row))]);
    assert!(matches!(world.customers().get(b), Err(Error::Damaged { .. })));
    assert!(matches!(theirs.get(other), Err(Error::Damaged { .. })));
    assert!(matches!(theirs.list(None, 10), Err(Error::Damaged { .. })));
}

#[test]
fn rows_mixed_of_two_records_or_two_revisions_are_noticed() {
    let (mut victim, [a, b, _]) = Victim::new();
    let old = victim.row(b);
    victim.change(b, "Bo Sun", "so@x.org");
    for (what, id, one, two) in
        [("records", a, victim.row(a), victim.row(b)), ("revisions", b, victim.row(b), old.clone())]
    {
        let cut = |row: &[u8]| -> [Vec<u8>; 4] {
            let parts = live(row);
            let head = parts.primary.len() - parts.inline.len() - parts.wrapped.len();
            [row[..head].to_vec(), parts.wrapped.to_vec(), parts.inline.to_vec(), parts.links.to_vec()]
        };
        let (one, two) = (cut(&one), cut(&two));
        for mix in 1..15 {
            let row: Vec<u8> =
                (0..4).flat_map(|part| if mix & (1 << part) == 0 { &one[part] } else { &two[part] }.clone()).collect();
            victim.noticed(&format!("{what} mixed as {mix:04b}"), &vec![(victim.key(id), Some(row))]);
        }
    }
}

#[test]
fn older_revision_put_back_is_noticed_with_or_without_its_index_entries() {
    let (mut victim, [_, b, _]) = Victim::new();
    let memory = victim.world.memory.clone();
    let before = [stored(&memory, Space::Row), stored(&memory, Space::Entry)];
    victim.change(b, "Bo Moon", "moon@x.org");
    let row = vec![(victim.key(b), before[0].iter().find(|(key, _)| *key == victim.key(b)).map(|pair| pair.1.clone()))];
    victim.noticed("the row", &row);
    let mut all: Changes = stored(&memory, Space::Entry).into_iter().map(|(key, _)| (key, None)).collect();
    all.extend(before.iter().flatten().map(|(key, value)| (key.clone(), Some(value.clone()))));
    all.retain(|(key, value)| value.is_some() || !before[1].iter().any(|(old, _)| old == key));
    victim.noticed("the row and its entries", &all);
    let links = live(&row[0].1.clone().unwrap()).links.to_vec();
    let present = victim.row(b);
    let relinked = [live(&present).primary, &links].concat();
    victim.noticed("the row's links", &vec![(victim.key(b), Some(relinked))]);
}

#[test]
fn tombstone_put_for_a_record_and_record_put_for_a_tombstone_are_noticed() {
    let (mut victim, [a, b, c]) = Victim::new();
    let (entries, alive) = (stored(&victim.world.memory, Space::Entry), [a, b, c].map(|id| victim.row(id)));
    victim.delete(b);
    victim.delete(c);
    assert!(matches!(victim.world.customers().get(b), Err(Error::Deleted)));
    let entries = entries.into_iter().map(|(key, value)| (key, Some(value)));
    victim.noticed("undeleted", &vec![(victim.key(b), Some(alive[1].clone()))]);
    let with_entries = entries.chain([(victim.key(b), Some(alive[1].clone()))]).collect();
    victim.noticed("undeleted with its entries", &with_entries);
    victim.noticed("another's tombstone", &vec![(victim.key(b), Some(victim.row(c)))]);
    victim.noticed("a tombstone for a record", &vec![(victim.key(a), Some(victim.row(b)))]);
    victim.noticed("no tombstone", &vec![(victim.key(b), None)]);
    let tombstone = victim.row(b);
    for at in (0..tombstone.len()).step_by(crate::tests::amount(3, 1)) {
        victim.noticed(&format!("byte {at}"), &vec![(victim.key(b), Some(flipped(&tombstone, at, 0x10)))]);
    }
    // A tombstone of another record doesn't open here.
    put(&victim.world.memory, &[(victim.key(b), Some(victim.row(c)))]);
    assert!(matches!(victim.world.customers().get(b), Err(Error::Damaged { .. })));
}

#[test]
fn changed_chunk_of_a_long_record_is_never_read() {
    let world = World::new();
    let notes = world.notes();
    let mut dice = Dice(1);
    let mut long = |length: usize| Note::new((0..).map(|_| dice.word()).take(length / 33).collect::<String>());
    let (first, second) = (long(12_000), long(12_000));
    let (a, b) = (notes.insert(&first).unwrap(), notes.insert(&second).unwrap());
    let of = |id: RecordId| -> Vec<Pair> {
        let all = stored(&world.memory, Space::Chunk);
        all.into_iter().filter(|(key, _)| key[33..49] == *id.as_bytes()).collect()
    };
    let old = of(a);
    assert_eq!(old.len(), (12_000usize - INLINE).div_ceil(CHUNK));
    notes.update(a, |note| *note = second.clone()).unwrap();
    let (mine, theirs) = (of(a), of(b));
    assert!(mine.iter().all(|(key, _)| old.iter().all(|(gone, _)| gone != key)));
    let mut attacks: Vec<(String, Changes)> = Vec::new();
    for (number, (key, value)) in mine.iter().enumerate() {
        for at in [0, 1, value.len() / 2, value.len() - 1] {
            attacks.push((format!("chunk {number}, byte {at}"), vec![(key.clone(), Some(flipped(value, at, 1)))]));
        }
        for cut in [0, 1, value.len() - 1] {
            attacks.push((format!("chunk {number} cut to {cut}"), vec![(key.clone(), Some(value[..cut].to_vec()))]));
        }
        attacks.push((format!("chunk {number} removed"), vec![(key.clone(), None)]));
        attacks.push((format!("chunk {number} of the old revision"), vec![(key.clone(), Some(old[number].1.clone()))]));
        attacks.push((format!("chunk {number} of another"), vec![(key.clone(), Some(theirs[number].1.clone()))]));
    }
    let exchanged = vec![(mine[0].0.clone(), Some(mine[1].1.clone())), (mine[1].0.clone(), Some(mine[0].1.clone()))];
    attacks.push(("chunks exchanged".to_owned(), exchanged));
    for (what, changes) in attacks {
        put(&world.memory, &changes);
        assert!(matches!(notes.get(a), Err(Error::Damaged { .. })), "{what}");
        assert!(matches!(notes.list(None, 10), Err(Error::Damaged { .. })), "{what}");
        assert!(matches!(notes.update(a, |note| note.text.clear()), Err(Error::Damaged { .. })), "{what}");
        assert!(matches!(world.verify(), Verdict::RowsDiffer { .. }), "{what}");
        put(&world.memory, &mine.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect::<Vec<_>>());
        assert_eq!(notes.get(a).unwrap().value, second, "{what}");
    }
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn field_names_of_a_document_are_bound_to_their_values() {
    let world = World::new();
    world.acme.session(admin()).unwrap().define::<Document>().unwrap();
    let documents = world.session(boss()).collection::<Document>().unwrap();
    let id = documents.insert(&Document::new().with("salary", "low").with("rating", "top")).unwrap();
    let (key, row) = stored(&world.memory, Space::Row).pop().unwrap();
    for at in 0..live(&row).primary.len() {
        put(&world.memory, &[(key.clone(), Some(flipped(&row, at, 0x20)))]);
        assert!(documents.get(id).is_err(), "byte {at}");
    }
}
