//! Roles that inherit, and roles that nobody may hold together.

use super::*;

fn firm() -> Roles {
    Roles::new()
        .role("director", |r| r.inherits("manager").on("salaries").read_all())
        .role("manager", |r| r.inherits("sales").inherits("approver").on("customers").read(["name"]).delete())
        .role("sales", |r| r.on("customers").read(["name", "email"]).update(["email"]).own_only())
        .role("approver", |r| r.may([Action::Approve]))
        .role("requester", |r| r.on("refunds").create())
        .role("clerk", |r| r.inherits("requester"))
        .separate(["requester", "approver"])
}

#[test]
fn role_has_all_that_it_inherits_and_nothing_flows_back() {
    use Action::*;
    use Record::*;
    let (mine, other) = (Of("anna"), Of("bert"));
    let policy = firm();
    policy.check().unwrap();
    for (name, roles, action, on, record, fields, expected) in [
        ("its own", "manager", Delete, "customers", other, "", "permit read: write:"),
        ("inherited, on own ones", "manager", Update, "customers", mine, "email", "permit read:email,name write:email"),
        ("and no others", "manager", Update, "customers", other, "email", "not_owner"),
        ("added up with its own", "manager", Read, "customers", mine, "", "permit read:email,name write:"),
        ("where that isn't own", "manager", Read, "customers", other, "", "permit read:name write:"),
        (
            "inherited through another",
            "director",
            Update,
            "customers",
            mine,
            "email",
            "permit read:email,name write:email",
        ),
        ("inherited administration", "director", Approve, "", Unknown, "", "permit read: write:"),
        ("nothing flows back", "sales", Delete, "customers", mine, "", "not_allowed"),
        ("nor to the one between", "manager", Read, "salaries", mine, "", "not_allowed"),
    ] {
        let question = Case { roles: "", action, on, record, fields };
        let decision = ask(&actor(roles), &question, |request| policy.decide(request, &Now)).unwrap();
        assert_eq!(shown(&decision), expected, "{name}");
    }
}

#[test]
fn who_holds_duties_kept_apart_is_forbidden_everything() {
    let policy = firm();
    for (roles, conflict) in [
        ("requester", None),
        ("approver", None),
        ("approver approver", None),
        ("approver manager", None),
        ("clerk requester", None),
        ("boss approver", None),
        ("approver requester", Some("`approver` and `requester` are kept apart")),
        ("requester sales approver", Some("`approver` and `requester` are kept apart")),
        ("clerk approver", Some("`approver` and `requester`, inherited by `clerk`, are kept apart")),
        ("director clerk", Some("`approver`, inherited by `director`, and `requester`, inherited by `clerk`, are")),
    ] {
        let actor = super::actor(roles);
        let conflicts = policy.conflicts(&actor);
        assert_eq!(conflicts.len(), usize::from(conflict.is_some()), "{roles}: {conflicts:?}");
        for action in Action::ALL.iter().copied() {
            for on in ["", "refunds", "customers"] {
                let question = Case { roles: "", action, on, record: Record::Of("anna"), fields: "" };
                let decision = ask(&actor, &question, |request| policy.decide(request, &Now)).unwrap();
                assert_eq!(shown(&decision) == "conflict_of_duties", conflict.is_some(), "{roles} {action}");
                assert_eq!(decision.forbids(), conflict.is_some());
                if conflict.is_some() {
                    let scope = ask(&actor, &question, |request| policy.scope(request, &Now)).unwrap();
                    assert_eq!(scope, Scope::Nothing);
                }
            }
        }
        if let Some(says) = conflict {
            assert!(conflicts[0].contains(says), "{conflicts:?}");
        }
    }
}

#[test]
fn mistake_in_a_hierarchy_is_told_with_both_roles() {
    for (name, policy, says) in [
        ("unknown", Roles::new().role("a", |r| r.inherits("b")), vec!["`a` inherits `b`", "isn't among"]),
        ("itself", Roles::new().role("a", |r| r.inherits("a")), vec!["`a` inherits `a`, itself"]),
        (
            "a circle of two",
            Roles::new().role("a", |r| r.inherits("b")).role("b", |r| r.inherits("a")),
            vec!["`a` inherits `b`, which inherits `a` again"],
        ),
        (
            "a circle of three",
            Roles::new()
                .role("c", |r| r.inherits("a"))
                .role("a", |r| r.inherits("b"))
                .role("b", |r| r.inherits("c"))
                .role("d", |r| r.inherits("c")),
            vec!["`a` inherits `b`, which inherits `a` again"],
        ),
        (
            "a role that unites duties",
            firm().role("owner", |r| r.inherits("clerk").inherits("manager")),
            vec!["role `owner` unites `approver` and `requester`"],
        ),
        (
            "one duty inherits the other",
            Roles::new().role("a", |r| r.inherits("b")).role("b", |r| r).separate(["a", "b"]),
            vec!["role `a` unites `a` and `b`"],
        ),
        ("an unknown duty", firm().separate(["sales", "aprover"]), vec!["names the role `aprover`"]),
        ("one duty", firm().separate(["sales", "sales"]), vec!["two or more"]),
        ("no duty", firm().separate::<&str>([]), vec!["two or more"]),
    ] {
        let error = policy.check().err().unwrap_or_else(|| panic!("{name}: no fault"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(says.iter().all(|part| cause.contains(part)), "{name}: {cause}");
        let question = Case { roles: "", action: Action::Verify, on: "", record: Record::Unknown, fields: "" };
        let decision = ask(&actor("a"), &question, |request| policy.decide(request, &Now)).unwrap();
        assert_eq!(shown(&decision), "policy_invalid", "{name}");
    }
}

#[test]
fn version_tells_hierarchies_duties_and_acts_apart() {
    let base = || Roles::new().role("a", |r| r.on("x").delete()).role("b", |r| r.inherits("a")).role("c", |r| r);
    let versions = [
        base(),
        base().separate(["a", "c"]),
        base().separate(["b", "c"]),
        base().separate(["a", "c"]).separate(["b", "c"]),
        Roles::new().role("a", |r| r.on("x").delete()).role("b", |r| r.on("x").delete()).role("c", |r| r),
        Roles::new().role("a", |r| r.on("x").delete()).role("b", |r| r.inherits("c")).role("c", |r| r),
        Roles::new().role("a", |r| r.on("x").erase()).role("b", |r| r.inherits("a")).role("c", |r| r),
        Roles::new().role("a", |r| r.on("x").unmask(["f"])).role("b", |r| r.inherits("a")).role("c", |r| r),
        Roles::new().role("a", |r| r.on("x").delete()).role("b", |r| r.inherits("a")).role("c", |r| r.administer()),
    ]
    .map(|roles| roles.version());
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    let one = base().separate(["a", "c"]).separate(["b", "c"]).version();
    assert_eq!(one, base().separate(["c", "b"]).separate(["c", "a"]).separate(["a", "c"]).version());
    assert_eq!(firm().roles(), ["approver", "clerk", "director", "manager", "requester", "sales"]);
}
