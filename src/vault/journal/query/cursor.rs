//! Cursors: places in the journal where a page ended, as text that outlives the vault's handle.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Impossible, Result};
use crate::model::JournalEpochId;

use super::walk::Place;

/// Longest text of a cursor, in bytes.
const MAX_TEXT: usize = 128;

/// The place where a page of journal entries ended. The host can keep it as text (`to_string`, `parse`): it holds
/// positions, no content, and still works after the vault was closed and opened again.
///
/// The pages that follow show the journal as it was at the first page; later entries aren't on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalCursor {
    epoch: [u8; 8],
    newest_first: bool,
    /// Number of blocks that the journal had at the first page.
    pub(crate) size: u64,
    place: Place,
}

impl JournalCursor {
    pub(crate) fn new(epoch: JournalEpochId, newest_first: bool, size: u64, place: Place) -> Self {
        Self { epoch: short(epoch), newest_first, size, place }
    }

    /// Returns the place to go on from, in the journal of this epoch and size.
    pub(crate) fn place(&self, epoch: JournalEpochId, newest_first: bool, size: u64) -> Result<Place> {
        if self.epoch != short(epoch) || self.size > size {
            return Err(Impossible::ForeignCursor.into());
        }
        if self.newest_first != newest_first {
            return Err(Impossible::TurnedCursor.into());
        }
        Ok(self.place)
    }
}

fn short(epoch: JournalEpochId) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *epoch.as_bytes();
    [a, b, c, d, e, f, g, h]
}

impl fmt::Display for JournalCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, newest_first, size, place } = self;
        let (epoch, way) = (u64::from_be_bytes(*epoch), if *newest_first { 'n' } else { 'o' });
        write!(f, "{way}.{epoch:x}.{size:x}.{:x}.{:x}", place.position, place.index)
    }
}

impl FromStr for JournalCursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = || {
            let mut parts = Some(text).filter(|text| text.len() <= MAX_TEXT)?.split('.');
            let newest_first = match parts.next()? {
                "n" => true,
                "o" => false,
                _ => return None,
            };
            let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
            let (epoch, size, position, index) = (number()?, number()?, number()?, number()?);
            let place = Place { position, index: u32::try_from(index).ok()? };
            parts.next().is_none().then_some(Self { epoch: epoch.to_be_bytes(), newest_first, size, place })
        };
        parsed().ok_or(Impossible::CursorText.into())
    }
}

#[cfg(test)]
mod tests;
