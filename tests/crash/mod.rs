//! What the tests that end a vault's process in the middle of its work share: records whose content follows from a
//! number, workers that write them and say what they do, a model of what was promised, and its comparison with a vault.

pub mod check;
pub mod model;
pub mod office;
#[path = "../../src/tests.rs"]
pub mod tests;
pub mod work;

/// An error with all that lies beneath it.
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

/// For `map_err`: what was being done, and the error with all that lies beneath it.
pub fn said(what: impl std::fmt::Display) -> impl FnOnce(strongroom::Error) -> String {
    move |error| format!("{what}: {}", text(&error))
}
