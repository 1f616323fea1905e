//! Checking a journal, block by block, against its state and heads.
//!
//! Guarantees: memory for one block and one [`Tip`] per tenant; answers with the first thing that is wrong. Without keys, a
//! block is held against the tree, its place and its tenant's count; with them, it is opened as well. Does not: read the
//! store, or compare rows with digests: the caller holds each tenant's [`Tip`] against them.

use std::collections::BTreeMap;

use crate::crypto::{Digest, Key, role};
use crate::format::block::{Header, split};
use crate::model::{JournalEpochId, TenantId, VaultId};

use super::block::leaf_of_parts;
use super::{Frontier, Head, HeadError, HeadKey, OpenedBlock, Place, RewrittenBecause, Verdict, open_block};

/// The claims that the journal is held against.
#[derive(Clone)]
pub(crate) struct Claims<'a> {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    /// The place where the walk begins; empty for the whole journal.
    pub(crate) start: Frontier,
    /// The frontier of the vault's own state.
    pub(crate) stored: &'a Frontier,
    /// The `head` file's head.
    pub(crate) beside: Option<&'a Head>,
    /// The head that the caller kept elsewhere.
    pub(crate) anchor: Option<&'a Head>,
    pub(crate) head_key: &'a HeadKey,
}

/// A tenant's last block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) position: u64,
    pub(crate) sequence: u64,
    pub(crate) commit_mac: [u8; 32],
}

/// A walk that was interrupted, behind the blocks that were dropped: what it knows of all blocks behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Walked {
    /// The tree over all blocks so far.
    pub(crate) tree: Frontier,
    /// Blocks that a head or the state has vouched for.
    pub(crate) good: u64,
    /// Returns each tenant's last block seen.
    pub(crate) tips: BTreeMap<Option<TenantId>, Tip>,
}

/// A check under way.
#[derive(Clone)]
pub(crate) struct Walk<'a> {
    claims: Claims<'a>,
    tree: Frontier,
    /// There is a tip for every tenant that has blocks before the next one.
    tips_are_whole: bool,
    /// A block was taken.
    begun: bool,
    /// Blocks that a head or the state has vouched for so far.
    good: u64,
    tips: BTreeMap<Option<TenantId>, Tip>,
}

impl<'a> Walk<'a> {
    /// Begins a check, with that of the heads' signatures.
    ///
    /// # Errors
    /// If a head isn't this journal's, isn't signed by its key, or ends before the start.
    pub(crate) fn new(claims: Claims<'a>) -> Result<Self, HeadError> {
        for head in claims.beside.iter().chain(&claims.anchor) {
            head.verify(claims.head_key)?;
            if (head.body().vault, head.body().epoch) != (claims.vault, claims.epoch) {
                let expected = crate::format::head::origin(claims.vault, claims.epoch);
                return Err(HeadError::OtherJournal { found: head.origin(), expected });
            }
            if head.size() < claims.start.size() {
                return Err(HeadError::NotCovered);
            }
        }
        let (tree, good) = (claims.start.clone(), claims.start.size());
        Ok(Self { tips_are_whole: good == 0, begun: false, claims, tree, good, tips: BTreeMap::new() })
    }

    /// Takes the leaf of a block that was dropped when its time was up, in place of the block. Only before the first block.
    ///
    /// # Errors
    /// The verdict, if there can't be such a leaf.
    pub(crate) fn dropped(&mut self, leaf: Digest) -> Result<(), Verdict> {
        self.vouch()?;
        let at = self.tree.size();
        if self.begun || at >= self.claims.stored.size() {
            return Err(rewritten(at, at, RewrittenBecause::State));
        }
        self.tips_are_whole = false;
        self.tree.append(leaf);
        self.vouch()
    }

    /// Takes the last block of each tenant before the next one, for those that were dropped: of every tenant that has any.
    /// From here on each tenant's count must go on from its own, and that of a tenant that isn't among them from 1.
    ///
    /// # Errors
    /// The verdict, if one stands where no block was dropped.
    pub(crate) fn preset(&mut self, tips: impl IntoIterator<Item = (Option<TenantId>, Tip)>) -> Result<(), Verdict> {
        let size = self.tree.size();
        for (tenant, tip) in tips {
            if self.begun || tip.position >= size {
                return Err(rewritten(tip.position, tip.position.max(size), RewrittenBecause::State));
            }
            self.tips.insert(tenant, tip);
        }
        self.tips_are_whole = true;
        Ok(())
    }

