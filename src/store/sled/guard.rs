//! What is looked at and put right before `sled` may touch a directory.
//!
//! Left to itself it takes a foreign or emptied file for a new store and writes over it, and never opens again beside a
//! torn or unfinished snapshot, though it needs none: a snapshot only spares reading the whole log.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::{StoreError, files};

/// The engine's settings file, which is the same for every store: three lines and their CRC.
const CONF: &[u8] = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n\x76\x19\x51\xc1";

/// The engine's log is made of segments of this many bytes.
const SEGMENT: u64 = 512 * 1024;

/// CRC, sequence number and stable sequence number, little-endian, at the start of a segment.
const SEGMENT_HEADER: usize = 20;

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
    if has_segment(file).map_err(StoreError::io("reading the store"))? {
        Ok(())
    } else {
        Err(StoreError::Corrupt { what: "its data file is foreign, empty or overwritten" })
    }
}

/// A handle on the engine's file, to lock and to sync.
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

/// Removes unfinished snapshots and sets torn ones aside.
pub(super) fn clear_snapshots(dir: &Path) -> Result<Vec<Notice>, StoreError> {
    let mut notices = Vec::new();
    for file in snapshots(dir)? {
        let path = dir.join(&file);
        if file.ends_with(UNFINISHED) {
            fs::remove_file(&path).map_err(StoreError::io("removing an unfinished snapshot"))?;
            notices.push(Notice::UnfinishedSnapshotRemoved { file });
        } else if !is_whole(&path).map_err(StoreError::io("reading a snapshot"))? {
            fs::rename(&path, aside(dir, &file)).map_err(StoreError::io("setting a torn snapshot aside"))?;
            notices.push(Notice::SnapshotSetAside { file });
        }
    }
    if !notices.is_empty() {
        files::sync_dir(dir).map_err(StoreError::io("syncing the store's directory"))?;
    }
    Ok(notices)
}

/// Sets every snapshot aside, for a last attempt without; `None` if there is none.
pub(super) fn set_all_aside(dir: &Path) -> Result<Option<Aside>, StoreError> {
    let files = snapshots(dir)?;
    for file in &files {
        fs::rename(dir.join(file), aside(dir, file)).map_err(StoreError::io("setting a snapshot aside"))?;
    }
    Ok((!files.is_empty()).then(|| Aside { dir: dir.to_owned(), files }))
}

/// Snapshots set aside in case that the engine opens without them.
pub(super) struct Aside {
    dir: PathBuf,
    files: Vec<String>,
}

impl Aside {
    /// It did: what the user is told.
    pub(super) fn notices(self) -> impl Iterator<Item = Notice> {
        self.files.into_iter().map(|file| Notice::SnapshotSetAside { file })
    }

    /// It didn't: leaves the directory as it was found, as far as that goes.
    pub(super) fn put_back(self) {
        for file in &self.files {
            let old = self.dir.join(file);
            if !old.exists() {
                let _ = fs::rename(aside(&self.dir, file), old);
            }
        }
    }
}

/// The names of what the engine takes for snapshots, in its own order.
fn snapshots(dir: &Path) -> Result<Vec<String>, StoreError> {
    let list = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                if name.starts_with(SNAPSHOT) {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    };
    list().map_err(StoreError::io("listing the store's directory"))
}

fn aside(dir: &Path, file: &str) -> PathBuf {
    dir.join(format!("{ASIDE}{file}"))
}

/// A snapshot ends in its content's length and CRC, 8 and 4 bytes, little-endian.
fn is_whole(path: &Path) -> io::Result<bool> {
    let bytes = fs::read(path)?;
    let Some((rest, crc)) = bytes.split_last_chunk::<4>() else { return Ok(false) };
    let Some((content, length)) = rest.split_last_chunk::<8>() else { return Ok(false) };
    Ok(!content.is_empty()
        && u64::try_from(content.len()).is_ok_and(|n| n == u64::from_le_bytes(*length))
        && crc32fast::hash(content) == u32::from_le_bytes(*crc))
}

/// Whether at least one segment has a header with the right CRC.
fn has_segment(mut file: File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    for at in (0..length).step_by(usize::try_from(SEGMENT).unwrap_or(usize::MAX)) {
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; SEGMENT_HEADER];
        match file.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
        let (crc, rest) = header.split_at(4);
        // Stored inverted.
        if (!crc32fast::hash(rest)).to_le_bytes() == crc {
            return Ok(true);
        }
    }
    Ok(false)
}
