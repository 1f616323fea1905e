use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(minutes * MINUTE + 59_999_999)
}

#[test]
fn rows_count_for_an_hour_and_then_no_more() {
    let rows = Rows::default();
    assert_eq!(rows.reserve("ann", 10, Some(15), at(0)), 10);
    assert_eq!(rows.reserve("ann", 10, Some(15), at(30)), 5);
    assert_eq!(rows.reserve("ann", 10, Some(15), at(60)), 0);
    assert_eq!(rows.shown("ann", at(60)), 15);
    assert_eq!(rows.reserve("bo", 10, Some(15), at(60)), 10);
    assert_eq!(rows.reserve("ann", 20, Some(15), at(61)), 10);
    assert_eq!((rows.shown("ann", at(91)), rows.shown("ann", at(200))), (10, 0));
}

#[test]
fn clock_that_is_set_back_forgets_nothing() {
    let rows = Rows::default();
    rows.reserve("ann", 10, None, at(100));
    assert_eq!(rows.reserve("ann", 10, Some(12), at(7)), 2);
    assert_eq!(rows.shown("ann", at(7)), 12);
}

#[test]
fn refund_gives_back_what_was_reserved_and_no_more() {
    let rows = Rows::default();
    rows.reserve("ann", 10, None, at(0));
    rows.reserve("ann", 5, None, at(1));
    rows.refund("ann", 7);
    rows.refund("bo", 7);
    assert_eq!((rows.shown("ann", at(1)), rows.shown("bo", at(1))), (8, 0));
    rows.refund("ann", 100);
    assert_eq!(rows.shown("ann", at(1)), 0);
}

#[test]
fn threads_that_reserve_at_once_stay_within_the_limit() {
    let rows = Rows::default();
    let granted: u32 = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..1_000).map(|_| rows.reserve("ann", 3, Some(1_000), at(0))).sum::<u32>()))
            .collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((granted, rows.shown("ann", at(0))), (1_000, 1_000));
}

#[test]
fn actor_beyond_those_that_can_be_counted_is_granted_nothing_under_a_limit() {
    let rows = Rows::default();
    for n in 0..ACTORS {
        rows.reserve(&n.to_string(), 1, None, at(0));
    }
    assert_eq!(rows.reserve("new", 1, Some(9), at(0)), 0);
    assert_eq!(rows.shown("new", at(0)), u32::MAX);
    assert_eq!(rows.reserve("new", 1, Some(9), at(61)), 1);
    assert_eq!(rows.shown("new", at(61)), 1);
}
