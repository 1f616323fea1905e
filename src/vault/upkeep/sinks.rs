//! Attaching sinks to the journal of an opened vault.
//!
//! Guarantees: a sink that can't be told from another one, or panics when asked for its name, is refused with an error
//! that says what to do. Does not: wait over a second for a sink that hangs.

use std::sync::Arc;

use crate::audit::{AttachedSink, Delivery, Names, SinkError, Supply};
use crate::error::{Error, Result};
use crate::model::Clock;

use crate::vault::commit::Blocks;
use crate::vault::upkeep::positions::Cursors;

/// Returns the journal's side of the sinks: its name and size, how to read it again, cursors, and the clock.
pub(crate) fn supply(
    origin: &Arc<str>,
    blocks: &Blocks,
    size: u64,
    cursors: &Arc<Cursors>,
    clock: &Arc<dyn Clock>,
) -> Supply {
    let (blocks, name, cursors) = (blocks.clone(), Arc::clone(origin), Arc::clone(cursors));
    let begins = blocks.clone();
    Supply {
        journal: Arc::clone(origin),
        size,
        replay: Arc::new(move |from, limit| {
            blocks
                .events(&name, from, limit)
                .map_err(|error| SinkError::with_source("the journal can't be read again for a sink", error))
        }),
        // If the beginning can't be read, reading again reports that.
        first: Arc::new(move || begins.first().unwrap_or(0)),
        cursors: Arc::new(move |name| {
            cursors
                .read(name)
                .map_err(|error| SinkError::with_source("what the vault remembers of a sink can't be read", error))
        }),
        clock: Arc::clone(clock),
        names: Names::default(),
    }
}

/// Starts delivery to each sink. If one can't be attached, none is.
pub(crate) fn attach(sinks: Vec<AttachedSink>, supply: Supply) -> Result<Vec<Delivery>> {
    let mut started: Vec<Delivery> = Vec::with_capacity(sinks.len());
    for sink in sinks {
        match Delivery::start(sink, supply.clone()) {
            Ok(delivery) => started.push(delivery),
            Err(error) => {
                started.iter().for_each(Delivery::abandon);
                return Err(Error::Sink { why: error.to_string() });
            }
        }
    }
    Ok(started)
}
