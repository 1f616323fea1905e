//! Proofs of the journal's entries for others: single entries, consistency proofs, evidence bundles.
//!
//! Guarantees: who asks needs [`Action::ReadJournal`](crate::model::Action::ReadJournal) in the tenant that the entries
//! belong to; the act's entry is written before anything is given out; every proof was checked against its head first.
//! A tenant shows its own entries, the vault the entries of its own acts. Dropped blocks count by their kept hashes;
//! their entries can't be shown any more. Does not: keep anything; each call reads the blocks up to the head, once.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::evidence::{EvidenceError, MAX_EVENTS, MAX_HEADS, Writer};
use crate::audit::{self, ConsistencyProof, Head, HeadKey, InclusionProof, Nodes, Shown, ShownBlock, ShownEntry};
use crate::error::{Error, Impossible, Result};

use crate::vault::commit::{Blocks, unreadable};
use crate::vault::gate::{Act, Permit};

use super::handle::Journal;

/// An entry's place: its block's position and its index in the block.
type At = (u64, u32);

const NO_SUCH: Error = Error::NotPossible(Impossible::NoEntry);

impl Journal {
    /// Proves, to whoever has both heads, that the newer head's journal begins with the older head's.
    ///
    /// Reads all blocks that the newer head covers; of dropped blocks, the hashes that were kept.
    ///
    /// # Errors
    /// [`Error::Denied`] (the act is [`Action::ReadJournal`](crate::model::Action::ReadJournal)); [`Error::Head`] for a
    /// head that isn't this vault's; [`Error::NotPossible`] if the older head covers more blocks than the newer;
    /// [`Error::Damaged`] if the journal isn't the one that the heads state:
    /// [`verify_against`](crate::VaultSession::verify_against) says more; and reasons why the vault can't act now.
    pub fn consistency_proof(&self, old: &Head, new: &Head) -> Result<ConsistencyProof> {
        let act = self.act().told("what", "consistency proof").told("old", old).told("new", new);
        let permit = act.permit()?;
        self.ours(&act, [old, new])?;
        if old.size() > new.size() {
            return failed(&act, Impossible::TurnedHeads.into());
        }
        note(&act, &permit, "consistency_proof", 0)?;
        let (_, size) = self.core.blocks()?;
        let nodes = self.pass(size, |nodes| nodes.want_consistency(old.size(), new.size()))?;
        let proof = nodes.consistency(old.size(), new.size()).ok_or(Error::damaged(CHANGED))?;
        proof.verify(old, new).map_err(|error| Error::damaged_by(CHANGED, error))?;
        Ok(proof)
    }

    /// Shows this tenant's entry at this position and index, with the proof against the head: [`ShownEntry::verify`]
    /// needs no vault. Of the other entries of the block only salted hashes are shown.
    ///
    /// Reads all blocks that the head covers.
    ///
    /// # Errors
    /// [`Error::Denied`] (the act is [`Action::ReadJournal`](crate::model::Action::ReadJournal)); [`Error::Head`] for a
    /// head that isn't this vault's; [`Error::NotPossible`] if the tenant has no such entry, or the head doesn't cover
    /// it; [`Error::Damaged`] if the journal isn't the one that the head states; and reasons why the vault can't act
    /// now.
    pub fn show_entry(&self, position: u64, index: u32, head: &Head) -> Result<ShownEntry> {
        let act = self.act().told("what", "entry").told("entry", format_args!("{position} {index}")).told("head", head);
        let permit = act.permit()?;
        self.ours(&act, [head])?;
        let (blocks, size) = self.core.blocks()?;
        self.there(&act, &blocks, size.min(head.size()), (position, index))?;
        note(&act, &permit, "show_entry", 1)?;
        let nodes = self.pass(size, |nodes| nodes.want_inclusion(position, head.size()))?;
        let proof = nodes.inclusion(position, head.size());
        let (block, mut shown) = read(&blocks, position, [index], proof)?;
        let entry = ShownEntry::new(block, shown.pop().ok_or(NO_SUCH)?);
        entry.verify(head).map_err(|error| Error::damaged_by(CHANGED, error))?;
        Ok(entry)
    }

