use super::*;
use crate::audit::EntryBuilder;
use crate::model::{Action, Actor, Pseudonym};

#[test]
fn event_is_one_line_of_json_with_what_applies() {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(0), Action::Read);
    builder
        .outcome(Outcome::Denied, "no_rule", "")
        .actor(&Actor::new("sales-7\n\"x\"").with_role("sales"))
        .subjects(&[Subject { pseudonym: Pseudonym::from_bytes([1; 16]), number: 2, revision: Revision::new(3) }])
        .fields_read(["name"].into_iter());
    let mut bytes = builder.finish().unwrap().as_bytes().to_vec();
    crate::format::journal_entry::put(&mut bytes, 99, b"\x01\x02").unwrap();
    let entry = Entry::decode(&bytes).unwrap();
    let tenant = TenantId::from_bytes([4; 16]);
    let all = events(&"strongroom/a/b".into(), Some(tenant), 7, vec![entry.clone(), entry]);
    let json = all[1].to_json();
    assert!(!json.contains('\n'));
    let expected = serde_json::json!({
        "position": 7, "index": 1, "of": 2, "journal": "strongroom/a/b", "time": "1970-01-01T00:00:00.000000Z",
        "tenant": tenant.to_string(), "action": "read", "outcome": "denied", "code": "no_rule",
        "actor": "sales-7\n\"x\"", "roles": ["sales"], "fields_read": ["name"], "unknown": {"99": "0102"},
        "subjects": [{"pseudonym": "01010101-0101-0101-0101-010101010101", "number": 2, "revision": 3}],
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), expected);
}
