//! The options of a sink's files.

use std::time::Duration;

/// Options of a sink with files: when it begins a new one, how many it keeps, and when written bytes are synced.
///
/// A full file is renamed to `<name>.000001`, `<name>.000002` and so on, ever higher, and a new one begun under the name
/// itself. A file may be moved away or packed once it has been renamed; keep the newest one, in which the sink looks up where
/// it left off when the file itself has nothing of a journal yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct FileOptions {
    pub(super) bytes: Option<u64>,
    pub(super) age: Option<Duration>,
    pub(super) keep: Option<u64>,
    pub(super) fsync: Fsync,
}

/// The moment at which a sink with files syncs written bytes: the meaning of its acknowledgement.
///
/// Only with [`Always`](Self::Always) is an acknowledged event on the disk. With the others it is with the operating system:
/// safe from a killed process, not from a power cut, after which the file may lack its last lines, at most 1 MiB of them. The
/// vault sends these again when it is opened with the sink; if the vault's own directory is lost too, nobody has them. For a
/// [`Required`](crate::audit::Required) sink, which is there to have an act told of elsewhere before it is answered, use
/// `Always`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fsync {
    /// At each delivery, before it is acknowledged.
    #[default]
    Always,
    /// When this many bytes aren't synced, at most 1 MiB; and with each signed head, about once a second.
    EveryBytes(u64),
    /// At the first delivery after this time, or when 1 MiB isn't synced; and with each signed head, about once a second.
    Every(Duration),
}

impl FileOptions {
    /// Keeps one file for ever, synced at each delivery.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a new file before one would be longer than this. A line that is longer by itself gets a file of its own.
    pub fn rotate_at_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Begins a new file with the first event that is this much later than the first in the file. Time is that of the events:
    /// the vault's clock.
    pub fn rotate_after(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// Keeps at most so many files, and at least one, besides the one that is written to, and removes older ones when a new one is begun; all
    /// unless set. One that can't be removed is tried again the next
    /// time.
    pub fn keep(mut self, files: u64) -> Self {
        self.keep = Some(files.max(1));
        self
    }

    /// Sets when written bytes are synced; [`Fsync::Always`] unless set.
    pub fn fsync(mut self, fsync: Fsync) -> Self {
        self.fsync = fsync;
        self
    }
}
