use super::*;

#[test]
fn place_counts_lines_and_characters_from_one() {
    let text = "ab\n客户x\n";
    for (offset, said) in
        [(0, "line 1, column 1"), (2, "line 1, column 3"), (3, "line 2, column 1"), (9, "line 2, column 3")]
    {
        assert_eq!(place(text, offset), said);
    }
    assert_eq!(place(text, usize::MAX), "line 3, column 1");
}

#[test]
fn literals_and_remarks_are_no_code() {
    let text = "a(\"b//\\\"(客\") // ) \"\nc\"\\\\\"d/e";
    let said = code(text);
    assert_eq!(said.len(), text.len());
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["a(\"", "\")", "c\"", "\"d/e"]);
}

#[test]
fn only_close_words_are_suggested() {
    assert_eq!(did_you_mean("raed", ["write", "read"]), "; did you mean `read`?");
    assert_eq!(did_you_mean("approve", ["write", "read"]), "");
}
