//! The keys of each section, by what is decided with it and without.

use std::time::Duration;

use super::*;
use crate::policy::{
    BreakGlass, DualControl, Labels, Obligation, OwnerGrants, Purpose, Roles, RowLimit, Sharing, StepUp, Weekday,
    WorkingHours, all_of, any_of, codes,
};

/// The roles of [`free`], said in code.
fn roles() -> Roles {
    Roles::new()
        .role("a", |r| {
            let all = |r: crate::policy::Role, name| -> crate::policy::Role {
                r.on(name)
                    .create()
                    .read_all()
                    .update_all()
                    .delete()
                    .export()
                    .share()
                    .transfer()
                    .erase()
                    .hold()
                    .approve()
                    .into()
            };
            all(all(r, "customers"), "notes")
        })
        .role("b", |r| r)
}

fn version(whole: impl AccessPolicy) -> PolicyVersion {
    PolicyVersion::of("policy file, 1").with(&whole.version().to_string())
}

/// A file says exactly what the same sentence in code does, every setting included: their versions are the same.
#[test]
fn each_section_is_the_policy_of_its_name() {
    let plain = || any_of(all_of(roles()));
    let limited = |limit: Box<dyn AccessPolicy>| version(all_of(plain()).and(limit));
    let shared = |sharing: Sharing| version(all_of(any_of(all_of(roles()).and(sharing))));
    let minutes = |n: u64| Duration::from_secs(n * 60);
    let cases: Vec<(&str, PolicyVersion)> = vec![
        ("", version(all_of(plain()))),
        (
            "[[row_limit]]\nper_act = 20\nper_hour = 300\nrole = [\"a\", \"b\"]\ncollection = \"customers\"",
            limited(Box::new(RowLimit::new().per_act(20).per_hour(300).role("a").role("b").on(["customers"]))),
        ),
        (
            "[[row_limit]]\nrole = \"a\"\nunique_tries = 1000",
            limited(Box::new(RowLimit::new().unique_tries(1_000).role("a"))),
        ),
        ("[[row_limit]]\nper_hour = 300\ncollection = \"*\"", limited(Box::new(RowLimit::new().per_hour(300)))),
        (
            "[[step_up]]\nacts = [\"export\", \"update\"]\nstrength = 2\nwithin = \"5 min\"\ncollection = [\"customers\"]\n\
             labelled = [\"vip\", \"star\"]\nfields = [\"iban\"]\nrole = \"a\"",
            limited(Box::new(
                StepUp::new(2, minutes(5))
                    .for_acts([Action::Export, Action::Update])
                    .on(["customers"])
                    .labelled("vip")
                    .labelled("star")
                    .fields(["iban"])
                    .role("a"),
            )),
        ),
        ("[[step_up]]\nstrength = 255\nwithin = \"2 days\"", limited(Box::new(StepUp::new(255, minutes(2_880))))),
        (
            "[labels]\nlevels = [\"internal\", \"secret\"]\nclearance = \"level\"\ncollection = \"customers\"\n\
             unlabelled = \"internal\"\ntrusted_role = \"b\"",
            limited(Box::new(
                Labels::levels(["internal", "secret"])
                    .clearance("level")
                    .on(["customers"])
                    .unlabelled("internal")
                    .trusted_role("b"),
            )),
        ),
        (
            "[[purpose]]\ncollection = [\"customers\", \"notes\"]\npurposes = [\"support\", \"contract\"]\n\
             [[purpose]]\ncollection = \"customers\"\nrole = \"b\"\npurposes = \"campaign\"",
            limited(Box::new(
                Purpose::new().on("customers", ["support", "contract"]).on("notes", ["support", "contract"]).role(
                    "b",
                    "customers",
                    ["campaign"],
                ),
            )),
        ),
        (
            "[[working_hours]]\nutc_offset = \"-03:30\"\ndays = [\"monday to friday\", \"sunday\"]\n\
             between = [\"08:30-12:00\", \"13:00-24:00\"]\nclosed = [\"2024-02-29\"]\nexcept_role = \"b\"\nacts = [\"read\"]",
            limited(Box::new(
                WorkingHours::new()
                    .utc_offset_minutes(-210)
                    .monday_to_friday()
                    .days([Weekday::Sunday])
                    .between((8, 30), (12, 0))
                    .between((13, 0), (24, 0))
                    .closed("2024-02-29")
                    .except_role("b")
                    .for_acts([Action::Read]),
            )),
        ),
        (
            "[[dual_control]]\napprovals = 2\nacts = [\"delete\"]\ncollection = \"customers\"\nlabelled = \"vip\"\napprover = \"a\"",
            limited(Box::new(
                DualControl::new(2).for_acts([Action::Delete]).on(["customers"]).labelled("vip").approvers(["a"]),
            )),
        ),
        (
            "[sharing]\nmanagers_read_only = true\ngroup_attribute = \"team\"\n[sharing.default]\ncustomers = \"public read\"\n\
             notes = \"public write\"\n[sharing.managers]\nann = \"ben\"\n[sharing.groups]\nnorth = [\"ann\"]",
            shared(
                Sharing::new()
                    .managers_read_only()
                    .group_attribute("team")
                    .public_read("customers")
                    .public_write("notes")
                    .manager("ann", "ben")
                    .group("north", ["ann"]),
            ),
        ),
        (
            "[sharing.groups]\nnorth = [\"ann\"]\n[[sharing.rule]]\nname = \"r\"\ncollection = \"customers\"\n\
             owned_by_group = \"north\"\nlabelled = \"vip\"\nattribute = { tier = \"gold\" }\nto_group = \"north\"\n\
             to_role = \"a\"\nto_actor = \"cy\"\nallow = \"write\"\n[[sharing.rule]]\nname = \"s\"\ncollection = \"*\"\n\
             all_records = true\nto_role = \"b\"\nallow = \"read\"\n[[sharing.restrict]]\nname = \"t\"\n\
             collection = \"customers\"\nlabelled = \"x\"\nattribute = { tier = \"y\" }\nexcept_role = \"a\"\n\
             except_group = \"north\"\nexcept_actor = \"di\"\n[[sharing.restrict]]\nname = \"u\"\ncollection = \"*\"\n\
             all_records = true",
            shared(
                Sharing::new()
                    .group("north", ["ann"])
                    .rule("r", |r| {
                        r.on("customers")
                            .owned_by_group("north")
                            .labelled("vip")
                            .attribute("tier", "gold")
                            .to_group("north")
                            .to_role("a")
                            .to_actor("cy")
                            .write()
                    })
                    .rule("s", |r| r.on_any().all_records().to_role("b").read())
                    .restrict("t", |r| {
                        r.on("customers")
                            .labelled("x")
                            .attribute("tier", "y")
                            .except_role("a")
                            .except_group("north")
                            .except_actor("di")
                    })
                    .restrict("u", |r| r.on_any().all_records()),
            ),
        ),
        (
            "[owner_grants]\ncollection = [\"notes\", \"customers\"]",
            version(all_of(any_of(all_of(roles()).and(OwnerGrants::new().on("customers").on("notes"))))),
        ),
        (
            "[[break_glass]]\nrole = \"b\"\nreviewer = \"a\"\n[[break_glass.on]]\ncollection = \"customers\"\nread = [\"name\"]",
            version(all_of(
                plain().or(BreakGlass::new(Roles::new().role("b", |r| r.on("customers").read(["name"])))
                    .role("b")
                    .reviewers(["a"])),
            )),
        ),
    ];
    for (sections, wanted) in &cases {
        assert_eq!(free(sections).version(), *wanted, "{sections}");
    }
    for (n, (one, version)) in cases.iter().enumerate() {
        assert!(cases.iter().skip(n + 1).all(|(_, other)| other != version), "{one}");
    }
}

