use super::*;
use crate::policy::codes;

#[test]
fn denial_is_the_same_whether_the_record_exists_or_not_and_tells_the_user_nothing() {
    let policy = Sharing::new().manager("sales-7", "boss-1");
    let who = actor("sales-9 sales");
    let denial =
        |record| match ask(&who, Action::Read, "customers", record, |r| policy.decide(r, &Remembered::default())) {
            Ok(Decision::Deny(denial)) => denial,
            other => panic!("{other:?}"),
        };
    let foreign = denial("9 sales-7 vip");
    assert_eq!(foreign, denial(""));
    assert_eq!(foreign.for_user, "You are not allowed to do this.");
    assert!(foreign.for_admin.contains("read on `customers`") && foreign.for_admin.contains("`sales-9`"));
}

#[test]
fn explanation_names_every_rule_that_was_looked_at_and_the_nearest_missing_share() {
    let policy = crm();
    let facts = Remembered::default().share("customers", 9, "actor sales-8", Access::Read);
    let explain = |who: &str, action, on: &str, record: &str| {
        ask(&actor(who), action, on, record, |request| policy.explain(request, &facts).to_string())
    };
    let text = explain("sales-8", Action::Update, "customers", "9 sales-7");
    for part in [
        "sharing: doesn't permit, by `not_shared`",
        "- restriction litigation: it hasn't the label `litigation`",
        "- customers: private: it gives nothing",
        "- owner: its owner is `sales-7`",
        "- manager: its owner is `sales-7`, whom the actor doesn't manage",
        "- rule south sees north's: it gives: read, and the act asks for more",
        "- rule vip desk: it isn't for the actor",
        "- share with the actor `sales-8`: it gives: read, and the act asks for more",
        "- share with the group `south`: the record isn't shared with them",
        "missing: `write` in the rule `south sees north's`, which lets `sales-8` only read it",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for (name, who, action, on, record, part) in [
        ("permitted", "sales-8", Action::Read, "customers", "9 sales-7", "+ rule south sees north's: it applies"),
        ("also by a share", "sales-8", Action::Read, "customers", "9 sales-7", "+ share with the actor `sales-8`: it"),
        ("by the manager", "boss-1", Action::Read, "customers", "9 sales-8", "+ manager: it gives: everything"),
        (
            "a rule near it",
            "x",
            Action::Read,
            "customers",
            "9 y vip",
            "missing: `x` among those whom the rule `auditors`",
        ),
        ("no rule near it", "x", Action::Update, "notes", "9 y", "missing: a share of the record with `x`, one of"),
        ("only the owner", "sales-8", Action::Delete, "customers", "9 sales-7", "missing: owning the record, or"),
        (
            "restricted",
            "sales-7",
            Action::Read,
            "customers",
            "9 sales-7 litigation",
            "missing: an exception for `sales-7`",
        ),
        ("restricted and its rule", "sales-7", Action::Read, "customers", "9 y litigation", "+ restriction litigation"),
        ("unknown", "x auditor", Action::Read, "customers", "", "it may hold some records back from the actor"),
        ("unknown and missing", "x auditor", Action::Read, "customers", "", "from every restriction on the collection"),
        ("unknown, a rule", "x auditor", Action::Read, "notes", "", "+ rule auditors: it applies"),
        ("creating", "x", Action::Create, "notes", "new y", "missing: an owner of the new record who is `x`"),
        ("listing", "x", Action::List, "notes", "", "each record is decided by itself"),
        ("administering", "x", Action::Verify, "", "", "doesn't matter to this act"),
        ("nowhere", "x", Action::Read, "", "9 y", "missing: a collection in the request"),
    ] {
        let text = explain(who, action, on, record);
        assert!(text.contains(part), "{name}: {part}\n{text}");
    }
    let permitted = explain("sales-7", Action::Read, "customers", "9 sales-7");
    assert!(!permitted.contains("missing"), "{permitted}");
}

#[test]
fn mistake_is_told_and_denies_everything() {
    let good = || Sharing::new().public_write("leads").group("north", ["sales-7"]);
    for (name, policy, says) in [
        ("a circle", good().manager("a", "b").manager("b", "a"), "`a`, `b`: who manages them goes round in a circle"),
        ("two managers", good().manager("a", "b").manager("a", "c"), "`a` has the managers `b` and `c`: keep one"),
        ("nameless manager", good().manager("a", " "), "has no id: name both"),
        ("two defaults", good().private("leads"), "`leads` has two defaults"),
        ("nameless default", good().public_read(""), "a default is for a collection without a name"),
        ("a group twice", good().group("north", ["x"]), "the group `north` is said twice"),
        ("an empty group", good().group::<&str>("south", []), "the group `south` has no members"),
        ("a nameless member", good().group("south", [""]), "a member without an id"),
        ("a nameless group", good().group("", ["x"]), "a group has no name"),
        ("a nameless attribute", good().group_attribute(""), "has no name"),
        ("two attributes", good().group_attribute("team").group_attribute("unit"), "`team` and `unit` are both"),
        ("a nameless rule", good().rule("", |r| r.on("x").all_records().to_role("a").read()), "has no name"),
        ("no collection", good().rule("r", |r| r.all_records().to_role("a").read()), "rule `r` is about no collection"),
        ("blank collection", good().rule("r", |r| r.on(" ").all_records().to_role("a").read()), "say `on_any` for all"),
        ("no criterion", good().rule("r", |r| r.on("x").to_role("a").read()), "say `all_records`"),
        ("all and some", good().rule("r", |r| r.on("x").all_records().labelled("l").to_role("a").read()), "take `all"),
        ("for nobody", good().rule("r", |r| r.on("x").all_records().read()), "shares with nobody: say `to_group`"),
        ("for a blank", good().rule("r", |r| r.on("x").all_records().to_role("").read()), "an actor without a name"),
        ("no access", good().rule("r", |r| r.on("x").all_records().to_role("a")), "say `read` or `write`"),
        (
            "a blank label",
            good().rule("r", |r| r.on("x").labelled("").to_role("a").read()),
            "a label or a field without",
        ),
        (
            "two values",
            good().rule("r", |r| r.on("x").attribute("f", "1").attribute("f", "2").to_role("a").read()),
            "two values of the field `f`",
        ),
        (
            "an unlisted owner's group",
            good().group_attribute("team").rule("r", |r| r.on("x").owned_by_group("west").to_role("a").read()),
            "the group `west`, which lists nobody (listed: `north`)",
        ),
        (
            "an unlisted group",
            good().rule("r", |r| r.on("x").all_records().to_group("west").read()),
            "`r` names the group `west`, in which nobody is (listed: `north`)",
        ),
        (
            "an unlisted exception",
            good().restrict("s", |r| r.on("x").labelled("l").except_group("west")),
            "`s` names the group `west`",
        ),
        ("a blank exception", good().restrict("s", |r| r.on("x").labelled("l").except_actor("")), "excepts a group, a"),
        ("restriction without records", good().restrict("s", |r| r.on("x")), "restriction `s` doesn't say which"),
        (
            "a name twice",
            good().restrict("s", |r| r.on("x").labelled("l")).restrict("s", |r| r.on("y").labelled("l")),
            "the name `s` is said twice",
        ),
    ] {
        let error = policy.check().err().unwrap_or_else(|| panic!("{name}: no fault"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
        let who = actor("sales-7");
        ask(&who, Action::Read, "leads", "9 sales-7", |request| {
            let decision = policy.decide(request, &Remembered::default()).unwrap();
            assert_eq!(said(&decision), format!("{}!", codes::POLICY_INVALID), "{name}");
            assert_eq!(policy.scope(request, &Remembered::default()).unwrap(), Scope::Nothing, "{name}");
            assert!(policy.explain(request, &Remembered::default()).to_string().contains(says), "{name}");
        });
    }
    good().check().unwrap();
    crm().check().unwrap();
    let by_attribute = good().group_attribute("team").rule("r", |r| r.on("x").all_records().to_group("west").read());
    by_attribute.check().unwrap();
}

#[test]
fn version_is_the_same_for_the_same_settings_and_another_for_any_other() {
    let base = || {
        Sharing::new()
            .public_read("products")
            .manager("a", "b")
            .group("g", ["a", "b"])
            .rule("r", |r| r.on("x").on("y").labelled("l").labelled("m").to_group("g").to_role("s").read())
            .restrict("s", |r| r.on("x").labelled("l").except_role("legal"))
    };
    let same = Sharing::new()
        .restrict("s", |r| r.except_role("legal").labelled("l").on("x"))
        .rule("r", |r| r.read().read().to_role("s").to_group("g").labelled("m").labelled("l").on("y").on("x"))
        .group("g", ["b", "a", "b"])
        .manager("a", "b")
        .private("customers")
        .public_read("products");
    assert_eq!(base().version(), same.version());
    let versions = [
        base(),
        Sharing::new(),
        base().managers_read_only(),
        base().group_attribute("team"),
        base().public_read("leads"),
        base().public_write("leads"),
        base().manager("c", "b"),
        base().manager("b", "c"),
        base().group("h", ["a"]),
        base().rule("t", |r| r.on("x").all_records().to_role("a").read()),
        base().rule("t", |r| r.on("x").all_records().to_role("a").write()),
        base().rule("t", |r| r.on("x").all_records().to_actor("a").read()),
        base().rule("t", |r| r.on_any().all_records().to_role("a").read()),
        base().rule("t", |r| r.on("x").labelled("l").to_role("a").read()),
        base().rule("t", |r| r.on("x").owned_by_group("g").to_role("a").read()),
        base().rule("t", |r| r.on("x").attribute("l", "m").to_role("a").read()),
        base().restrict("t", |r| r.on("x").all_records().except_role("a")),
        base().restrict("t", |r| r.on("x").all_records().except_actor("a")),
        base().restrict("t", |r| r.on("x").all_records()),
        base().public_write("products"),
    ]
    .map(|policy| policy.version());
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    let asked = base();
    let before = asked.version();
    assert_ne!(before, asked.manager("c", "b").version());
    assert_eq!(base().roles(), ["legal", "s"]);
}
