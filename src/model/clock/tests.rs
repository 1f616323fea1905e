use super::*;

const TIMES: [(i64, &str); 7] = [
    (0, "1970-01-01T00:00:00.000000Z"),
    (-62_200_000_000_000_000, "-002-12-17T14:13:20.000000Z"),
    (-1, "1969-12-31T23:59:59.999999Z"),
    (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
    (1_795_348_134_000_042, "2026-11-22T11:48:54.000042Z"),
    (i64::MAX, "294247-01-10T04:00:54.775807Z"),
    (i64::MIN, "-290308-12-21T19:59:05.224192Z"),
];

#[test]
fn timestamp_prints_as_rfc_3339_and_reads_back() {
    for (micros, text) in TIMES {
        let time = Timestamp::from_micros(micros);
        assert_eq!(time.to_string(), text);
        assert_eq!(text.parse(), Ok(time));
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }
}

#[test]
fn fraction_of_a_second_may_be_shorter_or_missing() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap().as_micros();
    assert_eq!(time("1970-01-01T00:00:01Z"), 1_000_000);
    assert_eq!(time("1970-01-01T00:00:01.5Z"), 1_500_000);
}

#[test]
fn text_that_is_no_time_of_the_calendar_is_refused() {
    for bad in [
        "",
        "Z",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00+00:00",
        "1970-01-01 00:00:00Z",
        "1970-02-29T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.0000001Z",
        "1970-01-01T00:00:00.+1Z",
        "+1970-01-01T00:00:00Z",
        "70-1-1T0:0:0Z",
        "999999999999-01-01T00:00:00Z",
    ] {
        assert_eq!(bad.parse::<Timestamp>(), Err(ParseTimestampError), "{bad}");
        assert!(serde_json::from_str::<Timestamp>(&format!("\"{bad}\"")).is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<Timestamp>("0").is_err());
}
