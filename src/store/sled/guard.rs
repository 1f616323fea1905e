//! Guards that keep `sled` from harming files that it can't read.
//!
//! Left to itself it takes a foreign or emptied file for a new store and writes over it, and fills the log behind a
//! damaged place with zeros before it finds out that it can't open it.

use std::cmp::Reverse;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::super::{StoreError, files};
use super::log::{SEGMENT, segments};

/// The engine's settings file, which is the same for every store: three lines and their CRC.
const CONF: &[u8] = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n\x76\x19\x51\xc1";

/// The most segments that are kept in memory while the engine opens; it zeroes one or two.
const MAX_TAIL: usize = 32;

/// Refuses a directory that `sled`, as used here, didn't make. Writes nothing.
pub(super) fn check(dir: &Path) -> Result<(), StoreError> {
    match files::read_limited(&dir.join("conf"), 4096) {
        Ok(Some(conf)) if conf == CONF => {}
        Ok(Some(_)) => return Err(StoreError::Corrupt { what: "its settings file isn't of a known engine version" }),
        Ok(None) => return Err(StoreError::Corrupt { what: "its settings file is missing" }),
        Err(source) if source.kind() == io::ErrorKind::InvalidData => {
            return Err(StoreError::Corrupt { what: "its settings file isn't of a known engine version" });
        }
        Err(source) => return Err(StoreError::Io { what: "reading the store's settings", source }),
    }
    let file = match File::open(dir.join("db")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::Corrupt { what: "its data file is missing" });
        }
        Err(source) => return Err(StoreError::Io { what: "opening the store", source }),
    };
    if segments(&file).map_err(StoreError::io("reading the store"))?.is_empty() {
        return Err(StoreError::Corrupt { what: "its data file is foreign, empty or overwritten" });
    }
    Ok(())
}

/// Returns a handle on the engine's file, to lock and to sync.
pub(super) fn open_file(dir: &Path) -> Result<File, StoreError> {
    OpenOptions::new().read(true).write(true).open(dir.join("db")).map_err(StoreError::io("opening the store"))
}

/// Makes a new store durable, and its owner's alone.
pub(super) fn settle_new(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let (path, is_dir) = entry.and_then(|e| Ok((e.path(), e.file_type()?.is_dir())))?;
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(if is_dir { 0o700 } else { 0o600 }))?;
        if is_dir {
            settle_new(&path)?;
        } else {
            OpenOptions::new().read(true).write(true).open(&path)?.sync_all()?;
        }
    }
    files::sync_dir(dir)
}

/// The end of the log as it was before the engine opened it: all that its recovery may overwrite.
pub(super) struct Tail {
    length: u64,
    segments: Vec<(u64, Vec<u8>)>,
}

impl Tail {
    /// Reads the log from the segment before this place on, the newest segments only if there are many: the engine cuts
    /// it behind that place, and overwrites segments that have become free.
    pub(super) fn read(mut file: &File, from: u64) -> Result<Self, StoreError> {
        let mut read = || -> io::Result<Self> {
            let mut all = segments(file)?;
            all.retain(|segment| segment.sequence.saturating_add(SEGMENT) >= from);
            all.sort_by_key(|segment| Reverse(segment.sequence));
            let mut tail = Self { length: file.metadata()?.len(), segments: Vec::new() };
            for segment in all.iter().take(MAX_TAIL) {
                file.seek(SeekFrom::Start(segment.at))?;
                let mut bytes = Vec::new();
                file.take(SEGMENT).read_to_end(&mut bytes)?;
                tail.segments.push((segment.at, bytes));
            }
            Ok(tail)
        };
        read().map_err(StoreError::io("reading the end of the store's log"))
    }

    /// Undoes what an opening that failed has overwritten.
    pub(super) fn put_back(&self, mut file: &File) -> Result<(), StoreError> {
        let mut write = || -> io::Result<()> {
            for (at, bytes) in &self.segments {
                file.seek(SeekFrom::Start(*at))?;
                file.write_all(bytes)?;
            }
            file.set_len(self.length)?;
            file.sync_all()
        };
        write().map_err(StoreError::io("undoing what the engine overwrote while it failed to open"))
    }
}
