use super::*;
use crate::monitor::RuleName;

#[test]
fn repeat_is_joined_much_worse_is_told_and_the_next_day_is_new() {
    let mut joining = Joining::new();
    let about = (RuleName::MassRead, None, None);
    let mut take = |hours: i64, degree: f64, severity| {
        let finding = Finding::new(severity, String::new()).degree(degree);
        let told = joining.take(&about, &finding, Timestamp::from_micros(hours * HOUR), (|| hours.to_string(), None));
        told.map(|told| (told.id, told.count, told.update))
    };
    assert_eq!(take(0, 1.0, Severity::High), Some(("0".to_owned(), 1, 0)));
    assert_eq!(take(1, 3.9, Severity::High), None);
    assert_eq!(take(2, 4.0, Severity::High), Some(("0".to_owned(), 3, 1)));
    assert_eq!(take(3, 4.0, Severity::Critical), Some(("0".to_owned(), 4, 2)));
    assert_eq!(take(12, 1.0, Severity::High), Some(("12".to_owned(), 1, 0)));
}
