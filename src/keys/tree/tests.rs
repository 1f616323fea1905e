use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::crypto::sha256;

type Small = Tree<4>;

fn root() -> Key<role::Node> {
    Key::copied(&std::array::from_fn(|i| i as u8))
}

fn slots_of(numbers: &[u32]) -> Vec<Slot> {
    numbers.iter().copied().map(Slot).collect()
}

fn leaf<const L: u8>(tree: &Tree<L>, slot: u32) -> Option<[u8; 32]> {
    match tree.slot_key(Slot(slot), &NodeCache::new()) {
        Ok(key) => Some(*key.expose()),
        Err(KeyError::Erased) => None,
        Err(other) => panic!("{other}"),
    }
}

fn encoded<const L: u8>(tree: &Tree<L>) -> Vec<u8> {
    let mut out = Vec::new();
    tree.state().encode(&mut out).unwrap();
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Compares with what `puncture_reference.py` prints.
#[test]
fn tree_agrees_with_the_independent_reference() {
    let slots = [0, 1, 0xdead_beef, 0xffff_ffff];
    for (epoch, leaves, kept) in [
        (
            0,
            [
                "04d7596116e6796a0400a2c955a7984fe8a8ae7106c4512aa40ba43b3dfdb86c",
                "745cea0f8408e57e815b63acb616a258f4d98d2d8cbe3993d44ebc059adf4da4",
                "0e91ded2b25b1ea40546c413f24fa1bb1b1066064be39caf7b0d6440c917024a",
                "ac602f312520bb2e70bad2aabcd6ab03161a04a76481cb4dd4e9c4ed238d1fe9",
            ],
            "9adc1eefa24ec91b8c0e449a39862612488a8359688f6e7c5427f0229780b84f",
        ),
        (
            1,
            [
                "8e4318b2ee219b4dd909ab6fd8014a9772d2910a61f583b3c1bd77082e1b8cb3",
                "cb3150ed1f7c0253f052ca7a38db1c8fc02869575cec512e68fe18f48b9c9d2a",
                "aaf357e0b72ac7bad1f32dad7102c83b8bda826964f99a9bf87b1d99c657071c",
                "58bdbd471bfa86dced4585eb119dc90f44ce1456ebf910201dcdb14ec9b6ec32",
            ],
            "5e82a613db3f528712aa7d7f89cf6a1662a1a3edc3caefab468f7e8fe2713882",
        ),
        (
            7,
            [
                "fbb0adb8c328168cca83efcb631ff54927c5ad2aecff36fc37dd41a75b3e39f3",
                "11c3c534ca7c8368912c01787119eb49982b8dce4d7ea9a95824c50f17844e4a",
                "8f3092696ff8f1f4fa82cbeb58d8e6cd8ef9bdf600414ce7c50b3ea82de5e1b6",
                "ee3fb66010165e6176bfc02e064e71558adacda6d5e8da8d2d1087690ccf0fff",
            ],
            "71c71c7e1f2dfd8b598978e3029903c3a24db44b1944ea5b7b9a0d8de78a0f5c",
        ),
    ] {
        let whole = Tree::<16>::new(Epoch(epoch), root());
        for (slot, expected) in slots.iter().zip(leaves) {
            assert_eq!(hex(&leaf(&whole, *slot).unwrap()), expected, "epoch {epoch} slot {slot:08x}");
        }
        let punctured = whole.punctured(&[Slot(0xdead_beef)]).unwrap().unwrap();
        let state = punctured.state();
        assert_eq!(state.nodes.len(), 48);
        let keys: Vec<&[u8]> = state.nodes.iter().map(|n| &n.key[..]).collect();
        assert_eq!(hex(&sha256(&keys)), kept, "epoch {epoch}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::tests::amount(24, 96)))]

    #[test]
    fn random_punctures_erase_their_leaves_and_no_other_in_any_order(
        (gone, shuffled) in vec(0u32..256, 0..200).prop_flat_map(|g| (Just(g.clone()), Just(g).prop_shuffle())),
    ) {
        let whole = Small::new(Epoch(3), root());
        let at_once = whole.punctured(&slots_of(&gone)).unwrap();
        prop_assert_eq!(at_once.is_none(), gone.is_empty());
        let at_once = at_once.unwrap_or_else(|| Small::new(Epoch(3), root()));
        let mut one_by_one = Small::new(Epoch(3), root());
        for slot in &shuffled {
            if let Some(next) = one_by_one.punctured(&[Slot(*slot)]).unwrap() {
                one_by_one = next;
            }
        }
        let bytes = encoded(&at_once);
        prop_assert_eq!(&bytes, &encoded(&one_by_one), "the state depends on the order");
        prop_assert_eq!(bytes.len(), at_once.state().encoded_len());

        let gone: BTreeSet<u32> = gone.into_iter().collect();
        let kept: BTreeSet<[u8; 32]> = at_once.state().nodes.iter().map(|n| *n.key).collect();
        let read = Small::from_state(Epoch(3), &TreeState::decode(4, &bytes).unwrap());
        prop_assert_eq!(&encoded(&read), &bytes, "the encoding doesn't round-trip");
        for slot in 0..256 {
            let before = leaf(&whole, slot).unwrap();
            let expected = (!gone.contains(&slot)).then_some(before);
            prop_assert_eq!(leaf(&at_once, slot), expected);
            prop_assert_eq!(leaf(&read, slot), expected);
            prop_assert!(expected.is_some() || !kept.contains(&before));
        }
        prop_assert!(at_once.punctured(&slots_of(&gone.into_iter().collect::<Vec<_>>())).unwrap().is_none());
    }

    #[test]
    fn encodings_with_a_key_too_many_or_too_few_are_refused(gone in vec(0u32..256, 1..60)) {
        let tree = Small::new(Epoch(3), root()).punctured(&slots_of(&gone)).unwrap().unwrap();
        let good = encoded(&tree);
        let keys = tree.state().nodes.len() as u32;
        let mut more = good.clone();
        more.extend([0; 32]);
        more[5..9].copy_from_slice(&(keys + 1).to_be_bytes());
        prop_assert!(TreeState::decode(4, &more).is_err());
        if keys > 0 {
            let mut fewer = good[..good.len() - 32].to_vec();
            fewer[5..9].copy_from_slice(&(keys - 1).to_be_bytes());
            prop_assert!(TreeState::decode(4, &fewer).is_err());
        }
    }
}

#[test]
fn tree_without_any_slot_left_holds_no_key() {
    let all: Vec<u32> = (0..256).collect();
    let empty = Small::new(Epoch(0), root()).punctured(&slots_of(&all)).unwrap().unwrap();
    assert!(empty.state().nodes.is_empty());
    assert_eq!(encoded(&empty).len(), 1 + 4 + 4 + 8);
    assert_eq!(leaf(&empty, 9), None);
}

#[test]
fn state_grows_little_where_erased_slots_stand_together() {
    let whole = Tree::<16>::new(Epoch(0), root());
    let empty = encoded(&whole).len();
    let per_slot = |slots: Vec<u32>| {
        let tree = whole.punctured(&slots_of(&slots)).unwrap().unwrap();
        (encoded(&tree).len() - empty) / slots.len()
    };
    let clustered = per_slot((5_000..6_000).collect());
    assert!(clustered <= 60, "{clustered} bytes");
    let scattered = per_slot((0..200).map(|i: u32| i.wrapping_mul(2_654_435_761)).collect());
    assert!((300..=1_300).contains(&scattered), "{scattered} bytes");
}

#[test]
fn cached_nodes_change_no_key() {
    let cache = NodeCache::new();
    let tree = Tree::<16>::new(Epoch(1), root()).punctured(&slots_of(&[70, 5_000_000])).unwrap().unwrap();
    for round in 0..2 {
        for slot in (0..300).chain((0..40).map(|i| i * 1_000_003)).chain([4_999_999, 5_000_001, u32::MAX]) {
            let through_cache = tree.slot_key(Slot(slot), &cache).ok().map(|k| *k.expose());
            assert_eq!(through_cache, leaf(&tree, slot), "slot {slot} in round {round}");
        }
    }
}