#[test]
fn roles_say_what_the_same_roles_in_code_say() {
    let file = with(
        "[separate]\nx = [\"a\", \"b\"]\n[roles.c]\ninherits = [\"a\"]\nmay = [\"approve\", \"break_glass\", \"define\"]\n\
         [[roles.c.on]]\ncollection = [\"customers\", \"orders\"]\ncreate = [\"name\"]\nread = [\"name\", \"tier\"]\n\
         update = [\"tier\"]\nunmask = [\"iban\"]\n\
         acts = [\"delete\", \"export\", \"share\", \"transfer\", \"erase\", \"hold\", \"approve\"]\nown_only = true\n\
         [[roles.c.on]]\ncollection = \"*\"\ncreate = \"all\"\nread = \"all\"\nupdate = \"all\"",
    );
    let grant = |r: crate::policy::Role, name| -> crate::policy::Role {
        r.on(name)
            .create_with(["name"])
            .read(["name", "tier"])
            .update(["tier"])
            .unmask(["iban"])
            .delete()
            .export()
            .share()
            .transfer()
            .erase()
            .hold()
            .approve()
            .own_only()
            .into()
    };
    let code = Roles::new()
        .role("a", |r| r)
        .role("b", |r| r)
        .role("c", |r| {
            let r = r.inherits("a").may([Action::Approve, Action::BreakGlass, Action::Define]);
            grant(grant(r, "customers"), "orders").on_any().create().read_all().update_all()
        })
        .separate(["a", "b"]);
    assert_eq!(file.version(), version(all_of(any_of(all_of(code)))));
    assert_eq!(file.conflicts(&Actor::new("ann").with_role("a").with_role("b")).len(), 1);
    assert_eq!(file.roles(), ["a", "b", "c"]);
    let none = with("[[roles.c.on]]\ncollection = \"customers\"\ncreate = false\nread = \"all\"\nown_only = false");
    assert_eq!(
        none.version(),
        version(all_of(any_of(all_of(
            Roles::new().role("a", |r| r).role("b", |r| r).role("c", |r| r.on("customers").read_all())
        ))))
    );
}

