//! New files, policies of syncing, and what fails on the way.

use std::time::Duration;

use super::*;
use crate::audit::json_lines::Json;
use crate::audit::{Frontier, HeadBody};
use crate::crypto::Key;
use crate::model::{JournalEpochId, VaultId};

const HOUR: Duration = Duration::from_secs(3_600);

fn at(position: u64, time: Duration) -> Vec<Event> {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(time.as_micros().try_into().unwrap()), Action::Read);
    builder.outcome(Outcome::Permitted, "", "");
    let entry = builder.finish().unwrap();
    events(&Arc::from(JOURNAL), None, position, vec![entry; 2])
}

fn head() -> Head {
    let body = HeadBody {
        vault: VaultId::from_bytes([1; 16]),
        epoch: JournalEpochId::from_bytes([2; 16]),
        size: 0,
        root: Frontier::default().root(),
        ledger_size: 0,
        ledger_hash: [0; 32],
        time: Timestamp::from_micros(0),
    };
    Head::sign(&Key::copied(&[1; 32]), body)
}

/// The names of all files, and the numbers of all events in them, in the order of the files.
fn files(path: &Path) -> (Vec<String>, Vec<(u64, u64)>) {
    let mut names: Vec<String> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    // The one without a number is the newest.
    names.sort_by_key(|name| (name.ends_with("jsonl"), name.clone()));
    let all = names.iter().flat_map(|name| content(&path.with_file_name(name))).collect();
    (names, all)
}

fn next(sink: &mut impl AuditSink) -> Result<u64, SinkError> {
    Ok(match sink.last(JOURNAL)? {
        Held::Nothing => 0,
        Held::UpTo(position) => position + 1,
        Held::Unknown => panic!(),
    })
}

#[test]
fn file_that_is_full_is_put_aside_and_every_event_is_in_one_of_them_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let line = block(JOURNAL, 0, 1)[0].to_json().len() as u64 + 10;
    let options = FileOptions::new().rotate_at_bytes(line * 3);
    let mut sink = JsonLines::append_with(&path, options).unwrap();
    sink.deliver(&blocks(0..4)).unwrap();
    drop(sink);
    let mut sink = JsonLines::append_with(&path, options).unwrap();
    assert_eq!(next(&mut sink).unwrap(), 4);
    for position in 4..9 {
        sink.deliver(&blocks(position..position + 1)).unwrap();
    }
    let (names, all) = files(&path);
    assert_eq!(all, whole(0..9));
    assert!(names.len() >= 6, "{names:?}");
    assert_eq!(names[0], "audit.jsonl.000001");
    for name in &names {
        assert!(fs::metadata(path.with_file_name(name)).unwrap().len() <= line * 3);
    }
    // A file is never left empty for a line that is too long by itself.
    let mut sink =
        JsonLines::append_with(directory.path().join("b.jsonl"), FileOptions::new().rotate_at_bytes(1)).unwrap();
    sink.deliver(&blocks(0..1)).unwrap();
    assert_eq!(content(&directory.path().join("b.jsonl.000001")), [(0, 0)]);
    assert_eq!(content(&directory.path().join("b.jsonl")), [(0, 1)]);
}

#[test]
fn file_is_put_aside_when_the_vaults_time_says_so_also_after_it_was_reopened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let options = FileOptions::new().rotate_after(HOUR);
    JsonLines::append_with(&path, options).unwrap().deliver(&at(0, HOUR)).unwrap();
    let mut sink = JsonLines::append_with(&path, options).unwrap();
    assert_eq!(next(&mut sink).unwrap(), 1);
    sink.deliver(&at(1, HOUR * 2 - Duration::from_micros(1))).unwrap();
    assert_eq!(files(&path).0.len(), 1);
    sink.deliver(&at(2, HOUR * 2)).unwrap();
    assert_eq!(content(&path), whole(2..3));
    // A clock that was set back puts nothing aside.
    sink.deliver(&at(3, Duration::ZERO)).unwrap();
    sink.deliver(&at(4, HOUR * 3)).unwrap();
    let (names, all) = files(&path);
    assert_eq!((names.len(), all), (3, whole(0..5)));
}

