use super::*;

fn text(byte: &str, length: usize) -> String {
    byte.repeat(length)
}

/// Returns one fact of each kind, every text as long as it may be.
fn largest() -> [Fact; 6] {
    let time = Timestamp::from_micros(i64::MIN);
    let party = || text("p", MAX_PARTY);
    let answer = || Answer { actor: party(), yes: true, at: time };
    [
        Fact::Share(Share {
            collection: CollectionId::from_bytes([1; 16]),
            record: RecordId::from_bytes([2; 16]),
            with: StoredGrantee::Group(party()),
            access: Access::Write,
            by: party(),
            at: time,
            until: Some(time),
        }),
        Fact::Approval(Approval {
            actor: party(),
            action: Action::ReviewEmergency,
            collection: Some(CollectionId::from_bytes([1; 16])),
            record: Some(RecordId::from_bytes([2; 16])),
            about: vec![("name".to_owned(), text("f", MAX_ABOUT_BYTES / MAX_ABOUT - 4)); MAX_ABOUT],
            bound: [3; 32],
            reason: text("r", MAX_WORDS),
            asked: time,
            until: time,
            wanted: u32::MAX,
            answers: (0..MAX_ANSWERS).map(|_| answer()).collect(),
            used: Some(time),
        }),
        Fact::Emergency(Emergency {
            actor: party(),
            reason: text("r", MAX_WORDS),
            from: time,
            until: time,
            reviewed: Some(Review { by: party(), at: time, verdict: text("v", MAX_WORDS) }),
        }),
        Fact::Suspension(Suspension { actor: party(), by: party(), at: time, reason: text("r", MAX_WORDS) }),
        Fact::Freeze(Freeze { extent: Extent::Closed, by: party(), at: time, reason: text("r", MAX_WORDS) }),
        Fact::Demand(Demand { actor: party(), strength: 255, by: party(), at: time, reason: text("r", MAX_WORDS) }),
    ]
}

#[test]
fn largest_facts_fit_a_value_of_the_store_and_read_back() {
    for fact in largest() {
        let bytes = fact.encode().unwrap();
        assert!(bytes.len() + SEAL_OVERHEAD <= 4096, "{}", bytes.len());
        assert!(Fact::decode(&bytes).unwrap() == fact);
    }
}

#[test]
fn every_cut_of_a_fact_and_every_byte_behind_it_is_refused() {
    for fact in largest() {
        let bytes = fact.encode().unwrap();
        for cut in (0..bytes.len()).step_by(7) {
            assert!(Fact::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Fact::decode(&[&bytes[..], &[0]].concat()).is_err());
        assert!(matches!(Fact::decode(&[&[2], &bytes[1..]].concat()), Err(FormatError::Newer { .. })));
    }
}

#[test]
fn texts_and_lists_over_their_limits_are_refused_both_ways() {
    let refused = |change: fn(&mut Fact)| {
        for mut fact in largest() {
            let before = fact.clone();
            change(&mut fact);
            if fact != before {
                assert!(fact.encode().is_err());
                let bytes = [vec![FACT_VERSION], encode(WHAT, &fact).unwrap()].concat();
                assert!(Fact::decode(&bytes).is_err());
            }
        }
    };
    refused(|fact| match fact {
        Fact::Share(share) => share.by.push('x'),
        Fact::Approval(approval) => approval.actor.push('x'),
        Fact::Emergency(emergency) => emergency.actor.push('x'),
        Fact::Suspension(suspension) => suspension.actor.push('x'),
        Fact::Freeze(freeze) => freeze.by.push('x'),
        Fact::Demand(demand) => demand.actor.push('x'),
    });
    refused(|fact| match fact {
        Fact::Share(share) => share.with = StoredGrantee::Role("r".repeat(MAX_PARTY + 1)),
        Fact::Approval(approval) => approval.reason.push('x'),
        Fact::Emergency(emergency) => emergency.reason.push('x'),
        Fact::Suspension(suspension) => suspension.reason.push('x'),
        Fact::Freeze(freeze) => freeze.reason.push('x'),
        Fact::Demand(demand) => demand.reason.push('x'),
    });
    refused(|fact| match fact {
        Fact::Approval(approval) => approval.about.push((String::new(), String::new())),
        Fact::Emergency(Emergency { reviewed: Some(review), .. }) => review.verdict.push('x'),
        Fact::Suspension(suspension) => suspension.by.push('x'),
        Fact::Demand(demand) => demand.by.push('x'),
        _ => {}
    });
    refused(|fact| {
        if let Fact::Approval(approval) = fact {
            approval.answers.push(Answer { actor: String::new(), yes: false, at: Timestamp::from_micros(0) });
        }
    });
    refused(|fact| {
        if let Fact::Approval(approval) = fact {
            approval.about[0].1.push('x');
        }
    });
}

#[test]
fn unknown_kinds_acts_and_accesses_are_refused() {
    assert!(Fact::decode(&[FACT_VERSION, 4]).is_err());
    let [share, approval, ..] = largest();
    let mut bytes = share.encode().unwrap();
    // Behind version, kind, collection, record, and the grantee: its kind, 3 bytes of length, 256 of name.
    let at = 2 + 32 + 1 + 3 + MAX_PARTY;
    assert_eq!(bytes[at], 2);
    bytes[at] = 3;
    assert!(Fact::decode(&bytes).is_err());
    let bytes = approval.encode().unwrap();
    let at = bytes.windows(6).position(|name| name == b"review").unwrap();
    let mut other = bytes.clone();
    other[at] = b'R';
    assert!(Fact::decode(&bytes).is_ok() && Fact::decode(&other).is_err());
}
