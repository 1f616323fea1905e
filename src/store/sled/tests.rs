use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::tests::conformance::{closes, conforms};
use super::log::{SEGMENT, segments};
use super::*;

const CACHE: u64 = 8 << 20;

struct Place {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    Place { path: dir.path().join("store"), _dir: dir }
}

fn open(path: &Path) -> (SledStore, Vec<Notice>) {
    SledStore::open(path, CACHE).unwrap()
}

fn put(store: &dyn Store, key: &str, value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(key, value);
    store.commit(&batch, &[]).unwrap();
}

/// Returns a closed store of 300 pairs, opened twice so that it has a snapshot.
fn filled() -> Place {
    let place = place();
    let store = SledStore::create(&place.path, CACHE).unwrap();
    for from in (0..300).step_by(10) {
        let mut batch = Batch::default();
        (from..from + 10).for_each(|n| batch.put(format!("key {n:03}"), vec![n as u8; 400]));
        store.commit(&batch, &[]).unwrap();
    }
    store.close().unwrap();
    open(&place.path).0.close().unwrap();
    place
}

fn assert_filled(store: &SledStore) {
    let all = store.scan(b"", None, usize::MAX).unwrap();
    assert_eq!(all.len(), 300);
    for (n, (key, value)) in all.iter().enumerate() {
        assert_eq!((key.as_slice(), value), (format!("key {n:03}").as_bytes(), &vec![n as u8; 400]));
    }
}

fn snapshots(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("snap.")).collect()
}

fn files_of(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn sled_store_conforms() {
    let place = place();
    let store = SledStore::create(&place.path, CACHE).unwrap();
    conforms(&store);
    closes(&store);
}

#[test]
fn committed_pairs_are_there_after_reopening() {
    let place = filled();
    for _ in 0..5 {
        let (store, notices) = open(&place.path);
        assert_eq!(notices, []);
        assert_filled(&store);
    }
}

#[test]
fn store_is_not_created_over_anything() {
    let place = place();
    fs::create_dir(&place.path).unwrap();
    assert!(matches!(SledStore::create(&place.path, CACHE), Err(StoreError::Io { .. })));
    assert_eq!(fs::read_dir(&place.path).unwrap().count(), 0);
}

#[test]
fn leftover_of_an_unfinished_creation_is_replaced() {
    let place = place();
    let leftover = place.path.with_file_name("store.creating");
    fs::create_dir(&leftover).unwrap();
    fs::write(leftover.join("db"), b"torn").unwrap();
    SledStore::create(&place.path, CACHE).unwrap();
    assert!(!leftover.exists());
}

#[cfg(unix)]
#[test]
fn new_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    SledStore::create(&place.path, CACHE).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path), 0o700);
    assert_eq!(mode(&place.path.join("db")), 0o600);
    assert_eq!(mode(&place.path.join("conf")), 0o600);
    assert_eq!(mode(&place.path.join("blobs")), 0o700);
}

#[test]
fn unfinished_snapshot_is_removed_and_told() {
    let place = filled();
    let file = "snap.00000000FFFFFFFF.generating".to_owned();
    fs::write(place.path.join(&file), b"half of a snap").unwrap();
    let (store, notices) = open(&place.path);
    assert_eq!(notices, [Notice::UnfinishedSnapshotRemoved { file: file.clone() }]);
    assert_filled(&store);
    assert!(!place.path.join(file).exists());
}

#[test]
fn torn_garbage_and_empty_snapshots_are_set_aside_and_told() {
    for damage in ["torn", "garbage", "empty", "flipped"] {
        let place = filled();
        let names = snapshots(&place.path);
        assert_eq!(names.len(), 1);
        let path = place.path.join(&names[0]);
        let mut bytes = fs::read(&path).unwrap();
        match damage {
            "torn" => bytes.truncate(bytes.len() / 2),
            "garbage" => bytes = vec![0xa5; 5000],
            "empty" => bytes.clear(),
            _ => bytes[3] ^= 1,
        }
        fs::write(&path, &bytes).unwrap();
        let (store, notices) = open(&place.path);
        assert_eq!(notices, [Notice::SnapshotSetAside { file: names[0].clone() }], "{damage}");
        assert_filled(&store);
        assert_eq!(fs::read(place.path.join(format!("torn.{}", names[0]))).unwrap(), bytes);
        drop(store);
        assert_eq!(open(&place.path).1, [], "told once");
    }
}

