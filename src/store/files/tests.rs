use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("head");
    (dir, path)
}

#[test]
fn write_new_refuses_to_touch_an_existing_file() {
    let (_dir, path) = place();
    write_new(&path, b"first").unwrap();
    assert_eq!(write_new(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
}

#[test]
fn replace_makes_and_replaces_and_survives_its_own_leftover() {
    let (dir, path) = place();
    replace(&path, b"one").unwrap();
    fs::write(dir.path().join("head.new"), b"left over from a crash, and longer").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn read_limited_tells_missing_from_too_long() {
    let (_dir, path) = place();
    assert!(read_limited(&path, 4).unwrap().is_none());
    fs::write(&path, b"1234").unwrap();
    assert_eq!(read_limited(&path, 4).unwrap().unwrap(), b"1234");
    fs::write(&path, b"12345").unwrap();
    assert_eq!(read_limited(&path, 4).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn overwritten_file_is_gone_and_its_other_name_holds_zeros() {
    let (dir, path) = place();
    let other = dir.path().join("other");
    fs::write(&path, vec![7; 100_000]).unwrap();
    fs::hard_link(&path, &other).unwrap();
    overwrite_and_remove(&path).unwrap();
    assert!(!path.exists());
    assert_eq!(fs::read(&other).unwrap(), vec![0; 100_000]);
    overwrite_and_remove(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn overwriting_follows_no_link() {
    let (dir, path) = place();
    let target = dir.path().join("target");
    fs::write(&target, b"not ours").unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    overwrite_and_remove(&path).unwrap();
    assert!(!path.exists());
    assert_eq!(fs::read(&target).unwrap(), b"not ours");
}

#[cfg(unix)]
#[test]
fn files_and_directories_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = place();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    write_new(&path, b"x").unwrap();
    assert_eq!(mode(&path), 0o600);
    replace(&path, b"y").unwrap();
    assert_eq!(mode(&path), 0o600);
    create_dir(&dir.path().join("d")).unwrap();
    assert_eq!(mode(&dir.path().join("d")), 0o700);
}
