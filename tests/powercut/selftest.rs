//! Tests of the machinery itself: the log's parser, the model of the disk, and a whole run over the smallest program.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::machine::random::seed;
use crate::machine::replay::{Replay, Report};
use crate::machine::trace::{Act, Before, SyncCall, Trace};
use crate::machine::{disk, random, record, strace};
use crate::{CHILD, appendlog};

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn() -> Result<(), String>| Trial::test(name, move || test().map_err(Failed::from));
    vec![
        trial("interrupted_call_is_one_call_with_two_positions", interrupted_call),
        trial("arguments_split_outside_of_strings_and_brackets", arguments),
        trial("log_that_makes_no_sense_is_refused", nonsense),
        trial("write_that_ended_after_a_sync_began_is_not_covered_by_it", late_write),
        trial("call_cut_short_by_the_end_may_have_happened_or_not", cut_short),
        trial("name_lasts_from_the_sync_of_its_directory_on", names),
        trial("offsets_follow_seeks_appends_and_duplicates", offsets),
        trial("torn_write_keeps_any_of_its_sectors_and_sizes", sectors),
        trial("what_cannot_be_modelled_is_refused", refusals),
        trial("shards_together_show_every_cut_once", shards),
        trial("missing_strace_is_an_error_that_says_what_to_install", no_strace),
        trial("append_log_loses_nothing", append_log),
        trial("append_log_without_its_syncs_is_caught", append_log_unsynced),
    ]
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, expected {expected:?}")) }
}

fn interrupted_call() -> Result<(), String> {
    let log = "10  pwrite64(3<\\x2f\\x61>, \"\\x41\\x42\", 2, 512 <unfinished ...>\n\
               11  fdatasync(3<\\x2f\\x61> <unfinished ...>\n\
               10  <... pwrite64 resumed>)             = 2\n\
               11  <... fdatasync resumed>)            = 0\n\
               10  close(3<\\x2f\\x61>)                = 0\n\
               10  --- SIGCHLD {si_signo=SIGCHLD} ---\n\
               10  +++ exited with 0 +++\n";
    let calls = strace::calls(log)?;
    let seen: Vec<_> = calls.iter().map(|c| (c.name.as_str(), c.pid, c.begin, c.end)).collect();
    same(seen, vec![("pwrite64", 10, 0, Some(2)), ("fdatasync", 11, 1, Some(3)), ("close", 10, 4, Some(4))])?;
    same((calls[0].fd(0)?, calls[0].bytes(1)?, calls[0].number(3)?), (3, b"AB".to_vec(), 512))?;
    same(calls[0].resolved(0)?, Some(b"/a".to_vec()))
}

fn arguments() -> Result<(), String> {
    let log = "7 writev(1<\\x70>, [{iov_base=\"\\x28\\x22\", iov_len=2}, {iov_base=\"a,)\", iov_len=3}], 2) = 5\n\
               7 open(\"\\x2f\\x78\", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)\n\
               7 exit_group(0) = ?\n";
    let calls = strace::calls(log)?;
    same(calls[0].args.len(), 3)?;
    same(calls[0].bytes(1)?, b"(\"a,)".to_vec())?;
    same((calls[1].result, calls[1].end), (Some(-1), Some(1)))?;
    same((calls[2].result, calls[2].end), (None, None))
}

fn nonsense() -> Result<(), String> {
    let logs = [
        "7 <... write resumed>) = 1\n",
        "7 write(1<\\x70>, \"a\" <unfinished ...>\n7 <... fsync resumed>) = 0\n",
        "7 write(1<\\x70>, \"a\" <unfinished ...>\n7 write(1<\\x70>, \"a\", 1 <unfinished ...>\n",
        "write(1) = 1\n",
        "7 write(1, \"a\n",
    ];
    for log in logs {
        strace::calls(log).map_or(Ok(()), |_| Err(format!("accepted {log:?}")))?;
    }
    let cut = strace::calls("7 write(3<\\x70>, \"a\"..., 100) = 100\n")?;
    cut[0].bytes(1).map_or(Ok(()), |_| Err("accepted a string that was cut short".to_owned()))
}

const HEAD: &str = "1 openat(AT_FDCWD</d>, \"/d/f\", O_RDWR|O_CREAT, 0600) = 3</d/f>\n\
                    1 openat(AT_FDCWD</d>, \"/d\", O_RDONLY) = 4</d>\n\
                    1 fsync(4</d>) = 0\n";

fn parse(log: &str) -> Result<Trace, String> {
    let empty = tempfile::tempdir().map_err(|e| e.to_string())?;
    let before = Before::read(empty.path()).map_err(|e| e.to_string())?;
    Trace::parse(log, Path::new("/d"), Path::new("/d"), before)
}

type Files = Vec<(String, Vec<u8>)>;

/// Returns the images at the trace's end: file names and contents, "dropped" first, then "kept".
fn images(trace: &Trace) -> Result<Vec<Files>, String> {
    let mut images = Vec::new();
    Replay::new(trace, 1).run(|place, boundary| {
        if boundary.last {
            images.push(content(place)?);
        }
        Ok(())
    })?;
    Ok(images)
}

