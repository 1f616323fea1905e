//! The journal's part of a commit: blocks, change lists, states.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit;
use crate::audit::{Entry, Event, JournalState, NewBlock, Place};
use crate::crypto::{Key, MacKey, role};
use crate::format::{block, place};
use crate::keys::VaultKeys;
use crate::model::{TenantId, VaultId};

use super::error::CommitError;
use super::pending::{TenantDelta, changes_key, terms_of};

/// Bytes in one part of a change list: 128 rows.
const CHANGES: usize = 4096;

/// Values that a commit will write, or `None` to remove them, by key.
pub(crate) type Writes = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// Writes blocks one after the other while a commit is put together.
pub(crate) struct BlockWriter<'a> {
    pub(crate) vault: VaultId,
    pub(crate) keys: &'a VaultKeys,
    /// The journal's name, for sinks.
    pub(crate) origin: &'a Arc<str>,
    pub(crate) commit: &'a MacKey,
    pub(crate) journal: JournalState,
    /// Events for sinks, if there are any sinks.
    pub(crate) events: Option<Vec<(u64, Vec<Event>)>>,
}

/// The journal's part of a finished commit.
pub(crate) struct Written {
    pub(crate) state: JournalState,
    /// Stored bytes of the state.
    pub(crate) stored: Vec<u8>,
    /// Events for sinks, by block.
    pub(crate) events: Vec<(u64, Vec<Event>)>,
}

/// Writes the first blocks of a new vault, and returns the state after them.
pub(crate) fn genesis(
    vault: VaultId,
    keys: &VaultKeys,
    commit: &MacKey,
    journal: JournalState,
    entries: &[Entry],
    writes: &mut Writes,
) -> Result<JournalState, CommitError> {
    let origin = Arc::from("");
    let mut blocks = BlockWriter { vault, keys, origin: &origin, commit, journal, events: None };
    blocks.vault(entries, writes)?;
    Ok(blocks.finish(writes)?.state)
}

/// The owner of a block, with the values that it is sealed and bound with.
struct Owner<'a> {
    tenant: Option<TenantId>,
    key: &'a Key<role::Journal>,
    sequence: u64,
    mac: [u8; 32],
}

impl BlockWriter<'_> {
    /// Writes a tenant's change list, blocks and state.
    pub(crate) fn tenant(&mut self, delta: &mut TenantDelta, writes: &mut Writes) -> Result<(), CommitError> {
        let core = Arc::clone(&delta.core);
        for (number, part) in delta.touched.chunks(CHANGES).enumerate() {
            let key = changes_key(self.journal.frontier.size(), number);
            terms_of(&core.digest, &key, part, |_, term| delta.derived.add(&term))?;
            writes.insert(key, Some(part.to_vec()));
        }
        delta.state.next_slot = core.next_slot();
        delta.state.primary = delta.primary.to_bytes();
        delta.state.derived = delta.derived.to_bytes();
        let entries = std::mem::take(&mut delta.entries);
        for run in audit::batches(&entries) {
            let sequence = delta.state.sequence;
            delta.state.sequence = sequence.saturating_add(1);
            let position = self.journal.frontier.size();
            let state = delta.state.to_bytes();
            let mac = audit::commit_mac(&core.commit, position, &delta.primary, &delta.derived, &state);
            self.block(Owner { tenant: Some(core.id), key: core.keys.journal(), sequence, mac }, run, writes)?;
        }
        writes.insert(place::tenant_state(core.id), Some(core.seal_state(&delta.state)?));
        Ok(())
    }

    /// Writes the vault's own blocks.
    pub(crate) fn vault(&mut self, entries: &[Entry], writes: &mut Writes) -> Result<(), CommitError> {
        if entries.is_empty() {
            return Ok(());
        }
        for run in audit::batches(entries) {
            let sequence = self.journal.sequence;
            self.journal.sequence = sequence.saturating_add(1);
            let none = audit::RowSetDigest::default();
            let mac = audit::commit_mac(self.commit, self.journal.frontier.size(), &none, &none, &[]);
            self.block(Owner { tenant: None, key: &self.keys.journal, sequence, mac }, run, writes)?;
        }
        Ok(())
    }

    /// Writes the journal's state, after all blocks.
    pub(crate) fn finish(self, writes: &mut Writes) -> Result<Written, CommitError> {
        let stored = self.journal.seal(&self.keys.state, self.vault)?;
        writes.insert(place::journal_state(), Some(stored.clone()));
        Ok(Written { state: self.journal, stored, events: self.events.unwrap_or_default() })
    }

    fn block(&mut self, owner: Owner<'_>, entries: &[Entry], writes: &mut Writes) -> Result<(), CommitError> {
        let position = self.journal.frontier.size();
        let place = Place { vault: self.vault, epoch: self.journal.epoch, position };
        let Owner { tenant, key, sequence, mac } = owner;
        let sealed = audit::seal_block(key, &NewBlock { place, tenant, sequence, commit_mac: mac, entries })?;
        for (number, part) in (0..).zip(block::chunks(&sealed.bytes)) {
            writes.insert(place::block(position, number), Some(part.to_vec()));
        }
        self.journal.frontier.append(sealed.leaf);
        if let Some(last) = entries.last() {
            self.journal.time = last.time();
        }
        if let Some(events) = &mut self.events {
            events.push((position, audit::events(self.origin, tenant, position, entries.to_vec())));
        }
        Ok(())
    }
}
