use super::*;
use crate::crypto::ReferenceTree;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    // The leaves and roots of google/certificate-transparency's reference tests.
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Frontier::default();
    assert_eq!(hex(&tree.root()), roots[0]);
    for (leaf, root) in leaves.iter().zip(&roots[1..]) {
        tree.append(leaf_hash(&[leaf]));
        assert_eq!(hex(&tree.root()), *root);
    }
}

#[test]
fn roots_are_those_of_another_implementation_at_every_size() {
    let mut theirs = ReferenceTree::new();
    let mut ours = Frontier::default();
    for size in 0u32..=300 {
        assert_eq!(ours.root().as_slice(), theirs.root().as_bytes().as_slice(), "{size}");
        assert_eq!((ours.size(), ours.hashes().len()), (u64::from(size), size.count_ones() as usize));
        let copy = Frontier::from_parts(ours.size(), ours.hashes().to_vec()).unwrap();
        assert_eq!(copy, ours);
        let leaf = size.to_be_bytes().to_vec();
        ours.append(leaf_hash(&[&leaf]));
        theirs.push(leaf);
    }
}

#[test]
fn frontier_of_the_wrong_number_of_hashes_is_refused() {
    assert!(Frontier::from_parts(3, vec![[0; 32]]).is_err());
    assert!(Frontier::from_parts(4, vec![[0; 32]; 2]).is_err());
    assert!(Frontier::from_parts(0, vec![[0; 32]]).is_err());
}
