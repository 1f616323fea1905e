//! The file operations of a sink, each in one place.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use crate::audit::SinkError;

/// The disk, with all that a sink does to files.
#[derive(Default)]
pub(super) struct Disk {
    #[cfg(test)]
    pub(super) faults: tests::Faults,
}

impl Disk {
    /// Opens a regular file to append to it, or creates it, and locks it. A new one is its owner's only.
    pub(super) fn open(&self, path: &Path) -> Result<File, SinkError> {
        self.step().map_err(failed("opened", path))?;
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() => return Err(not_regular(path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("looked at", path)(error)),
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed("opened", path))?;
        if !file.metadata().map_err(failed("looked at", path))?.is_file() {
            return Err(not_regular(path));
        }
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let text = format!("{} is in use by another sink: give each vault a file of its own", path.display());
                Err(SinkError::new(text))
            }
            Err(TryLockError::Error(error)) => Err(failed("locked", path)(error)),
        }
    }

    pub(super) fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Err(error) = self.step() {
            // As a device that gets full leaves it.
            file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(error);
        }
        file.write_all(bytes)
    }

    pub(super) fn sync_data(&self, file: &File) -> io::Result<()> {
        self.step()?;
        file.sync_data()
    }

    pub(super) fn sync_all(&self, file: &File) -> io::Result<()> {
        self.step()?;
        file.sync_all()
    }

    pub(super) fn set_length(&self, file: &File, length: u64) -> io::Result<()> {
        self.step()?;
        file.set_len(length)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::rename(from, to)
    }

    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::remove_file(path)
    }

    /// Makes the names in a file's directory durable, where a directory can be opened.
    pub(super) fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        match File::open(directory(path)) {
            Ok(directory) => directory.sync_all(),
            Err(_) => Ok(()),
        }
    }

    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        self.faults.step()
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests make it fail")]
    fn step(&self) -> io::Result<()> {
        Ok(())
    }
}

fn not_regular(path: &Path) -> SinkError {
    SinkError::new(format!("{} is not a regular file: name a file, not a link, directory or device", path.display()))
}

/// Returns the directory that a file is in.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes an error of what couldn't be done to a file.
pub(super) fn failed<'p>(done: &'static str, path: &'p Path) -> impl Fn(io::Error) -> SinkError + 'p {
    move |error| SinkError::with_source(format!("{} can't be {done}", path.display()), error)
}

#[cfg(test)]
pub(super) mod tests;
