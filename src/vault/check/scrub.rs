//! Checking a vault in the background, while readers and writers go on.
//!
//! Guarantees: each round opens every journal block and every row that there was when it began, compares index entries
//! with rows, and compares both digests of each tenant exactly, though writers write. A change under way is never taken
//! for damage. Does not: notice an alteration behind it in the same round (the next one does), or that the whole
//! directory was set back; a check with a head kept elsewhere shows that.
//!
//! The sums are exact because values are read in pages between two commits, in the order of their keys; each commit
//! then adds its changes of the values read already, and values ahead will be read as they are. So when a tenant's last
//! page has been read, the sum equals the tenant's digest, or something was changed behind the vault's back.

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

/// Number of values a second, unless set.
const VALUES: u64 = 2_000;

/// Options of a scrub.
///
/// At the default rate of 2,000 values a second a scrub takes a few hundredths of a processor's time, and commits wait
/// for it about thirty times a second, each for well under a millisecond. A million records with two indexes take it
/// half an hour.
#[derive(Debug, Clone)]
#[must_use = "options do nothing before `scrub`"]
pub struct ScrubOptions {
    rate: Rate,
    rounds: u64,
}

impl ScrubOptions {
    /// Returns options for one round, at 2,000 values a second.
    pub const fn new() -> Self {
        Self { rate: Rate { values: VALUES, bytes: u64::MAX }, rounds: 1 }
    }

    /// Sets the largest number of values a second, at least 1: rows, index entries and other values, journal blocks.
    /// Values written while the scrub runs are checked besides.
    pub const fn rows_per_second(mut self, values: u64) -> Self {
        self.rate.values = if values == 0 { 1 } else { values };
        self
    }

    /// Sets the largest number of stored bytes a second, at least 1; unlimited unless set.
    pub const fn bytes_per_second(mut self, bytes: u64) -> Self {
        self.rate.bytes = if bytes == 0 { 1 } else { bytes };
        self
    }

    /// Sets the number of rounds, one after the other; one unless set. A round that finds something is the last.
    /// `u64::MAX` goes on until the scrub is stopped.
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

/// The handle of a scrub under way. The handle may be dropped; the scrub goes on.
///
/// The scrub ends with the vault. Closing the vault saves the scrub's progress, as do [`pause`](Self::pause) and
/// [`stop`](Self::stop), and the next [`Vault::scrub`](crate::VaultSession::scrub) goes on there. A tenant left
/// half-way is begun again if it was written to since; after a kill up to a minute of the scrub is repeated. A handle
/// doesn't keep the vault open: if the vault's last handle is dropped during a page, the vault closes after it.
#[derive(Clone)]
pub struct Scrub {
    shared: Arc<Shared>,
}

impl Scrub {
    /// Returns the scrub's progress.
    #[must_use]
    pub fn progress(&self) -> ScrubProgress {
        self.shared.progress()
    }

    /// Pauses the scrub after the page being read, saves its progress, and journals the pause for the scrub's actor.
    pub fn pause(&self) {
        self.shared.want(Wish::Pause);
    }

    /// Goes on after a [`pause`](Self::pause), which is journalled likewise.
    pub fn resume(&self) {
        self.shared.want(Wish::Run);
    }

    /// Stops the scrub after the page being read, saves its progress, and waits for that. A scrub that has ended stays
    /// so. Journalled as a pause is.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn stop(&self) -> Result<()> {
        self.shared.want(Wish::Stop);
        self.shared.wait().map(|_verdict| ())
    }

    /// Waits for the scrub's end. Returns the last round's verdict; `None` if it was stopped or the vault closed first.
    ///
    /// # Errors
    /// [`Error::Io`], with its cause: the vault couldn't be read, or has stopped. That says nothing of its content.
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
        // Under the lock that closing takes: no scrub starts after it.
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

/// Returns the progress of the scrub that runs, or ran last.
pub(crate) fn progress(core: &Core) -> Option<ScrubProgress> {
    of(&**core.scrubs.get()?)?.progress()
}

fn of(background: &dyn Background) -> Option<&Scrubs> {
    (background as &dyn Any).downcast_ref()
}
