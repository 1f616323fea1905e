//! The closest known name to one that isn't there, for "did you mean".

/// Longest name that is compared with others, in bytes: comparing takes as many steps as both lengths multiplied.
const LONGEST: usize = 255;

/// Returns the closest of `names`, if it is close at all; nothing for a name over 255 bytes.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let closeness = |other: &str| strsim::normalized_damerau_levenshtein(other, name);
    let names = names.filter(|other| name.len().max(other.len()) <= LONGEST);
    names
        .max_by(|a, b| closeness(a).total_cmp(&closeness(b)))
        .filter(|other| closeness(other) >= 0.5)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closest_name_is_found_and_none_for_what_resembles_none_or_is_too_long() {
        let nearest = |name: &str| nearest(name, ["email", "phone", &"long ".repeat(51)].into_iter());
        assert_eq!(nearest("emial").as_deref(), Some("email"));
        assert_eq!(nearest("birthday"), None);
        let long = "long ".repeat(51);
        assert_eq!(long.len(), LONGEST);
        assert_eq!(nearest(&long.replacen('o', "0", 1)), Some(long.clone()));
        assert_eq!(nearest(&format!("{long}!")), None);
    }
}
