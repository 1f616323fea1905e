//! Bulk import: many inserts under way at once, each an act of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::format::place;
use crate::index;
use crate::index::{Entry, EntryPlace};
use crate::model::{Action, RecordId};
use crate::record::Record;

use crate::vault::commit::RowChange;
use crate::vault::core::{Outcome, Queued, Write};
use crate::vault::records::found::NewMeta;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::CollectionCore;
use crate::vault::records::{duplicate, write};

/// How many records may wait for their commit at once,
const WINDOW: usize = 2_048;
/// and how many bytes.
const BYTES: usize = 32 << 20;

/// A record under way.
struct Waiting<T> {
    index: usize,
    value: T,
    bytes: usize,
    state: Result<(RecordId, Queued)>,
}

pub(crate) fn import<T, I, F>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    values: I,
    mut outcome: F,
) -> Result<usize>
where
    T: Record + 'static,
    I: IntoIterator<Item = T>,
    F: FnMut(usize, Result<RecordId>),
{
    let mut window: VecDeque<Waiting<T>> = VecDeque::with_capacity(WINDOW);
    let (mut stored, mut bytes) = (0usize, 0usize);
    let mut settle = |waiting: Waiting<T>| -> Result<()> {
        let result = finish(session, collection, waiting.state, &waiting.value);
        match result {
            Err(error) if ends_it(&error) => return Err(error),
            Ok(_) => stored = stored.saturating_add(1),
            Err(_) => {}
        }
        outcome(waiting.index, result);
        Ok(())
    };
    for (index, value) in values.into_iter().enumerate() {
        let (mut size, mut alone) = (0, false);
        let state = prepare(session, collection, &value).and_then(|(id, write)| {
            size = write.rows.iter().map(RowChange::bytes).sum();
            alone = may_be_taken(session, &write)?;
            if alone {
                window.drain(..).try_for_each(&mut settle)?;
                bytes = 0;
            }
            duplicate::check(session, Action::Create, &write)?;
            Ok((id, session.core.queue(Some(&session.tenant), write)?))
        });
        bytes = bytes.saturating_add(size);
        window.push_back(Waiting { index, value, bytes: size, state });
        while window.len() >= WINDOW || bytes > BYTES || (alone && !window.is_empty()) {
            let Some(oldest) = window.pop_front() else { break };
            bytes = bytes.saturating_sub(oldest.bytes);
            settle(oldest)?;
        }
    }
    window.into_iter().try_for_each(&mut settle)?;
    Ok(stored)
}

fn prepare<T: Record + 'static>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    value: &T,
) -> Result<(RecordId, Write)> {
    let mut write = Write::default();
    let id = write::prepare_insert(session, collection, value, &NewMeta::new(), None, &mut write)?;
    Ok((id, write))
}

/// Whether another record has one of its unique values. Such a one isn't under way together with others: the answer to it
/// counts before the next is tried, so that an import allows no more guesses than inserts.
fn may_be_taken(session: &SessionInner, write: &Write) -> Result<bool> {
    for row in &write.rows {
        for term in row.added.iter().filter(|term| term.unique) {
            // Where the end isn't known, it is changing: somebody else enters the value.
            let Some(seen) = &term.seen else { return Ok(true) };
            let Some(position) = seen.end.checked_sub(1) else { continue };
            let key = place::entry(session.tenant.id, &index::entry_key(&term.key, position));
            let sealed = session.core.store.get(&key).map_err(|error| Error::io("reading an index entry", error))?;
            let (index, version) = (term.index, term.version);
            let at = EntryPlace { collection: row.collection.id, index, version, position };
            // One that doesn't open is the committer's to complain about.
            let free = |sealed: &Vec<u8>| matches!(index::open_entry(&term.key, &at, sealed), Ok(Entry::Dead));
            if !sealed.as_ref().is_some_and(free) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn finish<T: Record + 'static>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    state: Result<(RecordId, Queued)>,
    value: &T,
) -> Result<RecordId> {
    let (id, queued) = state?;
    match session.core.wait(queued)? {
        Outcome::Committed => Ok(id),
        // The schema changed under way.
        Outcome::Conflict => write::insert(session, collection, value, &NewMeta::new()),
        Outcome::Duplicate(holder) => match duplicate::told(session, Action::Create, *holder)? {
            Some(error) => Err(error),
            None => write::insert(session, collection, value, &NewMeta::new()),
        },
    }
}

/// Errors after which no further record could be stored.
const fn ends_it(error: &Error) -> bool {
    matches!(
        error,
        Error::Closed
            | Error::Stopped { .. }
            | Error::AuditUnavailable { .. }
            | Error::Io { .. }
            | Error::Damaged { .. }
    )
}
