//! Every act a role can be granted, on whose records, with which fields.

use super::*;

fn company() -> Roles {
    Roles::new()
        .role("exporter", |r| r.on("customers").export().on("orders").read(["number"]).export())
        .role("reader", |r| r.on("customers").read(["name", "phone"]))
        .role("seller", |r| {
            r.on("customers").read(["name", "phone"]).export().share().transfer().unmask(["iban"]).own_only()
        })
        .role("unmasker", |r| r.on("customers").unmask(["iban", "salary"]))
        .role("protection", |r| r.on_any().erase().hold())
        .role("checker", |r| r.on("refunds").approve())
        .role("own_checker", |r| r.on("refunds").approve().own_only())
        .role("board", |r| r.may([Action::Approve, Action::BreakGlass]))
        .role("backup", |r| r.may([Action::Backup]).on("logs").read_all())
        .role("admin", |r| r.administer())
}

#[test]
fn every_act_is_granted_by_its_own_word_and_no_other() {
    use Action::*;
    use Record::*;
    let (mine, other) = (Of("anna"), Of("bert"));
    let policy = company();
    policy.check().unwrap();
    for (name, roles, action, on, record, fields, expected) in [
        ("export alone shows nothing", "exporter", Export, "customers", other, "", "not_allowed"),
        ("reading alone takes nothing out", "reader", Export, "customers", other, "", "not_allowed"),
        ("both do", "exporter reader", Export, "customers", other, "", "permit read:name,phone write:"),
        ("in whatever order", "reader exporter", Export, "customers", other, "", "permit read:name,phone write:"),
        (
            "and before a row is known",
            "exporter reader",
            Export,
            "customers",
            Unknown,
            "",
            "permit read:name,phone write:",
        ),
        ("in one grant", "exporter", Export, "orders", other, "", "permit read:number write:"),
        ("own ones are exported", "seller", Export, "customers", mine, "", "permit read:name,phone write:"),
        ("others' aren't", "seller", Export, "customers", other, "", "not_owner"),
        (
            "but where another role may",
            "seller exporter reader",
            Export,
            "customers",
            other,
            "",
            "permit read:name,phone write:",
        ),
        ("sorted by what is hidden", "exporter reader", Export, "customers", Unknown, "tier", "field_not_readable"),
        (
            "sorted by what is shown",
            "exporter reader",
            Export,
            "customers",
            Unknown,
            "name",
            "permit read:name,phone write:",
        ),
        ("a list sorted by what is hidden", "reader", List, "customers", Unknown, "tier", "field_not_readable"),
        ("a count by what is hidden", "reader", Count, "customers", other, "tier", "field_not_readable"),
        ("a count", "reader", Count, "customers", Unknown, "name", "permit read:name,phone write:"),
        ("a count of own ones", "seller", Count, "customers", other, "", "not_owner"),
        ("unmask", "unmasker", Unmask, "customers", other, "iban", "permit read:iban,salary write:"),
        ("unmask another field", "unmasker", Unmask, "customers", other, "iban name", "field_not_readable"),
        ("unmasking isn't reading", "unmasker", Read, "customers", other, "", "not_allowed"),
        ("reading isn't unmasking", "reader", Unmask, "customers", other, "name", "not_allowed"),
        ("unmask an own one", "seller", Unmask, "customers", mine, "iban", "permit read:iban write:"),
        ("unmask another's", "seller", Unmask, "customers", other, "iban", "not_owner"),
        (
            "own and all add up",
            "seller unmasker",
            Unmask,
            "customers",
            other,
            "salary",
            "permit read:iban,salary write:",
        ),
        ("share an own one", "seller", Share, "customers", mine, "", "permit read: write:"),
        ("share another's", "seller", Share, "customers", other, "", "not_owner"),
        ("give an own one away", "seller", Transfer, "customers", mine, "", "permit read: write:"),
        ("take another's", "seller", Transfer, "customers", other, "", "not_owner"),
        ("erase", "protection", Erase, "customers", other, "", "permit read: write:"),
        ("hold", "protection", Hold, "orders", other, "", "permit read: write:"),
        ("who erases reads nothing", "protection", Read, "customers", other, "", "not_allowed"),
        ("who sells erases nothing", "seller", Erase, "customers", mine, "", "not_allowed"),
        ("approve in a collection", "checker", Approve, "refunds", other, "", "permit read: write:"),
        ("and no other", "checker", Approve, "orders", other, "", "not_allowed"),
        ("approve own ones", "own_checker", Approve, "refunds", mine, "", "permit read: write:"),
        ("and no others'", "own_checker", Approve, "refunds", other, "", "not_owner"),
        ("approve anywhere", "board", Approve, "orders", other, "", "permit read: write:"),
        ("approve outside a collection", "board", Approve, "", Unknown, "", "permit read: write:"),
        ("a collection's approver doesn't", "checker", Approve, "", Unknown, "", "not_allowed"),
        ("emergency access", "board", BreakGlass, "", Unknown, "", "permit read: write:"),
        ("and for one record", "board", BreakGlass, "customers", other, "", "permit read: write:"),
        ("which nobody else takes", "protection", BreakGlass, "customers", other, "", "not_allowed"),
        ("backup", "backup", Backup, "", Unknown, "", "permit read: write:"),
        ("isn't restore", "backup", Restore, "", Unknown, "", "not_allowed"),
        ("nor administration", "backup", Define, "logs", Unknown, "", "not_allowed"),
        ("administration isn't backup", "admin", Backup, "", Unknown, "", "not_allowed"),
        ("nor reading the journal", "admin", ReadJournal, "", Unknown, "", "not_allowed"),
        ("nor rotating keys", "admin", RotateKeys, "", Unknown, "", "not_allowed"),
    ] {
        let question = Case { roles: "", action, on, record, fields };
        let actor = super::actor(roles);
        let decision = ask(&actor, &question, |request| policy.decide(request, &Now)).unwrap();
        assert_eq!(shown(&decision), expected, "{name}: {roles} {action} {on} {record:?} {fields}");
    }
}

