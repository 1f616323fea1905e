//! The digest of a set of rows: how many, and the sum of their MACs.
//!
//! Guarantees: the same for the same set in any order; two sets differ in it but for a chance of 2^-256, to someone
//! without the digest key. Does not: hide the count; the sum is a secret and is stored sealed.
//!
//! The construction is the additive multiset hash of Clarke et al., "Incremental Multiset Hash Functions and Their
//! Application to Memory Integrity Checking" (ASIACRYPT 2003), with HMAC-SHA256 and modulus 2^256.

use crate::crypto::{Mac, MacKey};
use crate::format::{FormatError, Reader};

/// Bytes of an encoded digest.
pub(crate) const DIGEST: usize = 8 + 32;

/// `(count, Σ term mod 2^256)`. Both wrap around, so that taking out always undoes putting in.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowSetDigest {
    count: u64,
    /// Big-endian: the first limb is the highest.
    sum: [u64; 4],
}

impl RowSetDigest {
    /// Puts a row's term in.
    pub(crate) fn add(&mut self, term: &Mac) {
        self.count = self.count.wrapping_add(1);
        self.step(limbs(term), plus);
    }

    /// Takes a row's term out.
    pub(crate) fn remove(&mut self, term: &Mac) {
        self.count = self.count.wrapping_sub(1);
        self.step(limbs(term), |limb, other, borrow| {
            let (rest, first) = limb.overflowing_sub(other);
            let (rest, second) = rest.overflowing_sub(borrow);
            (rest, first || second)
        });
    }

    /// Puts in what another digest has, and takes out what was taken out of that.
    pub(crate) fn join(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.step(other.sum.iter().rev().copied(), plus);
    }

    /// Returns the number of rows.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Returns `BE64 count ‖ sum 32`.
    pub(crate) fn to_bytes(self) -> [u8; DIGEST] {
        let mut bytes = [0; DIGEST];
        for (to, from) in bytes.as_chunks_mut::<8>().0.iter_mut().zip([self.count].iter().chain(&self.sum)) {
            *to = from.to_be_bytes();
        }
        bytes
    }

    /// Reads a digest that [`to_bytes`](Self::to_bytes) wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new("digest", bytes);
        let count = reader.u64()?;
        let sum = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
        reader.finish().map(|()| Self { count, sum })
    }

    /// Takes limbs from the lowest on.
    fn step(&mut self, limbs: impl Iterator<Item = u64>, act: impl Fn(u64, u64, u64) -> (u64, bool)) {
        let mut carry = false;
        for (limb, other) in self.sum.iter_mut().rev().zip(limbs) {
            (*limb, carry) = act(*limb, other, u64::from(carry));
        }
    }
}

/// Returns a term's limbs, the lowest first.
fn limbs(term: &Mac) -> impl Iterator<Item = u64> {
    term.as_chunks::<8>().0.iter().rev().map(|limb| u64::from_be_bytes(*limb))
}

fn plus(limb: u64, other: u64, carry: u64) -> (u64, bool) {
    let (sum, first) = limb.overflowing_add(other);
    let (sum, second) = sum.overflowing_add(carry);
    (sum, first || second)
}

impl std::fmt::Debug for RowSetDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowSetDigest(count {}, sum [REDACTED])", self.count)
    }
}

/// Returns a row's term: `HMAC(digest key, BE32 length of its key ‖ key ‖ value)`, the value's parts joined.
pub(crate) fn term(digest_key: &MacKey, key: &[u8], value_parts: &[&[u8]]) -> Mac {
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes();
    match value_parts {
        [value] => digest_key.mac(&[&length, key, value]),
        [header, body] => digest_key.mac(&[&length, key, header, body]),
        more => digest_key.mac(&[&[&length, key], more].concat()),
    }
}

/// Returns the MAC that ties a block to the state of its tenant: `HMAC(commit key, BE64 position ‖ first digest ‖ second
/// digest ‖ state)`.
pub(crate) fn commit_mac(
    commit_key: &MacKey,
    position: u64,
    first: &RowSetDigest,
    second: &RowSetDigest,
    state: &[u8],
) -> Mac {
    commit_key.mac(&[&position.to_be_bytes(), &first.to_bytes(), &second.to_bytes(), state])
}

#[cfg(test)]
mod tests;
