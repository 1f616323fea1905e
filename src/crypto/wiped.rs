//! Growing plaintext that leaves no copy behind.

use zeroize::Zeroizing;

/// The first capacity, in bytes.
const FIRST: usize = 256;

/// Appends bytes; where that takes more room, the bytes before are moved and wiped where they were.
pub(crate) fn extend_wiped(bytes: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    let needed = bytes.len().saturating_add(data.len());
    if needed > bytes.capacity() {
        let capacity = needed.max(bytes.capacity().saturating_mul(2)).max(FIRST);
        let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
        grown.extend_from_slice(bytes);
        *bytes = grown;
    }
    bytes.extend_from_slice(data);
}
