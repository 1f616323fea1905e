use super::*;

#[test]
fn dropped_lock_is_free_though_a_process_that_is_being_started_has_a_copy_of_its_handle() {
    let dir = tempfile::tempdir().unwrap();
    let first = DirLock::acquire(dir.path()).unwrap();
    let _copy = first.file.try_clone().unwrap();
    drop(first);
    DirLock::acquire(dir.path()).unwrap();
}

#[test]
fn second_acquire_is_refused_until_the_first_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let first = DirLock::acquire(dir.path()).unwrap();
    assert!(matches!(DirLock::acquire(dir.path()), Err(StoreError::InUse)));
    drop(first);
    DirLock::acquire(dir.path()).unwrap();
}

#[test]
fn missing_directory_is_an_error_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    assert!(matches!(DirLock::acquire(&missing), Err(StoreError::Io { .. })));
    assert!(!missing.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn lock_held_by_another_process_is_refused_and_freed_by_its_kill() {
    let dir = tempfile::tempdir().unwrap();
    drop(DirLock::acquire(dir.path()).unwrap());
    let mut other = std::process::Command::new("flock")
        .args(["--no-fork", "--exclusive"])
        .arg(dir.path().join(NAME))
        .args(["sh", "-c", "echo held; exec sleep 60"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("flock (of util-linux) should be there");
    let mut line = [0; 5];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut line).unwrap();
    assert!(matches!(DirLock::acquire(dir.path()), Err(StoreError::InUse)));
    other.kill().unwrap();
    other.wait().unwrap();
    DirLock::acquire(dir.path()).unwrap();
}
