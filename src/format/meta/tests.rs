use super::*;

fn sample() -> Meta {
    Meta {
        owner: Some("sales-7".to_owned()),
        labels: vec!["vip".to_owned(), String::new()],
        created: Timestamp::from_micros(1),
        updated: Timestamp::from_micros(-2),
        subject: Some((CollectionId::from_bytes([3; 16]), RecordId::from_bytes([4; 16]))),
        pseudonym: Pseudonym::from_bytes([5; 16]),
        number: 6,
        retention: Some(Timestamp::from_micros(i64::MAX)),
    }
}

#[test]
fn metadata_reads_back_and_every_cut_is_refused() {
    let bytes = sample().encode().unwrap();
    assert!(Meta::decode(&bytes).ok().unwrap() == sample());
    for cut in 0..bytes.len() {
        assert!(Meta::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Meta::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn labels_over_their_limits_are_refused_and_at_them_fit_a_body() {
    let mut meta = sample();
    meta.labels = vec!["x".repeat(MAX_LABEL); MAX_LABELS];
    assert!(meta.encode().unwrap().len() < usize::from(u16::MAX));
    meta.labels.push(String::new());
    assert!(meta.encode().is_err());
    meta.labels = vec!["x".repeat(MAX_LABEL + 1)];
    assert!(meta.encode().is_err());
}
