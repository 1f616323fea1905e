use super::*;

#[test]
fn local_time_knows_day_hour_and_weekday() {
    // 2026-11-22, a Sunday, 18:57 UTC; in Shanghai it is Monday, 02:57.
    let at = Timestamp::from_micros(1_795_373_820 * MICROS);
    let utc = Offset::default().local(at);
    assert_eq!((utc.hour, utc.weekday()), (18, 6));
    let shanghai = Offset::minutes(480).local(at);
    assert_eq!((shanghai.hour, shanghai.weekday(), shanghai.day - utc.day), (2, 0, 1));
    for at in [i64::MIN, -1, i64::MAX] {
        assert!(Offset::minutes(9_999).local(Timestamp::from_micros(at)).hour < 24);
    }
}
