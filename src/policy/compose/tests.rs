use std::time::Duration;

use super::*;
use crate::model::{Action, FieldSet, NoFacts, Resource, Timestamp};
use crate::policy::unmet;
use crate::policy::{Denial, Labels, Obligation, Permission, Purpose, Roles, WorkingHours, codes, danger};

/// A policy that always answers the same.
#[derive(Clone)]
struct Says(Decision);

impl AccessPolicy for Says {
    fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        Ok(self.0.clone())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of(&format!("{:?}", self.0))
    }
}

struct Fails;

impl AccessPolicy for Fails {
    fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        Err(PolicyError::new("out of order"))
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("fails")
    }
}

fn fields(names: &str) -> FieldSet {
    names.split_whitespace().collect()
}

fn permit(read: &str) -> Says {
    Says(Permission::new("p").read(fields(read)).into())
}

fn owing(read: &str) -> Says {
    Says(Permission::new("o").read(fields(read)).oblige(Obligation::Reason).into())
}

fn limit(read: &str) -> Says {
    Says(Decision::Limit(Permission::new("l").read(fields(read))))
}

fn silent() -> Says {
    Says(Denial::not_granted("silent", "").into())
}

fn forbid() -> Says {
    Says(Denial::new("forbidden", "").into())
}

fn said(policy: &dyn AccessPolicy) -> String {
    let actor = Actor::new("anna");
    match policy.decide(&Request::new(&actor, Action::Read, Timestamp::from_micros(0)), &NoFacts) {
        Ok(Decision::Permit(permission)) => {
            let obliges = if permission.obligations.is_empty() { "" } else { " owing" };
            let FieldSet::Only(names) = &permission.read else { return format!("permit all{obliges}") };
            format!("permit {}{obliges}", names.iter().collect::<Vec<_>>().join(" "))
        }
        Ok(Decision::Limit(_)) => "limit".to_owned(),
        Ok(Decision::Deny(denial)) => denial.code.into_owned(),
        Err(_) => "error".to_owned(),
    }
}

