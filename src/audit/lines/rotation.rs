//! Beginning a new file, and finding the earlier ones.
//!
//! Guarantees: whatever fails, and wherever a crash cuts it short, every event stands in exactly one of the files, and the
//! sink finds the last of them.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::audit::SinkError;

use super::appender::Appender;
use super::disk::{directory, failed};
use super::format::LineFormat;
use super::tail::{self, Last};
use super::{FileSink, Rotation};

/// The number behind the name of an earlier file has at least so many digits.
const DIGITS: usize = 6;

impl<F: LineFormat> FileSink<F> {
    /// Puts the file aside and begins a new one. If it fails, the next call goes on where it failed.
    pub(super) fn rotate(&mut self) -> Result<(), SinkError> {
        let path = self.path.clone();
        if self.rotation == Rotation::None {
            // So that what lies in the earlier file needs no care any more.
            self.appender.sync(&self.disk).map_err(failed("synced", &path))?;
            let number = earlier(&path)?.last().map_or(0, |(number, _)| *number);
            let number =
                number.checked_add(1).ok_or_else(|| SinkError::new("the numbers of the files have run out"))?;
            self.disk.rename(&path, &numbered(&path, number)).map_err(failed("renamed", &path))?;
            self.rotation = Rotation::Renamed;
        }
        if self.rotation == Rotation::Renamed {
            self.disk.sync_directory(&path).map_err(failed("synced", &path))?;
            let file = self.disk.open(&path)?;
            let length = file.metadata().map_err(failed("looked at", &path))?.len();
            if length > 0 {
                return Err(SinkError::new(format!("{} was begun by somebody else: remove it", path.display())));
            }
            self.appender = Appender::new(file, 0);
            self.first = None;
            self.rotation = Rotation::Begun;
        }
        self.disk.sync_all(self.appender.file()).map_err(failed("synced", &path))?;
        self.disk.sync_directory(&path).map_err(failed("synced", &path))?;
        self.rotation = Rotation::None;
        self.remove_old()
    }

    fn remove_old(&self) -> Result<(), SinkError> {
        let Some(keep) = self.options.keep else { return Ok(()) };
        let files = earlier(&self.path)?;
        let old = files.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        for (_, path) in files.iter().take(old) {
            // The next new file tries again: an act is not to fail because an old file can't be removed.
            let _tried_again = self.disk.remove(path);
        }
        Ok(())
    }

    /// Finds the last event of a journal in the file, or the newest earlier one that has something of it.
    pub(super) fn find(&mut self, journal: &str) -> Result<Option<Last>, SinkError> {
        if let Some(last) = tail::find(self.appender.file(), &self.format, &self.path, journal)? {
            return Ok(Some(last));
        }
        for (_, path) in earlier(&self.path)?.iter().rev() {
            let mut file = File::open(path).map_err(failed("opened", path))?;
            if let Some(last) = tail::find(&mut file, &self.format, path, journal)? {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }
}

/// Returns the earlier files, oldest first.
fn earlier(path: &Path) -> Result<Vec<(u64, PathBuf)>, SinkError> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let number = |found: &std::ffi::OsStr| {
        let digits = found.as_encoded_bytes().strip_prefix(name)?.strip_prefix(b".")?;
        let sound = digits.len() >= DIGITS && digits.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(digits).ok().filter(|_| sound)?.parse::<u64>().ok()
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory(path)).map_err(failed("found beside others", path))? {
        let entry = entry.map_err(failed("found beside others", path))?;
        if let Some(number) = number(&entry.file_name())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            files.push((number, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{number:0DIGITS$}"));
    path.with_file_name(name)
}
