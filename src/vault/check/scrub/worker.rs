//! The thread of a scrub: takes steps at the given rate until it is through, or told otherwise.
//!
//! Guarantees: holds the vault no longer than a step. Does not: keep it alive.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::audit::Verdict;
use crate::error::{Error, Result};
use crate::vault::core::Core;

use super::act::Scrubbing;
use super::kept;
use super::pace::{Cost, Pace, Rate};
use super::pass::{Origin, Pass, Step};
use super::progress::ScrubPhase;
use super::shared::{Shared, Wish};

/// How often a running scrub keeps how far it is.
const KEEP: Duration = Duration::from_secs(60);
/// How long it waits before the journal is asked again to take its end.
const AGAIN: Duration = Duration::from_millis(100);

pub(crate) struct Worker {
    pub(crate) core: Weak<Core>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) act: Scrubbing,
    pub(crate) rate: Rate,
    pub(crate) rounds: u64,
}

/// Why the thread goes no further.
enum Over {
    Done,
    Stopped,
    /// Whoever closes the vault keeps how far the scrub is, and ends it.
    Closing,
    Failed(Error),
}

/// What was done in a turn.
enum Did {
    Step(Cost),
    /// A round is through, with this verdict.
    Round(Verdict),
    /// Its end is written down.
    Noted,
    /// What is to be written down could not be yet.
    Wait,
    All,
}

