//! Parts that are shared by the tests that end a vault's process in the middle of its work: records whose content
//! follows from a number, workers that write them and say what they do, a model of what was promised, and its
//! comparison with a vault.

pub mod check;
pub mod model;
pub mod office;
#[path = "../../src/tests.rs"]
pub mod tests;
pub mod work;

/// Writes an error with all that lies beneath it.
pub fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Adds to an error what was being done, and writes all that lies beneath it; for `map_err`.
pub fn said(what: impl std::fmt::Display) -> impl FnOnce(strongroom::Error) -> String {
    move |error| format!("{what}: {}", text(&error))
}
