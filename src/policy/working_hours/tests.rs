use super::*;
use crate::model::Actor;
use crate::policy::AccessPolicy;

struct At(i64);

impl Facts for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0)
    }
}

/// The moment of a local date and time, as microseconds of UTC.
fn moment(date: &str, hour: i64, minute: i64, offset: i64) -> i64 {
    day_of(date).unwrap() * DAY + (hour * 60 + minute - offset) * MINUTE
}

fn code(policy: &WorkingHours, role: &str, action: Action, at: i64) -> String {
    let actor = Actor::new("anna").with_role(role);
    // The request's own time isn't the one that counts.
    match policy.decide(&Request::new(&actor, action, Timestamp::from_micros(0)), &At(at)).unwrap() {
        Decision::Limit(limit) if limit.obligations.is_empty() => "open".to_owned(),
        Decision::Deny(denial) if denial.forbids => denial.code.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn is_open(policy: &WorkingHours, at: i64) -> bool {
    match code(policy, "sales", Action::Read, at).as_str() {
        "open" => true,
        codes::OUTSIDE_HOURS => false,
        other => panic!("{other}"),
    }
}

/// Weeks in this century, around 1970, and long before.
const MONDAYS: [&str; 4] = ["2026-11-16", "1969-12-29", "1970-01-05", "1900-01-01"];

#[test]
fn office_hours_hold_to_the_microsecond_through_a_week() {
    for offset in [0, 480, -180, 330, 840, -720] {
        let policy = WorkingHours::new().utc_offset_minutes(offset).monday_to_friday().between((8, 30), (18, 0));
        policy.check().unwrap();
        for monday in MONDAYS {
            for day in 0..7 {
                let start = moment(monday, 24 * day, 0, i64::from(offset));
                let works = day < 5;
                for (minutes, inside) in [(0, false), (510, true), (720, true), (1_080, false), (1_439, false)] {
                    let at = start + minutes * MINUTE;
                    assert_eq!(is_open(&policy, at), inside && works, "{monday} + {day}, minute {minutes}, {offset}");
                }
                assert!(!is_open(&policy, start + 510 * MINUTE - 1), "{monday} + {day}, {offset}");
                assert_eq!(is_open(&policy, start + 1_080 * MINUTE - 1), works, "{monday} + {day}, {offset}");
            }
        }
    }
}

#[test]
fn night_shift_belongs_to_the_day_on_which_it_begins() {
    let night = WorkingHours::new().monday_to_friday().between((22, 0), (6, 0)).closed("2026-11-18");
    night.check().unwrap();
    for (name, day, hour, expected) in [
        ("Monday before six is Sunday's", "2026-11-16", 5, false),
        ("Monday noon", "2026-11-16", 12, false),
        ("Monday night", "2026-11-16", 22, true),
        ("and the morning after", "2026-11-17", 5, true),
        ("until six", "2026-11-17", 6, false),
        ("the morning of the day off is the night before", "2026-11-18", 5, true),
        ("the night of the day off", "2026-11-18", 23, false),
        ("and the morning after it", "2026-11-19", 5, false),
        ("Friday night", "2026-11-20", 23, true),
        ("Saturday's first hours are Friday's", "2026-11-21", 5, true),
        ("Saturday night", "2026-11-21", 23, false),
        ("Sunday's first hours", "2026-11-22", 5, false),
    ] {
        assert_eq!(is_open(&night, moment(day, hour, 0, 0)), expected, "{name}");
    }
    let until_midnight = WorkingHours::new().between((22, 0), (0, 0));
    assert!(is_open(&until_midnight, moment("2026-11-16", 23, 59, 0)));
    assert!(!is_open(&until_midnight, moment("2026-11-17", 0, 0, 0)));
    let whole = WorkingHours::new().days([Weekday::Sunday]).between((0, 0), (24, 0));
    assert!(is_open(&whole, moment("2026-11-22", 23, 59, 0)) && !is_open(&whole, moment("2026-11-23", 0, 0, 0)));
}

#[test]
fn several_spans_days_off_exceptions_and_acts_are_kept_to() {
    let policy = WorkingHours::new()
        .utc_offset_minutes(480)
        .monday_to_friday()
        .days([Weekday::Saturday])
        .between((8, 30), (12, 0))
        .between((13, 0), (18, 0))
        .closed("2026-12-25")
        .except_role("on call")
        .for_acts([Action::Read, Action::Export]);
    let at = |date, hour| moment(date, hour, 0, 480);
    for (name, role, action, at, expected) in [
        ("in the morning", "sales", Action::Read, at("2026-12-24", 9), "open"),
        ("at noon", "sales", Action::Read, at("2026-12-24", 12), "outside_hours"),
        ("in the afternoon", "sales", Action::Read, at("2026-12-24", 13), "open"),
        ("on a day off", "sales", Action::Read, at("2026-12-25", 9), "outside_hours"),
        ("on a Saturday", "sales", Action::Read, at("2026-12-26", 9), "open"),
        ("on a Sunday", "sales", Action::Read, at("2026-12-27", 9), "outside_hours"),
        ("on call", "on call", Action::Read, at("2026-12-27", 9), "open"),
        ("another act", "sales", Action::Update, at("2026-12-27", 9), "open"),
        ("an export", "sales", Action::Export, at("2026-12-27", 9), "outside_hours"),
    ] {
        assert_eq!(code(&policy, role, action, at), expected, "{name}");
    }
    let days = WorkingHours::new().days([Weekday::Monday]);
    assert_eq!(code(&days, "sales", Action::Define, at("2026-11-17", 12)), "outside_hours", "every act, the whole day");
}

#[test]
fn time_at_the_ends_of_the_range_is_in_one_day_of_the_week() {
    use Weekday::*;
    for at in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
        for offset in [-720, 0, 840] {
            let open = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
                .into_iter()
                .filter(|day| is_open(&WorkingHours::new().utc_offset_minutes(offset).days([*day]), at));
            assert_eq!(open.count(), 1, "{at}, {offset}");
        }
    }
}

#[test]
fn administrator_is_told_the_local_time_and_the_hours() {
    let policy = WorkingHours::new().utc_offset_minutes(480).monday_to_friday().between((8, 30), (18, 0));
    let actor = Actor::new("anna");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0));
    let late = At(moment("2026-11-16", 18, 5, 480));
    let Decision::Deny(denial) = policy.decide(&request, &late).unwrap() else { panic!() };
    assert_eq!(
        denial.for_admin,
        "read: it is Monday 18:05; the hours are 08:30 to 18:00, Monday, Tuesday, Wednesday, Thursday, Friday"
    );
    assert_eq!(denial.for_user, "This can be done during working hours only.");
    assert!(policy.explain(&request, &late).to_string().contains("+ working hours: it is Monday 18:05"));
    let on_call = Actor::new("anna").with_role("x");
    let excepted = policy.except_role("x").explain(&Request { actor: &on_call, ..request }, &late);
    assert!(excepted.to_string().contains("- working hours: the actor has an excepted role, one of `x`"));
}

