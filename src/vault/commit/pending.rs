//! The writes of one commit, while requests are merged into it.
//!
//! Guarantees: a request is merged whole or not at all, and sees those merged before it. Does not: write to the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::audit;
use crate::audit::{Entry, RowSetDigest};
use crate::crypto::MacKey;
use crate::format::place;
use crate::format::place::Space;
use crate::format::row::RawRow;
use crate::format::state::TenantState;
use crate::model::TenantId;
use crate::policy::PolicyVersion;
use crate::store::{Store, StoreError};
use crate::vault::state::scanned::{Cursor, Delta};
use crate::vault::state::tenant::TenantCore;

use super::blocks::Writes;
use super::error::CommitError;
use super::write::Decided;

/// The merged writes of one commit.
#[derive(Default)]
pub(crate) struct Pending {
    writes: Writes,
    pub(crate) tenants: BTreeMap<TenantId, TenantDelta>,
    pub(crate) vault_entries: Vec<Entry>,
    pub(crate) bytes: usize,
    /// Ends of index values after this commit, by the key of the value's first entry.
    pub(crate) ends: HashMap<[u8; 32], u64>,
    /// True if the commit changes a fact that policies see, or the policy.
    facts_change: bool,
}

const FACT: u8 = Space::Fact as u8;
const POLICY: u8 = Space::Policy as u8;

/// A commit's changes of one tenant besides its keys and values.
pub(crate) struct TenantDelta {
    pub(crate) core: Arc<TenantCore>,
    pub(crate) state: TenantState,
    pub(crate) primary: RowSetDigest,
    pub(crate) derived: RowSetDigest,
    pub(crate) entries: Vec<Entry>,
    /// `collection ‖ record` of each row that changes.
    pub(crate) touched: Vec<u8>,
    /// Changes of the digests of values that a scrub has read.
    pub(crate) scrubbed: Delta,
    /// True if change lists are dropped.
    pub(crate) drops_lists: bool,
}

impl Pending {
    /// Returns the value under `key` after this commit.
    pub(crate) fn get(&self, store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(key) {
            Some(value) => Ok(value.clone()),
            None => store.get(key),
        }
    }

    /// Tells whether a decision still holds after the requests merged before.
    pub(super) fn still_holds(&self, decided: Decided, policy: PolicyVersion, tenant: Option<&TenantCore>) -> bool {
        !self.facts_change && decided.holds(policy, tenant.map(|tenant| tenant.facts.changes()))
    }

    pub(crate) fn tenant(&mut self, core: &Arc<TenantCore>) -> &mut TenantDelta {
        self.tenants.entry(core.id).or_insert_with(|| {
            let (state, primary, derived) = core.state();
            TenantDelta {
                core: Arc::clone(core),
                state,
                primary,
                derived,
                entries: Vec::new(),
                touched: Vec::new(),
                scrubbed: Delta::default(),
                drops_lists: false,
            }
        })
    }

    pub(crate) fn into_writes(self) -> (Writes, BTreeMap<TenantId, TenantDelta>) {
        (self.writes, self.tenants)
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes = self.bytes.saturating_add(key.len()).saturating_add(value.as_ref().map_or(0, Vec::len));
        self.writes.insert(key, value);
    }
}

/// One request's writes, kept apart until all of them are known to fit.
pub(super) struct Draft {
    writes: Writes,
    terms: Vec<Term>,
    touched: Vec<u8>,
    ends: HashMap<[u8; 32], u64>,
    /// Place up to which a scrub has read the tenant; it doesn't move before this request is committed.
    cursor: Option<Cursor>,
}

/// The base that a request is checked against: the store, and the requests merged before.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) pending: &'a Pending,
    pub(super) store: &'a dyn Store,
}

/// A value's term that goes into a digest or out of it.
struct Term {
    primary: bool,
    add: bool,
    /// True if a scrub has read the value.
    scrubbed: bool,
    term: [u8; 32],
}

impl Draft {
    pub(super) fn new(tenant: Option<&TenantCore>) -> Self {
        Self {
            writes: Writes::new(),
            terms: Vec::new(),
            touched: Vec::new(),
            ends: HashMap::new(),
            cursor: tenant.and_then(|tenant| tenant.scrubbed.cursor()),
        }
    }

    pub(super) fn get(&self, base: Base<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(key) {
            Some(value) => Ok(value.clone()),
            None => base.pending.get(base.store, key),
        }
    }