#[test]
fn every_pair_composes_as_documented() {
    type Pair = (Says, Says, &'static str, &'static str, &'static str);
    let pairs: [Pair; 13] = [
        (permit("a b"), permit("b c"), "permit b", "permit a b c", "permit a b"),
        (permit("a b"), silent(), "silent", "permit a b", "permit a b"),
        (silent(), permit("a b"), "silent", "permit a b", "permit a b"),
        (permit("a b"), limit("b c"), "permit b", "permit b", "permit b"),
        (limit("b c"), permit("a b"), "permit b", "permit b", "permit b"),
        (permit("a b"), forbid(), "forbidden", "forbidden", "forbidden"),
        (forbid(), permit("a b"), "forbidden", "forbidden", "forbidden"),
        (silent(), forbid(), "forbidden", "forbidden", "forbidden"),
        (silent(), silent(), "silent", "silent", "silent"),
        (limit("a"), limit("b"), "limit", "limit", "limit"),
        (permit("a"), owing("a b"), "permit a owing", "permit a", "permit a"),
        (owing("a b"), permit("a"), "permit a owing", "permit a", "permit a"),
        (owing("a"), silent(), "silent", "reason_required", "reason_required"),
    ];
    for (number, (a, b, all, any, first)) in pairs.into_iter().enumerate() {
        assert_eq!(said(&all_of(a.clone()).and(b.clone())), all, "all of, {number}");
        assert_eq!(said(&any_of(a.clone()).or(b.clone())), any, "any of, {number}");
        assert_eq!(said(&fallback(a).then(b)), first, "fallback, {number}");
    }
}

#[test]
fn forbid_deep_inside_overrides_every_permit_around_it() {
    let inner = any_of(silent()).or(fallback(permit("a")).then(all_of(permit("b")).and(forbid())));
    assert_eq!(said(&any_of(permit("a")).or(fallback(permit("b")).then(inner))), "forbidden");
}

#[test]
fn error_of_one_is_an_error_of_all() {
    assert_eq!(said(&any_of(permit("a")).or(Fails)), "error");
    assert_eq!(said(&all_of(Fails).and(permit("a"))), "error");
    assert_eq!(said(&fallback(permit("a")).then(Fails)), "error");
}

#[test]
fn wider_row_limit_of_two_alternatives_holds_and_the_narrower_of_two_demands() {
    let rows = |per_act, per_hour| {
        let limit = Obligation::RowLimit { per_act, per_hour };
        Says(Permission::new("r").read(FieldSet::All).oblige(limit).into())
    };
    let obligations = |policy: &dyn AccessPolicy| {
        let actor = Actor::new("anna");
        match policy.decide(&Request::new(&actor, Action::Read, Timestamp::from_micros(0)), &NoFacts) {
            Ok(Decision::Permit(permission)) => permission.obligations,
            other => panic!("{other:?}"),
        }
    };
    let wide = obligations(&any_of(rows(10, Some(50))).or(rows(20, Some(40))));
    assert_eq!(wide, [Obligation::RowLimit { per_act: 20, per_hour: Some(50) }]);
    assert!(obligations(&any_of(rows(10, Some(50))).or(permit("a"))).is_empty());
    assert_eq!(obligations(&all_of(rows(10, None)).and(rows(20, Some(40)))).len(), 2);
}

#[test]
fn scope_of_a_composition_holds_all_that_it_can_permit() {
    struct Sees(Scope);
    impl AccessPolicy for Sees {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            Ok(Decision::no_objection("sees"))
        }
        fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
            Ok(self.0.clone())
        }
        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("sees")
        }
    }
    let actor = Actor::new("anna");
    let request = Request::new(&actor, Action::List, Timestamp::from_micros(0));
    let scope = |policy: &dyn AccessPolicy| policy.scope(&request, &NoFacts).unwrap();
    let own = || Sees(Scope::owned("anna"));
    assert_eq!(scope(&all_of(Sees(Scope::All)).and(own())), Scope::owned("anna"));
    assert_eq!(scope(&all_of(own()).and(Sees(Scope::NoOpinion))), Scope::owned("anna"));
    assert_eq!(scope(&all_of(own()).and(Sees(Scope::Nothing))), Scope::Nothing);
    assert_eq!(scope(&any_of(own()).or(Sees(Scope::All))), Scope::All);
    assert_eq!(scope(&any_of(own()).or(Sees(Scope::NoOpinion))), Scope::owned("anna"));
    assert_eq!(scope(&any_of(own()).or(Sees(Scope::Nothing))), Scope::owned("anna"));
    for (one, other, all, any) in [
        (Scope::All, Scope::NoOpinion, Scope::All, Scope::All),
        (Scope::Nothing, Scope::NoOpinion, Scope::Nothing, Scope::Nothing),
        (Scope::NoOpinion, Scope::NoOpinion, Scope::NoOpinion, Scope::NoOpinion),
        (Scope::All, Scope::Nothing, Scope::Nothing, Scope::All),
    ] {
        let sees = |scope: &Scope| Sees(scope.clone());
        for (a, b) in [(&one, &other), (&other, &one)] {
            assert_eq!(scope(&all_of(sees(a)).and(sees(b))), all, "{a:?} and {b:?}");
            assert_eq!(scope(&any_of(sees(a)).or(sees(b))), any, "{a:?} or {b:?}");
        }
    }
    let Scope::Any(both) = scope(&any_of(own()).or(Sees(Scope::owned("ben")))) else { panic!() };
    assert_eq!(both.len(), 2);
}

#[test]
fn version_changes_with_a_part_and_not_with_an_order_that_does_not_count() {
    let of = |a: &Says, b: &Says| all_of(a.clone()).and(b.clone()).version();
    assert_eq!(of(&permit("a"), &permit("b")), of(&permit("b"), &permit("a")));
    assert_ne!(of(&permit("a"), &permit("b")), of(&permit("a"), &permit("c")));
    let ordered = |a: &Says, b: &Says| fallback(a.clone()).then(b.clone()).version();
    assert_ne!(ordered(&permit("a"), &permit("b")), ordered(&permit("b"), &permit("a")));
    assert_ne!(of(&permit("a"), &permit("b")), any_of(permit("a")).or(permit("b")).version());
}

