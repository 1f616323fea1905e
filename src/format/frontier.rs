//! The right edge of the journal's tree: the roots of its full subtrees, largest first, one for each bit of its size.
//!
//! Guarantees: as many hashes as the size demands, never more than 64. Does not: know whether they are the right ones.

use super::{FormatError, Reader, Writer};

const WHAT: &str = "tree frontier";

/// Appends `BE64 size ‖ hash*`.
pub(crate) fn encode(size: u64, hashes: &[[u8; 32]], out: &mut Vec<u8>) {
    Writer::new(out).u64(size).bytes(hashes.as_flattened());
}

/// Reads what [`encode`] wrote. The number of hashes follows from the size.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<(u64, Vec<[u8; 32]>), FormatError> {
    let size = reader.u64()?;
    let mut hashes = Vec::with_capacity(64);
    for _ in 0..size.count_ones() {
        hashes.push(*reader.array()?);
    }
    Ok((size, hashes))
}

/// Checks that there are as many hashes as a tree of this size has full subtrees.
pub(crate) fn check(size: u64, hashes: &[[u8; 32]]) -> Result<(), FormatError> {
    if u32::try_from(hashes.len()) == Ok(size.count_ones()) {
        Ok(())
    } else {
        Err(FormatError::Invalid { what: WHAT, why: "the number of hashes is not what its size demands" })
    }
}
