//! Honeypot: a record that nobody has any business with.

use std::collections::HashSet;

use crate::model::Action;
use crate::monitor::RuleName;
use crate::monitor::rule::{Detector, Finding, Severity, View, counted};

/// The most honeypots that are watched.
const MOST: usize = 10_000;

/// The rule that somebody touched a record of a data subject who doesn't exist: store one or more made-up people, and name
/// them here by their pseudonyms. Whatever is done to them, or refused, is an alert, however small; it can't be tuned away.
///
/// Lists and searches that show one among others count too, since a thief pages through everything. Where everybody's
/// ordinary lists show it, say [`only_alone`](Self::only_alone).
#[derive(Debug, Clone, Default)]
pub struct Honeypot {
    pseudonyms: HashSet<String>,
    only_alone: bool,
}

impl From<Honeypot> for crate::monitor::AnyRule {
    fn from(rule: Honeypot) -> Self {
        Self(crate::monitor::any_rule::Kept::Detector(Box::new(rule)))
    }
}

impl Honeypot {
    /// Watches these data subjects, at most 10,000.
    #[must_use]
    pub fn new<S: Into<String>>(pseudonyms: impl IntoIterator<Item = S>) -> Self {
        Self { pseudonyms: pseudonyms.into_iter().take(MOST).map(Into::into).collect(), only_alone: false }
    }

    /// Leaves out lists, searches and exports that show a honeypot among others.
    #[must_use]
    pub fn only_alone(mut self) -> Self {
        self.only_alone = true;
        self
    }
}

impl Detector for Honeypot {
    fn name(&self) -> RuleName {
        RuleName::Honeypot
    }

    fn detect(&self, view: &View<'_>) -> Option<Finding> {
        let act = view.act;
        let bulk = act.action.is_some_and(Action::is_bulk) && act.subjects.len() > 1;
        if self.pseudonyms.is_empty() || (self.only_alone && bulk) {
            return None;
        }
        let touched = act.subjects.iter().filter(|(who, _)| self.pseudonyms.contains(&who.to_string())).count();
        if touched == 0 {
            return None;
        }
        let touched = f64::from(u32::try_from(touched).unwrap_or(u32::MAX));
        let text = format!(
            "`{}` touched {} that nobody has any business with: `{}`, {}",
            view.actor(),
            counted(touched, "honeypot record", "honeypot records"),
            act.name,
            act.outcome.name(),
        );
        Some(Finding::new(Severity::Critical, text).degree(touched))
    }
}
