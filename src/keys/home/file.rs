//! A home in a directory of the file system.
//!
//! Guarantees: what was written is synced, its directory entry too, before anything builds on it; the anchor is replaced
//! by a rename. Does not: make a disk forget. The old anchor's bytes are overwritten through a handle kept open, which a
//! journalling file system or an SSD may turn into a write elsewhere, and which a crash just after the rename skips.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{Home, HomeError, too_long, unexpected};
use crate::format::ANCHOR;

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
        let made = make_directory(&home.directory).and_then(|()| {
            sync_dir(home.directory.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref()))
        });
        home.told("create", "", made).map(|()| home)
    }

    /// A directory that is there.
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
        if read_limited(&path, ANCHOR)?.as_deref() != expected {
            return Err(unexpected());
        }
        // A crash may have left one behind.
        overwrite_and_remove(&temporary)?;
        write_new(&temporary, new)?;
        let old = expected.and_then(|_| OpenOptions::new().write(true).open(&path).ok());
        fs::rename(&temporary, &path)?;
        sync_dir(&self.directory)?;
        if let Some(old) = old {
            // Best effort: the change is made and durable, whether or not the old bytes could be overwritten.
            let _ = overwrite(old);
        }
        Ok(())
    }
}

impl Home for FileHome {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError> {
        self.told("read", name, read_limited(&self.path(name), limit))
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let written = write_new(&self.path(name), bytes).and_then(|()| sync_dir(&self.directory));
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
        self.told("remove", name, overwrite_and_remove(&self.path(name)))
    }

    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError> {
        self.told("read", ANCHOR_NAME, read_limited(&self.path(ANCHOR_NAME), ANCHOR))
    }

    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError> {
        self.told("replace", ANCHOR_NAME, self.swap(expected, new))
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    // Elsewhere a directory can't be opened as a file; there the file system orders these by itself.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Writes a new file, syncs it, and reads it back. The caller syncs the directory.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut back = Vec::with_capacity(bytes.len());
    file.read_to_end(&mut back)?;
    if back == bytes { Ok(()) } else { Err(io::Error::other("it doesn't read back as it was written")) }
}

fn read_limited(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(too_long()) } else { Ok(Some(bytes)) }
}

fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_data()
}

fn overwrite_and_remove(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) => {
            // Best effort: what seals these bytes is gone already.
            let _ = overwrite(file);
            fs::remove_file(path)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}
