use super::*;

fn day(day: i64) -> Local {
    Local { day, hour: 9, hours: day * 24 }
}

#[test]
fn usual_day_follows_the_past_and_a_single_large_day_teaches_little() {
    let mut usual = Usual::default();
    for n in 0..20 {
        usual.learn(day(n), 35.0);
    }
    assert!((usual.mean() - 35.0).abs() < 0.1);
    usual.learn(day(20), 3_000.0);
    assert!(usual.mean() < 60.0, "{}", usual.mean());
    assert!(usual.peak(day(20)) <= 140.0);
    usual.vouch(day(21), 0.0);
    assert!(usual.peak(day(21)) > 2_900.0);
    assert!(usual.peak(day(51)) > 2_000.0);
    assert!(usual.peak(day(800)) < 100.0);
}
