//! Sinks that append lines to a file: what they share, whatever their lines look like.
//!
//! Guarantees: with [`Fsync::Always`] what was acknowledged is on the disk; the file is whole lines again after any crash,
//! once reopened; no event is in it twice, and none is missing between two that are there, over rotations too. Does not:
//! notice what others change in the file before its last 4 MiB.

use std::path::{Path, PathBuf};

use crate::model::Timestamp;

use super::{AuditSink, Event, Head, Held, SinkError};

mod appender;
mod disk;
mod format;
mod options;
mod rotation;
mod tail;

pub use options::{FileOptions, Fsync};

pub(crate) use format::{Line, LineFormat};

use appender::{Appender, PART};
use disk::{Disk, failed};
use tail::Last;

/// Appends lines to a file, and begins a new one when told to.
pub(crate) struct FileSink<F> {
    format: F,
    path: PathBuf,
    options: FileOptions,
    disk: Disk,
    appender: Appender,
    last: Option<Last>,
    /// The time of the first event in the file, as far as its lines tell.
    first: Option<Timestamp>,
    rotation: Rotation,
}

/// The step of beginning a new file that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rotation {
    None,
    /// The file has got its number; it may not be durable yet.
    Renamed,
    /// The new file is there; its name may not be durable yet.
    Begun,
}

impl<F: LineFormat> FileSink<F> {
    /// Opens the file to append to it, or creates it. What a crash has torn at its end is removed; delivery writes it anew.
    ///
    /// # Errors
    /// If the path is not a regular file, is used by another sink, ends with something that this sink didn't write, or
    /// can't be read and written.
    pub(crate) fn append(format: F, path: &Path, options: FileOptions) -> Result<Self, SinkError> {
        Self::on(Disk::default(), format, path, options)
    }

    fn on(disk: Disk, format: F, path: &Path, options: FileOptions) -> Result<Self, SinkError> {
        let mut file = disk.open(path)?;
        let found = tail::mend(&mut file, &format, path)?;
        if found.torn {
            disk.set_length(&file, found.keep).map_err(failed("mended", path))?;
        }
        disk.sync_all(&file).map_err(failed("synced", path))?;
        // A new file's name is durable only with its directory.
        disk.sync_directory(path).map_err(failed("synced", path))?;
        let first = tail::first_time(&mut file, &format, path)?;
        let appender = Appender::new(file, found.keep);
        let path = path.to_owned();
        Ok(Self { format, path, options, disk, appender, last: found.last, first, rotation: Rotation::None })
    }

    /// Writes lines behind the others. They are on the disk when this returns if `sync` says so, or the policy.
    fn write(&mut self, lines: &[u8], sync: bool) -> Result<(), SinkError> {
        let fsync = if sync { Fsync::Always } else { self.options.fsync };
        self.appender.append(&self.disk, lines, fsync).map_err(failed("written", &self.path))
    }

    /// Tells whether an event's line belongs into a new file, behind this many bytes that aren't written yet.
    fn rotates(&self, event: &Event, line: usize, waiting: usize) -> bool {
        if self.rotation != Rotation::None {
            return true;
        }
        let size = self.appender.length().saturating_add(waiting as u64);
        let large = self.options.bytes.is_some_and(|limit| size.saturating_add(line as u64) > limit);
        let old = self.options.age.zip(self.first).is_some_and(|(age, first)| {
            let micros = event.time().as_micros().saturating_sub(first.as_micros());
            u128::try_from(micros).is_ok_and(|micros| micros >= age.as_micros())
        });
        size > 0 && (large || old)
    }

    fn holds(&self, event: &Event) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.journal == event.journal() && (event.position(), event.index()) <= (last.position, last.index)
        })
    }

    fn flush(&mut self, lines: &mut Vec<u8>, last: Option<&Event>) -> Result<(), SinkError> {
        if let Some(event) = last.filter(|_| !lines.is_empty()) {
            self.write(lines, false)?;
            self.last = Some(Last::of(event));
            lines.clear();
        }
        Ok(())
    }
}

