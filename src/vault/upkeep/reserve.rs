//! Space set aside on the disk, so that a vault on a full disk can still be helped, with entries in its journal.
//!
//! Guarantees: while there is room, a file `reserve` of real bytes stands in the vault's directory. When a vault is
//! opened on a disk without room, the file is given up, and until it can be written again only acts that help are done:
//! others would use up the space that these need. Does not: notice a full disk while the vault is open before a write
//! fails (which stops the vault; opening it again gives the reserve up), or count what other programs write.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::audit::{Entry, Outcome};
use crate::crypto::fill;
use crate::error::{Error, Result, is_full};
use crate::model::Action;
use crate::store::files;

use crate::vault::commit::Write;
use crate::vault::standing::{APPROVED, REFUSED};

/// Name of the file in the vault's directory.
const RESERVE: &str = "reserve";
/// Name of the file while it is written.
const UNFINISHED: &str = "reserve.new";
/// Name of a file written to see whether there is room.
const PROBE: &str = "reserve.probe";
/// Size of the reserve unless set, in bytes.
pub(crate) const SIZE: u64 = 16 << 20;
/// Bytes beside the reserve that count as room. The engine's file grows by half of it at a time.
const ROOM: u64 = 1 << 20;
/// Number of entries of other acts, such as reads and refusals, that are taken without room.
const OTHERS: u32 = 1_024;
/// Codes of entries that answer requests for approval.
const ANSWERS: [&str; 2] = [APPROVED, REFUSED];
/// Time between attempts to write the reserve again.
const AGAIN: Duration = Duration::from_secs(10);

/// The reserve of an opened vault.
pub(crate) struct Reserve {
    place: Option<PathBuf>,
    bytes: u64,
    low: AtomicBool,
    /// Number of entries of other acts still to be taken while the disk has no room.
    others: AtomicU32,
    tried: Mutex<Instant>,
}

impl Reserve {
    /// Returns the reserve of a vault that needs none.
    pub(crate) fn none() -> Self {
        Self::new(None, 0, false)
    }

    /// Checks or writes the reserve of a vault that is about to be opened, and adds notices of this.
    pub(crate) fn open(dir: &Path, bytes: u64, notices: &mut Vec<String>) -> Result<Self> {
        let failed = |error| Error::io("seeing to the vault's reserved space", error);
        for left in [UNFINISHED, PROBE] {
            remove(&dir.join(left)).map_err(failed)?;
        }
        if bytes == 0 {
            remove(&dir.join(RESERVE)).map_err(failed)?;
            return Ok(Self::none());
        }
        let path = dir.join(RESERVE);
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(failed(error)),
        };
        let tried = if found >= bytes { probe(dir) } else { write(dir, bytes, ROOM) };
        let low = match tried {
            Ok(()) => false,
            Err(error) if is_full(&error) => true,
            Err(error) => return Err(failed(error)),
        };
        if low {
            remove(&path).and_then(|()| files::sync_dir(dir)).map_err(failed)?;
            notices.push(format!(
                "the disk has no room: the {found} bytes that were reserved are given up, and only acts that help out of that \
                 are done until there is room again"
            ));
        } else if found > bytes {
            shorten(&path, bytes).map_err(failed)?;
        } else if found < bytes {
            notices.push(format!("{bytes} bytes are reserved for acts on a full disk"));
        }
        Ok(Self::new(Some(dir.to_owned()), bytes, low))
    }

    /// Tells whether the disk has no room, so that only acts that help are done.
    pub(crate) fn low(&self) -> bool {
        self.low.load(Ordering::Acquire)
    }

    /// Checks that the entry of an act that changes nothing else may be written.
    pub(crate) fn admit(&self, entry: &Entry) -> Result<()> {
        if !self.low() || helps(entry) && entry.outcome().0 == Outcome::Permitted {
            return Ok(());
        }
        let left = self.others.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| Error::Full)
    }

    /// Checks that a change may be committed.
    pub(crate) fn admit_write(&self, write: &Write) -> Result<()> {
        if !self.low() {
            return Ok(());
        }
        let mut entries = write.entries.iter().chain(&write.vault_entries).peekable();
        let nothing = write.rows.is_empty() && write.puts.is_empty();
        let allowed = if entries.peek().is_some() { entries.all(helps) } else { nothing };
        if allowed { Ok(()) } else { Err(Error::Full) }
    }

    /// Tells whether it is time to try to write the reserve again.
    pub(crate) fn due(&self) -> bool {
        self.low() && self.tried.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= AGAIN
    }

    /// Writes the reserve again, if there is room. Meanwhile, no other write that must not fail may use the disk.
    pub(crate) fn restore(&self) -> io::Result<()> {
        let Some(dir) = self.place.as_deref().filter(|_| self.low()) else { return Ok(()) };
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        match write(dir, self.bytes, ROOM) {
            Ok(()) => {
                self.others.store(OTHERS, Ordering::Release);
                self.low.store(false, Ordering::Release);
                Ok(())
            }
            Err(error) if is_full(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Acts as if the disk had filled up, and stayed so.
    #[cfg(test)]
    pub(crate) fn run_out(&self) {
        self.low.store(true, Ordering::Release);
    }

    fn new(place: Option<PathBuf>, bytes: u64, low: bool) -> Self {
        let (low, others) = (AtomicBool::new(low), AtomicU32::new(OTHERS));
        Self { place, bytes, low, others, tried: Mutex::new(Instant::now()) }
    }
}

/// Writes the reserve of a new vault.
pub(crate) fn make(dir: &Path, bytes: u64) -> io::Result<()> {
    if bytes == 0 { Ok(()) } else { write(dir, bytes, 0) }
}

/// Tells whether an entry's act frees space, stops whoever fills it, or looks into it. All these need a permit.
fn helps(entry: &Entry) -> bool {
    let helps = |action| {
        matches!(
            action,
            Action::Delete
                | Action::Erase
                | Action::Retain
                | Action::Suspend
                | Action::Freeze
                | Action::Verify
                | Action::ReadJournal
        )
    };
    match Action::from_name(entry.action()) {
        // Anybody may ask for approval, and look at requests, as often as they like.
        Some(Action::Approve) => ANSWERS.contains(&entry.outcome().1),
        action => action.is_some_and(helps),
    }
}

/// Writes the reserve aside, with `more` bytes that are cut off again, and puts it in its place.
fn write(dir: &Path, bytes: u64, more: u64) -> io::Result<()> {
    let (unfinished, path) = (dir.join(UNFINISHED), dir.join(RESERVE));
    let written = fill_file(&unfinished, bytes.saturating_add(more)).and_then(|()| {
        if more > 0 { shorten(&unfinished, bytes) } else { Ok(()) }?;
        fs::rename(&unfinished, &path)?;
        files::sync_dir(dir)
    });
    if written.is_err() {
        remove(&unfinished)?;
    }
    written
}

fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join(PROBE);
    let written = fill_file(&path, ROOM);
    remove(&path)?;
    written
}

/// Writes a new durable file of random bytes: zeros may take no room where a file system compresses.
fn fill_file(path: &Path, bytes: u64) -> io::Result<()> {
    remove(path)?;
    let mut file = files::private().write(true).create_new(true).open(path)?;
    let mut chunk = vec![0u8; 1 << 16];
    let mut left = bytes;
    while left > 0 {
        fill(&mut chunk).map_err(io::Error::other)?;
        let length = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        file.write_all(chunk.get(..length).unwrap_or_default())?;
        left = left.saturating_sub(u64::try_from(length).unwrap_or(left));
    }
    file.sync_all()
}

fn shorten(path: &Path, bytes: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
