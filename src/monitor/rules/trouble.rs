//! Journal or sink trouble: what the alarms themselves rest on.

use std::time::Duration;

use crate::audit::{Outcome, SinkState};
use crate::model::Action;
use crate::monitor::act::Act;
use crate::monitor::rule::{Finding, Severity};
use crate::vault::{Health, ScrubPhase};

/// The time that a sink may fail or lag.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time from one look at the vault's health to the next.
const EVERY: Duration = Duration::from_secs(1);

/// The rule that the vault can't write its journal, or was opened with one that is cut or doesn't follow its head; a sink
/// has stopped, or fails or lags for over a minute, or never got what couldn't be read back of a damaged journal; a
/// verification found anything but an intact vault, or ended in an error, as did a scrub. It can't be tuned away. What the
/// vault was opened with is told once each time, a scrub that failed once a day until another one is begun.
///
/// [`Vault::health`](crate::Vault::health) is asked every second, unless changed.
#[derive(Debug, Clone, Copy)]
pub struct JournalTrouble {
    patience: Duration,
    pub(in crate::monitor) every: Duration,
}

impl Default for JournalTrouble {
    fn default() -> Self {
        Self::new()
    }
}

impl JournalTrouble {
    /// Makes the rule with the times above.
    #[must_use]
    pub const fn new() -> Self {
        Self { patience: PATIENCE, every: EVERY }
    }

    /// Sets for how long a sink may fail or lag.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how often the vault's health is looked at, at least every ten minutes and at most every 10 ms.
    #[must_use]
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.clamp(Duration::from_millis(10), Duration::from_secs(600));
        self
    }

    /// Judges the outcome of a verification.
    pub(in crate::monitor) fn verified(act: &Act) -> Option<Finding> {
        if act.action != Some(Action::Verify) {
            return None;
        }
        if act.outcome == Outcome::Failed {
            let text = format!("a verification came to no answer: `{}`", act.code);
            let finding = Finding::new(Severity::High, text);
            return Some(if act.code == SCRUB_FAILED { finding.topic(SCRUB) } else { finding });
        }
        if !act.done() || act.code.is_empty() || FINE.contains(&&*act.code) {
            return None;
        }
        let text = format!("a verification found the vault not intact: `{}`", act.code);
        Some(Finding::new(Severity::Critical, text))
    }

    /// Judges the vault's health; returns each finding with its matter: the journal, or a sink. `lasting` says for how long
    /// a sink has been seen in trouble. One that catches up after a start isn't yet, however old what waits for it is.
    pub(in crate::monitor) fn look(
        &self,
        health: &Health,
        mut lasting: impl FnMut(&str, bool) -> Duration,
    ) -> Vec<(String, Finding)> {
        let mut found = Vec::new();
        if health.stopped {
            let text = "the vault has stopped: writing failed, and every act fails until it is opened again";
            found.push(("journal".to_owned(), Finding::new(Severity::Critical, text.to_owned())));
        }
        if health.journal_short {
            let text = "the vault was opened with a journal that falls short of its head or doesn't follow from it: it was set back, \
                has lost its end or was rewritten; verify it, against a head kept elsewhere if there is one";
            found.push((OPENED.to_owned(), Finding::new(Severity::High, text.to_owned())));
        }
        if let Some(scrub) = health.scrub.as_ref().filter(|scrub| scrub.phase == ScrubPhase::Failed) {
            let why = scrub.trouble.as_deref().unwrap_or_default();
            let text = format!("a scrub failed, and checks the vault no longer: {why}");
            found.push((SCRUB.to_owned(), Finding::new(Severity::High, text)));
        }
        if health.sinks.iter().any(|sink| sink.unreadable > 0) {
            let text = "blocks of the journal can't be read back from the store, so that a sink never got what is in them; verify \
                the vault";
            found.push((DAMAGED.to_owned(), Finding::new(Severity::High, text.to_owned())));
        }
        for sink in &health.sinks {
            let waiting = sink.waiting.unwrap_or_default();
            let behind = waiting >= self.patience && sink.lag > 0;
            let lasts = lasting(&sink.name, behind || sink.state == SinkState::Failing) >= self.patience;
            let (state, severity) = match sink.state {
                SinkState::Stopped => ("has stopped", Severity::High),
                SinkState::Failing if lasts => ("fails", Severity::High),
                _ if behind && lasts => ("lags", Severity::Medium),
                _ => continue,
            };
            let text = format!(
                "the audit sink `{}` {state}: {} blocks wait, the oldest {} seconds old{}",
                sink.name,
                sink.lag,
                waiting.as_secs(),
                sink.error.as_deref().map(|error| format!("; {error}")).unwrap_or_default(),
            );
            let severity = if sink.required { severity.raised() } else { severity };
            found.push((format!("sink {}", sink.name), Finding::new(severity, text)));
        }
        found
    }
}

/// The matter of an alert: the journal that the vault was opened with,
pub(in crate::monitor) const OPENED: &str = "the journal, as it was opened";
/// or the part of it that couldn't be read,
const DAMAGED: &str = "the journal, as it was read back";
/// or the scrub in the background.
const SCRUB: &str = "the scrub";

/// The code of a scrub that couldn't go on.
const SCRUB_FAILED: &str = "scrub_failed";

/// The codes of verifications that found nothing wrong, or nothing yet.
const FINE: &[&str] = &[
    "intact",
    "unanchored_tail",
    "scrub_begun",
    "scrub_paused",
    "scrub_resumed",
    "scrub_stopped",
    "scrub_intact",
    "scrub_unanchored_tail",
];