    /// Goes on with a walk that was interrupted. Heads that it has passed already are left out by the caller.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn resume(claims: Claims<'a>, walked: Walked) -> Result<Self, HeadError> {
        let Walked { tree, good, tips } = walked;
        let walk = Self::new(Claims { start: tree, ..claims })?;
        Ok(Self { tips_are_whole: true, good, tips, ..walk })
    }

    /// Returns all that is known so far, for [`resume`](Self::resume).
    pub(crate) fn walked(self) -> Walked {
        Walked { tree: self.tree, good: self.good, tips: self.tips }
    }

    /// Takes the next block. `key` is its tenant's journal key ([`header_of`] tells the tenant), or `None` once the key has
    /// been destroyed: then only the structure is checked, and nothing is opened.
    ///
    /// # Errors
    /// The verdict, if the block is not what should come next.
    pub(crate) fn block(
        &mut self,
        position: u64,
        bytes: &[u8],
        key: Option<&Key<role::Journal>>,
    ) -> Result<Option<OpenedBlock>, Verdict> {
        self.vouch()?;
        let expected = self.tree.size();
        if position > expected {
            return Err(Verdict::Gap { at: expected });
        }
        if expected >= self.claims.stored.size() {
            return Err(rewritten(expected, position.max(expected), RewrittenBecause::State));
        }
        let bad = |because| rewritten(expected, expected, because);
        let Ok(parts) = split(bytes) else { return Err(bad(RewrittenBecause::Block)) };
        let header = &parts.header;
        if position < expected || header.epoch != self.claims.epoch {
            return Err(bad(RewrittenBecause::Block));
        }
        if !self.follows(header) {
            return Err(bad(RewrittenBecause::Sequence));
        }
        let place = Place { vault: self.claims.vault, epoch: self.claims.epoch, position };
        let Ok(opened) = key.map(|key| open_block(bytes, key, &place)).transpose() else {
            return Err(bad(RewrittenBecause::Block));
        };
        let tip = Tip { position, sequence: header.sequence, commit_mac: header.commit_mac };
        self.tips.insert(header.tenant, tip);
        self.begun = true;
        self.tree.append(leaf_of_parts(&parts));
        self.vouch()?;
        Ok(opened)
    }

    /// Returns each tenant's last block seen.
    pub(crate) fn tips(&self) -> &BTreeMap<Option<TenantId>, Tip> {
        &self.tips
    }

    /// Returns the tree so far.
    pub(crate) fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Takes the end of the blocks.
    pub(crate) fn finish(mut self) -> Verdict {
        self.ended()
    }

    /// Returns the verdict of [`finish`](Self::finish), if the blocks end here.
    pub(crate) fn ended(&mut self) -> Verdict {
        if let Err(verdict) = self.vouch() {
            return verdict;
        }
        let kept = self.tree.size();
        let heads = self.claims.beside.iter().chain(&self.claims.anchor);
        let known = heads.map(|head| head.size()).fold(self.claims.stored.size(), u64::max);
        if kept < known {
            return Verdict::Truncated { kept, known };
        }
        match self.claims.anchor.map(|anchor| kept - anchor.size()) {
            None | Some(0) => Verdict::Intact,
            Some(tail) => Verdict::UnanchoredTail(tail),
        }
    }

    fn follows(&self, header: &Header) -> bool {
        match self.tips.get(&header.tenant) {
            Some(tip) => tip.sequence.checked_add(1) == Some(header.sequence),
            None => header.sequence == 1 || !self.tips_are_whole,
        }
    }

    /// Holds the tree against every head of its present size, and against the state.
    fn vouch(&mut self) -> Result<(), Verdict> {
        let size = self.tree.size();
        let heads = self.claims.beside.iter().chain(&self.claims.anchor).filter(|head| head.size() == size);
        let differs = |because| rewritten(self.good, size.saturating_sub(1).max(self.good), because);
        let mut vouched = false;
        for head in heads {
            if head.root() != self.tree.root() {
                return Err(differs(RewrittenBecause::Head));
            }
            vouched = true;
        }
        if self.claims.stored.size() == size {
            if self.claims.stored.root() != self.tree.root() {
                return Err(differs(RewrittenBecause::State));
            }
            vouched = true;
        }
        if vouched {
            self.good = size;
        }
        Ok(())
    }
}

/// Reads the part of a block that needs no key.
pub(crate) fn header_of(block: &[u8]) -> Result<Header, crate::format::FormatError> {
    split(block).map(|parts| parts.header)
}

const fn rewritten(first: u64, last: u64, because: RewrittenBecause) -> Verdict {
    Verdict::Rewritten { first, last, because }
}

#[cfg(test)]
mod tests;
