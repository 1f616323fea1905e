//! The place that a vault remembers for sinks that don't know by themselves what they got.
//!
//! Guarantees: a cursor opens only under its vault's state key, in its vault and journal, for the sink of this name. Does not:
//! prevent an older one from being put back, which makes events come again, or one from being removed.

use crate::crypto::{Context, Domain, Key, Label, SUITE, open, role, seal};
use crate::format::{FormatError, sealed_file, sink_cursor};
use crate::model::{JournalEpochId, VaultId};

use super::AuditError;

/// Seals a sink's cursor as it is stored, under a fresh salt: the sink has acknowledged all before `next`.
pub(crate) fn seal_cursor(
    key: &Key<role::VaultState>,
    place: (VaultId, JournalEpochId),
    sink: &[u8; 32],
    next: u64,
) -> Result<Vec<u8>, AuditError> {
    let sealed = seal(key, Label::SinkCursor, &context(place, sink), &sink_cursor::encode(next))?;
    Ok(sealed_file::wrap(SUITE, &sealed))
}

/// Opens a cursor that [`seal_cursor`] sealed.
pub(crate) fn open_cursor(
    key: &Key<role::VaultState>,
    place: (VaultId, JournalEpochId),
    sink: &[u8; 32],
    stored: &[u8],
) -> Result<u64, AuditError> {
    let (suite, sealed) = sealed_file::unwrap(sink_cursor::WHAT, stored)?;
    if suite != SUITE {
        return Err(FormatError::Invalid { what: "sink cursor", why: "its cipher suite is unknown" }.into());
    }
    Ok(sink_cursor::decode(&open(key, Label::SinkCursor, &context(place, sink), sealed)?)?)
}

fn context((vault, epoch): (VaultId, JournalEpochId), sink: &[u8; 32]) -> Context {
    Context::new(Domain::SinkCursor).bytes(vault.as_bytes()).bytes(epoch.as_bytes()).bytes(sink)
}

#[cfg(test)]
mod tests;
