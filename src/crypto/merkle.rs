//! Checks of proofs in a Merkle tree of SHA-256 hashes (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
//!
//! Guarantees: any sizes, positions and paths get an answer, in time that the path's length bounds; a path that is longer or
//! shorter than the tree wants is refused. Does not: make proofs, or say where a root comes from.

use ct_merkle::digest::{Output, Update};
use ct_merkle::{ConsistencyProof, HashableLeaf, InclusionProof, RootHash};
use sha2::Sha256;

use super::hash::{Digest, sha256};

/// The most leaves that a tree has: beyond, the arithmetic of positions would overflow.
pub(crate) const MAX_LEAVES: u64 = 1 << 62;
/// The most hashes in a path: one for each level, and one more where a tree that isn't full begins.
const MAX_PATH: usize = 64;

/// A tree of the library's own, for checking against.
#[cfg(test)]
pub(crate) type ReferenceTree = ct_merkle::mem_backed_tree::MemoryBackedTree<Sha256, Vec<u8>>;

/// A leaf's input, in parts.
struct Leaf<'a>(&'a [&'a [u8]]);

impl HashableLeaf for Leaf<'_> {
    fn hash<H: Update>(&self, hasher: &mut H) {
        for part in self.0 {
            hasher.update(part);
        }
    }
}

/// Checks that the leaf whose input is these parts, joined, stands at `index` in the tree of this size and root.
pub(crate) fn verify_inclusion(leaf: &[&[u8]], index: u64, size: u64, root: &Digest, path: &[Digest]) -> bool {
    if index >= size || size > MAX_LEAVES || path.len() > MAX_PATH {
        return false;
    }
    let proof = InclusionProof::<Sha256>::try_from_bytes(path.concat());
    proof.is_ok_and(|proof| tree(root, size).verify_inclusion(&Leaf(leaf), index, &proof).is_ok())
}

/// Checks that the tree of the new size and root began as the tree of the old size and root. Every tree begins as the empty
/// one, without a path.
pub(crate) fn verify_consistency(old: (u64, &Digest), new: (u64, &Digest), path: &[Digest]) -> bool {
    if old.0 > new.0 || new.0 > MAX_LEAVES || path.len() > MAX_PATH {
        return false;
    }
    if old.0 == 0 {
        let empty = sha256(&[]);
        return path.is_empty() && *old.1 == empty && (new.0 > 0 || *new.1 == empty);
    }
    let proof = ConsistencyProof::<Sha256>::try_from_bytes(path.concat());
    proof.is_ok_and(|proof| tree(new.1, new.0).verify_consistency(&tree(old.1, old.0), &proof).is_ok())
}

fn tree(root: &Digest, size: u64) -> RootHash<Sha256> {
    RootHash::new(Output::<Sha256>::from(*root), size)
}
