use super::*;
use crate::model::{Action, Actor, Timestamp};
use crate::policy::{DenyAll, PolicyVersion, danger::AllowAll};

const GUARD: Guard = Guard { deadline: Duration::from_secs(5) };

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
    GUARD.decide(policy, &request, &Now)
}

fn scope(policy: &dyn AccessPolicy) -> Result<Scope, Denial> {
    GUARD.scope(policy, &Request::new(&Actor::new("anna"), Action::List, Now.now()), &Now)
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
