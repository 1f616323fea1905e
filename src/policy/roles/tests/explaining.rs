//! Explanations of a decision for an administrator.

use super::*;

fn shop() -> Roles {
    Roles::new()
        .role("sales", |r| r.on("customers").read(["name"]).update(["tier"]).own_only().on("orders").read_all())
        .role("lead", |r| r.inherits("sales").on("customers").read(["name", "tier"]))
        .role("exporter", |r| r.on("orders").export())
        .role("protection", |r| r.on_any().read_all())
        .role("admin", |r| r.may([Action::Verify]))
        .role("root", |r| r.administer().on_any().delete())
}

#[test]
fn nearest_missing_grant_is_the_one_that_adds_least() {
    use Action::*;
    use Record::*;
    let (mine, other) = (Of("anna"), Of("bert"));
    let policy = shop();
    policy.check().unwrap();
    for (name, roles, action, on, record, fields, expected) in [
        (
            "a field in a grant",
            "sales",
            Update,
            "customers",
            mine,
            "tier name",
            r#"role `sales` on `customers`: `.update(["name"])`"#,
        ),
        (
            "a field to search by",
            "sales",
            Search,
            "customers",
            Unknown,
            "name email",
            r#"role `sales` on `customers`: `.read(["email"])`"#,
        ),
        (
            "a field, in the inherited grant that has the act",
            "lead",
            Update,
            "customers",
            mine,
            "name",
            r#"role `sales` on `customers`: `.update(["name"])`"#,
        ),
        (
            "an act in a grant before dropping own_only",
            "lead",
            Update,
            "customers",
            other,
            "tier",
            r#"role `lead` on `customers`: `.update(["tier"])`"#,
        ),
        ("an act in a grant", "sales", Delete, "customers", mine, "", "role `sales` on `customers`: `.delete()`"),
        (
            "a creation with fields",
            "lead",
            Create,
            "customers",
            other,
            "name",
            r#"role `lead` on `customers`: `.create_with(["name"])`"#,
        ),
        ("an export of what is read", "sales", Export, "orders", other, "", "role `sales` on `orders`: `.export()`"),
        (
            "a read for what is exported",
            "exporter",
            Export,
            "orders",
            other,
            "",
            "role `exporter` on `orders`: `.read([..])`",
        ),
        ("own_only", "sales", Update, "customers", other, "tier", "role `sales` on `customers`: without `.own_only()`"),
        (
            "own_only, reading",
            "sales",
            Read,
            "customers",
            other,
            "",
            "role `sales` on `customers`: without `.own_only()`",
        ),
        (
            "a new grant where own_only isn't all",
            "sales",
            Update,
            "customers",
            other,
            "name",
            r#"role `sales`: `.on("customers").update(["name"])`"#,
        ),
        (
            "a new grant on a collection",
            "sales",
            Read,
            "contracts",
            mine,
            "",
            r#"role `sales`: `.on("contracts").read([..])`"#,
        ),
        (
            "an export where there is nothing",
            "sales",
            Export,
            "contracts",
            mine,
            "",
            r#"role `sales`: `.on("contracts").read([..]).export()`"#,
        ),
        (
            "in a grant on any collection",
            "protection",
            Erase,
            "contracts",
            other,
            "",
            "role `protection` on any collection: `.erase()`",
        ),
        ("administration", "sales", Backup, "", Unknown, "", "role `sales`: `.may([Action::Backup])`"),
        ("a role, the smallest that does", "", Read, "orders", other, "", "the role `protection`, for `anna`"),
        ("a role, for administration", "boss", Verify, "", Unknown, "", "the role `admin`, for `anna`"),
        (
            "a role that isn't there",
            "boss",
            Share,
            "orders",
            other,
            "",
            r#"a role that the policy knows, with `.on("orders").share()`"#,
        ),
        ("permitted", "protection", Read, "customers", other, "", ""),
        ("on no collection", "sales", Read, "", other, "", ""),
    ] {
        let question = Case { roles: "", action, on, record, fields };
        let explanation = ask(&actor(roles), &question, |request| policy.explain(request, &Now));
        assert_eq!(explanation.missing.as_deref().unwrap_or_default(), expected, "{name}");
        assert_eq!(explanation.decision.unwrap().is_permit(), name == "permitted", "{name}");
    }
}

#[test]
fn every_grant_of_the_actors_roles_is_shown_with_what_came_of_it() {
    let policy = shop();
    let question =
        Case { roles: "", action: Action::Update, on: "customers", record: Record::Of("bert"), fields: "tier" };
    let text = ask(&actor("lead boss root"), &question, |request| policy.explain(request, &Now)).to_string();
    for line in [
        "roles: doesn't permit, by `not_owner` (not_owner): ",
        "  + lead on customers: shows fields, and doesn't allow the act\n",
        "  - sales on customers, inherited by lead: is for the actor's own records, and this isn't one",
        "  - sales on orders, inherited by lead: is about `orders`\n",
        "  - boss: the policy has no such role\n",
        "  - root: may: allows only change_policy, create_tenant, define, verify\n",
        "  - root on any: allows only delete\n",
        "  missing: role `lead` on `customers`: `.update([\"tier\"])`\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let own = Case { record: Record::Of("anna"), fields: "tier name", ..question };
    let text = ask(&actor("sales"), &own, |request| policy.explain(request, &Now)).to_string();
    assert!(text.contains("  + sales on customers: allows update, but not with `name`\n"), "{text}");
    let none = Case { fields: "name", ..own };
    let text = ask(&actor("sales"), &none, |request| policy.explain(request, &Now)).to_string();
    assert!(text.contains("  - sales on customers: allows update, but not with `name`\n"), "{text}");
}

#[test]
fn conflict_of_duties_is_explained_and_no_grant_would_help() {
    let policy = shop().separate(["sales", "admin"]);
    let question = case("", Action::Delete, "customers", Record::Of("anna"), "");
    let explanation = ask(&actor("lead admin"), &question, |request| policy.explain(request, &Now));
    assert_eq!(explanation.missing, None);
    let text = explanation.to_string();
    assert!(text.contains("forbids, by `conflict_of_duties`"), "{text}");
    assert!(text.contains("  + separate: `admin` and `sales`, inherited by `lead`, are kept apart"), "{text}");
}
