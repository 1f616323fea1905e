use super::*;

#[test]
fn hostile_characters_show_as_escapes_and_others_stay() {
    assert_eq!(visible("a\nb\u{85}\u{2028}\u{202e}\u{7f}é😀"), "a\\u000ab\\u0085\\u2028\\u202e\\u007fé😀");
    assert!(matches!(visible("plain \\ text"), Cow::Borrowed(_)));
}

#[test]
fn escaped_json_means_the_same() {
    let value = serde_json::json!({ "a\u{2029}": "x\u{85}\u{feff}\n\"\\" });
    let line = json(value.to_string());
    assert!(!line.contains(is_hostile));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
}

#[test]
fn text_is_cut_between_characters() {
    assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 5)), ("a", "aé", ""));
    assert_eq!((&*shortened("abcdef", 5), &*shortened("abcde", 5)), ("ab…", "abcde"));
}
