//! The journal's beginning, at its first block or after the segments that retention dropped, and all leaf hashes.
//!
//! Guarantees: only the sealed base makes a block count as dropped, and each dropped block still has its leaf hash.
//! Does not: check the hashes against the tree; `verify` does, and whoever has a head.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::audit::{AuditError, BaseOf, JournalBase, RowSetDigest, Tip, leaf_of, term};
use crate::crypto::{Digest, MacKey};
use crate::error::{Error, Result};
use crate::format::FormatError;
use crate::format::journal_base::{SEGMENT, leaves};
use crate::format::place;
use crate::format::place::Space;
use crate::model::TenantId;
use crate::store::Pair;

use super::reader::{Blocks, unreadable};

/// Number of tips read from the store at once.
const PAGE: usize = 512;

/// The last dropped block of each tenant, and of the vault itself.
pub(crate) type Tips = BTreeMap<Option<TenantId>, Tip>;

impl Blocks {
    /// Returns the position of the first block that is kept: 0, unless retention dropped earlier blocks.
    pub(crate) fn first(&self) -> Result<u64> {
        self.base().map(|(base, _)| base.first())
    }

    /// Returns the base, which says where the blocks begin, and its stored bytes.
    pub(crate) fn base(&self) -> Result<(JournalBase, Option<Vec<u8>>)> {
        let stored = self.stored(&place::journal_base())?;
        let base = match &stored {
            Some(stored) => self.base_of().open(stored).map_err(damaged)?,
            None => JournalBase::default(),
        };
        Ok((base, stored))
    }

    /// Returns one owner's tip before the first block that is kept, and its stored bytes.
    pub(crate) fn tip(&self, tenant: Option<TenantId>) -> Result<Option<(Tip, Vec<u8>)>> {
        let Some(stored) = self.stored(&place::journal_tip(tenant))? else { return Ok(None) };
        Ok(Some((self.base_of().open_tip(tenant, &stored).map_err(damaged)?, stored)))
    }

    /// Returns all tips before the first block that is kept, or an error if they don't match the base.
    pub(crate) fn tips(&self, base: &JournalBase) -> Result<Tips> {
        let (mut tips, mut digest) = (Tips::new(), RowSetDigest::default());
        let mac = self.tip_mac();
        let mut after = place::journal_base();
        loop {
            let page = self.scan(&place::all_of(Space::JournalBase), &after)?;
            let Some((last, _)) = page.last() else { break };
            after = last.clone();
            for (key, stored) in page {
                let tenant = place::tenant_of_tip_key(&key).ok_or(Error::damaged("a key in the store is nobody's"))?;
                digest.add(&tip_term(&mac, &key, &stored));
                tips.insert(tenant, self.base_of().open_tip(tenant, &stored).map_err(damaged)?);
            }
        }
        if digest == base.tips { Ok(tips) } else { Err(Error::damaged("the journal's base doesn't fit its tips")) }
    }

    /// Returns the sealer of the base and the tips.
    pub(crate) fn base_of(&self) -> BaseOf<'_> {
        BaseOf { vault: self.vault, epoch: self.epoch, key: &self.keys.state }
    }

    /// Returns the key of the tips' digest.
    pub(crate) fn tip_mac(&self) -> MacKey {
        MacKey::new(&self.keys.commit)
    }

    /// Returns the leaf hashes of the dropped segment that begins at `first`; `None` if there are none.
    pub(crate) fn dropped(&self, first: u64) -> Result<Option<Vec<Digest>>> {
        let stored = self.stored(&place::leaves(first))?;
        stored.map(|stored| leaves(&stored).map(<[_]>::to_vec).map_err(unreadable)).transpose()
    }

    /// Returns the leaf hash of one block, kept or dropped; `None` for any other position.
    pub(crate) fn leaf(&self, position: u64) -> Result<Option<Digest>> {
        if let Some(bytes) = self.bytes(position)? {
            return leaf_of(&bytes).map(Some).map_err(unreadable);
        }
        let leaves = self.dropped(position - position % SEGMENT)?;
        let number = usize::try_from(position % SEGMENT).unwrap_or(usize::MAX);
        Ok(leaves.and_then(|leaves| leaves.get(number).copied()))
    }

    fn stored(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.store.get(key).map_err(|error| Error::io("reading the journal", error))
    }

    fn scan(&self, prefix: &[u8], after: &[u8]) -> Result<Vec<Pair>> {
        self.store.scan(prefix, Some(after), PAGE).map_err(|error| Error::io("reading the journal", error))
    }
}

/// Returns the term of a stored tip in the digest of tips.
pub(crate) fn tip_term(mac: &MacKey, key: &[u8], stored: &[u8]) -> [u8; 32] {
    term(mac, key, &[stored])
}

/// Leaf hashes of a run of blocks, kept or dropped, in order.
pub(crate) struct Leaves {
    blocks: Blocks,
    rest: Range<u64>,
    /// Leaf hashes of a dropped segment that were read ahead.
    read: VecDeque<Digest>,
}

impl Leaves {
    pub(crate) fn new(blocks: Blocks, positions: Range<u64>) -> Self {
        Self { blocks, rest: positions, read: VecDeque::new() }
    }

    fn read(&mut self, position: u64) -> Result<Digest> {
        let missing = || Error::damaged("a block of the journal is missing; `verify` says more");
        if self.read.is_empty() {
            let within = position % SEGMENT;
            let Some(leaves) = self.blocks.dropped(position - within)? else {
                return self.blocks.leaf(position)?.ok_or_else(missing);
            };
            self.read.extend(leaves.into_iter().skip(usize::try_from(within).unwrap_or(usize::MAX)));
        }
        self.read.pop_front().ok_or_else(missing)
    }
}

impl Iterator for Leaves {
    type Item = Result<Digest>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.rest.next()?;
        let leaf = self.read(position);
        if leaf.is_err() {
            // The next hashes would stand in the wrong places.
            self.rest = 0..0;
        }
        Some(leaf)
    }
}

fn damaged(error: AuditError) -> Error {
    match error {
        AuditError::Format(newer @ FormatError::Newer { .. }) => unreadable(newer),
        error => Error::damaged_by("where the journal begins can't be read; `verify` says more", error),
    }
}
