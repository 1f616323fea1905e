//! The size of tests that try very many cases: a short form for every day, a long one before a change lands.

/// Returns how much a test tries: `long` where the environment says `STRONGROOM_LONG=1`, else `short`.
pub(crate) fn amount<T>(short: T, long: T) -> T {
    if std::env::var_os("STRONGROOM_LONG").is_some_and(|set| set == "1") { long } else { short }
}
