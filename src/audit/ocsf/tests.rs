use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use proptest::prelude::*;

use super::*;
use crate::audit::tests::samples::{self, HOSTILE, JOURNAL};
use crate::audit::{Entry, EntryBuilder, events};
use crate::format::journal_entry::{self as layout, tag};
use crate::model::{Action, Actor, Grantee, TenantId};

#[path = "../../../tests/ocsf/check.rs"]
mod check;

/// Holds the events of all blocks that any test seals against the schema: each once, however often it comes with other
/// numbers and random ids, whose form is always the same ([`random_entry_fits_the_schema`] tries them).
pub(in crate::audit) fn fit(tenant: Option<TenantId>, entries: &[Entry]) {
    static SEEN: LazyLock<Mutex<HashSet<u64>>> = LazyLock::new(Mutex::default);
    for entry in entries {
        let mut hasher = DefaultHasher::new();
        tenant.is_some().hash(&mut hasher);
        for (tag, item) in entry.items() {
            tag.hash(&mut hasher);
            match tag {
                tag::TIME | tag::POLICY | tag::NEW_POLICY | tag::TENANT | tag::COLLECTION => {}
                tag::WITHHELD | tag::ROWS | tag::REVISION_BEFORE | tag::REVISION_AFTER | tag::BLOCKS => {}
                tag::SUBJECTS | tag::EVIDENCE => item.len().hash(&mut hasher),
                _ => item.hash(&mut hasher),
            }
        }
        if SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(hasher.finish()) {
            fits(&line(&events(&Arc::from(JOURNAL), tenant, 0, vec![entry.clone()])[0]));
        }
    }
}

fn fits(line: &str) -> Value {
    assert!(!line.contains(plain::is_hostile), "{line}");
    let value: Value = serde_json::from_str(line).unwrap();
    assert_eq!(check::breaches(&value), [""; 0], "{line}");
    value
}

/// Every text and number in it.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|inner| leaves(inner, into)),
        Value::Array(all) => all.iter().for_each(|inner| leaves(inner, into)),
        Value::String(text) => into.push(text.clone()),
        other => into.push(other.to_string()),
    }
}

#[test]
fn every_act_outcome_and_part_there_or_not_fits_the_schema() {
    for event in samples::all() {
        fits(&line(&event));
    }
    for size in [0, 1, 200] {
        fits(&head_line(&samples::head(size)));
    }
}

#[test]
fn nothing_that_the_journal_says_is_missing() {
    for event in samples::all() {
        let ours: Value = serde_json::from_str(&event.to_json()).unwrap();
        let theirs = fits(&line(&event));
        let mut all = Vec::new();
        leaves(&theirs, &mut all);
        for (name, value) in ours.as_object().unwrap() {
            // Said in other words: by `metadata.uid`, and by the time in milliseconds where RFC 3339 has no form for it.
            if name == "index" || (name == "time" && theirs.get("time_dt").is_none()) {
                continue;
            }
            let mut expected = Vec::new();
            leaves(value, &mut expected);
            for leaf in expected {
                let said =
                    all.contains(&leaf) || all.iter().any(|said| name == "party" && leaf.ends_with(said.as_str()));
                assert!(said, "{name}: {leaf} in {theirs}");
            }
        }
    }
}

