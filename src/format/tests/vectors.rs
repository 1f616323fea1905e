//! The published test vectors, for the tests that hold the code against them.

use serde_json::Value;

/// Returns one top-level member of `vectors.json`.
pub(crate) fn published(topic: &str) -> Value {
    let mut all: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    assert!(all[topic].is_object(), "vectors.json has no `{topic}`");
    all[topic].take()
}

/// Returns the bytes that a text of hexadecimal digits stands for.
pub(crate) fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
