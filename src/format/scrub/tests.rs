use super::*;
use crate::format::vectors::{bytes, published};

fn vault() -> ScrubbedVault {
    let tip = ScrubbedTip { position: 4, sequence: 2, commit_mac: [0x44; 32] };
    ScrubbedVault {
        save: [0x11; 16],
        tenants: 3,
        read: 0x0102,
        epoch: JournalEpochId::from_bytes([0x22; 16]),
        begun: 6,
        skipped: 0,
        good: 4,
        size: 5,
        frontier: vec![[0x33; 32], [0x34; 32]],
        tip: Some(tip),
    }
}

fn tenants() -> [ScrubbedTenant; 3] {
    let tip = ScrubbedTip { position: 3, sequence: 9, commit_mac: [0x55; 32] };
    let cursor = [&[1], &[0x66; 48][..]].concat();
    let under_way = ScrubbedRows::UnderWay { cursor, read: [[0x71; 40], [0x72; 40]], whole: [[0x73; 40], [0x74; 40]] };
    let one = |tip, rows| ScrubbedTenant { save: [0x11; 16], tip, changes: [0x70; 40], rows };
    [one(None, ScrubbedRows::Ahead), one(Some(tip), ScrubbedRows::Done), one(Some(tip), under_way)]
}

#[test]
fn states_are_those_of_the_published_vectors() {
    let vectors = published("scrub");
    assert_eq!(vault().encode(), bytes(&vectors["vault"]));
    assert!(ScrubbedVault::decode(&bytes(&vectors["vault"])) == Ok(vault()));
    for (tenant, name) in tenants().into_iter().zip(["ahead", "done", "under_way"]) {
        let published = bytes(&vectors["tenants"][name]);
        assert_eq!(tenant.encode().unwrap(), published, "{name}");
        assert!(ScrubbedTenant::decode(&published) == Ok(tenant), "{name}");
    }
}

#[test]
fn cut_grown_or_contradictory_states_are_refused() {
    let whole = vault().encode();
    for end in 0..whole.len() {
        assert!(ScrubbedVault::decode(&whole[..end]).is_err(), "{end}");
    }
    assert!(ScrubbedVault::decode(&[&whole[..], &[0]].concat()).is_err());
    for wrong in [
        ScrubbedVault { good: 6, ..vault() },
        ScrubbedVault { skipped: 6, ..vault() },
        ScrubbedVault { tip: Some(ScrubbedTip { position: 5, ..vault().tip.unwrap() }), ..vault() },
    ] {
        assert!(ScrubbedVault::decode(&wrong.encode()).is_err());
    }
    for tenant in tenants() {
        let whole = tenant.encode().unwrap();
        for end in 0..whole.len() {
            assert!(ScrubbedTenant::decode(&whole[..end]).is_err(), "{end}");
        }
        assert!(ScrubbedTenant::decode(&[&whole[..], &[0]].concat()).is_err());
    }
    let (digests, cursor) = ([[0; 40]; 2], vec![1; MAX_CURSOR + 1]);
    let rows = ScrubbedRows::UnderWay { cursor, read: digests, whole: digests };
    let [_, _, known] = tenants();
    assert!(ScrubbedTenant { rows, ..known }.encode().is_err());
}
