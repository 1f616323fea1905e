use super::*;

#[test]
fn text_is_broken_between_words_and_long_words_within() {
    assert_eq!(wrap("name, email, tier", 11), ["name,", "email, tier"]);
    assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrap("", 4), [""]);
    assert_eq!(wrap("客户管理", 4), ["客户", "管理"]);
}

#[test]
fn nothing_in_a_cell_ends_its_line_or_turns_it_around() {
    assert_eq!(shown("a\nb\u{1b}[2Jc\u{202e}d"), "a\u{fffd}b\u{fffd}[2Jc\u{fffd}d");
}