#[test]
fn condition_holds_where_all_that_it_says_does() {
    let policy = free(
        "[[forbid]]\nname = \"keep\"\nacts = [\"delete\", \"list\"]\ncollection = \"customers\"\nlabelled = \"contract\"\n\
         attribute = { tier = \"gold\" }\nrole = \"a\"\nexcept_role = \"b\"",
    );
    let labels = ["contract".to_owned()];
    let gold = [("tier".to_owned(), "gold".to_owned())];
    let silver = [("tier".to_owned(), "silver".to_owned())];
    let kept = Resource::new().labels(&labels).attributes(&gold);
    let denied = |roles: &str, action: Action, resource: Option<&Resource<'_>>| {
        ask(&policy, roles, action, resource).err().map(|denial| denial.code)
    };
    assert_eq!(denied("a", Action::Delete, Some(&kept)).as_deref(), Some("keep"));
    assert_eq!(denied("a", Action::List, Some(&kept)).as_deref(), Some("keep"));
    assert_eq!(denied("a b", Action::Delete, Some(&kept)), None);
    assert_eq!(denied("a", Action::Read, Some(&kept)), None);
    assert_eq!(denied("a", Action::Delete, Some(&Resource { labels: &[], ..kept })), None);
    assert_eq!(denied("a", Action::Delete, Some(&Resource { attributes: &silver, ..kept })), None);
    assert_eq!(denied("a", Action::Delete, Some(&Resource { attributes: &[], ..kept })), None);
    // A record that isn't there answers as one that is; a list is decided record by record.
    assert_eq!(denied("a", Action::Delete, None).as_deref(), Some("keep"));
    assert_eq!(denied("a", Action::List, None), None);
    let actor = Actor::new("ann").with_role("a");
    let elsewhere = asked(&policy, &actor, Action::Delete, Some(&kept), |request| request.on("notes"));
    assert!(elsewhere.is_ok());
    let request = Request::new(&actor, Action::Delete, Now.now()).on("customers").resource(&kept);
    assert!(policy.explain(&request, &Now).to_string().contains("+ keep: it holds"));
}

