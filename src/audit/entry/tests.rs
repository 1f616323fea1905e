use super::*;

fn subject(byte: u8) -> Subject {
    Subject { pseudonym: Pseudonym::from_bytes([byte; 16]), number: 7, revision: Revision::new(9) }
}

fn full() -> EntryBuilder {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(42), Action::Read);
    builder
        .rows(1)
        .fields_read(["name", "email"].into_iter())
        .subjects(&[subject(1), subject(2)])
        .collection(CollectionId::from_bytes([3; 16]))
        .actor(&Actor::new("sales-7").with_role("sales").with_session("s").with_device("d"))
        .purpose("support")
        .reason("ticket 4711")
        .policy(&[4; 32])
        .withheld(2)
        .revision_before(Revision::new(8))
        .revision_after(Revision::new(9))
        .party(Grantee::Role("support"))
        .evidence(&[(7, 0), (u64::MAX, 3)])
        .blocks(&(128..256))
        .outcome(Outcome::Denied, "no_rule", "sales");
    builder
}

#[test]
fn entry_says_what_it_was_told_in_whatever_order() {
    let entry = full().finish().unwrap();
    assert_eq!(Entry::decode(entry.as_bytes()), Ok(entry.clone()));
    assert_eq!((entry.time(), entry.action()), (Timestamp::from_micros(42), "read"));
    assert_eq!(entry.outcome(), (Outcome::Denied, "no_rule", "sales"));
    assert_eq!(entry.text(tag::ACTOR), Some("sales-7"));
    assert_eq!(entry.names(tag::ROLES), Some((1, vec!["sales"])));
    assert_eq!(entry.names(tag::FIELDS_READ), Some((2, vec!["name", "email"])));
    assert_eq!(entry.subjects().collect::<Vec<_>>(), [subject(1), subject(2)]);
    assert_eq!((entry.count(tag::ROWS), entry.count(tag::WITHHELD)), (Some(1), Some(2)));
    assert_eq!(entry.revision(tag::REVISION_AFTER), Some(Revision::new(9)));
    assert_eq!(entry.array(tag::POLICY), Some([4; 32]));
    assert_eq!(entry.text(tag::PARTY), Some("role:support"));
    assert_eq!(entry.evidence().collect::<Vec<_>>(), [(7, 0), (u64::MAX, 3)]);
    assert_eq!(entry.blocks(), Some(128..256));
}

#[test]
fn part_over_its_limit_given_twice_or_missing_is_named() {
    let wrong = |change: &dyn Fn(&mut EntryBuilder)| {
        let mut builder = full();
        change(&mut builder);
        match builder.finish() {
            Err(AuditError::Entry { part }) => part,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        wrong(&|b| {
            b.purpose("again");
        }),
        "part"
    );
    assert_eq!(
        wrong(&|b| {
            b.reason(&"r".repeat(MAX_REASON + 1));
        }),
        "reason"
    );
    assert_eq!(
        wrong(&|b| {
            b.subjects(&vec![subject(1); MAX_SUBJECTS + 1]);
        }),
        "list of data subjects"
    );
    assert_eq!(
        wrong(&|b| {
            b.evidence(&[(0, 0); MAX_EVIDENCE + 1]);
        }),
        "list of evidence"
    );
    assert_eq!(
        wrong(&|b| {
            b.outcome(Outcome::Failed, &"c".repeat(MAX_TEXT + 1), "");
        }),
        "outcome"
    );
    let bare = EntryBuilder::new(Timestamp::from_micros(1), Action::List);
    assert!(matches!(bare.finish(), Err(AuditError::Entry { part: "outcome" })));
    let mut long = EntryBuilder::new(Timestamp::from_micros(1), Action::List);
    long.outcome(Outcome::Permitted, "", "").actor(&Actor::new("a".repeat(MAX_TEXT + 1)));
    assert!(matches!(long.finish(), Err(AuditError::Entry { part: "id of an actor" })));
}

#[test]
fn thousand_subjects_and_full_lists_fit() {
    let mut builder = EntryBuilder::new(Timestamp::from_micros(1), Action::List);
    let long = "field".repeat(200);
    builder
        .outcome(Outcome::Permitted, "", "")
        .subjects(&vec![subject(5); MAX_SUBJECTS])
        .fields_read(std::iter::repeat_n(long.as_str(), 5000))
        .fields_changed(std::iter::repeat_n(long.as_str(), 5000));
    let entry = builder.finish().unwrap();
    assert_eq!(entry.subjects().count(), MAX_SUBJECTS);
    assert_eq!(entry.names(tag::FIELDS_READ).unwrap().0, 5000);
    assert!(Entry::decode(entry.as_bytes()).is_ok());
}
