//! Files, and files that change.

use std::fs;

use super::*;

const ONE: &str = "version = 1\n[roles.a]\nmay = [\"define\"]\n";

#[test]
fn changed_file_is_read_again_and_an_unchanged_one_is_not() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("crm.toml");
    fs::write(&path, ONE).unwrap();
    let policy = PolicyFile::load(&path).unwrap();
    assert!(policy.reload().unwrap().is_none());
    fs::write(&path, format!("# a comment\n{ONE}")).unwrap();
    assert!(policy.reload().unwrap().is_none());
    fs::write(&path, ONE.replace("define", "verify")).unwrap();
    let changed = policy.reload().unwrap().unwrap();
    assert_ne!(changed.version(), policy.version());
    assert!(changed.reload().unwrap().is_none());
    assert!(PolicyFile::parse(ONE).unwrap().reload().unwrap().is_none());
}

#[test]
fn mistaken_missing_and_unreadable_files_are_errors_that_name_the_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("crm.toml");
    fs::write(&path, ONE).unwrap();
    let policy = PolicyFile::load(&path).unwrap();
    fs::write(&path, "version = 1\n[roles.a]\nmey = [\"define\"]\n").unwrap();
    let error = policy.reload().unwrap_err();
    assert_eq!(
        error.to_string(),
        "crm.toml:3:1: `mey` isn't a key here: did you mean `may`?\n    mey = [\"define\"]\n    ^"
    );
    fs::write(&path, [0x76, 0xff]).unwrap();
    assert!(matches!(policy.reload(), Err(PolicyFileError::Unreadable { .. })));
    fs::write(&path, "#".repeat(MOST_BYTES + 1)).unwrap();
    assert!(matches!(policy.reload(), Err(PolicyFileError::TooLarge { name, .. }) if name == "crm.toml"));
    fs::remove_file(&path).unwrap();
    let error = policy.reload().unwrap_err();
    assert!(error.to_string().contains("crm.toml") && error.mistakes().is_empty());
    assert!(std::error::Error::source(&error).is_some());
}
