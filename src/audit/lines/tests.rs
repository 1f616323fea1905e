use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::disk::tests::{Faults, Plan};
use super::tail::WINDOW;
use super::*;
use crate::audit::{EntryBuilder, JsonLines, Outcome, events};
use crate::model::{Action, Timestamp};

const JOURNAL: &str = "strongroom/a/b";

fn block(journal: &str, position: u64, count: usize) -> Vec<Event> {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::Read);
    builder.outcome(Outcome::Permitted, "", "").reason("because");
    let entry = builder.finish().unwrap();
    events(&Arc::from(journal), None, position, vec![entry; count])
}

fn blocks(positions: std::ops::Range<u64>) -> Vec<Event> {
    positions.flat_map(|position| block(JOURNAL, position, 2)).collect()
}

/// (position, index) of every line; panics on a line that isn't JSON.
fn content(path: &Path) -> Vec<(u64, u64)> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter_map(|line| Some((line.get("position")?.as_u64()?, line.get("index")?.as_u64()?))).collect()
}

fn whole(positions: std::ops::Range<u64>) -> Vec<(u64, u64)> {
    positions.flat_map(|position| [(position, 0), (position, 1)]).collect()
}

#[test]
fn delivery_resumes_after_a_cut_at_any_byte_without_a_gap_or_a_double() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    JsonLines::append(&path).unwrap().deliver(&blocks(0..3)).unwrap();
    let full = fs::read(&path).unwrap();
    let line = full.len() / 6;
    for cut in (0..full.len()).step_by(7).chain([line, line * 2, line * 4]).chain(full.len() - 3..=full.len()) {
        for filler in [&b""[..], &[0; 50]] {
            fs::write(&path, [&full[..cut], filler].concat()).unwrap();
            let mut sink = JsonLines::append(&path).unwrap();
            let next = match sink.last(JOURNAL).unwrap() {
                Held::Nothing => 0,
                Held::UpTo(position) => position + 1,
                Held::Unknown => panic!(),
            };
            assert_eq!(content(&path).iter().filter(|(_, index)| *index == 1).count() as u64, next, "{cut}");
            sink.deliver(&blocks(next..5)).unwrap();
            assert_eq!(content(&path), whole(0..5), "{cut}");
        }
    }
}

#[test]
fn page_lost_in_the_midst_of_the_last_delivery_is_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    JsonLines::append(&path).unwrap().deliver(&blocks(0..6)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 100].fill(0);
    fs::write(&path, bytes).unwrap();
    let mut sink = JsonLines::append(&path).unwrap();
    let Held::UpTo(last) = sink.last(JOURNAL).unwrap() else { panic!() };
    assert!(last < 3);
    sink.deliver(&blocks(last + 1..6)).unwrap();
    assert_eq!(content(&path), whole(0..6));
}

#[test]
fn event_that_is_held_is_not_written_twice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let mut sink = JsonLines::append(&path).unwrap();
    sink.deliver(&blocks(0..3)).unwrap();
    sink.deliver(&blocks(1..4)).unwrap();
    assert_eq!(content(&path), whole(0..4));
}

#[test]
fn file_serves_journals_one_after_the_other_and_finds_each_ones_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let mut sink = JsonLines::append(&path).unwrap();
    sink.deliver(&block("strongroom/a/a", 7, 1)).unwrap();
    // Enough that the first journal's line is windows away.
    let last = WINDOW / 100;
    let many: Vec<_> = (0..=last).flat_map(|position| block(JOURNAL, position, 1)).collect();
    sink.deliver(&many).unwrap();
    assert!(fs::metadata(&path).unwrap().len() > WINDOW);
    drop(sink);
    let mut sink = JsonLines::append(&path).unwrap();
    assert_eq!(sink.last(JOURNAL).unwrap(), Held::UpTo(last));
    assert_eq!(sink.last("strongroom/a/a").unwrap(), Held::UpTo(7));
    assert_eq!(sink.last("strongroom/c/c").unwrap(), Held::Nothing);
    assert_eq!(sink.last(JOURNAL).unwrap(), Held::UpTo(last));
}

#[test]
fn foreign_file_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let long = "a line of notes\n".repeat(400_000);
    let endless = "x".repeat(5 << 20);
    for foreign in ["my notes", "my notes\n", "{\n  \"a\": 1\n}", "{\"a\":1}\n", &long, &endless] {
        fs::write(&path, foreign).unwrap();
        let error = JsonLines::append(&path).err().unwrap();
        assert!(error.to_string().contains("isn't a journal"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), foreign);
    }
}

#[test]
fn path_that_is_no_regular_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    assert!(JsonLines::append(directory.path()).is_err());
    assert!(JsonLines::append(directory.path().join("missing").join("audit.jsonl")).is_err());
    #[cfg(unix)]
    {
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path().join("target"), &link).unwrap();
        assert!(JsonLines::append(&link).is_err());
        assert!(JsonLines::append("/dev/null").is_err());
    }
}

#[cfg(unix)]
#[test]
fn new_file_is_its_owners_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let _sink = JsonLines::append(&path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn second_sink_on_the_same_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let first = JsonLines::append(&path).unwrap();
    assert!(JsonLines::append(&path).err().unwrap().to_string().contains("in use"));
    drop(first);
    assert!(JsonLines::append(&path).is_ok());
}

#[test]
fn dropped_sink_frees_its_file_though_a_process_that_is_being_started_has_a_copy_of_its_handle() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = JsonLines::append(dir.path().join("events")).unwrap();
    let _copy = first.inner().appender.file().try_clone().unwrap();
    drop(first);
    JsonLines::append(dir.path().join("events")).unwrap();
}

#[test]
fn part_whose_sync_failed_is_cut_and_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let mut sink = JsonLines::append(&path).unwrap();
    sink.deliver(&blocks(0..2)).unwrap();
    // What a failed delivery leaves behind: bytes after the synced length.
    sink.inner().appender.file().write_all(block(JOURNAL, 2, 1)[0].to_json().as_bytes()).unwrap();
    sink.deliver(&blocks(2..4)).unwrap();
    assert_eq!(content(&path), whole(0..4));
}

mod rotating;
