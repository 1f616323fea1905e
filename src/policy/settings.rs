//! A policy's settings in one text, the same for all ways of saying the same. For its version.
//!
//! Layout: a text is its length in bytes in decimal, a colon and itself; a number or a flag (0, 1) is in decimal behind a
//! `#`; a list is its length as a number and then its items, in the order of their bytes.

use std::fmt::Write;

use super::PolicyVersion;

/// Settings as they are written down.
pub(super) struct Settings(String);

impl Settings {
    /// Begins the settings of this kind of policy.
    pub(super) fn of(kind: &str) -> Self {
        let mut settings = Self(String::new());
        settings.text(kind);
        settings
    }

    pub(super) fn text(&mut self, text: &str) {
        // Writing to a `String` doesn't fail.
        let _ = write!(self.0, "{}:{text}", text.len());
    }

    pub(super) fn number(&mut self, number: usize) {
        let _ = write!(self.0, "#{number}");
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.number(usize::from(flag));
    }

    /// Writes a list of texts that is in order already.
    pub(super) fn list(&mut self, sorted: &std::collections::BTreeSet<String>) {
        self.number(sorted.len());
        sorted.iter().for_each(|text| self.text(text));
    }

    pub(super) fn version(&self) -> PolicyVersion {
        PolicyVersion::of(&self.0)
    }
}

#[cfg(test)]
mod tests;