#[test]
fn mistake_is_told_and_denies_and_another_setting_is_another_version() {
    let nine_to_five = || WorkingHours::new().between((9, 0), (17, 0));
    for (name, faulty, says) in [
        ("nothing", WorkingHours::new(), "limits nothing"),
        ("no days", WorkingHours::new().days([]), "empty list of days"),
        ("hour 25", WorkingHours::new().between((9, 0), (25, 0)), "no times of a day"),
        ("24:01", WorkingHours::new().between((9, 0), (24, 1)), "no times of a day"),
        ("minute 60", WorkingHours::new().between((9, 60), (17, 0)), "no times of a day"),
        ("no span", WorkingHours::new().between((9, 0), (9, 0)), "begins where it ends"),
        ("from the day's end", WorkingHours::new().between((24, 0), (9, 0)), "begins where it ends"),
        ("an offset", nine_to_five().utc_offset_minutes(900), "900 minutes"),
        ("no date", nine_to_five().closed("Christmas"), "`Christmas` is no day"),
        ("no such day", nine_to_five().closed("2026-02-29"), "`2026-02-29` is no day"),
        ("month 13", nine_to_five().closed("2026-13-01"), "is no day"),
        ("month 0", nine_to_five().closed("2026-00-10"), "is no day"),
        ("a short form", nine_to_five().closed("2026-1-01"), "is no day"),
        ("a sign", nine_to_five().closed("+026-01-01"), "is no day"),
        ("a far year", nine_to_five().closed("99999999-1"), "is no day"),
        ("no acts", nine_to_five().for_acts([]), "empty list of acts"),
        ("a nameless role", nine_to_five().except_role(""), "empty name among its excepted roles"),
    ] {
        let error = faulty.check().err().unwrap_or_else(|| panic!("{name}"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
    }
    let wrong = nine_to_five().closed("Christmas");
    assert_eq!(code(&wrong, "sales", Action::Read, moment("2026-11-16", 12, 0, 0)), codes::POLICY_INVALID);
    nine_to_five().closed("2028-02-29").closed("1899-12-31").check().unwrap();
    let versions = [
        nine_to_five(),
        nine_to_five().between((18, 0), (19, 0)),
        nine_to_five().utc_offset_minutes(60),
        nine_to_five().monday_to_friday(),
        nine_to_five().days([Weekday::Sunday]),
        nine_to_five().closed("2026-12-25"),
        nine_to_five().except_role("x"),
        nine_to_five().for_acts([Action::Read]),
    ]
    .map(|hours| hours.version());
    assert!(versions.iter().enumerate().all(|(i, a)| versions.iter().skip(i + 1).all(|b| a != b)));
    let split = WorkingHours::new().between((18, 0), (19, 0)).between((9, 0), (17, 0)).version();
    assert_eq!(split, versions[1]);
}