#[test]
fn classes_are_those_that_fit() {
    let class = |action, outcome, code| {
        let value = fits(&line(&samples::event(action, outcome, code, |builder| {
            builder.actor(&Actor::new("root")).party(Grantee::Actor("sales-7"));
        })));
        (value["type_uid"].as_u64().unwrap(), value)
    };
    for (action, code, expected) in [
        ("read", "", 600_501),
        ("export", "", 600_501),
        ("update", "", 600_502),
        ("search", "", 600_504),
        ("create", "", 600_506),
        ("erase", "", 600_507),
        ("list", "", 600_508),
        ("share", "", 300_501),
        ("share", "ended", 300_502),
        ("suspend", "suspended", 300_105),
        ("suspend", "reinstated", 300_102),
        ("freeze", "closed", 300_412),
        ("freeze", "unfrozen", 300_413),
        ("create_tenant", "", 300_401),
        ("verify", "intact", 100_899),
        ("alert", "high", 200_401),
        ("host_login", "", 300_201),
        ("host_logout", "", 300_202),
        ("host_other.tape", "", 600_399),
    ] {
        assert_eq!(class(action, Outcome::Permitted, code).0, expected, "{action} {code}");
    }
    let (_, denied) = class("read", Outcome::Denied, "no_rule");
    assert_eq!(
        (&denied["status_id"], &denied["action_id"], &denied["disposition_id"], &denied["status_code"]),
        (&json!(2), &json!(2), &json!(2), &json!("no_rule"))
    );
    let (_, suspended) = class("suspend", Outcome::Permitted, "suspended");
    assert_eq!((&suspended["user"]["uid"], &suspended["actor"]["user"]["uid"]), (&json!("sales-7"), &json!("root")));
    let (_, failed) = class("host_login_failed", Outcome::Permitted, "");
    assert_eq!((&failed["type_uid"], &failed["status_id"]), (&json!(300_201), &json!(2)));
    let (_, alert) = class("alert", Outcome::Permitted, "critical");
    assert_eq!((&alert["severity_id"], &alert["is_alert"]), (&json!(5), &json!(true)));
}

#[test]
fn every_act_has_a_class_of_its_own_choosing() {
    for action in Action::ALL {
        let event = samples::event(action.name(), Outcome::Permitted, "", |_| ());
        assert_ne!(Kind::of(&event).class, Class::Api, "{action}");
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let names = Action::ALL.iter().map(|action| action.name().to_owned()).collect::<Vec<_>>();
    let text = || {
        prop_oneof!["\\PC{0,20}", any::<String>(), proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned)]
    };
    let action = prop_oneof![3 => proptest::sample::select(names), 1 => text(), 1 => "(host_|alert)[a-z_.]{0,12}"];
    let items = proptest::collection::btree_map(4u8..=40, (text(), any::<[u8; 32]>()), 0..12);
    (action, 0usize..3, text(), text(), any::<i64>(), items).prop_map(|(action, outcome, code, rule, time, items)| {
        let mut builder = EntryBuilder::named(Timestamp::from_micros(time), &action);
        builder.outcome(samples::OUTCOMES[outcome], &code, &rule);
        let mut bytes = builder.finish().unwrap().as_bytes().to_vec();
        for (tag, (text, random)) in items {
            let before = bytes.len();
            match tag {
                tag::ROLES | tag::FIELDS_READ | tag::FIELDS_CHANGED => {
                    layout::put_names(&mut bytes, tag, [text.as_str(), "b"].into_iter()).unwrap();
                }
                tag::POLICY | tag::NEW_POLICY => layout::put(&mut bytes, tag, &random).unwrap(),
                tag::TENANT | tag::COLLECTION => layout::put(&mut bytes, tag, &random[..16]).unwrap(),
                tag::SUBJECTS => layout::put(&mut bytes, tag, &random[..28]).unwrap(),
                tag::WITHHELD | tag::ROWS => layout::put(&mut bytes, tag, &random[..4]).unwrap(),
                tag::REVISION_BEFORE | tag::REVISION_AFTER => layout::put(&mut bytes, tag, &random[..8]).unwrap(),
                _ => layout::put(&mut bytes, tag, text.as_bytes()).unwrap(),
            }
            // A tag whose form is another's matter.
            if layout::check(&bytes).is_err() {
                bytes.truncate(before);
            }
        }
        Entry::decode(&bytes).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(64, 256)))]

    #[test]
    fn random_entry_fits_the_schema(entry in entry(), tenant in any::<Option<[u8; 16]>>(), position in any::<u64>()) {
        let tenant = tenant.map(TenantId::from_bytes);
        let event = events(&Arc::from(JOURNAL), tenant, position, vec![entry]).remove(0);
        fits(&line(&event));
        crate::audit::cef::tests::parse(&event.to_cef());
    }
}
