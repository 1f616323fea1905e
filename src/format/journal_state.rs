//! The state of the vault's journal, as its last commit left it. Stored sealed.

use super::{FormatError, Reader, Writer, frontier};
use crate::model::{JournalEpochId, Timestamp};

pub(crate) const WHAT: &str = "journal state";

/// The state's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateFields {
    pub(crate) epoch: JournalEpochId,
    /// The sequence number of the next block of the vault itself.
    pub(crate) sequence: u64,
    /// The number of erasures in the ledger, and the ledger's hash.
    pub(crate) ledger_size: u64,
    pub(crate) ledger_hash: [u8; 32],
    /// The time of the last block.
    pub(crate) time: Timestamp,
    /// Blocks in the journal, and the tree's right edge.
    pub(crate) size: u64,
    pub(crate) frontier: Vec<[u8; 32]>,
}

impl StateFields {
    /// Returns `epoch 16 ‖ BE64 sequence ‖ BE64 ledger size ‖ ledger hash 32 ‖ BE64 time ‖ frontier`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80 + 32 * self.frontier.len());
        let mut writer = Writer::new(&mut out);
        writer.bytes(self.epoch.as_bytes()).u64(self.sequence).u64(self.ledger_size).bytes(&self.ledger_hash);
        writer.u64(self.time.as_micros().cast_unsigned());
        frontier::encode(self.size, &self.frontier, &mut out);
        out
    }

    /// Decodes the whole of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(WHAT, bytes);
        let epoch = JournalEpochId::from_bytes(*reader.array()?);
        let sequence = reader.u64()?;
        let ledger_size = reader.u64()?;
        let ledger_hash = *reader.array()?;
        let time = Timestamp::from_micros(reader.u64()?.cast_signed());
        let (size, frontier) = frontier::read(&mut reader)?;
        reader.finish()?;
        Ok(Self { epoch, sequence, ledger_size, ledger_hash, time, size, frontier })
    }
}

#[cfg(test)]
mod tests;
