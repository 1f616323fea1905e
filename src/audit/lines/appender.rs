//! The file that is written to, and how much of it is known to be there.

use std::fs::File;
use std::io;
use std::time::Instant;

use super::disk::Disk;
use super::options::Fsync;

/// The bytes that are written at once, and one line more, and that may be written without being synced; at most.
pub(super) const PART: usize = 1 << 20;

/// An open file.
///
/// After a write or a sync that failed nobody knows what of it is on the disk: then all that isn't surely there is cut off,
/// and written again before anything else.
pub(super) struct Appender {
    file: File,
    /// The length up to which all is on the disk.
    synced: u64,
    /// The bytes behind that which were acknowledged.
    unsynced: Vec<u8>,
    /// The moment since which there is something of that.
    since: Option<Instant>,
    /// The last call failed.
    uncertain: bool,
}

impl Appender {
    /// Takes a file whose whole length is on the disk.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self { file, synced: length, unsynced: Vec::new(), since: None, uncertain: false }
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Returns the length of the file, with all that was acknowledged.
    pub(super) fn length(&self) -> u64 {
        self.synced.saturating_add(self.unsynced.len() as u64)
    }

    pub(super) fn append(&mut self, disk: &Disk, bytes: &[u8], fsync: Fsync) -> io::Result<()> {
        self.mend(disk)?;
        self.uncertain = true;
        disk.write(&self.file, bytes)?;
        let since = *self.since.get_or_insert_with(Instant::now);
        let amount = self.unsynced.len().saturating_add(bytes.len());
        let due = match fsync {
            Fsync::Always => true,
            Fsync::EveryBytes(limit) => amount as u64 >= limit,
            Fsync::Every(time) => since.elapsed() >= time,
        };
        if due || amount >= PART {
            disk.sync_data(&self.file)?;
            self.all_synced(bytes.len());
        } else {
            self.unsynced.extend_from_slice(bytes);
        }
        self.uncertain = false;
        Ok(())
    }

    /// Has everything that was acknowledged on the disk.
    pub(super) fn sync(&mut self, disk: &Disk) -> io::Result<()> {
        if self.unsynced.is_empty() && !self.uncertain {
            return Ok(());
        }
        self.mend(disk)?;
        self.uncertain = true;
        disk.sync_data(&self.file)?;
        self.all_synced(0);
        self.uncertain = false;
        Ok(())
    }

    fn all_synced(&mut self, more: usize) {
        self.synced = self.length().saturating_add(more as u64);
        self.unsynced.clear();
        self.since = None;
    }

    /// Leaves in the file what was acknowledged, and nothing else.
    fn mend(&mut self, disk: &Disk) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if !self.uncertain && length == self.length() {
            return Ok(());
        }
        self.uncertain = true;
        // Somebody else may have cut it: log tools that copy a file and empty it do.
        self.synced = self.synced.min(length);
        if length > self.synced {
            disk.set_length(&self.file, self.synced)?;
        }
        if !self.unsynced.is_empty() {
            disk.write(&self.file, &self.unsynced)?;
        }
        self.uncertain = false;
        Ok(())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Closing isn't enough: a process that another thread is about to start holds a copy of every handle for a
        // moment, and the lock lives as long as one of them. Should it fail, closing still works a moment later.
        let _late = self.file.unlock();
    }
}
