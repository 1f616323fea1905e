use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::model::{Actor, Resource, Timestamp};
use crate::policy::sharing::tests::facts::Remembered;
use crate::policy::{AccessPolicy, Roles, Scope, all_of, any_of, danger::AllowAll, unmet};

fn policy() -> DualControl {
    DualControl::new(2)
        .for_acts([Action::Export, Action::Delete, Action::Define])
        .on(["customers", "orders"])
        .approvers(["manager", "head"])
}

fn vips() -> DualControl {
    DualControl::new(2)
        .for_acts([Action::Export, Action::Delete, Action::Update, Action::Create])
        .on(["customers"])
        .labelled("vip")
        .labelled("contract")
        .approvers(["manager"])
}

/// A record by its labels.
fn ask<T>(who: &Actor, action: Action, on: &str, labels: Option<&str>, answer: impl FnOnce(&Request<'_>) -> T) -> T {
    let all: Vec<String> = labels.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let resource = Resource::new().owner("ann").labels(&all);
    let request = Request {
        collection: Some(on).filter(|name| !name.is_empty()),
        resource: labels.map(|_| &resource),
        ..Request::new(who, action, Timestamp::from_micros(0))
    };
    answer(&request)
}

fn said(decision: &Decision) -> String {
    match decision {
        Decision::Limit(limit) => {
            assert!(limit.read == FieldSet::All && limit.write == FieldSet::All);
            match &limit.obligations[..] {
                [] => "no objection".to_owned(),
                [Obligation::Approvals(number)] => format!("{number} approvals"),
                other => panic!("{other:?}"),
            }
        }
        Decision::Deny(denial) => format!("{}{}", denial.code, if denial.forbids { "!" } else { "" }),
        Decision::Permit(permission) => panic!("{permission:?}"),
    }
}

#[test]
fn every_named_case_is_decided_as_the_documentation_says() {
    use Action::*;
    let (sales, manager) =
        (Actor::new("ann").with_role("sales"), Actor::new("boss").with_role("sales").with_role("manager"));
    let anywhere = DualControl::new(1).for_acts([ChangePolicy, Restore]).approvers(["head"]);
    let anybody = DualControl::new(3).for_acts([Erase]);
    for (name, policy, who, action, on, labels, expected) in [
        ("an export begins", policy(), &sales, Export, "customers", None, "2 approvals"),
        ("each of its rows", policy(), &sales, Export, "customers", Some(""), "2 approvals"),
        ("a deletion elsewhere named", policy(), &sales, Delete, "orders", Some(""), "2 approvals"),
        ("approvers are obliged too", policy(), &manager, Delete, "orders", Some(""), "2 approvals"),
        ("administration of a collection", policy(), &sales, Define, "orders", None, "2 approvals"),
        ("another act", policy(), &sales, Read, "customers", Some(""), "no objection"),
        ("another collection", policy(), &sales, Delete, "notes", Some(""), "no objection"),
        ("no collection", policy(), &sales, Delete, "", Some(""), "no objection"),
        ("a vip", vips(), &sales, Delete, "customers", Some("gold vip"), "2 approvals"),
        ("a contract", vips(), &sales, Update, "customers", Some("contract"), "2 approvals"),
        ("a vip made", vips(), &sales, Create, "customers", Some("vip"), "2 approvals"),
        ("another label", vips(), &sales, Delete, "customers", Some("gold"), "no objection"),
        ("an export of vips begins", vips(), &sales, Export, "customers", None, "no objection"),
        ("a vip's row in it", vips(), &sales, Export, "customers", Some("vip"), "2 approvals"),
        ("what may not exist", vips(), &sales, Delete, "customers", None, "2 approvals"),
        ("an approver approves", policy(), &manager, Approve, "customers", None, "no objection"),
        ("nobody else does", policy(), &sales, Approve, "customers", None, "not_allowed!"),
        ("nor of a record", policy(), &sales, Approve, "orders", Some("x"), "not_allowed!"),
        ("elsewhere it says nothing", policy(), &sales, Approve, "notes", None, "no objection"),
        ("a vip's approval", vips(), &sales, Approve, "customers", Some("vip"), "not_allowed!"),
        ("that of an unknown record", vips(), &sales, Approve, "customers", None, "not_allowed!"),
        ("that of another", vips(), &sales, Approve, "customers", Some("gold"), "no objection"),
        ("the policy changes", anywhere.clone(), &manager, ChangePolicy, "", None, "1 approvals"),
        ("the head approves that", anywhere.clone(), &manager, Approve, "", None, "not_allowed!"),
        ("everywhere", anywhere, &manager, Approve, "customers", Some(""), "not_allowed!"),
        ("no approvers named", anybody.clone(), &sales, Approve, "", None, "no objection"),
        ("in every collection", anybody, &sales, Erase, "notes", Some(""), "3 approvals"),
    ] {
        ask(who, action, on, labels, |request| {
            let decision = policy.decide(request, &Remembered::default()).unwrap();
            assert_eq!(said(&decision), expected, "{name}");
            assert_eq!(policy.scope(request, &Remembered::default()).unwrap(), Scope::NoOpinion, "{name}");
            let explanation = policy.explain(request, &Remembered::default());
            assert_eq!(explanation.looked_at[0].applied, expected != "no objection", "{name}");
            assert_eq!(explanation.decision, Ok(decision), "{name}");
        });
    }
}

#[test]
fn act_is_permitted_when_enough_have_approved_and_not_before() {
    let roles = || Roles::new().role("sales", |r| r.on("customers").read_all().delete());
    let policies: [Box<dyn AccessPolicy>; 2] =
        [Box::new(all_of(roles()).and(policy())), Box::new(any_of(policy()).or(roles()).or(AllowAll))];
    let sales = Actor::new("ann").with_role("sales");
    for policy in policies {
        for (approvals, code) in
            [(0, Some(codes::APPROVAL_REQUIRED)), (1, Some(codes::APPROVAL_REQUIRED)), (2, None), (9, None)]
        {
            let facts = Remembered { approvals, ..Remembered::default() };
            ask(&sales, Action::Delete, "customers", Some(""), |request| {
                let Decision::Permit(permission) = policy.decide(request, &facts).unwrap() else { panic!() };
                let denial = unmet(&permission, request, &facts);
                assert_eq!(denial.as_ref().map(|denial| &*denial.code), code, "{approvals}");
            });
        }
    }
}

#[test]
fn explanation_counts_approvals_and_tells_who_approves() {
    let facts = Remembered { approvals: 1, ..Remembered::default() };
    let sales = Actor::new("ann").with_role("sales");
    let explain = |action, on: &str, labels| ask(&sales, action, on, labels, |r| vips().explain(r, &facts).to_string());
    for (action, on, labels, part) in [
        (Action::Delete, "customers", Some("vip"), "+ dual control: 2 for create, update, delete, export: it wants 2"),
        (Action::Delete, "customers", Some("vip"), "approvals by others; there is 1"),
        (Action::Delete, "customers", Some("gold"), "the record has none of its labels"),
        (Action::Delete, "notes", Some("vip"), "it holds in other collections"),
        (Action::Export, "customers", None, "each record is decided by itself"),
        (Action::Read, "customers", Some("vip"), "it is for other acts"),
        (Action::Approve, "customers", Some("vip"), "the actor has no role that approves this"),
        (Action::Approve, "customers", Some("vip"), "is for the roles `manager`; `ann` has none of them"),
    ] {
        let text = explain(action, on, labels);
        assert!(text.contains(part), "{part}\n{text}");
    }
    let denial = ask(&sales, Action::Approve, "customers", None, |r| vips().decide(r, &facts).unwrap());
    assert!(matches!(denial, Decision::Deny(denial) if denial.for_user == "Others have to approve this; you can't."));
}

#[test]
fn mistake_is_told_and_denies_everything() {
    let good = || DualControl::new(1).for_acts([Action::Delete]);
    for (policy, says) in [
        (DualControl::new(0).for_acts([Action::Delete]), "it wants no approval: say `DualControl::new(2)`"),
        (DualControl::new(1), "it is for no act: say `.for_acts([Action::Export])`"),
        (good().for_acts([Action::Approve]), "approvals of approving would never end: leave it out"),
        (
            good().for_acts([Action::BreakGlass]),
            "`break_glass` can't wait for approvals, since emergency access is for when",
        ),
        (
            good().for_acts([Action::CreateVault]),
            "`create_vault` can't wait for approvals, since no policy is asked about it: leave it out",
        ),
        (good().for_acts([Action::Restore]).labelled("vip"), "`restore` is on no record, so on none with a label"),
        (good().on([" "]), "an empty name among its collections"),
        (good().labelled(""), "an empty name among its labels"),
        (good().approvers([""]), "an empty name among its approvers"),
    ] {
        let error = policy.check().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{cause}");
        let ann = Actor::new("ann");
        ask(&ann, Action::Read, "notes", Some(""), |request| {
            assert_eq!(said(&policy.decide(request, &Remembered::default()).unwrap()), "policy_invalid!");
            assert!(policy.explain(request, &Remembered::default()).to_string().contains(says));
        });
    }
    for act in Action::ALL {
        assert_eq!(DualControl::new(1).for_acts([*act]).check().is_ok(), act.can_be_approved(), "{act}");
    }
    good().check().unwrap();
    vips().check().unwrap();
    assert_eq!(policy().roles(), ["head", "manager"]);
}

#[test]
fn version_is_the_same_for_the_same_settings_and_another_for_any_other() {
    let turned = DualControl::new(2)
        .approvers(["head"])
        .on(["orders"])
        .on(["customers"])
        .for_acts([Action::Define, Action::Delete, Action::Export, Action::Delete])
        .approvers(["manager"]);
    assert_eq!(policy().version(), turned.version());
    let versions = [
        policy(),
        DualControl::new(2),
        DualControl::new(3),
        policy().for_acts([Action::Read]),
        policy().on(["notes"]),
        policy().labelled("notes"),
        policy().approvers(["notes"]),
    ]
    .map(|policy| policy.version());
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    let asked = policy();
    assert_ne!(asked.version(), asked.clone().on(["notes"]).version());
}

const ACTS: [Action; 5] = [Action::Read, Action::Delete, Action::Export, Action::List, Action::Approve];

proptest! {
    #[test]
    fn dual_control_never_widens_and_holds_for_exactly_what_it_names(
        number in 1..4_u32,
        acts in subsequence(&ACTS[..4], 1..3),
        on in subsequence(&["customers", "orders"][..], 0..2),
        label in prop::option::of(select(&["vip", "gold"][..])),
        approver in prop::option::of(select(&["a", "b"][..])),
        approvals in 0..4_u32,
        action in select(&ACTS[..]),
        place in select(&["customers", "orders"][..]),
        labels in prop::option::of(select(&["vip", "gold", "vip gold", ""][..])),
    ) {
        let mut policy = DualControl::new(number).for_acts(acts.clone()).on(on.clone()).approvers(approver);
        if let Some(label) = label {
            policy = policy.labelled(label);
        }
        let facts = Remembered { approvals, ..Remembered::default() };
        let actor = Actor::new("ann").with_role("a");
        let both = all_of(AllowAll).and(policy);
        let permitted = ask(&actor, action, place, labels, |request| match both.decide(request, &facts).unwrap() {
            Decision::Permit(permission) => unmet(&permission, request, &facts).is_none(),
            _ => false,
        });
        let known = labels.map(|labels| label.is_none_or(|label| labels.split(' ').any(|one| one == label)));
        let meant = known.unwrap_or(label.is_none() || !action.is_bulk()) && (on.is_empty() || on.contains(&place));
        let refused = match action {
            Action::Approve => approver == Some("b"),
            _ => acts.contains(&action) && approvals < number,
        };
        prop_assert_eq!(permitted, !(meant && refused));
    }
}
