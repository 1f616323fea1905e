use super::*;

const fn cost(values: u64, bytes: u64) -> Cost {
    Cost { values, bytes }
}

#[test]
fn pages_are_due_as_the_rate_says_and_lost_time_is_not_made_up_for_by_a_burst() {
    let start = Instant::now();
    let mut pace = Pace::new(Rate { values: 100, bytes: 1_000 }, start);
    let after = |pace: &Pace| pace.due().duration_since(start).as_millis();
    pace.spend(cost(10, 50), start);
    assert_eq!(after(&pace), 100);
    // More bytes than values allow for.
    pace.spend(cost(10, 300), start + Duration::from_millis(110));
    assert_eq!(after(&pace), 400);
    // Begun a minute late.
    pace.spend(cost(10, 0), start + Duration::from_secs(60));
    assert_eq!(after(&pace), 60_100);
}

#[test]
fn pages_are_small_where_the_rate_is_low() {
    for (values, page) in [(0, 1), (1, 1), (40, 2), (2_000, 64), (u64::MAX, 64)] {
        assert_eq!(Rate { values, bytes: u64::MAX }.page(), page, "{values}");
    }
}

#[test]
fn absurd_rates_do_not_overflow() {
    let mut pace = Pace::new(Rate { values: 0, bytes: 0 }, Instant::now());
    pace.spend(cost(u64::MAX, u64::MAX), Instant::now());
    let mut pace = Pace::new(Rate { values: u64::MAX, bytes: u64::MAX }, Instant::now());
    let before = pace.due();
    pace.spend(cost(64, 64), before);
    assert_eq!(pace.due(), before);
}
