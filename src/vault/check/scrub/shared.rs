//! The state that the thread of a scrub, its handles and the vault share: wish, progress and result.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::audit::Verdict;
use crate::error::{Error, Impossible, Result};
use crate::vault::core::{Background, Core};

use super::kept;
use super::pass::Pass;
use super::progress::{ScrubPhase, ScrubProgress};

/// One scrub, shared by its thread, its handles and the vault.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// The pass; locked while a step is taken.
    pub(crate) pass: Mutex<Option<Pass>>,
}

struct State {
    wish: Wish,
    progress: ScrubProgress,
    ended: bool,
    error: Option<Arc<Error>>,
}

impl Default for State {
    fn default() -> Self {
        Self { wish: Wish::Run, progress: ScrubProgress::new(), ended: false, error: None }
    }
}

/// The wish that the thread is to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Run,
    Pause,
    Stop,
    /// The vault is being closed; the closing thread saves the progress.
    Close,
}

impl Shared {
    /// Waits until the time `due`, or until the wish isn't to run. Returns the wish.
    pub(crate) fn turn(&self, due: Instant) -> Wish {
        let mut state = self.lock();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if state.wish != Wish::Run || left.is_zero() {
                return state.wish;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits while the wish is to pause. Returns the next wish.
    pub(crate) fn paused(&self) -> Wish {
        let mut state = self.lock();
        while state.wish == Wish::Pause {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.wish
    }

    /// Sets the wish. A wish to stop or to close stays, except that closing replaces stopping.
    pub(crate) fn want(&self, wish: Wish) {
        let mut state = self.lock();
        if matches!(state.wish, Wish::Run | Wish::Pause) || wish == Wish::Close {
            state.wish = wish;
        }
        state.progress.paused = state.wish == Wish::Pause && !state.ended;
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the scrub, and wakes those who wait for it.
    pub(crate) fn end(&self, phase: ScrubPhase, error: Option<Error>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            state.progress.paused = false;
            state.progress.phase = phase;
            state.progress.trouble = error.as_ref().map(told);
            state.error = error.map(Arc::new);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the scrub has ended.
    pub(crate) fn wait(&self) -> Result<Option<Verdict>> {
        let mut state = self.lock();
        while !state.ended {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match &state.error {
            Some(error) => Err(Error::io("the scrub", Arc::clone(error))),
            None => Ok(state.progress.verdict.clone()),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    pub(crate) fn progress(&self) -> ScrubProgress {
        self.lock().progress.clone()
    }

    pub(crate) fn tell(&self, change: impl FnOnce(&mut ScrubProgress)) {
        change(&mut self.lock().progress);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns an error and its causes, in words.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut beneath = std::error::Error::source(error);
    while let Some(error) = beneath {
        text = format!("{text}: {error}");
        beneath = error.source();
    }
    text
}

/// The vault's scrub that runs, or ran last.
#[derive(Default)]
pub(crate) struct Scrubs {
    last: Mutex<Option<Running>>,
}

struct Running {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Scrubs {
    pub(crate) fn progress(&self) -> Option<ScrubProgress> {
        self.lock().as_ref().map(|running| running.shared.progress())
    }

    /// Starts a scrub, unless one runs.
    pub(crate) fn start(&self, make: impl FnOnce(&Arc<Shared>) -> Result<JoinHandle<()>>) -> Result<Arc<Shared>> {
        let mut last = self.lock();
        if last.as_ref().is_some_and(|running| !running.shared.has_ended()) {
            return Err(Impossible::SecondScrub.into());
        }
        let shared = Arc::<Shared>::default();
        let thread = make(&shared)?;
        *last = Some(Running { shared: Arc::clone(&shared), thread: Some(thread) });
        Ok(shared)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Background for Scrubs {
    /// Ends the scrub and saves its progress.
    fn close(&self, core: &Core) {
        let Some((shared, thread)) =
            self.lock().as_mut().map(|running| (Arc::clone(&running.shared), running.thread.take()))
        else {
            return;
        };
        shared.want(Wish::Close);
        // The scrub's own thread may be the one that drops the vault last.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            // A panic of the thread has been reported.
            let _gone = thread.join();
        }
        let pass = shared.pass.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(pass) = pass {
            // If it can't be saved, the next scrub goes on from the earlier save, or begins anew.
            let _unkept = kept::save(core, &pass);
        }
        shared.end(ScrubPhase::Stopped, None);
    }
}
