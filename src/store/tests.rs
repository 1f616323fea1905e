//! Tests that every store has to pass, and a store that fails as planned.

pub(in crate::store) mod conformance;
pub(crate) mod faulty;
