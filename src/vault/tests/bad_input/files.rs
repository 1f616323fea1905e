//! Directories and files that aren't as they should be.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::vault::tests::bad_input::*;

fn options(dir: &Path) -> VaultOptions {
    Vault::options(dir).master_key(Unlocked).policy(roles()).cache_bytes(1 << 20)
}

/// Makes and closes a vault in a directory, with a customer and a long note.
fn made(dir: &Path) -> (RecordId, RecordId) {
    let vault = options(dir).create().unwrap();
    let acme = vault.session(admin()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin()).unwrap().define::<Customer>().unwrap();
    acme.session(admin()).unwrap().define::<Note>().unwrap();
    let session = acme.session(boss()).unwrap();
    let customer = session.collection().unwrap().insert(&Customer::new("Ann", "ann@x.org")).unwrap();
    let note = session.collection().unwrap().insert(&Note::new("long ".repeat(2_000))).unwrap();
    vault.close().unwrap();
    (customer, note)
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy_dir(&entry.path(), &target) } else { drop(fs::copy(entry.path(), target)) }
    }
}

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

/// Opens a vault in a thread of its own, and checks that this takes at most a minute and doesn't panic.
fn opened(dir: &Path) -> Result<Vault, Error> {
    let (send, receive) = mpsc::channel();
    let options = options(dir);
    std::thread::spawn(move || send.send(catch_unwind(AssertUnwindSafe(|| options.open()))));
    let result = receive.recv_timeout(Duration::from_secs(60)).expect("opening hangs");
    result.expect("opening panics")
}

fn whole(what: &str, dir: &Path, (customer, note): (RecordId, RecordId)) {
    let vault = opened(dir).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact, "{what}");
    let session = vault.tenant("acme").unwrap().session(boss()).unwrap();
    assert_eq!(session.collection::<Customer>().unwrap().get(customer).unwrap().value.name, "Ann", "{what}");
    assert_eq!(session.collection::<Note>().unwrap().get(note).unwrap().value.text.len(), 10_000, "{what}");
    vault.close().unwrap();
}

#[test]
fn each_file_cut_garbled_or_missing_is_an_error_or_repaired_and_no_loss() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    let ids = made(&good);
    let mut all = Vec::new();
    files(&good, &mut all);
    assert!(all.len() >= 10, "{all:?}");
    let mut dice = Dice(3);
    let mut repaired = Vec::new();
    for file in &all {
        let name = file.strip_prefix(&good).unwrap();
        let bytes = fs::read(file).unwrap();
        let garbage: Vec<u8> = bytes.iter().map(|_| dice.next() as u8).collect();
        let half = bytes[..bytes.len() / 2].to_vec();
        for (how, instead) in
            [("empty", Some(Vec::new())), ("half", Some(half)), ("garbage", Some(garbage)), ("missing", None)]
        {
            let what = format!("{} {how}", name.display());
            let bad = dir.path().join("bad");
            copy_dir(&good, &bad);
            match instead {
                Some(instead) => fs::write(bad.join(name), instead).unwrap(),
                None => fs::remove_file(bad.join(name)).unwrap(),
            }
            match opened(&bad) {
                Ok(vault) => {
                    repaired.push(what.clone());
                    // The vault opened: then nothing is wrong, or the check reports it.
                    if vault.session(admin()).unwrap().verify().is_ok_and(|verdict| verdict == Verdict::Intact) {
                        drop(vault);
                        whole(&what, &bad, ids);
                    }
                }
                Err(error) => {
                    let known = matches!(
                        error,
                        Error::NotAVault { .. }
                            | Error::Damaged { .. }
                            | Error::Io { .. }
                            | Error::MasterKey(_)
                            | Error::Newer { .. }
                            | Error::WrongMasterKey { .. }
                    );
                    assert!(known, "{what}: {error:?}");
                    fs::write(bad.join(name), &bytes).unwrap();
                    whole(&format!("{what}, put back"), &bad, ids);
                }
            }
            fs::remove_dir_all(&bad).unwrap();
        }
    }
    // Each of the keyring's files has a twin, from which it is repaired.
    for kind in ["table", "tenant"] {
        let fixed = repaired.iter().filter(|what| what.contains(kind)).count();
        assert!(fixed >= 8, "{kind}: {repaired:?}");
    }
    assert!(
        !repaired.iter().any(|what| what.contains("anchor") || what.starts_with("head") || what.starts_with("vault"))
    );
}

#[test]
fn files_of_another_vault_in_place_of_ones_own_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (good, other) = (dir.path().join("good"), dir.path().join("other"));
    let ids = made(&good);
    made(&other);
    for part in ["vault", "head", "keys", "store", "keys/anchor"] {
        let mixed = dir.path().join("mixed");
        copy_dir(&good, &mixed);
        let (from, to) = (other.join(part), mixed.join(part));
        if from.is_dir() {
            fs::remove_dir_all(&to).unwrap();
            copy_dir(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
        let error = opened(&mixed).expect_err(part);
        assert!(matches!(error, Error::Damaged { .. } | Error::MasterKey(_)), "{part}: {error:?}");
        fs::remove_dir_all(&mixed).unwrap();
    }
    whole("the good one", &good, ids);
}

#[test]
fn directory_that_is_no_vault_is_said_to_be_none_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let not = |path: &Path| matches!(options(path).open(), Err(Error::NotAVault { .. }));
    assert!(not(&dir.path().join("missing")));
    assert!(not(dir.path()));
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(not(&file));
    assert!(not(Path::new("/")));
    assert!(not(Path::new("")));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(matches!(open_options(&Memory::new()).open(), Err(Error::NotAVault { .. })));
    for bad in ["/", "..", ""] {
        assert!(options(Path::new(bad)).create().is_err(), "{bad}");
    }
}

