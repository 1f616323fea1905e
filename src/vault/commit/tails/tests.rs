use super::*;
use crate::store::{Batch, MemoryStore};

const TENANT: TenantId = TenantId::from_bytes([1; 16]);

fn fill(store: &MemoryStore, value: &Key<role::Value>, positions: &[u64]) {
    let mut batch = Batch::default();
    for position in positions {
        batch.put(place::entry(TENANT, &index::entry_key(value, *position)), [0]);
    }
    store.commit(&batch, &[]).unwrap();
}

#[test]
fn end_that_was_seen_counts_until_the_value_is_written_or_what_was_written_is_forgotten() {
    let (store, ends, value) = (MemoryStore::new(), IndexTails::default(), Key::copied(&[2; 32]));
    let first = index::entry_key(&value, 0);
    fill(&store, &value, &[0, 1, 2]);
    let seen = ends.look(&store, TENANT, &value, &first).unwrap().unwrap();
    assert_eq!(ends.now(&first, &seen), Some(3));
    ends.learn(HashMap::from([(first, 7)]));
    assert_eq!(ends.now(&first, &seen), Some(7));
    let many = (0..ENDS as u64).map(|n| ([n.to_be_bytes(); 4].concat().try_into().unwrap(), n + 2));
    let many: HashMap<_, _> = many.collect();
    ends.learn(many.keys().map(|first| (*first, 1)).collect());
    assert_eq!(ends.now(&first, &seen), Some(7), "a value with several entries is remembered for longer");
    ends.learn(many);
    assert_eq!(ends.now(&first, &seen), None, "the commit that wrote the value is forgotten");
}

#[test]
fn entry_behind_a_gap_or_behind_the_known_end_is_left_to_the_committer() {
    let (store, ends, value) = (MemoryStore::new(), IndexTails::default(), Key::copied(&[2; 32]));
    let first = index::entry_key(&value, 0);
    fill(&store, &value, &[0, 2]);
    assert!(ends.look(&store, TENANT, &value, &first).unwrap().is_none());
    fill(&store, &value, &[1]);
    ends.learn(HashMap::from([(first, 2)]));
    assert!(ends.look(&store, TENANT, &value, &first).unwrap().is_none());
}
