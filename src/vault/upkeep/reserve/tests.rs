use super::*;
use crate::audit::EntryBuilder;
use crate::format::place::Space;
use crate::model::Timestamp;

fn entry(action: Action, outcome: Outcome) -> Entry {
    let mut entry = EntryBuilder::new(Timestamp::from_micros(0), action);
    entry.outcome(outcome, "", "");
    entry.finish().unwrap()
}

fn length(dir: &Path) -> Option<u64> {
    fs::metadata(dir.join(RESERVE)).ok().map(|found| found.len())
}

#[test]
fn reserve_is_made_mended_resized_and_removed_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    make(dir, 100_000).unwrap();
    let open = |bytes| {
        let mut notices = Vec::new();
        let reserve = Reserve::open(dir, bytes, &mut notices).unwrap();
        assert!(!reserve.low());
        (notices.len(), length(dir), fs::read_dir(dir).unwrap().count())
    };
    assert_eq!(open(100_000), (0, Some(100_000), 1));
    fs::write(dir.join(UNFINISHED), "left over").unwrap();
    fs::write(dir.join(PROBE), "left over").unwrap();
    assert_eq!(open(50_000), (0, Some(50_000), 1));
    assert_eq!(open(200_000), (1, Some(200_000), 1));
    fs::remove_file(dir.join(RESERVE)).unwrap();
    assert_eq!(open(200_000), (1, Some(200_000), 1));
    assert_eq!(open(0), (0, None, 0));
}

#[cfg(unix)]
#[test]
fn reserve_takes_the_room_that_it_says() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), 1 << 20).unwrap();
    let found = fs::metadata(dir.path().join(RESERVE)).unwrap();
    assert!(found.blocks() * 512 >= 1 << 20, "{} blocks", found.blocks());
    let bytes = fs::read(dir.path().join(RESERVE)).unwrap();
    assert!(bytes.chunks(4096).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
}

#[test]
fn without_room_only_acts_that_help_are_done_and_few_others_written_down() {
    let (low, full) = (Reserve::new(None, 1, true), |result: Result<()>| matches!(result, Err(Error::Full)));
    let write = |entries| Write { entries, ..Write::default() };
    let helping = [Action::Delete, Action::Erase, Action::Retain, Action::Suspend, Action::Verify];
    for action in helping {
        for _ in 0..2 * OTHERS {
            low.admit(&entry(action, Outcome::Permitted)).unwrap();
        }
        low.admit_write(&write(vec![entry(action, Outcome::Permitted)])).unwrap();
    }
    for action in [Action::Create, Action::Update, Action::Define, Action::BreakGlass, Action::CreateTenant] {
        let mixed = vec![entry(Action::Delete, Outcome::Permitted), entry(action, Outcome::Permitted)];
        assert!(full(low.admit_write(&write(mixed))), "{action}");
    }
    assert!(full(low.admit_write(&Write { puts: vec![(vec![Space::Schema as u8], None)], ..Write::default() })));
    low.admit_write(&Write::default()).unwrap();
    let coded = |code| {
        let mut entry = EntryBuilder::new(Timestamp::from_micros(0), Action::Approve);
        entry.outcome(Outcome::Permitted, code, "");
        entry.finish().unwrap()
    };
    for code in [APPROVED, REFUSED] {
        low.admit_write(&write(vec![coded(code)])).unwrap();
    }
    assert!(full(low.admit_write(&write(vec![coded("asked")]))));
    for n in 0..OTHERS {
        let outcome = if n % 2 == 0 { Outcome::Permitted } else { Outcome::Denied };
        low.admit(&entry(Action::Read, outcome)).unwrap();
    }
    assert!(full(low.admit(&coded("listed"))));
    assert!(full(low.admit(&entry(Action::Read, Outcome::Permitted))));
    assert!(full(low.admit(&entry(Action::Delete, Outcome::Denied))));
    let roomy = Reserve::none();
    (0..2 * OTHERS).for_each(|_| roomy.admit(&entry(Action::Read, Outcome::Denied)).unwrap());
    roomy.admit_write(&write(vec![entry(Action::Create, Outcome::Permitted)])).unwrap();
}
