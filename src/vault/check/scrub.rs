//! Checking a vault in the background, while readers and writers go on.
//!
//! Guarantees: each round opens every journal block and every row that there was when it began, holds index entries
//! against rows, and compares both digests of each tenant exactly, though writers write. It never takes for damage what is
//! only being changed. Does not: notice what was altered behind it in the same round (the next one does), or that the
//! whole directory was set back; a check with a head kept elsewhere shows that.
//!
//! Exact sums are had so: values are read in pages between two commits, in the order of their keys; each commit then tells
//! what it changes of the values that were read already, and what lies ahead will be read as it is. So when a tenant's
//! last page has been read, the sum of what was read is the digest of what there is, or something was changed behind the
//! vault's back.

pub(crate) mod act;
pub(crate) mod journal;
pub(crate) mod kept;
pub(crate) mod pace;
pub(crate) mod pass;
pub(crate) mod progress;
pub(crate) mod rows;
pub(crate) mod settle;
pub(crate) mod shared;
pub(crate) mod worker;

#[cfg(test)]
pub(crate) use kept::{resume, save};
#[cfg(test)]
pub(crate) use pass::{Pass, Step};
pub use progress::{ScrubPhase, ScrubProgress};

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::audit::Verdict;
use crate::error::{Error, Result};

use crate::vault::core::{Background, Core};
use crate::vault::gate::Permit;
use crate::vault::handles::Who;

use act::Scrubbing;
use pace::Rate;
use shared::{Scrubs, Shared, Wish};
use worker::Worker;

/// Values a second, unless set.
const VALUES: u64 = 2_000;

/// How a scrub is to go.
///
/// At its default rate of 2,000 values a second a scrub takes a few hundredths of a processor's time, and commits wait for
/// it about thirty times a second, for well under a millisecond each. A vault of a million records with two indexes is
/// through in about half an hour.
#[derive(Debug, Clone)]
#[must_use = "options do nothing before `scrub`"]
pub struct ScrubOptions {
    rate: Rate,
    rounds: u64,
}

impl ScrubOptions {
    /// One round, at 2,000 values a second.
    pub const fn new() -> Self {
        Self { rate: Rate { values: VALUES, bytes: u64::MAX }, rounds: 1 }
    }

    /// At most so many values a second: rows, index entries and other values, journal blocks. At least 1. What is written
    /// while the scrub runs is checked besides.
    pub const fn rows_per_second(mut self, values: u64) -> Self {
        self.rate.values = if values == 0 { 1 } else { values };
        self
    }

    /// At most so many bytes a second, as they are stored. At least 1; as many as there are unless set.
    pub const fn bytes_per_second(mut self, bytes: u64) -> Self {
        self.rate.bytes = if bytes == 0 { 1 } else { bytes };
        self
    }

    /// How often everything is checked, one time after the other; once unless set. A round that finds something is the
    /// last. `u64::MAX` goes on until it is stopped.
    pub const fn rounds(mut self, rounds: u64) -> Self {
        self.rounds = if rounds == 0 { 1 } else { rounds };
        self
    }
}

impl Default for ScrubOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A scrub under way: a handle that may be dropped, the scrub goes on.
///
/// It ends with the vault: closing it keeps how far the scrub is, as do [`pause`](Self::pause) and [`stop`](Self::stop),
/// and the next [`Vault::scrub`](crate::VaultSession::scrub) goes on there. The tenant that it was at is begun again if it was
/// written to meanwhile; after a kill up to a minute of the scrub is repeated. A handle doesn't keep the vault open; when
/// the last handle of the vault itself is dropped while a page is being read, the vault is closed right after that page.
#[derive(Clone)]
pub struct Scrub {
    shared: Arc<Shared>,
}

impl Scrub {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> ScrubProgress {
        self.shared.progress()
    }

    /// Pauses it after the page that is being read, and keeps how far it is. That is on record then, under whoever began it.
    pub fn pause(&self) {
        self.shared.want(Wish::Pause);
    }

    /// Goes on after a [`pause`](Self::pause), which is on record likewise.
    pub fn resume(&self) {
        self.shared.want(Wish::Run);
    }

    /// Ends it after the page that is being read, keeps how far it is, and waits for that. One that has ended stays as it is.
    /// On record, as a pause is.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn stop(&self) -> Result<()> {
        self.shared.want(Wish::Stop);
        self.shared.wait().map(|_verdict| ())
    }

    /// Waits until it has ended: with what the last round found, or `None` if it was stopped or the vault closed before.
    ///
    /// # Errors
    /// [`Error::Io`] with what went wrong beneath: the vault couldn't be read, or has stopped. That says nothing of what it
    /// holds.
    pub fn wait(&self) -> Result<Option<Verdict>> {
        self.shared.wait()
    }
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrub").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

/// Starts a scrub that was permitted.
pub(crate) fn start(core: &Arc<Core>, options: ScrubOptions, who: &Arc<Who>, permit: &Permit) -> Result<Scrub> {
    let scrubs = core.scrubs.get_or_init(|| Box::<Scrubs>::default());
    let scrubs = of(&**scrubs).ok_or(Error::Closed)?;
    let shared = scrubs.start(|shared| {
        // Under the lock that closing takes: none starts after it.
        core.ready()?;
        let act = Scrubbing::new(who, permit);
        act.begun(core)?;
        let ScrubOptions { rate, rounds } = options;
        let worker = Worker { core: Arc::downgrade(core), shared: Arc::clone(shared), act, rate, rounds };
        let thread = std::thread::Builder::new().name("strongroom-scrub".to_owned()).spawn(move || worker.run());
        thread.map_err(|error| Error::io("starting a thread", error))
    })?;
    Ok(Scrub { shared })
}

/// Returns how far the scrub is that runs, or ran last.
pub(crate) fn progress(core: &Core) -> Option<ScrubProgress> {
    of(&**core.scrubs.get()?)?.progress()
}

fn of(background: &dyn Background) -> Option<&Scrubs> {
    (background as &dyn Any).downcast_ref()
}
