//! Raw sled with a real `fdatasync`: what Strongroom is measured against.
//!
//! A commit is `apply_batch`, `flush` and `File::sync_data` on the engine's own file, as in Strongroom's store. Several
//! writers share one committing thread that gives them the batches which Strongroom's writers had.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::clock::{Stopwatch, Took};
use crate::recording::{Commit, Pair, Row};

pub struct Raw {
    pub db: sled::Db,
    file: File,
    path: PathBuf,
}

/// The part of a recorded commit that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Keys {
    /// All of it.
    All,
    /// The rows alone: one key a record.
    Rows,
}

impl Raw {
    pub fn open(path: &Path, cache: u64) -> Outcome<Self> {
        let db = sled::Config::new().path(path).cache_capacity(cache).open()?;
        let file = OpenOptions::new().read(true).write(true).open(path.join("db"))?;
        Ok(Self { db, file, path: path.to_owned() })
    }

    /// Makes an empty store, whatever was there.
    pub fn create(path: &Path, cache: u64) -> Outcome<Self> {
        let _ = fs::remove_dir_all(path);
        Self::open(path, cache)
    }

    pub fn commit<'a>(&self, writes: impl Iterator<Item = &'a Pair>) -> Outcome<()> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            batch.insert(key.as_slice(), value.as_slice());
        }
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        self.file.sync_data()?;
        Ok(())
    }

    /// Closes it and waits until the engine has let go of its file.
    pub fn close(self) -> Outcome<()> {
        let Self { db, file, path } = self;
        db.flush()?;
        drop(db);
        file.sync_all()?;
        settle(&path)
    }
}

/// Waits until nobody holds the engine's file, and has it written out.
pub fn settle(dir: &Path) -> Outcome<()> {
    let file = OpenOptions::new().read(true).write(true).open(dir.join("db"))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begun.elapsed() < Duration::from_secs(20) => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
    file.unlock()?;
    file.sync_all()?;
    Ok(())
}

/// Writes recorded commits again and returns how long that took. `read_first`: each row is read before it is written.
pub fn replay(raw: &Raw, commits: &[Commit], keys: Keys, threads: usize, read_first: bool) -> Outcome<Took> {
    let watch = Stopwatch::start();
    if threads <= 1 {
        for commit in commits {
            if read_first {
                for row in &commit.rows {
                    raw.db.get(&row.row.0)?;
                }
            }
            raw.commit(writes(commit.rows.iter(), commit, keys))?;
        }
        return Ok(watch.stop());
    }
    grouped(raw, commits, keys, threads, read_first)?;
    Ok(watch.stop())
}

fn writes<'a>(rows: impl Iterator<Item = &'a Row>, commit: &'a Commit, keys: Keys) -> impl Iterator<Item = &'a Pair> {
    let all = keys == Keys::All;
    let rest = all.then_some(&commit.rest).into_iter().flatten();
    rows.flat_map(move |row| std::iter::once(&row.row).chain(row.others.iter().filter(move |_| all))).chain(rest)
}

/// Writers that wait for their commit each, and one thread that commits as many rows at once as were recorded.
fn grouped(raw: &Raw, commits: &[Commit], keys: Keys, threads: usize, read_first: bool) -> Outcome<()> {
    let rows: Vec<&Row> = commits.iter().flat_map(|commit| &commit.rows).collect();
    let taken = AtomicUsize::new(0);
    let (queue, arrivals) = channel::<(&Row, _)>();
    thread::scope(|scope| -> Outcome<()> {
        for _ in 0..threads {
            let queue: Sender<(&Row, std::sync::mpsc::SyncSender<()>)> = queue.clone();
            let (rows, taken) = (&rows, &taken);
            scope.spawn(move || {
                while let Some(row) = rows.get(taken.fetch_add(1, Ordering::Relaxed)) {
                    if read_first && raw.db.get(&row.row.0).is_err() {
                        break;
                    }
                    let (reply, answer) = sync_channel(1);
                    if queue.send((row, reply)).is_err() || answer.recv().is_err() {
                        break;
                    }
                }
            });
        }
        drop(queue);
        for commit in commits {
            let group: Vec<_> = arrivals.iter().take(commit.rows.len()).collect();
            raw.commit(writes(group.iter().map(|(row, _)| *row), commit, keys))?;
            for (_, reply) in group {
                let _gone = reply.send(());
            }
        }
        Ok(())
    })
}
