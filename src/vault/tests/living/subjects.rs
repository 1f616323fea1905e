//! Records about other records: one slot, one pseudonym, numbers of their own.

use std::collections::BTreeMap;

use crate::audit::Required;
use crate::format::row::RawRow;
use crate::format::state::SlotEntry;
use crate::model::{CollectionId, Slot};
use crate::vault::records::subject::open_slot_entry;
use crate::vault::tests::living::*;

/// The records about the subject of each slot by their numbers, and the next number.
type Slots = BTreeMap<u32, (BTreeMap<u32, (CollectionId, RecordId)>, u32)>;

fn slot_map(world: &World) -> Slots {
    let keys = world.notes().session().tenant.keys.clone();
    let mut all: BTreeMap<u32, (BTreeMap<_, _>, u32)> = BTreeMap::new();
    for (key, value) in stored(&world.memory, Space::SlotMap) {
        let part = |at: usize| u32::from_be_bytes(key[at..at + 4].try_into().unwrap());
        let (slot, number) = (part(17), part(21));
        let of = all.entry(slot).or_default();
        match open_slot_entry(&keys, world.acme.id(), Slot(slot), number, &value).unwrap() {
            SlotEntry::Head { next, hold } => {
                assert!(number == 0 && !hold);
                of.1 = next;
            }
            SlotEntry::Record { collection, record } => drop(of.0.insert(number, (collection, record))),
        }
    }
    all
}

fn slot<T: Record + 'static>(world: &World, collection: &Collection<T>, id: RecordId) -> u32 {
    let row = store(&world.memory).get(&key_of(collection, id)).unwrap().unwrap();
    match RawRow::parse(&row).unwrap() {
        RawRow::Live(row) => row.head.slot.0,
        RawRow::Tombstone(_) => panic!("a tombstone"),
    }
}

fn about(id: RecordId) -> NewMeta {
    NewMeta::new().about("customers", id)
}

