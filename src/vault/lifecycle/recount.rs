//! Counting the rows shown in the last hour when a vault is opened, from its journal.

use std::collections::HashMap;
use std::sync::Arc;

use crate::audit::{Entry, Outcome};
use crate::error::{Error, Result};
use crate::format::journal_entry::tag;
use crate::model::{Action, TenantId, Timestamp};
use crate::vault::commit::Blocks;
use crate::vault::state::tenant::TenantCore;

/// Largest number of blocks read: opening must not take long.
const BLOCKS: u64 = 65_536;
/// Microseconds for which rows count: an hour, and the minute that they were shown in.
const HOUR: i64 = 61 * 60_000_000;

/// Counts the rows shown by the journal's last blocks, back to one that doesn't open, which `verify` reports.
pub(crate) fn recount(
    blocks: &Blocks,
    size: u64,
    now: Timestamp,
    tenants: &HashMap<TenantId, Arc<TenantCore>>,
    notices: &mut Vec<String>,
) -> Result<()> {
    let since = now.as_micros().saturating_sub(HOUR);
    for position in (0..size).rev() {
        if size.saturating_sub(position) > BLOCKS {
            notices.push(format!(
                "the rows shown in the last hour are counted from the last {BLOCKS} journal blocks only: limits by the hour \
                 may let more pass until an hour from now"
            ));
            break;
        }
        let bytes = match blocks.bytes(position) {
            Ok(Some(bytes)) => bytes,
            Err(error @ (Error::Io { .. } | Error::DiskFull { .. })) => return Err(error),
            Ok(None) | Err(_) => break,
        };
        let Ok((owner, opened)) = blocks.open(position, &bytes) else { break };
        if opened.entries.last().is_some_and(|entry| entry.time().as_micros() < since) {
            break;
        }
        let Some(tenant) = owner.and_then(|id| tenants.get(&id)) else { continue };
        for entry in &opened.entries {
            let rows = shown(entry);
            if let (Some(actor), true) = (entry.text(tag::ACTOR), rows > 0 && entry.time().as_micros() >= since) {
                tenant.facts.rows.reserve(actor, rows, None, entry.time());
            }
        }
    }
    Ok(())
}

/// Returns the number of rows that an act showed.
fn shown(entry: &Entry) -> u32 {
    let reads = Action::from_name(entry.action()).is_some_and(Action::reads);
    // The entry of a change shows nothing; the entry before it, of the record that the closure saw, does.
    if !reads || entry.outcome().0 != Outcome::Permitted || entry.revision(tag::REVISION_AFTER).is_some() {
        return 0;
    }
    entry.count(tag::ROWS).unwrap_or_else(|| u32::try_from(entry.subjects().count()).unwrap_or(u32::MAX))
}
