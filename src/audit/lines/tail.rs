//! Reading a sink's file back: what a crash has torn at its end, and where each journal left off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::audit::{Event, SinkError};
use crate::model::Timestamp;

use super::disk::failed;
use super::format::{Line, LineFormat};

/// The end of the file, as far as a crash can have torn it: a part and a line, with room to spare.
pub(super) const WINDOW: u64 = 4 << 20;

/// Finds the last event of a journal in a file.
pub(super) struct Last {
    pub(super) journal: String,
    pub(super) position: u64,
    pub(super) index: u32,
    /// The event ends its block.
    pub(super) whole: bool,
}

impl Last {
    pub(super) fn of(event: &Event) -> Self {
        let whole = event.index().saturating_add(1) >= event.of();
        Self { journal: event.journal().to_owned(), position: event.position(), index: event.index(), whole }
    }

    fn said(line: Line) -> Option<Self> {
        match line {
            Line::Event { journal, position, index, of, .. } => {
                Some(Self { journal, position, index, whole: index.saturating_add(1) >= of })
            }
            Line::Head => None,
        }
    }
}

/// The end of a file.
pub(super) struct Found {
    /// The length of the whole part.
    pub(super) keep: u64,
    /// There is more behind the whole part.
    pub(super) torn: bool,
    /// The last event, if it is near the end.
    pub(super) last: Option<Last>,
}

/// Finds out what a crash has torn.
pub(super) fn mend<F: LineFormat>(file: &mut File, format: &F, path: &Path) -> Result<Found, SinkError> {
    let length = file.metadata().map_err(failed("looked at", path))?.len();
    let (from, window) = lines_before(file, length, path)?;
    let (mut good, mut last) = (0usize, None);
    for line in window.split_inclusive(|byte| *byte == b'\n') {
        let Some(said) = said(format, line) else { break };
        good = good.saturating_add(line.len());
        last = Last::said(said).or(last);
    }
    let rest = window.get(good..).unwrap_or_default();
    let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let torn = line.contains(&0) || F::BEGINNINGS.iter().any(|ours| line.starts_with(ours) || ours.starts_with(line));
    if (good == 0 && from > 0) || !torn {
        return Err(SinkError::new(format!(
            "{} has something at its end that isn't a journal: name a new file, or one that this sink wrote",
            path.display()
        )));
    }
    let keep = from.saturating_add(good as u64);
    Ok(Found { keep, torn: keep < length, last })
}

/// Finds the last event of a journal in a file, searched backwards.
pub(super) fn find<F: LineFormat>(
    file: &mut File,
    format: &F,
    path: &Path,
    journal: &str,
) -> Result<Option<Last>, SinkError> {
    let mut end = file.metadata().map_err(failed("looked at", path))?.len();
    while end > 0 {
        let (from, window) = lines_before(file, end, path)?;
        let lines = window.split_inclusive(|byte| *byte == b'\n').rev();
        let mut events = lines.filter_map(|line| said(format, line).and_then(Last::said));
        if let Some(last) = events.find(|last| last.journal == journal) {
            return Ok(Some(last));
        }
        // A line is far shorter than a window: without a line's end in it, the file is not this sink's.
        end = if from < end { from } else { 0 };
    }
    Ok(None)
}

/// Finds the time of the first event near the file's beginning.
pub(super) fn first_time<F: LineFormat>(
    file: &mut File,
    format: &F,
    path: &Path,
) -> Result<Option<Timestamp>, SinkError> {
    let mut window = Vec::new();
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.take(WINDOW).read_to_end(&mut window))
        .map_err(failed("read", path))?;
    let mut lines = window.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.find_map(|line| match said(format, line) {
        Some(Line::Event { time, .. }) => time,
        _ => None,
    }))
}

fn said<F: LineFormat>(format: &F, line: &[u8]) -> Option<Line> {
    let line = line.strip_suffix(b"\n")?;
    F::BEGINNINGS.iter().find(|beginning| line.starts_with(beginning))?;
    format.parse(line)
}

/// Reads the whole lines, and the rest that may follow them, among the last [`WINDOW`] bytes before `end`; and where they
/// begin.
fn lines_before(file: &mut File, end: u64, path: &Path) -> Result<(u64, Vec<u8>), SinkError> {
    let from = end.saturating_sub(WINDOW);
    let mut window = Vec::new();
    file.seek(SeekFrom::Start(from))
        .and_then(|_| file.take(end - from).read_to_end(&mut window))
        .map_err(failed("read", path))?;
    if from == 0 {
        return Ok((0, window));
    }
    let cut = window.iter().position(|byte| *byte == b'\n').map_or(window.len(), |at| at + 1);
    window.drain(..cut);
    Ok((from.saturating_add(cut as u64), window))
}