fn content(place: &Path) -> Result<Files, String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(place).map_err(|e| e.to_string())? {
        let entry = entry.map_err(|e| e.to_string())?;
        let bytes = std::fs::read(entry.path()).map_err(|e| e.to_string())?;
        files.push((entry.file_name().to_string_lossy().into_owned(), bytes));
    }
    files.sort();
    Ok(files)
}

fn file(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.to_vec())
}

fn late_write() -> Result<(), String> {
    let trace = parse(&format!(
        "{HEAD}1 pwrite64(3</d/f>, \"AA\", 2, 0) = 2\n\
         2 pwrite64(3</d/f>, \"BB\", 2, 2 <unfinished ...>\n\
         1 fdatasync(3</d/f> <unfinished ...>\n\
         2 <... pwrite64 resumed>) = 2\n\
         2 pwrite64(3</d/f>, \"CC\", 2, 4) = 2\n\
         1 <... fdatasync resumed>) = 0\n"
    ))?;
    let images = images(&trace)?;
    same(&images[0], &vec![file("f", b"AA")])?;
    same(&images[1], &vec![file("f", b"AABBCC")])
}

fn cut_short() -> Result<(), String> {
    let trace = parse(&format!(
        "{HEAD}1 pwrite64(3</d/f>, \"AA\", 2, 0) = 2\n\
         2 pwrite64(3</d/f>, \"BB\", 2, 2 <unfinished ...>\n\
         1 fsync(3</d/f>) = 0\n\
         3 fsync(3</d/f> <unfinished ...>\n"
    ))?;
    let images = images(&trace)?;
    same(&images[0], &vec![file("f", b"AA")])?;
    same(&images[1], &vec![file("f", b"AABB")])
}

fn names() -> Result<(), String> {
    let trace = parse(&format!(
        "{HEAD}1 write(3</d/f>, \"old\", 3) = 3\n\
         1 fsync(3</d/f>) = 0\n\
         1 openat(AT_FDCWD</d>, \"g\", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</d/g>\n\
         1 write(5</d/g>, \"new\", 3) = 3\n\
         1 fsync(5</d/g>) = 0\n\
         1 rename(\"/d/g\", \"f\") = 0\n"
    ))?;
    let seen = images(&trace)?;
    same(&seen[0], &vec![file("f", b"old")])?;
    same(&seen[1], &vec![file("f", b"new")])?;
    let synced = Trace::parse(
        &format!(
            "{HEAD}1 openat(AT_FDCWD</d>, \"g\", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</d/g>\n\
             1 rename(\"/d/g\", \"f\") = 0\n\
             1 unlinkat(AT_FDCWD</d>, \"f\", 0) = 0\n\
             1 fsync(4</d>) = 0\n"
        ),
        Path::new("/d"),
        Path::new("/d"),
        Before::read(tempfile::tempdir().map_err(|e| e.to_string())?.path()).map_err(|e| e.to_string())?,
    )?;
    same(images(&synced)?, vec![vec![]])
}

fn offsets() -> Result<(), String> {
    let trace = parse(&format!(
        "{HEAD}1 write(3</d/f>, \"0123456789\", 10) = 10\n\
         1 dup(3</d/f>) = 6</d/f>\n\
         1 lseek(6</d/f>, 2, SEEK_SET) = 2\n\
         1 read(3</d/f>, \"2\", 1) = 1\n\
         1 write(3</d/f>, \"xyz\", 3) = 2\n\
         1 openat(AT_FDCWD</d>, \"f\", O_WRONLY|O_APPEND) = 7</d/f>\n\
         1 ftruncate(3</d/f>, 8) = 0\n\
         1 write(7</d/f>, \"end\", 3) = 3\n\
         1 write(1<pipe>, \"one\\x0atw\", 6) = 6\n\
         1 write(1<pipe>, \"o\\x0a\", 2) = 2\n"
    ))?;
    same(&images(&trace)?[1], &vec![file("f", b"012xy567end")])?;
    let acks = trace.events.iter().filter_map(|e| if let Act::Ack(l) = &e.act { Some(l.as_str()) } else { None });
    same(acks.collect::<Vec<_>>(), vec!["one", "two"])
}

fn sectors() -> Result<(), String> {
    let trace = parse(&format!(
        "{HEAD}1 pwrite64(3</d/f>, \"{}\", 1024, 0) = 1024\n\
         1 fsync(3</d/f>) = 0\n\
         1 pwrite64(3</d/f>, \"{}\", 2000, 100) = 2000\n",
        "a".repeat(1024),
        "b".repeat(2000)
    ))?;
    let mut disk = disk::Disk::new(&trace);
    for n in 0..trace.events.len() {
        disk.begin(n);
        disk.end(n);
    }
    let (mut shapes, mut sizes) = (BTreeSet::new(), BTreeSet::new());
    for stream in 0..500 {
        let image = disk.image(disk::Variant::Torn, &mut random::Random::new(3, stream));
        let bytes = image.files[0].1.to_vec();
        sizes.insert(bytes.len());
        let mut shape = String::new();
        for (n, sector) in bytes.chunks(512).enumerate() {
            let of: BTreeSet<u8> = sector.iter().skip(if n == 0 { 100 } else { 0 }).copied().collect();
            same(of.len(), 1).map_err(|e| format!("sector {n} is torn: {e}"))?;
            shape.extend(of.into_iter().map(char::from));
        }
        same(&bytes[..100], &[b'a'; 100][..])?;
        shapes.insert(shape);
    }
    for expected in ["aa", "ab", "ba", "bb", "aab", "bb\0b\0", "bbbbb", "ab\0\0b"] {
        if !shapes.contains(expected) {
            return Err(format!("never came out as {expected:?}: {shapes:?}"));
        }
    }
    same(sizes, [1024, 1536, 2048, 2100].into())
}