impl<F: LineFormat> AuditSink for FileSink<F> {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let mut lines = Vec::new();
        let mut written = None;
        for event in events {
            if self.holds(event) {
                continue;
            }
            let line = self.format.line(event);
            if self.rotates(event, line.len().saturating_add(1), lines.len()) {
                self.flush(&mut lines, written)?;
                self.rotate()?;
            }
            self.first.get_or_insert(event.time());
            lines.extend_from_slice(line.as_bytes());
            lines.push(b'\n');
            written = Some(event);
            if lines.len() >= PART {
                self.flush(&mut lines, written)?;
            }
        }
        self.flush(&mut lines, written)
    }

    fn last(&mut self, journal: &str) -> Result<Held, SinkError> {
        if self.last.as_ref().is_none_or(|last| last.journal != journal) {
            self.last = self.find(journal)?;
        }
        Ok(match &self.last {
            None => Held::Nothing,
            Some(last) if last.whole => Held::UpTo(last.position),
            Some(last) => last.position.checked_sub(1).map_or(Held::Nothing, Held::UpTo),
        })
    }

    fn anchor(&mut self, head: &Head) -> Result<(), SinkError> {
        let mut line = self.format.head(head);
        line.push('\n');
        self.write(line.as_bytes(), true)
    }

    fn keeps_heads(&self) -> bool {
        true
    }

    fn name(&self) -> String {
        format!("{}({})", F::NAME, self.path.display())
    }
}

impl<F> Drop for FileSink<F> {
    fn drop(&mut self) {
        // What was acknowledged and isn't synced yet is in the file all the same; the next opening looks what is.
        let _unsynced = self.appender.sync(&self.disk);
    }
}

/// A public sink over a [`FileSink`] of one format.
macro_rules! file_sink {
    ($(#[$doc:meta])* $sink:ident, $format:expr, $type:ty) => {
        $(#[$doc])*
        pub struct $sink($crate::audit::lines::FileSink<$type>);

        impl $sink {
            /// Opens the file to append to it, or creates it; synced at each delivery, and never rotated. What a crash has
            /// torn at its end is removed; delivery writes it anew.
            ///
            /// # Errors
            /// If the path is not a regular file, is used by another sink, ends with something that this sink didn't write,
            /// or can't be read and written.
            pub fn append(path: impl AsRef<std::path::Path>) -> Result<Self, $crate::audit::SinkError> {
                Self::append_with(path, $crate::audit::FileOptions::new())
            }

            /// Opens a file as `append` does, with a say in when a new file is begun and when what is written is synced.
            ///
            /// # Errors
            /// As [`append`](Self::append).
            pub fn append_with(
                path: impl AsRef<std::path::Path>,
                options: $crate::audit::FileOptions,
            ) -> Result<Self, $crate::audit::SinkError> {
                $crate::audit::lines::FileSink::append($format, path.as_ref(), options).map(Self)
            }

            #[cfg(test)]
            pub(in $crate::audit) fn inner(&mut self) -> &mut $crate::audit::lines::FileSink<$type> {
                &mut self.0
            }
        }

        impl $crate::audit::AuditSink for $sink {
            fn deliver(&mut self, events: &[$crate::audit::Event]) -> Result<(), $crate::audit::SinkError> {
                $crate::audit::AuditSink::deliver(&mut self.0, events)
            }

            fn last(&mut self, journal: &str) -> Result<$crate::audit::Held, $crate::audit::SinkError> {
                $crate::audit::AuditSink::last(&mut self.0, journal)
            }

            fn anchor(&mut self, head: &$crate::audit::Head) -> Result<(), $crate::audit::SinkError> {
                $crate::audit::AuditSink::anchor(&mut self.0, head)
            }

            fn keeps_heads(&self) -> bool {
                $crate::audit::AuditSink::keeps_heads(&self.0)
            }

            fn name(&self) -> String {
                $crate::audit::AuditSink::name(&self.0)
            }
        }
    };
}
pub(crate) use file_sink;

#[cfg(test)]
mod tests;
