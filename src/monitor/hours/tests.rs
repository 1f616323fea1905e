use super::*;

#[test]
fn hours_are_learned_for_workdays_and_weekends_apart() {
    let at = |day: i64, hour: usize| Local { day, hour, hours: day * 24 + i64::try_from(hour).unwrap() };
    let mut hours = Hours::default();
    assert_eq!(hours.usual(at(4, 9)), None);
    // Day 4 is the first Monday of 1970.
    for day in (4..32).filter(|day| !at(*day, 0).is_weekend()) {
        for hour in 9..17 {
            hours.add(at(day, hour));
        }
    }
    let monday = 32;
    assert_eq!(hours.usual(at(monday, 8)), Some(true));
    assert_eq!(hours.usual(at(monday, 17)), Some(true));
    assert_eq!(hours.usual(at(monday, 3)), Some(false));
    assert_eq!(hours.usual(at(monday + 5, 10)), Some(false), "a Saturday");
}