fn refusals() -> Result<(), String> {
    let calls = [
        "copy_file_range(9</x>, NULL, 3</d/f>, NULL, 10, 0) = 10",
        "fallocate(3</d/f>, 0, 0, 10) = 0",
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</d/f>, 0) = 0x7f",
        "sync() = 0",
        "vfork() = 77",
        "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 77",
        "rename(\"/d/f\", \"/elsewhere\") = 0",
        "openat(AT_FDCWD</d>, \"/d/unknown\", O_RDONLY) = 9</d/unknown>",
        "brand_new_call(3</d/f>) = 0",
    ];
    for call in calls {
        parse(&format!("{HEAD}1 {call}\n")).map_or(Ok(()), |_| Err(format!("accepted {call}")))?;
    }
    parse(&format!("{HEAD}1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7f\n"))
        .map(drop)
}

fn shards() -> Result<(), String> {
    let trace = parse(&format!("{HEAD}{}", "1 write(3</d/f>, \"a\", 1) = 1\n1 fsync(3</d/f>) = 0\n".repeat(10)))?;
    let mut seen = Vec::new();
    for shard in 0..3 {
        let replay = Replay::new(&trace, 1).shard(shard, 3);
        replay.run(|_, boundary| {
            seen.push((boundary.index, boundary.variant as usize));
            Ok(())
        })?;
    }
    seen.sort_unstable();
    // The last cut has nothing unsynced.
    let expected = (0..11).flat_map(|n| (0..3).map(move |v| (n, v))).chain([(11, 0)]);
    same(seen, expected.collect())?;
    let mut seen = Vec::new();
    Replay::new(&trace, 1).from(10).run(|_, boundary| {
        seen.push(boundary.index);
        Ok(())
    })?;
    same(seen, vec![10, 10, 10, 11])
}

fn no_strace() -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    match record::record_with("strace-that-is-not-there", &Command::new("true"), dir.path()) {
        Err(why) if why.contains("apt-get install strace") => Ok(()),
        other => Err(format!("{:?}", other.map(|t| t.events.len()))),
    }
}

fn recorded(count: usize) -> Result<Trace, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut child = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
    child.args([CHILD, "append-log"]).arg(dir.path()).arg(count.to_string());
    let trace = record::record(&child, dir.path())?;
    same(trace.acks(), count)?;
    // Every boundary's "kept" image ends as the directory did.
    let end = std::fs::read(dir.path().join("log/current")).map_err(|e| e.to_string())?;
    let mut kept = Vec::new();
    Replay::new(&trace, 1).run(|place, boundary| {
        if boundary.last && boundary.variant != disk::Variant::Torn {
            kept = std::fs::read(place.join("log/current")).map_err(|e| e.to_string())?;
        }
        Ok(())
    })?;
    if kept == end { Ok(trace) } else { Err("the replay ends with other bytes than the program did".to_owned()) }
}

fn replay(trace: &Trace, ignored: impl Fn(&SyncCall) -> bool) -> Result<Report, String> {
    let seed = seed();
    Replay::new(trace, seed)
        .ignore_syncs(ignored)
        .stop_after(10)
        .run(|place, boundary| appendlog::check(place, boundary.acks))
}

fn append_log() -> Result<(), String> {
    let trace = recorded(200)?;
    let report = replay(&trace, |_| false)?;
    same(report.boundaries, trace.syncs() + 1)?;
    match report.failures.first() {
        Some(failure) => Err(format!("{} of {} images fail; first: {failure}", report.failures.len(), report.images)),
        None => Ok(()),
    }
}

fn append_log_unsynced() -> Result<(), String> {
    let trace = recorded(120)?;
    type Skip = fn(&SyncCall) -> bool;
    let skips: [(&str, Skip); 4] = [
        ("the data", |s| s.data_only),
        ("the new file before its rename", |s| !s.data_only && s.path.ends_with("next")),
        ("the directory after a rename", |s| s.path == Path::new("log")),
        ("the parent of the new directory", |s| s.path == Path::new("")),
    ];
    for (what, skip) in skips {
        if !trace.events.iter().any(|e| matches!(&e.act, Act::Sync(call) if skip(call))) {
            return Err(format!("the program never syncs {what}"));
        }
        if replay(&trace, skip)?.failures.is_empty() {
            return Err(format!("not syncing {what} went unnoticed"));
        }
    }
    Ok(())
}
