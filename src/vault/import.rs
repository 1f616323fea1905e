//! Bulk import: many inserts under way at once, each an act of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Action, RecordId};
use crate::record::Record;

use super::core::{Outcome, Queued, Write};
use super::found::NewMeta;
use super::session::SessionInner;
use super::tenant_core::CollectionCore;
use super::{duplicate, write};

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

pub(super) fn import<T, I, F>(
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
        let (size, state) = match start(session, collection, &value) {
            Ok((id, size, queued)) => (size, Ok((id, queued))),
            Err(error) => (0, Err(error)),
        };
        bytes = bytes.saturating_add(size);
        window.push_back(Waiting { index, value, bytes: size, state });
        while window.len() >= WINDOW || bytes > BYTES {
            let Some(oldest) = window.pop_front() else { break };
            bytes = bytes.saturating_sub(oldest.bytes);
            settle(oldest)?;
        }
    }
    window.into_iter().try_for_each(&mut settle)?;
    Ok(stored)
}

fn start<T: Record + 'static>(
    session: &Arc<SessionInner>,
    collection: &Arc<CollectionCore>,
    value: &T,
) -> Result<(RecordId, usize, Queued)> {
    let mut write = Write::default();
    let id = write::prepare_insert(session, collection, value, &NewMeta::new(), None, &mut write)?;
    let bytes = write.rows.iter().map(crate::vault::commit::RowChange::bytes).sum();
    duplicate::check(session, Action::Create, &write)?;
    Ok((id, bytes, session.core.queue(Some(&session.tenant), write)?))
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
