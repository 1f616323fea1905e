//! The thread of a scrub: takes steps at the given rate until the scrub is over, or another wish is set.
//!
//! Guarantees: holds the vault no longer than a step. Does not: keep it alive.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::audit::Verdict;
use crate::error::{Error, Impossible, Result};
use crate::vault::core::Core;

use super::act::Scrubbing;
use super::kept;
use super::pace::{Cost, Pace, Rate};
use super::pass::{Origin, Pass, Step};
use super::progress::ScrubPhase;
use super::shared::{Shared, Wish};

/// Time between saves of a running scrub's progress.
const KEEP: Duration = Duration::from_secs(60);
/// Time after which the journal is asked again to take an entry.
const AGAIN: Duration = Duration::from_millis(100);

pub(crate) struct Worker {
    pub(crate) core: Weak<Core>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) act: Scrubbing,
    pub(crate) rate: Rate,
    pub(crate) rounds: u64,
}

/// The reason why the thread ends.
enum Over {
    Done,
    Stopped,
    /// The thread that closes the vault saves the progress, and ends the scrub.
    Closing,
    Failed(Error),
}

/// The result of a turn.
enum Did {
    Step(Cost),
    /// A round is over, with this verdict.
    Round(Verdict),
    /// The round's end is written down.
    Noted,
    /// An entry couldn't be written yet.
    Wait,
    All,
}

impl Worker {
    pub(crate) fn run(self) {
        let over = catch_unwind(AssertUnwindSafe(|| self.work()))
            .unwrap_or_else(|_panic| Over::Failed(Impossible::ScrubPanicked.into()));
        // Held until all is told: closing the vault would say that the scrub was stopped.
        let core = if matches!(over, Over::Failed(_)) { self.core.upgrade() } else { None };
        let (phase, error) = match over {
            Over::Closing => return,
            Over::Done => (ScrubPhase::Finished, None),
            Over::Stopped => (ScrubPhase::Stopped, None),
            Over::Failed(error) => {
                if let Some(core) = &core {
                    // The host's clock may panic. If the journal takes nothing, health says so, and that this failed.
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
        // True between the entries of a pause and of its end.
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
                // The vault is closed once nobody holds it any more.
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

    /// Does something with the vault; `None` if it is gone. If nobody else holds the vault any more, it is closed here.
    fn with<T>(&self, act: impl FnOnce(&Arc<Core>) -> Result<T>) -> Result<Option<T>> {
        self.core.upgrade().map(|core| act(&core)).transpose()
    }

    /// Takes a step of the present pass, of the saved one, or of a new one.
    fn step(&self, core: &Arc<Core>) -> Result<Did> {
        let mut slot = self.shared.pass.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that a pass that fails is never saved.
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
                // Reported as intact only once the journal says so: until then a save of this round may be put back.
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
            // A saved count is used once the round is known not to have ended.
            if pass.origin != Origin::Kept {
                progress.rows = progress.rows.max(pass.read);
            }
            progress.rows_about = about.max(progress.rows);
            progress.found.clone_from(&pass.found);
        });
    }

    /// Writes the end of a round down, and begins the next round, if any.
    fn note(&self, core: &Arc<Core>, verdict: &Verdict) -> Result<Did> {
        self.shared.tell(|progress| progress.phase = ScrubPhase::Ending);
        match self.act.ended(core, verdict) {
            // A sink is late; the verdict waits until the sink isn't.
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

    /// Saves the progress.
    fn keep(&self, core: &Arc<Core>) -> Result<()> {
        match &*self.shared.pass.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(pass) => kept::save(core, pass),
            None => Ok(()),
        }
    }
}

/// Turns the result of writing an entry into a turn's: if a sink is late, the entry is tried again.
fn or_wait(noted: Result<()>) -> Result<Did> {
    match noted {
        Err(Error::AuditUnavailable { .. }) => Ok(Did::Wait),
        noted => noted.map(|()| Did::Step(Cost::default())),
    }
}
