use super::*;

#[test]
fn ascii_is_folded_as_any_other_text() {
    for byte in 0..128u8 {
        let text = format!("A{}z", char::from(byte));
        let short = settle(&text, |folded| collect(folded));
        assert_eq!(*short, caseless(&text).collect::<String>(), "{byte}");
    }
}

#[test]
fn digits_of_every_script_become_ascii_and_nothing_else_does() {
    for (c, digit) in [('0', '0'), ('9', '9'), ('٣', '3'), ('۹', '9'), ('९', '9'), ('９', '9'), ('\u{1fbf9}', '9')]
    {
        assert_eq!(ascii_digit(c), digit, "{c}");
    }
    for c in ['\0', '/', ':', 'a', '一', '²', 'Ⅳ', '\u{1fbfa}', char::MAX] {
        assert_eq!(ascii_digit(c), c, "{c}");
    }
}
