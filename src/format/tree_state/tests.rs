use super::*;

const KEY: [u8; 32] = [1; 32];

fn bytes(holes: &[(u32, u32)], keys: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.u8(VERSION).u32(holes.len() as u32).u32(keys as u32);
    for (first, last) in holes {
        writer.u32(*first).u32(*last);
    }
    for _ in 0..keys {
        writer.bytes(&KEY);
    }
    out
}

fn places(holes: &[(u32, u32)], keys: usize) -> Option<Vec<(u8, u32)>> {
    let bytes = bytes(holes, keys);
    let state = TreeState::decode(2, &bytes).ok()?;
    let mut again = Vec::new();
    state.encode(&mut again).unwrap();
    assert_eq!(again, bytes, "the encoding is not canonical");
    assert_eq!(again.len(), state.encoded_len());
    Some(state.nodes.iter().map(|n| (n.depth, n.first)).collect())
}

#[test]
fn holes_say_where_each_key_belongs() {
    assert_eq!(places(&[], 1), Some(vec![(0, 0)]));
    assert_eq!(places(&[(5, 5)], 6), Some(vec![(1, 0), (2, 4), (2, 6), (2, 7), (1, 8), (1, 12)]));
    assert_eq!(places(&[(4, 7)], 3), Some(vec![(1, 0), (1, 8), (1, 12)]));
    assert_eq!(places(&[(0, 15)], 0), Some(vec![]));
}

#[test]
fn any_other_number_of_keys_is_refused() {
    for keys in [0, 1, 5, 7] {
        assert_eq!(places(&[(5, 5)], keys), None, "{keys} keys");
    }
    assert_eq!(places(&[], 0), None);
    assert_eq!(places(&[], 4), None);
    assert_eq!(places(&[(0, 15)], 1), None);
}

#[test]
fn holes_that_touch_cross_turn_back_or_leave_the_tree_are_refused() {
    for holes in
        [&[(4, 5), (6, 7)][..], &[(0, 3), (4, 7)], &[(8, 9), (4, 5)], &[(7, 4)], &[(12, 16)], &[(4, 8), (8, 9)]]
    {
        for keys in 0..16 {
            assert_eq!(places(holes, keys), None, "{holes:?} with {keys} keys");
        }
    }
}

#[test]
fn counts_that_lie_are_refused_before_anything_is_allocated() {
    let mut lie = bytes(&[], 1);
    lie[5..9].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(TreeState::decode(16, &lie).is_err());
    lie[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(TreeState::decode(16, &lie).is_err());
    let whole = bytes(&[(5, 5)], 6);
    for cut in 0..whole.len() {
        assert!(TreeState::decode(2, &whole[..cut]).is_err(), "cut at {cut}");
    }
    assert!(TreeState::decode(2, &[&whole[..], &[0]].concat()).is_err());
}
