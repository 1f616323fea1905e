//! Places in a text, what of it is code, and words that were meant.

/// Returns the line and column of a byte offset, both from 1; columns count characters.
pub(super) fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.chars().rev().take_while(|c| *c != '\n').count().saturating_add(1);
    format!("line {line}, column {column}")
}

/// Returns the text with a blank for each byte within a text literal or a remark, so that places stay.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let (mut literal, mut remark, mut escaped) = (false, false, false);
    for (at, c) in text.char_indices() {
        let begins_remark = !literal && !remark && text.get(at..).is_some_and(|rest| rest.starts_with("//"));
        remark = (remark || begins_remark) && c != '\n';
        let ends = literal && c == '"' && !escaped;
        let begins = !literal && !remark && c == '"';
        if (literal && !ends) || remark {
            (0..c.len_utf8()).for_each(|_| code.push(' '));
        } else {
            code.push(c);
        }
        escaped = literal && c == '\\' && !escaped;
        literal = (literal || begins) && !ends;
    }
    code
}

/// Says `; did you mean ..?`, if one of the known words is close enough.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let close = |known: &&str| strsim::damerau_levenshtein(word, known) <= 2.min(word.chars().count() / 2);
    let nearest = known.into_iter().filter(close).min_by_key(|known| strsim::damerau_levenshtein(word, known));
    nearest.map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests;
