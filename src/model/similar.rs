//! The closest known name to one that isn't there, for "did you mean".

/// Returns the closest of `names`, if it is close at all.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let closeness = |other: &str| strsim::normalized_damerau_levenshtein(other, name);
    names
        .max_by(|a, b| closeness(a).total_cmp(&closeness(b)))
        .filter(|other| closeness(other) >= 0.5)
        .map(str::to_owned)
}
