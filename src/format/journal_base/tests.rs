use super::*;

#[test]
fn base_reads_back_whole_or_not_at_all_and_only_at_the_end_of_a_segment() {
    let base = BaseFields { first: 384, frontier: vec![[6; 32], [7; 32]], tips: [8; DIGEST] };
    let bytes = base.encode();
    assert_eq!(BaseFields::decode(&bytes), Ok(base.clone()));
    for end in 0..bytes.len() {
        assert!(BaseFields::decode(&bytes[..end]).is_err(), "{end}");
    }
    assert!(BaseFields::decode(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
    for first in [0, 3, 129] {
        assert!(BaseFields::decode(&BaseFields { first, ..base.clone() }.encode()).is_err(), "{first}");
    }
}

#[test]
fn tip_reads_back_whole_or_not_at_all() {
    let tip = TipFields { position: 1, sequence: 2, commit_mac: [3; 32] };
    let bytes = tip.encode();
    assert_eq!(TipFields::decode(&bytes), Ok(tip));
    assert!(TipFields::decode(&bytes[1..]).is_err());
    assert!(TipFields::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn leaf_hashes_of_a_segment_are_128() {
    assert_eq!(leaves(&[1; LEAVES]).unwrap().len() as u64, SEGMENT);
    assert!(leaves(&[1; LEAVES - 32]).is_err());
    assert!(leaves(&[1; LEAVES + 1]).is_err());
}
