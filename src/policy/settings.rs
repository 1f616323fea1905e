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
mod tests {
    use super::*;

    fn version(write: impl FnOnce(&mut Settings)) -> PolicyVersion {
        let mut settings = Settings::of("test");
        write(&mut settings);
        settings.version()
    }

    #[test]
    fn settings_that_differ_in_where_a_text_ends_have_other_versions() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let versions = [
            version(|s| s.list(&list(&["a", "b"]))),
            version(|s| s.list(&list(&["ab"]))),
            version(|s| s.list(&list(&["a1:b"]))),
            version(|s| s.text("a")),
            version(|s| s.number(1)),
            version(|s| s.text("#1")),
            version(|s| {
                s.list(&list(&["a"]));
                s.list(&list(&["b"]));
            }),
            version(|s| {
                s.list(&list(&["a", "b"]));
                s.list(&list(&[]));
            }),
        ];
        for (i, a) in versions.iter().enumerate() {
            for (j, b) in versions.iter().enumerate() {
                assert_eq!(a == b, i == j, "{i} {j}");
            }
        }
    }

    #[test]
    fn version_is_that_of_the_documented_text() {
        let written = version(|s| {
            s.list(&["é".to_owned(), "b".to_owned()].into());
            s.flag(true);
        });
        assert_eq!(written, PolicyVersion::of("4:test#21:b2:é#1"));
    }
}
