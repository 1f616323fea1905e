use super::*;

#[test]
fn values_tried_again_after_an_hour_make_no_room_for_as_many_new_ones() {
    let (probes, minute) = (Probes::default(), |n: i64| Timestamp::from_micros(n * HOUR / 60));
    let value = |n: u8| [n; 32];
    let count = |of: std::ops::Range<u8>, at| of.filter(|n| probes.count("ann", value(*n), minute(at), 10)).count();
    assert_eq!(count(0..10, 0), 10);
    assert_eq!(count(10..20, 59), 0);
    // The same ten, an hour later: no other ten in the same hour.
    assert_eq!(count(0..10, 61), 10);
    assert_eq!(count(10..20, 62), 0);
    assert_eq!(count(10..20, 122), 10);
    assert!(probes.count("bob", value(99), minute(122), 10));
}
