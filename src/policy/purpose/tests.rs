use super::*;
use crate::model::{Actor, NoFacts, Timestamp};
use crate::policy::AccessPolicy;

fn policy() -> Purpose {
    Purpose::new().on("customers", ["support", "contract"]).role("marketing", "customers", ["campaign"]).role(
        "research",
        "trials",
        ["study"],
    )
}

fn decide(role: &str, action: Action, on: &str, purpose: &str) -> Decision {
    let actor = Actor::new("anna").with_role(role);
    let mut request = Request::new(&actor, action, Timestamp::from_micros(0));
    request.collection = Some(on).filter(|name| !name.is_empty());
    request.purpose = Some(purpose).filter(|purpose| *purpose != "-");
    policy().decide(&request, &NoFacts).unwrap()
}

#[test]
fn records_are_used_for_declared_purposes_only() {
    use Action::*;
    policy().check().unwrap();
    for (name, role, action, on, purpose, allowed) in [
        ("an allowed purpose", "sales", Read, "customers", "contract", true),
        ("another allowed one", "sales", Update, "customers", "support", true),
        ("none declared", "sales", Read, "customers", "-", false),
        ("an empty one", "sales", Read, "customers", "", false),
        ("one that isn't allowed", "sales", Read, "customers", "study", false),
        ("a role's own purpose", "marketing", List, "customers", "campaign", true),
        ("not for other roles", "sales", List, "customers", "campaign", false),
        ("besides everybody's", "marketing", List, "customers", "support", true),
        ("a collection that one role may use", "research", Read, "trials", "study", true),
        ("and no other", "sales", Read, "trials", "study", false),
        ("a collection that isn't named", "sales", Read, "orders", "-", true),
        ("every act on records: create", "sales", Create, "customers", "-", false),
        ("delete", "sales", Delete, "customers", "-", false),
        ("list, before its rows", "sales", List, "customers", "-", false),
        ("count", "sales", Count, "customers", "-", false),
        ("export", "sales", Export, "customers", "-", false),
        ("unmask", "sales", Unmask, "customers", "-", false),
        ("erase", "sales", Erase, "customers", "-", false),
        ("no act of administration", "sales", Define, "customers", "-", true),
        ("nor approval", "sales", Approve, "customers", "-", true),
        ("nor emergency access", "sales", BreakGlass, "customers", "-", true),
        ("an act on no collection", "sales", Read, "", "-", true),
        ("letter by letter", "sales", Read, "customers", "Support", false),
    ] {
        match decide(role, action, on, purpose) {
            Decision::Limit(limit) => assert!(allowed && limit.obligations.is_empty(), "{name}"),
            Decision::Deny(denial) => {
                assert!(!allowed && denial.forbids && denial.code == codes::PURPOSE, "{name}");
                // In `trials` they have no purpose that they could declare.
                assert_eq!(denial.for_user.contains("Declare"), on == "customers", "{name}: {}", denial.for_user);
                assert!(!denial.for_user.contains(on), "{name}: {}", denial.for_user);
            }
            Decision::Permit(_) => panic!("{name}"),
        }
    }
}

#[test]
fn administrator_is_told_what_was_declared_and_what_is_allowed() {
    let Decision::Deny(denial) = decide("marketing", Action::Read, "customers", "fun") else { panic!() };
    assert!(denial.for_admin.contains("`fun`; on `customers` the actor may have: `campaign`, `contract`, `support`"));
    let Decision::Deny(denial) = decide("sales", Action::Read, "trials", "-") else { panic!() };
    assert!(denial.for_admin.ends_with("; on `trials` the actor may have: none by their roles"));
    let actor = Actor::new("anna");
    let request = Request::new(&actor, Action::Read, Timestamp::from_micros(0)).on("orders");
    let text = policy().explain(&request, &NoFacts).to_string();
    assert!(text.contains("- purpose: it limits no use of records here"), "{text}");
}

#[test]
fn mistake_is_told_and_another_setting_is_another_version() {
    for (name, faulty, says) in [
        ("nothing", Purpose::new(), "names no collection"),
        ("no purposes", Purpose::new().on::<&str>("customers", []), "empty list of purposes on `customers`"),
        ("a nameless purpose", Purpose::new().on("customers", ["a", ""]), "an empty name among its purposes"),
        ("a nameless collection", Purpose::new().on(" ", ["a"]), "an empty name among its collections"),
        (
            "a nameless role",
            Purpose::new().role("", "customers", ["a"]),
            "an empty name among its roles on `customers`",
        ),
        ("a role's purposes", Purpose::new().role::<&str>("r", "customers", []), "empty list of purposes"),
    ] {
        let error = faulty.check().err().unwrap_or_else(|| panic!("{name}"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
    }
    let versions = [
        Purpose::new().on("a", ["x", "y"]),
        Purpose::new().on("a", ["x"]).on("b", ["y"]),
        Purpose::new().on("a", ["x"]).role("r", "a", ["y"]),
        Purpose::new().on("a", ["x"]).role("y", "a", ["y"]),
        Purpose::new().role("r", "a", ["x", "y"]),
    ]
    .map(|purpose| purpose.version());
    assert!(versions.iter().enumerate().all(|(i, a)| versions.iter().skip(i + 1).all(|b| a != b)));
    assert_eq!(Purpose::new().on("a", ["x", "y"]).version(), Purpose::new().on("a", ["y"]).on("a", ["x"]).version());
}
