//! Bulk import: many inserts under way at once, each an act of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Action, RecordId};
use crate::record::Record;

use crate::vault::commit::{Outcome, RowChange};
use crate::vault::core::Queued;
use crate::vault::gate::NewMeta;
use crate::vault::handles::{Collection, SessionInner};
use crate::vault::records::{duplicate, write};
use crate::vault::state::schema::CollectionCore;

/// Largest number of records that wait for their commit at once.
const WINDOW: usize = 2_048;
/// Largest number of their bytes.
const BYTES: usize = 32 << 20;

impl<T: Record + 'static> Collection<T> {
    /// Stores many records as fast as the disk takes them. Each is committed by itself, many of them in one sync.
    /// `outcome` gets each record's result, in order, once it is durable or refused. Returns the number stored.
    ///
    /// Importing into a unique index needs the right to search its field in the whole collection, or a `RowLimit` with
    /// `unique_tries`: without either, every record with a value after the 200th in an hour is refused.
    ///
    /// # Errors
    /// Only those after which no further record could be stored; other errors go to `outcome`.
    pub fn import<I, F>(&self, values: I, outcome: F) -> Result<usize>
    where
        I: IntoIterator<Item = T>,
        F: FnMut(usize, Result<RecordId>),
    {
        self.import_with(values.into_iter().map(|value| (value, NewMeta::new())), outcome)
    }

    /// Stores many records, each with an owner, labels, or the record it is about.
    ///
    /// # Errors
    /// As [`import`](Self::import).
    pub fn import_with<I, F>(&self, values: I, outcome: F) -> Result<usize>
    where
        I: IntoIterator<Item = (T, NewMeta)>,
        F: FnMut(usize, Result<RecordId>),
    {
        import(self.session(), self.core(), values.into_iter(), outcome)
    }
}

/// A record under way.
struct Waiting<T> {
    index: usize,
    record: (T, NewMeta),
    bytes: usize,
    state: Result<(RecordId, Queued)>,
}

fn import<T: Record + 'static>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    values: impl Iterator<Item = (T, NewMeta)>,
    mut outcome: impl FnMut(usize, Result<RecordId>),
) -> Result<usize> {
    let mut window: VecDeque<Waiting<T>> = VecDeque::with_capacity(WINDOW);
    let (mut stored, mut bytes) = (0usize, 0usize);
    let mut settle = |waiting: Waiting<T>| -> Result<()> {
        let result = finish(session, collection, waiting.state, &waiting.record);
        match result {
            Err(error) if ends_it(&error) => return Err(error),
            Ok(_) => stored = stored.saturating_add(1),
            Err(_) => {}
        }
        outcome(waiting.index, result);
        Ok(())
    };
    for (index, record) in values.enumerate() {
        let mut size = 0;
        let prepared = write::prepare_insert(session, collection, &record.0, &record.1, None);
        let state = prepared.and_then(|(id, prepared)| {
            size = prepared.write.rows.iter().map(RowChange::bytes).sum();
            Ok((id, session.core.queue(Some(&session.tenant), prepared.write)?))
        });
        bytes = bytes.saturating_add(size);
        window.push_back(Waiting { index, record, bytes: size, state });
        while window.len() >= WINDOW || bytes > BYTES {
            let Some(oldest) = window.pop_front() else { break };
            bytes = bytes.saturating_sub(oldest.bytes);
            settle(oldest)?;
        }
    }
    window.into_iter().try_for_each(&mut settle)?;
    Ok(stored)
}

fn finish<T: Record + 'static>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    state: Result<(RecordId, Queued)>,
    (value, meta): &(T, NewMeta),
) -> Result<RecordId> {
    let (id, queued) = state?;
    let taken = match session.core.wait(queued)? {
        Outcome::Committed => return Ok(id),
        // The schema, the policy or a fact has changed meanwhile, or the record waited for too long.
        Outcome::Conflict | Outcome::Stale(_) => None,
        Outcome::Duplicate(holder) => duplicate::told(session, Action::Create, None, &holder)?,
    };
    match taken {
        Some(error) => Err(error),
        None => write::insert(session, collection, value, meta),
    }
}

/// Tells whether no further record could be stored after this error.
const fn ends_it(error: &Error) -> bool {
    matches!(
        error,
        Error::Closed
            | Error::Stopped { .. }
            | Error::AuditUnavailable { .. }
            | Error::Io { .. }
            | Error::DiskFull { .. }
            | Error::Damaged { .. }
    )
}
