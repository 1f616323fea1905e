use super::*;
use crate::audit::{Frontier, tree::leaf_hash};
use crate::crypto::ReferenceTree;

/// A flip of each of these bits of each hash is tried.
const BITS: [usize; 3] = [0, 100, 255];

fn input(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// The largest tree whose proofs are all altered.
fn largest() -> u64 {
    crate::tests::amount(20, 40)
}

fn roots(count: u64) -> Vec<Digest> {
    let mut tree = Frontier::default();
    let mut roots = vec![tree.root()];
    for number in 0..count {
        tree.append(leaf_hash(&[&input(number)]));
        roots.push(tree.root());
    }
    roots
}

/// The leaves up to what these nodes need.
fn passed(mut nodes: Nodes) -> Nodes {
    for number in 0..nodes.needed() {
        nodes.leaf(leaf_hash(&[&input(number)]));
    }
    nodes
}

fn unhex(text: &str) -> Digest {
    let pairs =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    pairs.collect::<Vec<_>>().try_into().unwrap()
}

fn altered(hashes: &[Digest]) -> impl Iterator<Item = Vec<Digest>> {
    let flips = (0..hashes.len()).flat_map(|at| BITS.map(|bit| (at, bit))).map(|(at, bit)| {
        let mut flipped = hashes.to_vec();
        flipped[at][bit / 8] ^= 1 << (bit % 8);
        flipped
    });
    let cuts = (0..hashes.len()).flat_map(|at| {
        let mut without = hashes.to_vec();
        without.remove(at);
        [without, hashes[..at].to_vec()]
    });
    let longer = (0..=hashes.len()).flat_map(|at| {
        [[0; 32], hashes.first().copied().unwrap_or([7; 32])].map(|extra| {
            let mut with = hashes.to_vec();
            with.insert(at, extra);
            with
        })
    });
    let swaps = (1..hashes.len()).map(|at| {
        let mut swapped = hashes.to_vec();
        swapped.swap(at - 1, at);
        swapped
    });
    flips.chain(cuts).chain(longer).chain(swaps)
}

/// The leaves of google/certificate-transparency's reference tests.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

#[test]
fn proofs_are_those_of_certificate_transparency() {
    let of_one = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let of_two = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let of_four = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let fifth = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let pair = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let half = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    let two = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    let first = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    let sixth = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    let inclusions: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[of_one, of_two, of_four]),
        (5, 8, &[fifth, pair, half]),
        (2, 3, &[two]),
        (1, 5, &[first, of_two, fifth]),
    ];
    let consistencies: [(u64, u64, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[of_one, of_two, of_four]), (6, 8, &[sixth, pair, half]), (2, 5, &[of_two, fifth])];
    let mut nodes = Nodes::default();
    inclusions.iter().for_each(|(position, size, _)| nodes.want_inclusion(*position, *size));
    consistencies.iter().for_each(|(old, new, _)| nodes.want_consistency(*old, *new));
    assert_eq!(nodes.needed(), 8);
    LEAVES.iter().for_each(|leaf| nodes.leaf(leaf_hash(&[leaf])));
    for (position, size, hashes) in inclusions {
        let hashes: Vec<_> = hashes.iter().map(|hash| unhex(hash)).collect();
        assert_eq!(nodes.inclusion(position, size).unwrap().hashes(), hashes, "{position} {size}");
    }
    for (old, new, hashes) in consistencies {
        let hashes: Vec<_> = hashes.iter().map(|hash| unhex(hash)).collect();
        assert_eq!(nodes.consistency(old, new).unwrap().hashes(), hashes, "{old} {new}");
    }
}

#[test]
fn proofs_are_those_of_another_implementation_at_every_size() {
    let roots = roots(130);
    let mut theirs = ReferenceTree::new();
    for size in 1..=130u64 {
        theirs.push(input(size - 1));
        let mut nodes = Nodes::default();
        (0..size).for_each(|position| nodes.want_inclusion(position, size));
        (1..=size).for_each(|old| nodes.want_consistency(old, size));
        let nodes = passed(nodes);
        let at = |n: u64| usize::try_from(n).unwrap();
        for position in 0..size {
            let proof = nodes.inclusion(position, size).unwrap();
            assert_eq!(proof.hashes().concat(), theirs.prove_inclusion(at(position)).as_bytes());
            assert_eq!(proof.verify(&input(position), &roots[at(size)]), Ok(()));
        }
        for old in 1..=size {
            let proof = nodes.consistency(old, size).unwrap();
            assert_eq!(proof.hashes().concat(), theirs.prove_consistency(at(size - old)).as_bytes());
            assert_eq!(proof.verify_roots(&roots[at(old)], &roots[at(size)]), Ok(()));
        }
    }
}

