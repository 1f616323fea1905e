//! The review as a table, as JSON, and against another one.

use std::collections::BTreeMap;
use std::error::Error;

use super::*;

const DAY: i64 = 86_400_000_000;

fn review(version: u8, actors: &[Actor]) -> AccessReview {
    Questions::new(&Crm { version }, &Office).suspended(["max"]).review(actors, &collections())
}

fn full() -> AccessReview {
    let days_ago = |days| Timestamp::from_micros(Office.now().as_micros() - days * DAY);
    let used: BTreeMap<_, _> = [("sales", days_ago(30)), ("manager", days_ago(90)), ("auditor", days_ago(91))]
        .map(|(role, time)| (role.to_owned(), time))
        .into();
    review(1, &staff()).of_tenant("acme").with_role_usage(&used, 90)
}

#[test]
fn review_is_a_table_that_a_person_reads() {
    let table = full().to_string();
    println!("{table}");
    assert_eq!(table, include_str!("review.txt"));
    assert!(table.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn long_lists_and_names_wrap_within_120_columns() {
    let many: Vec<String> = (0..60).map(|n| format!("a_rather_long_name_of_a_field_{n}")).collect();
    let (odd, plain): (Vec<_>, Vec<_>) = many.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 1);
    let plain: Vec<String> = plain.into_iter().map(|(_, name)| name).collect();
    let roles = crate::policy::Roles::new().role("everything there is", |r| {
        r.on("客户管理客户管理客户管理").read(plain.clone()).update(plain.clone()).delete().own_only()
    });
    let long = Actor::new("x".repeat(300)).with_role("everything there is").with_role("e\nvil\u{202e}");
    let collections = [CollectionFields::new("客户管理客户管理客户管理", many.clone())];
    let table = Questions::new(&roles, &Office).review(&[long], &collections).to_string();
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    let packed: String = table.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(packed.contains("a_rather_long_name") && packed.contains("vil\u{fffd}"));
    assert!(odd.len() == plain.len() && !table.contains("e\nvil"));
}

#[test]
fn review_survives_json_and_what_is_none_is_refused() {
    let review = full();
    let json = review.to_json();
    assert_eq!(AccessReview::from_json(&json).unwrap(), review);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((value["format"].as_u64(), value["tenant"].as_str()), (Some(1), Some("acme")));
    assert_eq!(value["actors"][0]["actor"], "ann");
    let email = &value["actors"][0]["collections"][0]["fields"][0];
    assert_eq!(
        *email,
        serde_json::json!({
            "field": "email",
            "read": {"any": "never", "own": "always"},
            "write": {"any": "never", "own": "always"},
            "create": {"any": "never", "own": "always"},
        })
    );
    let newer = AccessReview::from_json(&json.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap_err();
    assert!(newer.to_string().contains("format 2") && newer.source().is_none());
    let short = json.replacen(&review.policy.to_string(), "abc", 1);
    let act = json.replacen("\"review_access\"", "\"dance\"", 1);
    for bad in ["", "[]", "{\"format\": 1}", &json[..json.len() - 2], &short, &act] {
        assert!(AccessReview::from_json(bad).unwrap_err().source().is_some());
    }
}

#[test]
fn review_names_roles_without_holders_unknown_ones_and_unused_ones() {
    let review = full();
    assert_eq!(review.roles_nobody_holds().collect::<Vec<_>>(), ["intern"]);
    // The manager's last use was at the very beginning of the days asked about.
    assert_eq!(review.unused_roles().collect::<Vec<_>>(), ["auditor", "intern"]);
    let unknown: Vec<_> = review.roles.iter().filter(|role| !role.known).map(|role| role.role.as_str()).collect();
    assert_eq!(unknown, ["slaes"]);
    assert_eq!(review.actor("zoe").unwrap().conflicts, ["whoever sells doesn't audit"]);
    assert!(review.actor("max").unwrap().suspended);
}

#[test]
fn order_of_actors_collections_and_fields_makes_no_difference() {
    let mut turned = staff();
    turned.reverse();
    let crm = Crm { version: 1 };
    let mut fields = FIELDS;
    fields.reverse();
    let collections = [CollectionFields::new("customers", fields), CollectionFields::new("orders", ["total", "total"])];
    let one = Questions::new(&crm, &Office).suspended(["max"]).review(&turned, &collections);
    assert_eq!(one, review(1, &staff()));
}

#[test]
fn actor_named_twice_is_reviewed_twice_and_noted() {
    let twice = [Actor::new("ann").with_role("sales"), Actor::new("ann").with_role("manager")];
    let review = review(1, &twice);
    assert_eq!(review.actors.len(), 2);
    assert_eq!(review.notes, ["`ann` was named more than once"]);
    assert_eq!(review.changes_since(&review), []);
}

#[test]
fn changes_say_what_was_granted_revoked_widened_narrowed_and_who_came_and_went() {
    let before = review(1, &staff());
    let now = vec![
        // No longer an auditor, and promoted.
        Actor::new("zoe").with_role("manager"),
        // Both roles now.
        Actor::new("ann").with_role("sales").with_role("auditor"),
        Actor::new("max").with_role("manager"),
        Actor::new("new").with_role("sales"),
    ];
    let now = Questions::new(&Crm { version: 2 }, &Office).review(&now, &collections());
    let lines: Vec<String> = now.changes_since(&before).iter().map(ToString::to_string).collect();
    let text = lines.join("\n");
    for expected in [
        &format!("policy, {} -> {}", before.policy, now.policy),
        "role given ann: auditor",
        "conflict ann: whoever sells doesn't audit",
        "granted ann: read_journal, any record",
        "gone actor eve",
        "reinstated max",
        "new actor new, roles: sales",
        "role given zoe: manager",
        "role taken zoe: auditor",
        "conflict ended zoe: whoever sells doesn't audit",
        "revoked zoe: review_access, was any record",
        "widened zoe: customers.email: read, own records -> any record",
        "granted zoe: customers.phone: read, any record",
        "granted zoe: customers: erase, any record if a reason is given",
        "widened zoe: customers.tier: write, own records if authenticated with strength 2 or more in the last 15 minutes \
         -> any record",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n\n{text}");
    }
    let back = before.changes_since(&now);
    let narrowed =
        back.iter().find(|change| change.kind == ChangeKind::Narrowed && change.what == "customers.email: read");
    assert_eq!(narrowed.unwrap().actor.as_deref(), Some("zoe"));
    assert_eq!(back.iter().filter(|change| change.kind == ChangeKind::Suspended).count(), 1);
}

#[test]
fn other_conditions_alter_and_more_of_them_narrow() {
    let right = |conditions: &[&str]| Right {
        any: Extent::If(conditions.iter().map(|&condition| condition.to_owned()).collect()),
        ..Right::default()
    };
    let with = |right: Right| {
        let mut review = review(1, &[Actor::new("ann").with_role("auditor")]);
        review.actors[0].administration[0].right = right;
        review
    };
    let kind = |before: &[&str], now: &[&str]| with(right(now)).changes_since(&with(right(before)))[0].kind;
    assert_eq!(kind(&["a"], &["a", "b"]), ChangeKind::Narrowed);
    assert_eq!(kind(&["b", "a"], &["a"]), ChangeKind::Widened);
    assert_eq!(kind(&["a"], &["b"]), ChangeKind::Altered);
    assert_eq!(with(right(&["a", "b"])).changes_since(&with(right(&["b", "a"]))), []);
}
