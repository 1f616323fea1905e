//! The state of a punctured key tree: the slots that are gone, and the keys that are left, in slot order.
//!
//! Guarantees: canonical. The holes are maximal runs, and where each key belongs follows from them: a kept node is one
//! without a hole below it whose parent has one. The decoder refuses any other holes and any other number of keys.

use super::{FormatError, Reader, Writer};

/// Levels of a tenant's tree: 4^16 leaves, one for each 32-bit slot.
pub(crate) const TREE_LEVELS: u8 = 16;
/// The most keys that a tree state holds: 128 MiB of them.
pub(crate) const TREE_NODES: usize = 1 << 22;

const VERSION: u8 = 1;
const WHAT: &str = "key tree";
const HEADER: usize = 1 + 4 + 4;
const HOLE: usize = 4 + 4;

/// One kept node: its depth, the first slot below it, and its key, borrowed from a wiped buffer.
#[derive(Clone, Copy)]
pub(crate) struct KeptNode<'a> {
    pub(crate) depth: u8,
    pub(crate) first: u32,
    pub(crate) key: &'a [u8; 32],
}

/// The kept nodes of a tree of radix 4 with this many levels (at most 16), in slot order.
pub(crate) struct TreeState<'a> {
    pub(crate) levels: u8,
    pub(crate) nodes: Vec<KeptNode<'a>>,
}

impl<'a> TreeState<'a> {
    /// Returns the length of the encoding.
    pub(crate) fn encoded_len(&self) -> usize {
        let holes = self.holes().len();
        HEADER.saturating_add(HOLE.saturating_mul(holes)).saturating_add(self.nodes.len().saturating_mul(32))
    }

    /// Appends the encoding; the caller has reserved the room.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let invalid = |why| FormatError::Invalid { what: WHAT, why };
        let holes = self.holes();
        if self.nodes.len() > TREE_NODES {
            return Err(invalid("it has too many keys"));
        }
        let count = |n: usize| u32::try_from(n).map_err(|_| invalid("it has too many keys"));
        let mut writer = Writer::new(out);
        writer.u8(VERSION).u32(count(holes.len())?).u32(count(self.nodes.len())?);
        for (first, last) in holes {
            writer.u32(first).u32(last);
        }
        for node in &self.nodes {
            writer.bytes(node.key);
        }
        Ok(())
    }

    pub(crate) fn decode(levels: u8, bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        reader.version(VERSION)?;
        let holes = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let keys = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if keys > TREE_NODES {
            return Err(reader.invalid("it has too many keys"));
        }
        if holes.checked_mul(HOLE).and_then(|h| h.checked_add(keys.checked_mul(32)?)) != Some(reader.rest().len()) {
            return Err(reader.invalid("its length is not what its counts demand"));
        }
        let mut ends = Reader::new(WHAT, reader.take(holes.saturating_mul(HOLE))?);
        let mut state = Self { levels, nodes: Vec::with_capacity(keys) };
        // The next slot that no hole and no node has covered.
        let mut next = 0u64;
        for _ in 0..holes {
            let (first, last) = (u64::from(ends.u32()?), u64::from(ends.u32()?));
            let after_a_hole = next > 0;
            if last < first || last >= slots(levels, 0) || first < next || (after_a_hole && first == next) {
                return Err(reader.invalid("its erased runs are not in order, apart, and within the tree"));
            }
            state.fill(next, first, keys, &mut reader)?;
            next = last.saturating_add(1);
        }
        state.fill(next, slots(levels, 0), keys, &mut reader)?;
        reader.finish()?;
        Ok(state)
    }

    /// Takes the keys of the slots from `next` to before `end`, between which there is no hole.
    fn fill(&mut self, mut next: u64, end: u64, keys: usize, reader: &mut Reader<'a>) -> Result<(), FormatError> {
        while next < end {
            let fits = |depth: &u8| {
                let size = slots(self.levels, *depth);
                next.is_multiple_of(size) && end.saturating_sub(next) >= size
            };
            let depth = (0..=self.levels).find(fits).unwrap_or(self.levels);
            if self.nodes.len() >= keys {
                return Err(reader.invalid("it has fewer keys than its erased slots demand"));
            }
            let first = u32::try_from(next).map_err(|_| reader.invalid("a slot is outside the tree"))?;
            self.nodes.push(KeptNode { depth, first, key: reader.array()? });
            next = next.saturating_add(slots(self.levels, depth));
        }
        Ok(())
    }

    /// Returns the runs of slots, first and last, that no kept node covers.
    fn holes(&self) -> Vec<(u32, u32)> {
        let mut holes = Vec::new();
        let mut next = 0u64;
        let mut hole = |from: u64, to: u64| {
            if let (Ok(first), Ok(last)) = (u32::try_from(from), u32::try_from(to.saturating_sub(1)))
                && from < to
            {
                holes.push((first, last));
            }
        };
        for node in &self.nodes {
            hole(next, u64::from(node.first));
            next = u64::from(node.first).saturating_add(slots(self.levels, node.depth));
        }
        hole(next, slots(self.levels, 0));
        holes
    }
}

/// Returns the number of slots that a node at this depth covers.
pub(crate) fn slots(levels: u8, depth: u8) -> u64 {
    let bits = u32::from(levels.saturating_sub(depth)).saturating_mul(2);
    1u64.checked_shl(bits).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
