//! Reading the journal: blocks from the store, opened with their owners' keys.

use std::sync::Arc;

use crate::audit;
use crate::audit::{OpenedBlock, Place, Replayed};
use crate::error::{Error, Result};
use crate::format::{FormatError, block, place};
use crate::keys::{Keyring, VaultKeys};
use crate::model::{JournalEpochId, TenantId, VaultId};
use crate::store::Store;

/// Reads blocks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Blocks {
    pub(crate) vault: VaultId,
    pub(crate) epoch: JournalEpochId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) keys: Arc<VaultKeys>,
}

impl Blocks {
    /// Returns the bytes of the block at `position`; `None` if there is none.
    pub(crate) fn bytes(&self, position: u64) -> Result<Option<Vec<u8>>> {
        let get = |number| {
            let part = self.store.get(&place::block(position, number));
            part.map_err(|error| Error::io("reading the journal", error))
        };
        let Some(mut bytes) = get(0)? else { return Ok(None) };
        let count = block::chunk_count(&bytes).map_err(unreadable)?;
        for number in 1..u32::try_from(count).unwrap_or(u32::MAX) {
            match get(number)? {
                Some(part) => bytes.extend_from_slice(&part),
                None => return Ok(None),
            }
        }
        Ok(Some(bytes))
    }

    /// Opens a block and returns its owner and its content; every entry matches its hash.
    pub(crate) fn open(&self, position: u64, bytes: &[u8]) -> Result<(Option<TenantId>, OpenedBlock)> {
        let place = Place { vault: self.vault, epoch: self.epoch, position };
        let damaged = |error| Error::damaged_by("a journal block doesn't open", error);
        let owner = audit::header_of(bytes).map_err(unreadable)?.tenant;
        let opened = match owner {
            None => audit::open_block(bytes, &self.keys.journal, &place),
            Some(id) => {
                let tenant = self.keyring.tenant(id);
                let tenant = tenant.ok_or(Error::damaged("a journal block names a tenant that has no keys"))?;
                audit::open_block(bytes, tenant.journal(), &place)
            }
        };
        Ok((owner, opened.map_err(damaged)?))
    }

    /// Returns the blocks from `from`, or from the first that is kept, on, with about `limit` events, for a sink that
    /// is behind. A block that can't be read has no events; the run ends before a missing block.
    pub(crate) fn events(&self, origin: &Arc<str>, from: u64, limit: usize) -> Result<Replayed> {
        let (mut blocks, mut unreadable) = (Vec::new(), Vec::new());
        let mut count = 0usize;
        for position in from.max(self.first()?).. {
            let opened =
                self.bytes(position).and_then(|bytes| bytes.map(|bytes| self.open(position, &bytes)).transpose());
            let events = match opened {
                Ok(Some((tenant, opened))) => audit::events(origin, tenant, position, opened.entries),
                Ok(None) => break,
                // The blocks after it are still good; `verify` reports this one.
                Err(Error::Damaged { .. }) => {
                    unreadable.push(position);
                    Vec::new()
                }
                Err(error) => return Err(error),
            };
            count = count.saturating_add(events.len().max(1));
            blocks.push((position, events));
            if count >= limit {
                break;
            }
        }
        Ok(Replayed { blocks, unreadable })
    }
}

/// Returns the error for a block whose bytes can't be parsed.
pub(crate) fn unreadable(error: FormatError) -> Error {
    match error {
        FormatError::Newer { what, found, known } => Error::Newer { what, found, known },
        invalid @ FormatError::Invalid { .. } => Error::damaged_by("a journal block", invalid),
    }
}