#[test]
fn explanation_shows_every_part_and_what_it_said() {
    let policy = all_of(permit("a")).and(forbid_if("nobody", |_, _| true));
    let actor = Actor::new("anna");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0));
    let text = policy.explain(&request, &NoFacts).to_string();
    assert!(text.starts_with("all of: forbids, by `nobody` (nobody)"), "{text}");
    assert!(text.contains("policy: permits, by `p`") && text.contains("+ nobody: its condition holds"), "{text}");
}

#[test]
fn step_up_wants_strength_and_freshness() {
    struct At(i64);
    impl Facts for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0)
        }
    }
    let within = Duration::from_secs(300);
    let permission = Permission::new("s").oblige(Obligation::StepUp { strength: 2, within });
    let code = |strength, at: i64, now: i64| {
        let actor = Actor::new("anna").with_authentication(strength, Timestamp::from_micros(at));
        let request = Request::new(&actor, Action::Read, Timestamp::from_micros(now));
        unmet(&permission, &request, &At(now)).map(|denial| denial.code)
    };
    assert_eq!(code(2, 0, 300_000_000), None);
    assert_eq!(code(3, 0, 1), None);
    assert_eq!(code(2, 0, 300_000_001).as_deref(), Some(codes::STEP_UP_REQUIRED));
    assert_eq!(code(1, 0, 1).as_deref(), Some(codes::STEP_UP_REQUIRED));
    assert_eq!(code(2, 60_000_000, 0), None);
    assert_eq!(code(2, 60_000_001, 0).as_deref(), Some(codes::STEP_UP_REQUIRED), "from the future");
}

fn code(policy: &dyn AccessPolicy, role: &str, action: Action, owner: &str) -> String {
    let (actor, record) = (Actor::new("ann").with_role(role), Resource::new().owner(owner));
    let request = Request::new(&actor, action, Timestamp::from_micros(0)).on("customers").resource(&record);
    match policy.decide(&request, &NoFacts).unwrap() {
        Decision::Deny(denial) => format!("{}{}", denial.code, if denial.forbids { "!" } else { "" }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_lacks_the_right_is_told_so_and_not_what_would_be_wanted_besides() {
    let roles = || Roles::new().role("sales", |r| r.on("customers").read_all());
    let nights = || WorkingHours::new().between((1, 0), (2, 0));
    let purpose = || Purpose::new().on("customers", ["support"]);
    let labels = || Labels::levels(["low", "high"]);
    for (limited, wanted) in [
        (all_of(roles()).and(purpose()), "purpose!"),
        (all_of(purpose()).and(roles()), "purpose!"),
        (all_of(roles()).and(nights()), "outside_hours!"),
        (all_of(any_of(roles())).and(labels()), "read_up!"),
    ] {
        assert_eq!(code(&limited, "sales", Action::Read, "ben"), wanted);
        assert_eq!(code(&limited, "sales", Action::Delete, "ben").trim_end_matches('!'), "not_allowed");
        assert_eq!(code(&limited, "guest", Action::Read, "ben"), "no_role!");
        // What is forbidden stays so, whatever permits beside it.
        assert_eq!(code(&any_of(danger::AllowAll).or(limited), "guest", Action::Read, "ben"), "no_role!");
    }
    let contract = all_of(roles()).and(forbid_if("contract", |_, _| true));
    assert_eq!(code(&contract, "guest", Action::Read, "ben"), "contract!", "a condition of one's own is told");
}

#[test]
fn of_several_grants_the_nearest_is_told_where_any_would_do_and_the_farthest_where_all_must() {
    let own = || Roles::new().role("sales", |r| r.on("customers").read_all().own_only());
    let other = || Roles::new().role("support", |r| r.on("customers").read_all());
    for policy in [any_of(own()).or(other()), any_of(other()).or(own())] {
        assert_eq!(code(&policy, "sales", Action::Read, "ben"), "not_owner");
        assert_eq!(code(&policy, "sales", Action::Delete, "ben"), "not_allowed");
        assert_eq!(code(&policy, "guest", Action::Read, "ben"), "no_role");
    }
    for policy in [all_of(own()).and(other()), all_of(other()).and(own())] {
        assert_eq!(code(&policy, "sales", Action::Read, "ben"), "no_role");
    }
}
