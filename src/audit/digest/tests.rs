use super::*;
use crate::crypto::{Key, role};
use proptest::prelude::*;

fn of(terms: &[Mac]) -> RowSetDigest {
    terms.iter().fold(RowSetDigest::default(), |mut digest, term| {
        digest.add(term);
        digest
    })
}

fn key() -> MacKey {
    MacKey::new(&Key::<role::Digest>::copied(&[7; 32]))
}

proptest! {
    #[test]
    fn order_does_not_matter(mut terms: Vec<[u8; 32]>, seed: u64) {
        let before = of(&terms);
        terms.sort_by_key(|term| term.iter().fold(seed, |h, b| h.rotate_left(9) ^ u64::from(*b)));
        prop_assert_eq!(of(&terms), before);
    }

    #[test]
    fn removing_undoes_adding(terms: Vec<[u8; 32]>, extra: Vec<[u8; 32]>) {
        let mut digest = of(&[terms.clone(), extra.clone()].concat());
        for term in &extra {
            digest.remove(term);
        }
        prop_assert_eq!(digest, of(&terms));
        prop_assert_eq!(RowSetDigest::from_bytes(&digest.to_bytes()).ok(), Some(digest));
    }
}

proptest! {
    #[test]
    fn joining_does_what_each_term_would_have_done(a: Vec<[u8; 32]>, put: Vec<[u8; 32]>, taken: Vec<[u8; 32]>) {
        let (mut one_by_one, mut change) = (of(&a), of(&put));
        let mut joined = one_by_one;
        put.iter().for_each(|term| one_by_one.add(term));
        for term in &taken {
            one_by_one.remove(term);
            change.remove(term);
        }
        joined.join(&change);
        prop_assert_eq!(joined, one_by_one);
    }
}

#[test]
fn sum_carries_through_every_limb_and_wraps_around() {
    let one = {
        let mut one = [0; 32];
        one[31] = 1;
        one
    };
    let digest = of(&[[0xff; 32], one]);
    assert_eq!(digest.to_bytes()[8..], [0; 32]);
    assert_eq!(digest.count(), 2);
    let mut digest = RowSetDigest::default();
    digest.remove(&one);
    assert_eq!(digest.to_bytes(), [0xff; 40]);
}

#[test]
fn replacing_a_row_or_moving_bytes_between_key_and_value_shows() {
    assert_ne!(of(&[term(&key(), b"a", &[b"1"])]), of(&[term(&key(), b"a", &[b"2"])]));
    assert_ne!(term(&key(), b"ab", &[b"c"]), term(&key(), b"a", &[b"bc"]));
    assert_eq!(term(&key(), b"a", &[b"bcd"]), term(&key(), b"a", &[b"b", b"cd"]));
    assert_eq!(term(&key(), b"a", &[b"bcd"]), term(&key(), b"a", &[b"b", b"c", b"d"]));
    assert_ne!(of(&[term(&key(), b"a", &[])]), of(&[]));
}

#[test]
fn commit_mac_covers_position_both_digests_and_state() {
    let key = MacKey::new(&Key::<role::Commit>::copied(&[8; 32]));
    let (a, b) = (of(&[[1; 32]]), of(&[[2; 32]]));
    let base = commit_mac(&key, 1, &a, &b, b"state");
    for other in [
        commit_mac(&key, 2, &a, &b, b"state"),
        commit_mac(&key, 1, &b, &b, b"state"),
        commit_mac(&key, 1, &a, &a, b"state"),
        commit_mac(&key, 1, &b, &a, b"state"),
        commit_mac(&key, 1, &a, &b, b"stale"),
    ] {
        assert_ne!(base, other);
    }
}