#[test]
fn create_over_something_is_refused_and_leaves_it() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    let ids = made(&good);
    assert!(matches!(options(&good).create(), Err(Error::AlreadyExists { path }) if path == good));
    whole("after a refused creation", &good, ids);
    let full = dir.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes.txt"), "mine").unwrap();
    assert!(matches!(options(&full).create(), Err(Error::AlreadyExists { .. })));
    assert_eq!(fs::read(full.join("notes.txt")).unwrap(), b"mine");
    let file = full.join("notes.txt");
    assert!(matches!(options(&file).create(), Err(Error::Directory { path, .. }) if path == file));
    let world = World::new();
    world.vault.close().unwrap();
    assert!(matches!(open_options(&world.memory).create(), Err(Error::AlreadyExists { .. })));
    // An empty directory is fine, and so is the rest of a creation that was cut short.
    let new = dir.path().join("new");
    fs::create_dir(&new).unwrap();
    fs::create_dir(dir.path().join(".new.creating")).unwrap();
    fs::write(dir.path().join(".new.creating/vault"), "half").unwrap();
    made(&new);
    assert!(!dir.path().join(".new.creating").exists());
}

#[test]
fn newer_formats_are_said_to_be_newer() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    let ids = made(&good);
    let marker = fs::read_to_string(good.join("vault")).unwrap();
    fs::write(good.join("vault"), marker.replace("format 1", "format 2")).unwrap();
    assert!(matches!(options(&good).open(), Err(Error::Newer { found: 2, known: 1, .. })));
    fs::write(good.join("vault"), marker).unwrap();
    let anchor = fs::read(good.join("keys/anchor")).unwrap();
    let version = (0..anchor.len()).find(|at| {
        let mut newer = anchor.clone();
        newer[*at] = newer[*at].wrapping_add(1);
        fs::write(good.join("keys/anchor"), newer).unwrap();
        matches!(options(&good).open(), Err(Error::Newer { what: "anchor", .. }))
    });
    assert!(version.is_some_and(|at| at < 16), "{version:?}");
    fs::write(good.join("keys/anchor"), anchor).unwrap();
    whole("put back", &good, ids);
}

#[test]
fn newer_rows_blocks_and_sealed_state_are_said_to_be_newer() {
    use crate::crypto::{Label, seal};
    use crate::format::place;

    let newer = |error: Option<Error>| matches!(error, Some(Error::Newer { found, .. }) if found > 1);
    let world = World::new();
    let id = world.add("Ann", "ann@x.org");
    let key = key_of(&world.customers(), id);
    let row = store(&world.memory).get(&key).unwrap().unwrap();
    put(&world.memory, &[(key.clone(), Some([&[2], &row[1..]].concat()))]);
    assert!(newer(world.customers().get(id).err()));
    assert!(newer(world.customers().list(None, 1).err()));
    put(&world.memory, &[(key, Some(row))]);
    world.vault.flush().unwrap();
    let behind_the_head = copy(&world.memory);
    world.vault.close().unwrap();
    let last = store(&world.memory).scan(&[Space::Block as u8], None, usize::MAX).unwrap().pop().unwrap();
    let block = Some([&[2], &last.1[1..]].concat());
    put(&world.memory, &[(last.0.clone(), block.clone())]);
    assert!(newer(World::open(&world.memory).unwrap().vault.session(admin()).unwrap().verify().err()));
    // A block that the head file doesn't cover yet has to be read to open.
    let (at, _) = place::position_of_key(&last.0).unwrap();
    let tail = stored(&behind_the_head, Space::Block).pop().unwrap();
    assert!(place::position_of_key(&tail.0).unwrap().0 <= at);
    put(&behind_the_head, &[(tail.0, Some([&[2], &tail.1[1..]].concat()))]);
    assert!(newer(open_options(&behind_the_head).open().err()));

    let world = World::new();
    let keys = world.customers().session().tenant.keys.clone();
    let (tenant, twin) = (world.acme.id(), copy(&world.memory));
    world.vault.close().unwrap();
    let context = crate::vault::state::tenant::state_context(tenant);
    let state = seal(keys.sum(), Label::TenantState, &context, &[2; 93]).unwrap();
    put(&twin, &[(place::tenant_state(tenant), Some(state))]);
    assert!(newer(open_options(&twin).open().err()));
}

#[test]
fn vault_that_is_open_is_in_use_here_and_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v");
    made(&path);
    let vault = options(&path).open().unwrap();
    let start = std::time::Instant::now();
    assert!(matches!(options(&path).open(), Err(Error::InUse { path: found }) if found == path));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(options(&path).create().is_err());
    vault.close().unwrap();
    drop(options(&path).open().unwrap());
    let world = World::new();
    assert!(matches!(open_options(&world.memory).open(), Err(Error::InUse { .. })));
    world.vault.close().unwrap();
    World::open(&world.memory).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn vault_that_another_process_holds_is_in_use_until_that_ends() {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v");
    let ids = made(&path);
    let mut other = Command::new("flock")
        .args(["--no-fork", "--exclusive"])
        .arg(path.join("lock"))
        .args(["sh", "-c", "echo held; exec sleep 60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("flock (of util-linux) should be there");
    other.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    assert!(matches!(opened(&path), Err(Error::InUse { .. })));
    other.kill().unwrap();
    other.wait().unwrap();
    whole("after the other process", &path, ids);
}
