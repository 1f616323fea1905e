use super::*;

#[test]
fn map_forgets_what_was_used_longest_ago_and_never_holds_more_than_it_may() {
    let mut map: LruMap<u32, u32> = LruMap::new(100);
    for n in 0..1_000 {
        *map.of(&7) += 1;
        *map.of(&n) += 1;
        assert!(map.len() <= 100);
    }
    assert!(map.get(&7).is_some_and(|used| *used >= 1_000));
    assert!(map.get(&10).is_none());
}
