use super::*;

fn at(days: i64) -> Timestamp {
    Timestamp::from_micros(days * DAY)
}

#[test]
fn feedback_is_bounded_fades_and_leaves_some_rules_alone() {
    let mut tuning = Tuning::new();
    let about = (RuleName::MassRead, None, Some("a".to_owned()));
    for _ in 0..50 {
        tuning.learn(&about, Feedback::FalseAlarm, at(0));
    }
    assert_eq!(tuning.of(&about, at(0)), 8.0);
    assert!((tuning.of(&about, at(60)) - 8f64.sqrt()).abs() < 1e-9);
    assert!(tuning.of(&about, at(10_000)) < 1.001);
    for _ in 0..50 {
        tuning.learn(&about, Feedback::Real, at(1));
    }
    assert_eq!(tuning.of(&about, at(1)), 0.5);
    assert_eq!(tuning.of(&(RuleName::MassRead, None, Some("b".to_owned())), at(1)), 1.0);
    for rule in [RuleName::Honeypot, RuleName::BreakGlassUse, RuleName::JournalTrouble] {
        let about = (rule, None, Some("a".to_owned()));
        tuning.learn(&about, Feedback::FalseAlarm, at(0));
        assert_eq!(tuning.of(&about, at(0)), 1.0);
    }
}
