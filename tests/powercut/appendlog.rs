//! The smallest durable program: a log of lines, each synced before it is acknowledged, in a file that is replaced now
//! and then. It proves the machinery: with its syncs nothing is lost, and the loss of any one of them shows.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

const THREADS: usize = 3;
const FILLING: usize = 700;

/// Appends `count` lines to `dir/log/current` from several threads, acknowledging each on the standard output; every
/// 50th starts a new file in its place, with all lines so far.
pub fn write(dir: &Path, count: usize) -> io::Result<()> {
    let unfinished = dir.join("log.creating");
    fs::create_dir(&unfinished)?;
    File::create(unfinished.join("current"))?.sync_all()?;
    File::open(&unfinished)?.sync_all()?;
    let place = dir.join("log");
    fs::rename(&unfinished, &place)?;
    File::open(dir)?.sync_all()?;

    let state = Mutex::new((0, OpenOptions::new().append(true).open(place.join("current"))?));
    let work = || -> io::Result<()> {
        loop {
            let mut state = state.lock().unwrap();
            if state.0 == count {
                return Ok(());
            }
            state.0 += 1;
            let number = state.0;
            if number % 50 == 0 {
                state.1 = rewrite(&place)?;
            }
            // Longer than a sector, so that it can tear.
            state.1.write_all(format!("{number:04} {}\n", "x".repeat(FILLING)).as_bytes())?;
            state.1.sync_data()?;
            drop(state);
            println!("{number}");
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })
}

fn rewrite(place: &Path) -> io::Result<File> {
    let (current, next) = (place.join("current"), place.join("next"));
    let mut file = File::create(&next)?;
    file.write_all(&fs::read(&current)?)?;
    file.sync_all()?;
    fs::rename(&next, &current)?;
    File::open(place)?.sync_all()?;
    OpenOptions::new().append(true).open(&current)
}

/// Fails if an acknowledged line is gone.
pub fn check(dir: &Path, acks: &[&str]) -> Result<(), String> {
    let bytes = match fs::read(dir.join("log/current")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && acks.is_empty() => return Ok(()),
        Err(error) => return Err(format!("the log: {error}")),
    };
    let mut found = BTreeSet::new();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line);
        if let Some((number, filling)) = text.split_once(' ')
            && filling.trim_end() == "x".repeat(FILLING)
            && text.ends_with('\n')
        {
            found.insert(number.trim_start_matches('0').to_owned());
        }
    }
    match acks.iter().find(|ack| !found.contains(**ack)) {
        Some(lost) => Err(format!("line {lost} was acknowledged and is lost")),
        None => Ok(()),
    }
}
