//! The review as a table, as JSON, and against another one.

use std::collections::BTreeMap;
use std::error::Error;

use super::*;

const DAY: i64 = 86_400_000_000;

fn review(version: u8, actors: &[Actor]) -> AccessReview {
    Questions::new(&Crm { version }, &Office).suspended(["max"]).review(actors, &COLLECTIONS)
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
    let fields: Vec<&str> = many.iter().map(String::as_str).collect();
    let collections = [("客户管理客户管理客户管理", fields.as_slice())];
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
    assert_eq!((value["format"].as_u64(), value["tenant"].as_str()), (Some(2), Some("acme")));
    assert_eq!(value["actors"]["ann"], serde_json::json!(["sales"]));
    assert_eq!(
        value["rights"][0],
        serde_json::json!({
            "actor": "ann",
            "collection": "customers",
            "act": "create",
            "extent": "own",
            "fields": ["email", "name", "phone", "tier"],
            "why": "sales on customers",
        })
    );
    let newer = AccessReview::from_json(&json.replacen("\"format\": 2", "\"format\": 3", 1)).unwrap_err();
    assert!(newer.to_string().contains("format 3") && newer.source().is_none());
    let short = json.replacen(&review.policy.to_string(), "abc", 1);
    let act = json.replacen("\"review_access\"", "\"dance\"", 1);
    for bad in ["", "[]", "{\"format\": 2}", &json[..json.len() - 2], &short, &act] {
        assert!(AccessReview::from_json(bad).unwrap_err().source().is_some());
    }
}

#[test]
fn review_names_roles_without_holders_unknown_ones_and_unused_ones() {
    let review = full();
    assert_eq!(review.roles_nobody_holds().collect::<Vec<_>>(), ["intern"]);
    // The manager's last use was at the very beginning of the days asked about.
    assert_eq!(review.unused_roles().collect::<Vec<_>>(), ["auditor", "intern"]);
    assert!(!review.roles.contains("slaes") && review.held_by("slaes").eq(["eve"]));
    assert!(review.held_by("sales").eq(["ann", "zoe"]));
    assert!(review.conflicts["zoe"].contains("whoever sells doesn't audit"));
    assert!(review.suspended.contains("max"));
}

#[test]
fn order_of_actors_collections_and_fields_makes_no_difference() {
    let mut turned = staff();
    turned.reverse();
    let crm = Crm { version: 1 };
    let mut fields = FIELDS;
    fields.reverse();
    let collections = [("customers", &fields[..]), ("orders", &["total", "total"])];
    let one = Questions::new(&crm, &Office).suspended(["max"]).review(&turned, &collections);
    assert_eq!(one, review(1, &staff()));
}

#[test]
fn rights_of_an_actor_who_is_named_twice_are_told_together_with_a_note() {
    let twice = [Actor::new("ann").with_role("sales"), Actor::new("ann").with_role("manager")];
    let both = review(1, &twice);
    assert_eq!(both.notes.iter().collect::<Vec<_>>(), ["`ann` was named more than once"]);
    assert_eq!(both.actors["ann"].iter().collect::<Vec<_>>(), ["manager", "sales"]);
    let one = review(1, &twice[1..]);
    assert!(one.without(&both).rights.is_empty() && both.without(&one).actors["ann"].contains("sales"));
}

fn lines(review: &AccessReview) -> Vec<String> {
    let said = |right: &Right| {
        let place = right.collection.as_deref().unwrap_or("-");
        let Right { actor, act, extent, fields, conditions, .. } = right;
        format!("{actor} {act} {place}: {extent}: {} [{}]", fields.join(", "), conditions.join("; "))
    };
    review.rights.iter().map(said).collect()
}

#[test]
fn difference_says_what_was_given_and_what_was_taken_away() {
    let before = review(1, &staff());
    let now = vec![
        // No longer an auditor, and promoted.
        Actor::new("zoe").with_role("manager"),
        // Both roles now.
        Actor::new("ann").with_role("sales").with_role("auditor"),
        Actor::new("max").with_role("manager"),
        Actor::new("new").with_role("sales"),
    ];
    let now = Questions::new(&Crm { version: 2 }, &Office).review(&now, &COLLECTIONS);
    let (given, taken) = (now.without(&before), before.without(&now));
    let step_up = "authenticated with strength 2 or more in the last 15 minutes";
    for expected in [
        "ann read_journal -: any record:  []",
        "new read customers: any record: name []",
        // Of what zoe had, only what is new: of email and tier those of others.
        "zoe read customers: any record: phone []",
        "zoe read customers: others' records: email, tier []",
        "zoe erase customers: any record:  [a reason is given]",
        "zoe update customers: any record: name, phone, tier []",
    ] {
        assert!(lines(&given).iter().any(|line| line == expected), "{expected}\n{:#?}", lines(&given));
    }
    assert!(!given.rights.iter().any(|right| right.actor == "max"), "another rule or version is no other right");
    assert_eq!(
        lines(&taken),
        [
            "zoe read_journal -: any record:  []".to_owned(),
            "zoe review_access -: any record:  []".to_owned(),
            format!("zoe update customers: own records: tier [{step_up}]"),
        ]
    );
    let keys = |map: &BTreeMap<String, _>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&given.actors), ["ann", "new", "zoe"]);
    assert!(given.actors["ann"].iter().eq(["auditor"]) && taken.actors["zoe"].iter().eq(["auditor", "sales"]));
    assert_eq!(keys(&taken.actors), ["eve", "zoe"]);
    assert_eq!((keys(&given.conflicts), keys(&taken.conflicts)), (vec!["ann".to_owned()], vec!["zoe".to_owned()]));
    assert!(given.suspended.is_empty() && taken.suspended.iter().eq(["max"]));
    assert_ne!(given.policy, taken.policy);
    let nothing = now.without(&now);
    assert!(nothing.rights.is_empty() && nothing.actors.is_empty() && nothing.roles.is_empty());
    assert!(given.to_string().contains("others'"), "a difference is a table too");
}
