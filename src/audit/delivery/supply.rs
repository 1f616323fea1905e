//! The sources that a sink is delivered from.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::audit::{Event, SinkError};
use crate::model::Clock;

/// Reads the journal again for a sink that is behind: from this position, at least one block, about so many events.
/// Blocks follow one another without a break; one that has no readable entries any more comes without events. It must not
/// keep the vault alive (hold a `Weak`): the thread that calls it would wait for itself.
pub(crate) type Replay = Arc<dyn Fn(u64, usize) -> Result<Replayed, SinkError> + Send + Sync>;

/// Blocks that were read back from the store.
#[derive(Default)]
pub(crate) struct Replayed {
    pub(crate) blocks: Vec<(u64, Vec<Event>)>,
    /// Whose blocks' entries couldn't be read; their positions stand among the blocks.
    pub(crate) unreadable: Vec<u64>,
}

impl FromIterator<(u64, Vec<Event>)> for Replayed {
    fn from_iter<I: IntoIterator<Item = (u64, Vec<Event>)>>(blocks: I) -> Self {
        Self { blocks: blocks.into_iter().collect(), unreadable: Vec::new() }
    }
}

/// A way to look up what the vault remembers of the sink of this name.
pub(crate) type SinkPositions = Arc<dyn Fn(&str) -> Result<SinkPosition, SinkError> + Send + Sync>;

/// The first block that the journal still has.
pub(crate) type First = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The place in the journal that the vault remembers for a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinkPosition {
    /// Nothing.
    Unheard,
    /// The first block that it hasn't acknowledged.
    Next(u64),
    /// Something that can't be read: somebody else wrote it.
    Altered,
}

/// One journal, for all sinks of a vault.
#[derive(Clone)]
pub(crate) struct Supply {
    /// The journal's name: its origin.
    pub(crate) journal: Arc<str>,
    /// The number of blocks at the start.
    pub(crate) size: u64,
    pub(crate) replay: Replay,
    pub(crate) first: First,
    pub(crate) cursors: SinkPositions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) names: Names,
}

/// The names of a vault's sinks, each once.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<HashSet<String>>>);

impl Names {
    /// Takes a name.
    ///
    /// # Errors
    /// If another sink has it.
    pub(super) fn take(&self, name: &str) -> Result<(), SinkError> {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned()) {
            return Ok(());
        }
        Err(SinkError::new(format!(
            "two of them are called `{name}`: give each a name of its own, as in `Required(sink).named(\"archive\")`"
        )))
    }
}