#[test]
fn one_pass_makes_proofs_for_trees_of_many_sizes() {
    let roots = roots(300);
    let mut nodes = Nodes::default();
    let sizes = [1u64, 2, 3, 64, 65, 127, 200, 255, 256, 257, 299, 300];
    for size in sizes {
        (0..size).for_each(|position| nodes.want_inclusion(position, size));
        sizes.iter().filter(|old| **old <= size).for_each(|old| nodes.want_consistency(*old, size));
    }
    let nodes = passed(nodes);
    let root = |size: u64| &roots[usize::try_from(size).unwrap()];
    for size in sizes {
        for position in 0..size {
            assert_eq!(nodes.inclusion(position, size).unwrap().verify(&input(position), root(size)), Ok(()));
        }
        for old in sizes.into_iter().filter(|old| *old <= size) {
            assert_eq!(nodes.consistency(old, size).unwrap().verify_roots(root(old), root(size)), Ok(()));
        }
    }
    assert_eq!(nodes.inclusion(299, 301), None);
    assert_eq!(nodes.consistency(300, 299), None);
}

#[test]
fn pass_keeps_few_nodes() {
    let mut nodes = Nodes::default();
    nodes.want_inclusion(12_345, 99_999);
    nodes.want_consistency(54_321, 99_999);
    let wanted = nodes.wanted();
    assert!(wanted <= 64, "{wanted}");
    for _ in 0..99_999u32 {
        nodes.leaf([1; 32]);
        assert!(nodes.edge() <= 17);
    }
    assert_eq!(nodes.wanted(), wanted);
    assert!(nodes.inclusion(12_345, 99_999).is_some());
}

#[test]
fn every_altered_inclusion_proof_is_refused() {
    let roots = roots(largest());
    for size in 1..=largest() {
        let root = roots[usize::try_from(size).unwrap()];
        let mut nodes = Nodes::default();
        (0..size).for_each(|position| nodes.want_inclusion(position, size));
        let nodes = passed(nodes);
        for position in 0..size {
            let proof = nodes.inclusion(position, size).unwrap();
            for hashes in altered(proof.hashes()) {
                let bad = InclusionProof::new(position, size, hashes);
                assert_eq!(bad.verify(&input(position), &root), Err(ProofError::Refused), "{position} {size}");
            }
            for other in (0..size + 3).filter(|other| *other != position) {
                let moved = InclusionProof::new(other, size, proof.hashes().to_vec());
                assert!(moved.verify(&input(position), &root).is_err());
                assert!(proof.verify(&input(other), &root).is_err());
            }
            for other in roots.iter().filter(|other| **other != root) {
                assert!(proof.verify(&input(position), other).is_err());
            }
        }
    }
}

#[test]
fn every_altered_consistency_proof_is_refused() {
    let roots = roots(largest());
    let root = |size: u64| &roots[usize::try_from(size).unwrap()];
    for new in 0..=largest() {
        let mut nodes = Nodes::default();
        (0..=new).for_each(|old| nodes.want_consistency(old, new));
        let nodes = passed(nodes);
        for old in 0..=new {
            let proof = nodes.consistency(old, new).unwrap();
            assert_eq!(proof.verify_roots(root(old), root(new)), Ok(()), "{old} {new}");
            for hashes in altered(proof.hashes()) {
                let bad = ConsistencyProof::new(old, new, hashes);
                assert_eq!(bad.verify_roots(root(old), root(new)), Err(ProofError::Refused), "{old} {new}");
            }
            for other in (0..=largest()).filter(|other| *other != old) {
                assert!(proof.verify_roots(root(other), root(new)).is_err(), "{old} {new} {other}");
                let moved = ConsistencyProof::new(other, new, proof.hashes().to_vec());
                assert!(moved.verify_roots(root(old), root(new)).is_err(), "{old} {new} {other}");
            }
            // A tree of no leaves is how every tree began: the other root isn't looked at.
            for other in (0..=largest()).filter(|other| *other != new && old > 0) {
                assert!(proof.verify_roots(root(old), root(other)).is_err(), "{old} {new} {other}");
            }
        }
    }
}

#[test]
fn hostile_sizes_are_refused_at_once() {
    let huge = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, (1 << 63) + 1, 1 << 62, (1 << 62) + 1, 0, 1];
    for count in [0, 1, 61, 62, 63, 64, 65, 1000] {
        let hashes = vec![[1; 32]; count];
        for a in huge {
            for b in huge {
                assert!(InclusionProof::new(a, b, hashes.clone()).verify(b"", &[2; 32]).is_err());
                assert!(ConsistencyProof::new(a, b, hashes.clone()).verify_roots(&[2; 32], &[3; 32]).is_err());
            }
        }
    }
    for a in huge {
        for b in huge {
            let mut nodes = Nodes::default();
            nodes.want_inclusion(a, b);
            nodes.want_consistency(a, b);
            assert!(nodes.wanted() < 512);
            nodes.leaf([1; 32]);
            assert!(nodes.inclusion(a, b).is_none_or(|proof| proof.size() == 1));
        }
    }
}
