//! What an actor is told when a unique index has their value already.
//!
//! Guarantees: who could find the other record by that value is told that there is one. Everybody else gets the answer of
//! a refused write, each time on record, and after [`GUESSES`] in an hour every write of theirs to a unique index is
//! refused alike, whatever its value. Does not: hide the difference in time, or that the same write with another value is
//! accepted: so many guesses an hour remain.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::audit::Outcome;
use crate::error::{Error, Result};
use crate::model::{Action, Timestamp};
use crate::policy::{Denial, codes};

use crate::vault::commit::Holder;
use crate::vault::core::Write;
use crate::vault::gate::entries;
use crate::vault::records::read;
use crate::vault::records::read::Stored;
use crate::vault::session::SessionInner;
use crate::vault::state::tenant::CollectionCore;

/// How many duplicates an actor may run into in an hour whose records they can't see.
pub(crate) const GUESSES: usize = 20;
const HOUR: i64 = 3_600_000_000;
/// So many actors are remembered; those who have been idle for longest are forgotten first.
const ACTORS: usize = 4_096;

/// When actors ran into duplicates that they can't see.
#[derive(Default)]
pub(crate) struct Guesses {
    by_actor: Mutex<HashMap<String, VecDeque<Timestamp>>>,
}

impl Guesses {
    fn note(&self, actor: &str, now: Timestamp) {
        let mut by_actor = self.by_actor.lock().unwrap_or_else(PoisonError::into_inner);
        if by_actor.len() >= ACTORS && !by_actor.contains_key(actor) {
            let idle = by_actor.iter().min_by_key(|(_, times)| times.back().copied()).map(|(actor, _)| actor.clone());
            idle.and_then(|idle| by_actor.remove(&idle));
        }
        let times = by_actor.entry(actor.to_owned()).or_default();
        if times.len() >= GUESSES {
            times.pop_front();
        }
        times.push_back(now);
    }

    fn exhausted(&self, actor: &str, now: Timestamp) -> bool {
        let by_actor = self.by_actor.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |time: &&Timestamp| now.as_micros().saturating_sub(time.as_micros()) < HOUR;
        by_actor.get(actor).is_some_and(|times| times.iter().filter(recent).count() >= GUESSES)
    }
}

/// Refuses a write to a unique index by an actor who has guessed too often.
pub(crate) fn check(session: &SessionInner, action: Action, write: &Write) -> Result<()> {
    let Some(row) = write.rows.iter().find(|row| row.added.iter().any(|term| term.unique)) else { return Ok(()) };
    if !session.tenant.guesses.exhausted(session.actor.id(), session.core.gate.now()) {
        return Ok(());
    }
    let why = format!("the actor ran into {GUESSES} values in an hour that records they can't see have");
    Err(refused(session, &row.collection, action, &[], why, "hidden duplicates"))
}

/// The answer to a write whose value another record has; `None` if that is gone meanwhile.
pub(crate) fn told(session: &SessionInner, action: Action, holder: Holder) -> Result<Option<Error>> {
    let Holder { collection, record, field } = holder;
    let layout = collection.layout();
    let Stored::Row(row) = read::stored(session, &collection, &layout, record)? else { return Ok(None) };
    let fields = [field.as_str()];
    let search = session.question(Action::Search, Some(&collection.name), &fields);
    let gate = &session.core.gate;
    let found = gate.permit(&search).and_then(|_| gate.permit_on(&search, &row.1));
    if !found.is_ok_and(|permit| permit.read().contains(&field)) {
        session.tenant.guesses.note(session.actor.id(), gate.now());
        let why = format!("a record that the actor can't see has the same value in the unique field `{field}`");
        return Ok(Some(refused(session, &collection, action, &fields, why, "hidden duplicate")));
    }
    let question = session.question(action, Some(&collection.name), &fields);
    let mut entry = entries::begin(gate, &question, Some(collection.id), (Outcome::Failed, "duplicate", ""));
    // The record that has the value: the actor learns that it does.
    entry.subjects(&[entries::subject(row.1.meta(), row.1.head().revision)]);
    read::name_asked(&mut entry, &layout, &question);
    session.core.record(Some(&session.tenant), entries::finish(entry)?)?;
    Ok(Some(Error::Duplicate { field }))
}

fn refused(
    session: &SessionInner,
    collection: &CollectionCore,
    action: Action,
    fields: &[&str],
    why: String,
    rule: &'static str,
) -> Error {
    let question = session.question(action, Some(&collection.name), fields);
    read::refuse(session, collection, &question, Denial::not_granted(codes::NOT_ALLOWED, why).rule(rule))
}
