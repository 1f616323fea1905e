//! Cuts the power at every sync of a trace and shows a check what is left on the disk.
//!
//! Cuts fall just before each sync ends, when the most is at stake, and at the trace's end. Just after it they would
//! show nothing new: "kept" is the same image, and "dropped" is the next cut's, which also knows what was acknowledged
//! since.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Image, Variant};
use super::random::Random;
use super::trace::{Act, SyncCall, Trace};

/// One image of the disk, and what was promised before it.
#[derive(Debug)]
pub struct Boundary<'t> {
    /// The number of the cut in the trace, from 0.
    pub index: usize,
    pub variant: Variant,
    /// The lines that the program had begun to print.
    pub acks: &'t [&'t str],
    /// True if the program had ended by itself.
    pub last: bool,
}

/// The findings of a replay.
#[derive(Debug, Default)]
pub struct Report {
    pub boundaries: usize,
    pub images: usize,
    pub failures: Vec<Failure>,
}

#[derive(Debug)]
pub struct Failure {
    pub boundary: usize,
    pub variant: Variant,
    pub seed: u64,
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boundary, variant, seed, why } = self;
        write!(f, "cut {boundary}, unsynced writes {variant:?}, seed {seed}: {why}")
    }
}

type Ignored<'t> = Box<dyn Fn(&SyncCall) -> bool + 't>;

/// The replay of a trace.
pub struct Replay<'t> {
    trace: &'t Trace,
    seed: u64,
    ignored: Ignored<'t>,
    shard: (usize, usize),
    from: usize,
    stop_after: usize,
}

impl<'t> Replay<'t> {
    pub fn new(trace: &'t Trace, seed: u64) -> Self {
        Self { trace, seed, ignored: Box::new(|_| false), shard: (0, 1), from: 0, stop_after: usize::MAX }
    }

    /// Plants a failure: these syncs do nothing, though power is still cut at them.
    pub fn ignore_syncs(mut self, ignored: impl Fn(&SyncCall) -> bool + 't) -> Self {
        self.ignored = Box::new(ignored);
        self
    }

    /// Shows only every `count`-th cut, from the `number`-th on, so that several threads can share the work.
    pub fn shard(mut self, number: usize, count: usize) -> Self {
        self.shard = (number, count);
        self
    }

    /// Shows no cut before this one.
    pub fn from(mut self, cut: usize) -> Self {
        self.from = cut;
        self
    }

    /// Ends after so many failures.
    pub fn stop_after(mut self, failures: usize) -> Self {
        self.stop_after = failures;
        self
    }

    /// Builds every image in a directory of its own and checks it. The check may write to it.
    pub fn run(self, mut check: impl FnMut(&Path, &Boundary<'_>) -> Result<(), String>) -> Result<Report, String> {
        let scratch = scratch().map_err(|e| format!("making a directory for the images: {e}"))?;
        let place = scratch.path().join("image");
        let (mut disk, mut report, mut acks) = (Disk::new(self.trace), Report::default(), Vec::new());
        let mut cut = 0;
        for (event, begins) in moments(self.trace) {
            match (&self.trace.events[event].act, begins) {
                (Act::Ack(line), true) => acks.push(line.as_str()),
                (_, true) => disk.begin(event),
                (Act::Sync(call), false) => {
                    self.cut(cut, &disk, &acks, false, &place, &mut check, &mut report)?;
                    cut += 1;
                    if (self.ignored)(call) { disk.skip(event) } else { disk.end(event) }
                }
                (_, false) => disk.end(event),
            }
            if report.failures.len() >= self.stop_after {
                return Ok(report);
            }
        }
        self.cut(cut, &disk, &acks, true, &place, &mut check, &mut report)?;
        Ok(report)
    }

    #[allow(clippy::too_many_arguments)]
    fn cut(
        &self,
        index: usize,
        disk: &Disk<'_>,
        acks: &[&str],
        last: bool,
        place: &Path,
        check: &mut impl FnMut(&Path, &Boundary<'_>) -> Result<(), String>,
        report: &mut Report,
    ) -> Result<(), String> {
        if index < self.from || index % self.shard.1 != self.shard.0 {
            return Ok(());
        }
        report.boundaries += 1;
        let variants = if disk.is_settled() { &Variant::ALL[..1] } else { &Variant::ALL[..] };
        for (n, variant) in variants.iter().enumerate() {
            let mut random = Random::new(self.seed, (index * Variant::ALL.len() + n) as u64);
            let image = disk.image(*variant, &mut random);
            materialise(&image, place).map_err(|e| format!("building the image of cut {index}: {e}"))?;
            report.images += 1;
            if let Err(why) = check(place, &Boundary { index, variant: *variant, acks, last }) {
                report.failures.push(Failure { boundary: index, variant: *variant, seed: self.seed, why });
            }
        }
        Ok(())
    }
}

/// Beginnings (`true`) and ends of all events in the order of the log.
fn moments(trace: &Trace) -> Vec<(usize, bool)> {
    let mut moments = Vec::new();
    for (n, event) in trace.events.iter().enumerate() {
        // A sync that the process's end cut short promised nothing.
        if event.end.is_none() && matches!(event.act, Act::Sync(_)) {
            continue;
        }
        moments.push((event.begin, true, n));
        if let Some(end) = event.end {
            moments.push((end, false, n));
        }
    }
    // Several events of one call share its lines: all begin before one ends.
    moments.sort_by_key(|(at, begins, n)| (*at, !*begins, *n));
    moments.into_iter().map(|(_, begins, n)| (n, begins)).collect()
}

/// Makes a directory in memory where there is one: images are written far more often than anything needs to last.
fn scratch() -> std::io::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

fn materialise(image: &Image<'_>, place: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir(place)?,
    }
    let inside = |path: &PathBuf| place.join(path);
    image.dirs.iter().try_for_each(|dir| fs::create_dir(inside(dir)))?;
    image.files.iter().try_for_each(|(path, bytes)| {
        let mut file = fs::File::create(inside(path))?;
        file.write_all(&bytes[..written(bytes)])?;
        file.set_len(bytes.len() as u64)
    })
}

/// Returns the length of what has to be written: of a file that ends with zeros, as reserved space does, only the rest.
fn written(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 4096] = [0; 4096];
    let chunks = bytes.chunks(ZEROS.len());
    let last = chunks.clone().rposition(|chunk| chunk != &ZEROS[..chunk.len()]);
    last.map_or(0, |last| bytes.len().min((last + 1) * ZEROS.len()))
}
