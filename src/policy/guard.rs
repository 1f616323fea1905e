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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Actor, Timestamp};
    use crate::policy::{DenyAll, PolicyVersion, danger::AllowAll};

    struct Now;

    impl Facts for Now {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }
    }

    /// A policy that answers both questions with a function.
    struct Asked<F>(F);

    impl<F: Fn() -> Result<Decision, PolicyError> + Send + Sync> AccessPolicy for Asked<F> {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            (self.0)()
        }

        fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
            (self.0)().map(|_| Scope::All)
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("test")
        }
    }

    fn decide(policy: &dyn AccessPolicy, reason: Option<&str>) -> Result<Permission, Denial> {
        let actor = Actor::new("anna");
        let request = Request { reason, ..Request::new(&actor, Action::Read, Now.now()) };
        match decide_guarded(policy, &request, &Now) {
            Decision::Permit(permission) => Ok(permission),
            Decision::Deny(denial) => Err(denial),
        }
    }

    fn scope(policy: &dyn AccessPolicy) -> Result<Scope, Denial> {
        scope_guarded(policy, &Request::new(&Actor::new("anna"), Action::List, Now.now()), &Now)
    }

    #[test]
    fn policy_that_fails_denies_and_tells_the_administrator_why() {
        let failing = Asked(|| Err(PolicyError::new("the directory server is down")));
        for denial in [decide(&failing, None).unwrap_err(), scope(&failing).unwrap_err()] {
            assert_eq!(denial.code, codes::POLICY_ERROR);
            assert_eq!(denial.for_admin, "the policy can't decide: the directory server is down");
            assert!(!denial.for_user.contains("directory"));
        }
    }

    /// A payload that panics again when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }

    #[test]
    fn policy_that_panics_denies_whatever_it_panics_with() {
        let text = Asked(|| -> Result<Decision, PolicyError> { panic!("secret") });
        let bomb = Asked(|| -> Result<Decision, PolicyError> { std::panic::panic_any(Bomb) });
        for policy in [&text as &dyn AccessPolicy, &bomb] {
            for denial in [decide(policy, None).unwrap_err(), scope(policy).unwrap_err()] {
                assert_eq!(denial.code, codes::POLICY_PANIC);
                assert!(!denial.for_admin.contains("secret"));
            }
        }
    }

    #[test]
    fn unknown_obligation_denies_even_beside_a_known_one() {
        let obliging = Asked(|| {
            let dual = Obligation::Other("two approvals".to_owned());
            Ok(Permission::new("rule 7").oblige(Obligation::Reason).oblige(dual).into())
        });
        let denial = decide(&obliging, Some("request 4711")).unwrap_err();
        assert_eq!(denial.code, codes::UNKNOWN_OBLIGATION);
        assert!(denial.for_admin.contains("rule 7") && denial.for_admin.contains("two approvals"));
    }

    #[test]
    fn owed_reason_must_be_given_and_not_be_blank() {
        let obliging = Asked(|| Ok(Permission::new("rule 7").oblige(Obligation::Reason).into()));
        for missing in [None, Some(""), Some(" \n")] {
            assert_eq!(decide(&obliging, missing).unwrap_err().code, codes::REASON_REQUIRED, "{missing:?}");
        }
        assert!(decide(&obliging, Some("request 4711")).is_ok());
    }

    #[test]
    fn built_in_policies_deny_and_allow_all() {
        assert_eq!(decide(&DenyAll, None).unwrap_err().code, codes::DENY_ALL);
        assert_eq!(scope(&DenyAll), Ok(Scope::Nothing));
        let permission = decide(&AllowAll, None).unwrap();
        assert!(permission.read.contains("anything") && permission.write.contains("anything"));
        assert_eq!(scope(&AllowAll), Ok(Scope::All));
    }

    #[test]
    fn policy_behind_a_pointer_answers_as_itself() {
        for policy in [Box::new(DenyAll) as Box<dyn AccessPolicy>, Box::new(std::sync::Arc::new(DenyAll))] {
            assert_eq!(decide(&policy, None).unwrap_err().code, codes::DENY_ALL);
            assert_eq!(scope(&policy), Ok(Scope::Nothing));
            assert_eq!(policy.version(), DenyAll.version());
            assert!(policy.check().is_ok());
        }
        let faulty = crate::policy::Roles::new().role("", |r| r);
        assert!((Box::new(faulty) as Box<dyn AccessPolicy>).check().is_err());
    }
}
