//! Asking a policy so that whatever it does is an answer.
//!
//! Guarantees: an error, a panic, an obligation that this release doesn't know and a reason that is owed and missing are
//! denials. Does not: bound the time a policy takes, or survive one that aborts the process.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{AccessPolicy, Decision, Denial, Obligation, Permission, PolicyError, Scope, codes};
use crate::model::{Facts, Request};

/// The policy's decision, or a denial where it has none that can be honoured.
pub(crate) fn decide_guarded(policy: &dyn AccessPolicy, request: &Request<'_>, facts: &dyn Facts) -> Decision {
    match ask(|| policy.decide(request, facts)) {
        Ok(Decision::Permit(permission)) => match unmet(&permission, request) {
            None => Decision::Permit(permission),
            Some(denial) => Decision::Deny(denial),
        },
        Ok(Decision::Deny(denial)) | Err(denial) => Decision::Deny(denial),
    }
}

/// The policy's scope.
///
/// # Errors
/// A denial, where the policy fails or panics.
pub(crate) fn scope_guarded(
    policy: &dyn AccessPolicy,
    request: &Request<'_>,
    facts: &dyn Facts,
) -> Result<Scope, Denial> {
    ask(|| policy.scope(request, facts))
}

fn ask<T>(question: impl FnOnce() -> Result<T, PolicyError>) -> Result<T, Denial> {
    // A policy is shared by threads, so a panic leaves nothing broken here that it wouldn't leave to another thread.
    match catch_unwind(AssertUnwindSafe(question)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Denial::new(codes::POLICY_ERROR, explain(&error))),
        Err(payload) => {
            // Dropping a payload could panic once more, outside any guard.
            std::mem::forget(payload);
            Err(Denial::new(codes::POLICY_PANIC, "the policy panicked; its message went to the process's panic hook"))
        }
    }
}

fn unmet(permission: &Permission, request: &Request<'_>) -> Option<Denial> {
    permission.obligations.iter().find_map(|obligation| match obligation {
        Obligation::Reason if request.reason.is_some_and(|reason| !reason.trim().is_empty()) => None,
        Obligation::Reason => Some(
            Denial::new(codes::REASON_REQUIRED, format!("`{}` obliges to give a reason", permission.rule))
                .for_user("Say why you need this, and try again."),
        ),
        Obligation::Other(name) => Some(Denial::new(
            codes::UNKNOWN_OBLIGATION,
            format!("`{}` obliges to `{name}`, which this release doesn't know", permission.rule),
        )),
    })
}

fn explain(error: &PolicyError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
