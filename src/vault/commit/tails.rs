//! The ends of index values, remembered so that the committer need not look for them.
//!
//! Guarantees: an end remembered here is exact, for only the committer gives out positions; an end that a caller saw in
//! the store counts only while all commits since are remembered. Does not: notice damage; whoever looks there does.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::crypto::{Key, role};
use crate::format::place;
use crate::index;
use crate::index::Beyond;
use crate::model::TenantId;
use crate::store::{Store, StoreError};

/// Number of ends remembered, of lately written values, and again of values with several entries.
const ENDS: usize = 65_536;

/// The ends of lately written values, by the key of the value's first entry.
#[derive(Default)]
pub(crate) struct IndexTails {
    inner: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    ends: HashMap<[u8; 32], u64>,
    /// Ends of 2 and more, which outlast the others: they cost the most to look for, and are needed again.
    repeated: HashMap<[u8; 32], u64>,
    /// Number of commits so far.
    commits: u64,
    /// Commit from which on every end is remembered.
    floor: u64,
}

impl Known {
    fn get(&self, first: &[u8; 32]) -> Option<u64> {
        self.ends.get(first).or_else(|| self.repeated.get(first)).copied()
    }
}

/// The end of a value's entries as a caller found it in the store, with the time in commits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) end: u64,
    since: u64,
}

impl IndexTails {
    /// Looks for a value's end in the store. `None` if its entries have gaps or change: then the committer looks
    /// itself.
    pub(crate) fn look(
        &self,
        store: &dyn Store,
        tenant: TenantId,
        value: &Key<role::Value>,
        first: &[u8; 32],
    ) -> Result<Option<Seen>, StoreError> {
        let (known, since) = {
            let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            (inner.get(first), inner.commits)
        };
        let has = |position| store.get(&place::entry(tenant, &index::entry_key(value, position))).map(|v| v.is_some());
        let end = index::end(has, known.unwrap_or(0))?;
        let whole = index::check_beyond(has, end)? == Beyond::Nothing && known.is_none_or(|known| known == end);
        Ok(whole.then_some(Seen { end, since }))
    }

    /// Returns the end of a value that a caller looked for; `None` if it may have moved since. Called by the committer.
    pub(crate) fn now(&self, first: &[u8; 32], seen: &Seen) -> Option<u64> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.get(first).or_else(|| (seen.since >= inner.floor).then_some(seen.end))
    }

    /// Takes over the ends of a durable commit. Called by the committer.
    pub(crate) fn learn(&self, found: HashMap<[u8; 32], u64>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.commits = inner.commits.saturating_add(1);
        if inner.ends.len().saturating_add(found.len()) > ENDS {
            inner.ends.clear();
            inner.floor = inner.commits;
        }
        let more = found.values().filter(|end| **end > 1).count();
        if inner.repeated.len().saturating_add(more) > ENDS {
            inner.repeated.clear();
        }
        // Every written end goes into both maps, so neither holds an outdated one.
        inner.repeated.extend(found.iter().filter(|(_, end)| **end > 1));
        inner.ends.extend(found);
    }
}

#[cfg(test)]
mod tests;