#[test]
fn records_about_a_record_share_its_slot_and_pseudonym_and_are_found_in_the_slot_map() {
    let kept = Kept::default();
    let world = World::with(|options| options.sink(Required(kept.clone())));
    let (customers, notes) = (world.customers(), world.notes());
    let (ann, bo) = (world.add("Ann", "ann@x.org"), world.add("Bo", "bo@x.org"));
    let mut of_ann = Vec::new();
    for n in 0..3 {
        of_ann.push(notes.insert_with(&Note::new(format!("ann {n}")), about(ann)).unwrap());
        notes.insert_with(&Note::new(format!("bo {n}")), about(bo)).unwrap();
    }
    // About a record that is itself about another: the same person.
    let meta = NewMeta::new().about("notes", of_ann[0]);
    of_ann.push(notes.insert_with(&Note::new("answer"), meta).unwrap());
    let own = notes.insert(&Note::new("own")).unwrap();
    let slot_of_ann = slot(&world, &customers, ann);
    for id in &of_ann {
        assert_eq!(slot(&world, &notes, *id), slot_of_ann);
    }
    assert_ne!(slot(&world, &customers, bo), slot_of_ann);
    assert_ne!(slot(&world, &notes, own), slot_of_ann);
    let map = slot_map(&world);
    assert_eq!(map.len(), 2);
    let expected: BTreeMap<u32, _> = (1..).zip(of_ann.iter().map(|id| (notes.core().id, *id))).collect();
    assert_eq!(map[&slot_of_ann], (expected, 5));
    let created = kept.of("create");
    let of = |actor_index: usize| created[actor_index].subjects()[0];
    assert_eq!(of(0).pseudonym(), of(2).pseudonym());
    assert_ne!(of(0).pseudonym(), of(1).pseudonym());
    assert_eq!((of(0).number(), of(2).number(), of(4).number()), (0, 1, 2));
    assert_eq!(world.verify(), Verdict::Intact);
    let world = world.reopen();
    let next = world.notes().insert_with(&Note::new("later"), about(ann)).unwrap();
    assert_eq!(slot_map(&world)[&slot_of_ann].0[&5].1, next);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn batch_gives_every_record_of_a_subject_a_number_of_its_own() {
    let world = World::new();
    let (customers, notes, session) = (world.customers(), world.notes(), world.session(boss()));
    let ann = world.add("Ann", "ann@x.org");
    let first = notes.insert_with(&Note::new("first"), about(ann)).unwrap();
    let mut batch = session.batch();
    let mut of_ann = vec![first];
    // About the person, about a record of the person, about a record of this very batch.
    of_ann.push(batch.insert_with(&notes, &Note::new("a"), about(ann)).unwrap());
    of_ann.push(batch.insert_with(&notes, &Note::new("b"), NewMeta::new().about("notes", first)).unwrap());
    of_ann.push(batch.insert_with(&notes, &Note::new("c"), NewMeta::new().about("notes", of_ann[1])).unwrap());
    of_ann.push(batch.insert_with(&notes, &Note::new("d"), about(ann)).unwrap());
    let bo = batch.insert(&customers, &Customer::new("Bo", "bo@x.org")).unwrap();
    let of_bo = batch.insert_with(&notes, &Note::new("e"), about(bo)).unwrap();
    batch.commit().unwrap();
    let map = slot_map(&world);
    let numbered = |ids: &[RecordId]| (1..).zip(ids.iter().map(|id| (notes.core().id, *id))).collect();
    assert_eq!(map[&slot(&world, &customers, ann)], (numbered(&of_ann), 6));
    assert_eq!(map[&slot(&world, &customers, bo)], (numbered(&[of_bo]), 2));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn refused_insert_leaves_the_numbers_of_its_batch_guarded() {
    let world = World::new();
    let (notes, session) = (world.notes(), world.session(boss()));
    let ann = world.add("Ann", "ann@x.org");
    let mut batches = [session.batch(), session.batch()];
    for batch in &mut batches {
        let labels = (0..65).fold(about(ann), |meta, _| meta.label("l"));
        assert!(batch.insert_with(&notes, &Note::new("too much"), labels).is_err());
        batch.insert_with(&notes, &Note::new("x"), about(ann)).unwrap();
    }
    let [one, two] = batches;
    one.commit().unwrap();
    // The second batch read the subject before that commit; its number is taken.
    assert!(matches!(two.commit(), Err(Error::Conflict)));
    let map = slot_map(&world);
    assert_eq!(map.values().map(|(records, next)| (records.len(), *next)).collect::<Vec<_>>(), [(1, 2)]);
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn threads_that_write_about_one_person_all_get_numbers() {
    let world = World::new();
    let ann = world.add("Ann", "ann@x.org");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let notes = world.notes();
                for _ in 0..10 {
                    notes.insert_with(&Note::new("x"), about(ann)).unwrap();
                }
            });
        }
    });
    let map = slot_map(&world);
    let (records, next) = map.values().next().unwrap();
    assert_eq!((map.len(), records.len(), *next), (1, 40, 41));
    assert!(records.keys().copied().eq(1..41));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn record_about_one_that_is_gone_foreign_or_not_to_be_seen_is_refused() {
    let world = World::new();
    let notes = world.notes();
    let ann = world.add("Ann", "ann@x.org");
    let deleted = world.add("Bo", "bo@x.org");
    world.customers().delete(deleted).unwrap();
    let insert = |meta: NewMeta| notes.insert_with(&Note::new("x"), meta);
    assert!(matches!(insert(about(deleted)), Err(Error::Deleted)));
    assert!(matches!(insert(about(RecordId::from_bytes([1; 16]))), Err(Error::NotFound)));
    assert!(matches!(insert(NewMeta::new().about("notes", ann)), Err(Error::NotFound)));
    assert!(matches!(insert(NewMeta::new().about("custmers", ann)), Err(Error::UnknownCollection { .. })));
    let globex = world.vault.session(admin()).unwrap().create_tenant("globex").unwrap();
    globex.session(admin()).unwrap().define::<Customer>().unwrap();
    let theirs = globex.session(boss()).unwrap().collection::<Customer>().unwrap();
    let foreign = theirs.insert(&Customer::new("Cy", "cy@x.org")).unwrap();
    assert!(matches!(insert(about(foreign)), Err(Error::NotFound)));
    let mine = world.session(sales("s")).collection::<Customer>().unwrap();
    let unseen = mine.insert_with(&Customer::new("x", ""), about(ann));
    assert!(matches!(unseen, Err(Error::Denied(_))), "{unseen:?}");
    let mut batch = world.session(boss()).batch();
    assert!(matches!(batch.insert_with(&notes, &Note::new("x"), about(deleted)), Err(Error::Deleted)));
    assert!(slot_map(&world).is_empty());
    // Deleted after the batch has read it, and before the commit.
    batch.insert_with(&notes, &Note::new("x"), about(ann)).unwrap();
    world.customers().delete(ann).unwrap();
    assert!(matches!(batch.commit(), Err(Error::Conflict)));
    assert_eq!(world.verify(), Verdict::Intact);
}
