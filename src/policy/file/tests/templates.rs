//! The files that come with the library.

use super::*;
use crate::policy::codes;

fn crm() -> PolicyFile {
    PolicyFile::parse(PolicyFile::CRM).unwrap_or_else(|error| panic!("{error}"))
}

fn three() -> PolicyFile {
    PolicyFile::parse(PolicyFile::THREE_ADMINISTRATORS).unwrap_or_else(|error| panic!("{error}"))
}

const CUSTOMER: &[&str] = &["name", "email", "phone", "address", "city", "tier", "notes"];

#[test]
fn both_files_are_sound_and_read_back_as_the_same_version() {
    for policy in [crm(), three()] {
        policy.check().unwrap();
        let again = PolicyFile::parse(&policy.text().unwrap()).unwrap();
        assert_eq!(again.version(), policy.version());
    }
    assert_ne!(crm().version(), three().version());
    let there: &[(&str, &[&str])] = &[("customers", CUSTOMER), ("orders", &[]), ("tickets", &[])];
    assert_eq!(crm().check_against(there), []);
    assert_eq!(three().check_against(&[]), []);
}

#[test]
fn files_in_the_examples_folder_are_what_is_embedded() {
    for (name, text) in [("crm", PolicyFile::CRM), ("three-admins", PolicyFile::THREE_ADMINISTRATORS)] {
        let path = format!("{}/examples/policies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let loaded = PolicyFile::load(&path).unwrap();
        assert_eq!(loaded.text().as_deref(), Some(text));
        assert_eq!(loaded.path(), Some(Path::new(&path)));
    }
}

/// Who, for what purpose and why, does what to whose customer with which label; and what is answered: the fields that
/// are read, or the code of the denial.
const CASES: &[(&str, &str, Action, &str, &str, &str)] = &[
    ("sales", "sales", Action::Read, "ann", "", "name email phone address city tier notes"),
    ("sales", "sales", Action::Read, "ben", "", codes::NOT_SHARED),
    ("sales", "", Action::Read, "ann", "", codes::PURPOSE),
    ("sales", "marketing", Action::Read, "ann", "", codes::PURPOSE),
    ("sales", "sales", Action::Read, "ann", "litigation", codes::RESTRICTED),
    ("sales", "sales", Action::Export, "ann", "", codes::NOT_ALLOWED),
    ("sales", "sales", Action::Delete, "ann", "", codes::NOT_ALLOWED),
    ("sales", "sales", Action::Transfer, "ann", "", codes::APPROVAL_REQUIRED),
    ("sales", "sales", Action::Share, "ann", "", ""),
    ("sales", "sales", Action::Share, "ben", "", codes::NOT_SHARED),
    ("sales_manager", "sales", Action::Export, "ann", "", codes::STEP_UP_REQUIRED),
    ("sales_manager", "sales", Action::Delete, "ann", "", codes::APPROVAL_REQUIRED),
    ("sales_manager", "sales", Action::Delete, "ann", "under contract", "a customer under contract stays"),
    ("sales_manager", "sales", Action::Approve, "ben", "", ""),
    ("sales", "sales", Action::Approve, "ben", "", codes::NOT_ALLOWED),
    ("support", "support", Action::Read, "ben", "", "name email phone"),
    ("support", "sales", Action::Read, "ben", "", codes::PURPOSE),
    ("support", "support", Action::Update, "ben", "", codes::NOT_ALLOWED),
    ("support", "sales", Action::Unmask, "ben", "", codes::NOT_ALLOWED),
    ("support", "support", Action::Export, "ben", "", codes::NOT_ALLOWED),
    ("marketing", "marketing", Action::Read, "ben", "marketing consent", "city tier"),
    ("marketing", "marketing", Action::Read, "ben", "", codes::NOT_SHARED),
    ("marketing", "support", Action::Read, "ben", "marketing consent", codes::PURPOSE),
    ("protection", "data protection", Action::Read, "ben", "", codes::REASON_REQUIRED),
    ("protection", "data protection", Action::Erase, "ben", "", codes::REASON_REQUIRED),
    ("auditor", "sales", Action::Read, "ann", "", codes::NOT_ALLOWED),
    ("administrator", "sales", Action::Read, "ann", "", codes::NOT_ALLOWED),
    ("", "", Action::Read, "ann", "", codes::NO_ROLE),
    ("", "sales", Action::Update, "ann", "", codes::NO_ROLE),
    ("guest", "", Action::Delete, "ann", "under contract", "a customer under contract stays"),
    ("auditor", "", Action::ReadJournal, "", "", ""),
    ("auditor", "", Action::ChangePolicy, "", "", codes::NOT_ALLOWED),
    ("administrator", "", Action::ChangePolicy, "", "", ""),
    ("administrator", "", Action::ReadJournal, "", "", codes::NOT_ALLOWED),
    ("auditor administrator", "", Action::ReadJournal, "", "", codes::CONFLICT_OF_DUTIES),
    ("support administrator", "support", Action::Read, "ben", "", codes::CONFLICT_OF_DUTIES),
    ("protection", "", Action::ReviewEmergency, "", "", ""),
    ("support", "", Action::BreakGlass, "", "", codes::REASON_REQUIRED),
];

#[test]
fn each_role_of_the_crm_does_its_work_and_no_other() {
    let policy = crm();
    let mut wrong = Vec::new();
    for (roles, purpose, action, owner, label, wanted) in CASES {
        let actor = roles.split_whitespace().fold(Actor::new("ann"), Actor::with_role);
        let labels: Vec<String> = [label].iter().filter(|l| !l.is_empty()).map(|l| (*l).to_string()).collect();
        let customer = Resource { owner: Some(owner), ..Resource::new().labels(&labels) };
        let resource = (!owner.is_empty()).then_some(&customer);
        let purpose = Some(*purpose).filter(|purpose| !purpose.is_empty());
        let answer = asked(&policy, &actor, *action, resource, |request| Request { purpose, ..request });
        let answer = answer.map(|permission| permission.read).map_err(|denial| denial.code);
        let case = format!("{roles} for `{purpose:?}` {action} {owner}'s [{label}]");
        let right = match &answer {
            Ok(read) if *action == Action::Read => *read == fields(wanted),
            Ok(_) => wanted.is_empty(),
            Err(code) => code == wanted,
        };
        if !right {
            wrong.push(format!("{case}: {answer:?} instead of `{wanted}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn data_protection_reads_everything_once_it_says_why() {
    let actor = Actor::new("dpo").with_role("protection");
    let labels = ["litigation".to_owned()];
    let customer = Resource::new().owner("ben").labels(&labels);
    let read = asked(&crm(), &actor, Action::Read, Some(&customer), |request| {
        request.purpose("data protection").reason("request 4711")
    });
    assert_eq!(read.unwrap().read, FieldSet::All);
}

#[test]
fn support_sees_more_in_an_emergency_and_nobody_else_does() {
    struct Night;
    impl Facts for Night {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }
        fn emergency(&self, _: &str) -> Option<Timestamp> {
            Some(Timestamp::from_micros(1))
        }
    }
    let customer = Resource::new().owner("ben");
    for (role, wanted) in [("support", Some("name email phone address notes")), ("sales", None), ("auditor", None)] {
        let actor = Actor::new("ann").with_role(role);
        let request = Request::new(&actor, Action::Read, Night.now()).on("customers").resource(&customer);
        let decision = crm().decide(&request.purpose(if role == "support" { role } else { "sales" }), &Night).unwrap();
        let read = match decision {
            Decision::Permit(permission) => Some(permission.read),
            _ => None,
        };
        assert_eq!(read, wanted.map(fields), "{role}");
    }
}

#[test]
fn three_administrators_share_no_act_and_see_no_record() {
    let policy = three();
    let names = ["system_administrator", "security_administrator", "audit_administrator"];
    for action in Action::ALL {
        let who: Vec<&str> = names.into_iter().filter(|role| ask(&policy, role, *action, None).is_ok()).collect();
        match action.is_administration() && *action != Action::CreateVault {
            true => assert_eq!(who.len(), 1, "{action}: {who:?}"),
            false => assert!(who.is_empty(), "{action}: {who:?}"),
        }
    }
    for (one, other) in [(0, 1), (1, 2), (0, 2)] {
        let both = format!("{} {}", names[one], names[other]);
        for action in Action::ALL {
            assert!(ask(&policy, &both, *action, None).is_err(), "{both} {action}");
        }
    }
}
