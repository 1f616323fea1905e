//! The engine's snapshots, which spare it reading the whole log.
//!
//! The engine doesn't open beside a torn or unfinished snapshot, though it can do without any. A whole snapshot beside
//! a damaged log is left where it is: without it the engine would take the damaged place for the end of the log, and
//! drop what follows.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::super::{StoreError, files};

const SNAPSHOT: &str = "snap.";
const UNFINISHED: &str = ".generating";
const ASIDE: &str = "torn.";

/// Something that was repaired while opening. Nothing was lost by it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Notice {
    /// A snapshot that a crash had left unfinished was removed.
    UnfinishedSnapshotRemoved { file: String },
    /// A snapshot that couldn't be used was renamed, and the whole log read instead.
    SnapshotSetAside { file: String },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnfinishedSnapshotRemoved { file } => {
                write!(f, "removed {file}, an unfinished snapshot left by a crash; nothing is lost")
            }
            Self::SnapshotSetAside { file } => write!(
                f,
                "set the unreadable snapshot {file} aside as {ASIDE}{file} and read the whole log instead; \
                 the file can be removed"
            ),
        }
    }
}

/// Removes unfinished snapshots and sets torn ones aside.
pub(super) fn clear(dir: &Path) -> Result<Vec<Notice>, StoreError> {
    let mut notices = Vec::new();
    for file in list(dir)? {
        let path = dir.join(&file);
        if file.ends_with(UNFINISHED) {
            fs::remove_file(&path).map_err(StoreError::io("removing an unfinished snapshot"))?;
            notices.push(Notice::UnfinishedSnapshotRemoved { file });
        } else if !is_whole(&path).map_err(StoreError::io("reading a snapshot"))? {
            fs::rename(&path, dir.join(format!("{ASIDE}{file}")))
                .map_err(StoreError::io("setting a torn snapshot aside"))?;
            notices.push(Notice::SnapshotSetAside { file });
        }
    }
    if !notices.is_empty() {
        files::sync_dir(dir).map_err(StoreError::io("syncing the store's directory"))?;
    }
    Ok(notices)
}

/// Returns the place up to which the newest snapshot knows the log: its first 8 bytes, little-endian, less one.
pub(super) fn newest(dir: &Path) -> Result<Option<u64>, StoreError> {
    let Some(file) = list(dir)?.pop() else { return Ok(None) };
    let mut place = [0; 8];
    let read = File::open(dir.join(file)).and_then(|mut file| file.read_exact(&mut place));
    read.map_err(StoreError::io("reading a snapshot"))?;
    Ok(Some(u64::try_from(i64::from_le_bytes(place).saturating_sub(1)).unwrap_or(0)))
}

/// Returns the names of the files that the engine takes for snapshots, in its own order.
fn list(dir: &Path) -> Result<Vec<String>, StoreError> {
    let names = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            if let Ok(name) = entry?.file_name().into_string()
                && name.starts_with(SNAPSHOT)
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    };
    names().map_err(StoreError::io("listing the store's directory"))
}

/// Tells whether a snapshot is whole: it ends in its content's length and CRC, 8 and 4 bytes, little-endian.
fn is_whole(path: &Path) -> io::Result<bool> {
    let bytes = fs::read(path)?;
    let Some((rest, crc)) = bytes.split_last_chunk::<4>() else { return Ok(false) };
    let Some((content, length)) = rest.split_last_chunk::<8>() else { return Ok(false) };
    Ok(!content.is_empty()
        && u64::try_from(content.len()).is_ok_and(|n| n == u64::from_le_bytes(*length))
        && crc32fast::hash(content) == u32::from_le_bytes(*crc))
}
