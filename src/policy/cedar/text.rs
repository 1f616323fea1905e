//! Places in a text, and words that were meant.

/// The line and column of a byte offset, both from 1; columns count characters.
pub(super) fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.chars().rev().take_while(|c| *c != '\n').count().saturating_add(1);
    format!("line {line}, column {column}")
}

/// `; did you mean ..?`, if one of the known words is close enough.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let close = |known: &&str| strsim::damerau_levenshtein(word, known) <= 2.min(word.chars().count() / 2);
    let nearest = known.into_iter().filter(close).min_by_key(|known| strsim::damerau_levenshtein(word, known));
    nearest.map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests {
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
    fn only_close_words_are_suggested() {
        assert_eq!(did_you_mean("raed", ["write", "read"]), "; did you mean `read`?");
        assert_eq!(did_you_mean("approve", ["write", "read"]), "");
    }
}
