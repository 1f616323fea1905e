//! The marker: the file that says that a directory is a vault, of which format, and which one.

use super::FormatError;
use crate::model::VaultId;

/// The longest file, in bytes.
pub(crate) const MAX_MARKER: usize = 1024;

const WHAT: &str = "vault";
const FIRST: &str = "strongroom vault";
/// The format of the directory as a whole.
const FORMAT: u8 = 1;

/// Returns the file's text.
pub(crate) fn text(id: VaultId) -> String {
    format!("{FIRST}\nformat {FORMAT}\nid {id}\n")
}

/// Returns the vault's id.
pub(crate) fn parse(bytes: &[u8]) -> Result<VaultId, FormatError> {
    if bytes.len() > MAX_MARKER {
        return Err(foreign());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| foreign())?;
    let mut lines = text.lines();
    if lines.next() != Some(FIRST) {
        return Err(foreign());
    }
    let format = lines.next().and_then(|line| line.strip_prefix("format ")).and_then(|n| n.parse::<u8>().ok());
    match format {
        Some(FORMAT) => {}
        Some(found) if found > FORMAT => return Err(FormatError::Newer { what: WHAT, found, known: FORMAT }),
        _ => return Err(foreign()),
    }
    let id = lines.next().and_then(|line| line.strip_prefix("id ")).and_then(|id| id.parse().ok());
    match (id, lines.next()) {
        (Some(id), None) => Ok(id),
        _ => Err(foreign()),
    }
}

const fn foreign() -> FormatError {
    FormatError::Invalid { what: WHAT, why: "its file `vault` is truncated or not one of ours" }
}

#[cfg(test)]
mod tests;