#[test]
fn administration_is_the_four_acts_it_was_documented_as() {
    let policy = company();
    for action in Action::ALL.iter().copied() {
        let expected = matches!(action, Action::CreateTenant | Action::Define | Action::Verify | Action::ChangePolicy);
        let question = Case { roles: "", action, on: "", record: Record::Unknown, fields: "" };
        let decision = ask(&actor("admin"), &question, |request| policy.decide(request, &Now)).unwrap();
        assert_eq!(decision.is_permit(), expected, "{action}");
    }
}

#[test]
fn scope_of_every_bulk_act_holds_what_is_permitted() {
    let policy = company();
    for (roles, action, fields, expected) in [
        ("reader", Action::Count, "", Scope::All),
        ("reader", Action::Export, "", Scope::Nothing),
        ("exporter", Action::Export, "", Scope::Nothing),
        ("exporter reader", Action::Export, "", Scope::All),
        ("exporter reader", Action::Export, "tier", Scope::Nothing),
        ("seller", Action::Export, "name", Scope::owned("anna")),
        ("seller reader", Action::Export, "", Scope::owned("anna")),
        ("seller reader", Action::List, "", Scope::All),
        ("unmasker", Action::List, "", Scope::Nothing),
    ] {
        let question = Case { roles: "", action, on: "customers", record: Record::Unknown, fields };
        let scope = ask(&actor(roles), &question, |request| policy.scope(request, &Now)).unwrap();
        assert_eq!(scope, expected, "{roles} {action} by {fields}");
    }
}

#[test]
fn act_on_records_in_the_wrong_place_is_told_where_it_belongs() {
    for (action, says) in [
        (Action::Create, ".create(..)"),
        (Action::Read, ".read(..)"),
        (Action::Count, ".read(..)"),
        (Action::Update, ".update(..)"),
        (Action::Delete, ".delete(..)"),
        (Action::Export, ".export(..)"),
        (Action::Unmask, ".unmask(..)"),
        (Action::Share, ".share(..)"),
        (Action::Transfer, ".transfer(..)"),
        (Action::Erase, ".erase(..)"),
        (Action::Hold, ".hold(..)"),
        (Action::CreateVault, "leave it out"),
    ] {
        let policy = Roles::new().role("r", |r| r.may([Action::Verify, action]));
        let error = policy.check().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says) && cause.contains(action.name()), "{cause}");
        let question = Case { roles: "", action, on: "customers", record: Record::Of("anna"), fields: "" };
        let decision = ask(&actor("r"), &question, |request| policy.decide(request, &Now)).unwrap();
        assert_eq!(shown(&decision), "policy_invalid");
    }
    let others = Action::ALL.iter().copied().filter(|action| {
        action.is_administration() && *action != Action::CreateVault
            || matches!(action, Action::Approve | Action::BreakGlass)
    });
    Roles::new().role("r", |r| r.may(others)).check().unwrap();
}
