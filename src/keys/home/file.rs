//! A home in a directory of the file system.
//!
//! Guarantees: what was written is synced, its directory entry too, before anything builds on it; the anchor is replaced
//! by a rename. Does not: make a disk forget. The old anchor's bytes are overwritten through a handle kept open, which a
//! journalling file system or an SSD may turn into a write elsewhere, and which a crash just after the rename skips.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Home, HomeError, unexpected};
use crate::format::ANCHOR;
use crate::store::files;

const ANCHOR_NAME: &str = "anchor";
const NEW_ANCHOR_NAME: &str = "anchor.new";

/// The files in one directory, which holds nothing else.
pub(crate) struct FileHome {
    directory: PathBuf,
}

impl FileHome {
    /// Makes the directory, for its owner alone; it must not be there yet.
    pub(crate) fn create(directory: impl Into<PathBuf>) -> Result<Self, HomeError> {
        let home = Self::open(directory);
        let made = files::create_dir(&home.directory).and_then(|()| files::sync_dir(files::parent(&home.directory)));
        home.told("create", "", made).map(|()| home)
    }

    /// Returns a directory that is there.
    pub(crate) fn open(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn told<T>(&self, action: &'static str, name: &str, outcome: io::Result<T>) -> Result<T, HomeError> {
        outcome.map_err(|source| HomeError::new(action, self.path(name).display().to_string(), source))
    }

    fn swap(&self, expected: Option<&[u8]>, new: &[u8]) -> io::Result<()> {
        let (path, temporary) = (self.path(ANCHOR_NAME), self.path(NEW_ANCHOR_NAME));
        if files::read_limited(&path, length(ANCHOR))?.as_deref() != expected {
            return Err(unexpected());
        }
        // A crash may have left one behind.
        files::overwrite_and_remove(&temporary)?;
        write_checked(&temporary, new)?;
        let old = expected.and_then(|_| OpenOptions::new().write(true).open(&path).ok());
        fs::rename(&temporary, &path)?;
        files::sync_dir(&self.directory)?;
        if let Some(old) = old {
            // Best effort: the change is made and durable, whether or not the old bytes could be overwritten.
            let _ = files::overwrite(old);
        }
        Ok(())
    }
}

impl Home for FileHome {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        self.told("read", name, files::read_limited(&self.path(name), length(limit)))
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let written = write_checked(&self.path(name), bytes).and_then(|()| files::sync_dir(&self.directory));
        self.told("write", name, written)
    }

    fn list(&self) -> Result<Vec<String>, HomeError> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.directory)? {
                if let Ok(name) = entry?.file_name().into_string()
                    && name != ANCHOR_NAME
                    && name != NEW_ANCHOR_NAME
                {
                    names.push(name);
                }
            }
            Ok(names)
        };
        self.told("list", "", list())
    }

    fn remove(&self, name: &str) -> Result<(), HomeError> {
        self.told("remove", name, files::overwrite_and_remove(&self.path(name)))
    }

    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError> {
        self.told("read", ANCHOR_NAME, files::read_limited(&self.path(ANCHOR_NAME), length(ANCHOR)))
    }

    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError> {
        self.told("replace", ANCHOR_NAME, self.swap(expected, new))
    }
}

/// Writes a new file, syncs it, and reads it back. The caller syncs the directory.
fn write_checked(path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::write_new(path, bytes)?;
    let back = files::read_limited(path, length(bytes.len()))?;
    if back.as_deref() == Some(bytes) {
        Ok(())
    } else {
        Err(io::Error::other("it doesn't read back as it was written"))
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