#[test]
fn only_so_many_files_are_kept_and_nobody_elses_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    for other in ["audit.jsonl.1", "audit.jsonl.000001.gz", "audit.jsonl.old", "other.000001"] {
        fs::write(path.with_file_name(other), "").unwrap();
    }
    let options = FileOptions::new().rotate_at_bytes(1).keep(2);
    let mut sink = JsonLines::append_with(&path, options).unwrap();
    sink.deliver(&blocks(0..5)).unwrap();
    let (names, all) = files(&path);
    assert_eq!(all, [(3, 1), (4, 0), (4, 1)]);
    assert!(names.contains(&"audit.jsonl.000009".to_owned()) && names.len() == 7, "{names:?}");
    // At least one is kept, or a crash before the next event would have everything sent again.
    let mut sink = JsonLines::append_with(directory.path().join("b.jsonl"), options.keep(0)).unwrap();
    sink.deliver(&blocks(0..2)).unwrap();
    assert!(directory.path().join("b.jsonl.000003").exists());
    assert!(!directory.path().join("b.jsonl.000002").exists());
}

#[test]
fn what_an_earlier_file_holds_is_not_sent_again_when_the_newest_is_empty_or_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let mut sink = JsonLines::append(&path).unwrap();
    sink.deliver(&block("strongroom/a/a", 7, 1)).unwrap();
    drop(sink);
    fs::rename(&path, path.with_file_name("audit.jsonl.000009")).unwrap();
    JsonLines::append(&path).unwrap().deliver(&blocks(0..3)).unwrap();
    fs::rename(&path, path.with_file_name("audit.jsonl.000010")).unwrap();
    let mut sink = JsonLines::append_with(&path, FileOptions::new().rotate_at_bytes(1)).unwrap();
    assert_eq!(sink.last("strongroom/a/a").unwrap(), Held::UpTo(7));
    assert_eq!(sink.last("strongroom/c/c").unwrap(), Held::Nothing);
    assert_eq!(sink.last(JOURNAL).unwrap(), Held::UpTo(2));
    sink.deliver(&blocks(2..4)).unwrap();
    assert_eq!(content(&path.with_file_name("audit.jsonl.000011")), [(3, 0)]);
    assert_eq!(content(&path), [(3, 1)]);
}

/// A directory in memory where there is one: these tests sync thousands of times.
fn quick() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A sink whose n-th file operation fails, and all later ones if told so.
fn faulty(path: &Path, options: FileOptions, plan: &Arc<Plan>) -> Result<FileSink<Json>, SinkError> {
    FileSink::on(Disk { faults: Faults(Some(Arc::clone(plan))) }, Json, path, options)
}

/// Does what a delivery thread does with six blocks and a head after each, until something fails.
fn serve(sink: &mut FileSink<Json>) -> Result<(), SinkError> {
    for position in next(sink)?..6 {
        sink.deliver(&blocks(position..position + 1))?;
        sink.anchor(&head())?;
    }
    Ok(())
}

fn every_policy() -> impl Iterator<Item = FileOptions> {
    let line = block(JOURNAL, 0, 1)[0].to_json().len() as u64 + 1;
    let sizes = [line, line * 3 + 600];
    let policies = [Fsync::Always, Fsync::EveryBytes(line * 3), Fsync::Every(HOUR)];
    sizes.into_iter().flat_map(move |size| policies.map(|fsync| FileOptions::new().rotate_at_bytes(size).fsync(fsync)))
}

