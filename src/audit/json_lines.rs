//! A sink that appends to a file: one JSON object a line.
//!
//! Guarantees: what was acknowledged is on the disk; the file is valid JSON lines again after any crash, once reopened;
//! no event is in it twice. Does not: rotate the file, or notice what others change in it before its last 4 MiB.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{AuditSink, Event, Head, Held, SinkError};

/// Between two syncs, at most this much is written, and one line more.
const PART: usize = 1 << 20;
/// The end of the file, as far as a crash can have torn it: a part and a line, with room to spare.
const WINDOW: u64 = 4 << 20;
/// How the lines of this sink begin.
const BEGINNINGS: [&[u8]; 2] = [b"{\"position\":", b"{\"head\":"];

/// Appends events to a file, one JSON object a line ([`Event::to_json`]), and signed heads as `{"head": …}`.
///
/// The file is synced at each delivery. A new one is readable to its owner only. It may serve several vaults one after the
/// other, as each line names its journal, but one at a time. Started on an empty file, it gets the journal from its
/// beginning: to rotate, close the vault and move the file away, or keep the last line in the new one.
pub struct JsonLines {
    path: PathBuf,
    file: File,
    last: Option<Last>,
    /// The length up to which all is on the disk.
    synced: u64,
}

/// The last event in the file.
struct Last {
    journal: String,
    position: u64,
    index: u32,
    /// Whether it ends its block.
    whole: bool,
}

impl JsonLines {
    /// Opens the file to append to it, or creates it. What a crash has torn at its end is removed; delivery writes it anew.
    ///
    /// # Errors
    /// If the path is not a regular file, is used by another sink, ends with something that this sink didn't write, or
    /// can't be read and written.
    pub fn append(path: impl AsRef<Path>) -> Result<Self, SinkError> {
        let path = path.as_ref();
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
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = format!("{} is in use by another sink: give each vault a file of its own", path.display());
                return Err(SinkError::new(text));
            }
            Err(TryLockError::Error(error)) => return Err(failed("locked", path)(error)),
        }
        let mut sink = Self { path: path.to_owned(), file, last: None, synced: 0 };
        sink.mend()?;
        sink.file.sync_all().map_err(failed("synced", path))?;
        sink.synced = sink.length()?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A new file's name is durable only with its directory; where a directory can't be opened it can't be synced.
        if let Ok(directory) = File::open(directory) {
            directory.sync_all().map_err(failed("synced", path))?;
        }
        Ok(sink)
    }

    /// Cuts off what a crash has torn, and finds the last event.
    fn mend(&mut self) -> Result<(), SinkError> {
        let length = self.length()?;
        let (from, window) = self.lines_before(length)?;
        let mut good = 0;
        for line in window.split_inclusive(|byte| *byte == b'\n') {
            let Some(found) = parse(line) else { break };
            good += line.len();
            self.last = found.or(self.last.take());
        }
        let rest = window.get(good..).unwrap_or_default();
        let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let torn = line.contains(&0) || BEGINNINGS.iter().any(|ours| line.starts_with(ours) || ours.starts_with(line));
        if (good == 0 && from > 0) || !torn {
            return Err(SinkError::new(format!(
                "{} has something at its end that isn't a journal: name a new file, or one that this sink wrote",
                self.path.display()
            )));
        }
        let keep = from.saturating_add(good as u64);
        if keep < length { self.file.set_len(keep).map_err(failed("mended", &self.path)) } else { Ok(()) }
    }

    /// The last event of a journal in the file, searched backwards.
    fn find(&mut self, journal: &str) -> Result<Option<Last>, SinkError> {
        let mut end = self.length()?;
        while end > 0 {
            let (from, window) = self.lines_before(end)?;
            let lines = window.split_inclusive(|byte| *byte == b'\n').rev();
            if let Some(last) = lines.filter_map(|line| parse(line).flatten()).find(|last| last.journal == journal) {
                return Ok(Some(last));
            }
            // A line is far shorter than a window: without a line's end in it, the file is not this sink's.
            end = if from < end { from } else { 0 };
        }
        Ok(None)
    }

    /// The whole lines, and what may follow them, among the last [`WINDOW`] bytes before `end`; and where they begin.
    fn lines_before(&mut self, end: u64) -> Result<(u64, Vec<u8>), SinkError> {
        let from = end.saturating_sub(WINDOW);
        let mut window = Vec::new();
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| (&mut self.file).take(end - from).read_to_end(&mut window))
            .map_err(failed("read", &self.path))?;
        if from == 0 {
            return Ok((0, window));
        }
        let cut = window.iter().position(|byte| *byte == b'\n').map_or(window.len(), |at| at + 1);
        window.drain(..cut);
        Ok((from.saturating_add(cut as u64), window))
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), SinkError> {
        // After a failed sync nobody knows what of the last part is on the disk: write it again.
        if self.length()? > self.synced {
            self.file.set_len(self.synced).map_err(failed("mended", &self.path))?;
        }
        self.file.write_all(lines).map_err(failed("written", &self.path))?;
        self.file.sync_data().map_err(failed("synced", &self.path))?;
        self.synced = self.length()?;
        Ok(())
    }

    fn length(&self) -> Result<u64, SinkError> {
        self.file.metadata().map(|found| found.len()).map_err(failed("looked at", &self.path))
    }

    fn holds(&self, event: &Event) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.journal == event.journal() && (event.position(), event.index()) <= (last.position, last.index)
        })
    }
}

