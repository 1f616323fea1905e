//! Facts that the vault keeps for policies: shares, requests for approval, emergencies, suspensions,
//! a freeze, demands of a new log-in, rows shown.
//!
//! Guarantees: what policies are told is what the last durable commit left; a fact changes in the same commit as the
//! entry of the act that changed it; one that has expired doesn't hold, whether or not it is still stored; asking costs
//! a look-up, however many there are. Does not: decide anything, or remember the rows of the last hour exactly when the
//! vault was opened within it.

mod freeze;
mod load;
mod seal;
mod transaction;

pub use freeze::Freeze;
pub(crate) use load::load;
pub(crate) use seal::{demand_id, freeze_id, open_fact, share_id, suspension_id};
pub(crate) use transaction::{drop_shares, put, stored, sweep};

use std::time::Duration;

use crate::error::{Error, Result};
use crate::format::fact::{MAX_PARTY, MAX_WORDS};
use crate::model::Timestamp;

pub(crate) use crate::vault::state::standing::{FactId, Kind, Standing};

/// The code of the entry of an answer to a request for approval.
pub(crate) const APPROVED: &str = "approved";
/// The code of the entry of a refusal of a request for approval.
pub(crate) const REFUSED: &str = "refused";

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

/// Checks the actor and the reason of an act that are to be remembered. Returns the reason; empty if none was given.
pub(crate) fn check_remembered<'a>(what: &'static str, actor: &str, reason: Option<&'a str>) -> Result<&'a str> {
    let reason = reason.unwrap_or_default();
    check_party(what, actor)?;
    check_words("reason (in bytes)", reason)?;
    Ok(reason)
}

/// Returns a time from now.
pub(crate) fn later(now: Timestamp, period: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros().saturating_add(i64::try_from(period.as_micros()).unwrap_or(i64::MAX)))
}