impl Worker {
    pub(crate) fn run(self) {
        let over = catch_unwind(AssertUnwindSafe(|| self.work())).unwrap_or_else(|_panic| {
            let why = "its thread panicked, maybe over what it was reading; `verify` may tell more";
            Over::Failed(Error::NotPossible { what: "scrub", why })
        });
        // Held until all is told: closing the vault would say that the scrub was stopped.
        let core = if matches!(over, Over::Failed(_)) { self.core.upgrade() } else { None };
        let (phase, error) = match over {
            Over::Closing => return,
            Over::Done => (ScrubPhase::Finished, None),
            Over::Stopped => (ScrubPhase::Stopped, None),
            Over::Failed(error) => {
                if let Some(core) = &core {
                    // The host's clock may panic. If the journal takes nothing, health says so, as it says that this failed.
                    let _unwritten = catch_unwind(AssertUnwindSafe(|| self.act.failed(core)));
                }
                (ScrubPhase::Failed, Some(error))
            }
        };
        drop(self.shared.pass.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.shared.end(phase, error);
    }

    fn work(&self) -> Over {
        let mut pace = Pace::new(self.rate, Instant::now());
        let mut kept = Instant::now();
        let mut ending: Option<Verdict> = None;
        // That it pauses is on record, and not yet that it goes on.
        let mut paused = false;
        let mut due = pace.due();
        loop {
            let wish = self.shared.turn(due);
            let begun = Instant::now();
            let did = match wish {
                Wish::Run if paused => {
                    let did = self.with(|core| or_wait(self.act.resumed(core)));
                    paused = matches!(did, Ok(Some(Did::Wait)));
                    did
                }
                Wish::Run => self.with(|core| match &ending {
                    Some(verdict) => self.note(core, verdict),
                    None => self.step(core),
                }),
                Wish::Pause => {
                    let did = self.with(|core| match paused {
                        true => Ok(Did::Step(Cost::default())),
                        false => self.keep(core).and_then(|()| or_wait(self.act.paused(core))),
                    });
                    kept = Instant::now();
                    match did {
                        Ok(Some(Did::Step(_))) => {
                            paused = true;
                            self.shared.paused();
                        }
                        Ok(Some(Did::Wait)) => std::thread::sleep(AGAIN),
                        _ => {}
                    }
                    did
                }
                Wish::Stop => match self.with(|core| self.keep(core).and_then(|()| self.act.stopped(core))) {
                    Ok(Some(())) => return Over::Stopped,
                    Ok(None) => return Over::Closing,
                    Err(error) => return Over::Failed(error),
                },
                Wish::Close => return Over::Closing,
            };
            due = pace.due();
            match did {
                Ok(Some(Did::Step(cost))) => {
                    pace.spend(cost, begun);
                    due = pace.due();
                }
                Ok(Some(Did::Round(verdict))) => ending = Some(verdict),
                Ok(Some(Did::Noted)) => ending = None,
                Ok(Some(Did::Wait)) => due = Instant::now() + AGAIN,
                Ok(Some(Did::All)) => return Over::Done,
                // It closes itself when nobody holds it any more.
                Ok(None) => return Over::Closing,
                Err(error) => return Over::Failed(error),
            }
            if kept.elapsed() > KEEP {
                kept = Instant::now();
                match self.with(|core| self.keep(core)) {
                    Ok(_) => {}
                    Err(error) => return Over::Failed(error),
                }
            }
        }
    }

    /// Does something with the vault; `None` if it is gone. The vault is closed here if nobody else holds it any more.
    fn with<T>(&self, act: impl FnOnce(&Arc<Core>) -> Result<T>) -> Result<Option<T>> {
        self.core.upgrade().map(|core| act(&core)).transpose()
    }

    /// Takes a step, after going on with what was kept, or beginning.
    fn step(&self, core: &Arc<Core>) -> Result<Did> {
        let mut slot = self.shared.pass.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that one that fails is never kept.
        let mut pass = match slot.take() {
            Some(pass) => pass,
            None => match kept::resume(core)? {
                Some(pass) => pass,
                None => Pass::new(core)?,
            },
        };
        let step = pass.step(core, self.rate.page())?;
        self.tell(core, &pass);
        Ok(match step {
            Step::On(cost) => {
                *slot = Some(pass);
                Did::Step(cost)
            }
            Step::Done(verdict) => {
                // All is well once the journal has it: until then a state of the round may be put back.
                if !matches!(verdict, Verdict::Intact) {
                    self.shared.tell(|progress| progress.verdict = Some(verdict.clone()));
                }
                Did::Round(verdict)
            }
        })
    }

    fn tell(&self, core: &Core, pass: &Pass) {
        let total = core.journal.latest().map_or(0, |state| state.frontier.size());
        let about = pass.terms_about(core);
        self.shared.tell(|progress| {
            progress.resumed |= pass.origin == Origin::Resumed;
            progress.phase = if pass.is_at_tenants() { ScrubPhase::Tenants } else { ScrubPhase::Journal };
            // A journal that is walked through again counts once.
            progress.blocks = progress.blocks.max(pass.chain.size());
            progress.blocks_total = total;
            // What was kept counts once it is sure that it does.
            if pass.origin != Origin::Kept {
                progress.rows = progress.rows.max(pass.read);
            }
            progress.rows_about = about.max(progress.rows);
            progress.found.clone_from(&pass.found);
        });
    }

    /// Writes the end of a round down, and begins the next one if there is one.
    fn note(&self, core: &Arc<Core>, verdict: &Verdict) -> Result<Did> {
        self.shared.tell(|progress| progress.phase = ScrubPhase::Ending);
        match self.act.ended(core, verdict) {
            // A sink is late; the verdict waits until it isn't.
            Err(Error::AuditUnavailable { .. }) => return Ok(Did::Wait),
            noted => noted?,
        }
        let mut all = !matches!(verdict, Verdict::Intact);
        self.shared.tell(|progress| {
            progress.verdict = Some(verdict.clone());
            progress.rounds = progress.rounds.saturating_add(1);
            all |= progress.rounds >= self.rounds;
            if !all {
                (progress.blocks, progress.rows) = (0, 0);
                progress.phase = ScrubPhase::Journal;
            }
        });
        Ok(if all { Did::All } else { Did::Noted })
    }

    /// Keeps how far it is.
    fn keep(&self, core: &Arc<Core>) -> Result<()> {
        match &*self.shared.pass.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(pass) => kept::save(core, pass),
            None => Ok(()),
        }
    }
}

/// Whether an entry was written. If a sink is late, it is tried again.
fn or_wait(noted: Result<()>) -> Result<Did> {
    match noted {
        Err(Error::AuditUnavailable { .. }) => Ok(Did::Wait),
        noted => noted.map(|()| Did::Step(Cost::default())),
    }
}
