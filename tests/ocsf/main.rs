//! Files in OCSF, by the public API alone: whatever a vault writes fits the schema, and the check notices what doesn't.
#![cfg(feature = "sled")]

use serde_json::{Value, json};
use strongroom::audit::{Ocsf, Required, Verdict};
use strongroom::model::Action;
use strongroom::policy::Roles;
use strongroom::{Actor, KeyFile, Record, Schema, Vault};

mod check;

#[derive(serde::Serialize, serde::Deserialize)]
struct Customer {
    name: String,
}

impl Record for Customer {
    fn schema() -> Schema {
        Schema::new("customers")
    }

    fn example() -> Self {
        Self { name: "Ann".to_owned() }
    }
}

#[test]
fn every_line_that_a_vault_writes_fits_the_schema() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("audit.ocsf.jsonl");
    let admin = Actor::new("root").with_role("admin").with_device("console").with_session("s-1");
    let vault = Vault::options(home.path().join("data"))
        .master_key(KeyFile::create(home.path().join("master.key")).unwrap())
        .policy(
            Roles::new()
                .role("admin", |r| r.administer().may([Action::ReviewAccess]))
                .role("sales", |r| r.on("customers").create().read_all().update_all().delete()),
        )
        .sink(Required(Ocsf::append(&file).unwrap()))
        .create()
        .unwrap();
    let acme = vault.session(admin.clone()).unwrap().create_tenant("acme").unwrap();
    acme.session(admin.clone()).unwrap().define::<Customer>().unwrap();
    let customers = acme.session(Actor::new("s\n7").with_role("sales")).unwrap().collection::<Customer>().unwrap();
    let id = customers.insert(&Customer { name: "Ann".to_owned() }).unwrap();
    customers.get(id).unwrap();
    customers.list(None, 10).unwrap();
    customers.update(id, |customer| customer.name.push('x')).unwrap();
    customers.delete(id).unwrap();
    assert!(customers.get(id).is_err());
    let stranger = acme.session(Actor::new("nobody")).unwrap().collection::<Customer>().unwrap();
    assert!(stranger.get(id).is_err() && stranger.insert(&Customer { name: String::new() }).is_err());
    assert_eq!(vault.session(admin.clone()).unwrap().verify().unwrap(), Verdict::Intact);
    vault.close().unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert_eq!(check::breaches(line), [""; 0], "{line}");
    }
    let acts: Vec<&str> = lines.iter().filter_map(|line| line["metadata"]["event_code"].as_str()).collect();
    for act in
        ["create_vault", "create_tenant", "define", "create", "read", "list", "update", "delete", "verify", "head"]
    {
        assert!(acts.contains(&act), "{act} of {acts:?}");
    }
    assert!(lines.iter().any(|line| line["action_id"] == 2));
}

fn sound() -> Value {
    json!({
        "class_uid": 6005, "category_uid": 6, "activity_id": 1, "type_uid": 600_501, "severity_id": 1, "time": 1,
        "time_dt": "2026-11-22T11:48:54.000000Z",
        "metadata": { "version": "1.8.0", "product": { "name": "x" }, "labels": ["a"] },
        "actor": { "user": { "uid": "a", "email_addr": "a@example.com" } },
        "src_endpoint": { "name": "x", "ip": "10.0.0.1" },
        "database": { "type_id": 99, "name": "x" },
        "unmapped": { "anything": [1, null] },
    })
}

/// Returns a sound event with something done to it.
fn broken(path: &str, value: Option<Value>) -> Value {
    let mut event = sound();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let object = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => assert!(object.remove(name).is_some(), "{path}"),
    }
    event
}

#[test]
fn check_passes_a_sound_event() {
    assert_eq!(check::breaches(&sound()), [""; 0]);
    assert_eq!(check::breaches(&broken("/src_endpoint/ip", Some(json!("fe80::1")))), [""; 0]);
}

#[test]
fn check_notices_every_kind_of_breach() {
    for required in [
        "activity_id",
        "actor",
        "category_uid",
        "class_uid",
        "metadata",
        "severity_id",
        "src_endpoint",
        "time",
        "type_uid",
    ] {
        assert!(!check::breaches(&broken(&format!("/{required}"), None)).is_empty(), "{required}");
    }
    let cases = [
        // Required within an object, and the one of several that has to be there.
        ("/metadata/version", None),
        ("/metadata/product", None),
        ("/database/type_id", None),
        ("/database/name", None),
        ("/database", None),
        ("/actor/user", None),
        ("/metadata/product/name", None),
        // Not in the schema.
        ("/surprise", Some(json!(1))),
        ("/actor/surprise", Some(json!(1))),
        ("/actor/user/surprise", Some(json!(null))),
        // Not of its type.
        ("/time", Some(json!("1"))),
        ("/time", Some(json!(1.5))),
        ("/time", Some(json!(null))),
        ("/unmapped", Some(json!([]))),
        ("/actor", Some(json!("a"))),
        ("/metadata/labels", Some(json!("a"))),
        ("/metadata/labels", Some(json!(["a", 1]))),
        ("/actor/user/uid", Some(json!(7))),
        // Not in its list.
        ("/severity_id", Some(json!(7))),
        ("/activity_id", Some(json!(11))),
        ("/type_uid", Some(json!(600_502))),
        ("/category_uid", Some(json!(3))),
        ("/class_uid", Some(json!(6004))),
        ("/database/type_id", Some(json!(-1))),
        // Not of its form.
        ("/time_dt", Some(json!("2026-11-22 11:48:54"))),
        ("/src_endpoint/ip", Some(json!("10.0.0.256.1"))),
        ("/src_endpoint/mac", Some(json!("00:11"))),
        ("/actor/user/email_addr", Some(json!("a at example"))),
    ];
    for (path, value) in cases {
        let event = broken(path, value);
        assert!(!check::breaches(&event).is_empty(), "{path}: {event}");
    }
    let mut other = broken("/activity_id", Some(json!(99)));
    other["type_uid"] = json!(600_599);
    assert!(!check::breaches(&other).is_empty(), "an Other that doesn't say what");
    other["activity_name"] = json!("Export");
    assert_eq!(check::breaches(&other), [""; 0]);
    assert!(!check::breaches(&json!([])).is_empty() && !check::breaches(&json!({})).is_empty());
}
