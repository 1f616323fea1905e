//! What the vault remembers for policies: shares, requests for approval, emergencies, suspensions,
//! a freeze, demands of a new log-in, rows shown.
//!
//! Guarantees: what policies are told is what the last durable commit left; a fact changes in the same commit as the
//! entry of the act that changed it; one that has expired doesn't hold, whether or not it is still stored; asking costs
//! a look-up, however many there are. Does not: decide anything, or remember the rows of the last hour exactly when the
//! vault was opened within it (see [`recount`]).


pub(crate) mod load;
pub(crate) mod seal;
pub(crate) mod transaction;

pub(crate) use crate::vault::standing::transaction::{change_until_committed, drop_shares, put, stored, sweep};
pub(crate) use crate::vault::standing::load::load;
pub(crate) use crate::vault::lifecycle::recount::recount;
pub(crate) use crate::vault::state::shown::Reserved;
pub(crate) use crate::vault::standing::seal::{demand_id, freeze_id, open_fact, share_id, suspension_id};
pub(crate) use crate::vault::gate::spend::{hand_over, spend, use_up, use_up_now};
pub(crate) use crate::vault::state::standing::Kind;
pub(crate) use crate::vault::gate::view::View;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::error::{Error, Result};
use crate::format::fact::{Fact, MAX_PARTY, MAX_WORDS};
use crate::model::{RecordId, Timestamp};

use crate::vault::state::shown::Rows;
use crate::vault::state::standing::Table;

/// Names a fact.
pub(crate) type FactId = RecordId;

/// A tenant's facts, as everything in the vault shares them.
#[derive(Default)]
pub(crate) struct TenantFacts {
    table: RwLock<Table>,
    /// What each actor was shown in the last hour.
    pub(crate) rows: Rows,
    /// Held while somebody takes emergency access, so that nobody takes it twice.
    pub(crate) breaking: Mutex<()>,
}

impl TenantFacts {
    /// For loading, and for the committer once a change is durable.
    pub(crate) fn apply(&self, id: FactId, fact: Option<Arc<Fact>>) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).put(id, fact);
    }

    /// Whether this actor may do nothing.
    pub(crate) fn is_suspended(&self, actor: &str) -> bool {
        self.read().is_suspended(actor)
    }

    /// How many emergencies run, and how many await their review.
    pub(crate) fn emergencies(&self, now: Timestamp) -> (usize, usize) {
        let table = self.read();
        let open = || table.emergencies().filter(|(_, emergency)| emergency.reviewed.is_none());
        (open().filter(|(_, emergency)| emergency.until > now).count(), open().count())
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks who is to be remembered: an actor's id, or the name of a role or group.
pub(crate) fn check_party(what: &'static str, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_PARTY { Err(Error::BadName { what, limit: MAX_PARTY }) } else { Ok(()) }
}

/// Checks a reason or a verdict that is to be remembered.
pub(crate) fn check_words(what: &'static str, words: &str) -> Result<()> {
    if words.len() > MAX_WORDS {
        return Err(Error::TooLarge { what, size: words.len(), limit: MAX_WORDS });
    }
    Ok(())
}
