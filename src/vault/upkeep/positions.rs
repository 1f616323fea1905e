//! The vault's own cursors of sinks, for those that don't know themselves how far they got.
//!
//! Guarantees: a sink's acknowledgement is saved within about a second, and exactly when the vault is closed; a cursor
//! is never ahead of it. Does not: write without changes, or keep an older cursor from being put back, so that events
//! come again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::audit;
use crate::audit::{AuditError, Delivery, SinkPosition};
use crate::crypto::sha256;
use crate::error::{Error, Result};
use crate::format::{FormatError, place};
use crate::keys::VaultKeys;
use crate::model::{JournalEpochId, VaultId};
use crate::store::{Batch, Expectation, Store};

use crate::vault::commit::{Journal, JournalError};
use crate::vault::state::catalog::Put;

/// Longest time that opening waits for all sinks together to say how far they are.
const START: Duration = Duration::from_secs(1);

/// The cursors of one vault's sinks.
pub(crate) struct Cursors {
    vault: VaultId,
    epoch: JournalEpochId,
    store: Arc<dyn Store>,
    keys: Arc<VaultKeys>,
    /// Cursors as stored, by the sinks' names.
    kept: Mutex<HashMap<String, u64>>,
}

/// Cursors that have changed since they were last saved, and the values to put.
type Changed = (Vec<(String, u64)>, Vec<Put>);

impl Cursors {
    pub(crate) fn new(vault: VaultId, epoch: JournalEpochId, store: Arc<dyn Store>, keys: Arc<VaultKeys>) -> Self {
        Self { vault, epoch, store, keys, kept: Mutex::default() }
    }

    /// Reads the cursor of the sink with this name.
    pub(crate) fn read(&self, name: &str) -> Result<SinkPosition> {
        let sink = sha256(&[name.as_bytes()]);
        let stored = self.store.get(&place::cursor(&sink)).map_err(|error| Error::io("reading a sink's cursor", error));
        let Some(stored) = stored? else { return Ok(SinkPosition::Unheard) };
        match audit::open_cursor(&self.keys.state, (self.vault, self.epoch), &sink, &stored) {
            Ok(next) => {
                self.lock().insert(name.to_owned(), next);
                Ok(SinkPosition::Next(next))
            }
            Err(AuditError::Format(FormatError::Newer { what, found, known })) => {
                Err(Error::Newer { what, found, known })
            }
            Err(_) => Ok(SinkPosition::Altered),
        }
    }

    /// Saves where new sinks begin, before anything is added to the journal; for a sink that answers too late, later.
    pub(crate) fn begin(&self, journal: &Journal) -> Result<()> {
        let deadline = Instant::now() + START;
        for sink in journal.sinks() {
            sink.started(deadline);
        }
        self.keep(journal)
    }

    /// Saves the changed cursors, in a commit of its own.
    pub(crate) fn keep(&self, journal: &Journal) -> Result<()> {
        let (changed, puts) = self.changed(journal.sinks())?;
        if puts.is_empty() {
            return Ok(());
        }
        match journal.put(puts) {
            Ok(()) => {}
            Err(JournalError::Refused(refusal)) => {
                return Err(Error::io("remembering what sinks have acknowledged", refusal));
            }
            // The failure is reported elsewhere; or the vault is closing, and saves the cursors last.
            Err(JournalError::Failed | JournalError::Sink) => return Ok(()),
        }
        self.lock().extend(changed);
        Ok(())
    }

    /// Saves the changed cursors once the committer has ended.
    pub(crate) fn keep_last(&self, journal: &Journal) -> Result<()> {
        let failed = |error| Error::io("remembering what sinks have acknowledged", error);
        let (changed, puts) = self.changed(journal.sinks())?;
        if puts.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        for (key, value) in puts {
            batch.put(key, value.unwrap_or_default());
        }
        // Nobody else writes any more, but every commit states the journal's state that it was built on.
        let key = place::journal_state();
        let value = self.store.get(&key).map_err(failed)?;
        self.store
            .commit(&batch, &[Expectation { key, value }])
            .map_err(|error| Error::io("remembering what sinks have acknowledged", error))?;
        self.lock().extend(changed);
        Ok(())
    }

    /// Returns the cursors that differ from the stored ones.
    fn changed(&self, sinks: &[Delivery]) -> Result<Changed> {
        let kept = self.lock();
        let now = sinks.iter().filter_map(Delivery::cursor);
        let changed: Vec<_> = now.filter(|(name, next)| kept.get(name) != Some(next)).collect();
        let put = |(name, next): &(String, u64)| {
            let sink = sha256(&[name.as_bytes()]);
            let sealed = audit::seal_cursor(&self.keys.state, (self.vault, self.epoch), &sink, *next);
            Ok((place::cursor(&sink), Some(sealed.map_err(|error| Error::io("sealing a sink's cursor", error))?)))
        };
        let puts = changed.iter().map(put).collect::<Result<_>>()?;
        Ok((changed, puts))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