impl AuditSink for JsonLines {
    fn deliver(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let mut lines = Vec::new();
        let mut new = events.iter().filter(|event| !self.holds(event)).collect::<Vec<_>>().into_iter().peekable();
        while let Some(event) = new.next() {
            lines.extend_from_slice(event.to_json().as_bytes());
            lines.push(b'\n');
            if new.peek().is_none() || lines.len() >= PART {
                self.write(&lines)?;
                lines.clear();
                self.last = Some(Last::of(event));
            }
        }
        Ok(())
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
        let mut line = serde_json::json!({ "head": head.to_string() }).to_string();
        line.push('\n');
        self.write(line.as_bytes())
    }

    fn name(&self) -> String {
        format!("JsonLines({})", self.path.display())
    }
}

impl Drop for JsonLines {
    fn drop(&mut self) {
        // Closing isn't enough: a process that another thread is about to start holds a copy of every handle for a
        // moment, and the lock lives as long as one of them. Should it fail, closing still works a moment later.
        let _late = self.file.unlock();
    }
}

impl Last {
    fn of(event: &Event) -> Self {
        let whole = event.index().saturating_add(1) >= event.of();
        Self { journal: event.journal().to_owned(), position: event.position(), index: event.index(), whole }
    }
}

#[derive(Deserialize)]
struct Seen {
    position: Option<u64>,
    index: Option<u32>,
    of: Option<u32>,
    journal: Option<String>,
    head: Option<String>,
}

/// What a line of this sink says: an event, or a head (`Some(None)`). `None` for any other line, or one without its end.
fn parse(line: &[u8]) -> Option<Option<Last>> {
    let line = line.strip_suffix(b"\n")?;
    BEGINNINGS.iter().find(|beginning| line.starts_with(beginning))?;
    let seen: Seen = serde_json::from_slice(line).ok()?;
    match (seen.position, seen.index, seen.of, seen.journal, seen.head) {
        (Some(position), Some(index), Some(of), Some(journal), None) => {
            Some(Some(Last { journal, position, index, whole: index.saturating_add(1) >= of }))
        }
        (None, None, None, None, Some(_)) => Some(None),
        _ => None,
    }
}

fn not_regular(path: &Path) -> SinkError {
    SinkError::new(format!("{} is not a regular file: name a file, not a link, directory or device", path.display()))
}

fn failed<'p>(done: &'static str, path: &'p Path) -> impl Fn(io::Error) -> SinkError + 'p {
    move |error| SinkError::with_source(format!("{} can't be {done}", path.display()), error)
}

#[cfg(test)]
mod tests;
