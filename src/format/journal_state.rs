//! Where the vault's journal stands, as its last commit left it. Stored sealed.

use super::{FormatError, Reader, Writer, frontier};
use crate::model::{JournalEpochId, Timestamp};

const WHAT: &str = "journal state";
const VERSION: u8 = 1;

/// The state's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) epoch: JournalEpochId,
    /// The sequence number of the next block of the vault itself.
    pub(crate) sequence: u64,
    /// Erasures in the ledger, and its hash.
    pub(crate) ledger_size: u64,
    pub(crate) ledger_hash: [u8; 32],
    /// The time of the last block.
    pub(crate) time: Timestamp,
    /// Blocks in the journal, and the tree's right edge.
    pub(crate) size: u64,
    pub(crate) frontier: Vec<[u8; 32]>,
}

impl Fields {
    /// `epoch 16 ‖ BE64 sequence ‖ BE64 ledger size ‖ ledger hash 32 ‖ BE64 time ‖ frontier`.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80 + 32 * self.frontier.len());
        let mut writer = Writer::new(&mut out);
        writer.bytes(self.epoch.as_bytes()).u64(self.sequence).u64(self.ledger_size).bytes(&self.ledger_hash);
        writer.u64(self.time.as_micros().cast_unsigned());
        frontier::encode(self.size, &self.frontier, &mut out);
        out
    }

    /// The whole of `bytes`.
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

/// `version ‖ suite ‖ sealed`.
pub(crate) fn wrap(suite: u8, sealed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + sealed.len());
    Writer::new(&mut out).u8(VERSION).u8(suite).bytes(sealed);
    out
}

/// Suite and sealed part.
pub(crate) fn unwrap(stored: &[u8]) -> Result<(u8, &[u8]), FormatError> {
    let mut reader = Reader::new(WHAT, stored);
    reader.version(VERSION)?;
    Ok((reader.u8()?, reader.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_reads_back_whole_or_not_at_all() {
        let state = Fields {
            sequence: 1,
            epoch: JournalEpochId::from_bytes([1; 16]),
            ledger_size: 2,
            ledger_hash: [3; 32],
            time: Timestamp::from_micros(-4),
            size: 5,
            frontier: vec![[6; 32], [7; 32]],
        };
        let bytes = state.encode();
        assert_eq!(Fields::decode(&bytes), Ok(state));
        for end in 0..bytes.len() {
            assert!(Fields::decode(&bytes[..end]).is_err(), "{end}");
        }
        assert!(Fields::decode(&[bytes.as_slice(), &[0; 32]].concat()).is_err());
    }
}