    pub(super) fn has(&self, base: Base<'_>, key: &[u8]) -> Result<bool, StoreError> {
        self.get(base, key).map(|value| value.is_some())
    }

    /// Tells whether the request itself writes this key.
    pub(super) fn writes(&self, key: &[u8]) -> bool {
        self.writes.contains_key(key)
    }

    /// Puts or removes a value, and changes its digest with it.
    pub(crate) fn put(
        &mut self,
        digest: &MacKey,
        key: Vec<u8>,
        before: Option<&[u8]>,
        after: Option<Vec<u8>>,
    ) -> Result<(), CommitError> {
        let scrubbed = self.cursor.as_ref().is_some_and(|cursor| cursor.has_passed(&key));
        for (value, add) in [(before, false), (after.as_deref(), true)] {
            if let Some(value) = value {
                terms_of(digest, &key, value, |primary, term| self.terms.push(Term { primary, add, scrubbed, term }))?;
            }
        }
        self.writes.insert(key, after);
        Ok(())
    }

    /// Puts or removes a value that no digest covers.
    pub(crate) fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes.insert(key, value);
    }

    /// Returns the end of an index value, if this request or commit has changed it.
    pub(crate) fn end_of(&self, base: Base<'_>, first: &[u8; 32]) -> Option<u64> {
        self.ends.get(first).or_else(|| base.pending.ends.get(first)).copied()
    }

    pub(crate) fn set_end(&mut self, first: [u8; 32], end: u64) {
        self.ends.insert(first, end);
    }

    pub(crate) fn touch(&mut self, collection: &[u8; 16], record: &[u8; 16]) {
        self.touched.extend_from_slice(collection);
        self.touched.extend_from_slice(record);
    }

    /// Merges the request into the commit.
    pub(super) fn join(self, pending: &mut Pending, tenant: Option<&Arc<TenantCore>>, entries: Vec<Entry>) {
        let mut drops_lists = false;
        for (key, value) in self.writes {
            drops_lists |= value.is_none() && key.first() == Some(&(Space::Changes as u8));
            pending.facts_change |= matches!(key.first(), Some(&FACT | &POLICY));
            pending.put(key, value);
        }
        pending.ends.extend(self.ends);
        pending.bytes = entries.iter().fold(pending.bytes, |sum, entry| sum.saturating_add(entry.as_bytes().len()));
        let Some(core) = tenant else {
            pending.vault_entries.extend(entries);
            return;
        };
        let delta = pending.tenant(core);
        delta.drops_lists |= drops_lists;
        for Term { primary, add, scrubbed, term } in self.terms {
            let whole = if primary { &mut delta.primary } else { &mut delta.derived };
            let read = if primary { &mut delta.scrubbed.primary } else { &mut delta.scrubbed.derived };
            for digest in std::iter::once(whole).chain(scrubbed.then_some(read)) {
                if add { digest.add(&term) } else { digest.remove(&term) }
            }
        }
        delta.touched.extend_from_slice(&self.touched);
        delta.entries.extend(entries);
    }
}

/// Passes the digest terms of a stored value to `each`, with `true` for the digest of what backups carry.
///
/// A row has a term in each digest: in the first without its links, in the second its links.
pub(crate) fn terms_of(
    digest: &MacKey,
    key: &[u8],
    value: &[u8],
    mut each: impl FnMut(bool, [u8; 32]),
) -> Result<(), CommitError> {
    let is = |space: Space| key.first() == Some(&(space as u8));
    if is(Space::Row) {
        match RawRow::parse(value).map_err(|_| CommitError::Damaged("a row's bytes are not a row"))? {
            RawRow::Live(row) => {
                each(true, audit::term(digest, key, &[row.primary]));
                each(false, audit::term(digest, key, &[row.links]));
            }
            RawRow::Tombstone(_) => each(true, audit::term(digest, key, &[value])),
        }
    } else if is(Space::TenantName)
        || is(Space::CollectionName)
        || is(Space::Schema)
        || is(Space::Dictionary)
        || is(Space::Fact)
    {
        each(true, audit::term(digest, key, &[value]));
    } else if is(Space::Entry) || is(Space::SlotMap) || is(Space::Changes) {
        each(false, audit::term(digest, key, &[value]));
    }
    Ok(())
}

/// Returns the key of part `number` of the change list at `position`.
pub(crate) fn changes_key(position: u64, number: usize) -> Vec<u8> {
    place::changes(position, u32::try_from(number).unwrap_or(u32::MAX))
}
