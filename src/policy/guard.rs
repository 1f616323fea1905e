//! Asking a policy so that whatever it does is an answer.
//!
//! Guarantees: an error, a panic, an answer later than the deadline, an obligation that this release doesn't know and one
//! that isn't fulfilled are denials. Does not: stop a policy that never answers, or survive one that aborts the process.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{AccessPolicy, Decision, Denial, Obligation, Permission, PolicyError, Scope, codes};
use crate::model::{Facts, Request};

/// Asks a policy as a vault does: its obligations are checked too, and an error, a panic or a late answer is a denial. For
/// tests of policies.
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Timestamp};
/// use strongroom::policy::{self, DenyAll};
///
/// let anna = Actor::new("anna");
/// let denial = policy::ask(&DenyAll, &Request::new(&anna, Action::Verify, Timestamp::from_micros(0)), &NoFacts).unwrap_err();
/// assert_eq!(denial.code, policy::codes::DENY_ALL);
/// ```
///
/// # Errors
/// The denial, as the actor would meet it.
pub fn ask(policy: &dyn AccessPolicy, request: &Request<'_>, facts: &dyn Facts) -> Result<Permission, Denial> {
    Guard { deadline: DEADLINE }.decide(policy, request, facts)
}

/// The time that a policy may take to answer, unless the vault is told otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// An authentication may have happened so far ahead of the vault's clock, in microseconds.
pub(super) const CLOCKS_APART: i64 = 60_000_000;

/// The guard through which policies are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    /// The time to answer: a later answer is a denial.
    pub(crate) deadline: Duration,
}

impl Guard {
    /// Returns the policy's decision, or a denial where it has none that can be honoured. Never [`Decision::Limit`].
    ///
    /// # Errors
    /// The denial.
    pub(crate) fn decide(
        self,
        policy: &dyn AccessPolicy,
        request: &Request<'_>,
        facts: &dyn Facts,
    ) -> Result<Permission, Denial> {
        match self.ask(|| policy.decide(request, facts))? {
            Decision::Permit(permission) => match unmet(&permission, request, facts) {
                None => Ok(permission),
                Some(denial) => Err(denial),
            },
            Decision::Limit(limit) => Err(nothing_permits(request, &limit.rule)),
            Decision::Deny(denial) => Err(denial),
        }
    }

    /// Returns the policy's scope. Never [`Scope::NoOpinion`].
    ///
    /// # Errors
    /// A denial, where the policy fails, panics or is late.
    pub(crate) fn scope(
        self,
        policy: &dyn AccessPolicy,
        request: &Request<'_>,
        facts: &dyn Facts,
    ) -> Result<Scope, Denial> {
        match self.ask(|| policy.scope(request, facts))? {
            // Where nobody says which rows may be shown, none are.
            Scope::NoOpinion => Ok(Scope::Nothing),
            scope => Ok(scope),
        }
    }

    /// Returns the answer to any question to a policy.
    ///
    /// # Errors
    /// A denial, where the policy fails, panics or is late.
    pub(crate) fn ask<T>(self, question: impl FnOnce() -> Result<T, PolicyError>) -> Result<T, Denial> {
        let begun = Instant::now();
        // A policy is shared by threads, so a panic leaves nothing broken here that it wouldn't leave to another thread.
        let answer = match catch_unwind(AssertUnwindSafe(question)) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Denial::new(codes::POLICY_ERROR, explain(&error))),
            Err(payload) => {
                // Dropping a payload could panic once more, outside any guard.
                std::mem::forget(payload);
                let why = "the policy panicked; its message went to the process's panic hook";
                return Err(Denial::new(codes::POLICY_PANIC, why));
            }
        };
        let took = begun.elapsed();
        if took > self.deadline {
            let why = format!("the policy took {took:?} to answer and has {:?}", self.deadline);
            return Err(Denial::new(codes::POLICY_LATE, why));
        }
        Ok(answer)
    }
}

/// Returns the denial for the first obligation that isn't fulfilled.
pub(crate) fn unmet(permission: &Permission, request: &Request<'_>, facts: &dyn Facts) -> Option<Denial> {
    let rule = &permission.rule;
    let deny = |code, why| Some(Denial::not_granted(code, why).rule(rule.to_string()));
    permission.obligations.iter().find_map(|obligation| match obligation {
        Obligation::Reason if request.reason.is_some_and(|reason| !reason.trim().is_empty()) => None,
        Obligation::Reason => deny(
            codes::REASON_REQUIRED,
            format!("`{rule}` permits it, but not without a reason (see `session.because`)"),
        )
        .map(|denial| denial.for_user("Say why you need this, and try again.")),
        Obligation::StepUp { strength, within } if stepped_up(request, facts, *strength, *within) => None,
        Obligation::StepUp { strength, within } => {
            let why = format!(
                "`{rule}` permits it, but authentication of strength {strength} or more is wanted, not older than \
                 {within:?} (see `Actor::with_authentication`)"
            );
            deny(codes::STEP_UP_REQUIRED, why)
                .map(|denial| denial.for_user("Prove once more who you are, in the stronger way, and try again."))
        }
        Obligation::Approvals(wanted) => {
            let given = facts.approvals(request);
            if given >= *wanted {
                return None;
            }
            let named = match request.approval {
                None => "see `session.ask_approval` and `under_approval`",
                Some(_) => {
                    "the one that the session names isn't answered by so many others yet, was refused or used, has \
                     expired, or is of another actor, act, record, revision or value"
                }
            };
            let why = format!(
                "`{rule}` permits it, but others have to approve this very act: {wanted} wanted, {given} given ({named})"
            );
            deny(codes::APPROVAL_REQUIRED, why)
                .map(|denial| denial.for_user("This needs other people's approval. Ask for it, and try again."))
        }
        Obligation::RowLimit { per_act, per_hour } => {
            let spent = per_hour.is_some_and(|most| facts.rows_in_last_hour(request.actor.id()) >= most);
            if *per_act > 0 && !spent {
                return None;
            }
            let hour = per_hour.map_or_else(|| "any number".to_owned(), |most| most.to_string());
            let why = format!("`{rule}` allows {per_act} rows by one act and {hour} in an hour");
            deny(codes::ROW_LIMIT, why)
                .map(|denial| denial.for_user("You have seen as many records as you may for now."))
        }
        // The vault counts these.
        Obligation::UniqueTries(_) | Obligation::Notify(_) => None,
        Obligation::Other(name) => {
            deny(codes::UNKNOWN_OBLIGATION, format!("`{rule}` obliges to `{name}`, which this release doesn't know"))
        }
    })
}

/// Denies what only policies without a permit were asked about.
pub(super) fn nothing_permits(request: &Request<'_>, rule: &str) -> Denial {
    let why = format!(
        "{}: the policy only forbids and limits (`{rule}`), and nothing permits: add one that does, such as `Roles`",
        request.action
    );
    Denial::not_granted(codes::NOTHING_PERMITS, why)
}

fn stepped_up(request: &Request<'_>, facts: &dyn Facts, strength: u8, within: Duration) -> bool {
    request.actor.authentication().is_some_and(|authentication| {
        let age = facts.now().as_micros().saturating_sub(authentication.at.as_micros());
        let most = i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
        authentication.strength >= strength && age >= -CLOCKS_APART && age <= most
    })
}

pub(super) fn explain(error: &PolicyError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