#[test]
fn reason_is_required_where_the_file_says_so() {
    let policy = free("[[require_reason]]\nname = \"why\"\nacts = [\"read\"]\nrole = \"a\"");
    let actor = Actor::new("ann").with_role("a");
    let customer = Resource::new();
    let read = |reason| {
        asked(&policy, &actor, Action::Read, Some(&customer), |request| Request { reason, ..request })
            .map(|permission| permission.obligations)
            .map_err(|denial| denial.code)
    };
    assert_eq!(read(None), Err(codes::REASON_REQUIRED.into()));
    assert_eq!(read(Some("ticket 4711")), Ok(vec![Obligation::Reason]));
    assert!(ask(&policy, "a", Action::Update, Some(&customer)).is_ok());
}

#[test]
fn every_setting_of_a_condition_counts_in_its_version() {
    let whole = "name = \"x\"\nacts = [\"read\"]\ncollection = \"customers\"\nlabelled = \"l\"\nattribute = { f = \"v\" }\n\
                 role = \"a\"\nexcept_role = \"b\"";
    let version = |kind: &str, text: &str| free(&format!("[[{kind}]]\n{text}")).version();
    let mut versions = vec![version("forbid", whole), version("require_reason", whole)];
    for line in whole.lines().skip(2) {
        versions.push(version("forbid", &whole.replace(line, "")));
    }
    for (from, to) in [("\"x\"", "\"y\""), ("read", "list"), ("\"l\"", "\"m\""), ("f =", "g ="), ("\"v\"", "\"w\"")] {
        versions.push(version("forbid", &whole.replace(from, to)));
    }
    for (n, one) in versions.iter().enumerate() {
        assert!(versions.iter().skip(n + 1).all(|other| other != one), "{n}");
    }
}

#[test]
fn restriction_of_sharing_and_a_forbid_hold_in_an_emergency_too() {
    struct Night;
    impl Facts for Night {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }
        fn emergency(&self, _: &str) -> Option<Timestamp> {
            Some(Timestamp::from_micros(1))
        }
    }
    let policy = free(
        "[[sharing.restrict]]\nname = \"litigation\"\ncollection = \"customers\"\nlabelled = \"litigation\"\n\
         [[forbid]]\nname = \"stop\"\nacts = [\"read\"]\nlabelled = \"stop\"\n\
         [[break_glass]]\nrole = \"b\"\nreviewer = \"a\"\n[[break_glass.on]]\ncollection = \"customers\"\nread = [\"name\"]",
    );
    let actor = Actor::new("ann").with_role("b");
    for (label, wanted) in [("", None), ("litigation", Some(codes::NOT_SHARED)), ("stop", Some("stop"))] {
        let labels = [label.to_owned()];
        let customer = Resource::new().owner("ben").labels(&labels);
        let request = Request::new(&actor, Action::Read, Night.now()).on("customers").resource(&customer);
        match (policy.decide(&request, &Night).unwrap(), wanted) {
            (Decision::Permit(permission), None) => assert_eq!(permission.read, fields("name")),
            (Decision::Deny(denial), Some(code)) => assert_eq!((denial.code.as_ref(), denial.forbids), (code, true)),
            (decision, _) => panic!("{label}: {decision:?}"),
        }
    }
}

#[test]
fn units_of_time_are_those_that_are_documented() {
    for (text, seconds) in [("30 s", 30), ("1 min", 60), ("2h", 7_200), ("3 days", 259_200), ("1 hour", 3_600)] {
        let file = free(&format!("[[step_up]]\nstrength = 1\nwithin = \"{text}\""));
        let code = all_of(any_of(all_of(roles()))).and(StepUp::new(1, Duration::from_secs(seconds)));
        assert_eq!(file.version(), version(code), "{text}");
    }
}
