use super::*;
use crate::model::Pseudonym;

#[test]
fn debug_of_a_found_record_shows_no_withheld_name() {
    let now = Timestamp::from_micros(0);
    let meta = Meta {
        owner: None,
        labels: Vec::new(),
        created: now,
        updated: now,
        subject: None,
        pseudonym: Pseudonym::from_bytes([5; 16]),
        number: 1,
        retention: None,
    };
    let found = Found {
        id: RecordId::from_bytes([1; 16]),
        revision: Revision::FIRST,
        meta: Metadata::new(meta),
        value: (),
        withheld: vec!["hiv status".to_owned()],
    };
    let text = format!("{found:?}");
    assert!(text.contains("withheld: 1") && !text.contains("hiv"), "{text}");
}
