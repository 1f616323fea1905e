use std::cell::Cell;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// Returns the probe of a store whose positions `0..length` are taken, but for the holes.
fn store(length: u64, holes: &[u64]) -> impl FnMut(u64) -> Result<bool, Infallible> {
    move |position| Ok(position < length && !holes.contains(&position))
}

#[test]
fn end_is_found_from_any_lower_bound_up_to_it() {
    for length in 0..70 {
        for bound in 0..=length {
            assert_eq!(end(store(length, &[]), bound), Ok(length), "{length} from {bound}");
        }
    }
}

#[test]
fn first_entry_of_a_value_costs_one_probe_and_a_cached_end_one_more() {
    let count = |length: u64, bound| {
        let probes = Cell::new(0);
        let found = end(
            |position| {
                probes.set(probes.get() + 1);
                Ok::<_, Infallible>(position < length)
            },
            bound,
        );
        assert_eq!(found, Ok(length));
        probes.get()
    };
    assert_eq!(count(0, 0), 1);
    assert_eq!(count(1000, 1000), 1);
    assert_eq!(count(1000, 999), 2);
    assert!(count(1_000_000, 0) <= 42);
}

#[test]
fn failed_probe_is_the_answer() {
    assert_eq!(end(|_| Err::<bool, _>("down"), 3), Err("down"));
    assert_eq!(check_beyond(|_| Err::<bool, _>("down"), 3), Err("down"));
}

#[test]
fn store_that_says_yes_to_everything_is_neither_a_hang_nor_a_panic() {
    assert_eq!(end(|_| Ok::<_, Infallible>(true), 0), Ok(u64::MAX));
    assert_eq!(check_beyond(|_| Ok::<_, Infallible>(true), u64::MAX), Ok(Beyond::Nothing));
    assert_eq!(check_beyond(|_| Ok::<_, Infallible>(true), u64::MAX - 1), Ok(Beyond::Entry(u64::MAX)));
}

#[test]
fn first_entry_gone_from_behind_others_is_noticed() {
    for length in 2..50 {
        let found = end(store(length, &[0]), 0).unwrap();
        assert_eq!(found, 0);
        assert_eq!(check_beyond(store(length, &[0]), found), Ok(Beyond::Entry(1)), "{length}");
    }
}

#[test]
fn half_of_the_entries_gone_but_the_next_is_noticed_at_twice_the_end() {
    // 10 and 11 are gone: the next one is blind to it, twice the end isn't.
    assert_eq!(end(store(30, &[10, 11]), 9), Ok(10));
    assert_eq!(check_beyond(store(30, &[10, 11]), 10), Ok(Beyond::Entry(22)));
}

proptest! {
    #[test]
    fn end_is_the_length_of_any_gapless_prefix(length in 0u64..=u64::MAX, short in 0u64..=u64::MAX) {
        prop_assert_eq!(end(store(length, &[]), length.saturating_sub(short)), Ok(length));
        prop_assert_eq!(check_beyond(store(length, &[]), length), Ok(Beyond::Nothing));
    }

    #[test]
    fn a_hole_is_the_end_found_only_if_beyond_tells(length in 2u64..5_000, hole in 0u64..4_998) {
        prop_assume!(hole + 1 < length);
        let found = end(store(length, &[hole]), 0).unwrap();
        prop_assert!(found == hole || found == length);
        let told = check_beyond(store(length, &[hole]), found).unwrap();
        prop_assert_eq!(told != Beyond::Nothing, found == hole);
    }
}
