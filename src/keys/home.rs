//! The home of the keyring's files, which come sealed or wrapped.

mod file;
mod memory;

pub(crate) use file::FileHome;
pub(crate) use memory::MemoryHome;

use std::io;

/// A place for the keyring's files and its anchor. One process writes at a time; the vault's lock sees to it.
pub(crate) trait Home: Send + Sync {
    /// Returns the file of this name; `None` when there is none, an error when it is longer than `limit`.
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, HomeError>;

    /// Writes a file that isn't there yet. When this returns it is durable and reads back as it was written.
    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError>;

    /// Returns the names of all files but the anchor.
    fn list(&self) -> Result<Vec<String>, HomeError>;

    /// Overwrites a file, as far as that helps, and removes it. One that isn't there is removed already.
    fn remove(&self, name: &str) -> Result<(), HomeError>;

    /// Returns the anchor; `None` when there is none.
    fn read_anchor(&self) -> Result<Option<Vec<u8>>, HomeError>;

    /// Replaces the anchor, atomically and durably, if it is what is expected, and overwrites the old one as far as that
    /// helps. After an error it may have happened or not: read the anchor to find out.
    fn swap_anchor(&self, expected: Option<&[u8]>, new: &[u8]) -> Result<(), HomeError>;
}

/// A failure of the place where the keyring lives.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} {place}")]
pub(crate) struct HomeError {
    action: &'static str,
    place: String,
    source: io::Error,
}

impl HomeError {
    pub(crate) fn new(action: &'static str, place: impl Into<String>, source: io::Error) -> Self {
        Self { action, place: place.into(), source }
    }
}

/// Refuses a compare-and-swap whose comparison failed.
fn unexpected() -> io::Error {
    io::Error::other("it is not what it was: another program wrote it")
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is longer than such a file can be")
}