    /// Writes an evidence bundle: a text with the tenant's chosen entries, each given by
    /// [`position`](crate::audit::Event::position) and [`index`](crate::audit::Event::index), the heads kept from
    /// earlier, a new head, and the proofs. Its first page says how to check it.
    /// [`evidence::check`](audit::evidence::check) does so without a vault; [`format_spec`](crate::format_spec) states
    /// the form.
    ///
    /// The bundle shows the chosen entries in full, in plain text: actors, reasons, pseudonyms; of other entries in the
    /// same blocks, salted hashes. At most 10,000 entries, 100 heads and 64 MiB. Reads the whole journal once.
    ///
    /// # Errors
    /// [`Error::Denied`] (the act is [`Action::ReadJournal`](crate::model::Action::ReadJournal));
    /// [`Error::NotPossible`] if the tenant has no such entry; [`Error::Head`] for a head that isn't this vault's;
    /// [`Error::TooLarge`]; [`Error::Damaged`] if the journal isn't the one that a head states; and reasons why the
    /// vault can't act now.
    pub fn evidence(&self, entries: impl IntoIterator<Item = (u64, u32)>, earlier: &[Head]) -> Result<String> {
        let mut chosen: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        let mut count = 0usize;
        for (position, index) in entries.into_iter().take(MAX_EVENTS.saturating_add(1)) {
            count = count.saturating_add(1);
            chosen.entry(position).or_default().insert(index);
        }
        let act = self.act().told("what", "evidence");
        let each = chosen.iter().flat_map(|(position, indexes)| indexes.iter().map(move |index| (position, index)));
        let act = each.fold(act, |act, (position, index)| act.told("entry", format_args!("{position} {index}")));
        let act = earlier.iter().fold(act, |act, head| act.told("head", head));
        let permit = act.permit()?;
        if count > MAX_EVENTS {
            return failed(&act, Error::TooLarge { what: "list of entries", size: count, limit: MAX_EVENTS });
        }
        if earlier.len() >= MAX_HEADS {
            return failed(&act, Error::TooLarge { what: "list of heads", size: earlier.len(), limit: MAX_HEADS - 1 });
        }
        self.ours(&act, earlier)?;
        let (blocks, size) = self.core.blocks()?;
        for (position, indexes) in &chosen {
            for index in indexes {
                self.there(&act, &blocks, size, (*position, *index))?;
            }
        }
        note(&act, &permit, "evidence", chosen.values().map(BTreeSet::len).sum())?;
        self.core.flush()?;
        let newest = self.core.upkeep.head().ok_or(Error::Closed)?;
        let mut older = earlier.to_vec();
        older.sort_by_key(|head| (head.size(), head.time()));
        older.dedup();
        older.retain(|head| *head != newest);
        let sizes: Vec<u64> = older.iter().chain([&newest]).map(Head::size).collect();
        let steps = || sizes.iter().zip(sizes.iter().skip(1)).map(|(old, new)| (*old, *new));
        if sizes.iter().any(|size| *size > newest.size()) {
            return Err(Error::damaged(CHANGED));
        }
        let nodes = self.pass(newest.size(), |nodes| {
            steps().for_each(|(old, new)| nodes.want_consistency(old, new));
            chosen.keys().for_each(|position| nodes.want_inclusion(*position, newest.size()));
        })?;
        let proofs: Option<Vec<_>> = steps().map(|(old, new)| nodes.consistency(old, new)).collect();
        let key = self.key();
        let size = newest.size();
        let mut writer =
            Writer::new(&key, &older, newest, &proofs.ok_or(Error::damaged(CHANGED))?).map_err(unwritten)?;
        for (position, indexes) in chosen {
            let (block, shown) = read(&blocks, position, indexes, nodes.inclusion(position, size))?;
            writer.block(&block, &shown).map_err(unwritten)?;
        }
        writer.finish(&key).map_err(unwritten)
    }

    fn key(&self) -> HeadKey {
        let keys = self.core.keyring.vault_keys();
        HeadKey::of(&keys.signing, self.core.id, keys.epoch)
    }

    /// Checks that these heads are heads of this journal.
    fn ours<'h>(&self, act: &Act<'_>, heads: impl IntoIterator<Item = &'h Head>) -> Result<()> {
        let key = self.key();
        for head in heads {
            if let Err(error) = head.verify(&key) {
                return failed(act, Error::Head(error));
            }
        }
        Ok(())
    }

    /// Checks that this entry exists and is this owner's. Other owners' entries give the same error as missing ones.
    fn there(&self, act: &Act<'_>, blocks: &Blocks, size: u64, (position, index): At) -> Result<()> {
        let bytes = if position < size { blocks.bytes(position)? } else { None };
        let header = bytes.map(|bytes| audit::header_of(&bytes).map_err(unreadable)).transpose()?;
        let owner = self.tenant.as_ref().map(|tenant| tenant.id);
        match header.is_some_and(|header| header.tenant == owner && index < header.entries) {
            true => Ok(()),
            false => failed(act, NO_SUCH),
        }
    }

    /// Reads the journal's leaves once and returns the nodes that the proofs of `want` need.
    fn pass(&self, size: u64, want: impl FnOnce(&mut Nodes)) -> Result<Nodes> {
        let mut nodes = Nodes::default();
        want(&mut nodes);
        // A head over more blocks than there are: the journal was cut.
        if nodes.needed() > size {
            return Err(Error::damaged(CHANGED));
        }
        let needed = usize::try_from(nodes.needed()).unwrap_or(usize::MAX);
        for leaf in self.core.leaves(0)?.take(needed) {
            nodes.leaf(leaf?);
        }
        Ok(nodes)
    }
}

fn note(act: &Act<'_>, permit: &Permit, code: &str, shown: usize) -> Result<()> {
    let mut entry = act.coded(permit, code);
    entry.rows(u32::try_from(shown).unwrap_or(u32::MAX));
    act.record_under(permit.approval(), entry).map(|_ticket| ())
}

/// Writes the failure down and returns the error.
fn failed<T>(act: &Act<'_>, error: Error) -> Result<T> {
    Err(act.fail("not_shown", error))
}

const CHANGED: &str =
    "the journal isn't the one that the head states; `verify_against` says where it was changed or cut";

/// Reads a block and shows these entries of it.
fn read(
    blocks: &Blocks,
    position: u64,
    indexes: impl IntoIterator<Item = u32>,
    proof: Option<InclusionProof>,
) -> Result<(ShownBlock, Vec<Shown>)> {
    // Retention may have dropped the block just now.
    let bytes = blocks.bytes(position)?.ok_or(NO_SUCH)?;
    let block = ShownBlock::of(&bytes, proof.ok_or(Error::damaged(CHANGED))?).map_err(unreadable)?;
    let (_, opened) = blocks.open(position, &bytes)?;
    let shown = indexes.into_iter().map(|index| Shown::of(&opened, index).ok_or(NO_SUCH)).collect::<Result<_>>()?;
    Ok((block, shown))
}

fn unwritten(error: EvidenceError) -> Error {
    match error {
        EvidenceError::TooLarge { limit, .. } => {
            Error::TooLarge { what: "evidence bundle", size: limit.saturating_add(1), limit }
        }
        error => Error::damaged_by(CHANGED, error),
    }
}
