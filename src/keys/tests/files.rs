//! A keyring in a directory.

use std::fs;

use super::*;

#[test]
fn keyring_in_a_directory_reopens_after_every_kind_of_change() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("keyring");
    let keyring = Keyring::create(Arc::new(FileHome::create(&path).unwrap()), VAULT, master(1)).unwrap();
    keyring.add_tenant(tenant(1)).unwrap();
    keyring.raise_ceiling(tenant(1), 1 << 20).unwrap();
    keyring.puncture(tenant(1), &[Slot(1)]).unwrap();
    let before = state(&keyring);
    fs::write(path.join("anchor.new"), b"left by a crash").unwrap();
    let reopened = Keyring::open(Arc::new(FileHome::open(&path)), VAULT, master(1)).unwrap();
    assert_eq!(state(&reopened), before);
    reopened.puncture(tenant(1), &[Slot(2)]).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let hex = "01".repeat(16);
    let expected = [
        "anchor".into(),
        "table.5.a".into(),
        "table.5.b".into(),
        format!("tenant-{hex}.5.a"),
        format!("tenant-{hex}.5.b"),
    ];
    assert_eq!(names, expected);
    assert!(FileHome::create(&path).is_err(), "a directory was taken over");
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone_and_a_replaced_anchor_is_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("keyring");
    let keyring = Keyring::create(Arc::new(FileHome::create(&path).unwrap()), VAULT, master(1)).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    // A second name for the old anchor's bytes, to see what becomes of them.
    let (anchor, old) = (path.join("anchor"), scratch.path().join("old"));
    fs::hard_link(&anchor, &old).unwrap();
    keyring.add_tenant(tenant(1)).unwrap();
    let (now, was) = (fs::read(&anchor).unwrap(), fs::read(&old).unwrap());
    assert!(now.starts_with(b"SRanchor"));
    assert!(!was.is_empty() && was.iter().all(|b| *b == 0), "the old anchor can still be read");
}

#[test]
fn anchor_too_long_to_be_one_is_refused_unread() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("anchor"), vec![0; 1 << 20]).unwrap();
    let opened = Keyring::open(Arc::new(FileHome::open(scratch.path())), VAULT, master(1));
    assert!(matches!(opened, Err(KeyError::Home(_))));
}