#[test]
fn log_damaged_under_a_whole_snapshot_is_refused_and_left_alone() {
    let place = filled();
    let whole = fs::read(place.path.join("db")).unwrap();
    let used = whole.iter().rposition(|b| *b != 0).unwrap();
    for n in 0..40 {
        let mut damaged = whole.clone();
        match n % 2 {
            0 => damaged[20 + n * (used - 20) / 40] ^= 0x10,
            _ => damaged.truncate(n * used / 40),
        }
        fs::write(place.path.join("db"), damaged).unwrap();
        let before = files_of(&place.path);
        assert!(matches!(SledStore::open(&place.path, CACHE), Err(StoreError::Corrupt { .. })), "{n}");
        assert!(files_of(&place.path) == before, "{n}: something was written");
    }
    fs::write(place.path.join("db"), whole).unwrap();
    assert_filled(&open(&place.path).0);
}

#[test]
fn directory_that_is_no_store_is_refused_and_left_alone() {
    let garbage: Vec<u8> = (0..2_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    type Damage<'a> = (&'a str, &'a dyn Fn(&Path));
    let damages: [Damage<'_>; 9] = [
        ("no settings", &|p| fs::remove_file(p.join("conf")).unwrap()),
        ("foreign settings", &|p| fs::write(p.join("conf"), b"[core]\nbare = false\n").unwrap()),
        ("long settings", &|p| fs::write(p.join("conf"), vec![b'a'; 10_000]).unwrap()),
        ("no data", &|p| fs::remove_file(p.join("db")).unwrap()),
        ("empty data", &|p| fs::write(p.join("db"), b"").unwrap()),
        ("a few bytes", &|p| fs::write(p.join("db"), b"0123456789").unwrap()),
        ("zeros", &|p| fs::write(p.join("db"), vec![0; 1 << 20]).unwrap()),
        ("garbage", &|p| fs::write(p.join("db"), &garbage).unwrap()),
        ("a flipped bit in the only header", &|p| {
            let mut bytes = fs::read(p.join("db")).unwrap();
            bytes[9] ^= 4;
            fs::write(p.join("db"), bytes).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let place = filled();
        damage(&place.path);
        let before = files_of(&place.path);
        let refused = SledStore::open(&place.path, CACHE);
        assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{name}");
        assert!(files_of(&place.path) == before, "{name}: something was written");
    }
    let missing = place();
    assert!(SledStore::open(&missing.path, CACHE).is_err());
    assert!(!missing.path.exists());
}

#[test]
fn after_a_failed_sync_nothing_is_answered_until_it_is_reopened() {
    let place = filled();
    let (store, _) = open(&place.path);
    {
        // A handle that can't be synced.
        let mut engine = store.engine.write().unwrap();
        let (_, pipe) = std::io::pipe().unwrap();
        engine.as_mut().unwrap().file = File::from(std::os::fd::OwnedFd::from(pipe));
    }
    let mut batch = Batch::default();
    batch.put("key 000", "changed");
    assert!(matches!(store.commit(&batch, &[]), Err(CommitError::Store(StoreError::Io { .. }))));
    assert!(matches!(store.get(b"key 001"), Err(StoreError::Poisoned)));
    assert!(matches!(store.scan(b"", None, 1), Err(StoreError::Poisoned)));
    assert!(matches!(store.commit(&batch, &[]), Err(CommitError::Store(StoreError::Poisoned))));
    drop(store);
    let (store, _) = open(&place.path);
    assert!(store.get(b"key 001").unwrap().is_some());
}

#[test]
fn panic_in_the_engine_is_an_error_and_poisons() {
    let place = filled();
    let (store, _) = open(&place.path);
    let result = store.with::<(), StoreError>("read", |_| panic!("as the engine might"));
    assert!(matches!(result, Err(StoreError::Engine { what: "read", .. })));
    assert!(matches!(store.get(b"key 001"), Err(StoreError::Poisoned)));
    assert!(matches!(store.close(), Err(StoreError::Poisoned)));
}

#[test]
fn no_value_leaves_the_log_for_a_file_of_its_own() {
    let place = place();
    let store = SledStore::create(&place.path, CACHE).unwrap();
    for n in 0..60 {
        let mut batch = Batch::default();
        (0..20).for_each(|m| batch.put(format!("{:04}", n * 7919 % 1200 + m), vec![n as u8; super::super::MAX_VALUE]));
        store.commit(&batch, &[]).unwrap();
    }
    store.close().unwrap();
    assert_eq!(fs::read_dir(place.path.join("blobs")).unwrap().count(), 0);
}

#[test]
fn closing_while_others_read_and_write_ends_in_closed() {
    let place = filled();
    let store = Arc::new(open(&place.path).0);
    let workers: Vec<_> = (0..4)
        .map(|n| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                let mut acknowledged = 0u32;
                loop {
                    let mut batch = Batch::default();
                    batch.put(format!("count {n}"), (acknowledged + 1).to_be_bytes());
                    match store.commit(&batch, &[]) {
                        Ok(()) => acknowledged += 1,
                        Err(CommitError::Store(StoreError::Closed)) => return acknowledged,
                        Err(other) => panic!("{other:?}"),
                    }
                    match store.scan(b"key", None, 10) {
                        Ok(page) => assert_eq!(page.len(), 10),
                        Err(StoreError::Closed) => return acknowledged,
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(50));
    store.close().unwrap();
    let counts: Vec<u32> = workers.into_iter().map(|w| w.join().unwrap()).collect();
    let (store, _) = open(&place.path);
    for (n, count) in counts.into_iter().enumerate() {
        let found = store
            .get(format!("count {n}").as_bytes())
            .unwrap()
            .map_or(0, |b| u32::from_be_bytes(b.try_into().unwrap()));
        assert_eq!(found, count);
    }
    put(&store, "last", b"");
}

/// Returns a closed store in whose log the segment before the last is gone: all its rows moved on, and opening freed it.
fn moved() -> Place {
    let place = filled();
    for _ in 0..60 {
        let (store, _) = open(&place.path);
        let all = segments(&File::open(place.path.join("db")).unwrap()).unwrap();
        let last = all.iter().map(|segment| segment.sequence).max().unwrap();
        if last > 0 && all.iter().all(|segment| segment.sequence + SEGMENT != last) {
            store.close().unwrap();
            return place;
        }
        // To another value and back: what is there already isn't written.
        for (from, by) in [1, 0].into_iter().flat_map(|by| (0..300).step_by(10).map(move |from| (from, by))) {
            let mut batch = Batch::default();
            (from..from + 10).for_each(|n| batch.put(format!("key {n:03}"), vec![(n + by) as u8; 400]));
            store.commit(&batch, &[]).unwrap();
        }
        // The engine's own thread moves what is left in a segment, twice a second.
        thread::sleep(Duration::from_millis(if last > 0 { 600 } else { 0 }));
        store.close().unwrap();
    }
    panic!("no segment before the last has become free");
}

#[test]
fn store_opens_without_its_snapshot_though_the_segment_before_its_last_is_free() {
    let place = moved();
    for name in snapshots(&place.path) {
        fs::remove_file(place.path.join(name)).unwrap();
    }
    assert_filled(&open(&place.path).0);
}

/// Returns a closed store whose log has several segments, and a snapshot that knows the first.
fn long() -> Place {
    let place = filled();
    let (store, _) = open(&place.path);
    for n in 0..400 {
        put(&store, &format!("more {n:03}"), &[n as u8; 4000]);
    }
    store.close().unwrap();
    place
}

#[test]
fn opening_that_fails_after_a_repair_leaves_the_log_as_repaired() {
    let place = long();
    let file = fs::OpenOptions::new().read(true).write(true).open(place.path.join("db")).unwrap();
    let all = segments(&file).unwrap();
    assert!(all.iter().all(|segment| segment.stable < segment.sequence.max(1)), "it was repaired before");
    let last = all.iter().max_by_key(|segment| segment.sequence).unwrap();
    let mut db = fs::read(place.path.join("db")).unwrap();
    // The engine lists this directory once it has written to the end of its log.
    fs::remove_dir(place.path.join("blobs")).unwrap();
    fs::write(place.path.join("blobs"), b"").unwrap();
    assert!(SledStore::open(&place.path, CACHE).is_err());
    let left = fs::read(place.path.join("db")).unwrap();
    let header = last.at as usize..last.at as usize + 20;
    assert!(left[header.clone()] != db[header.clone()], "the end isn't told to be stable");
    db[header.clone()].copy_from_slice(&left[header]);
    assert!(left == db, "more than the repair was written");
}

#[test]
fn log_without_the_segment_from_which_its_end_is_looked_for_is_refused_and_left_alone() {
    let place = long();
    let mut db = fs::read(place.path.join("db")).unwrap();
    let all = segments(&File::open(place.path.join("db")).unwrap()).unwrap();
    let stable = all.iter().map(|segment| segment.stable).max().unwrap();
    let lost = all.iter().find(|segment| segment.sequence == stable / SEGMENT * SEGMENT).unwrap();
    db[lost.at as usize..][..512].fill(0);
    fs::write(place.path.join("db"), &db).unwrap();
    let before = files_of(&place.path);
    assert!(matches!(SledStore::open(&place.path, CACHE), Err(StoreError::Corrupt { .. })));
    assert!(files_of(&place.path) == before, "something was written");
}

#[test]
fn batch_of_many_segments_torn_by_a_power_cut_isnt_there_at_all() {
    let place = filled();
    let (store, _) = open(&place.path);
    let file = place.path.join("db");
    let mut random = 7u64;
    let mut below = move |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    let mut tried = 0;
    for round in 1..4u8 {
        let before = fs::read(&file).unwrap();
        let ended =
            segments(&File::open(&file).unwrap()).unwrap().iter().map(|segment| segment.sequence).max().unwrap();
        let mut batch = Batch::default();
        (0..u32::from(round) * 150).for_each(|n| batch.put(format!("large {round} {n:04}"), vec![round; 4000]));
        (0..300).for_each(|n| batch.put(format!("key {n:03}"), vec![n as u8; 400]));
        store.commit(&batch, &[]).unwrap();
        let after = fs::read(&file).unwrap();
        let written = segments(&File::open(&file).unwrap()).unwrap();
        if written.iter().any(|segment| segment.stable >= ended + SEGMENT) {
            continue; // The engine's own thread has begun a segment behind the batch.
        }
        tried += 1;
        for cut in 0..6 {
            let image = tempfile::tempdir().unwrap();
            let mut torn = before.clone();
            torn.resize(after.len(), 0);
            let (unit, odds) = if cut % 2 == 0 { (512, 8) } else { (SEGMENT as usize, 2) };
            for (to, from) in torn.chunks_mut(unit).zip(after.chunks(unit)) {
                if below(odds) > 0 {
                    to.copy_from_slice(from);
                }
            }
            if torn == after {
                continue;
            }
            for (path, bytes) in files_of(&place.path) {
                let bytes = if path.ends_with("db") { &torn } else { &bytes };
                fs::write(image.path().join(path.file_name().unwrap()), bytes).unwrap();
            }
            let db = fs::OpenOptions::new().read(true).write(true).open(image.path().join("db")).unwrap();
            log::end_alone(&db, 0).unwrap();
            for segment in segments(&db).unwrap() {
                assert!(segment.stable < ended + SEGMENT, "a batch that isn't whole is told to be stable");
            }
            let (opened, _) = open(image.path());
            assert_eq!(opened.scan(format!("large {round}").as_bytes(), None, usize::MAX).unwrap().len(), 0, "{cut}");
            let large = opened.scan(b"large", None, usize::MAX).unwrap().len();
            assert_eq!(large, (1..usize::from(round)).map(|n| n * 150).sum::<usize>(), "{cut}");
            assert_eq!(opened.scan(b"key", None, usize::MAX).unwrap().len(), 300, "{cut}");
        }
    }
    assert!(tried > 0);
}