#[test]
fn crash_at_any_step_loses_and_doubles_nothing() {
    let mut crashes = 0;
    for options in every_policy() {
        for n in 0.. {
            let directory = quick();
            let path = directory.path().join("audit.jsonl");
            let plan = Arc::new(Plan { done: AtomicUsize::new(0), at: n, and_all_later: true });
            let died = faulty(&path, options, &plan).and_then(|mut sink| serve(&mut sink)).is_err();
            let mut sink = FileSink::append(Json, &path, options).unwrap();
            serve(&mut sink).unwrap();
            assert_eq!(files(&path).1, whole(0..6), "{options:?}, dead from step {n}");
            if !died {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes > 100, "{crashes}");
}

#[test]
fn step_that_fails_once_is_made_good_by_the_next_attempt() {
    let mut failures = 0;
    for options in every_policy() {
        for n in 0.. {
            let directory = quick();
            let path = directory.path().join("audit.jsonl");
            let plan = Arc::new(Plan { done: AtomicUsize::new(0), at: n, and_all_later: false });
            let mut sink = faulty(&path, options, &plan).or_else(|_| faulty(&path, options, &plan)).unwrap();
            let failed = plan.done.load(Ordering::SeqCst) > n;
            let mut position = next(&mut sink).unwrap();
            let mut errors = 0;
            while position < 6 {
                // As delivery does: the same again until it is acknowledged.
                let acknowledged = sink.deliver(&blocks(position..position + 1)).and_then(|()| sink.anchor(&head()));
                errors += usize::from(acknowledged.is_err());
                position += u64::from(acknowledged.is_ok());
            }
            assert!(errors <= 1);
            drop(sink);
            assert_eq!(files(&path).1, whole(0..6), "{options:?}, failed at step {n}");
            if !failed && errors == 0 && plan.done.load(Ordering::SeqCst) <= n {
                break;
            }
            failures += 1;
        }
    }
    assert!(failures > 100, "{failures}");
}

#[test]
fn lax_policies_sync_now_and_then_and_heads_always() {
    let operations = |fsync| {
        let directory = tempfile::tempdir().unwrap();
        let plan = Arc::new(Plan { done: AtomicUsize::new(0), at: usize::MAX, and_all_later: false });
        let path = directory.path().join("audit.jsonl");
        let mut sink = faulty(&path, FileOptions::new().fsync(fsync), &plan).unwrap();
        let mut counts = Vec::new();
        let mut count = |sink: &mut FileSink<Json>, act: &dyn Fn(&mut FileSink<Json>)| {
            let before = plan.done.load(Ordering::SeqCst);
            act(sink);
            counts.push(plan.done.load(Ordering::SeqCst) - before);
        };
        for position in 0..3 {
            count(&mut sink, &|sink| sink.deliver(&blocks(position..position + 1)).unwrap());
        }
        count(&mut sink, &|sink| sink.anchor(&head()).unwrap());
        // Whatever the policy, no more than 1 MiB is at stake.
        count(&mut sink, &|sink| sink.deliver(&blocks(3..4_000)).unwrap());
        drop(sink);
        assert_eq!(content(&path), whole(0..4_000));
        counts
    };
    let always = operations(Fsync::Always);
    assert_eq!(always[..4], [2, 2, 2, 2]);
    for lax in [operations(Fsync::EveryBytes(u64::MAX)), operations(Fsync::Every(HOUR))] {
        assert_eq!(lax[..4], [1, 1, 1, 2]);
        assert!(lax[4] >= 3 && lax[4] < always[4], "{lax:?} {always:?}");
    }
    assert_eq!(operations(Fsync::Every(Duration::ZERO))[..4], [2, 2, 2, 2]);
}

#[test]
fn file_that_a_log_tool_has_emptied_goes_on_from_its_new_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    for fsync in [Fsync::Always, Fsync::Every(HOUR)] {
        let mut sink = JsonLines::append_with(&path, FileOptions::new().fsync(fsync)).unwrap();
        let first = next(&mut sink).unwrap();
        sink.deliver(&blocks(first..first + 2)).unwrap();
        sink.anchor(&head()).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        sink.deliver(&blocks(first + 2..first + 4)).unwrap();
        assert_eq!(content(&path), whole(first + 2..first + 4));
        drop(sink);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_device_is_an_error_each_time_and_what_failed_is_written_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let full = || fs::File::options().read(true).append(true).open("/dev/full").unwrap();
    for fsync in [Fsync::Always, Fsync::Every(HOUR)] {
        let mut sink = FileSink::append(Json, &path, FileOptions::new().fsync(fsync)).unwrap();
        let first = next(&mut sink).unwrap();
        sink.deliver(&blocks(first..first + 1)).unwrap();
        sink.anchor(&head()).unwrap();
        let length = sink.appender.length();
        let room = std::mem::replace(&mut sink.appender, Appender::new(full(), 0));
        for _ in 0..3 {
            let error = sink.deliver(&blocks(first + 1..first + 2)).unwrap_err();
            let source = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>().unwrap();
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            assert!(sink.anchor(&head()).is_err());
        }
        sink.appender = room;
        assert_eq!(sink.appender.length(), length);
        sink.deliver(&blocks(first + 1..first + 2)).unwrap();
        assert_eq!(content(&path), whole(0..first + 2));
    }
}

#[test]
fn new_file_that_somebody_else_began_is_not_written_into() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let options = FileOptions::new().rotate_at_bytes(1);
    let mut sink = FileSink::append(Json, &path, options).unwrap();
    sink.deliver(&blocks(0..1)[..1]).unwrap();
    // The step that puts the file aside is made, and the next one fails.
    let plan = Arc::new(Plan { done: AtomicUsize::new(0), at: 1, and_all_later: true });
    sink.disk = Disk { faults: Faults(Some(plan)) };
    assert!(sink.deliver(&blocks(0..1)).is_err());
    assert!(!path.exists());
    sink.disk = Disk::default();
    fs::write(&path, "theirs").unwrap();
    assert!(sink.deliver(&blocks(0..1)).unwrap_err().to_string().contains("somebody else"));
    fs::remove_file(&path).unwrap();
    sink.deliver(&blocks(0..1)).unwrap();
    assert_eq!(files(&path).1, whole(0..1));
}
